"""From idf to the weights of Eq. 4."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from taco_bench_tokens.weightings import IdfMax, IdfWeights, UniformWeights

from taco_bench.plugins import load_plugins

IDF = np.array([1.0, 3.0, 0.0, 4.0])


@pytest.mark.parametrize(
    ("normalise", "expected"),
    [
        ("sum", [1 / 8, 3 / 8, 0, 4 / 8]),
        ("mean", [0.5, 1.5, 0, 2.0]),  # the mean idf is 2
        ("max", [0.25, 0.75, 0, 1.0]),
        ("none", [1.0, 3.0, 0.0, 4.0]),
    ],
)
def test_worked_example(normalise: str, expected: list[float]) -> None:
    assert IdfWeights(normalise).weigh(IDF).tolist() == expected


def test_sum_is_the_default() -> None:
    assert IdfWeights().weigh(IDF).sum() == 1.0


def test_idf_max() -> None:
    assert IdfMax().weigh(IDF).tolist() == [0.25, 0.75, 0.0, 1.0]


def test_uniform() -> None:
    assert UniformWeights().weigh(IDF).tolist() == [0.25] * 4


@pytest.mark.parametrize(("normalise", "each"), [("sum", 1 / 3), ("mean", 1.0), ("max", 1.0), ("none", 1.0)])
def test_all_zero_is_uniform(normalise: str, each: float) -> None:
    """Words of nearly every caption have idf 0; a caption of them alone still counts."""
    assert IdfWeights(normalise).weigh(np.zeros(3)).tolist() == pytest.approx([each] * 3)


def test_all_zero_is_uniform_for_idf_max() -> None:
    assert IdfMax().weigh(np.zeros(2)).tolist() == [1.0, 1.0]


@pytest.mark.parametrize("weighting", [IdfWeights(), IdfMax(), UniformWeights()])
def test_a_single_piece_has_weight_one(weighting: UniformWeights) -> None:
    assert weighting.weigh(np.array([2.7])).tolist() == [1.0]


@pytest.mark.parametrize("name", ["idf", "idf-max", "uniform"])
def test_input_is_left_alone(name: str) -> None:
    weighting = load_plugins(third_party=False).build("token-weights", {"type": name})
    for idf in (IDF.copy(), np.zeros(3)):
        before = idf.copy()
        weights = weighting.weigh(idf)
        weights += 1
        assert idf.tolist() == before.tolist()


@settings(deadline=None, max_examples=100)
@given(st.lists(st.one_of(st.just(0.0), st.floats(1e-6, 20)), min_size=1, max_size=12), st.sampled_from(["sum", "mean", "max"]))
def test_normalised_and_in_proportion(values: list[float], normalise: str) -> None:
    idf = np.array(values)
    weights = IdfWeights(normalise).weigh(idf)
    assert {"sum": np.sum, "mean": np.mean, "max": np.max}[normalise](weights) == pytest.approx(1.0)
    assert (weights >= 0).all()
    if idf.any():
        assert np.allclose(weights * idf[:, None], (weights * idf[:, None]).T)  # w_i idf_j = w_j idf_i


@settings(deadline=None, max_examples=30)
@given(st.lists(st.floats(0, 20), min_size=1, max_size=12))
def test_uniform_whatever_the_idf(values: list[float]) -> None:
    weights = UniformWeights().weigh(np.array(values))
    assert len(weights) == len(values)
    assert weights == pytest.approx(np.full(len(values), 1 / len(values)))
