"""The paper-size model has the paper's sizes (P Tab. 13)."""

import pytest
import torch

from taco_bench.config import Losses, Model
from taco_bench.model.taco import build_taco

pytestmark = pytest.mark.compat
APPEARANCE_AND_MOTION = 2048 + 1024


def paper_model(video_layers, use=("l1", "l2", "l3")):
    """On the meta device: shapes without memory."""
    from transformers import BertConfig, BertModel

    with torch.device("meta"):
        network = BertModel(BertConfig())
        return build_taco(
            APPEARANCE_AND_MOTION, network, Model(video_layers=video_layers), Losses(use=use), pooling="cls", frozen=False, seed=0
        )


@pytest.mark.parametrize(("video_layers", "millions"), [(0, 126.5), (1, 133.6), (2, 140.7), (4, 154.9)])
def test_as_printed(video_layers, millions):
    count = sum(parameter.numel() for parameter in paper_model(video_layers).parameters())
    assert count / 1e6 == pytest.approx(millions, abs=0.1)


def test_a_layer_is_one_of_bert():
    one = paper_model(1).video.layers[0]
    assert sum(parameter.numel() for parameter in one.parameters()) == 7_087_872


def test_without_l3_there_is_no_fusion_module():
    assert paper_model(1, ("l1", "l2")).fusion is None
