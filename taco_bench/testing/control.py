"""The contract of controls."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
import pytest
import torch

from taco_bench.api import numpy_stream
from taco_bench.config import Experiment
from taco_bench.metrics import caption_owners, permuted_recalls, retrieval_metrics
from taco_bench.stats.permutation import chance_interval
from taco_bench.testing.contract import Contract
from taco_bench.testing.made import MadeTraining, made_experiment, rows_of, with_start

FAR = 6.0
"""Standard errors between two means that are not the same."""


class ControlContract(Contract):
    """For controls: rows that must land at chance, whatever the task. One trains, or stands in for every trained model."""

    kind: ClassVar[str] = "control"
    members: ClassVar[tuple[str, ...]] = ("training", "disguise")

    def trained_as(self, control: Any, given: Experiment | None = None) -> Experiment:
        """The experiment that it trains; where it trains none, the check is skipped."""
        found = control.training(given or made_experiment())
        if found is None:
            pytest.skip("it needs no training of its own")
        assert isinstance(found, Experiment), f"training() gave {type(found).__name__}: an Experiment, or None"
        return found

    def disguised(self, control: Any) -> Any:
        """What it shows a task in the place of a model that knows everything; where it trains, the check is skipped."""
        found = control.disguise(MadeTraining("everything"))
        if found is None:
            pytest.skip("it trains")
        return found

    def test_it_trains_or_it_disguises(self, component: Any) -> None:
        """A control that did both would be two rows, one that did neither none."""
        trains = component.training(made_experiment()) is not None
        disguises = component.disguise(MadeTraining("everything")) is not None
        what = "both" if trains else "neither"
        assert trains != disguises, f"training() and disguise() gave {what}: give one of them, and None from the other"

    def test_its_training_is_another(self, component: Any) -> None:
        """Trained as its row is, it would be the same cell, and the table would hold the row against itself."""
        given = made_experiment()
        assert self.trained_as(component).training() != given.training(), (
            "training() gave the row's own training: change what must not help"
        )

    def test_its_training_is_evaluated_as_its_row(self, component: Any) -> None:
        """A control is held against its row: data, task and evaluation are the same."""
        given, found = made_experiment(), self.trained_as(component)
        for part in ("data", "task", "evaluation"):
            assert getattr(found, part) == getattr(given, part), f"training() changed {part}: only what is trained may differ from the row"

    def test_its_training_begins_from_scratch(self, component: Any) -> None:
        """A start that was trained on the right captions would know what the control must not know."""
        found = self.trained_as(component, with_start(made_experiment(), "0123456789abcdef"))
        assert found.train.init is None, f"training() starts from {found.train.init!r}: set train.init to None"

    def test_its_row_stays_as_it_is(self, component: Any) -> None:
        """Experiments are values: the row's own is used after this."""
        given = made_experiment()
        self.trained_as(component, given)
        assert given == made_experiment(), "training() changed the experiment that it was given: return a model_copy(update=...)"

    def test_the_same_training_each_time(self, component: Any, tmp_path: Path) -> None:
        """Its id hashes the experiment: a new one each time would be trained each time."""
        found, again = self.trained_as(component), self.trained_as(self.new(tmp_path))
        assert found == again, "training() gave another experiment when asked again: draw nothing at random"

    def test_a_disguise_knows_no_pairs(self, component: Any) -> None:
        """Over a model that knows everything, what it shows as fused scores must rank no better than chance."""
        trained = self.disguised(component)
        owners = caption_owners([len(clip.captions) for clip in trained.clips("test")])
        scores = trained.pair_scores("test")
        shape = (len(owners), len(trained.clips("test")))
        found = {name: np.asarray(scores.get(name, ())).shape for name in ("text->video", "video->text")}
        expected = {"text->video": shape, "video->text": shape[::-1]}
        assert found == expected, f"pair_scores() gave matrices of {found}; each has its queries first: {expected}"
        matrix = np.asarray(scores["text->video"], np.float32)
        recalls = retrieval_metrics(matrix, owners)
        draws = permuted_recalls(matrix, 1000, numpy_stream(0, "contract/gallery"), (1, 5), owners)
        for column, name in enumerate(("R@1", "R@5")):
            low, high = chance_interval([draws[:, column]])
            right = low - 1e-6 <= recalls[name] <= high + 1e-6
            assert right, f"{name} of the disguised model is {recalls[name]:g}, chance [{low:g}, {high:g}]: it shows what the model knows"

    def test_a_disguise_knows_no_frames(self, component: Any) -> None:
        """Nor may its scores of frames and step texts say where a step is shown, for one clip or several joined."""
        trained = self.disguised(component)
        clips = trained.clips("test")
        truth, found = [], []
        for group in (clips[:1], *([clip, other] for clip, other in itertools.pairwise(clips))):
            texts = group[0].procedure
            scores = np.asarray(trained.frame_scores(group if len(group) > 1 else group[0], texts, 32, 16))
            expected = (sum(map(rows_of, group)), len(texts))
            assert scores.shape == expected, f"frame_scores() gave {list(scores.shape)}; [frames, texts] is {list(expected)}"
            truth.append((MadeTraining("everything").frame_scores(group, texts, 32, 16) > 30).ravel())
            found.append(scores.ravel())
        distance = apart(np.concatenate(found), np.concatenate(truth))
        assert distance < FAR, (
            f"frame_scores() of shown steps lie {distance:.0f} standard errors from the rest: it shows what the model knows"
        )

    def test_a_disguise_has_blind_features(self, component: Any) -> None:
        """A task that learns on the video network must find nothing there: its tokens of a step's frames are as all others."""
        trained = self.disguised(component)
        network = trained.video_network()
        tokens, truth = [], []
        for clip in trained.clips("test"):
            frames = torch.from_numpy(np.array(trained.frames(clip)))
            found = network(frames.unsqueeze(0), torch.tensor([len(frames)]))
            expected = (1, rows_of(clip), network.width)
            assert tuple(found.shape) == expected, f"video_network() gave {list(found.shape)}; [windows, rows, width] is {list(expected)}"
            tokens.append(found[0].detach().numpy())
            truth.append([any(step.start <= row < step.end for step in clip.steps[:1]) for row in range(rows_of(clip))])
        shown = np.concatenate(truth)
        for column in np.concatenate(tokens).T:
            distance = apart(column, shown)
            assert distance < FAR, (
                f"a token's numbers lie {distance:.0f} standard errors apart between a step and the rest: it is not blind"
            )

    def test_a_disguise_is_a_whole_model(self, component: Any) -> None:
        """Any task may ask it for all that it asks a trained model for."""
        trained, model = self.disguised(component), MadeTraining("everything")
        assert trained.experiment == model.experiment, "experiment must be the model's"
        assert trained.seed == model.seed, "seed must be the model's"
        assert list(trained.clips("test")) == list(model.clips("test")), "clips() must be the model's: queries are told apart by them"
        with trained.reporter.bar("contract", 1) as advance:
            advance(1)


def apart(values: npt.NDArray[np.floating[Any]], shown: npt.NDArray[np.bool_]) -> float:
    """How far the means of two groups lie apart, in standard errors (Welch); 0 where all values are alike."""
    groups = [np.asarray(values[mask], np.float64) for mask in (shown, ~shown)]
    error = float(np.sqrt(sum(group.var() / len(group) for group in groups)))
    difference = abs(float(groups[0].mean() - groups[1].mean()))
    return 0.0 if difference < 1e-9 else difference / max(error, 1e-12)
