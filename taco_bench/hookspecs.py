"""The whole plugin contract.

A plugin is an installed distribution with an entry point in the group ``taco_bench`` that names a module. The module holds functions
marked :data:`taco_bench.hookimpl` and named as below. Each is called once, when the plugins are loaded, with ``register``; it calls
``register(name, factory, summary=...)`` for each component it adds. ``factory`` is a class or function; its keyword arguments are the
component's options, read from the signature, so every one needs an annotation and a default. What it returns must satisfy the
protocol of the same kind in :mod:`taco_bench.api`. taco-bench's own components come in by this door too.

The contract has a version. A plugin says which one it was written against by an entry point of that name::

    [project.entry-points.taco_bench_contract]
    "0.1" = "my_package"

It is read before the plugin is imported, so that one for a newer contract is told to upgrade taco-bench, and not loaded.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

import pluggy

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

hookspec = pluggy.HookspecMarker("taco_bench")

CONTRACT = (0, 1)
"""The version of what this file and :mod:`taco_bench.api` promise. The second number grows with additions, the first with changes."""
CONTRACT_GROUP = "taco_bench_contract"
"""The group of the entry point whose name is the contract that a plugin was written against."""


class Register(Protocol):
    """Adds a component to the kind whose hook is running."""

    def __call__(
        self,
        name: str,
        factory: Callable[..., Any],
        *,
        summary: str,
        preset: Mapping[str, Any] | Callable[..., Mapping[str, Any]] | None = None,
        reads: tuple[str, ...] = (),
        fallback: str | None = None,
        tags: bool = True,
        locations: tuple[str, ...] = (),
        distinct_captions: bool = False,
        reported_as: str | Callable[..., str] = "",
        videos_of: str = "",
        imports: tuple[str, ...] = (),
    ) -> None:
        """Register ``factory`` as ``name``.

        Args:
            name: lower-case letters, digits and dashes; unique in its kind over all plugins.
            factory: called with the component's options as keyword arguments.
            summary: one line for ``taco-bench list``.
            preset: data sets only. Options for experiments on this data set, by dotted key (``{"model.width": 64}``); the command line
                and a configuration file override them. Or a function to it from those of the data set's options that are given, as they
                are written: it takes any, and whether they are valid is found later.
            reads: samplers only. Losses ("l1", "l2") of which at least one must be trained for the sampler to have scores to read;
                others are refused.
            locations: options that say where files lie; they are no part of a cell's id, the files' fingerprints are.
            distinct_captions: data sets only. No caption describes clips of two splits, and no two splits share features: where they do,
                it is a leak that stops a run, not a coincidence that is counted.
            reported_as: data sets only. What the paper's tables (``registry/paper``) call this data set, such as "youcook2", where that is
                not its own name; or a function from the data set's options to it. Rows made alike are then set beside the paper's.
            tags: token selectors only. False: it reads no ``Word.tag``. Where no selector of an experiment does, and no tagger was asked
                for by name, nothing is tagged: the tagger ``split`` cuts captions into words.
            videos_of: data sets only. Another data set whose ids these are, such as "msrvtt" for a part of it, so that what was trained on
                one is found in the splits of the other.
            imports: modules that take long to import and that a training with this component needs: workers import them while the data
                are being prepared.
            fallback: taggers only. The tagger to use, announced, where this one is not installed and was not asked for by name.
        """


@hookspec
def taco_bench_encoders(register: Register) -> None:
    """Add encoders: where video features come from. Since 0.1."""


@hookspec
def taco_bench_token_selectors(register: Register) -> None:
    """Add token selectors: which words of a caption are tokens of interest. Since 0.1."""


@hookspec
def taco_bench_token_weightings(register: Register) -> None:
    """Add token weightings: from the idf of the tokens of interest to their weights in the token loss. Since 0.1."""


@hookspec
def taco_bench_samplers(register: Register) -> None:
    """Add samplers: which pairs of a batch go through the fusion module as negatives. Since 0.1."""


@hookspec
def taco_bench_text_encoders(register: Register) -> None:
    """Add text encoders: a tokenizer and a BERT-like network. Since 0.1."""


@hookspec
def taco_bench_taggers(register: Register) -> None:
    """Add taggers: from a caption to words with universal parts of speech. Since 0.1."""


@hookspec
def taco_bench_datasets(register: Register) -> None:
    """Add data sets: clips with captions, splits and feature streams. Since 0.1."""


@hookspec
def taco_bench_readers(register: Register) -> None:
    """Add readers: feature files as a code base writes them. Since 0.1."""


@hookspec
def taco_bench_extractors(register: Register) -> None:
    """Add extractors: networks that turn video files into features. Since 0.1."""


@hookspec
def taco_bench_tasks(register: Register) -> None:
    """Add tasks: how a trained model is evaluated, with the controls of its table. Since 0.1."""


@hookspec
def taco_bench_controls(register: Register) -> None:
    """Add controls: rows that must land at chance, for any task. Since 0.1."""


@hookspec
def taco_bench_launchers(register: Register) -> None:
    """Add launchers: what starts the workers of a grid, and where. Since 0.1."""
