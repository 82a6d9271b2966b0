"""A full disk is a clear error at once, and leaves the disk as it was."""

from __future__ import annotations

import errno
import os
import resource
import shutil
import signal
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import pytest
from support.raw import Call, RawServer, ok

import haulage
from haulage.depot import Depot, generated

OpenRaw = Callable[..., Awaitable[RawServer]]


@pytest.fixture
def tiny_disk(tmp_path: Path, is_root: bool) -> Iterator[Path]:
    """A file system of one mebibyte."""
    if not (is_root and sys.platform == "linux" and shutil.which("mount")):
        pytest.skip("mounting a small tmpfs needs root on Linux")
    place = tmp_path / "tiny"
    place.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(place)], check=False).returncode:
        pytest.skip("this environment does not let a tmpfs be mounted")
    try:
        yield place
    finally:
        subprocess.run(["umount", "-l", str(place)], check=True)


@pytest.mark.case("S02", "F06")
async def test_announced_size_that_does_not_fit(depot: Depot, tiny_disk: Path) -> None:
    """A body announced as larger than the room there is is refused before it is written, and not retried."""
    (tiny_disk / "file").write_bytes(b"old")
    with pytest.raises(haulage.StorageFull) as caught:
        await haulage.download(f"{depot.url}/_/bytes/{5 << 20}", tiny_disk / "file")
    assert caught.value.errno == errno.ENOSPC
    assert isinstance(caught.value, OSError)
    assert [(path.name, path.read_bytes()) for path in tiny_disk.iterdir()] == [("file", b"old")]
    assert len(depot.requests) == 1


@pytest.mark.case("F06")
async def test_body_that_turns_out_too_large(raw: OpenRaw, tiny_disk: Path) -> None:
    """A body of unknown length that fills the disk is ended promptly, and its bytes are gone."""

    async def endless(call: Call) -> None:
        await call.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        while True:
            await call.send(b"10000\r\n" + bytes(0x10000) + b"\r\n")

    server = await raw(endless)
    with pytest.raises(haulage.StorageFull):
        await haulage.download(server.url, tiny_disk / "file", remote=haulage.Remote(max_retries=3))
    assert list(tiny_disk.iterdir()) == []
    assert shutil.disk_usage(tiny_disk).used == 0
    assert len(server.heads) == 1


@pytest.mark.case("F06")
async def test_small_body_on_a_full_disk(depot: Depot, tiny_disk: Path) -> None:
    """A body below the size for which the room is looked at first fails just as cleanly."""
    filler = tiny_disk / "filler"
    with pytest.raises(OSError, match="No space"), filler.open("wb", buffering=0) as file:
        while True:
            file.write(bytes(4096))
    with pytest.raises(haulage.StorageFull):
        await haulage.download(f"{depot.url}/_/bytes/100000", tiny_disk / "file")
    assert [path.name for path in tiny_disk.iterdir()] == ["filler"]
    filler.unlink()
    await haulage.download(f"{depot.url}/_/bytes/100000", tiny_disk / "file")
    assert (tiny_disk / "file").read_bytes() == generated(100_000)


@pytest.mark.case("F06")
async def test_no_inodes_left(depot: Depot, tmp_path: Path, is_root: bool) -> None:
    """A disk on which no file can be made any more is full, too."""
    if not (is_root and sys.platform == "linux" and shutil.which("mount")):
        pytest.skip("mounting a small tmpfs needs root on Linux")
    place = tmp_path / "crowded"
    place.mkdir()
    options = ["mount", "-t", "tmpfs", "-o", "size=1m,nr_inodes=3", "tmpfs", str(place)]
    if subprocess.run(options, check=False).returncode:
        pytest.skip("this environment does not let a tmpfs be mounted")
    try:
        while True:
            try:
                (place / str(len(os.listdir(place)))).write_bytes(b"")
            except OSError:
                break
        names = os.listdir(place)
        with pytest.raises(haulage.StorageFull):
            await haulage.download(f"{depot.url}/_/bytes/10", place / "file")
        assert os.listdir(place) == names
    finally:
        subprocess.run(["umount", "-l", str(place)], check=True)


@pytest.mark.case("F07")
async def test_file_size_limit(depot: Depot, target: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The process's own limit on the size of files is an error of the disk as well."""
    old_handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, limits[1]))
    try:
        with pytest.raises(haulage.StorageError):
            await haulage.download(f"{depot.url}/_/bytes/{3 << 20}", target)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, old_handler)
    assert list(target.parent.iterdir()) == []


@pytest.mark.case("F06")
async def test_retry_is_not_for_disks(raw: OpenRaw, tiny_disk: Path) -> None:
    """A full disk is not asked again, whatever the budget."""
    server = await raw(ok(bytes(2 << 20)))
    with pytest.raises(haulage.StorageFull) as caught:
        await haulage.download(server.url, tiny_disk / "file", remote=haulage.Remote(max_retries=5))
    assert not caught.value.transient
    assert len(server.heads) == 1


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="there is no /dev/full")
@pytest.mark.case("F06")
async def test_file_object_on_a_full_disk(depot: Depot) -> None:
    """A file object whose disk is full says the same."""
    with open("/dev/full", "wb", buffering=0) as file, pytest.raises(haulage.StorageFull):
        await haulage.download(f"{depot.url}/_/bytes/100000", file)
