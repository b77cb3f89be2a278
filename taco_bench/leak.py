"""Something that two splits share, or a split and a training that is started from."""

from __future__ import annotations

from dataclasses import dataclass

EXAMPLES = 3
"""Clips that are named."""


@dataclass(frozen=True)
class Leak:
    """Something that two splits share.

    Attributes:
        kind: "same-id", "same-video", "same-caption" or "near-identical-features".
        splits: the two, the earlier first; a start's is called "the training ID".
        count: clips of the later split that share it with the earlier.
        of: clips of the later split.
        examples: some of them.
        stops: whether it stops a run that does not acknowledge it.
        acknowledged: whether this run does.
    """

    kind: str
    splits: tuple[str, str]
    count: int
    of: int
    examples: tuple[str, ...]
    stops: bool = False
    acknowledged: bool = False

    def told(self) -> str:
        """In a line."""
        start = "LEAK, acknowledged: " if self.acknowledged else "shared by the splits: "
        where = f"{self.kind.replace('-', ' ')} in {self.splits[0]} and {self.splits[1]}"
        return f"{start}{where}: {self.count} of {self.of} clips, such as {', '.join(self.examples)}"
