"""From the words of an option to stores: each built in the cache on first use, unless it is one already."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from taco_bench.atomic import sha256_of
from taco_bench.data.store.build import Source, build_store, is_built, skipped_line
from taco_bench.data.store.cached import note_use, state_of, stores_root
from taco_bench.data.store.check import check_once
from taco_bench.data.store.choose import Chosen, choose_reader, is_store, pick_stream, recognised
from taco_bench.data.store.layout import SCHEMA, read_card
from taco_bench.data.store.opened import Store
from taco_bench.data.store.streams import FeatureStreams
from taco_bench.errors import DataError
from taco_bench.plugins import Plugins, load_plugins
from taco_bench.reporting import Lines, Reporter
from taco_bench.sources import source_hash

HINT = "STREAM=PATH, STREAM=PATH:READER, several of them with commas between, or a FOLDER that holds a store or a sub-folder a stream"


def open_streams(text: str, videos: Collection[str] | None = None) -> FeatureStreams:
    """The features that ``text`` names.

    What is no store yet is built into one in the cache, which is made anew when a file changes its size or time. Stores are compared with
    the hashes in their cards, once in each state of their files.

    Args:
        text: ``stream=PATH[:READER],stream=PATH...``, where ``stream`` may be ``NAME/STREAM-OF-THE-FILES``; or one path: a store, files of
            one known format with all their streams, or a folder that holds a store or a sub-folder a stream.
        videos: the ids that are needed; of files that are no store yet, only these are built into one.

    Raises:
        DataError: a path that does not exist, that no reader or several recognise, or whose features are malformed; a store whose
            files changed.
        UserError: ``text`` does not read so.
    """
    plugins, reporter = load_plugins(), Lines()
    stores: dict[str, Store] = {}
    for wanted, path, reader in _parts(text, plugins):
        for name, store in _stores(wanted, path, reader, videos, plugins, reporter).items():
            if name in stores:
                raise DataError(f"the stream {name!r} is named twice", where=text, hint=HINT)
            check_once(store, reporter)
            stores[name] = store
    return FeatureStreams(stores)


def _parts(text: str, plugins: Plugins) -> list[tuple[str, Path, str]]:
    """Stream, path and reader of each part; the stream is empty where all of the files' are meant."""
    if not text.strip():
        raise DataError("no features are named", where="data.features", hint=HINT)
    if "=" not in text or _existing(text):
        path, reader = _path_and_reader(text)
        inside = sorted(child for child in path.iterdir() if child.is_dir() and child.name[0] != ".") if path.is_dir() else []
        if inside and not reader and not is_store(path) and not recognised(path, plugins):
            return [(child.name, child, "") for child in inside]
        return [("", path, reader)]
    parts = []
    for part in text.split(","):
        stream, equals, rest = part.strip().partition("=")
        if not equals or not stream or not rest:
            raise DataError(f"{part!r} is not STREAM=PATH", where="data.features", hint=HINT)
        parts.append((stream, *_path_and_reader(rest)))
    return parts


def _path_and_reader(text: str) -> tuple[Path, str]:
    found = _existing(text)
    if not found:
        raise DataError(f"{text} does not exist", where="data.features", hint=HINT)
    return found


def _existing(text: str) -> tuple[Path, str] | None:
    """The longest beginning up to a colon that exists, and what follows it; paths may have colons of their own."""
    pieces = text.split(":")
    for count in range(len(pieces), 0, -1):
        path = Path(":".join(pieces[:count])).expanduser()
        if path.exists():
            return path, ":".join(pieces[count:])
    return None


def _stores(wanted: str, path: Path, reader: str, videos: Collection[str] | None, plugins: Plugins, reporter: Reporter) -> dict[str, Store]:
    if is_store(path):
        store = Store(path)
        return {wanted.partition("/")[0] or store.card.stream: store}
    chosen = choose_reader(path, reader, plugins)
    pairs = [pick_stream(chosen.files, wanted, path)] if wanted else [(stream, stream) for stream in chosen.files.streams]
    return {
        name: _cached(Source(chosen.files, stream, path, chosen.name, videos), name, chosen, plugins, reporter) for name, stream in pairs
    }


def _cached(source: Source, name: str, chosen: Chosen, plugins: Plugins, reporter: Reporter) -> Store:
    """The store of a source in the cache, built now where it is not there."""
    state = state_of(source.files.files())
    folder = stores_root() / _key(source, state, chosen, plugins)
    if not is_built(folder):
        reporter.say(f"{source.path}: {chosen.name}{', recognised by ' + chosen.why if chosen.why else ''}; a store is built in {folder}")
        line = skipped_line(build_store(folder, source, name, reporter, keep=True))
        if line:
            reporter.say(f"{source.path}: {line}")
    note_use(folder, source.path, chosen.name, state)
    return Store(folder)


def _key(source: Source, files: str, chosen: Chosen, plugins: Plugins) -> str:
    """What the content of the store depends on: which videos too, since a store of all that a folder holds would be another one, with
    another fingerprint, for whoever asks for a few.
    """
    component = plugins.get("reader", chosen.name.partition(":")[0])
    videos = "" if source.videos is None else "\n".join(sorted(source.videos))
    own = "".join(source_hash(function) for function in (build_store, FeatureStreams))
    parts = (str(SCHEMA), source.stream, chosen.name, component.version, source_hash(component.factory), own, files, videos)
    return sha256_of(*parts)[:32]


def card_of(path: Path) -> str:
    """The card of a store in a few lines."""
    card = read_card(path)
    rate = "rates differ or are unknown" if card.rate is None else f"{card.rate:g} rows a second"
    lines = [
        f"stream {card.stream}: {card.items} items, {card.rows} rows of {card.width} numbers, {rate}, cut rule {card.cut}",
        f"from {card.source} by {card.reader}; {len(card.shards)} shards; fingerprint {card.fingerprint[:16]}",
    ]
    return "\n".join([*lines, *filter(None, [skipped_line(card)])])
