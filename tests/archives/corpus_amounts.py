"""More of something than anybody needs: members, directories, letters of names, headers that are no members."""

from __future__ import annotations

from collections.abc import Iterator

import haulage
from archives.hostile import TOP, Hostile, around
from archives.making import archive, directory, file, header, pax

__all__ = ["hostile_amounts"]


def hostile_amounts() -> Iterator[tuple[str, Hostile]]:
    """Yield archives with too much in them; the limits are low so that the archives are small."""
    for name, (most, data) in _amounts().items():
        yield name, Hostile(data, haulage.TooLarge, "more than|too many", ("T07",), most_members=most)


def _amounts() -> dict[str, tuple[int, bytes]]:
    deep = [pax({"path": f"data/{number}" + "/d" * 120}) + directory("data/x") for number in range(4)]
    deep_files = [pax({"path": f"data/{number}" + "/d" * 120}) + file("data/x") for number in range(4)]
    long = [pax({"path": f"data/{'d' * 200}/{number}" + "n" * 200}) + file("data/x") for number in range(200)]
    return {
        "files": (50, archive(TOP, *(header(f"data/{number}") for number in range(50)))),
        "directories": (50, archive(TOP, *(directory(f"data/{number}") for number in range(50)))),
        "a member more": (2, around()),
        "directories that are only implied": (300, archive(TOP, *deep)),
        "directories that only files imply": (300, archive(TOP, *deep_files)),
        "letters": (210, archive(TOP, *long)),
        "headers for all": (1000, archive(pax({"comment": "x"}, b"g") * 2000, TOP)),
        "headers for all between members": (
            1000,
            archive(TOP, *(pax({"comment": "x"}, b"g") + header(f"data/{number}") for number in range(500))),
        ),
    }
