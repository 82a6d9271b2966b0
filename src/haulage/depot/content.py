"""Made-up content: any number of bytes that both ends can name by a size and a seed.

Strategy: one mebibyte is squeezed out of SHAKE-256 for the seed, and every block repeats it with its own
number mixed into the first eight bytes. So any range can be computed without computing what lies before
it, a gigabyte costs a memory copy and not a hash, no two blocks are equal (a misplaced block changes the
digest), and nothing repeats inside a compressor's window. The definition needs nothing but SHAKE-256, so
the content is the same on every machine and every version of Python.
"""

from __future__ import annotations

import functools
import hashlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["generated", "generated_at", "generated_chunks", "generated_digest"]

_BLOCK = 1 << 20
_STAMP = 8


@functools.lru_cache(maxsize=8)
def _pattern(seed: str) -> bytes:
    """Make the bytes that all blocks of one seed share."""
    return hashlib.shake_256(b"haulage depot\0" + seed.encode("utf-8", "surrogateescape")).digest(_BLOCK)


def generated_at(start: int, length: int, seed: int | str = 0) -> bytes:
    """Return a run of bytes out of the endless content of a seed.

    Args:
        start: Position of the first byte.
        length: Number of bytes.
        seed: Names the content. A number and its decimal text are the same seed.

    Returns:
        Exactly ``length`` bytes.
    """
    pattern = _pattern(str(seed))
    pieces: list[bytes] = []
    while length > 0:
        number, offset = divmod(start, _BLOCK)
        take = min(length, _BLOCK - offset)
        if offset < _STAMP:
            stamp = (int.from_bytes(pattern[:_STAMP], "big") ^ number).to_bytes(_STAMP, "big")
            pieces.append(stamp[offset : offset + take])
            pieces.append(pattern[_STAMP : offset + take])
        else:
            pieces.append(pattern[offset : offset + take])
        start += take
        length -= take
    return b"".join(pieces)


def generated_chunks(size: int, seed: int | str = 0) -> Iterator[bytes]:
    """Yield the content of ``/_/bytes/SIZE?seed=SEED`` piece by piece, in flat memory.

    Args:
        size: Bytes in all.
        seed: Names the content.

    Yields:
        Chunks of at most one mebibyte.
    """
    for start in range(0, size, _BLOCK):
        yield generated_at(start, min(_BLOCK, size - start), seed)


def generated(size: int, seed: int | str = 0) -> bytes:
    """Return the content of ``/_/bytes/SIZE?seed=SEED``, all of it.

    A shorter content of the same seed is the beginning of a longer one.

    Args:
        size: Bytes in all.
        seed: Names the content.

    Returns:
        Exactly ``size`` bytes.
    """
    return generated_at(0, size, seed)


def generated_digest(size: int, seed: int | str = 0, algorithm: str = "sha256") -> str:
    """Digest the content of ``/_/bytes/SIZE?seed=SEED`` without holding it.

    Args:
        size: Bytes in all.
        seed: Names the content.
        algorithm: Any name that :func:`hashlib.new` knows.

    Returns:
        The digest in lower-case hexadecimal.

    Raises:
        ValueError: The algorithm is unknown.
    """
    hasher = hashlib.new(algorithm, usedforsecurity=False)
    for chunk in generated_chunks(size, seed):
        hasher.update(chunk)
    return hasher.hexdigest()
