"""Who names a file, and what becomes of the one that is there."""

from __future__ import annotations

import asyncio
import os
import pickle
import shutil
import stat
import subprocess
import sys
import tempfile
import threading
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import pytest
from support.raw import Call, RawServer, ok

import haulage
from haulage import NamedByServer, events
from haulage.depot import Depot, generated, generated_digest

OpenRaw = Callable[..., Awaitable[RawServer]]
Check = Callable[[], None]

BODY = b"hello\n"
SIZE = 300_000
DIGEST = {"sha256": generated_digest(SIZE)}


def names(directory: Path) -> list[str]:
    """Return what is in *directory*."""
    return sorted(os.listdir(directory))


def attachment(name: str, body: bytes = BODY) -> bytes:
    """Return an answer that gives its body a name."""
    return ok(body, f"Content-Disposition: {name}")


# --- names by the server ---------------------------------------------------------------------------------------------


@pytest.mark.case("F01")
@pytest.mark.parametrize(
    ("disposition", "name"),
    [
        ('attachment; filename="report.pdf"', "report.pdf"),
        ("attachment; filename=x; filename*=utf-8''%e2%82%ac%20rates.txt", "€ rates.txt"),
        ('attachment; filename="../../escaped"', "escaped"),
        ('attachment; filename="/etc/escaped"', "escaped"),
        (r'attachment; filename="..\\..\\escaped"', "escaped"),
        ("attachment; filename*=utf-8''..%2f..%2fescaped", "escaped"),
        ("attachment; filename=C:escaped", "C_escaped"),
        ("attachment; filename=.bashrc", "bashrc"),
        ("attachment; filename=-rf", "rf"),
        ("attachment; filename=" + "x" * 300 + ".tar.gz", "x" * 248 + ".tar.gz"),
        ("attachment; filename=übung.txt", "übung.txt"),
        ("attachment; filename=..", "file.bin"),
        ("attachment", "file.bin"),
        ("garbage; = ;;", "file.bin"),
    ],
)
async def test_a_server_names_the_file(raw: OpenRaw, workplace: Path, disposition: str, name: str) -> None:
    """What it says becomes one harmless component in the directory that was asked for, or the URL's name is taken."""
    server = await raw(attachment(disposition))
    place = workplace / "one" / "two"
    place.mkdir(parents=True)
    seen: list[events.Event] = []
    downloader = haulage.HttpDownloader(
        f"{server.url}/dir/file.bin?sig=canary", destination=NamedByServer(place), observer=seen.append
    )
    result = await downloader.run()
    assert result.path == downloader.path == str(place / name)
    assert names(place) == [name]
    assert (place / name).read_bytes() == BODY
    assert names(workplace) == ["one"]
    assert names(workplace / "one") == ["two"]
    (told,) = [event for event in seen if isinstance(event, events.Succeeded)]
    assert told.result.path == result.path


@pytest.mark.case("F01")
@pytest.mark.parametrize("kind", ["NUL", "half a character"])
async def test_bytes_that_are_no_text(raw: OpenRaw, workplace: Path, kind: str) -> None:
    """A NUL in a header is against the protocol; bytes that are no UTF-8 are read as ISO-8859-1."""
    said = b"a\0b" if kind == "NUL" else b"\xfcbung"
    server = await raw(ok(BODY, "Content-Disposition: attachment; filename=NAME").replace(b"NAME", said))
    if kind == "NUL":
        with pytest.raises(haulage.ProtocolError):
            await haulage.download(f"{server.url}/x", NamedByServer())
        assert names(workplace) == []
    else:
        await haulage.download(f"{server.url}/x", NamedByServer())
        assert names(workplace) == ["übung"]


@pytest.mark.case("F05")
async def test_a_name_from_the_url_has_no_query(depot: Depot, workplace: Path) -> None:
    """A signature does not become part of a file's name."""
    result = await haulage.download(f"{depot.url}/_/bytes/10?sig=canary", NamedByServer())
    assert result.path == str(workplace / "10")
    assert names(workplace) == ["10"]


@pytest.mark.case("F05")
@pytest.mark.parametrize("target", ["/", "/dir/?sig=canary", "/..%2f?x=y"])
async def test_without_a_name_nothing_is_made_up(raw: OpenRaw, assert_untouched: Check, target: str) -> None:
    """It is an answer that cannot be used, and asking again does not help."""
    server = await raw(ok(BODY))
    with pytest.raises(haulage.UnknownResponse, match="usable file name") as caught:
        await haulage.download(f"{server.url}{target}", NamedByServer(), remote=haulage.Remote(max_retries=3))
    assert "canary" not in str(caught.value)
    assert len(server.heads) == 1
    assert_untouched()


@pytest.mark.case("F01")
async def test_a_redirect_names_nothing(raw: OpenRaw, workplace: Path) -> None:
    """The URL that was asked for names the file, not the one it was sent to; only a header may."""
    moved = ok(b"", "Location: /.wgetrc", status="302 Found").replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")
    server = await raw(moved, ok(BODY))
    result = await haulage.download(f"{server.url}/wanted.txt", NamedByServer(workplace))
    assert server.targets == ["/wanted.txt", "/.wgetrc"]
    assert result.path == str(workplace / "wanted.txt")


@pytest.mark.case("F01")
@pytest.mark.parametrize("destination", ["mine", None])
async def test_the_callers_path_wins(raw: OpenRaw, workplace: Path, destination: str | None) -> None:
    """Without `NamedByServer` the header is not even looked at."""
    server = await raw(attachment("attachment; filename=theirs"))
    result = await haulage.download(f"{server.url}/theirs", destination)
    assert result.path is not None
    assert names(workplace) == [os.path.basename(result.path)]
    assert "theirs" not in names(workplace)[0]


async def test_a_file_url_names_its_file(workplace: Path, tmp_path: Path) -> None:
    """The last part of its path, decoded."""
    source = tmp_path / "source" / "übung 1%.txt"
    source.parent.mkdir()
    source.write_bytes(BODY)
    result = await haulage.download(source.as_uri(), NamedByServer())
    assert result.path == str(workplace / "übung 1%.txt")


async def test_a_downloader_of_ones_own_names_by_its_url(workplace: Path) -> None:
    """Every scheme can be asked for a name."""

    class Hello(haulage.BaseDownloader):
        async def _run(self, extra_data: object = None) -> None:
            await self.handle_data(b"hello")
            await self.finalize()

    await Hello("hello://host/some%20name?x=y", destination=NamedByServer()).run()
    assert names(workplace) == ["some name"]


async def test_the_working_directory_is_the_default(raw: OpenRaw, workplace: Path) -> None:
    """As for a download without a destination."""
    (workplace / "inner").mkdir()
    server = await raw(attachment("attachment; filename=named"))
    await haulage.download(server.url, NamedByServer(), remote=haulage.Remote(working_directory=workplace / "inner"))
    assert names(workplace / "inner") == ["named"]


@pytest.mark.parametrize("directory", ["missing", "file", "a\0b"])
async def test_a_bad_directory_is_refused_before_any_byte(depot: Depot, workplace: Path, directory: str) -> None:
    """The directory does not depend on the server."""
    (workplace / "file").touch()
    with pytest.raises(haulage.DestinationError):
        await haulage.download(f"{depot.url}/_/bytes/10", NamedByServer(directory))
    assert depot.requests == ()


@pytest.mark.case("F01", "F03")
@pytest.mark.parametrize("kind", ["file", "directory", "link"])
async def test_a_named_file_replaces_nothing(raw: OpenRaw, workplace: Path, kind: str) -> None:
    """What has that name stays, and the body is not even read; whatever `if_exists` says by default."""
    read = asyncio.Event()

    async def endless(call: Call) -> None:
        await call.send(b"HTTP/1.1 200 OK\r\nContent-Disposition: attachment; filename=taken\r\n\r\n")
        await call.gone()
        read.set()

    if kind == "file":
        (workplace / "taken").write_bytes(b"old")
    elif kind == "directory":
        (workplace / "taken").mkdir()
    else:
        (workplace / "taken").symlink_to(workplace / "nowhere")
    before = (workplace / "taken").lstat()
    server = await raw(endless)
    with pytest.raises(haulage.DestinationError) as caught:
        await haulage.download(server.url, NamedByServer(), remote=haulage.Remote(max_retries=3))
    await read.wait()
    assert kind == "directory" or isinstance(caught.value, haulage.DestinationExists)
    assert len(server.heads) == 1
    assert os.path.samestat((workplace / "taken").lstat(), before)
    assert names(workplace) == ["taken"]


@pytest.mark.usefixtures("eager")
async def test_each_attempt_has_its_name(raw: OpenRaw, workplace: Path) -> None:
    """A name from an attempt that failed is forgotten."""
    server = await raw(attachment("attachment; filename=first", bytes(100))[:-50], attachment("x; filename=second"))
    result = await haulage.download(server.url, NamedByServer())
    assert result.attempts == 2
    assert names(workplace) == ["second"]


@pytest.mark.case("F03")
async def test_many_for_one_name(raw: OpenRaw, workplace: Path) -> None:
    """One of them gets it, all others are told, and its bytes are whole."""

    async def answer(call: Call) -> None:
        number = int(call.head.split(b"/")[1].split(b" ")[0])
        await call.send(attachment("attachment; filename=same", b"%d" % number))

    server = await raw(answer)
    downloads = [haulage.download(f"{server.url}/{number}", NamedByServer()) for number in range(10)]
    outcomes = await asyncio.gather(*downloads, return_exceptions=True)
    (winner,) = [number for number, outcome in enumerate(outcomes) if isinstance(outcome, haulage.DownloadResult)]
    assert sum(isinstance(outcome, haulage.DestinationExists) for outcome in outcomes) == len(outcomes) - 1
    assert names(workplace) == ["same"]
    assert (workplace / "same").read_bytes() == b"%d" % winner


def test_it_is_plain_data() -> None:
    """Frozen, comparable, picklable."""
    place = NamedByServer("downloads")
    assert pickle.loads(pickle.dumps(place)) == place == NamedByServer("downloads") != NamedByServer()
    with pytest.raises(AttributeError):
        place.directory = "elsewhere"  # type: ignore[misc]


# --- what is there already -------------------------------------------------------------------------------------------


@pytest.mark.case("F03")
@pytest.mark.parametrize("kind", ["file", "link", "dangling link", "directory"])
async def test_fail_leaves_what_is_there(depot: Depot, target: Path, kind: str) -> None:
    """Refused before anything is asked for."""
    elsewhere = target.with_name("elsewhere")
    if kind == "file":
        target.write_bytes(b"old")
    elif kind == "directory":
        target.mkdir()
    else:
        target.symlink_to(elsewhere)
        if kind == "link":
            elsewhere.write_bytes(b"old")
    before = target.lstat()
    with pytest.raises(haulage.DestinationError) as caught:
        await haulage.download(f"{depot.url}/_/bytes/10", target, if_exists="fail")
    if kind != "directory":
        assert isinstance(caught.value, haulage.DestinationExists)
        assert isinstance(caught.value, FileExistsError)
        assert caught.value.filename == str(target)
    assert depot.requests == ()
    assert os.path.samestat(target.lstat(), before)


@pytest.mark.case("F03")
async def test_fail_writes_where_nothing_is(depot: Depot, target: Path) -> None:
    """The file is the same as ever."""
    result = await haulage.download(f"{depot.url}/_/bytes/{SIZE}", target, expected_digests=DIGEST, if_exists="fail")
    assert result.path == str(target)
    assert target.read_bytes() == generated(SIZE)
    assert target.stat().st_nlink == 1
    assert names(target.parent) == [target.name]
    # A new name of ours is never taken either.
    assert (await haulage.download(f"{depot.url}/_/bytes/10", if_exists="fail")).path is not None


@pytest.mark.case("F12")
@pytest.mark.parametrize("mask", [0o022, 0o077, 0o027, 0o000])
@pytest.mark.parametrize("way", ["replace", "fail", "named by the server"])
async def test_umask(depot: Depot, workplace: Path, mask: int, way: str) -> None:
    """A file has the mode any new file has, however it gets its name."""
    old = os.umask(mask)
    try:
        if way == "named by the server":
            await haulage.download(f"{depot.url}/_/bytes/10", NamedByServer())
        else:
            await haulage.download(f"{depot.url}/_/bytes/10", "10", if_exists=way)  # type: ignore[arg-type]
    finally:
        os.umask(old)
    assert stat.S_IMODE((workplace / "10").stat().st_mode) == 0o666 & ~mask


@pytest.mark.case("F03")
async def test_fail_notices_what_came_meanwhile(raw: OpenRaw, target: Path) -> None:
    """A file that appears in mid-download is not replaced, and the error is final."""

    async def slow(call: Call) -> None:
        target.write_bytes(b"theirs")
        await call.send(ok(BODY))

    server = await raw(slow)
    remote = haulage.Remote(max_retries=3)
    with pytest.raises(haulage.DestinationExists):
        await haulage.download(server.url, target, if_exists="fail", remote=remote)
    assert len(server.heads) == 1
    assert target.read_bytes() == b"theirs"
    assert names(target.parent) == [target.name]


@pytest.mark.case("F03")
def test_threads_and_processes_for_one_path(depot: Depot, target: Path) -> None:
    """Who fails if there is something, fails if another one was quicker; exactly one is not."""
    url = f"{depot.url}/_/slow?size=30000&chunk=10000&delay=0.05"
    program = "import sys, haulage; haulage.fetch(sys.argv[1], sys.argv[2], if_exists='fail')"
    processes = [
        subprocess.Popen([sys.executable, "-c", program, f"{url}&seed={seed}", str(target)], stderr=subprocess.PIPE)
        for seed in range(2)
    ]
    outcomes: list[object] = []

    def fetch(seed: int) -> None:
        try:
            outcomes.append(haulage.fetch(f"{url}&seed={seed}", target, if_exists="fail"))
        except haulage.DestinationExists as error:
            outcomes.append(error)

    threads = [threading.Thread(target=fetch, args=(seed,)) for seed in range(2, 6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    said = [process.communicate(timeout=30)[1] for process in processes]
    won = sum(isinstance(outcome, haulage.DownloadResult) for outcome in outcomes)
    assert len(outcomes) == len(threads)
    assert won + sum(process.returncode == 0 for process in processes) == 1
    assert all(
        process.returncode == 0 or b"DestinationExists" in text for process, text in zip(processes, said, strict=True)
    )
    assert target.read_bytes() in [generated(30_000, seed=seed) for seed in range(6)]
    assert names(target.parent) == [target.name]


@pytest.mark.case("F03")
@pytest.mark.parametrize("size", [0, 10, SIZE, 9 << 20])
async def test_verify_asks_for_nothing_where_all_is_well(depot: Depot, target: Path, size: int) -> None:
    """The file that is there is read and proved, not touched, and reported with no attempts."""
    target.write_bytes(generated(size))
    before = target.stat()
    seen: list[events.Event] = []
    digests = {"sha512": generated_digest(size, algorithm="sha512")}
    downloader = haulage.DownloaderFactory().build(
        f"{depot.url}/_/bytes/{size}",
        destination=target,
        expected_digests=digests,
        expected_size=size,
        if_exists="verify",
        observer=seen.append,
    )
    result = await downloader.run()
    assert depot.requests == ()
    assert result.attempts == 0
    assert result.path == downloader.path == str(target)
    assert result.artifact_attributes == {"size": size, "sha256": generated_digest(size), **digests}
    assert downloader.artifact_attributes == result.artifact_attributes
    assert result.proof == "digest"
    assert result.headers is None
    assert [type(event) for event in seen] == [events.Succeeded]
    after = target.stat()
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


@pytest.mark.case("F03")
@pytest.mark.parametrize(
    "kind", ["nothing", "other bytes", "shorter", "longer", "link to the right bytes", "unreadable"]
)
async def test_verify_replaces_everything_else(depot: Depot, target: Path, kind: str, is_root: bool) -> None:
    """One request, and the file is the right one. A link proves nothing and is not followed."""
    right, elsewhere = generated(SIZE), target.with_name("elsewhere")
    if kind == "other bytes":
        target.write_bytes(right[:-1] + b"x")
    elif kind == "shorter":
        target.write_bytes(right[:-1])
    elif kind == "longer":
        target.write_bytes(right + b"x")
    elif kind == "link to the right bytes":
        elsewhere.write_bytes(right)
        target.symlink_to(elsewhere)
    elif kind == "unreadable":
        if is_root:
            pytest.skip("root may read everything")
        target.write_bytes(right)
        target.chmod(0)
    result = await haulage.download(f"{depot.url}/_/bytes/{SIZE}", target, expected_digests=DIGEST, if_exists="verify")
    assert result.attempts == 1
    assert len(depot.requests) == 1
    assert not target.is_symlink()
    assert target.read_bytes() == right


@pytest.mark.case("F03")
async def test_verify_leaves_the_old_file_when_the_new_one_is_wrong(depot: Depot, target: Path) -> None:
    """What is there is not what was wanted, and what came was not either: nothing changes."""
    target.write_bytes(b"old")
    remote = haulage.Remote(max_retries=0)
    url = f"{depot.url}/_/bytes/10"
    with pytest.raises(haulage.DigestValidationError):
        await haulage.download(url, target, expected_digests=DIGEST, if_exists="verify", remote=remote)
    assert target.read_bytes() == b"old"


async def test_verify_needs_the_directory(depot: Depot, workplace: Path) -> None:
    """A missing one is the same clear error as ever."""
    with pytest.raises(haulage.DestinationError, match="no such directory"):
        await haulage.download(
            f"{depot.url}/_/bytes/10", workplace / "missing" / "x", expected_digests=DIGEST, if_exists="verify"
        )
    assert depot.requests == ()


async def test_verify_works_twice_and_while_durable(depot: Depot, target: Path) -> None:
    """The first run brings the file, the second finds it; so does the same downloader run once more."""
    remote = haulage.Remote(durable=True)
    build = haulage.DownloaderFactory(remote).build
    url = f"{depot.url}/_/bytes/{SIZE}"
    downloader = build(url, destination=target, expected_digests=DIGEST, if_exists="verify")
    attempts = [(await downloader.run()).attempts for _ in range(3)]
    assert attempts == [1, 0, 0]
    target.write_bytes(b"spoiled")
    result = await downloader.run()
    assert (result.attempts, result.artifact_attributes) == (1, {"size": SIZE, **DIGEST})
    assert len(depot.requests) == 2


@pytest.mark.parametrize(
    ("destination", "if_exists", "digests"),
    [
        ("x", "verify", None),
        ("x", "verify", {}),
        (None, "verify", DIGEST),
        (NamedByServer(), "verify", DIGEST),
        (NamedByServer(), "keep", None),
        ("x", "skip", DIGEST),
        ("x", None, DIGEST),
        ("x", "", DIGEST),
    ],
)
def test_what_makes_no_sense_is_refused(destination: object, if_exists: object, digests: object) -> None:
    """When the downloader is made, before anything is looked at."""
    with pytest.raises(haulage.MalformedRequest, match="if_exists"):
        haulage.HttpDownloader(
            "http://127.0.0.1:9/x",
            destination=destination,
            if_exists=if_exists,
            expected_digests=digests,
        )


@pytest.mark.parametrize("if_exists", ["fail", "verify"])
def test_a_file_object_is_there_in_any_case(target: Path, if_exists: str) -> None:
    """The question is about paths."""
    with open(target, "wb") as file, pytest.raises(haulage.MalformedRequest, match="if_exists"):
        haulage.HttpDownloader(
            "http://127.0.0.1:9/x",
            destination=file,
            if_exists=if_exists,
            expected_digests=DIGEST,
        )


def test_verify_needs_a_digest_that_is_trusted() -> None:
    """One with known collisions proves nothing about a file that is there, either."""
    with pytest.raises(haulage.UnsupportedDigestValidationError, match="trusted"):
        haulage.HttpDownloader(
            "http://127.0.0.1:9/x", destination="x", if_exists="verify", expected_digests={"md5": "0" * 32}
        )


# --- links and file systems ------------------------------------------------------------------------------------------


@pytest.mark.case("F02")
@pytest.mark.skipif(os.open not in os.supports_dir_fd, reason="names are relative to no descriptor here")
@pytest.mark.parametrize("if_exists", ["replace", "fail"])
async def test_directory_that_becomes_a_link_meanwhile(raw: OpenRaw, workplace: Path, if_exists: str) -> None:
    """The part and the file land where the destination led to in the beginning."""
    place, moved, outside = (workplace / name for name in ("place", "moved", "outside"))
    place.mkdir()
    outside.mkdir()
    (outside / "file").write_bytes(b"precious")
    parts: list[str] = []

    async def swap(call: Call) -> None:
        place.rename(moved)
        place.symlink_to(outside)
        body = generated(3 << 20)
        await call.send(ok(body)[: 2 << 20])
        while not parts:
            parts.extend(names(moved))
            await asyncio.sleep(0.01)
        await call.send(ok(body)[2 << 20 :])

    server = await raw(swap)
    await haulage.download(server.url, place / "file", if_exists=if_exists)  # type: ignore[arg-type]
    assert len(parts) == 1
    assert parts[0].startswith(".haulage-")
    assert (moved / "file").read_bytes() == generated(3 << 20)
    assert names(outside) == ["file"]
    assert (outside / "file").read_bytes() == b"precious"


@pytest.fixture
def two_disks(tmp_path: Path, is_root: bool) -> Iterator[tuple[Path, Path]]:
    """Two file systems."""
    if not (is_root and sys.platform == "linux" and shutil.which("mount")):
        pytest.skip("mounting a small tmpfs needs root on Linux")
    places = (tmp_path / "first", tmp_path / "second")
    mounted = []
    try:
        for place in places:
            place.mkdir()
            if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", str(place)], check=False).returncode:
                pytest.skip("this environment does not let a tmpfs be mounted")
            mounted.append(place)
        yield places
    finally:
        for place in mounted:
            subprocess.run(["umount", "-l", str(place)], check=True)


@pytest.mark.case("F11")
@pytest.mark.parametrize("way", ["path", "link to the directory", "named by the server"])
async def test_the_part_lies_beside_the_target(
    raw: OpenRaw, two_disks: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    """On the target's file system, whatever the current and the temporary directory are: a rename is enough."""
    first, second = two_disks
    assert first.stat().st_dev != second.stat().st_dev
    monkeypatch.chdir(second)
    monkeypatch.setenv("TMPDIR", str(second))
    monkeypatch.setattr(tempfile, "tempdir", None)
    body = generated(3 << 20)
    seen: list[tuple[list[str], list[str]]] = []

    async def look(call: Call) -> None:
        await call.send(ok(body)[: 2 << 20])
        while not names(first):
            await asyncio.sleep(0.01)
        seen.append((names(first), names(second)))
        await call.send(ok(body)[2 << 20 :])

    server = await raw(look)
    beside: list[str] = []
    if way == "path":
        await haulage.download(f"{server.url}/file", first / "file")
    elif way == "named by the server":
        await haulage.download(f"{server.url}/file", NamedByServer(first))
    else:
        (second / "link").symlink_to(first)
        beside = ["link"]
        await haulage.download(f"{server.url}/file", second / "link" / "file")
    ((parts, others),) = seen
    assert len(parts) == 1
    assert parts[0].startswith(".haulage-")
    assert others == beside
    assert names(first) == ["file"]
    assert names(second) == beside
    assert (first / "file").read_bytes() == body
