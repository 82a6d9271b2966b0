"""One header block of a tar, read strictly (POSIX.1-2017, pax, "ustar Interchange Format").

Python's own tarfile takes a broken header for the end of the archive, numbers with signs and underscores for sizes, and
members of unknown kinds for files. Here every doubt is an error: an archive that two readers could understand in two
ways is one that somebody made for that.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from haulage.errors import ArchiveCorrupt

__all__ = ["BLOCK", "MOST_BYTES", "Header", "pax_records", "read_header"]

BLOCK = 512
"""Bytes of a block: headers are one, contents are padded to whole ones."""
MOST_BYTES = (1 << 63) - 1
"""Bytes of the largest file that a system has a number for."""

_OCTAL = re.compile(rb" *([0-7]+)[ \0]*\Z")
_NAME, _SIZE, _CHECKSUM = slice(0, 100), slice(124, 136), slice(148, 156)
_KIND, _MAGIC, _PREFIX = slice(156, 157), slice(257, 265), slice(345, 500)
# Mode, owner, group, time, device: not taken over. But where they are no numbers, tarfile sees the archive's end.
_OTHERS = (slice(100, 108), slice(108, 116), slice(116, 124), slice(136, 148), slice(329, 337), slice(337, 345))
_PASSABLE = re.compile(rb"(?: *[0-7]*[ \0]*|[\x80\xff].*)\Z", re.DOTALL)
_BLANK = b" " * 8  # what the checksum counts in its own place
_USTAR, _GNU = b"ustar\x0000", b"ustar  \0"
_PLAIN = (b"0", b"\0", b"5")
_BINARY = 0x80  # the first byte of a number that is not written in digits (GNU)
_RECORD = re.compile(rb"([1-9][0-9]{0,6}) ")
# The standard's keywords, those of its drafts, and vendors' own. Any other may be one of these with a flipped bit.
_KEYWORD = re.compile(
    r"([acm]time|(hdr)?charset|comment|[gu]id|[gu]name|(link)?path|size|(realtime|security)\.[^\0\n]+"
    r"|[A-Z][A-Z0-9]*\.[^\0\n]+)\Z"
)


class Header(NamedTuple):
    """What of a header matters here. Owner, mode and times of a member are not taken over.

    Attributes:
        name: The name as it stands there.
        kind: The type flag, one byte; ``b"0"`` also for a NUL, as old archivers wrote it.
        size: Bytes of content that follow.
    """

    name: bytes
    kind: bytes
    size: int


def read_header(block: bytes) -> Header:
    """Read a header.

    Args:
        block: 512 bytes that are not all zero.

    Raises:
        ArchiveCorrupt: They are no header, or a damaged one.
    """
    if sum(block) - sum(block[_CHECKSUM]) + sum(_BLANK) != _number(block[_CHECKSUM], "checksum"):
        msg = "a header of the archive is damaged"
        raise ArchiveCorrupt(msg)
    if block[_MAGIC] not in (_USTAR, _GNU):
        msg = "a header of the archive is of no known format"
        raise ArchiveCorrupt(msg)
    if not all(_PASSABLE.match(block[place]) for place in _OTHERS):
        msg = "a field of a header of the archive is no number"
        raise ArchiveCorrupt(msg)
    kind, name = block[_KIND], _name(block)
    if kind == b"\0" and name.endswith(b"/"):
        # A directory, before there was a kind for them; for some even when an extended header has another name for it.
        msg = "a header of the archive is a file's with the name of a directory"
        raise ArchiveCorrupt(msg)
    return Header(name, b"0" if kind == b"\0" else kind, _size(block[_SIZE]))


def pax_records(body: bytes) -> dict[str, bytes]:
    """Read the records of an extended header.

    Args:
        body: The content of a member of kind ``x`` or ``g``.

    Returns:
        Keyword → value.

    Raises:
        ArchiveCorrupt: They are no such records, or one keyword has two.
    """
    records: dict[str, bytes] = {}
    place = 0
    while place < len(body):
        match = _RECORD.match(body, place)
        end = place + int(match[1]) if match is not None else 0
        if match is None or body[end - 1 : end] != b"\n":
            msg = "an extended header of the archive is damaged"
            raise ArchiveCorrupt(msg)
        keyword, equals, value = body[match.end() : end - 1].partition(b"=")
        key = keyword.decode("latin-1")
        if not equals or key in records or not _KEYWORD.match(key):
            msg = "an extended header of the archive is ambiguous"
            raise ArchiveCorrupt(msg)
        records[key] = value
        place = end
    return records


def _name(block: bytes) -> bytes:
    name, prefix = _text(block[_NAME]), _text(block[_PREFIX])
    if block[_MAGIC] == _USTAR:
        return prefix + b"/" + name if prefix else name
    if block[_KIND] in _PLAIN and any(block[_PREFIX]):
        # By GNU's format these are times; but some readers take them for a part of the name.
        msg = "a header of the archive has a prefix where its format has none"
        raise ArchiveCorrupt(msg)
    return name


def _size(field: bytes) -> int:
    size = int.from_bytes(field[1:], "big") if field[0] == _BINARY else _number(field, "size")
    if size > MOST_BYTES:
        msg = f"a size of {size} bytes in the archive"
        raise ArchiveCorrupt(msg)
    return size


def _number(field: bytes, what: str) -> int:
    match = _OCTAL.match(field)
    if match is None:
        msg = f"a {what} in the archive is no number"
        raise ArchiveCorrupt(msg)
    return int(match[1], 8)


def _text(field: bytes) -> bytes:
    return field.partition(b"\0")[0]
