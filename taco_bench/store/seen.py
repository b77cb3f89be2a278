"""What a training has seen: the ids of its training clips and their source videos, kept beside its weights.

Ids are kept as hashes of 64 bits, sorted: 8 bytes a clip and a video. Two of 1.2 million videos and 5,000 asked ones have the same hash by
chance in 3 of 10 billion cases.

**What counts as the same video.** Ids of two data sets may be equal by coincidence ("0", "video1"), so they are compared only where they
mean the same:

- The same data set, by name, or one whose ids are declared to be that one's (``videos_of``). One that is read from files names the same
  things in all of its options and splits. One that is made at run time, which has no file to hash, names others with each of its options
  (another seed is another world): it is the same only where all options are.
- Else source videos alone, where both data sets name theirs by YouTube's ids, or say beside their own names which these are. An id of
  YouTube is 64 bits in base64: 11 characters, the last of which has only 16 values. Where nine in ten of a data set's videos look so, they
  are taken for such; a prefix ``v_``, as of ActivityNet, is left out.
- Else not at all, and it is said that nothing was compared; but what is made at run time shares nothing with anything else.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from taco_bench.atomic import replace_file
from taco_bench.errors import DataError

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from taco_bench.api import Clip

    Hashes = npt.NDArray[np.uint64]

YOUTUBE = re.compile(r"(?:v_)?([A-Za-z0-9_-]{10}[AEIMQUYcgkosw048])")
PART = re.compile(rf"({YOUTUBE.pattern})(?:[_-]\d+(?:\.\d+)?){{1,2}}")
"""A clip of a video: its number, or its start and end, follow the id."""
MOST = 0.9
"""Share of a data set's videos that look like YouTube's from which they are taken for such."""


@dataclass(frozen=True)
class World:
    """What ids of a data set mean.

    Attributes:
        data: its spec, without the options that say where files lie.
        made: whether it is made at run time, from its options alone.
        youtube: whether YouTube's ids of its videos are known.
        videos_of: the data set whose ids its own are; empty: itself.
    """

    data: Mapping[str, Any]
    made: bool
    youtube: bool
    videos_of: str = ""

    def same(self, other: World) -> bool:
        """Whether equal ids of clips, and of videos, mean the same in both."""
        return self._named == other._named and (self.data == other.data if self.made or other.made else True)

    def comparable(self, other: World) -> bool:
        """Whether it can be told if a video of one is a video of the other; where one is made at run time, it is not."""
        return self.same(other) or self.made or other.made or (self.youtube and other.youtube)

    @property
    def _named(self) -> str:
        return self.videos_of or str(self.data["type"])


@dataclass(frozen=True)
class Seen:
    """The training split of a training.

    Attributes:
        world: of its data set.
        clips: hashes of the clips' ids, sorted, each once.
        videos: of the source videos, or of the clip's id where it has none; YouTube's ids without prefix; and of the latter where they are
            known beside the data set's own names.
    """

    world: World
    clips: Hashes
    videos: Hashes


def world_of(
    data: Mapping[str, Any], locations: Collection[str], fingerprints: Mapping[str, str], videos: Iterable[str], videos_of: str = ""
) -> World:
    """The world of a data set.

    Args:
        data: its spec.
        locations: its options that say where files lie.
        fingerprints: of its files.
        videos: ids of source videos, YouTube's where they are known.
        videos_of: the data set whose ids its own are; empty: itself.
    """
    distinct = set(videos)
    alike = sum(YOUTUBE.fullmatch(video) is not None for video in distinct)
    spec = {key: value for key, value in data.items() if key not in locations}
    return World(spec, not fingerprints, bool(distinct) and alike >= MOST * len(distinct), videos_of)


def video_of(clip: Clip) -> str:
    """The source video of a clip; its own id where it names none."""
    return clip.video or clip.id


def web_video_of(clip: Clip) -> str:
    """The source video of a clip as other data sets may know it."""
    return plain_video(clip.web or video_of(clip))


def seen_by(clips: Collection[Clip], world: World) -> Seen:
    """What a training on these clips sees."""
    videos = (name for clip in clips for name in {plain_video(video_of(clip)), web_video_of(clip)})
    return Seen(world, _sorted(clip.id for clip in clips), _sorted(videos))


def plain_video(video: str) -> str:
    """A video's id without the prefix that some releases put before YouTube's."""
    found = YOUTUBE.fullmatch(video)
    return found[1] if found else video


def youtube_of(name: str) -> str:
    """YouTube's id in the name of a video or of a clip of it (``v_ID``, ``ID_3``, ``ID_10_25``); empty where it is in another form."""
    found = YOUTUBE.fullmatch(name) or PART.fullmatch(name)
    return plain_video(found[1]) if found else ""


def hash_of(name: str) -> int:
    """The first 64 bits of the BLAKE2 hash of an id."""
    return int.from_bytes(hashlib.blake2b(name.encode(), digest_size=8).digest(), "little")


def holds(hashes: Hashes, names: Collection[str]) -> npt.NDArray[np.bool_]:
    """[names] whether each is among the sorted hashes."""
    import numpy as np

    asked = np.array([hash_of(name) for name in names], np.uint64)
    if not len(hashes):
        return np.zeros(len(asked), bool)
    at = np.minimum(np.searchsorted(hashes, asked), len(hashes) - 1)
    return np.asarray(hashes[at] == asked)


def save_seen(path: Path, seen: Seen) -> None:
    """Write the file, whole or not at all."""
    replace_file(path, partial(_write, seen))


def load_seen(path: Path) -> Seen | None:
    """What was saved; None where there is no file.

    Raises:
        DataError: the file is not whole.
    """
    import numpy as np

    try:
        with path.open("rb") as raw, np.load(raw, allow_pickle=False) as file:
            return Seen(World(**json.loads(str(file["world"]))), file["clips"], file["videos"])
    except FileNotFoundError:
        return None
    except Exception as error:  # numpy and zipfile raise many kinds
        hint = "the training must be made again, or the file deleted: its videos are then not compared"
        raise DataError(f"the list of a training's videos cannot be read: {error}", where=str(path), hint=hint) from None


def _sorted(names: Iterable[str]) -> Hashes:
    import numpy as np

    return np.unique(np.fromiter(map(hash_of, names), np.uint64))


def _write(seen: Seen, path: Path) -> None:
    import numpy as np

    with path.open("wb") as file:
        np.savez(file, allow_pickle=False, world=np.array(json.dumps(vars(seen.world))), clips=seen.clips, videos=seen.videos)
