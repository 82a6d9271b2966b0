"""Whatever a call to the file system says while an archive is unpacked: one clear error, no tree, nothing beside."""

from __future__ import annotations

import errno
import os
import sys
from pathlib import Path
from typing import Any

import pytest
from support.inject_disk import Call, Strike, at_call
from support.inject_leftovers import assert_nothing_left
from support.inject_unpack import UnpackingOs
from support.leaks import Belongings

import haulage
from archives.place import Place
from archives.unpacking import descriptors, files, unpack
from archives.writers import written_by_python
from haulage.archives.contents import Contents

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the calls are others on Windows")

WAYS: dict[str, dict[str, Any]] = {
    "at once": {},
    # A factory that is made for many downloads hands over small batches.
    "durable, in pieces": {"durable": True, "download_concurrency": 256},
}
ERRORS: dict[int, type[haulage.DownloadError]] = {
    errno.ENOSPC: haulage.StorageFull,
    errno.EIO: haulage.StorageError,
    errno.EACCES: haulage.DestinationError,
    errno.EMFILE: haulage.LocalResourceError,
}
PUBLISHING = "rename new"
# What is in the directory need not be known, and what was flushed before need not be closed well.
HARMLESS = {"scandir directory", "close directory"}


async def download(place: Place, monkeypatch: pytest.MonkeyPatch, way: str, *strikes: Strike) -> tuple[Any, list[str]]:
    """Unpack while something happens; return the error, and the calls by name."""
    place.clear()
    faulty = UnpackingOs(*strikes)
    with monkeypatch.context() as patched:
        faulty.install(patched.setattr)
        try:
            await place.download(**WAYS[way])
        except haulage.DownloadError as caught:
            return caught, [call.name for call in faulty.calls]
    return None, [call.name for call in faulty.calls]


@pytest.mark.parametrize(
    ("way", "number"),
    [
        ("at once", errno.ENOSPC),
        ("at once", errno.EMFILE),
        ("durable, in pieces", errno.EIO),
    ],
    ids=str,
)
@pytest.mark.case("T11", "F06", "F07")
async def test_an_error_of_each_call(place: Place, monkeypatch: pytest.MonkeyPatch, way: str, number: int) -> None:
    """The error has its class and comes at once; the tree is absent or complete, and nothing is beside it."""
    _, names = await download(place, monkeypatch, way)
    assert place.is_there()
    assert names.count("mkdir") == 4
    assert names.count("fsync") == (5 if "durable" in way else 0)
    published = names.index(PUBLISHING)
    # The directories of the tree before it is public, and the one that it is in after that.
    flushed = [names[:published].count("fsync directory"), names[published:].count("fsync directory")]
    assert flushed == ([3, 1] if "durable" in way else [0, 0])
    for order, name in enumerate(names):
        before = Belongings.now()
        nth = names[: order + 1].count(name)
        error, calls = await download(place, monkeypatch, way, at_call(name, nth, number))
        if calls.count(name) < nth:
            continue  # the pieces came in another way, and it took a write less
        try:
            check(place, name, number, error, is_public=PUBLISHING in names[:order])
            await assert_nothing_left(before)
        except AssertionError as failure:
            failure.add_note(f"{name} {nth}: {error!r}, {calls}")
            raise


def check(place: Place, name: str, number: int, error: haulage.DownloadError | None, *, is_public: bool) -> None:
    """Hold an outcome, and what is at the target, against the call that failed."""
    assert place.is_there() == (is_public or name in HARMLESS)
    if name in HARMLESS or (is_public and name != "fsync directory"):
        assert error is None
        if is_public:
            # An empty directory that could not be removed; the next process removes it.
            for path in place.directory.glob(".haulage-*.part"):
                path.rmdir()
    else:
        # That what is there survives a power cut is what cannot be promised when the directory cannot be flushed.
        assert type(error) is ERRORS[number]
        assert isinstance(error, haulage.StorageError)
        assert (error.errno, error.attempts <= 1) == (number, True)
    assert place.beside() == []


def fail_always(call: Call) -> OSError | None:
    """Let no directory be closed without an error."""
    return OSError(errno.EIO, "injected") if call.name == "close directory" else None


@pytest.mark.case("T11", "F08")
def test_directories_that_do_not_close_well(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing was written to them; so that is no error, and none stays open."""
    deep = "/".join(["d"] * 100)
    tree: dict[str, bytes | None] = {deep[:place]: None for place in range(1, len(deep), 2)}
    tree |= {deep: None, f"{deep}/x": b"x", "y": b"y"}
    data, before = written_by_python(tree, "pax"), descriptors()
    with monkeypatch.context() as patched:
        UnpackingOs(fail_always).install(patched.setattr)
        top = unpack([data], tmp_path, Contents())
    assert files(top) == tree
    assert descriptors() == before
    assert os.listdir(tmp_path) == ["tree"]


@pytest.mark.parametrize("call", ["mkdir", "open"])
@pytest.mark.case("T05", "T11")
async def test_a_name_that_is_taken(place: Place, monkeypatch: pytest.MonkeyPatch, call: str) -> None:
    """What the rules took for two names and the file system takes for one is the archive's fault, not the disk's."""
    for nth in (3, 4) if call == "mkdir" else (1, 5):  # of directories, the first two are ours
        error, _ = await download(place, monkeypatch, "at once", at_call(call, nth, errno.EEXIST))
        assert type(error) is haulage.ArchiveUnsafe
        assert "on this file system" in str(error)
        assert list(place.directory.iterdir()) == []


def in_halves(call: Call) -> int | None:
    """Let every write take half of its bytes only, as a disk does that is nearly full."""
    if call.name != "write":
        return None
    descriptor, piece = call.arguments
    return os.write(descriptor, piece[: -(-len(piece) // 2)])


@pytest.mark.case("T11", "F06")
async def test_writes_that_are_cut_short(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """The rest is written, and nothing twice; a disk that fills up meanwhile is as it was."""
    error, calls = await download(place, monkeypatch, "at once", in_halves)
    assert error is None
    assert place.is_there()
    assert calls.count("write") > 30
    error, _ = await download(place, monkeypatch, "at once", at_call("write", 20, errno.ENOSPC), in_halves)
    assert type(error) is haulage.StorageFull
    assert list(place.directory.iterdir()) == []
