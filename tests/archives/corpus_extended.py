"""Extended headers, pax's and GNU's, that are broken, doubled, or stand where none may."""

from __future__ import annotations

from collections.abc import Iterator

import haulage
from archives.hostile import Hostile, around
from archives.making import BLOCK, GNU, blocks, directory, file, header, long_name, pax, record

__all__ = ["hostile_extended"]

_X = file("data/x", b"x")


def hostile_extended() -> Iterator[tuple[str, Hostile]]:
    """Yield archives whose extended headers are wrong."""
    for name, body in {**_records(), **_keywords()}.items():
        data = around(pax(body), _X)
        yield f"pax: {name}", Hostile(data, haulage.ArchiveCorrupt, "damaged|ambiguous", ("T06", "T09"))
    for name, data in _orders().items():
        says = "extended headers? |announced|without its end|for all members|header"
        yield name, Hostile(data, haulage.ArchiveCorrupt, says, ("T06",))
    for name, data in _names().items():
        yield name, Hostile(data, haulage.ArchiveUnsafe, "unsafe name", ("T06",))


def _records() -> dict[str, bytes]:
    good = record("path", "data/y")
    return {
        "a length that is one too long": b"17 path=data/yy\n",
        "a length that is one too short": b"14 path=data/y\n",
        "a length beyond the header": b"999 path=data/y\n",
        "a length of nothing": b"0 path=data/y\n",
        "a length that ends in the keyword": b"5 path=data/y\n",
        "a length of itself": b"2 \n",
        "a length less than itself": b"1 path=data/y\n",
        "a length with a zero in front": b"016 path=data/y\n",
        "a length with a plus": b"+15 path=data/y\n",
        "a length with a minus": b"-15 path=data/y\n",
        "a length behind a blank": b" 16 path=data/y\n",
        "a length in hexadecimal": b"0xf path=data/y\n",
        "a length in other digits": "٢٠ path=data/y\n".encode(),
        "a length of many digits": b"9" * 4000 + b" path=data/y\n",
        "a length without a blank": b"14path=data/y\n",
        "a length with two blanks": b"15  path=data/y",
        "a length with a tab": b"14\tpath=data/y\n",
        "no length": b"path=data/y\n",
        "no line break": b"14 path=data/y",
        "a NUL for a line break": b"15 path=data/y\0",
        "zeros behind the records": good + bytes(10),
        "nothing but zeros": bytes(100),
        "a line break behind the records": good + b"\n",
        "a comment behind the records": good + b"# comment\n",
        "the second record is broken": good + b"99 mtime=1\n",
        "binary": bytes(range(256)),
    }


def _keywords() -> dict[str, bytes]:
    return {
        "no equals sign": b"10 path x\n",
        "a keyword alone": b"8 mtime\n",
        "no keyword": b"6 =xy\n",
        "two paths": record("path", "data/y") + record("path", "data/z"),
        "a path twice": record("path", "data/y") * 2,
        "two sizes": record("size", "1") + record("size", "1"),
        "two times": record("mtime", "1") + record("mtime", "2"),
        # One flipped bit away from a path, and of no standard: whoever passes over it has another name for the file.
        "a keyword of nobody": record("pati", "data/y"),
        "a keyword in capitals": record("PATH", "data/y"),
        "a keyword behind a blank": record(" path", "data/y"),
        "a keyword before a blank": record("path ", "data/y"),
        "a keyword with a NUL": record("path\0", "data/y"),
        "a keyword with a line break": record("a\n15 path", "data/y"),
        "a keyword that is no text": record(b"\xff\xfe", "data/y"),
        "two keywords that are no text": record(b"\xff", "1") + record(b"\xfe", "2"),
    }


def _orders() -> dict[str, bytes]:
    path, name = pax({"path": "data/y"}), long_name("data/z")
    comment = pax({"comment": "x"}, b"g")
    end = bytes(2 * BLOCK)
    return {
        "two pax headers": around(path, pax({"path": "data/z"}), _X),
        "two pax headers, alike": around(path, path, _X),
        "two long names": around(name, long_name("data/w"), _X),
        "a pax header, then a long name": around(path, name, _X),
        "a long name, then a pax header": around(name, path, _X),
        "a pax header for a pax header": around(pax({"size": "20"}), path, _X),
        "one for all after one for one": around(path, comment, _X),
        "one for all after a long name": around(name, comment, _X),
        "a pax header at the end": around(end=path + end),
        "one for all at the end": around(end=comment + end),
        "a long name at the end": around(end=name + end),
        "a pax header, then half an end marker": around(path, bytes(BLOCK), _X),
        "a path for all": around(pax({"path": "data/y"}, b"g"), _X),
        "a linkpath for all": around(pax({"linkpath": "/etc"}, b"g"), _X),
        "a path for all that leads upwards": around(pax({"path": "../../x"}, b"g"), _X),
        "another set of signs": around(pax({"hdrcharset": "ISO-IR 8859 1 1998"}), _X),
        "a set of signs of nobody, for all": around(pax({"hdrcharset": b"BINA\xfaY"}, b"g"), _X),
        "a broken one for all": around(pax(b"99 comment=x\n", b"g"), _X),
        "a long name without a NUL": around(long_name("data/y", end=b""), _X),
        "a long name with a line break for a NUL": around(long_name("data/y", end=b"\n"), _X),
        "a long name that is cut": around(header("././@LongLink", 600, kind=b"L", magic=GNU) + b"n" * 1024, _X),
    }


def _names() -> dict[str, bytes]:
    return {
        "a long name of NULs": around(long_name("", end=bytes(300)), _X),
        "a long name with another behind a NUL": around(long_name("data/y\0data/z"), _X),
        "an empty path": around(pax({"path": ""}), _X),
        "an empty path for a directory": around(pax({"path": ""}), directory("data/x")),
        "a path in another set of signs": around(
            pax(record("hdrcharset", "BINARY") + record("path", b"data/\xe9")), _X
        ),
        "a long name of half a mebibyte": around(long_name("data/" + "n" * (1 << 19)), _X),
        "half of a name in the header": around(blocks(long_name(b"data/\xc3")), _X),
    }
