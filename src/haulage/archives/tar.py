"""A tar as it arrives, without a file under it: bytes go in, members and their contents come out.

Nothing is searched for and nothing is skipped. Whatever is not exactly a header, its content, its padding or the end
marker is an error, and so is an end without the marker: a tar that was cut between two members looks whole to most
readers.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from haulage.archives.blocks import BLOCK, MOST_BYTES, Header, pax_records, read_header
from haulage.archives.names import member_parts
from haulage.errors import ArchiveCorrupt, ArchiveIncomplete, ArchiveUnsafe, TooLarge

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["MOST_MEMBERS", "Member", "TarReader"]

MOST_MEMBERS = 100_000
"""Members of an archive of which nobody said what is in it."""

_END_BLOCKS = 2
_MOST_PADDING = 1 << 20  # bytes of zeros after the end marker; archivers fill up a record, of 10 KiB by default
_MOST_EXTENSION = 1 << 20  # bytes of an extended header: names, and attributes that nobody asked for
_DIGITS = re.compile(rb"[0-9]{1,19}\Z")
_HUGE = 8**11  # what no longer fits into the digits of a header's size
_FOR_ONE = (b"x", b"L")  # pax, GNU's long name
_EXTENSIONS = (*_FOR_ONE, b"g")  # pax for all members that follow
_UTF8 = b"ISO-IR 10646 2000 UTF-8"
_CHARSETS = (_UTF8, b"BINARY")  # pax knows these two; the second says that nobody knows, and it has to be the first
_KINDS = {
    b"1": "a hard link",
    b"2": "a symbolic link",
    b"3": "a device",
    b"4": "a device",
    b"6": "a pipe",
    b"7": "a contiguous file",
    b"K": "a link with a long name",
    b"S": "a sparse file",
}


class Member(NamedTuple):
    """A file or a directory in an archive.

    Attributes:
        name: Its name there, for people.
        parts: Its name as components of a path; plain, and never empty.
        is_directory: Whether it is a directory; otherwise it is a file.
        size: Bytes of its content, 0 for a directory.
    """

    name: str
    parts: tuple[str, ...]
    is_directory: bool
    size: int


class TarReader:
    """Reads one tar: ustar, pax or GNU format, uncompressed.

    Args:
        most_members: Members it may have, and headers for all of them, of which there could be any number.

    Attributes:
        count: Members, and headers for all of them, so far.
        ended: Whether the end marker was seen.
    """

    def __init__(self, most_members: int = MOST_MEMBERS) -> None:
        self.count = 0
        self.ended = False
        self._most_members = most_members
        self._read = 0  # bytes fed and understood
        self._block = bytearray()
        self._content = 0  # bytes of the present member's content that are still to come
        self._padding = 0
        self._zeros = 0
        self._after = 0  # bytes after the end marker
        self._extension: bytearray | None = None
        self._extension_kind = b""
        self._is_announced = False  # whether a member has to follow
        self._long_name: bytes | None = None
        self._records: dict[str, bytes] | None = None

    def feed(self, data: bytes) -> Iterator[Member | memoryview]:
        """Take the next bytes; the iterator has to be read to its end.

        Args:
            data: The bytes.

        Yields:
            Each member when its header is complete, then its content in pieces; as many bytes as its size says.

        Raises:
            ArchiveCorrupt: The format is broken.
            ArchiveUnsafe: A member that must not be unpacked.
            TooLarge: More members than allowed.
        """
        view = memoryview(data)
        while view:
            if self._content:
                piece = view[: self._content]
                self._content -= len(piece)
                if self._extension is None:
                    yield piece
                else:
                    self._extension += piece
                    if not self._content:
                        self._end_extension()
            elif self._padding:
                piece = view[: self._padding]
                self._padding -= len(piece)
            elif self.ended:
                piece = view
                self._check_after_end(piece)
            else:
                piece = view[: BLOCK - len(self._block)]
                self._block += piece
                if len(self._block) == BLOCK:
                    block, self._block = bytes(self._block), bytearray()
                    member = self._next(block)
                    if member is not None:
                        yield member
            self._read += len(piece)
            view = view[len(piece) :]

    def close(self) -> None:
        """Say that there are no more bytes.

        Raises:
            ArchiveIncomplete: The end marker is missing.
        """
        if not self.ended:
            msg = f"the archive ended after {self._read} bytes, without its end marker"
            raise ArchiveIncomplete(msg)

    def _next(self, block: bytes) -> Member | None:
        """Take a block that is a header or a part of the end marker."""
        if not block.strip(b"\0"):
            if self._is_announced:
                msg = "the archive ends where it announced a member"
                raise ArchiveCorrupt(msg)
            self._zeros += 1
            self.ended = self._zeros == _END_BLOCKS
            return None
        if self._zeros:
            msg = "half an end marker in the archive"
            raise ArchiveCorrupt(msg)
        header = read_header(block)
        if header.kind not in _FOR_ONE:
            self.count += 1
            if self.count > self._most_members:
                msg = f"more than {self._most_members} members in the archive"
                raise TooLarge(msg, limit=self._most_members)
        if header.kind in _EXTENSIONS:
            self._begin_extension(header)
            return None
        member = self._member(header)
        self._begin_content(member.size)
        return member

    def _begin_content(self, size: int) -> None:
        self._content = size
        self._padding = -size % BLOCK

    def _begin_extension(self, header: Header) -> None:
        if self._long_name is not None or self._records is not None:
            msg = "two extended headers in a row"
            raise ArchiveCorrupt(msg)
        if not 0 < header.size <= _MOST_EXTENSION:
            msg = f"an extended header of {header.size} bytes"
            raise ArchiveCorrupt(msg)
        self._extension, self._extension_kind, self._is_announced = bytearray(), header.kind, True
        self._begin_content(header.size)

    def _end_extension(self) -> None:
        body, self._extension = bytes(self._extension or b""), None
        if self._extension_kind == b"L":
            if not body.endswith(b"\0"):
                msg = "a long name without its end"
                raise ArchiveCorrupt(msg)
            self._long_name = body.rstrip(b"\0")
            return
        records = pax_records(body)
        if any(key.startswith("GNU.sparse") for key in records):
            msg = "a sparse file in the archive"
            raise ArchiveUnsafe(msg)
        if records.get("hdrcharset", _UTF8) not in _CHARSETS:
            msg = "an extended header of the archive is in other signs than UTF-8"
            raise ArchiveCorrupt(msg)
        if self._extension_kind == b"x":
            self._records = records
        elif not records.keys().isdisjoint({"path", "size", "linkpath"}):
            msg = "one name or size for all members of the archive"
            raise ArchiveCorrupt(msg)

    def _member(self, header: Header) -> Member:
        records, self._records = self._records or {}, None
        long_name, self._long_name = self._long_name, None
        self._is_announced = False
        raw = records.get("path", header.name if long_name is None else long_name)
        try:
            name = raw.decode()
        except UnicodeDecodeError:
            msg = "unsafe name in the archive (not UTF-8)"
            raise ArchiveUnsafe(msg, member=raw.decode("utf-8", "replace")) from None
        is_directory = header.kind == b"5"
        if not is_directory and header.kind != b"0":
            what = _KINDS.get(header.kind, f"a member of kind {header.kind!r}")
            msg = f"{what} in the archive"
            raise ArchiveUnsafe(msg, member=name)
        parts = member_parts(name)
        if "linkpath" in records or (name.endswith("/") and not is_directory):
            msg = "a file that is described as something else"
            raise ArchiveCorrupt(msg, member=name)
        size = _agreed_size(header.size, records.get("size"), name)
        if is_directory and size:
            msg = "a directory with content"
            raise ArchiveCorrupt(msg, member=name)
        return Member(name, parts, is_directory, size)

    def _check_after_end(self, piece: memoryview) -> None:
        self._after += len(piece)
        if self._after > _MOST_PADDING or piece.tobytes().strip(b"\0"):
            msg = "the archive goes on after its end marker"
            raise ArchiveCorrupt(msg)


def _agreed_size(size: int, record: bytes | None, name: str) -> int:
    """Return the size that header and extended header agree on.

    Archivers leave 0 in a header whose digits do not suffice.
    """
    if record is None:
        return size
    if not _DIGITS.match(record) or int(record) > MOST_BYTES:
        msg = "a size in the archive is no number"
        raise ArchiveCorrupt(msg, member=name)
    extended = int(record)
    if extended != size and not (size == 0 and extended >= _HUGE):
        msg = f"two sizes, {size} and {extended} bytes"
        raise ArchiveCorrupt(msg, member=name)
    return extended
