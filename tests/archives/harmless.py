"""Archives that are odd and harmless: they are unpacked, and what is odd about them is not taken over."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from archives.making import END, GNU, archive, directory, file, header, long_name, pax, record

__all__ = ["Harmless", "harmless_archives"]

Tree = dict[str, bytes | None]


class Harmless(NamedTuple):
    """One archive, and the tree that comes of it.

    Attributes:
        data: The archive.
        tree: Path below the top → content, None for a directory.
        cases: The cases that it shows.
    """

    data: bytes
    tree: Tree
    cases: tuple[str, ...]


def harmless_archives() -> Iterator[tuple[str, Harmless]]:
    """Yield them by name."""
    for name, member in _metadata().items():
        yield name, Harmless(archive(directory("data"), member), {"x": b"x"}, ("T04",))
    odd = directory("data", mode=b"0007000\0", mtime=b"00000000000\0")
    yield "a root with odd modes", Harmless(archive(odd, file("data/x", b"x")), {"x": b"x"}, ("T04",))
    closed = directory("data/d", mode=b"0000000\0")
    tree: Tree = {"d": None, "d/x": b"x"}
    yield "a directory without permissions", Harmless(archive(closed, file("data/d/x", b"x")), tree, ("T04",))
    for name, (data, spelt) in {**_spellings(), **_extended()}.items():
        yield name, Harmless(data, {"x": b"x"} if spelt is None else spelt, ("T06",))
    for name, data in _endings().items():
        yield name, Harmless(data, {"x": b"x"}, ("T08",))


def _metadata() -> dict[str, bytes]:
    fields: dict[str, dict[str, bytes]] = {
        "setuid, setgid and sticky": {"mode": b"0007777\0"},
        "a setuid file of root": {"mode": b"0004755\0", "uid": b"0000000\0", "gid": b"0000000\0", "uname": b"root"},
        "no permissions": {"mode": b"0000000\0"},
        "writable for all": {"mode": b"0000777\0"},
        "all bits of a mode": {"mode": b"77777777"},
        "a type in the mode": {"mode": b"0120777\0"},
        "no mode": {"mode": bytes(8)},
        "before 1970": {"mtime": b"\xff" * 11 + b"\x01"},
        "in 1970": {"mtime": b"00000000000\0"},
        "in the year 10,000": {"mtime": b"\x80" + (253402300800).to_bytes(11, "big")},
        "at the end of time": {"mtime": b"\x80" + b"\x7f" + b"\xff" * 10},
        "no time": {"mtime": b" " * 12},
        "a large owner": {"uid": b"\x80" + bytes(3) + b"\xff" * 4, "gid": b"\x80" + bytes(3) + b"\xff" * 4},
        "a negative owner": {"uid": b"\xff" * 7 + b"\xfe"},
        "an owner with an odd name": {"uname": b"\xff../../\x1b[31m", "gname": b"$(reboot)"},
        "a file with a device's numbers": {"major": b"0000001\0", "minor": b"0000003\0"},
        "a file with a link's target": {"link": b"/etc/passwd"},
        "something in the last bytes": {"rest": b"tar\0"},
    }
    found = {name: file("data/x", b"x", **raw) for name, raw in fields.items()}
    # What pax says of time and owner counts for others, not here.
    odd = {"mtime": "-1e308", "atime": "nan", "ctime": "", "uid": "-1", "gid": "99999999999999999999", "uname": "ö"}
    found["odd times and owners in pax"] = pax(odd) + file("data/x", b"x")
    found["attributes in pax"] = pax(
        {"SCHILY.xattr.security.capability": b"\x01\0\0\x02", "RHT.security.selinux": "x", "LIBARCHIVE.xattr.ü": "="}
    ) + file("data/x", b"x")
    found["access rules in pax"] = pax({"SCHILY.acl.access": "user::rwx,other::rwx"}) + file("data/x", b"x")
    return found


def _spellings() -> dict[str, tuple[bytes, Tree | None]]:
    def one(name: str | bytes, **raw: bytes) -> bytes:
        return archive(file(name, b"x", **raw))

    deep, wide = "/".join(["d"] * 126), "n" * 255
    above: Tree = {"/".join(["d"] * depth): None for depth in range(1, 127)}
    long = "/".join(["n" * 200] * 18)
    return {
        "no directory is a member": (one("data/x"), None),
        "a dot in front": (one("./data/x"), None),
        "dots in between": (one("data/././x"), None),
        "doubled slashes": (one("data//x"), None),
        "a root of another name": (one("whatever/x"), None),
        "a root in other letters": (one("данные/x"), None),
        "a prefix": (one("x", prefix=b"data"), None),
        "an old kind": (one("data/x", kind=b"\0"), None),
        "GNU's format": (one("data/x", magic=GNU), None),
        "a directory after what is in it": (
            archive(file("data/d/x", b"x"), directory("data/d/"), directory("data")),
            {"d": None, "d/x": b"x"},
        ),
        "names with something behind their end": (one(b"data/x\0/../../etc/passwd"), None),
        "dots that lead nowhere": (
            archive(file("data/...", b"1"), file("data/..x", b"2"), file("data/x..", b"3"), file("data/. .", b"4")),
            {"...": b"1", "..x": b"2", "x..": b"3", ". .": b"4"},
        ),
        "names for shells": (
            archive(file("data/-rf", b"1"), file("data/~", b"2"), file("data/$(x)", b"3"), file("data/ ", b"4")),
            {"-rf": b"1", "~": b"2", "$(x)": b"3", " ": b"4"},
        ),
        "a name that is staged by": (archive(file("tree/tree/x", b"x")), {"tree": None, "tree/x": b"x"}),
        "a component of 255 bytes": (archive(pax({"path": f"data/{wide}"}) + file("y", b"x")), {wide: b"x"}),
        "128 levels": (
            archive(pax({"path": f"data/{deep}/x"}) + file("y", b"x")),
            {**above, f"{deep}/x": b"x"},
        ),
        "a path of 3700 bytes": (
            archive(pax({"path": f"data/{long}/{'n' * 70}"}) + file("y", b"x")),
            {**{"/".join(["n" * 200] * depth): None for depth in range(1, 19)}, f"{long}/{'n' * 70}": b"x"},
        ),
        "an emoji": (one("data/👩‍🚀"), {"👩‍🚀": b"x"}),
        "a mark that turns the reading": (one("data/\u202etxt.exe"), {"\u202etxt.exe": b"x"}),
        "a zero-width sign": (one("data/x\u200c"), {"x\u200c": b"x"}),
        "a byte-order mark": (one("data/\ufeffx"), {"\ufeffx": b"x"}),
    }


def _extended() -> dict[str, tuple[bytes, Tree | None]]:
    large = bytes(range(256)) * 40
    binary = b"\x80" + bytes(10) + b"\x01"
    return {
        "a comment for all": (archive(pax({"comment": "0" * 40}, b"g"), file("data/x", b"x")), None),
        "times for all": (archive(pax({"mtime": "1", "uid": "0"}, b"g"), file("data/x", b"x")), None),
        "many comments for all": (archive(pax({"comment": "x"}, b"g") * 50, file("data/x", b"x")), None),
        "a comment for all before the last": (
            archive(directory("data"), pax({"comment": "x"}, b"g"), file("data/x", b"x")),
            None,
        ),
        "a size that both agree on": (archive(pax({"size": "1"}) + file("data/x", b"x")), None),
        "a size with zeros in front": (archive(pax({"size": "0001"}) + file("data/x", b"x")), None),
        "a size in base 256": (archive(header("data/x", size=binary) + b"x" + bytes(511)), None),
        "a size with blanks": (archive(header("data/x", size=b"         1 \0") + b"x" + bytes(511)), None),
        "a size of all twelve digits": (archive(header("data/x", size=b"000000000001") + b"x" + bytes(511)), None),
        "a long name that is short": (archive(long_name("data/x"), file("data/y", b"x")), None),
        "a long name with many NULs": (archive(long_name("data/x", end=bytes(700)), file("data/y", b"x")), None),
        "a path that is the header's": (archive(pax({"path": "data/x"}) + file("data/x", b"x")), None),
        "a name in no letters but in pax": (archive(pax({"path": "data/x"}) + file(b"\xff", b"x")), None),
        "a set of signs": (
            archive(pax(record("hdrcharset", "BINARY") + record("path", "data/x")) + file("y", b"x")),
            None,
        ),
        "content that looks like members": (
            archive(file("data/x", archive(file("../x")))),
            {"x": archive(file("../x"))},
        ),
        "content that looks like an end": (
            archive(file("data/x", END * 3), file("data/y", large)),
            {"x": END * 3, "y": large},
        ),
        "many attributes": (
            archive(pax({f"SCHILY.xattr.user.{number}": "x" * 100 for number in range(5000)}) + file("data/x", b"x")),
            None,
        ),
    }


def _endings() -> dict[str, bytes]:
    good = archive(directory("data"), file("data/x", b"x"))
    return {
        "a record that is filled up": good + bytes(-len(good) % 10_240),
        "a mebibyte of zeros at the end": good + bytes(1 << 20),
        "a few zeros at the end": good + bytes(7),
    }
