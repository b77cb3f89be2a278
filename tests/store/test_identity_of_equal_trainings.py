"""Options that change no figure change no id."""

from taco_bench.plugins import load_plugins
from taco_bench.resolve import resolve
from taco_bench.store.identity import id_of, training_parts

BASE = {"text_encoder": "tiny", "tagger": "wordlist"}


def training_id(*layers: dict) -> str:
    plugins = load_plugins(third_party=False)
    return id_of(training_parts(resolve([BASE, *layers], plugins), 0, {}, plugins))


def test_the_folder_of_the_data_is_no_part_of_it() -> None:
    here, there = ({"data": {"type": "msrvtt1k", "root": root}} for root in ("here", "there"))
    assert training_id(here) == training_id(there)


def test_a_refusal_bound_is_no_part_of_it() -> None:
    assert training_id({"train": {"fusion_memory": 9.0}}) == training_id()


def test_where_the_bits_are_the_same_so_is_the_id() -> None:
    assert training_id({"train": {"recompute_fusion": True}}) == training_id()
    assert training_id({"train": {"encoder_chunk": 10_000}}) == training_id()


def test_a_chunk_is_part_of_it() -> None:
    """Chunks draw other dropout."""
    assert training_id({"train": {"encoder_chunk": 2}}) != training_id()


def test_options_of_a_loss_that_is_left_out_are_no_part_of_it() -> None:
    without = {"losses": {"use": ["l1"]}}
    assert training_id(without, {"losses": {"token_temperature": 3.0, "token_loss_weight": 0.1}}) == training_id(without)


def test_how_it_is_evaluated_is_no_part_of_it() -> None:
    assert training_id({"evaluation": {"token_weight": 0.1, "split": "val"}}) == training_id()


def test_options_of_a_loss_that_is_trained_are() -> None:
    assert training_id({"losses": {"token_temperature": 3.0}}) != training_id()
