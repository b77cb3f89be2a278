"""Scores of frames, against a slow version that goes window by window, frame by frame and text by text."""

from __future__ import annotations

from typing import Any

import builders
import numpy as np
import pytest
import torch

from taco_bench.config import Experiment
from taco_bench.data.batches import text_batch
from taco_bench.data.prepared import Prepared
from taco_bench.data.windows import window_starts
from taco_bench.errors import DataError, PluginError
from taco_bench.jobs.work import TrainedModel
from taco_bench.model.ragged import Layout, Ragged
from taco_bench.model.taco import TACo
from taco_bench.reporting import Silent
from taco_bench.train.frames import FrameScores, WindowEncoder, joined_frames
from taco_bench.train.loop import new_model
from taco_bench.train.scoring import pool_scores

WINDOW, STRIDE = 4, 2


def made(**changes: Any) -> tuple[TACo, Experiment, Prepared]:
    prepared, experiment = builders.prepared(), builders.experiment(**changes)
    return new_model(experiment, 0, prepared, builders.CPU).eval(), experiment, prepared


@torch.no_grad()
def naive(model: TACo, experiment: Experiment, prepared: Prepared, clips: list[str], texts: list[str]) -> np.ndarray:
    losses, settings = experiment.losses, experiment.evaluation
    store = prepared.features
    frames = np.concatenate([store.values[store.offsets[store.index[c]] : store.offsets[store.index[c] + 1]] for c in clips])

    def unit(vector: torch.Tensor) -> torch.Tensor:
        return vector / vector.norm() if losses.normalize else vector

    said: list[list[list[float]]] = [[] for _ in frames]
    for start in window_starts(len(frames), WINDOW, STRIDE):
        part = torch.from_numpy(frames[start : start + WINDOW])
        tokens = model.video(Ragged(part, Layout(torch.tensor([len(part)]), len(part), len(part)))).tokens.values
        for place, x in enumerate(tokens):
            scores = []
            for text in texts:
                ids, words = text_batch([text], prepared.captions | prepared.step_texts, builders.CPU)
                found = model.language(model.language.hidden(ids))
                sentence = float(unit(x) @ unit(found.sentence[0])) / losses.sentence_temperature
                pieces = [float(unit(x) @ unit(found.tokens.values[row])) / losses.token_temperature for row in words.rows]
                parts = {"sentence": sentence, "token": settings.token_weight * sum(pieces)}
                scores.append(sum(parts[name] for name in settings.scores if name != "fusion"))
            said[start + place].append(scores)
    return np.array([np.mean(scores, axis=0) for scores in said])


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"losses": {"normalize": True, "sentence_temperature": 0.1, "token_temperature": 3.0}},
        {"evaluation": {"scores": ("token",), "token_weight": 0.9}},
        {"use": ("l1",)},
    ],
    ids=["usual", "cosine", "token alone", "l1 alone"],
)
def test_against_the_slow_version(changes: dict[str, Any]) -> None:
    model, experiment, prepared = made(**changes)
    scores = FrameScores(model, experiment, prepared)
    clips = prepared.clips["test"]
    texts = [clip.captions[0] for clip in clips]
    for some in (clips[:1], clips[1:4]):
        found = scores(some, texts, WINDOW, STRIDE)
        assert found.dtype == np.float32
        np.testing.assert_allclose(found, naive(model, experiment, prepared, [c.id for c in some], texts), rtol=1e-4, atol=1e-4)


def test_a_clip_of_one_frame_scores_as_in_retrieval() -> None:
    model, experiment, _ = made(evaluation={"scores": ("sentence", "token")})
    prepared = builders.prepared(test=30)
    clips = prepared.clips["test"]
    lengths = np.diff(prepared.features.offsets)
    short = next(clip for clip in clips if lengths[prepared.features.index[clip.id]] == 1)
    texts = [clip.captions[0] for clip in clips]
    matrix = pool_scores(model, experiment, prepared, clips, Silent())["text->video"]
    found = FrameScores(model, experiment, prepared)([short], texts, WINDOW, STRIDE)
    np.testing.assert_allclose(found[0], matrix[:, clips.index(short)], rtol=1e-4, atol=1e-4)


def test_texts_are_encoded_once() -> None:
    model, experiment, prepared = made()
    calls = []
    hidden = model.language.hidden
    model.language.hidden = lambda ids: calls.append(len(ids.layout.lengths)) or hidden(ids)
    scores = FrameScores(model, experiment, prepared)
    clips = prepared.clips["test"]
    for clip in clips:
        scores([clip], [c.captions[0] for c in clips] * 2, WINDOW, STRIDE)
    assert calls == [len(clips)]


def test_a_text_that_no_clip_has() -> None:
    model, experiment, prepared = made()
    with pytest.raises(PluginError, match="'a stranger' is in no clip"):
        FrameScores(model, experiment, prepared)(prepared.clips["test"][:1], ["a stranger"], WINDOW, STRIDE)


def test_a_nan_names_the_clip() -> None:
    model, experiment, prepared = made()
    with torch.no_grad():
        model.video.project.weight[0, 0] = torch.nan
    clip = prepared.clips["test"][2]
    with pytest.raises(DataError, match=f"NaN in clip '{clip.id}'"):
        FrameScores(model, experiment, prepared)([clip], [clip.captions[0]], WINDOW, STRIDE)


class TestTrainedModel:
    def test_frames_are_all_rows_of_the_features(self) -> None:
        model, experiment, prepared = made()
        trained = TrainedModel(model, experiment, prepared, Silent(), 5)
        store = prepared.features
        for clip in prepared.clips["train"]:
            at = store.index[clip.id]
            np.testing.assert_array_equal(trained.frames(clip), store.values[store.offsets[at] : store.offsets[at + 1]])
        assert trained.seed == 5

    def test_one_clip_and_a_list_of_one_are_the_same(self) -> None:
        model, experiment, prepared = made()
        trained = TrainedModel(model, experiment, prepared, Silent(), 0)
        clip = prepared.clips["test"][0]
        one, several = (trained.frame_scores(given, clip.captions, WINDOW, STRIDE) for given in (clip, [clip]))
        np.testing.assert_array_equal(one, several)

    def test_the_network_is_a_copy_that_gives_the_models_tokens(self) -> None:
        model, experiment, prepared = made()
        trained = TrainedModel(model, experiment, prepared, Silent(), 0)
        network = trained.video_network()
        assert isinstance(network, WindowEncoder)
        assert network.width == experiment.model.width
        clips = prepared.clips["test"][:3]
        rows = [torch.from_numpy(trained.frames(clip)[: builders.MAX_VIDEO].copy()) for clip in clips]
        lengths = torch.tensor([len(row) for row in rows])
        tokens = network(torch.nn.utils.rnn.pad_sequence(rows, batch_first=True), lengths)
        expected = model.video(builders.ragged(rows)).tokens
        torch.testing.assert_close(tokens, expected.padded())
        with torch.no_grad():
            for parameter in network.parameters():
                parameter.zero_()
        assert all(bool(p.any()) for name, p in model.video.named_parameters() if name.endswith("project.weight"))


def test_joined_frames_leave_nothing_out() -> None:
    _, _, prepared = made()
    clips = prepared.clips["test"]
    assert len(joined_frames(prepared, clips)) == sum(len(joined_frames(prepared, [clip])) for clip in clips)
