"""Generated content is a function of size, seed and position."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from haulage.depot import generated, generated_chunks, generated_digest
from haulage.depot.content import generated_at

MEBI = 1 << 20
WHOLE = generated(3 * MEBI, seed="x")


@given(st.integers(0, 3 * MEBI), st.integers(0, 3 * MEBI))
def test_any_range_is_a_slice(start: int, length: int) -> None:
    """A run taken out of the middle is the same as a slice of the whole."""
    length = min(length, 3 * MEBI - start)
    assert generated_at(start, length, "x") == WHOLE[start : start + length]


@given(st.integers(0, 20), st.integers(MEBI - 20, MEBI + 20))
def test_edges_of_blocks(length: int, start: int) -> None:
    """Runs around the number that begins a block are slices, too."""
    assert generated_at(start, length, "x") == WHOLE[start : start + length]


def test_blocks_differ() -> None:
    """No two blocks and no two seeds are alike."""
    assert len({WHOLE[start : start + MEBI] for start in range(0, 3 * MEBI, MEBI)}) == 3
    assert generated(8, seed=1) != generated(8, seed=2)
    assert generated(100, seed=1) == generated(100, seed="1")


def test_definition_is_fixed() -> None:
    """The content is the same on every machine and in every version."""
    assert generated_digest(0) == hashlib.sha256(b"").hexdigest()
    assert generated_digest(2_000_003, seed="ü") == PINNED


@pytest.mark.parametrize("size", [0, 1, MEBI, MEBI + 1])
def test_chunks_and_digest(size: int) -> None:
    """Chunks and digest describe the same bytes as the whole."""
    assert b"".join(generated_chunks(size, seed=5)) == generated(size, seed=5)
    assert generated_digest(size, 5, "md5") == hashlib.md5(generated(size, 5), usedforsecurity=False).hexdigest()


PINNED = "ce38a6e046d8b99d59daf931465304613e6973d17ab101b1f5db08fed57aeca4"
