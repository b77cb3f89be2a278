"""Batches are a function of (seed, step)."""

from collections import Counter

import numpy as np
import pytest
from builders import CPU, MAX_VIDEO, prepared

from taco_bench.data.batches import Batches


@pytest.fixture(scope="module")
def data():
    return prepared(train=10)


def batches(data, seed=0, size=4, shuffled=False):
    return Batches(data, size, MAX_VIDEO, seed, shuffle_captions=shuffled, device=CPU)


def content(batch):
    return batch.clips, batch.captions, batch.ids.values.tolist(), batch.words.rows.tolist(), batch.features.values.tolist()


@pytest.mark.parametrize("size", [2, 4, 5, 10])
def test_no_clip_twice_in_an_epoch(data, size):
    steps = 10 // size
    orders = []
    for epoch in range(4):
        drawn = [name for step in range(steps) for name in batches(data, size=size).at(epoch * steps + step).clips]
        assert len(drawn) == len(set(drawn)) == steps * size
        assert set(drawn) <= {clip.id for clip in data.clips["train"]}
        orders.append(tuple(drawn))
    assert len(set(orders)) == 4


def test_what_does_not_fill_a_batch_is_not_always_the_same(data):
    seen = {name for step in range(20) for name in batches(data, size=4).at(step).clips}
    assert len(seen) == 10


def test_a_function_of_seed_and_step_alone(data):
    in_order = batches(data)
    forward = [content(in_order.at(step)) for step in range(6)]
    other_way = batches(data)
    backward = [content(other_way.at(step)) for step in reversed(range(6))]
    assert forward == backward[::-1]
    assert content(batches(data).at(3)) == forward[3]


def test_seed_0_is_a_seed(data):
    assert content(batches(data, 0).at(0)) == content(batches(data, 0).at(0)) != content(batches(data, 1).at(0))


def test_the_content_of_a_batch(data):
    clips = {clip.id: clip for clip in data.clips["train"]}
    batch = batches(data, size=6).at(2)
    rows, owners, weights, ids, features = [], [], [], [], []
    for text, (name, caption) in enumerate(zip(batch.clips, batch.captions, strict=True)):
        assert caption in clips[name].captions
        entry = data.captions[caption]
        for place, interest in enumerate(entry.interest):
            if interest:
                rows.append(len(ids) + place)
                owners.append(text)
                weights.append(float(entry.weights[place]))
        ids += entry.ids.tolist()
        features.append(data.features.values[data.features.rows(name, MAX_VIDEO)])
    assert batch.ids.values.tolist() == ids
    assert batch.ids.layout.lengths.tolist() == [len(data.captions[caption].ids) for caption in batch.captions]
    assert (batch.words.rows.tolist(), batch.words.owner.tolist(), batch.words.weights.tolist()) == (rows, owners, weights)
    np.testing.assert_array_equal(batch.features.values, np.concatenate(features))
    assert batch.features.layout.lengths.tolist() == [len(part) for part in features]


def test_every_caption_of_a_clip_is_drawn(data):
    drawn = Counter(caption for step in range(60) for caption in batches(data, size=10).at(step).captions)
    two = [clip for clip in data.clips["train"] if len(clip.captions) == 2]
    assert two
    for clip in two:
        counts = [drawn[caption] for caption in clip.captions]
        assert sum(counts) == 60
        assert abs(counts[0] - 30) < 5 * 60**0.5 / 2


def test_shuffled_captions_are_the_same_captions_on_other_clips(data):
    plain, shuffled = batches(data).clips, batches(data, shuffled=True).clips
    assert [clip.id for clip in plain] == [clip.id for clip in shuffled]
    assert sorted(clip.captions for clip in plain) == sorted(clip.captions for clip in shuffled)
    assert sum(a.captions == b.captions for a, b in zip(plain, shuffled, strict=True)) < 5
    assert [clip.captions for clip in batches(data, 1, shuffled=True).clips] != [clip.captions for clip in shuffled]


def test_shuffled_captions_leave_the_videos_of_a_batch_alone(data):
    plain, shuffled = batches(data).at(1), batches(data, shuffled=True).at(1)
    assert plain.clips == shuffled.clips
    np.testing.assert_array_equal(plain.features.values, shuffled.features.values)
    assert plain.captions != shuffled.captions


def test_the_shuffle_is_the_same_in_every_epoch(data):
    pairs = {}
    for step in range(20):
        batch = batches(data, size=5, shuffled=True).at(step)
        for name, caption in zip(batch.clips, batch.captions, strict=True):
            owner = caption.split(" of ")[1]
            assert pairs.setdefault(name, owner) == owner


def test_long_clips_are_sampled_evenly_with_both_ends(data):
    lengths = np.diff(data.features.offsets)
    for name, index in data.features.index.items():
        start = data.features.offsets[index]
        places = (data.features.rows(name, 5) - start).tolist()
        if lengths[index] <= 5:
            assert places == list(range(lengths[index]))
        else:
            assert len(places) == 5
            assert (places[0], places[-1]) == (0, lengths[index] - 1)
            gaps = np.diff(places)
            assert gaps.min() >= 1
            assert gaps.max() - gaps.min() <= 1
    assert lengths.max() > 5
