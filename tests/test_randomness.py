"""Streams of random numbers are functions of (seed, purpose, step)."""

import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st

from taco_bench.randomness import numpy_stream, seed_global, stream_key, torch_stream

NAMES = st.tuples(st.integers(0, 1000), st.sampled_from(["order", "caption", "dropout/video"]), st.integers(0, 10**6))


@given(NAMES, NAMES)
def test_each_name_has_its_own_stream(one, other):
    assert (stream_key(*one) == stream_key(*other)) == (one == other)
    assert 0 <= stream_key(*one) < 2**63


def test_seed_and_step_do_not_run_into_each_other():
    names = [(1, "order", 11), (11, "order", 1), (1, "order", 1), (0, "order", 0), (1, "order", 0)]
    assert len({stream_key(*name) for name in names}) == len(names)


def test_streams_start_anew_whatever_was_drawn_before():
    first = numpy_stream(0, "order", 3).random(5), torch.rand(5, generator=torch_stream(0, "order", 3))
    np.random.default_rng().random()
    torch.rand(7)
    second = numpy_stream(0, "order", 3).random(5), torch.rand(5, generator=torch_stream(0, "order", 3))
    assert all((a == b).all() for a, b in zip(first, second, strict=True))


def test_the_global_generator_starts_anew():
    seed_global(4, "init/video")
    first = torch.rand(5)
    seed_global(4, "init/fusion")
    assert not torch.equal(torch.rand(5), first)
    seed_global(4, "init/video")
    assert torch.equal(torch.rand(5), first)
