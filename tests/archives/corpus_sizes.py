"""Sizes that contradict each other, cannot be, or are more than anybody has."""

from __future__ import annotations

from collections.abc import Iterator

import haulage
from archives.hostile import LAST, TOP, Hostile, around
from archives.making import GNU, archive, directory, file, header, long_name, pax

__all__ = ["hostile_sizes"]

_TIB = 1 << 40
_HEADER_OF_ONE = b"x" + bytes(511)


def hostile_sizes() -> Iterator[tuple[str, Hostile]]:
    """Yield archives whose sizes are wrong in one way."""
    for name, field in _fields().items():
        data = around(header("data/x", size=field) + _HEADER_OF_ONE)
        yield f"size: {name}", Hostile(data, haulage.ArchiveCorrupt, "size", ("T06",))
    for name, data in _contradictions().items():
        yield (
            name,
            Hostile(
                data,
                haulage.ArchiveCorrupt,
                "size|with content|described as|name of a directory|extended header of",
                ("T06",),
            ),
        )
    yield from _huge()


def _fields() -> dict[str, bytes]:
    return {
        "nothing": bytes(12),
        "blanks": b" " * 12,
        "a sign": b"+0000000001\0",
        "a minus": b"-0000000001\0",
        "minus nothing": b"-0000000000\0",
        "an underscore": b"0000_000001\0",
        "0o": b"0o000000001\0",
        "0x": b"0x000000001\0",
        "a decimal digit": b"00000000008\0",
        "a letter": b"0000000000a\0",
        "a point": b"0000000001.\0",
        "a digit after a blank": b"0000000 001\0",
        "a digit after a NUL": b"0000001\x00777\0",
        "a tab": b"\t0000000001\0",
        "a line break at the end": b"00000000001\n",
        "Arabic digits": "٠٠٠٠٠١".encode(),
        "negative in base 256": b"\xff" * 12,
        "minus 512 in base 256": b"\xff" * 10 + b"\xfe\x00",
        "the least of base 256": b"\xff" + bytes(11),
        "a flag that is none": b"\x81" + bytes(10) + b"\x01",
        "more than 63 bits in base 256": b"\x80" + bytes(2) + b"\x01" + bytes(8),
        "all bits in base 256": b"\x80" + b"\xff" * 11,
        "64 bits in base 256": b"\x80" + bytes(3) + b"\xff" * 8,
    }


def _contradictions() -> dict[str, bytes]:
    def said(records: dict[str, str], size: int = 1, **raw: bytes) -> bytes:
        return around(pax(records), header("data/x", size, **raw) + _HEADER_OF_ONE)

    smuggled = file("data/smuggled", b"x")
    return {
        "pax says 0": said({"size": "0"}),
        "pax says more": said({"size": "513"}),
        "pax says less": said({"size": "1"}, 512),
        "pax says nothing": said({"size": ""}),
        "pax says less than nothing": said({"size": "-1"}),
        "pax says it with a plus": said({"size": "+1"}),
        "pax says it with an underscore": said({"size": "1_0"}, 10),
        "pax says it with a blank": said({"size": " 1"}),
        "pax says it in octal": said({"size": "0o1"}),
        "pax says it with a point": said({"size": "1.0"}),
        "pax says it in other digits": said({"size": "١"}),
        "pax says it in 5000 digits": said({"size": "0" * 4999 + "1"}),
        "pax says more than 63 bits": said({"size": str(1 << 63)}, 0),
        "pax says much, the header nothing": said({"size": "2"}, 0),
        "pax says much, the header everything": said({"size": str(8**11)}, 8**11 - 1),
        # What one reader takes for content holds members for the other (CVE-2025-62518).
        "pax hides members": archive(TOP, pax({"size": str(len(smuggled))}), header("data/x"), smuggled, LAST),
        "pax shows members": archive(TOP, pax({"size": "0"}), header("data/x", len(smuggled)), smuggled, LAST),
        "a size for all": around(pax({"size": "1"}, b"g"), file("data/x", b"x")),
        "a directory with content": around(file("data/x", b"content", kind=b"5")),
        "a directory with content by pax": around(pax({"size": "1"}), directory("data/x")),
        "a directory by its slash": around(file("data/x/", b"content")),
        "an old directory by its slash": around(file("data/x/", b"content", kind=b"\0")),
        "an empty old directory by its slash": around(file("data/x/", kind=b"\0")),
        "a directory by its slash in pax": around(pax({"path": "data/x/"}), file("data/x", b"content")),
        "a directory by its slash in GNU's name": around(long_name("data/x/"), file("data/x", b"content")),
        # For Python, the header says directory, without content, and pax says only another name (CVE-2025-13462).
        "an old directory that pax makes a file": around(
            pax({"path": "data/x"}), file("data/y/", smuggled, kind=b"\0")
        ),
        "an old directory that GNU makes a file": around(
            long_name("data/x"), file("data/y/", smuggled, kind=b"\0", magic=GNU)
        ),
        "an extended header that is too long": around(file("data/x", bytes(2 << 20), kind=b"x")),
        "an extended header of a tebibyte": around(header("data/x", kind=b"x", size=_binary(_TIB))),
        "an extended header of nothing": around(file("data/x", b"", kind=b"x"), file("data/y", b"y")),
        "a long name of a tebibyte": around(header("data/x", kind=b"L", size=_binary(_TIB), magic=GNU)),
        "a long name of nothing": around(file("data/x", b"", kind=b"L", magic=GNU), file("data/y", b"y")),
    }


def _huge() -> Iterator[tuple[str, Hostile]]:
    incomplete = haulage.ArchiveIncomplete
    claims = {
        "a tebibyte": header("data/x", size=_binary(_TIB)),
        "an exbibyte": header("data/x", size=_binary(1 << 60)),
        "63 bits": header("data/x", size=_binary((1 << 63) - 1)),
        "a tebibyte by pax": pax({"size": str(_TIB)}) + header("data/x", 0),
        "63 bits by pax": pax({"size": str((1 << 63) - 1)}) + header("data/x", 0),
    }
    for name, piece in claims.items():
        data = around(piece, bytes(5000))
        if "tebibyte" not in name:  # there are disks that have one free
            yield f"{name}, allowed", Hostile(data, haulage.StorageFull, "bytes to come", ("T07",), kept=incomplete)
        yield f"{name}, too large", Hostile(data, haulage.TooLarge, "more than", ("T07",), max_size=1 << 20)
    data = archive(TOP, header("data/x", (1 << 20) + 1) + bytes((1 << 20) + 512))
    yield "a byte more than allowed", Hostile(data, haulage.TooLarge, "more than", ("T07",), max_size=1 << 20)
    data = archive(TOP, *(header(f"data/{name}", 400) + bytes(512) for name in range(100)))
    yield "a little much, a hundred times", Hostile(data, haulage.TooLarge, "more than", ("T07",), max_size=30_000)


def _binary(size: int) -> bytes:
    return b"\x80" + size.to_bytes(11, "big")
