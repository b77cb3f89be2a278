"""Tasks, controls, launchers and extractors, each whole but for one fault; and what is wrong with components of any kind."""

from __future__ import annotations

import functools
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from broken_small import Sampler
from naive_metrics import retrieval_figures
from rows_of_table import Row
from taco_bench_controls import ConstantScores, ShuffledCaptions
from taco_bench_launchers.local import Local
from taco_bench_tasks import ActionSegmentation, Retrieval
from torch import nn

from taco_bench.api import Chance, Evaluation, Load, Sampling, UserError
from taco_bench.testing import ControlContract, ExtractorContract, LauncherContract, MadeTraining, SamplerContract, TaskContract
from taco_bench.testing.made import made_experiment


def finding(change: Callable[[Evaluation, Any], Any], name: str) -> type[Retrieval]:
    """The retrieval task, with something changed in what it finds."""

    class Finding(Retrieval):
        def evaluate(self, trained: Any) -> Evaluation:
            found = super().evaluate(trained)
            change(found, trained)
            return found

    Finding.__name__ = name
    return Finding


def _row(found: Evaluation) -> dict[str, float]:
    return next(iter(found.rows.values()))


def _optimistic(found: Evaluation, trained: MadeTraining) -> None:
    if trained.knows == "constant":  # every tie won
        found.chance = {column: Chance(100.0, chance.draws) for column, chance in found.chance.items()}


def _half(found: Evaluation, trained: Any) -> None:
    found.chance = {column: Chance(chance.value / 2, chance.draws) for column, chance in found.chance.items()}


def _random(found: Evaluation, trained: Any) -> None:
    _row(found)["t2v MedR"] += torch.rand(1).item()


def _by_seed(found: Evaluation, trained: Any) -> None:
    found.chance = {column: Chance(chance.value, chance.draws + trained.seed) for column, chance in found.chance.items()}


class NoColumns(Retrieval):
    columns = ("R@1",)  # type: ignore[assignment]


class Refuses(Retrieval):
    def problems(self, experiment: Any) -> list[UserError]:
        return [UserError("I want a bigger model")]


class TakesNan(Retrieval):
    def evaluate(self, trained: MadeTraining) -> Evaluation:
        clean = MadeTraining("everything" if trained.knows == "nan" else trained.knows, trained.seed, trained.experiment)  # nan_to_num
        return super().evaluate(clean)


class AlwaysTest(Retrieval):
    def evaluate(self, trained: MadeTraining) -> Evaluation:
        return super().evaluate(MadeTraining(trained.knows, trained.seed))


class KeepsLabels(ActionSegmentation):
    """Trains on the right labels in the control."""

    def __init__(self) -> None:
        super().__init__(window=16, train_stride=8, epochs=8, learning_rate=0.03)

    def evaluate(self, trained: MadeTraining) -> Evaluation:
        trained.experiment = made_experiment()
        return super().evaluate(trained)


class Twofold(Retrieval):
    """A recall that counts from 0."""

    def evaluate(self, trained: Any) -> Evaluation:
        found = super().evaluate(trained)
        _row(found)["t2v MedR"] -= 1
        return found


T = TaskContract
BY_HAND = {"reference": lambda self, trained, found: retrieval_figures(trained)}
TASKS = [
    Row(T, check, factory, message, BY_HAND)
    for check, factory, message in [
        ("test_the_first_row_is_the_result", finding(lambda f, _: f.rows.clear(), "NoRows"), "rows is empty|StopIteration"),
        ("test_the_first_row_is_the_result", finding(lambda f, _: _row(f).update(x=float("nan")), "NanFigure"), "finite number"),
        ("test_columns_are_as_declared", NoColumns, "the first row has"),
        ("test_it_has_no_problem_with_a_usual_experiment", Refuses, "bigger model"),
        ("test_knowing_everything_is_best", finding(_half, "Half"), "where everything is known"),
        ("test_knowing_nothing_is_chance", finding(_optimistic, "Optimistic"), "count ties"),
        ("test_it_says_what_chance_is", finding(lambda f, _: f.chance.clear(), "NoChance"), "chance is empty"),
        ("test_it_says_what_chance_is", finding(lambda f, _: f.chance.update({"t2v R@1": Chance(9.0, np.zeros(9))}), "FewDraws"), "1,000"),
        ("test_a_nan_is_refused", TakesNan, "hold a NaN"),
        ("test_controls_are_there", finding(lambda f, _: f.controls.clear(), "NoControls"), "controls is empty"),
        ("test_controls_are_there", finding(lambda f, _: f.controls.update(x={"other": 1.0}), "OtherColumns"), "columns of the first row"),
        ("test_queries_can_be_resampled", finding(lambda f, _: f.queries.pop("video"), "NoVideo"), "for each query"),
        ("test_queries_can_be_resampled", finding(lambda f, _: f.queries["clip"].pop(), "OneShort"), "one entry a query"),
        ("test_queries_add_up_to_the_figures", finding(lambda f, _: f.queries.update({"t2v R@1": [0.0] * 30}), "NoSum"), "mean over"),
        ("test_the_split_that_is_asked_for", AlwaysTest, "evaluation.split"),
        ("test_it_can_be_stored", finding(lambda f, _: f.pool.update(size=np.int64(3)), "NumpyPool"), "tolist"),
        ("test_it_can_be_stored", finding(lambda f, _: f.arrays.update(x=np.array([None])), "Objects"), "numbers or texts"),
        ("test_the_same_training_gets_the_same_figures", finding(_random, "RandomFigure"), "numpy_stream"),
        ("test_all_seeds_get_the_same_draws", finding(_by_seed, "BySeed"), "not from trained.seed"),
        ("test_labels_are_shuffled_with_the_captions", KeepsLabels, "exchange their labels"),
        ("test_it_agrees_with_the_reference", Twofold, "by the reference"),
    ]
]


class Both(ConstantScores):
    def training(self, experiment: Any) -> Any:
        return experiment.shuffled()


class Neither(ShuffledCaptions):
    def training(self, experiment: Any) -> Any:
        return None


class Unchanged(ShuffledCaptions):
    def training(self, experiment: Any) -> Any:
        return experiment


class OtherTask(ShuffledCaptions):
    def training(self, experiment: Any) -> Any:
        return experiment.shuffled().model_copy(update={"task": {"type": "easier"}})


class FromItsStart(ShuffledCaptions):
    def training(self, experiment: Any) -> Any:
        return experiment.model_copy(update={"train": experiment.train.model_copy(update={"shuffle_captions": True})})


class ChangesItsRow(ShuffledCaptions):
    def training(self, experiment: Any) -> Any:
        experiment.data["shuffled"] = True
        return experiment.shuffled()


class RandomTraining(ShuffledCaptions):
    def training(self, experiment: Any) -> Any:
        found = experiment.shuffled()
        return found.model_copy(update={"train": found.train.model_copy(update={"learning_rate": torch.rand(1).item()})})


def disguised(name: str, **members: Any) -> type[ConstantScores]:
    """The control of constant scores, with some of the model's own members under the disguise."""

    class Disguised(ConstantScores):
        def disguise(self, trained: Any) -> Any:
            found: Any = super().disguise(trained)
            for member, make in members.items():
                setattr(type(found), member, make) if isinstance(make, property) else setattr(found, member, make(trained))
            return found

    Disguised.__name__ = name
    return Disguised


def _renamed(trained: Any) -> Any:
    return lambda split: trained.clips(split)[::-1]


C = ControlContract
CONTROLS = [
    Row(C, "test_it_trains_or_it_disguises", Both, "gave both"),
    Row(C, "test_it_trains_or_it_disguises", Neither, "gave neither"),
    Row(C, "test_its_training_is_another", Unchanged, "the row's own training"),
    Row(C, "test_its_training_is_evaluated_as_its_row", OtherTask, "changed task"),
    Row(C, "test_its_training_begins_from_scratch", FromItsStart, "set train.init to None"),
    Row(C, "test_its_row_stays_as_it_is", ChangesItsRow, "model_copy"),
    Row(C, "test_the_same_training_each_time", RandomTraining, "draw nothing"),
    Row(C, "test_a_disguise_knows_no_pairs", disguised("Pairs", pair_scores=lambda t: t.pair_scores), "what the model knows"),
    Row(C, "test_a_disguise_knows_no_pairs", disguised("NoScores", pair_scores=lambda t: lambda split: {}), "queries first"),
    Row(C, "test_a_disguise_knows_no_frames", disguised("Scores", frame_scores=lambda t: t.frame_scores), "what the model knows"),
    Row(
        C,
        "test_a_disguise_has_blind_features",
        disguised("Features", frames=lambda t: t.frames, video_network=lambda t: t.video_network),
        "not blind",
    ),
    Row(C, "test_a_disguise_is_a_whole_model", disguised("Reversed", clips=_renamed), "must be the model's"),
]


class TwoWorkers(Local):
    def __init__(self) -> None:
        super().__init__(workers=2)


class NoneAtAll(TwoWorkers):
    def workers(self, load: Load) -> int:
        return 0


class AlwaysTwo(TwoWorkers):
    def workers(self, load: Load) -> int:
        return 2


class StartsOne(TwoWorkers):
    def launch(self, load: Load, command: Sequence[str]) -> list[str]:
        return Local(workers=1).launch(load, command)


class ThroughAShell(TwoWorkers):
    """Splits the command at the blank of the folder's name."""

    def launch(self, load: Load, command: Sequence[str]) -> list[str]:
        return super().launch(load, ["sh", "-c", " ".join(command)])


class DoesNotWait(TwoWorkers):
    def launch(self, load: Load, command: Sequence[str]) -> list[str]:
        self.started = [subprocess.Popen(command, start_new_session=True) for _ in range(2)]
        for process in self.started:
            process.returncode = 0  # nobody waits: no warning about it either
        return []


class TellsAll(TwoWorkers):
    def launch(self, load: Load, command: Sequence[str]) -> list[str]:
        super().launch(load, command)
        return ["worker 0 has ended", "worker 1 has ended"]


class TellsNothing(TwoWorkers):
    def launch(self, load: Load, command: Sequence[str]) -> list[str]:
        super().launch(load, command)
        return []


class Swallows(TwoWorkers):
    def launch(self, load: Load, command: Sequence[str]) -> list[str]:
        try:
            return super().launch(load, command)
        except KeyboardInterrupt:
            return ["interrupted"]


class LeavesThem(TwoWorkers):
    """Raises at once; the workers know nothing of it."""

    def launch(self, load: Load, command: Sequence[str]) -> list[str]:
        processes = [subprocess.Popen(command, start_new_session=True) for _ in range(2)]
        try:
            for process in processes:
                process.wait()
        except KeyboardInterrupt:
            for process in processes:
                process.returncode = 0
            raise
        return []


L = LauncherContract
LAUNCHERS = [
    Row(L, "test_workers_is_a_count", NoneAtAll, "1 where the asking process"),
    Row(L, "test_workers_is_a_count", AlwaysTwo, "nothing to do"),
    Row(L, "test_starts_as_many_as_it_says", StartsOne, "but 1 workers"),
    Row(L, "test_starts_as_many_as_it_says", ThroughAShell, "as it is given"),
    Row(L, "test_every_cell_is_done_once", DoesNotWait, "when launch.. returned"),
    Row(L, "test_waits_for_all", DoesNotWait, "wait for each"),
    Row(L, "test_tells_nothing_where_all_ended_well", TellsAll, "ended with code 0"),
    Row(L, "test_tells_of_each_that_failed", TellsNothing, "a line each"),
    Row(L, "test_an_interrupt_is_passed_on", Swallows, "raise it again"),
    Row(L, "test_an_interrupt_is_passed_on", LeavesThem, "send SIGINT"),
]


class Colours(nn.Module):
    """Mean colours, as often as there are numbers a row."""

    def __init__(self, width: int = 6) -> None:
        super().__init__()
        self.width = width
        self.eval()

    def forward(self, frames: torch.Tensor) -> torch.Tensor:
        return (frames.float() / 255).mean((1, 3, 4)).repeat(1, 2)[:, : self.width]


class Extractor:
    stream, width, cut, batch = "colours", 6, "mmpt", 4
    sampling = Sampling(fps=1, size=8, crop=False, group=2)

    def files(self) -> list[Path]:
        return []

    def fingerprint(self) -> str:
        return "none"

    def network(self) -> nn.Module:
        return Colours()


class OtherCut(Extractor):
    cut = "halves"


class NoFrames(Extractor):
    sampling = Sampling(fps=1, size=8, crop=False, group=0)


class StreamOfItsOwn:
    """Says what it makes when it is made."""

    def __new__(cls) -> Any:
        return Extractor()


class NoWeights(Extractor):
    def files(self) -> list[Path]:
        return [Path("nowhere.pth")]


class ItsOwnPrint(Extractor):
    def fingerprint(self) -> str:
        return str(torch.rand(1).item())


class Narrow(Extractor):
    def network(self) -> nn.Module:
        return Colours(5)


def computing(name: str, compute: Callable[[torch.Tensor, torch.Tensor], torch.Tensor]) -> type[Extractor]:
    """The extractor with another network, from the frames and their mean colours."""

    class Other(Colours):
        def forward(self, frames: torch.Tensor) -> torch.Tensor:
            return compute(frames, super().forward(frames))

    class Computing(Extractor):
        def network(self) -> nn.Module:
            return Other()

    Computing.__name__ = name
    return Computing


class Squares(Extractor):
    """Knows one size of pictures alone."""

    def network(self) -> nn.Module:
        class Flat(Colours):
            def forward(self, frames: torch.Tensor) -> torch.Tensor:
                return super().forward(frames) + 0 * frames.reshape(len(frames), 2 * 3 * 64).float().mean()

        return Flat()


class Training(Extractor):
    def network(self) -> nn.Module:
        return Colours().train()


class Drawn(Extractor):
    def network(self) -> nn.Module:
        head = nn.Linear(6, 6)
        return nn.Sequential(Colours(), head).eval()


E = ExtractorContract
EXTRACTORS = [
    Row(E, "test_says_what_it_makes", OtherCut, "cut is 'halves'"),
    Row(E, "test_its_sampling", NoFrames, "above 0"),
    Row(E, "test_the_stream_is_known_before_it_is_made", StreamOfItsOwn, "on the class"),
    Row(E, "test_its_weights_are_files", NoWeights, "which is no file"),
    Row(E, "test_its_weights_are_files", ItsOwnPrint, "hash the weights"),
    Row(E, "test_rows_are_as_wide_as_declared", Narrow, "it must give"),
    Row(E, "test_rows_fit_into_float16", computing("Large", lambda frames, rows: rows * 1e6), "scale the features"),
    Row(E, "test_black_frames", computing("Directions", lambda frames, rows: rows / rows.norm(dim=1, keepdim=True)), "black frames"),
    Row(E, "test_pictures_that_are_no_squares", Squares, "pool over what comes"),
    Row(E, "test_it_is_in_evaluation_mode", Training, "eval"),
    Row(E, "test_each_row_by_itself", computing("Centred", lambda frames, rows: rows - rows.mean(0)), "mean over the batch"),
    Row(E, "test_every_worker_computes_the_same", Drawn, "draw none"),
]


def untyped(hard_negatives=3):  # type: ignore[no-untyped-def]
    return Sampler(hard_negatives)


def needed(hard_negatives: int) -> Sampler:
    return Sampler(hard_negatives)


class Halfway:
    def negatives(self, batch_size: int) -> int:
        return 3


S = SamplerContract
ANY_KIND = [
    Row(S, "test_is_registered_with_a_summary", Sampler, "one line", registered={"summary": "one\ntwo"}),
    Row(S, "test_is_registered_with_a_summary", Sampler, "lower-case", registered={"name": "My Sampler"}),
    Row(S, "test_options_have_types_and_defaults", untyped, "annotate the option"),
    Row(S, "test_options_have_types_and_defaults", needed, "a default"),
    Row(S, "test_its_source_can_be_read", functools.partial(Sampler, 3), "not a partial"),
    Row(S, "test_has_every_member", Halfway, "members sample"),
]

ROWS = [*TASKS, *CONTROLS, *LAUNCHERS, *EXTRACTORS, *ANY_KIND]
WHOLE = [(T, Retrieval), (C, ConstantScores), (C, ShuffledCaptions), (L, TwoWorkers), (E, Extractor)]
