"""Tar archives made block by block, right or wrong, with nothing of haulage and nothing of tarfile.

A header is made of fields, each of which may be given as raw bytes; its checksum is right unless it is given, too.
"""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["END", "GNU", "USTAR", "archive", "blocks", "directory", "file", "header", "long_name", "pax", "record"]

BLOCK = 512
END = bytes(2 * BLOCK)
"""The end marker."""

USTAR, GNU, V7 = b"ustar\x0000", b"ustar  \x00", bytes(8)
_FIELDS = {
    "name": (0, 100),
    "mode": (100, 108),
    "uid": (108, 116),
    "gid": (116, 124),
    "size": (124, 136),
    "mtime": (136, 148),
    "checksum": (148, 156),
    "kind": (156, 157),
    "link": (157, 257),
    "magic": (257, 265),
    "uname": (265, 297),
    "gname": (297, 329),
    "major": (329, 337),
    "minor": (337, 345),
    "prefix": (345, 500),
    "rest": (500, 512),
}


def header(name: str | bytes, size: int | bytes = 0, **raw: bytes) -> bytes:
    """Return one header block.

    Args:
        name: The name.
        size: The size, or the field as it is to stand there.
        raw: Other fields, as they are to stand there.
    """
    fields = {"name": _bytes(name), "mode": b"0000644\0", "uid": b"0001750\0", "gid": b"0001750\0", "kind": b"0"}
    fields |= {
        "size": size if isinstance(size, bytes) else b"%011o\0" % size,
        "mtime": b"14000000000\0",
        "magic": USTAR,
    }
    block = bytearray(BLOCK)
    for key, value in {**fields, **raw}.items():
        start, end = _FIELDS[key]
        assert len(value) <= end - start, key
        block[start : start + len(value)] = value
    if "checksum" not in raw:
        block[148:156] = b"%06o\0 " % checksum(block)
    return bytes(block)


def checksum(block: bytes, *, signed: bool = False) -> int:
    """Return the sum of a header's bytes, those of the checksum counted as blanks."""
    counted = bytes(block[:148]) + b" " * 8 + bytes(block[156:])
    return sum(byte - 256 if signed and byte > 127 else byte for byte in counted)


def blocks(content: bytes) -> bytes:
    """Return *content* padded to whole blocks."""
    return content + bytes(-len(content) % BLOCK)


def file(name: str | bytes, content: bytes = b"", **raw: bytes) -> bytes:
    """Return a member with its content."""
    return header(name, len(content), **raw) + blocks(content)


def directory(name: str | bytes, **raw: bytes) -> bytes:
    """Return a directory."""
    return header(name, **{"kind": b"5", "mode": b"0000755\0", **raw})


def long_name(name: str | bytes, kind: bytes = b"L", end: bytes = b"\0") -> bytes:
    """Return GNU's header for the long name of the member that follows, or of what that links to."""
    return file("././@LongLink", _bytes(name) + end, kind=kind, magic=GNU)


def pax(records: Mapping[str, str | bytes] | bytes, kind: bytes = b"x") -> bytes:
    """Return an extended header for the member that follows, or for all of them."""
    body = records if isinstance(records, bytes) else b"".join(record(key, text) for key, text in records.items())
    return file("data/PaxHeaders/x", body, kind=kind)


def record(key: str | bytes, text: str | bytes) -> bytes:
    """Return one record of an extended header."""
    line = b" " + _bytes(key) + b"=" + _bytes(text) + b"\n"
    length = len(line)
    while len(b"%d" % length) + len(line) != length:
        length = len(b"%d" % length) + len(line)
    return b"%d" % length + line


def archive(*pieces: bytes, end: bytes = END) -> bytes:
    """Return an archive of *pieces*."""
    return b"".join(pieces) + end


def _bytes(text: str | bytes) -> bytes:
    return text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass")
