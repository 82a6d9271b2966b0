"""Large archives cost time in proportion, and neither memory nor descriptors."""

from __future__ import annotations

import hashlib
import itertools
import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.raw import Call, RawServer

import haulage
from archives.making import END, archive, directory, file, header, pax
from archives.unpacking import descriptors, prove, unpack
from haulage.archives.contents import Contents
from haulage.cart import CartDownloader, CartFile, Manifest

MIB, GIB = 1 << 20, 1 << 30
BOUND = 32 * MIB  # by which memory may grow
STATM = "/proc/self/statm"

linux_only = pytest.mark.skipif(not os.path.exists(STATM), reason="this system does not say what memory is used")


def resident() -> int:
    """Return the bytes of memory that this process uses."""
    with open(STATM, "rb") as statm:
        return int(statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def zeros(size: int, *, binary: bool = False) -> Iterator[bytes]:
    """Yield an archive with one file of *size* zeros, a mebibyte at a time."""
    field = b"\x80" + size.to_bytes(11, "big") if binary else size
    yield directory("data") + header("data/zeros", field)
    piece = bytes(MIB)
    for _ in range(size // MIB):
        yield piece
    yield END


def watched(pieces: Iterator[bytes], seen: list[int]) -> Iterator[bytes]:
    """Hand *pieces* on and note the memory that is used at each."""
    for piece in pieces:
        yield piece
        seen.append(resident())


@linux_only
@pytest.mark.case("T07")
def test_four_gibibytes() -> None:
    """A file of 4 GiB passes the reader; memory stays as it was."""
    seen = [resident()]
    proved = prove(watched(zeros(4 * GIB), seen), Contents())
    assert [(member.name, member.size) for member in proved.members] == [("zeros", 4 * GIB)]
    assert max(seen) - seen[0] < BOUND


@pytest.mark.case("T07")
def test_more_than_digits_can_say() -> None:
    """Of 10 GiB, the header says nothing and pax all, or the header says it in base 256."""
    size = 10 * GIB
    for pieces in (zeros(size, binary=True), _with_pax(size)):
        contents = Contents()
        for piece in itertools.islice(pieces, 20):
            for _ in contents.feed(piece):
                pass
        with pytest.raises(haulage.ArchiveIncomplete):
            contents.close()
        assert contents._left == size - 19 * MIB


def _with_pax(size: int) -> Iterator[bytes]:
    yield directory("data") + pax({"size": str(size)}) + header("data/zeros", 0)
    yield from itertools.islice(zeros(size, binary=True), 1, None)


@linux_only
@pytest.mark.case("T07", "T10")
async def test_a_quarter_of_a_gibibyte_all_the_way(workplace: Path) -> None:
    """From the socket to the disk, hashed while it is written; memory stays as it was."""
    size, seen = 256 * MIB, [resident()]
    digest = hashlib.sha1()
    for _ in range(size // MIB):
        digest.update(bytes(MIB))
    manifest = Manifest([CartFile(1, "zeros", digest.hexdigest(), "sha1")])

    async def serve(call: Call) -> None:
        if call.head.startswith(b"HEAD"):
            await call.send(b"HTTP/1.1 204 No Content\r\nX-Pacifica-Status: ready\r\nX-Pacifica-Message:\r\n\r\n")
            return
        await call.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        for piece in watched(zeros(size), seen):
            await call.send(b"%x\r\n" % len(piece), piece, b"\r\n")
        await call.send(b"0\r\n\r\n")

    async with RawServer(serve) as server:
        url = f"cart{server.url.removeprefix('http')}/uuid?filename=data"
        result = await CartDownloader(url, destination=workplace, manifest=manifest).run()
    assert (workplace / "data" / "zeros").stat().st_size == size
    assert result.proof == "digest"
    assert max(seen) - seen[0] < BOUND


@pytest.mark.case("T07")
def test_many_members() -> None:
    """A member costs as much among thousands as among hundreds, whether they lie in one directory or in many."""
    for make in (lambda number: f"data/{number}", lambda number: f"data/{number % 500}/d/{number}"):
        spent = []
        for count in (500, 5000):
            data = archive(*(file(make(number)) for number in range(count)))
            started = time.process_time()
            proved = prove([data], Contents())
            spent.append((time.process_time() - started) / count)
            assert len(proved.members) == count
        assert spent[1] < 3 * spent[0] + 1e-4


@linux_only
@pytest.mark.case("T07", "F08")
def test_few_descriptors(tmp_path: Path) -> None:
    """However deep and wide a tree is, only a few of its directories are open at a time."""
    names = [f"data/{'d/' * depth}{name}" for depth in range(125) for name in "abc"]
    names += [f"data/{number}/{'e/' * 20}x" for number in range(50)]
    data = archive(*(pax({"path": name}) + file("data/x") for name in names))
    before, seen = descriptors(), [0]

    def pieces() -> Iterator[bytes]:
        for place in range(0, len(data), 512):
            yield data[place : place + 512]
            seen.append(len(descriptors()))

    unpack(pieces(), tmp_path, Contents())
    assert max(seen) <= len(before) + 32 + 3  # the directory, what is private in it, and a file
    assert descriptors() == before
