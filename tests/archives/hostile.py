"""What one hostile archive is, and the good members that stand around what is wrong with it."""

from __future__ import annotations

from typing import NamedTuple

import haulage
from archives.making import END, archive, directory, file

__all__ = ["FIRST", "LAST", "TOP", "Hostile", "around"]

TOP = directory("data/")
FIRST, LAST = file("data/first", b"first"), file("data/last", b"last")


class Hostile(NamedTuple):
    """One archive, and what has to come of it.

    Attributes:
        data: The archive.
        error: The class of the error.
        says: A piece of its message, as a regular expression.
        cases: The cases that it shows.
        kept: The class of the error where the archive itself is kept, if that is another one.
        max_size: Bytes that are allowed.
        most_members: Members that are allowed, or None for the usual number.
    """

    data: bytes
    error: type[haulage.DownloadError]
    says: str
    cases: tuple[str, ...]
    kept: type[haulage.DownloadError] | None = None
    max_size: int | None = None
    most_members: int | None = None


def around(*pieces: bytes, end: bytes = END) -> bytes:
    """Return an archive with *pieces* between good members, so that something has been written when they come."""
    return archive(TOP, FIRST, *pieces, LAST, end=end)
