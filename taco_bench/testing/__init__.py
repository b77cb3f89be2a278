"""Contracts for plugins: everything that the core relies on in a component, as a pytest class to subclass.

A test file of a plugin needs this and no more; ``my-sampler`` is what the component is registered as, in a distribution that is
installed (``pip install -e .``)::

    from taco_bench.testing import SamplerContract


    class TestMySampler(SamplerContract):
        name = "my-sampler"
        options = {"hard_negatives": 4}  # may be left out

Each check is a test of its own; its docstring says what the core relies on and why, and its message what to do. Before there is a
distribution, ``factory = MySampler`` tests a class as it stands.

| kind | contract | what a test adds |
|---|---|---|
| sampler | :class:`SamplerContract` | |
| tokens | :class:`TokenSelectorContract` | |
| token-weights | :class:`TokenWeightingContract` | |
| encoder | :class:`EncoderContract` | ``frames()`` for a stream that is no features; ``row_wise = False`` where it looks at neighbours |
| text-encoder | :class:`TextEncoderContract` | ``local_options()`` where it needs files |
| tagger | :class:`TaggerContract` | |
| data | :class:`DatasetContract` | ``local_options()`` that writes a small sample, where it reads a folder |
| task | :class:`TaskContract` | ``reference()``, the metric computed the slow way; ``best``, ``tolerance`` |
| control | :class:`ControlContract` | |
| launcher | :class:`LauncherContract` | ``options`` by which it starts two workers on any machine |
| reader | :class:`ReaderContract` | ``sample()`` that writes small files of the form: always |
| extractor | :class:`ExtractorContract` | ``local_options()`` that writes random weights, where they are not installed |

A data set that reads a folder, for example::

    class TestMyVideos(DatasetContract):
        name = "my-videos"

        def local_options(self, folder):
            (folder / "captions.csv").write_text("id,split,caption ...")
            return {"root": str(folder)}

Needs pytest (``pip install "taco-bench[test]"``); nothing else of the core imports it. :data:`CONTRACTS` has the contract of each kind.
"""

from __future__ import annotations

import pytest

_MODULES = (
    *("contract", "sampler", "selector", "weighting", "encoder", "text_encoder", "tagger"),
    *("dataset", "task", "control", "launcher", "reader", "extractor"),
)
pytest.register_assert_rewrite(*(f"{__name__}.{module}" for module in _MODULES))  # before they are imported: failures then show values

from taco_bench.testing.contract import Contract  # noqa: E402
from taco_bench.testing.control import ControlContract  # noqa: E402
from taco_bench.testing.dataset import DatasetContract  # noqa: E402
from taco_bench.testing.encoder import EncoderContract  # noqa: E402
from taco_bench.testing.extractor import ExtractorContract  # noqa: E402
from taco_bench.testing.launcher import LauncherContract  # noqa: E402
from taco_bench.testing.made import MadeTraining  # noqa: E402
from taco_bench.testing.reader import ReaderContract  # noqa: E402
from taco_bench.testing.sampler import SamplerContract  # noqa: E402
from taco_bench.testing.selector import TokenSelectorContract  # noqa: E402
from taco_bench.testing.tagger import TaggerContract  # noqa: E402
from taco_bench.testing.task import TaskContract  # noqa: E402
from taco_bench.testing.text_encoder import TextEncoderContract  # noqa: E402
from taco_bench.testing.weighting import TokenWeightingContract  # noqa: E402

_ALL: tuple[type[Contract], ...] = (
    EncoderContract,
    TokenSelectorContract,
    TokenWeightingContract,
    SamplerContract,
    TextEncoderContract,
    TaggerContract,
    DatasetContract,
    TaskContract,
    ReaderContract,
    ExtractorContract,
    ControlContract,
    LauncherContract,
)
CONTRACTS = {contract.kind: contract for contract in _ALL}
"""Kind of component, as the command line names it, to its contract."""

__all__ = [
    "CONTRACTS",
    "Contract",
    "ControlContract",
    "DatasetContract",
    "EncoderContract",
    "ExtractorContract",
    "LauncherContract",
    "MadeTraining",
    "ReaderContract",
    "SamplerContract",
    "TaggerContract",
    "TaskContract",
    "TextEncoderContract",
    "TokenSelectorContract",
    "TokenWeightingContract",
]
