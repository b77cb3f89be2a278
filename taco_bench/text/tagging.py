"""Parts of speech of a corpus: tagged once, cached by content."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path

from taco_bench.api import Tagger, Word
from taco_bench.atomic import replace_text, sha256_of
from taco_bench.errors import PluginError
from taco_bench.guard import name_of, using
from taco_bench.resources import cache_root
from taco_bench.sources import source_hash

CAPTIONS_AT_A_TIME = 500


def tag_captions(
    captions: Sequence[str], tagger: Tagger, advance: Callable[[int], None] = lambda _: None, options: str = ""
) -> dict[str, list[Word]]:
    """The words of each distinct caption.

    Args:
        captions: of a whole corpus, repeats allowed.
        tagger: what tags those that are not in the cache.
        advance: called with the number of captions just tagged.
        options: of the tagger, for the cache, whose key is all that its answers depend on: its options, model and source.

    Raises:
        PluginError: the tagger's words do not lie in their caption.
    """
    distinct = sorted(set(captions))
    key = (options, tagger.identity(), source_hash(tagger.__class__))
    path = cache_root() / "tags" / f"{sha256_of(*key, json.dumps(distinct))[:32]}.json"
    found = _cached(path, distinct)
    if found is None:
        found = []
        for start in range(0, len(distinct), CAPTIONS_AT_A_TIME):
            part = distinct[start : start + CAPTIONS_AT_A_TIME]
            with using(tagger, "gave words that cannot be used"):
                found.extend(list(words) for words in tagger.tag(part))
            advance(len(part))
        with using(tagger, "gave words that cannot be used"):
            _check(distinct, found, name_of(tagger))
        rows = [[[w.start, w.end, w.tag] for w in words] for words in found]
        replace_text(path, json.dumps(rows))
    return dict(zip(distinct, found, strict=True))


def _cached(path: Path, captions: Sequence[str]) -> list[list[Word]] | None:
    try:
        rows = json.loads(path.read_text(encoding="utf-8"))
        found = [[Word(caption[a:b], a, b, tag) for a, b, tag in words] for caption, words in zip(captions, rows, strict=True)]
    except (OSError, ValueError, TypeError):
        return None
    return found


def _check(captions: Sequence[str], found: Sequence[Sequence[Word]], who: str) -> None:
    if len(captions) != len(found):
        raise PluginError(f"the tagger {who} gave words for {len(found)} of {len(captions)} captions")
    for caption, words in zip(captions, found, strict=True):
        end = 0
        for word in words:
            if not end <= word.start < word.end <= len(caption) or caption[word.start : word.end] != word.text:
                place = f"[{word.start}, {word.end}) of {caption!r}"
                raise PluginError(f"the word {word.text!r} of the tagger {who} does not lie at {place}, after the word before it")
            end = word.end
