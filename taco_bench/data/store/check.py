"""Looks at every byte of a store."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from taco_bench.atomic import file_hash, replace_text, sha256_of
from taco_bench.data.store.layout import IDS, REBUILD, StoreCard, StoredFile, fingerprint_of, read_card
from taco_bench.data.store.opened import Store
from taco_bench.errors import DataError
from taco_bench.reporting import Reporter
from taco_bench.resources import cache_root


def check_store(folder: Path, reporter: Reporter) -> StoreCard:
    """Compare the size and the hash of every file with the card, and the index with itself.

    Raises:
        DataError: what is wrong; names every missing, truncated or corrupt file.
    """
    card = read_card(folder)
    problems = _problems(folder, card, reporter) or _index_problems(Store(folder), card)
    if problems:
        hint = f"{REBUILD} from its source, {card.source}; or copy these files into {folder / card.data} again"
        raise DataError(
            f"the feature store has {len(problems)} fault{'s' * (len(problems) > 1)}: " + "; ".join(problems), where=str(folder), hint=hint
        )
    return card


def checked_root() -> Path:
    """Where it is noted what has been checked: a file a store and state, which names the store."""
    return cache_root() / "checked"


def checked_as(store: Store) -> str:
    """The name of the note on a store in the state that its files are in."""
    states = [(path.absolute(), path.stat()) for path in store.files()]
    state = "\n".join(f"{path} {s.st_size} {s.st_mtime_ns} {s.st_ctime_ns} {s.st_ino}" for path, s in states)
    return sha256_of(state)[:32]


def check_once(store: Store, reporter: Reporter) -> None:
    """Compare the hash of every file with the card; in the cache it is noted in which state they were, so that this is done once in each.

    Raises:
        DataError: a file has another content than the card says; names all such files.
    """
    done = checked_root() / checked_as(store)
    if done.is_file():
        return
    problems = _problems(store.folder, store.card, reporter)
    if problems:
        hint = f"taco-bench features check {store.folder} says so too; {REBUILD}, or remove its folder if it is one of the cache"
        raise DataError(f"the feature store is not what it was built as: {'; '.join(problems)}", where=str(store.folder), hint=hint)
    replace_text(done, f"{store.folder.absolute()}\n")


def _problems(folder: Path, card: StoreCard, reporter: Reporter) -> list[str]:
    files = [*card.index, *card.shards]
    problems = [] if fingerprint_of(card.cut, files) == card.fingerprint else ["store.json: its fingerprint is not that of its files"]
    with reporter.bar("checking", len(files)) as advance:
        for file in files:
            problems += _problem(folder / card.data / file.name, file)
            advance()
    return problems


def _problem(path: Path, file: StoredFile) -> list[str]:
    if not path.is_file():
        return [f"{file.name} is missing"]
    size = path.stat().st_size
    if size != file.size:
        return [f"{file.name} is {'truncated' if size < file.size else 'too long'}: {size} bytes instead of {file.size}"]
    return [] if file_hash(path) == file.sha256 else [f"{file.name} is corrupt: its hash is another"]


def _index_problems(store: Store, card: StoreCard) -> list[str]:
    """What hashes cannot tell: a card that was edited together with its fingerprint."""
    ids = list(store)
    rows = [len(store.track(id).values) for id in (ids[0], ids[-1])] if ids else []
    widths = {np.shape(store.track(id).values)[1] for id in ids[:1]}
    good = len(ids) == card.items and min(rows, default=0) > 0 and widths == {card.width}
    told = f"store.json says {card.items} items {card.width} wide, {IDS} and the shards have {len(ids)}"
    return [] if good else [f"{told}: they do not belong together"]
