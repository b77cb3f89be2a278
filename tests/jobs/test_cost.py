"""The work of a training step, against counts by hand and against what torch counts in the real modules."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import torch
from builders import experiment as built
from hypothesis import given
from hypothesis import strategies as st
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

from taco_bench.config import Experiment
from taco_bench.jobs.cost import Sizes, Work, fusion_work, held_of, loss_work, parameters_of, text_work, video_work, work_of
from taco_bench.jobs.cost_model import CostModel, cost_model, memory_amounts
from taco_bench.jobs.sizes import distinct_pairs, network_size, record_of, sizes_from
from taco_bench.kinds.text import NetworkSize
from taco_bench.losses.token import word_similarity
from taco_bench.model.fusion import FusionModule
from taco_bench.model.language import LanguageModule
from taco_bench.model.ragged import Layout, Ragged
from taco_bench.model.video import VideoModule
from taco_bench.train.chunks import encode_videos

K, N, M, D, FF, HEADS, FEATURES = 4, 5, 3, 8, 16, 2, 6
NETWORK = NetworkSize(width=4, layers=1, feedforward=8, heads=1, parameters=100)
SIZES = Sizes(text_tokens=N, longest_text=N, video_tokens=M, words=2, pairs=10, feature_width=FEATURES, network=NETWORK)


def experiment(
    *, use: tuple[str, ...] = ("l1", "l2", "l3"), batch_size: int = K, train: dict[str, Any] | None = None, **model: Any
) -> Experiment:
    sizes = {"width": D, "heads": HEADS, "feedforward": FF, "max_video_tokens": M, "max_text_tokens": N, "positions": N + M}
    return built(use=use, model=sizes | model, train={"batch_size": batch_size, **(train or {})})


class TestByHand:
    def test_fusion_of_two_layers(self) -> None:
        """Each of the 4 x (5 + 3) tokens is projected once: 3 d^2. Each of the 10 x 8 tokens of pairs: output d^2, feed-forward 2 d ff, the
        last layer's keys and values 2 d^2. Of each pair's [CLS] d^2 for the query, d^2 + 2 d ff after attention, and d for the score.
        """
        shared, tokens, pairs = 32 * 3 * 64, 80 * (64 + 2 * 8 * 16 + 2 * 64), 10 * (64 + 64 + 2 * 8 * 16 + 8)
        found = fusion_work(experiment(), SIZES)
        assert found.products == 3 * (shared + tokens + pairs)
        assert found.attention == 3 * (10 * 8 * 8 * 8 * 2 + 10 * 8 * 8 * 2)  # the first layer all with all, the last [CLS] with all
        assert found.softmax == 2 * (10 * 8 * 8 + 10 * 8)
        assert found.layers == 2

    def test_the_savings_of_the_design(self) -> None:
        """11 d^2 instead of 24 d^2 a token of a pair, with two layers, a feed-forward of 4 d, and many pairs of many tokens."""
        made = experiment(width=64, feedforward=256)
        many = replace(SIZES, pairs=1e6, video_tokens=1e6)
        assert fusion_work(made, many).products / 3 / (1e6 * 1e6) / 64**2 == pytest.approx(11, rel=1e-3)

    def test_losses(self) -> None:
        """K x K sentence pairs, once more for the sampler; 4 x 2 words with 4 x 3 video tokens."""
        assert loss_work(experiment(), SIZES) == Work(products=16 * 4 * 8 + 3 * 8 * 12 * 8, similarities=8 * 12, entries=8 * 4)
        assert loss_work(experiment(use=("l1",)), SIZES) == Work(products=16 * 4 * 8)
        assert loss_work(experiment(use=("l3",)), SIZES) == Work()

    def test_a_frozen_network_costs_its_projection_alone(self) -> None:
        found = text_work(experiment(), replace(SIZES, frozen=True))
        assert found.products == 20 * 4 * 8 * 2  # its input takes no gradient
        assert found.layers == 0
        parameters = sum(parameters_of(experiment(), SIZES).values())
        assert work_of(experiment(), replace(SIZES, frozen=True)).parameters == parameters - 100

    def test_captions_are_padded_in_attention_alone(self) -> None:
        found, full = (text_work(experiment(), replace(SIZES, longest_text=longest)) for longest in (2 * N, N))
        assert found.products == full.products
        assert found.attention == 4 * full.attention
        assert found.softmax == 4 * full.softmax

    def test_what_is_computed_again(self) -> None:
        """A product is made four times in the place of three; a layer is called once a chunk, and that again."""
        plain, again = (work_of(experiment(dropout=0.1, train={"recompute_fusion": recompute}), SIZES) for recompute in (False, True))
        fusion = fusion_work(experiment(dropout=0.1), SIZES)
        assert again.products - plain.products == pytest.approx(fusion.products / 3)
        assert again.draws - plain.draws == fusion.draws
        assert again.parameters == plain.parameters
        chunks = work_of(experiment(use=("l1",), train={"encoder_chunk": 3}), replace(SIZES, pairs=0))
        assert chunks.layers == pytest.approx(4 / 3 * 2 * 2)  # a text and a video layer, over 3 and 1 of the 4 clips

    def test_what_is_held_of_it(self) -> None:
        many = replace(SIZES, pairs=1e6)  # 1e6 pairs of 8 tokens, of which 2^13 tokens are held
        plain, again = (held_of(experiment(train={"recompute_fusion": recompute}), many) for recompute in (False, True))
        share, rest = 2**13 / 8e6, held_of(experiment(use=("l1", "l2")), replace(SIZES, pairs=0))
        assert again.gathers == pytest.approx(share * plain.gathers)
        assert again.elements - rest.elements == pytest.approx(share * (plain.elements - rest.elements))
        one = held_of(experiment(use=("l1",), train={"encoder_chunk": 1}), replace(SIZES, pairs=0))
        assert one.elements == pytest.approx(held_of(experiment(use=("l1",)), replace(SIZES, pairs=0)).elements / K)
        assert held_of(experiment(), SIZES) == work_of(experiment(), SIZES)

    def test_distinct_pairs(self) -> None:
        """Of 4 x 3 pairs that are no positives, with K' = 1 of 3: text and video agree on 1 of 9."""
        assert distinct_pairs(4, 1, both=False) == pytest.approx(4 + 4)
        assert distinct_pairs(4, 1, both=True) == pytest.approx(4 + 12 * (1 - (2 / 3) ** 2))
        assert distinct_pairs(4, 3, both=True) == pytest.approx(16)
        assert distinct_pairs(1, 0, both=True) == 1

    def test_random_pairs_are_as_many_as_predicted(self) -> None:
        generator, total = torch.Generator().manual_seed(0), 0
        for _ in range(50):
            picked = [torch.rand(32, 32, generator=generator).fill_diagonal_(-1).topk(3, dim=1).indices for _ in range(2)]
            own = torch.arange(32).unsqueeze(1)
            total += len(torch.unique(torch.cat([own.squeeze(1) * 33, (own * 32 + picked[0]).flatten(), (picked[1] * 32 + own).flatten()])))
        assert total / 50 == pytest.approx(distinct_pairs(32, 3, both=True), rel=0.01)


def ragged(rows: int, length: int, width: int, grad: bool) -> Ragged:
    return Ragged(torch.randn(rows * length, width, requires_grad=grad), Layout(torch.full((rows,), length), length, rows * length))


def counted(run: Any) -> int:
    """Multiply-adds forward and backward, with attention as plain products, which torch counts."""
    with FlopCounterMode(display=False) as counter, sdpa_kernel(SDPBackend.MATH):
        run().sum().backward()
    return counter.get_total_flops() // 2


def predicted(work: Work) -> float:
    return work.products + work.attention


class TestAgainstTorch:
    @pytest.mark.parametrize("layers", [1, 2, 3])
    def test_fusion(self, layers: int) -> None:
        made = experiment(fusion_layers=layers)
        module = FusionModule(made.model)
        text, video = ragged(K, N, D, True), ragged(K, M, D, True)
        pairs = torch.arange(10)
        found = counted(lambda: module(text, video, pairs // K, pairs % K))
        assert found == predicted(fusion_work(made, SIZES))

    def test_fusion_computed_again(self) -> None:
        made = experiment(train={"recompute_fusion": True})
        module = FusionModule(made.model)
        module.recompute = True
        text, video = ragged(K, N, D, True), ragged(K, M, D, True)
        pairs = torch.arange(10)
        again = predicted(work_of(made, SIZES)) - predicted(work_of(experiment(), SIZES))
        once = K * (N + M) * 3 * D * D + 10 * D  # the shared projections and the last product are not computed again
        assert counted(lambda: module(text, video, pairs // K, pairs % K)) == predicted(fusion_work(made, SIZES)) + again - once

    @pytest.mark.parametrize("frozen", [False, True])
    def test_encoders_in_chunks(self, frozen: bool) -> None:
        """Features without layers after them: nothing but the projections, which a chunk makes once more."""
        made = experiment(use=("l1",), video_layers=0, train={"encoder_chunk": 2})
        features = ragged(K, M, FEATURES, False)
        video = VideoModule(FEATURES, made.model)
        plain = experiment(use=("l1",), video_layers=0)
        sizes = replace(SIZES, pairs=0, frozen=frozen, network=replace(NETWORK, layers=0))
        extra = predicted(work_of(made, sizes)) - predicted(work_of(plain, sizes))
        text = 0 if frozen else K * N * NETWORK.width * D  # its projection, as there are no layers
        assert (
            counted(lambda: encode_videos(video, features, 2).tokens.values)
            == counted(lambda: video(features).tokens.values) + extra - text
        )

    @pytest.mark.parametrize("layers", [0, 1, 2])
    def test_video(self, layers: int) -> None:
        made = experiment(video_layers=layers)
        module, features = VideoModule(FEATURES, made.model), ragged(K, M, FEATURES, False)
        assert counted(lambda: module(features).tokens.values) == predicted(video_work(made, SIZES))

    def test_text(self) -> None:
        from transformers import BertConfig, BertModel

        config = BertConfig(
            vocab_size=10, hidden_size=4, num_hidden_layers=2, num_attention_heads=1, intermediate_size=8, max_position_embeddings=N
        )
        module = LanguageModule(BertModel(config, add_pooling_layer=False), D)
        ids = Ragged(torch.ones(K * N, dtype=torch.int64), Layout(torch.full((K,), N), N, K * N))
        sizes = replace(SIZES, network=network_size(module.network))
        assert counted(lambda: module(module.hidden(ids)).tokens.values) == predicted(text_work(experiment(), sizes))

    def test_words(self) -> None:
        """Forward alone: torch does not count products that are added in place, as in the backward pass."""
        words, video = torch.randn(K * 2, D), torch.randn(K, M, D)
        with FlopCounterMode(display=False) as counter:
            word_similarity(words, video, torch.ones(K, M, dtype=torch.bool))
        assert counter.get_total_flops() // 2 == loss_work(experiment(use=("l2",)), SIZES).products / 3

    def test_parameters(self) -> None:
        made = experiment()
        found = parameters_of(made, SIZES)
        assert found["fusion"] == sum(each.numel() for each in FusionModule(made.model).parameters())
        assert found["video"] == sum(each.numel() for each in VideoModule(FEATURES, made.model).parameters())
        assert found["language"] == 100 + 4 * 8 + 8
        assert parameters_of(experiment(use=("l1",)), SIZES)["fusion"] == 0


LARGER = st.floats(1, 3)


class TestModel:
    @given(LARGER, LARGER, LARGER, LARGER, LARGER, st.integers(1, 3), st.integers(0, 2), st.integers(0, 2))
    def test_nothing_larger_is_cheaper(
        self, n: float, m: float, words: float, pairs: float, batch: float, width: int, video: int, fusion: int
    ) -> None:
        model = cost_model("cpu")
        assert model is not None
        small = work_of(experiment(video_layers=1), SIZES)
        sizes = replace(SIZES, text_tokens=N * n, longest_text=N * n, video_tokens=M * m, words=2 * words, pairs=10 * pairs)
        wide = {"width": D * width, "feedforward": FF * width, "video_layers": 1 + video, "fusion_layers": 2 + fusion}
        large = work_of(experiment(batch_size=int(K * batch), **wide), sizes)
        assert all(large.amounts()[kind] >= amount * (1 - 1e-9) for kind, amount in small.amounts().items())
        assert model.seconds(large) >= model.seconds(small) * (1 - 1e-9)
        assert model.gib(large) >= model.gib(small) * (1 - 1e-9)

    def test_seconds_and_memory_by_hand(self) -> None:
        model = CostModel("here", {"products": 2.0, "step": 5.0}, {"elements": 4.0, "process": 2.0**30})
        work = Work(products=3.0, elements=2.0**28, step=1.0)
        assert model.seconds(work) == 11.0
        assert model.gib(work) == 2.0

    def test_the_coefficients_name_kinds_that_there_are(self) -> None:
        model = cost_model("cpu")
        assert model is not None
        assert set(model.second) == set(Work().amounts())
        assert set(model.byte) == set(memory_amounts(Work()))
        assert all(value >= 0 for value in [*model.second.values(), *model.byte.values()])
        assert cost_model("abacus") is None

    def test_sizes_survive_json(self) -> None:
        import json

        assert sizes_from(json.loads(json.dumps(record_of(SIZES)))) == SIZES
