"""file: URLs: the same proofs and the same publishing, and no way out of the allowed paths."""

from __future__ import annotations

import asyncio
import hashlib
import os
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

import haulage
from haulage.depot import generated

Check = Callable[[], None]


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A file to be downloaded."""
    path = tmp_path / "source" / "file.bin"
    path.parent.mkdir()
    path.write_bytes(generated(100_000))
    return path


@pytest.mark.parametrize("prefix", ["file://", "file:", "file://localhost", "FILE://", "file://LOCALHOST"])
@pytest.mark.case("D12")
async def test_spellings(source: Path, target: Path, prefix: str) -> None:
    """All ways to write the URL of a local file mean that file."""
    result = await haulage.download(f"{prefix}{source}", target, expected_size=100_000)
    assert target.read_bytes() == generated(100_000)
    assert result.headers is None


@pytest.mark.parametrize(
    "name", ["with space", "naïve 你好", "100%", "a?b", "a#b", "semi;colon", "a+b", "%41", "back\\slash", "new\nline"]
)
@pytest.mark.case("D12")
async def test_percent_encoding(tmp_path: Path, target: Path, name: str) -> None:
    """A name with odd characters is found by its encoded URL."""
    (tmp_path / name).write_bytes(b"odd")
    await haulage.download((tmp_path / name).as_uri(), target)
    assert target.read_bytes() == b"odd"


async def test_bytes_that_are_no_utf_8(tmp_path: Path, target: Path) -> None:
    """A name that is no text is found as well."""
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff")).write_bytes(b"odd")
    await haulage.download(f"{tmp_path.as_uri()}/%FF", target)
    assert target.read_bytes() == b"odd"


@pytest.mark.parametrize("size", [0, 1, 3 << 20])
async def test_sizes_and_digests(tmp_path: Path, target: Path, size: int) -> None:
    """Size and digest of a local file are proved as anywhere."""
    path = tmp_path / "file"
    path.write_bytes(generated(size))
    digest = hashlib.sha256(generated(size)).hexdigest()
    result = await haulage.download(path.as_uri(), target, expected_size=size, expected_digests={"sha256": digest})
    assert result.artifact_attributes == {"size": size, "sha256": digest}
    assert target.read_bytes() == generated(size)


async def test_wrong_digest_and_size(source: Path, target: Path, assert_untouched: Check) -> None:
    """A local file that is not what was expected does not appear at the destination."""
    with pytest.raises(haulage.DigestValidationError):
        await haulage.FileDownloader(source.as_uri(), {"sha256": "0" * 64}, destination=target).run()
    for expected in (0, 99_999, 100_001):
        with pytest.raises(haulage.SizeValidationError):
            await haulage.FileDownloader(source.as_uri(), expected_size=expected, destination=target).run()
    with pytest.raises(haulage.TooLarge):
        await haulage.download(source.as_uri(), target, remote=haulage.Remote(max_size=99_999))
    assert_untouched()


async def test_the_source_is_left_alone(source: Path, target: Path) -> None:
    """The destination is a file of its own: changing it does not change the source."""
    await haulage.download(source.as_uri(), target)
    target.write_bytes(b"changed")
    assert source.read_bytes() == generated(100_000)


async def test_onto_itself(source: Path) -> None:
    """A file downloaded onto itself is still that file."""
    await haulage.download(source.as_uri(), source)
    assert source.read_bytes() == generated(100_000)


async def test_into_a_file_object(source: Path) -> None:
    """A local file goes into a file object like any other."""
    import io

    file = io.BytesIO()
    await haulage.download(source.as_uri(), file)
    assert file.getvalue() == generated(100_000)


@pytest.mark.parametrize(
    "url",
    [
        *("file://otherhost/etc/passwd", "file://127.0.0.1/etc/passwd", "file://user@localhost/etc/passwd"),
        *("file://localhost:80/etc/passwd", "file:relative/path", "file:", "file://", "file:///a%00b", "file:///x?q=1"),
        "http://h/x",
    ],
)
@pytest.mark.case("D12")
async def test_refused_urls(url: str) -> None:
    """A URL that names no file of this machine is refused when the downloader is made."""
    with pytest.raises(haulage.MalformedRequest):
        haulage.FileDownloader(url)


async def test_missing(tmp_path: Path, target: Path, assert_untouched: Check) -> None:
    """A file that is not there is a FileNotFoundError, tried once."""
    with pytest.raises(haulage.FileNotFound) as caught:
        await haulage.download(f"{tmp_path.as_uri()}/missing", target)
    assert isinstance(caught.value, FileNotFoundError)
    assert caught.value.attempts == 1
    assert_untouched()


async def test_directory(tmp_path: Path, target: Path, assert_untouched: Check) -> None:
    """A directory is no file, with or without a slash."""
    for url in (tmp_path.as_uri(), f"{tmp_path.as_uri()}/", "file:///"):
        with pytest.raises(haulage.ReadError):
            await haulage.download(url, target)
    assert_untouched()


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no fifos")
async def test_fifo(tmp_path: Path, target: Path, assert_untouched: Check) -> None:
    """A fifo is refused at once instead of being waited for."""
    os.mkfifo(tmp_path / "fifo")
    async with asyncio.timeout(5):
        with pytest.raises(haulage.ReadError, match="regular"):
            await haulage.download((tmp_path / "fifo").as_uri(), target)
    assert_untouched()


@pytest.mark.skipif(not hasattr(socket, "AF_UNIX"), reason="there are no unix sockets")
async def test_socket_and_device(workplace: Path, tmp_path: Path, target: Path) -> None:
    """A socket and a device are refused."""
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("sock")
        with pytest.raises(haulage.ReadError):
            await haulage.download((workplace / "sock").as_uri(), target)
    with pytest.raises(haulage.ReadError):
        await haulage.download("file:///dev/zero", target)
    assert not target.exists()


@pytest.mark.skipif(not os.path.exists("/proc/self/status"), reason="there is no /proc")
async def test_file_that_says_it_is_empty(target: Path) -> None:
    """A file of /proc, which claims to have no bytes, comes with those it has."""
    await haulage.download("file:///proc/self/status", target)
    assert b"Pid:" in target.read_bytes()


async def test_unreadable(source: Path, target: Path, is_root: bool) -> None:
    """A file that may not be read is an error of the source."""
    if is_root:
        pytest.skip("root may read everything")
    source.chmod(0)
    with pytest.raises(haulage.ReadError):
        await haulage.download(source.as_uri(), target)


# --- allowed paths ---------------------------------------------------------------------------------------------------


@pytest.mark.case("D12")
async def test_allowed(source: Path, target: Path) -> None:
    """What lies below an allowed path is read."""
    for allowed in (source.parent, f"{source.parent}/", source, source.parent.parent, "/"):
        await haulage.download(source.as_uri(), target, remote=haulage.Remote(allowed_paths=(str(allowed),)))
        assert target.read_bytes() == generated(100_000)


@pytest.mark.case("D12")
async def test_not_allowed(source: Path, tmp_path: Path, target: Path, assert_untouched: Check) -> None:
    """What does not is refused, and so is everything when nothing is allowed."""
    (tmp_path / "elsewhere").mkdir()
    for allowed in ((str(tmp_path / "elsewhere"),), (), (str(tmp_path / "missing"),)):
        with pytest.raises(haulage.PolicyError) as caught:
            await haulage.download(source.as_uri(), target, remote=haulage.Remote(allowed_paths=allowed))
        assert isinstance(caught.value, PermissionError)
    assert_untouched()


@pytest.mark.case("D12")
async def test_prefix_look_alike(tmp_path: Path, target: Path) -> None:
    """A directory whose name begins like an allowed one is not allowed."""
    for name in ("import", "import-evil"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "file").write_bytes(b"x")
    remote = haulage.Remote(allowed_paths=(str(tmp_path / "import"),))
    with pytest.raises(haulage.PolicyError):
        await haulage.download((tmp_path / "import-evil" / "file").as_uri(), target, remote=remote)


@pytest.mark.parametrize("way", ["%2e%2e", "..", "%2E.", "x/../.."])
@pytest.mark.case("D12")
async def test_dots_lead_nowhere(source: Path, tmp_path: Path, target: Path, way: str) -> None:
    """Dots in the path, encoded or not, do not lead out."""
    (tmp_path / "allowed" / "x").mkdir(parents=True)
    remote = haulage.Remote(allowed_paths=(str(tmp_path / "allowed"),))
    with pytest.raises(haulage.PolicyError):
        await haulage.download(f"file://{tmp_path}/allowed/{way}/source/file.bin", target, remote=remote)


@pytest.mark.case("D12")
async def test_links_lead_nowhere(source: Path, tmp_path: Path, target: Path) -> None:
    """A link out of the allowed paths is not followed, neither as the file nor on the way to it."""
    allowed = tmp_path / "allowed"
    allowed.mkdir()
    (allowed / "link").symlink_to(source)
    (allowed / "directory").symlink_to(source.parent)
    (allowed / "inside").symlink_to(allowed / "file")
    (allowed / "file").write_bytes(b"inside")
    remote = haulage.Remote(allowed_paths=(str(allowed),))
    for name in ("link", "directory/file.bin"):
        with pytest.raises(haulage.PolicyError):
            await haulage.download((allowed / name).as_uri(), target, remote=remote)
    await haulage.download((allowed / "inside").as_uri(), target, remote=remote)
    assert target.read_bytes() == b"inside"


@pytest.mark.case("D12")
async def test_allowed_path_that_is_a_link(source: Path, tmp_path: Path, target: Path) -> None:
    """An allowed path that is itself a link allows what it leads to."""
    (tmp_path / "link").symlink_to(source.parent)
    remote = haulage.Remote(allowed_paths=(str(tmp_path / "link"),))
    await haulage.download(f"file://{tmp_path}/link/file.bin", target, remote=remote)
    await haulage.download(source.as_uri(), target, remote=remote)


async def test_existence_is_not_told(tmp_path: Path, target: Path) -> None:
    """Outside of the allowed paths a missing file is refused like one that is there."""
    (tmp_path / "allowed").mkdir()
    remote = haulage.Remote(allowed_paths=(str(tmp_path / "allowed"),))
    with pytest.raises(haulage.PolicyError):
        await haulage.download(f"file://{tmp_path}/missing", target, remote=remote)


async def test_cancelled(tmp_path: Path, target: Path, assert_untouched: Check) -> None:
    """A cancelled download of a local file ends promptly and leaves nothing."""
    path = tmp_path / "file"
    path.write_bytes(generated(4 << 20))
    remote = haulage.Remote(max_speed=1_000_000)
    task = asyncio.create_task(haulage.download(path.as_uri(), target, remote=remote))
    await asyncio.sleep(0.1)
    task.cancel()
    async with asyncio.timeout(2):
        await asyncio.wait({task})
    assert task.cancelled()
    assert_untouched()


async def test_many_at_once(tmp_path: Path, workplace: Path) -> None:
    """A hundred local files at once all arrive."""
    for number in range(100):
        (tmp_path / f"source-{number}").write_bytes(generated(number * 100))
    async with haulage.DownloaderFactory() as factory:
        await asyncio.gather(
            *(
                factory.build(f"file://{tmp_path}/source-{number}", destination=workplace / str(number)).run()
                for number in range(100)
            )
        )
    assert all((workplace / str(number)).read_bytes() == generated(number * 100) for number in range(100))
