"""Names that lead elsewhere, or nowhere, in each of the three places where an archive can say a name."""

from __future__ import annotations

from collections.abc import Iterator

import haulage
from archives.hostile import Hostile, around
from archives.making import archive, directory, file, long_name, pax

__all__ = ["hostile_names"]

_IN_A_HEADER = 100  # bytes
_UPWARDS = {
    "dot-dot": "..",
    "dot-dot with a slash": "../",
    "out of the root": "../x",
    "far out": "../../../../../../etc/cron.d/x",
    "back to the root": "data/..",
    "out through the root": "data/../x",
    "out and in again": "data/../data/x",
    "out at depth": "data/a/b/../../../../x",
    "dot-dot among dots": "data/./../x",
    "dot-dot among slashes": "data//..//x",
    "dot-dot at the end": "data/a/..",
    "down and up in the tree": "data/a/../x",
}
_ABSOLUTE = {
    "absolute": "/etc/passwd",
    "absolute twice": "//etc/passwd",
    "absolute into the root": "/data/x",
    "the root of all": "/",
    "absolute and upwards": "/../etc/passwd",
}
_EMPTY = {"nothing": "", "a dot": ".", "a dot and a slash": "./", "dots and slashes": ".//././"}
_SIGNS = {
    "a line break": "data/a\nb",
    "a carriage return": "data/a\rb",
    "a tab": "data/a\tb",
    "an escape": "data/\x1b[2J\x1b]0;x\x07",
    "a delete": "data/a\x7fb",
    "a next line": "data/a\x85b",
    "a C1 control": "data/a\x9b31m",
}
_NUL = {"a NUL inside": "data/a\0b", "a NUL at once": "\0data/a", "a NUL and upwards": "data/a\0/../../x"}
_NOT_UTF8 = {
    "Latin-1": b"data/\xe9",
    "a lone continuation": b"data/\x80",
    "cut short": b"data/\xe2\x82",
    "overlong dots": b"data/\xc0\xae\xc0\xae/x",
    "an overlong slash": b"data/..\xc0\xafx",
    "half a character": b"data/\xed\xa0\x80",
    "two halves": b"data/\xed\xa0\xbd\xed\xb8\x80",
    "beyond Unicode": b"data/\xf4\x90\x80\x80",
    "0xFF": b"data/\xff",
}
_LONG = {
    "a component of 256 bytes": "data/" + "n" * 256,
    "a component of 256 bytes in 128 signs": "data/" + "é" * 128,
    "a component of a mebibyte": "data/" + "n" * ((1 << 20) - 100),
    "a path over 4096 bytes": "data/" + ("n" * 99 + "/") * 41 + "x",
    "a root that is too long": "n" * 256 + "/x",
}
_DEEP = {"129 levels": "data" + "/d" * 128, "1000 levels": "data" + "/d" * 1000, "100,000 levels": "d/" * 100_000 + "x"}


def hostile_names() -> Iterator[tuple[str, Hostile]]:
    """Yield each name as it fits: in the header, in pax's records, in GNU's long name."""
    kinds: dict[str, dict[str, str] | dict[str, bytes]] = {
        "upwards": {**_UPWARDS, "up 1000 levels": "../" * 1000 + "x"},
        "absolute": {**_ABSOLUTE, "absolute and long": "/" + "x/" * 120 + "x"},
        "empty": _EMPTY,
        "a sign that is none": {**_SIGNS, **_NUL},
        "not UTF-8": _NOT_UTF8,
        "too long": _LONG,
        "too deep": _DEEP,
    }
    for problem, names in kinds.items():
        for about, name in names.items():
            raw = name if isinstance(name, bytes) else name.encode()
            for place, pieces in _places(raw).items():
                says = _also(problem)
                yield f"{about} ({place})", Hostile(around(pieces), haulage.ArchiveUnsafe, says, ("T01",))
    for about, name in {**_UPWARDS, **_ABSOLUTE}.items():
        data = around(directory(name))
        yield f"{about} (a directory)", Hostile(data, haulage.ArchiveUnsafe, "unsafe name|empty", ("T01",))
    prefixed = file("passwd", prefix=b"data/../../etc")
    yield "upwards (in a prefix)", Hostile(around(prefixed), haulage.ArchiveUnsafe, "upwards", ("T01",))
    prefixed = file("x", prefix=b"/etc")
    yield "absolute (in a prefix)", Hostile(around(prefixed), haulage.ArchiveUnsafe, "absolute", ("T01",))
    first = archive(file("../x", b"x"))
    yield "upwards (the first member)", Hostile(first, haulage.ArchiveUnsafe, "upwards", ("T01",))


def _places(raw: bytes) -> dict[str, bytes]:
    places = {}
    if len(raw) <= _IN_A_HEADER and b"\0" not in raw:
        places["header"] = file(raw, b"x")
    if len(raw) < 1 << 19:
        places["pax"] = pax({"path": raw}) + file("data/harmless", b"x")
    places["GNU"] = long_name(raw) + file("data/harmless", b"x")
    return places


def _also(problem: str) -> str:
    """Return what the message says: a name with more than one fault has one of them named."""
    more = {
        "upwards": "absolute|deep",
        "absolute": "upwards|empty",
        "a sign that is none": "upwards",
        "too long": "deep",
        "too deep": "too long",
    }
    return "|".join([problem, *filter(None, [more.get(problem)])])
