"""Where the bytes go: atomically to a path, or into a file object that stays the caller's."""

from __future__ import annotations

import asyncio
import io
import os
import stat
import threading
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from support.raw import Call, RawServer, ok

import haulage
from haulage.depot import Depot, generated

OpenRaw = Callable[..., Awaitable[RawServer]]
Check = Callable[[], None]

BODY = b"hello\n"
SIZES = [0, 1, 70_000, 3 << 20]


async def test_none_is_a_new_file_in_the_current_directory(depot: Depot, workplace: Path) -> None:
    """Without a destination each download makes a file of its own, whose path is in the result."""
    results = [await haulage.HttpDownloader(f"{depot.url}/_/bytes/10").run() for _ in range(3)]
    paths = {result.path for result in results}
    assert len(paths) == 3
    assert {str(path) for path in workplace.iterdir()} == paths
    assert all(path is not None and os.path.isabs(path) and os.path.getsize(path) == 10 for path in paths)


async def test_none_is_a_new_file_in_the_working_directory(depot: Depot, tmp_path: Path, workplace: Path) -> None:
    """The remote names the directory for files without a destination, and it is absolute in the result."""
    (workplace / "inner").mkdir()
    for directory in (tmp_path, "inner"):
        result = await haulage.download(f"{depot.url}/_/bytes/10", remote=haulage.Remote(working_directory=directory))
        assert result.path is not None
        assert os.path.dirname(result.path) == os.path.abspath(directory)


async def test_the_current_directory_is_that_of_the_call(
    depot: Depot, workplace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The current directory counts when the download runs, not when the factory was made."""
    (workplace / "later").mkdir()
    async with haulage.DownloaderFactory() as factory:
        first = await factory.build(f"{depot.url}/_/bytes/10").run()
        monkeypatch.chdir("later")
        second = await factory.build(f"{depot.url}/_/bytes/10", destination="named").run()
    assert first.path is not None
    assert os.path.dirname(first.path) == str(workplace)
    assert second.path == str(workplace / "later" / "named")


@pytest.mark.parametrize("make", [str, Path, os.path.relpath, lambda path: f"{path.parent}/./{path.name}"])
async def test_spellings_of_a_path(depot: Depot, target: Path, make: Callable[[Path], object]) -> None:
    """A path may be text or a PathLike, absolute or not."""
    result = await haulage.download(f"{depot.url}/_/bytes/10", make(target))  # type: ignore[arg-type]
    assert result.path == str(target)
    assert target.read_bytes() == generated(10)


async def test_odd_names(depot: Depot, workplace: Path) -> None:
    """Names are taken as they are: spaces, Unicode, leading dots and dashes, bytes that are no UTF-8."""
    names = ["with space", "naïve 你好 😀", ".hidden", "-rf", "a%2fb", "a\\b", "new\nline", os.fsdecode(b"\xff\xfe")]
    for name in names:
        await haulage.download(f"{depot.url}/_/bytes/10", workplace / name)
    assert sorted(os.listdir(workplace)) == sorted(names)


@pytest.mark.parametrize("size", SIZES)
async def test_old_content_is_replaced(depot: Depot, target: Path, size: int) -> None:
    """A longer old file is replaced whole."""
    target.write_bytes(bytes(5 << 20))
    await haulage.download(f"{depot.url}/_/bytes/{size}", target)
    assert target.read_bytes() == generated(size)


@pytest.mark.case("F09")
async def test_old_content_is_there_until_the_new_is_proved(raw: OpenRaw, target: Path) -> None:
    """While the new bytes arrive, readers of the path see the old ones; who has the old file open keeps it."""
    target.write_bytes(b"old")
    seen: list[bytes] = []

    async def watched(call: Call) -> None:
        await call.send(b"HTTP/1.1 200 OK\r\nContent-Length: 4194304\r\n\r\n", generated(3 << 20))
        seen.append(target.read_bytes())
        await call.send(generated(4 << 20)[3 << 20 :])

    server = await raw(watched)
    with target.open("rb") as reader:
        await haulage.download(server.url, target)
        assert reader.read() == b"old"
    assert seen == [b"old"]
    assert target.read_bytes() == generated(4 << 20)


@pytest.mark.case("F02")
async def test_symbolic_link_is_replaced(depot: Depot, workplace: Path) -> None:
    """A link at the destination is replaced by the file; what it led to is untouched."""
    precious, link = workplace / "precious", workplace / "link"
    precious.write_bytes(b"precious")
    link.symlink_to(precious)
    await haulage.download(f"{depot.url}/_/bytes/10", link)
    assert precious.read_bytes() == b"precious"
    assert not link.is_symlink()
    assert link.read_bytes() == generated(10)


@pytest.mark.case("F02")
async def test_dangling_link_is_replaced(depot: Depot, workplace: Path) -> None:
    """A link to nowhere does not make a file there."""
    link = workplace / "link"
    link.symlink_to(workplace / "nowhere")
    await haulage.download(f"{depot.url}/_/bytes/10", link)
    assert sorted(path.name for path in workplace.iterdir()) == ["link"]
    assert not link.is_symlink()


@pytest.mark.case("F02")
async def test_link_to_a_directory(depot: Depot, workplace: Path) -> None:
    """A link to a directory is a link: replaced or refused, and never written through."""
    inner, link = workplace / "inner", workplace / "link"
    inner.mkdir()
    link.symlink_to(inner)
    try:
        await haulage.download(f"{depot.url}/_/bytes/10", link)
    except haulage.DestinationError:
        assert link.is_symlink()
    else:
        assert link.is_file()
        assert not link.is_symlink()
    assert list(inner.iterdir()) == []


async def test_hard_link_is_broken(depot: Depot, workplace: Path) -> None:
    """Another name of the old file keeps the old content."""
    one, other = workplace / "one", workplace / "other"
    one.write_bytes(b"old")
    os.link(one, other)
    await haulage.download(f"{depot.url}/_/bytes/10", one)
    assert other.read_bytes() == b"old"


async def test_directory(depot: Depot, workplace: Path) -> None:
    """A destination that is a directory is refused before any byte moves."""
    inner = workplace / "inner"
    inner.mkdir()
    for destination in (inner, f"{inner}/", ".", "..", "/", ""):
        with pytest.raises(haulage.DestinationError) as caught:
            await haulage.download(f"{depot.url}/_/bytes/10", destination)
        assert isinstance(caught.value, OSError)
        assert isinstance(caught.value, ValueError)
    assert depot.requests == ()
    assert list(inner.iterdir()) == []


async def test_directory_made_meanwhile(raw: OpenRaw, target: Path) -> None:
    """A directory that appears at the destination during the download is not harmed."""

    async def slow(call: Call) -> None:
        target.mkdir()
        (target / "content").write_bytes(b"x")
        await call.send(ok(BODY))

    server = await raw(slow)
    with pytest.raises(haulage.StorageError):
        await haulage.download(server.url, target)
    assert (target / "content").read_bytes() == b"x"
    assert [path.name for path in target.parent.iterdir()] == [target.name]


async def test_missing_directory(depot: Depot, workplace: Path) -> None:
    """A destination in a missing directory is refused before any byte moves, and nothing is made."""
    with pytest.raises(haulage.DestinationError, match="no such directory"):
        await haulage.download(f"{depot.url}/_/bytes/10", workplace / "missing" / "file")
    assert depot.requests == ()
    assert list(workplace.iterdir()) == []


async def test_file_as_a_directory(depot: Depot, workplace: Path) -> None:
    """A destination below a file is refused before any byte moves."""
    (workplace / "file").write_bytes(b"x")
    with pytest.raises(haulage.DestinationError):
        await haulage.download(f"{depot.url}/_/bytes/10", workplace / "file" / "below")
    assert depot.requests == ()


async def test_missing_working_directory(depot: Depot, workplace: Path) -> None:
    """A working directory that is not there is refused before any byte moves."""
    with pytest.raises(haulage.DestinationError):
        await haulage.download(
            f"{depot.url}/_/bytes/10", remote=haulage.Remote(working_directory=workplace / "missing")
        )
    assert depot.requests == ()


async def test_unwritable_directory(depot: Depot, workplace: Path, is_root: bool) -> None:
    """A directory that may not be written to is refused before any byte moves."""
    if is_root:
        pytest.skip("root may write everywhere")
    inner = workplace / "inner"
    inner.mkdir(mode=0o555)
    with pytest.raises(haulage.DestinationError, match="permission denied"):
        await haulage.download(f"{depot.url}/_/bytes/10", inner / "file")
    assert depot.requests == ()


@pytest.mark.skipif(not os.path.isdir("/proc/self"), reason="there is no /proc")
async def test_file_system_that_takes_no_files(depot: Depot) -> None:
    """A directory in which no file can be made is one clear error, for root as well."""
    with pytest.raises(haulage.StorageError) as caught:
        await haulage.download(f"{depot.url}/_/bytes/10", "/proc/self/haulage-test")
    assert caught.value.errno is not None or isinstance(caught.value, haulage.DestinationError)


async def test_directory_that_is_removed_meanwhile(raw: OpenRaw, workplace: Path) -> None:
    """A directory removed in mid-download is an error of the disk, not of the server."""
    inner = workplace / "inner"
    inner.mkdir()

    async def slow(call: Call) -> None:
        inner.rmdir()
        await call.send(ok(BODY))

    server = await raw(slow)
    with pytest.raises(haulage.StorageError):
        await haulage.download(server.url, inner / "file", remote=haulage.Remote(max_retries=3))
    assert len(server.heads) == 1


@pytest.mark.parametrize("name", ["a\0b", "x" * 300])
async def test_impossible_names(depot: Depot, workplace: Path, name: str) -> None:
    """A name no file can have is one clear error, and leaves nothing."""
    with pytest.raises(haulage.StorageError):
        await haulage.download(f"{depot.url}/_/bytes/10", workplace / name)
    assert list(workplace.iterdir()) == []


async def test_longest_name(depot: Depot, workplace: Path) -> None:
    """A name as long as names may be works: the part beside it has a short name of its own."""
    name = "x" * 255
    await haulage.download(f"{depot.url}/_/bytes/10", workplace / name)
    assert [path.name for path in workplace.iterdir()] == [name]


@pytest.mark.parametrize("mask", [0o022, 0o077, 0o027, 0o000])
@pytest.mark.case("F12")
async def test_umask(depot: Depot, workplace: Path, mask: int) -> None:
    """A new file has the mode any new file has, with and without a name given."""
    old = os.umask(mask)
    try:
        result = await haulage.HttpDownloader(f"{depot.url}/_/bytes/10").run()
        await haulage.download(f"{depot.url}/_/bytes/10", workplace / "named")
    finally:
        os.umask(old)
    assert result.path is not None
    for path in (result.path, "named"):
        assert stat.S_IMODE(os.stat(path).st_mode) == 0o666 & ~mask


@pytest.mark.case("F10")
async def test_durable(depot: Depot, target: Path) -> None:
    """A durable download is the same download."""
    await haulage.download(f"{depot.url}/_/bytes/100000", target, remote=haulage.Remote(durable=True))
    assert target.read_bytes() == generated(100_000)


@pytest.mark.case("F04")
async def test_two_downloads_to_one_path(depot: Depot, target: Path) -> None:
    """Two downloads to one path at once leave one whole file."""
    size = 3 << 20
    await asyncio.gather(*(haulage.download(f"{depot.url}/_/bytes/{size}?seed={seed}", target) for seed in range(4)))
    assert target.read_bytes() in [generated(size, seed=seed) for seed in range(4)]
    assert [path.name for path in target.parent.iterdir()] == [target.name]


# --- file objects ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", SIZES)
async def test_bytes_io(depot: Depot, assert_untouched: Check, size: int) -> None:
    """An object in memory is written to from where it stands, and stays open."""
    file = io.BytesIO()
    file.write(b"before:")
    result = await haulage.download(f"{depot.url}/_/bytes/{size}", file, expected_size=size)
    assert file.getvalue() == b"before:" + generated(size)
    assert result.path is None
    assert_untouched()


@pytest.mark.parametrize("buffering", [-1, 0])
async def test_real_file(depot: Depot, target: Path, buffering: int) -> None:
    """A file of the caller's is written to, flushed, and stays open."""
    with open(target, "wb", buffering=buffering) as file:
        await haulage.download(f"{depot.url}/_/bytes/70000", file)
        assert not file.closed
        assert target.read_bytes() == generated(70_000)


async def test_pipe(depot: Depot) -> None:
    """A pipe gets all bytes, however slowly it is read, and the loop is not held up by it."""
    size = 3 << 20
    reading, writing = os.pipe()
    got: list[bytes] = []

    def read() -> None:
        with open(reading, "rb") as file:
            got.append(file.read())

    reader = threading.Thread(target=read)
    with open(writing, "wb") as file:
        task = asyncio.create_task(haulage.download(f"{depot.url}/_/bytes/{size}", file))
        # Nobody reads yet: the pipe is full long before the body is over.
        done, _ = await asyncio.wait({task}, timeout=0.2)
        assert not done
        reader.start()
        await task
    await asyncio.to_thread(reader.join)
    assert got == [generated(size)]


async def test_closed_pipe(depot: Depot) -> None:
    """A pipe nobody reads any more is an error of the destination, not of the network."""
    reading, writing = os.pipe()
    os.close(reading)
    with open(writing, "wb", buffering=0) as file, pytest.raises(haulage.StorageError):
        await haulage.download(f"{depot.url}/_/bytes/100000", file, remote=haulage.Remote(max_retries=3))
    assert len(depot.requests) == 1


async def test_own_class(depot: Depot) -> None:
    """Whatever has a write method for bytes will do."""

    class Sponge:
        def __init__(self) -> None:
            self.soaked = b""

        def write(self, data: bytes) -> int:
            self.soaked += data
            return len(data)

    sponge = Sponge()
    await haulage.download(f"{depot.url}/_/bytes/70000", sponge)  # type: ignore[arg-type]
    assert sponge.soaked == generated(70_000)


async def test_file_object_that_raises(depot: Depot) -> None:
    """What the caller's object raises is an error of the destination, never retried."""

    class Broken(io.RawIOBase):
        def writable(self) -> bool:
            return True

        def write(self, data: object) -> int:
            msg = "broken"
            raise ZeroDivisionError(msg)

    with pytest.raises(haulage.StorageError, match="ZeroDivisionError"):
        await haulage.download(f"{depot.url}/_/bytes/10", Broken(), remote=haulage.Remote(max_retries=3))  # type: ignore[arg-type]
    assert len(depot.requests) == 1


@pytest.mark.parametrize("size", SIZES)
async def test_file_object_is_never_closed_by_failure(depot: Depot, target: Path, size: int) -> None:
    """After a refusal the file object is open, and as it was where that is possible."""
    with open(target, "wb") as file:
        file.write(b"before:")
        with pytest.raises(haulage.DigestValidationError):
            await haulage.HttpDownloader(
                f"{depot.url}/_/bytes/{size}", expected_digests={"sha256": "0" * 64}, destination=file
            ).run()
        assert not file.closed
        file.write(b"after")
    assert target.read_bytes() == b"before:after"


@pytest.mark.usefixtures("eager")
async def test_seekable_file_object_is_retried(raw: OpenRaw) -> None:
    """Where a file object can be wound back, a cut attempt is followed by a fresh one."""
    whole = ok(generated(2 << 20))
    file = io.BytesIO(b"old old old")
    file.seek(4)
    server = await raw(whole[: 3 << 19], whole)
    result = await haulage.HttpDownloader(server.url, destination=file, max_retries=1).run()
    assert result.attempts == 2
    assert file.getvalue() == b"old " + generated(2 << 20)


@pytest.mark.usefixtures("eager")
async def test_pipe_is_not_retried_once_written_to(raw: OpenRaw) -> None:
    """What has gone into a pipe cannot be taken back: no second attempt mixes its bytes in."""
    body = generated(4 << 20)
    reading, writing = os.pipe()
    flowing, loop = asyncio.Event(), asyncio.get_running_loop()
    got: list[bytes] = []

    def read() -> None:
        with open(reading, "rb", buffering=0) as file:
            while piece := file.read(1 << 20):
                got.append(piece)
                loop.call_soon_threadsafe(flowing.set)

    async def cut(call: Call) -> None:
        await call.send(ok(body)[: 3 << 20])
        # The connection breaks when bytes have gone through the pipe, and not before.
        await flowing.wait()
        call.reset()

    reader = threading.Thread(target=read)
    reader.start()
    server = await raw(cut, ok(body))
    with open(writing, "wb", buffering=0) as file, pytest.raises(haulage.NetworkError):
        await haulage.HttpDownloader(server.url, destination=file, max_retries=1).run()
    await asyncio.to_thread(reader.join)
    assert len(server.heads) == 1
    assert body.startswith(b"".join(got))


@pytest.mark.usefixtures("eager")
async def test_pipe_is_retried_before_it_is_written_to(raw: OpenRaw) -> None:
    """A failure before the first byte may be followed by another attempt, pipe or not."""
    reading, writing = os.pipe()
    server = await raw(ok(b"", "Connection: close", status="503 Busy"), ok(BODY))
    with open(writing, "wb", buffering=0) as file:
        await haulage.HttpDownloader(server.url, destination=file, max_retries=1).run()
    with open(reading, "rb") as file:
        assert file.read() == BODY


@pytest.mark.parametrize("kind", ["text", "string", "read-only", "closed", "number", "no file"])
async def test_unfit_file_objects(depot: Depot, target: Path, kind: str) -> None:
    """A file object that cannot take bytes is refused when the downloader is made."""
    target.write_bytes(b"old")
    closed = io.BytesIO()
    closed.close()
    with open(target, "a") as text, open(target, "rb") as read_only:
        unfit = {
            "text": text,
            "string": io.StringIO(),
            "read-only": read_only,
            "closed": closed,
            "number": 5,
            "no file": object(),
        }
        with pytest.raises(haulage.DestinationError):
            haulage.HttpDownloader(f"{depot.url}/_/bytes/10", destination=unfit[kind])  # type: ignore[arg-type]
    assert target.read_bytes() == b"old"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
async def test_a_pipe_is_not_replaced(depot: Depot, workplace: Path) -> None:
    """A named pipe, like a device or a socket, is refused before any byte moves, and stays what it is."""
    pipe = workplace / "pipe"
    os.mkfifo(pipe)
    with pytest.raises(haulage.DestinationError, match="not a regular file"):
        await haulage.download(f"{depot.url}/_/bytes/10", pipe)
    assert pipe.is_fifo()
    assert not depot.requests
