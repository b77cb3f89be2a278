"""Rows without padding, against lists."""

import pytest
import torch
from builders import ragged, random_rows
from hypothesis import given
from hypothesis import strategies as st

LENGTHS = st.lists(st.integers(1, 5), min_size=1, max_size=6)


@given(LENGTHS)
def test_bookkeeping(lengths):
    rows = ragged(random_rows(lengths, 3))
    assert rows.layout.positions.tolist() == [place for length in lengths for place in range(length)]
    assert rows.layout.owners.tolist() == [row for row, length in enumerate(lengths) for _ in range(length)]
    assert rows.layout.starts.tolist() == [sum(lengths[:row]) for row in range(len(lengths))]
    assert rows.layout.mask.tolist() == [[place < length for place in range(max(lengths))] for length in lengths]


@given(LENGTHS)
def test_padded_and_back(lengths):
    parts = random_rows(lengths, 3)
    rows = ragged(parts)
    padded = rows.padded()
    assert padded.shape == (len(lengths), max(lengths), 3)
    for row, part in zip(padded, parts, strict=True):
        assert torch.equal(row[: len(part)], part)
        assert (row[len(part) :] == 0).all()
    assert torch.equal(rows.layout.unpad(padded), rows.values)
    for row, part in zip(rows.layout.pad(rows.values), parts, strict=True):  # for what masks padding
        assert torch.equal(row, torch.cat([part, part[:1].expand(len(row) - len(part), -1)]))


@given(LENGTHS, st.integers(1, 7))
def test_split(lengths, size):
    parts = random_rows(lengths, 3)
    split = ragged(parts).split(size)
    assert [part.layout.lengths.tolist() for part in split] == [lengths[start : start + size] for start in range(0, len(lengths), size)]
    assert [part.layout.longest for part in split] == [max(lengths[start : start + size]) for start in range(0, len(lengths), size)]
    assert torch.equal(torch.cat([part.values for part in split]), torch.cat(parts))


@given(LENGTHS)
def test_means_leave_padding_out(lengths):
    parts = random_rows(lengths, 3)
    expected = torch.stack([part.sum(dim=0) / len(part) for part in parts])
    torch.testing.assert_close(ragged(parts).means(), expected, rtol=1e-12, atol=1e-12)


@pytest.mark.compat
@pytest.mark.parametrize("lengths", [[3, 1, 2], [2, 2]])
def test_gradients(lengths):
    rows = ragged(random_rows(lengths, 2))
    values = rows.values.requires_grad_()
    assert torch.autograd.gradcheck(lambda v: (rows.with_values(v).means(), rows.with_values(v).padded()), (values,))
    assert torch.autograd.gradcheck(lambda p: rows.layout.unpad(p), (rows.padded().detach().requires_grad_(),))
