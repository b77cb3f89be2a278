"""The best checkpoint does not depend on how a training will be evaluated."""

import pytest
from builders import CPU, experiment, prepared

from taco_bench.train.loop import new_model
from taco_bench.train.validation import validation_score


@pytest.mark.parametrize("evaluation", [{"scores": ("sentence",)}, {"token_weight": 0.0}, {"split": "test"}])
def test_the_score_is_of_all_trained_scores_on_the_validation_split(evaluation):
    data = prepared()
    model = new_model(experiment(), 0, data, CPU).eval()
    usual = validation_score(model, experiment(), data)
    assert validation_score(model, experiment(evaluation=evaluation), data) == usual
