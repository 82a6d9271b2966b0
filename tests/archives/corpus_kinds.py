"""Members that are neither files nor directories, and sparse files, which are no plain ones."""

from __future__ import annotations

from collections.abc import Iterator

import haulage
from archives.hostile import Hostile, around
from archives.making import BLOCK, GNU, archive, blocks, directory, file, header, long_name, pax

__all__ = ["hostile_kinds"]


def hostile_kinds() -> Iterator[tuple[str, Hostile]]:
    """Yield an archive for each kind of member that must not come."""
    for name, data in {**_links(), **_links_of_links()}.items():
        says = "link in the archive|described as something else|a link with a long name"
        case = "T03" if "hard" in name and "symbolic" in name else "T02"
        error = haulage.ArchiveCorrupt if name in _CORRUPT else haulage.ArchiveUnsafe
        yield name, Hostile(data, error, says, (case,))
    for name, pieces in _specials().items():
        yield name, Hostile(around(pieces), haulage.ArchiveUnsafe, "in the archive", ("T04",))
    for name, pieces in _sparse().items():
        yield name, Hostile(around(pieces), haulage.ArchiveUnsafe, "sparse", ("T06",))


_CORRUPT = {"a file with a linkpath", "a directory with a linkpath"}


def _links() -> dict[str, bytes]:
    def link(to: bytes, kind: bytes = b"2", name: str = "data/link") -> bytes:
        return header(name, kind=kind, link=to)

    far = b"../" * 20 + b"etc/passwd"
    return {
        "a symbolic link out": around(link(b"/etc/passwd")),
        "a symbolic link up": around(link(far)),
        "a symbolic link to a sibling": around(link(b"first")),
        "a symbolic link to itself": around(link(b"link")),
        "a symbolic link to nothing": around(link(b"")),
        "a symbolic link without a name": around(link(b"/etc", name="")),
        "a symbolic link that is written through": around(link(b"/tmp"), file("data/link/x", b"x")),
        "a symbolic link in place of the root": archive(link(b"/tmp", name="data"), file("data/x", b"x")),
        "a symbolic link with a pax linkpath": around(pax({"linkpath": "/etc/passwd"}), link(b"first")),
        "a symbolic link with a pax name": around(pax({"path": "data/link", "linkpath": "/etc"}), link(b"first")),
        "a symbolic link with a long target": around(long_name("/etc/" + "x" * 200, b"K"), link(b"first")),
        "a symbolic link with a long name and target": around(
            long_name("data/" + "n" * 150), long_name("/etc/" + "x" * 200, b"K"), link(b"first")
        ),
        "a symbolic link with content": around(file("data/link", b"content", kind=b"2", link=b"first")),
        "a chain of symbolic links": around(
            *(pax({"linkpath": f"{number + 1:0200}/" * 25}) + link(b"x", name=f"data/{number}") for number in range(60))
        ),
        "a hard link out": around(link(b"/etc/passwd", b"1")),
        "a hard link up": around(link(far, b"1")),
        "a hard link to a sibling": around(link(b"data/first", b"1")),
        "a hard link with content": around(file("data/link", b"content", kind=b"1", link=b"data/first")),
        "a hard link to itself": around(link(b"data/link", b"1")),
        "a file with a linkpath": around(pax({"linkpath": "/etc/passwd"}), file("data/x", b"x")),
        "a directory with a linkpath": around(pax({"linkpath": "/etc"}), directory("data/x")),
        "a target for a file": around(long_name("/etc/passwd", b"K"), file("data/x", b"x")),
    }


def _links_of_links() -> dict[str, bytes]:
    symbolic = header("data/a", kind=b"2", link=b"/etc/passwd")
    hard = header("data/b", kind=b"1", link=b"data/a")
    return {
        "a hard link to a symbolic link": around(symbolic, hard),
        "a hard link to a symbolic link to come": around(hard, symbolic),
        "a hard link to a symbolic link, written through": around(symbolic, hard, file("data/b", b"x")),
        "a hard link through a symbolic link": around(
            header("data/a", kind=b"2", link=b".."), header("data/b", kind=b"1", link=b"data/a/x")
        ),
    }


def _specials() -> dict[str, bytes]:
    kinds = {b"3": "a character device", b"4": "a block device", b"6": "a pipe", b"7": "a contiguous file"}
    found = {name: header("data/x", kind=kind, major=b"0000001\0", minor=b"0000003\0") for kind, name in kinds.items()}
    found["a device that is called a directory"] = header("data/x/", kind=b"3", major=b"0000001\0", minor=b"0000003\0")
    found["a pipe with content"] = file("data/x", b"content", kind=b"6")
    found["a setuid pipe"] = header("data/x", kind=b"6", mode=b"0004777\0")
    for kind in b"89:?ADEIMNVXYZabz\x01 \x80\xff":
        found[f"a member of kind 0x{kind:02X}"] = file("data/x", b"content", kind=bytes([kind]))
    return found


def _sparse() -> dict[str, bytes]:
    spans = b"%011o\0%011o\0" * 4
    old = spans % (0, 512, 1024, 512, 0, 0, 0, 0) + b"\0" + b"%011o\0" % 2048
    more = spans % (0, 512, 1024, 512, 0, 0, 0, 0) + b"\1" + b"%011o\0" % (1 << 40)
    body = blocks(bytes(1024))
    names = {"GNU.sparse.name": "data/x", "GNU.sparse.realsize": "99999999999"}
    return {
        "sparse, as old GNU has it": header("data/x", 1024, kind=b"S", magic=GNU, prefix=bytes(41) + old) + body,
        "sparse, with more spans to come": header("data/x", 1024, kind=b"S", magic=GNU, prefix=bytes(41) + more)
        + bytes(BLOCK)
        + body,
        "sparse in pax 0.0": pax(
            b"22 GNU.sparse.size=10\n26 GNU.sparse.numblocks=1\n23 GNU.sparse.offset=0\n25 GNU.sparse.numbytes=1\n"
        )
        + file("data/x", b"x"),
        "sparse in pax 0.1": pax({"GNU.sparse.map": "0,512,1024,512", "GNU.sparse.size": "2048", **names})
        + file("data/x", bytes(1024)),
        "sparse in pax 1.0": pax({"GNU.sparse.major": "1", "GNU.sparse.minor": "0", **names})
        + file("data/x", b"1\n0\n512\n" + bytes(1016)),
        "another name in pax 1.0": pax({"GNU.sparse.name": "../../x"}) + file("data/x", b"x"),
        "sparse for all": pax({"GNU.sparse.major": "1", "GNU.sparse.minor": "0"}, b"g") + file("data/x", b"x"),
        "the size of a sparse file alone": pax({"GNU.sparse.realsize": "1099511627776"}) + file("data/x", b"x"),
    }
