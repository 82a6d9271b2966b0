"""Members that are in each other's way, or outside the one directory that an archive has."""

from __future__ import annotations

from collections.abc import Iterator

import haulage
from archives.hostile import FIRST, LAST, TOP, Hostile, around
from archives.making import archive, directory, file, long_name, pax

__all__ = ["TWINS", "hostile_places"]

TWINS = {
    "upper and lower case": ("data/readme", "data/README"),
    "composed and decomposed": ("data/é", "data/e\u0301"),
    "both at once": ("data/É", "data/e\u0301"),
    "sharp s": ("data/Straße", "data/STRASSE"),
    "final sigma": ("data/ΟΣ", "data/ος"),
    "a ligature": ("data/ﬁle", "data/FILE"),
    "the Kelvin sign": ("data/K", "data/k"),
    "dotless and dotted": ("data/İ", "data/i\u0307"),
    "a Hangul syllable": ("data/각", "data/\u1100\u1161\u11a8"),
    "marks in another order": ("data/a\u0323\u0302", "data/\u1ead"),
}
"""Names of two files that some file system takes for one."""


def hostile_places() -> Iterator[tuple[str, Hostile]]:
    """Yield archives whose members cannot lie beside each other."""
    for about, data in _twice().items():
        yield about, Hostile(data, haulage.ArchiveUnsafe, "name twice|below a file|in place of a directory", ("T05",))
    for about, (one, other) in TWINS.items():
        says = "a name twice|differ only in case"
        made = {
            f"twins: {about}": around(file(one, b"1"), file(other, b"2")),
            f"twin directories: {about}": around(directory(one), directory(other)),
            f"twins above files: {about}": around(file(f"{one}/a", b"1"), file(f"{other}/b", b"2")),
            f"twins above files, at depth: {about}": around(
                file(one.replace("data/", "data/a/b/") + "/c", b"1"),
                file(other.replace("data/", "data/a/b/") + "/d", b"2"),
            ),
            f"a twin below: {about}": around(file(one, b"1"), file(f"{other}/b", b"2")),
        }
        for name, data in made.items():
            yield name, Hostile(data, haulage.ArchiveUnsafe, f"{says}|below a file", ("T05",))
    for about, data in _outside().items():
        yield about, Hostile(data, haulage.ArchiveUnsafe, "one directory|not in a directory", ("T01",))


def _twice() -> dict[str, bytes]:
    deep = "data/" + "d/" * 60 + "x"
    return {
        "a file twice": around(file("data/x", b"1"), file("data/x", b"2")),
        "a file twice, with the same content": around(file("data/x", b"1"), file("data/x", b"1")),
        "an empty file twice": around(file("data/x"), file("data/x")),
        "a file twice, spelt with dots": around(file("data/x", b"1"), file("data/./x", b"2")),
        "a file twice, spelt with slashes": around(file("data/x", b"1"), file("data//x", b"2")),
        "a file twice, by pax": around(file("data/x", b"1"), pax({"path": "data/x"}), file("data/y", b"2")),
        "a file twice, by GNU": around(file("data/x", b"1"), long_name("data/x"), file("data/y", b"2")),
        "a file twice, by a prefix": around(file("data/x", b"1"), file("x", b"2", prefix=b"data")),
        "the first file again at the end": archive(TOP, FIRST, LAST, FIRST),
        "a directory twice": around(directory("data/d"), directory("data/d/")),
        "the root twice": around(TOP),
        "the root twice, once as a dot below": around(directory("data/.")),
        "a file, then a directory": around(file("data/x", b"1"), directory("data/x")),
        "a file, then a file below it": around(file("data/x", b"1"), file("data/x/y", b"2")),
        "a file, then a directory below it": around(file("data/x", b"1"), directory("data/x/y")),
        "a directory, then a file": around(directory("data/x"), file("data/x", b"1")),
        "a file below a directory, then a file": around(file("data/x/y", b"1"), file("data/x", b"2")),
        "a deep directory, then a file in the way": around(
            *(pax({"path": deep}) + file("data/y", b"1"), file("data/d/d/d", b"2"))
        ),
        "a file, then a file below it, at depth": around(file("data/a/b/x", b"1"), file("data/a/b/x/y", b"2")),
        "a file, then a directory below it, at depth": around(file("data/a/b/x"), directory("data/a/b/x/y")),
        "below the first file": around(file("data/first/x", b"1")),
    }


def _outside() -> dict[str, bytes]:
    return {
        "two roots": around(file("other/x", b"x")),
        "two roots, one spelt in capitals": around(file("DATA/x", b"x")),
        "two roots, one decomposed": archive(file("d\u00e9/x", b"x"), file("de\u0301/x", b"x")),
        "a second root that is a directory": around(directory("other/")),
        "a file beside the root": around(file("x", b"x")),
        "a file as the root": archive(file("data", b"x")),
        "an empty file as the root": archive(file("data")),
        "a file as the root, after its directory": archive(TOP, file("data", b"x"), LAST),
        "a file as the root, after what is in it": archive(FIRST, file("data", b"x"), LAST),
        "members without any directory": archive(file("x", b"x"), file("y", b"y")),
        "dots in place of a root": archive(file("./x", b"x"), file("./y/z", b"y")),
    }
