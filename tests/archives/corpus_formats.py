"""What is no tar, or is one with something broken in it."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import zipfile
from collections.abc import Iterator

import haulage
from archives.hostile import FIRST, LAST, TOP, Hostile, around
from archives.making import BLOCK, END, GNU, V7, archive, blocks, checksum, directory, file, header

__all__ = ["hostile_formats"]

_GOOD = archive(TOP, FIRST, LAST)


def hostile_formats() -> Iterator[tuple[str, Hostile]]:
    """Yield archives whose blocks are wrong."""
    for name, data in _something_else().items():
        yield name, Hostile(data, haulage.ArchiveCorrupt, "archive", ("T12",))
    for name, piece in _checksums().items():
        yield name, Hostile(around(piece), haulage.ArchiveCorrupt, "damaged|checksum", ("T09",))
    for name, piece in _headers().items():
        yield name, Hostile(around(piece), haulage.ArchiveCorrupt, "header|number", ("T09",))
    for name, data in _endings().items():
        yield name, Hostile(data, haulage.ArchiveCorrupt, "end marker", ("T08",))
    for name, data in _cut().items():
        yield name, Hostile(data, haulage.ArchiveIncomplete, "without its end marker|is empty", ("T08",))


def _something_else() -> dict[str, bytes]:
    zipped = io.BytesIO()
    with zipfile.ZipFile(zipped, "w") as made:
        made.writestr("data/x", bytes(2000))
    return {
        "gzip": blocks(gzip.compress(_GOOD, 0)),
        "bzip2": bz2.compress(bytes(range(256)) * 20),
        "xz": lzma.compress(bytes(range(256)) * 20) * 3,
        "zip": zipped.getvalue(),
        "a page": b"<!doctype html><title>Log in</title>" + b"<p>Please log in.</p>" * 50,
        "an error in JSON": b'{"status": "500 Internal Server Error", "message": "' + b"no " * 300 + b'"}',
        "text": b"no such cart\n" * 100,
        "cpio": b"070701" + b"0" * 104 + b"data\0" * 100,
        "ones": b"\xff" * 2048,
        "blanks": b" " * 2048,
        "a program": b"\x7fELF\x02\x01\x01" + bytes(1000) + b"x" * 100,
        "a tar behind a byte": b"\n" + _GOOD,
        "a tar behind a byte-order mark": b"\xef\xbb\xbf" + _GOOD,
        "a tar behind a page": b"<html></html>" + _GOOD,
        "a tar with other line ends": _GOOD.replace(b"\n", b"\r\n").replace(b"first", b"first\r\n", 1),
    }


def _checksums() -> dict[str, bytes]:
    latin = header("data/é-ü-ö")
    made = {"signed": b"%06o\0 " % checksum(latin, signed=True)}
    made["signed and negative"] = b"-%05o\0 " % 7
    found = {f"checksum: {name}": latin[:148] + text + latin[156:] for name, text in made.items()}
    plain = header("data/x")
    right = checksum(plain)
    wrong = {
        "one too many": b"%06o\0 " % (right + 1),
        "one too few": b"%06o\0 " % (right - 1),
        "256 too many": b"%06o\0 " % (right + 256),
        "nothing": bytes(8),
        "blanks": b" " * 8,
        "decimal": b"%06d\0 " % right,
        "hexadecimal": b"%06x\0 " % right,
        "a sign": b"+%05o\0 " % right,
        "an underscore": b"0_%04o\0 " % right,
        "0o": b"0o%04o\0 " % right,
        "base 256": b"\x80" + right.to_bytes(7, "big"),
        "a line break": b"%06o\n " % right,
        "of the header without the blanks": b"%06o\0 " % (right - 256),
    }
    return found | {f"checksum: {name}": plain[:148] + text + plain[156:] for name, text in wrong.items()}


def _headers() -> dict[str, bytes]:
    magics = {
        "of the seventh edition": V7,
        "of nobody": b"USTAR\x0000",
        "of POSIX with another version": b"ustar\x0001",
        "of POSIX without a version": b"ustar\0\0\0",
        "of POSIX with blanks": b"ustar   ",
        "of GNU with a version": b"ustar  0",
        "cut": b"usta",
        "behind a blank": b" ustar\x000",
    }
    found = {f"a magic {name}": file("data/x", b"x", magic=magic) for name, magic in magics.items()}
    numbers = {"mode": b"0000i44\0", "uid": b"-000001\0", "gid": b"0x00001\0", "mtime": b"now\0", "major": b"1_0\0"}
    for name, text in {**numbers, "minor": b"9\0"}.items():
        # Python takes such a header for the end of the archive.
        found[f"a {name} that is no number"] = file("data/x", b"x", **{name: text})
    found["digits behind a NUL"] = file("data/x", b"x", mtime=b"123\x004567")
    # For some the first of these is a name, for others it is times.
    found["a prefix in GNU's format"] = file("data/x", b"x", magic=GNU, prefix=b"data/../..")
    found["times in GNU's format"] = file("data/x", b"x", magic=GNU, prefix=b"14000000000\x0014000000000\0")
    found["a directory with times in GNU's format"] = directory("data/x", magic=GNU, prefix=b"14000000000\0")
    found["text between members"] = b"some text".ljust(BLOCK, b" ")
    found["content that is longer than its size"] = header("data/x", 512) + b"x" * 1024
    found["content that is shorter than its size"] = header("data/x", 513) + b"x" * 512
    return found


def _endings() -> dict[str, bytes]:
    return {
        "one empty block between members": around(bytes(BLOCK)),
        "one empty block before all": bytes(BLOCK) + _GOOD,
        "a member after the end": _GOOD + file("data/late", b"x"),
        "an archive after the end": _GOOD + _GOOD,
        "a page after the end": _GOOD + b"<html>",
        "a byte after the end": _GOOD + b"\n",
        "a byte after many zeros": _GOOD + bytes(10_000) + b"\1",
        "a member after many zeros": _GOOD + bytes(10_240) + file("data/late", b"x"),
        "zeros without end": _GOOD + bytes((1 << 20) + 1),
    }


def _cut() -> dict[str, bytes]:
    return {
        "nothing at all": b"",
        "a byte": b"d",
        "a tar that stands behind its end": END + _GOOD[-100:],
        "a lone end marker": END,
        "a record of zeros": bytes(10_240),
        "half an end marker": around(end=bytes(BLOCK)),
        "nearly an end marker": around(end=END[:-1]),
        "no end marker": around(end=b""),
        "a header alone": header("data/x"),
        "half a header": header("data/x")[:256],
        "a header without its content": archive(TOP, header("data/x", 1000), end=b""),
        "content without its padding": archive(TOP, file("data/x", b"x")[:600], end=b""),
        "a page in place of a member": b"<html></html>",
        "a short error in JSON": b'{"message": "500"}',
    }
