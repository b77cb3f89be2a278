"""The score matrices that retrieval ranks."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from builders import CPU, MAX_VIDEO, Interrupting, experiment, prepared, ragged
from hypothesis import given
from hypothesis import strategies as st

from taco_bench.reporting import Silent
from taco_bench.train import scoring
from taco_bench.train.loop import new_model
from taco_bench.train.scoring import below_shortlist, pool_scores

pytestmark = pytest.mark.compat
LOWEST = np.finfo(np.float32).min


@pytest.fixture(scope="module")
def data():
    """One caption a clip."""
    found = prepared()
    found.clips["train"] = [replace(clip, captions=clip.captions[:1]) for clip in found.clips["train"]]
    return found


def model_of(data, **options):
    """Larger random weights than the first ones, so that scores differ."""
    model = new_model(experiment(**options), 0, data, CPU)
    torch.manual_seed(1)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(0.3 * torch.randn_like(parameter))
    return model


def scores(data, model=None, split="train", **evaluation):
    """Of the training clips unless told otherwise."""
    return pool_scores(model or model_of(data), experiment(evaluation=evaluation), data, data.clips[split], Silent())


@pytest.fixture(scope="module")
def several():
    """The same data, some of whose training clips have two captions."""
    return prepared()


def ranking(row):
    return np.argsort(-np.asarray(row), kind="stable").tolist()


def one_by_one(data, model):
    """The three scores of every pair, each text and video encoded alone."""
    model = model.double().eval()
    texts, videos, words = [], [], []
    for clip in data.clips["train"]:
        entry = data.captions[clip.captions[0]]
        texts.append(model.language.project(model.language.network(input_ids=torch.tensor(entry.ids)[None]).last_hidden_state[0]))
        words.append([place for place, interest in enumerate(entry.interest) if interest])
        rows = data.features.values[data.features.rows(clip.id, MAX_VIDEO)]
        videos.append(model.video(ragged([torch.from_numpy(rows).double()])).tokens.values)
    own = torch.zeros(1, dtype=torch.int64)
    sentence = [[float(t[0] @ v.mean(dim=0)) for v in videos] for t in texts]
    token = [[sum(max(float(t[p] @ x) for x in v) for p in places) for v in videos] for t, places in zip(texts, words, strict=True)]
    fusion = [[float(model.fusion(ragged([t]), ragged([v]), own, own)) for v in videos] for t in texts]
    return np.array(sentence), np.array(token), np.array(fusion)


@torch.no_grad()
def test_equals_every_pair_alone(data):
    found = scores(data)
    sentence, token, fusion = one_by_one(data, model_of(data))
    np.testing.assert_allclose(found["sentence"], sentence, rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(found["token"], token, rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(found["fusion"], fusion, rtol=1e-4, atol=1e-4)
    assert (token == 0).all(axis=1).any()  # a text without a word of interest


@pytest.mark.parametrize("weight", [0.5, 0.0, 1.0])
def test_the_fused_score_is_the_sum(data, weight):
    found = scores(data, token_weight=weight)
    expected = found["sentence"] + weight * found["token"] + found["fusion"]
    np.testing.assert_allclose(found["text->video"], expected, rtol=1e-6, atol=1e-6)
    np.testing.assert_array_equal(found["video->text"], found["text->video"].T)
    assert {matrix.dtype for matrix in found.values()} == {np.dtype(np.float32)}


def test_half_the_token_score_is_the_default(data):
    found = scores(data)
    np.testing.assert_allclose(found["text->video"], found["sentence"] + 0.5 * found["token"] + found["fusion"], rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("wanted", [("sentence",), ("token",), ("fusion",), ("sentence", "token"), ("sentence", "fusion")])
def test_only_the_scores_asked_for(data, wanted):
    whole, found = scores(data), scores(data, scores=wanted)
    assert set(found) == {*wanted, "text->video", "video->text"}
    factors = {"sentence": 1.0, "token": 0.5, "fusion": 1.0}
    expected = sum(factors[name] * whole[name] for name in wanted)
    np.testing.assert_allclose(found["text->video"], expected, rtol=1e-6, atol=1e-6)


def test_parts_change_nothing(data, monkeypatch):
    whole = scores(data)
    monkeypatch.setattr(scoring, "AT_A_TIME", 3)
    monkeypatch.setattr(scoring, "PAIRS_AT_A_TIME", 7)
    monkeypatch.setattr(scoring, "WORDS_AT_A_TIME", 2)
    for name, matrix in scores(data).items():
        np.testing.assert_allclose(matrix, whole[name], rtol=1e-4, atol=1e-5)


def test_dropout_is_off(data):
    model = model_of(data, model={"dropout": 0.5}).train()
    first, second = scores(data, model), scores(data, model)
    assert all((first[name] == second[name]).all() for name in first)


@pytest.mark.parametrize("name", ["sentence", "token", "fusion", "text->video"])
def test_scores_of_bfloat16_models_are_not_rounded(data, name):
    """What a GPU does by default, here through the CPU's autocast: rounded scores would tie."""
    settings = experiment(train={"precision": "bfloat16"})
    found = pool_scores(model_of(data), settings, data, data.clips["train"], Silent())[name]
    found = found[found != 0]
    rounded = torch.from_numpy(found).bfloat16().float().numpy()
    assert np.mean(found != rounded) > 0.8


# --- the shortlist


@st.composite
def pools(draw):
    """Distinct fused and cheap scores, and as many inside for each query."""
    queries, items = draw(st.integers(1, 4)), draw(st.integers(1, 7))
    count = draw(st.integers(1, items))
    rows = st.permutations(range(-items, items)).map(lambda order: order[:items])
    fused, cheap = ([draw(rows) for _ in range(queries)] for _ in range(2))
    inside = [draw(st.permutations([place < count for place in range(items)])) for _ in range(queries)]
    return fused, cheap, inside


def naive_ranking(fused, cheap, inside):
    """The shortlist by fused score, then the rest by cheap score."""
    items = range(len(fused))
    return sorted((i for i in items if inside[i]), key=lambda i: -fused[i]) + sorted(
        (i for i in items if not inside[i]), key=lambda i: -cheap[i]
    )


@given(pools())
def test_the_rest_ranks_below_the_shortlist_by_cheap_score(pool):
    fused, cheap, inside = pool
    found = below_shortlist(torch.tensor(fused).float(), torch.tensor(cheap).float(), torch.tensor(inside))
    for row, *query in zip(found.tolist(), fused, cheap, inside, strict=True):
        assert ranking(row) == naive_ranking(*query)
        assert len(set(row)) == len(row)
    assert torch.equal(found[torch.tensor(inside)], torch.tensor(fused).float()[torch.tensor(inside)])


def test_cheap_scores_that_tie_outside_still_tie():
    found = below_shortlist(torch.tensor([[9.0, 0, 0, 0]]), torch.tensor([[0.0, 5, 5, 7]]), torch.tensor([[True, False, False, False]]))
    assert found[0, 1] == found[0, 2] < found[0, 3] < found[0, 0]


def test_cheap_scores_that_are_close_keep_their_order():
    """A shift by a large number must not round neighbours to a tie."""
    cheap = torch.tensor([[0.0, 1.0, 1.0 + 2**-23, 1.0 - 2**-24]])
    found = below_shortlist(torch.tensor([[1000.0, 0, 0, 0]]), cheap, torch.tensor([[True, False, False, False]]))
    assert ranking(found[0]) == [0, 2, 1, 3]
    assert len(set(found[0].tolist())) == 4


def test_a_shortlist_sends_few_pairs_through_fusion_and_ranks_them_first(data):
    whole = scores(data)
    cheap = whole["sentence"] + 0.5 * whole["token"]
    fused = cheap + whole["fusion"]
    found = scores(data, shortlist_above=9, shortlist=3)
    best = {"text->video": np.argsort(-cheap, axis=1)[:, :3], "video->text": np.argsort(-cheap.T, axis=1)[:, :3]}
    for direction, (f, c) in {"text->video": (fused, cheap), "video->text": (fused.T, cheap.T)}.items():
        for query in range(10):
            inside = [item in best[direction][query] for item in range(10)]
            assert ranking(found[direction][query]) == naive_ranking(f[query], c[query], inside)
    sent = {(t, v) for t in range(10) for v in best["text->video"][t]} | {(t, v) for v in range(10) for t in best["video->text"][v]}
    assert len(sent) < 100
    assert {(t, v) for t in range(10) for v in range(10) if found["fusion"][t, v] > LOWEST} == sent
    np.testing.assert_array_equal(found["sentence"], whole["sentence"])


def test_no_shortlist_up_to_the_bound(data):
    whole, found = scores(data), scores(data, shortlist_above=10, shortlist=3)
    assert all((found[name] == whole[name]).all() for name in whole)


def test_no_shortlist_without_cheap_scores(data):
    whole = scores(data)
    found = scores(data, scores=("fusion",), shortlist_above=2, shortlist=1)
    np.testing.assert_allclose(found["text->video"], whole["fusion"], rtol=1e-6)


def test_a_shortlist_larger_than_the_pool_is_the_pool(data):
    whole, found = scores(data), scores(data, shortlist_above=5, shortlist=100)
    assert all((found[name] == whole[name]).all() for name in whole)


def test_progress_is_told(data):
    reporter = Interrupting(at=100)
    with pytest.raises(KeyboardInterrupt):  # the bar reaches the 100 pairs of 10 texts and videos
        pool_scores(model_of(data), experiment(), data, data.clips["train"], reporter)


# --- several captions a video


def texts_of(data):
    """Each caption of each training clip, with the clip's place."""
    return [(place, caption) for place, clip in enumerate(data.clips["train"]) for caption in clip.captions]


@pytest.mark.parametrize("name", ["sentence", "token", "fusion", "text->video"])
def test_every_caption_is_a_text(data, several, name):
    """The first captions' rows are those of the set that has no others; the second captions' are their own."""
    found, first = scores(several)[name], scores(data)[name]
    assert found.shape == (14, 10)
    leading = [row for row, (place, caption) in enumerate(texts_of(several)) if caption == several.clips["train"][place].captions[0]]
    np.testing.assert_allclose(found[leading], first, rtol=1e-5, atol=1e-5)
    swapped = prepared()
    swapped.clips["train"] = [replace(clip, captions=clip.captions[::-1]) for clip in swapped.clips["train"]]
    other = scores(swapped)[name]
    order = [[caption for _, caption in texts_of(swapped)].index(caption) for _, caption in texts_of(several)]
    np.testing.assert_allclose(other[order], found, rtol=1e-5, atol=1e-5)


def test_both_directions_have_their_queries_first(several):
    found = scores(several)
    assert found["video->text"].shape == (10, 14)
    np.testing.assert_array_equal(found["video->text"], found["text->video"].T)


def test_a_shortlist_of_several_captions(several):
    """Each text has its best videos, each video its best texts; more texts than the bound are a large pool."""
    whole, found = scores(several), scores(several, shortlist_above=13, shortlist=3)
    cheap = whole["sentence"] + 0.5 * whole["token"]
    fused = cheap + whole["fusion"]
    for direction, (f, c) in {"text->video": (fused, cheap), "video->text": (fused.T, cheap.T)}.items():
        best = np.argsort(-c, axis=1)[:, :3]
        for query in range(len(c)):
            inside = [item in best[query] for item in range(c.shape[1])]
            assert ranking(found[direction][query]) == naive_ranking(f[query], c[query], inside)
    assert all((scores(several, shortlist_above=14, shortlist=3)[name] == whole[name]).all() for name in whole)
