"""Rows of different length, kept without padding."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class Ragged:
    """Rows of tokens, one after the other.

    Attributes:
        values: [tokens, ...], the tokens of row 0, then those of row 1, and so on.
        lengths: [rows], int64, on the same device.
        longest: the largest length.
    """

    values: Tensor
    lengths: Tensor
    longest: int

    @property
    def starts(self) -> Tensor:
        """[rows], where each row begins in ``values``."""
        return self.lengths.cumsum(0) - self.lengths

    def positions(self) -> Tensor:
        """[tokens], each token's position in its row."""
        return torch.arange(len(self.values), device=self.values.device) - self.starts.repeat_interleave(
            self.lengths, output_size=len(self.values)
        )

    def owners(self) -> Tensor:
        """[tokens], each token's row."""
        rows = torch.arange(len(self.lengths), device=self.values.device)
        return rows.repeat_interleave(self.lengths, output_size=len(self.values))

    def mask(self) -> Tensor:
        """[rows, longest], True for tokens."""
        return torch.arange(self.longest, device=self.values.device) < self.lengths.unsqueeze(1)

    def padded(self) -> Tensor:
        """[rows, longest, ...], 0 after the end of a row."""
        return pad(self.values, self.mask())

    def means(self) -> Tensor:
        """[rows, ...], the mean of each row's tokens."""
        if len(self.values) == len(self.lengths) * self.longest:  # no padding anywhere: a plain mean
            return self.padded().mean(dim=1)
        sums = self.values.new_zeros(len(self.lengths), *self.values.shape[1:]).index_add(0, self.owners(), self.values)
        return sums / self.lengths.unsqueeze(1).to(sums.dtype)

    def split(self, rows: int) -> list[Ragged]:
        """The same rows, ``rows`` at a time."""
        parts = torch.split(self.lengths, rows)
        values = torch.split(self.values, [int(part.sum()) for part in parts])
        return [Ragged(value, part, int(part.max())) for value, part in zip(values, parts, strict=True)]

    def with_values(self, values: Tensor) -> Ragged:
        """The same rows with other values."""
        return Ragged(values, self.lengths, self.longest)


def pad(values: Tensor, mask: Tensor) -> Tensor:
    """[tokens, ...] laid out as [rows, longest, ...] where ``mask`` [rows, longest] is True; 0 elsewhere."""
    if len(values) == mask.numel():
        return values.view(*mask.shape, *values.shape[1:])
    places = mask.flatten().nonzero().squeeze(1)
    return values.new_zeros(mask.numel(), *values.shape[1:]).index_copy(0, places, values).view(*mask.shape, *values.shape[1:])


def unpad(padded: Tensor, mask: Tensor, tokens: int) -> Tensor:
    """[rows, longest, ...] without what ``mask`` leaves out: [tokens, ...]."""
    flat = padded.flatten(0, 1)
    if tokens == mask.numel():
        return flat
    return flat.index_select(0, mask.flatten().nonzero().squeeze(1))
