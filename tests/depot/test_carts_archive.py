"""The tar of a cart, made piece by piece."""

from __future__ import annotations

import functools
import io
import os
import tarfile
import threading
import tracemalloc
from typing import TYPE_CHECKING

import pytest

from haulage.depot import generated
from haulage.depot.answers import Representation
from haulage.depot.carts.archive import PIECE, Archive, Contents
from haulage.depot.carts.members import arrange
from haulage.depot.carts.orders import FORMATS, Wanted
from haulage.depot.carts.staging import open_file

if TYPE_CHECKING:
    from pathlib import Path

MODIFIED = 1_600_000_000
LONG = "/".join(["directory" * 9] * 3) + "/name"


def contents(root: Path, files: dict[str, str], *, kind: str = "pax", top: str = "data") -> Contents:
    """Describe a tar: paths and the ids of their files."""
    members = arrange(Wanted(file_id, path, "", "sha1") for path, file_id in files.items())
    return Contents(members, top, kind, 1_700_000_000.25, functools.partial(open_file, os.path.realpath(root)))


def read(archive: Archive) -> bytes:
    """Read all pieces."""
    return b"".join(iter(archive.read_piece, b""))


@pytest.fixture(autouse=True)
def files(root: Path) -> None:
    """Files of several sizes, all of a known date."""
    for size in (0, 1, 511, 512, 513, 70_000, 3_000_000):
        (root / str(size)).write_bytes(generated(size, size))
        os.utime(root / str(size), (MODIFIED, MODIFIED))


@pytest.mark.parametrize("kind", FORMATS)
def test_tarfile_reads_it(root: Path, kind: str) -> None:
    """In each format the tar has what was ordered, and ends as a tar should."""
    paths = {f"sub {size}/grüße/日本.{size}": str(size) for size in (0, 1, 511, 512, 513, 70_000, 3_000_000)}
    if kind != "ustar":
        paths[LONG] = "1"
    raw = read(Archive(contents(root, paths, kind=kind)))
    assert len(raw) % tarfile.RECORDSIZE == 0
    assert raw.endswith(bytes(2 * tarfile.BLOCKSIZE))
    with tarfile.open(fileobj=io.BytesIO(raw), mode="r:") as archive:
        infos = archive.getmembers()
        assert {info.name for info in infos if info.isfile()} == {f"data/{path}" for path in paths}
        assert infos[0].name == "data"
        for info in infos:
            if info.isfile():
                found = archive.extractfile(info)
                assert found is not None
                assert found.read() == generated(info.size, info.size)
                assert (info.mtime, info.mode, info.uid, info.uname) == (MODIFIED, 0o644, 0, "")
            else:
                assert (info.isdir(), info.mode, int(info.mtime)) == (True, 0o755, 1_700_000_000)
    is_pax = b"path=data/sub 0/gr\xc3\xbc" in raw
    assert is_pax == (kind == "pax")


@pytest.mark.parametrize("count", range(4))
def test_where_a_tar_ends(root: Path, count: int) -> None:
    """Records are filled up, and no more than that: as tarfile itself does it."""
    paths = {f"{number}": "3000000" if number else "512" for number in range(count)}
    mine = contents(root, paths)
    theirs = io.BytesIO()
    with tarfile.open(fileobj=theirs, mode="w", format=tarfile.GNU_FORMAT) as archive:
        for member in mine.members:
            info = tarfile.TarInfo("/".join(("data", *member.parts)))
            info.type = tarfile.REGTYPE if member.file else tarfile.DIRTYPE
            info.mode, info.mtime = (0o644, MODIFIED) if member.file else (0o755, 1_700_000_000)
            info.size = int(member.file.id) if member.file else 0
            archive.addfile(info, io.BytesIO(generated(info.size, info.size)))
    gnu = contents(root, paths, kind="gnu")
    assert read(Archive(gnu)) == theirs.getvalue()


def test_no_room_for_a_name(root: Path) -> None:
    """Only ustar has names that are too long, and says so beforehand."""
    for kind in ("pax", "gnu"):
        contents(root, {LONG: "1"}, kind=kind).check()
    with pytest.raises(ValueError, match="name is too long"):
        contents(root, {LONG: "1"}, kind="ustar").check()
    contents(root, {"short": "1"}, kind="ustar").check()


def test_pieces_are_big(root: Path) -> None:
    """Small files come many at a time, big ones in pieces; none of it is much bigger than a piece."""
    archive = Archive(contents(root, {f"small/{number}": "1" for number in range(5000)} | {"z": "3000000"}))
    sizes = [len(piece) for piece in iter(archive.read_piece, b"")]
    assert all(PIECE <= size < 2 * PIECE + tarfile.BLOCKSIZE for size in sizes[:-1])
    assert archive.read_piece() == b""


def test_four_gibibytes_in_flat_memory(root: Path) -> None:
    """A file of 4 GiB, which costs no disk, is read piece by piece."""
    with (root / "huge").open("wb") as file:
        file.truncate(1 << 32)
    tracemalloc.start()
    try:
        archive = Archive(contents(root, {"huge": "huge"}))
        length = sum(len(archive.read_piece()) for _ in range(300))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
        archive.close()
    assert length >= 300 * PIECE
    assert peak < 8 * PIECE


def test_more_than_a_header_has_digits_for(root: Path) -> None:
    """10 GiB are no trouble for pax and GNU; ustar cannot say it."""
    with (root / "vast").open("wb") as file:
        file.truncate(10 << 30)
    for kind in ("pax", "gnu"):
        archive = Archive(contents(root, {"vast": "vast"}, kind=kind))
        head = archive.read_piece()
        archive.close()
        with tarfile.open(fileobj=io.BytesIO(head), mode="r:") as reader:
            assert [reader.next().size, reader.next().size] == [0, 10 << 30]
    archive = Archive(contents(root, {"vast": "vast"}, kind="ustar"))
    with pytest.raises(ValueError, match="overflow"):
        archive.read_piece()


@pytest.mark.parametrize("change", ["gone", "shorter"])
def test_a_file_that_changes(root: Path, change: str) -> None:
    """A tar that cannot be finished ends with an error and never looks whole."""
    archive = Archive(contents(root, {"a": "3000000", "b": "70000"}))
    archive.read_piece()
    if change == "gone":
        (root / "70000").unlink()
    else:
        os.truncate(root / "3000000", 1_500_000)
    with pytest.raises(OSError, match=r"no such file|has become shorter"):
        read(archive)


async def test_it_can_be_closed_at_any_moment(root: Path) -> None:
    """Its file is closed: at once between two pieces, or by the thread that is in the middle of one."""
    archive = Archive(contents(root, {"a": "3000000"}))
    archive.read_piece()
    archive.close()
    archive.close()
    assert archive.read_piece() == b""
    reading, go_on, closed = threading.Event(), threading.Event(), threading.Event()

    class Slow:
        """A file that takes its time."""

        representation = Representation(3_000_000)

        def read_at(self, start: int, length: int) -> bytes:
            """Wait, and return zeros."""
            reading.set()
            assert go_on.wait(10)
            return bytes(length)

        def close(self) -> None:
            """Say so."""
            closed.set()

    whole = contents(root, {"a": "3000000"})
    archive = Archive(Contents(whole.members, "data", "pax", 0.0, lambda _: Slow()))  # type: ignore[arg-type, return-value]
    thread = threading.Thread(target=archive.read_piece)
    thread.start()
    reading.wait(10)
    archive.close()
    assert not closed.is_set()
    go_on.set()
    thread.join(10)
    assert closed.is_set()
