"""Rows of different length, kept without padding."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor


@dataclass(frozen=True, eq=False)
class Layout:
    """Where the tokens of rows lie, one row after the other.

    All that is asked of it is computed once, on the device, and nothing is read back from there: on a GPU a read would wait for
    everything that was asked of it before.

    Attributes:
        lengths: [rows], int64, each at least 1.
        longest: the largest length.
        tokens: the sum of the lengths.
    """

    lengths: Tensor
    longest: int
    tokens: int

    @property
    def full(self) -> bool:
        """Whether all rows have the same length, so that there is no padding."""
        return self.tokens == len(self.lengths) * self.longest

    @cached_property
    def starts(self) -> Tensor:
        """[rows], where each row begins among the tokens."""
        return self.lengths.cumsum(0) - self.lengths

    @cached_property
    def owners(self) -> Tensor:
        """[tokens], each token's row."""
        return self.repeat(torch.arange(len(self.lengths), device=self.lengths.device))

    @cached_property
    def positions(self) -> Tensor:
        """[tokens], each token's position in its row."""
        return torch.arange(self.tokens, device=self.lengths.device) - self.repeat(self.starts)

    @cached_property
    def places(self) -> Tensor:
        """[tokens], each token's place in [rows, longest], counted through."""
        return self.owners * self.longest + self.positions

    @cached_property
    def mask(self) -> Tensor:
        """[rows, longest], True for tokens."""
        return torch.arange(self.longest, device=self.lengths.device) < self.lengths.unsqueeze(1)

    @property
    def open(self) -> Tensor | None:
        """[rows, 1, 1, longest], the keys that attention sees; None where there is no padding."""
        return None if self.full else self.mask[:, None, None, :]

    def repeat(self, each: Tensor) -> Tensor:
        """[tokens], from a number a row [rows]."""
        return each.repeat_interleave(self.lengths, output_size=self.tokens)

    @cached_property
    def sources(self) -> Tensor:
        """[rows * longest], the token of each place; in the place of padding the row's first."""
        positions = torch.arange(self.longest, device=self.lengths.device)
        return (self.starts.unsqueeze(1) + positions.where(self.mask, 0)).flatten()

    def pad(self, values: Tensor) -> Tensor:
        """[tokens, ...] laid out as [rows, longest, ...], for what masks padding: there is a copy of the row's first token, which
        passes no gradient on.
        """
        shape = (len(self.lengths), self.longest, *values.shape[1:])
        return (values if self.full else _Pad.apply(values, self)).view(shape)  # type: ignore[no-untyped-call]

    def unpad(self, padded: Tensor) -> Tensor:
        """[tokens, ...] from [rows, longest, ...]."""
        flat = padded.flatten(0, 1)
        return flat if self.full else _Unpad.apply(flat, self)  # type: ignore[no-untyped-call]

    def split(self, rows: int) -> list[Layout]:
        """The same rows, ``rows`` at a time; the lengths are read from the device, at once."""
        numbers: list[int] = self.lengths.tolist()
        parts = [numbers[start : start + rows] for start in range(0, len(numbers), rows)]
        return [Layout(lengths, max(part), sum(part)) for lengths, part in zip(torch.split(self.lengths, rows), parts, strict=True)]


class _Pad(torch.autograd.Function):
    """Rows of a matrix into their places, and their gradients back.

    Both passes pick rows. Autograd's own would add rows up, as if one could be picked twice: slower, and on a GPU, where sums are to
    have one order, by a sort each time.
    """

    @staticmethod
    def forward(ctx, values: Tensor, layout: Layout) -> Tensor:  # type: ignore[no-untyped-def]
        ctx.layout = layout
        return values.index_select(0, layout.sources)

    @staticmethod
    def backward(ctx, gradient: Tensor) -> tuple[Tensor, None]:  # type: ignore[no-untyped-def]
        return gradient.index_select(0, ctx.layout.places), None


class _Unpad(torch.autograd.Function):
    """The way back."""

    @staticmethod
    def forward(ctx, padded: Tensor, layout: Layout) -> Tensor:  # type: ignore[no-untyped-def]
        ctx.layout = layout
        return padded.index_select(0, layout.places)

    @staticmethod
    def backward(ctx, gradient: Tensor) -> tuple[Tensor, None]:  # type: ignore[no-untyped-def]
        layout: Layout = ctx.layout
        padding = ~layout.mask.flatten()
        return gradient.index_select(0, layout.sources).masked_fill_(padding.view(-1, *[1] * (gradient.ndim - 1)), 0), None


@dataclass(frozen=True, eq=False)
class Ragged:
    """Rows of tokens, one after the other.

    Attributes:
        values: [tokens, ...], the tokens of row 0, then those of row 1, and so on.
        layout: where they lie, on the same device.
    """

    values: Tensor
    layout: Layout

    def padded(self) -> Tensor:
        """[rows, longest, ...], 0 after the end of a row."""
        padded = self.layout.pad(self.values)
        mask = self.layout.mask.view(*padded.shape[:2], *[1] * (padded.ndim - 2))
        return padded if self.layout.full else padded.where(mask, 0)

    def firsts(self) -> Tensor:
        """[rows, ...], the first token of each row."""
        return self.values.index_select(0, self.layout.starts)

    def means(self) -> Tensor:
        """[rows, ...], the mean of each row's tokens."""
        layout = self.layout
        if layout.full:
            return self.padded().mean(dim=1)
        sums = self.padded().sum(dim=1)
        return sums / layout.lengths.unsqueeze(1).to(sums.dtype)

    def split(self, rows: int) -> list[Ragged]:
        """The same rows, ``rows`` at a time."""
        layouts = self.layout.split(rows)
        values = torch.split(self.values, [layout.tokens for layout in layouts])
        return [Ragged(value, layout) for value, layout in zip(values, layouts, strict=True)]

    def with_values(self, values: Tensor) -> Ragged:
        """The same rows with other values."""
        return Ragged(values, self.layout)
