"""A tar, made piece by piece of files as they are. Everything here blocks: worker threads only.

Strategy: Python's tarfile writes the headers, and what lies between them is copied by us, so that the one who sends
asks for a piece at a time: memory is flat, and between two pieces no thread waits. A tar can be closed at any moment,
also while another thread is making a piece of it; then that thread closes it.
"""

from __future__ import annotations

import tarfile
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Mapping

    from haulage.depot.carts.members import Member
    from haulage.depot.sources import Source

__all__ = ["PIECE", "Archive", "Contents"]

PIECE = 1 << 20
"""Bytes of a piece, about: big enough that the way to a thread does not show."""

_FORMATS: Mapping[str, Literal[0, 1, 2]] = {
    "pax": tarfile.PAX_FORMAT,
    "gnu": tarfile.GNU_FORMAT,
    "ustar": tarfile.USTAR_FORMAT,
}
_DIRECTORY_MODE, _FILE_MODE = 0o755, 0o644


@dataclass(frozen=True, slots=True)
class Contents:
    """What is in a tar and how it is written.

    Attributes:
        members: All members, in order.
        top: The name of the topmost directory.
        format: The format of the tar.
        created: When the directories were made, in seconds since the epoch.
        open_file: Opens a file by its id; it raises OSError if it cannot.
    """

    members: tuple[Member, ...]
    top: str
    format: str
    created: float
    open_file: Callable[[str], Source]

    def check(self) -> None:
        """See whether the format has room for the names. Only ustar may have none.

        Raises:
            ValueError: It has not, and why.
        """
        if self.format == "ustar":
            for member in self.members:
                self.write_header(member, 0, 0)

    def write_header(self, member: Member, size: int, modified: float) -> bytes:
        """Write the header of a member, with extended headers before it where the format needs them.

        Args:
            member: The member.
            size: Bytes of its content.
            modified: When it was changed, in seconds since the epoch.

        Returns:
            Whole blocks.

        Raises:
            ValueError: The format has no room for the name or the size.
        """
        header = tarfile.TarInfo("/".join((self.top, *member.parts)))
        header.type = tarfile.DIRTYPE if member.file is None else tarfile.REGTYPE
        header.mode = _DIRECTORY_MODE if member.file is None else _FILE_MODE
        header.size, header.mtime = size, modified
        return header.tobuf(_FORMATS[self.format], "utf-8", "strict")


class Archive:
    """A tar on its way to one client."""

    def __init__(self, contents: Contents) -> None:
        """Prepare a tar; nothing is opened yet.

        Args:
            contents: What is in it.
        """
        self._blocks = _write(contents)
        self._lock = threading.Lock()
        self._closed = False

    def read_piece(self) -> bytes:
        """Make the next piece.

        Returns:
            About :data:`PIECE` bytes, fewer at the end, and then none.

        Raises:
            OSError: A file is gone, has become shorter, or cannot be read.
            ValueError: A file has become too big for the format.
        """
        blocks: list[bytes] = []
        length = 0
        try:
            with self._lock:
                for block in self._blocks:
                    blocks.append(block)
                    length += len(block)
                    if length >= PIECE:
                        break
        finally:
            if self._closed:
                self.close()
        return b"".join(blocks)

    def close(self) -> None:
        """Give back the open file: now or, if a piece is being made, right after it. It does not wait."""
        self._closed = True
        if self._lock.acquire(blocking=False):
            try:
                self._blocks.close()
            finally:
                self._lock.release()


def _write(contents: Contents) -> Generator[bytes, None, None]:
    """Yield a tar, in blocks of any length."""
    length = 2 * tarfile.BLOCKSIZE
    for member in contents.members:
        length += yield from _write_member(contents, member)
    # Two empty blocks are the end, and then the record is filled up.
    yield bytes(2 * tarfile.BLOCKSIZE + -length % tarfile.RECORDSIZE)


def _write_member(contents: Contents, member: Member) -> Generator[bytes, None, int]:
    """Yield a header, and the content of a file; return how long all this is."""
    if member.file is None:
        header = contents.write_header(member, 0, contents.created)
        yield header
        return len(header)
    source = contents.open_file(member.file.id)
    try:
        what = source.representation
        header = contents.write_header(member, what.size, what.validators.last_modified or 0)
        yield header
        for start in range(0, what.size, PIECE):
            wanted = min(PIECE, what.size - start)
            piece = source.read_at(start, wanted)
            if len(piece) < wanted:
                msg = "a file has become shorter while it was sent"
                raise OSError(msg)
            yield piece
        padding = bytes(-what.size % tarfile.BLOCKSIZE)
        yield padding
        return len(header) + what.size + len(padding)
    finally:
        source.close()
