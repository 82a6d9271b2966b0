"""The factory: which class serves which scheme, and what its downloads share."""

from __future__ import annotations

import asyncio
import importlib
import pickle
import platform
from pathlib import Path
from typing import Any

import aiohttp
import pytest

import haulage
from haulage.depot import Depot, generated


class Hello(haulage.BaseDownloader):
    """Brings a greeting."""

    async def _run(self, extra_data: dict[str, Any] | None = None) -> None:
        await self.handle_data(b"hello\n")
        await self.finalize()


async def test_scheme_chooses_the_class(depot: Depot, tmp_path: Path) -> None:
    """Each scheme has its class, in whatever case it is written."""
    factory = haulage.DownloaderFactory()
    for url in ("http://h/", "https://h/", "HTTP://h/", "hTTps://h/"):
        assert type(factory.build(url)) is haulage.HttpDownloader
    assert type(factory.build(tmp_path.as_uri())) is haulage.FileDownloader
    assert type(factory.build("FILE:///x")) is haulage.FileDownloader


async def test_overrides_replace(depot: Depot) -> None:
    """An override takes the place of a built-in class, for its scheme alone."""

    class Mine(haulage.HttpDownloader):
        pass

    factory = haulage.DownloaderFactory(downloader_overrides={"http": Mine})
    assert type(factory.build("http://h/")) is Mine
    assert type(factory.build("https://h/")) is haulage.HttpDownloader
    await factory.build(f"{depot.url}/_/bytes/10").run()


async def test_overrides_add(target: Path) -> None:
    """An override adds a scheme that was not there, in whatever case it is written."""
    async with haulage.DownloaderFactory(downloader_overrides={"Hello": Hello}) as factory:
        result = await factory.build("hello://world", destination=target, expected_size=6).run()
    assert target.read_bytes() == b"hello\n"
    assert result.headers is None
    assert result.path == str(target)


@pytest.mark.parametrize("kind", [object, "haulage.HttpDownloader", None, lambda url: None])
async def test_overrides_that_are_no_downloaders(kind: object) -> None:
    """An override that cannot build downloaders is refused at once."""
    with pytest.raises(haulage.SettingsError, match="'x'"):
        haulage.DownloaderFactory(downloader_overrides={"x": kind})  # type: ignore[dict-item]


async def test_settings_that_are_none() -> None:
    """Something else in place of a remote is a clear error, and not one of an attribute later."""
    with pytest.raises(haulage.SettingsError, match="Remote"):
        haulage.DownloaderFactory({"max_retries": 3})  # type: ignore[arg-type]


@pytest.mark.parametrize("url", ["gopher://h/", "ftp://h/x", "C:\\x", "urn:isbn:1"])
def test_unknown_scheme(url: str) -> None:
    """A scheme nobody serves is a ValueError that names the schemes there are."""
    with pytest.raises(ValueError, match="file, http, https") as caught:
        haulage.DownloaderFactory().build(url)
    assert isinstance(caught.value, haulage.UnsupportedProtocol)
    assert set(caught.value.known) >= {"http", "https", "file"}


@pytest.mark.parametrize("url", ["no-scheme", "", "//h/x", "/etc/passwd", "://h/", "1http://h/"])
def test_no_scheme(url: str) -> None:
    """What has no scheme at all is refused as a ValueError, too."""
    with pytest.raises(ValueError, match="scheme") as caught:
        haulage.DownloaderFactory().build(url)
    assert isinstance(caught.value, haulage.DownloadError)


@pytest.fixture
def distribution(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A tiny installed distribution that brings downloaders."""
    site = tmp_path / "site-packages"
    info = site / "greetings-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: greetings\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(
        "[haulage.downloaders]\n"
        "greet = greetings_for_tests:Greeting\n"
        "nothing = greetings_for_tests:NOTHING\n"
        "http = greetings_for_tests:Greeting\n"
    )
    (site / "greetings_for_tests.py").write_text(
        "import haulage\n"
        "NOTHING = 1\n"
        "class Greeting(haulage.BaseDownloader):\n"
        "    async def _run(self, extra_data=None):\n"
        "        await self.handle_data(self.url.encode())\n"
        "        await self.finalize()\n"
    )
    monkeypatch.syspath_prepend(str(site))
    importlib.invalidate_caches()
    return site


def test_entry_point(distribution: Path, target: Path) -> None:
    """Another package's entry point adds a scheme, by being installed."""
    result = haulage.fetch("greet://somebody", target)
    assert target.read_bytes() == b"greet://somebody"
    assert result.artifact_attributes["size"] == 16


def test_entry_points_are_named(distribution: Path) -> None:
    """The error for an unknown scheme names those of other packages as well."""
    with pytest.raises(haulage.UnsupportedProtocol, match="greet"):
        haulage.DownloaderFactory().build("gopher://h/")


def test_entry_points_do_not_replace(distribution: Path) -> None:
    """A package cannot take over http by being installed; the caller's override beats an entry point."""
    assert type(haulage.DownloaderFactory().build("http://h/")) is haulage.HttpDownloader
    factory = haulage.DownloaderFactory(downloader_overrides={"greet": Hello})
    assert type(factory.build("greet://x")) is Hello


def test_entry_point_that_is_no_downloader(distribution: Path) -> None:
    """An entry point that leads to something else is a clear error that names it."""
    with pytest.raises(haulage.DownloadError, match="nothing"):
        haulage.DownloaderFactory().build("nothing://x")


async def test_settings_reach_the_downloaders(depot: Depot, tmp_path: Path) -> None:
    """What the remote says is what the built downloaders do."""
    remote = haulage.Remote(
        username="ann", password="pw", headers={"X-A": "a"}, digest_algorithms=("md5",), working_directory=tmp_path
    )
    result = await haulage.DownloaderFactory(remote).build(f"{depot.url}/_/auth/ann/pw").run()
    assert depot.requests[0].header("X-A") == "a"
    assert list(result.artifact_attributes) == ["size", "md5"]
    assert result.path is not None
    assert Path(result.path).parent == tmp_path
    Path(result.path).unlink()


async def test_arguments_of_build(depot: Depot, target: Path) -> None:
    """Keyword arguments go to the class."""
    async with haulage.DownloaderFactory() as factory:
        downloader = factory.build(f"{depot.url}/_/bytes/10", expected_size=10, destination=target, max_retries=0)
        assert (downloader.expected_size, downloader.max_retries) == (10, 0)
        await downloader.run()
        with pytest.raises(TypeError):
            factory.build(f"{depot.url}/_/bytes/10", no_such_argument=1)


async def test_shared_connections(depot: Depot) -> None:
    """All downloads of a factory share its connections: never more than it may have downloads at once."""
    async with haulage.DownloaderFactory(haulage.Remote(download_concurrency=4)) as factory:
        await asyncio.gather(*(factory.build(f"{depot.url}/_/bytes/{number}").run() for number in range(100)))
    assert len(depot.requests) == 100
    assert len({record.peer for record in depot.requests}) <= 4


async def test_connections_are_kept_between_downloads(depot: Depot) -> None:
    """Within ``async with`` a connection outlives its download; afterwards a new one is made."""
    factory = haulage.DownloaderFactory()
    for _ in range(2):
        async with factory:
            for number in range(3):
                await factory.build(f"{depot.url}/_/bytes/{number}").run()
    assert len({record.peer for record in depot.requests}) == 2


async def test_without_a_context(depot: Depot) -> None:
    """Without ``async with`` downloads that run together share, and nothing stays open after the last."""
    factory = haulage.DownloaderFactory(haulage.Remote(download_concurrency=2))
    await asyncio.gather(*(factory.build(f"{depot.url}/_/bytes/{number}").run() for number in range(20)))
    assert len({record.peer for record in depot.requests}) <= 2


async def test_remote_shares_one_session(depot: Depot) -> None:
    """Downloaders of one remote share its connections and its bound."""
    remote = haulage.Remote(download_concurrency=2)
    await asyncio.gather(*(remote.get_downloader(f"{depot.url}/_/bytes/{number}").run() for number in range(20)))
    assert len(depot.requests) == 20
    assert len({record.peer for record in depot.requests}) <= 2


async def test_remote_artifact(depot: Depot, target: Path) -> None:
    """An artifact brings its URL, its size and its digests."""
    import hashlib

    body = generated(1000)
    artifact = haulage.RemoteArtifact(
        url=f"{depot.url}/_/bytes/1000", size=1000, sha256=hashlib.sha256(body).hexdigest()
    )
    remote = haulage.Remote()
    await remote.get_downloader(remote_artifact=artifact, destination=target).run()
    assert target.read_bytes() == body
    wrong = haulage.RemoteArtifact(url=f"{depot.url}/_/bytes/1000", sha512="0" * 128)
    with pytest.raises(haulage.DigestValidationError):
        await haulage.Remote(max_retries=0).get_downloader(remote_artifact=wrong).run()


async def test_get_downloader_wants_one_of_two() -> None:
    """Exactly one of URL and artifact is needed."""
    remote, artifact = haulage.Remote(), haulage.RemoteArtifact(url="http://h/")
    with pytest.raises(ValueError, match="either"):
        remote.get_downloader()
    with pytest.raises(ValueError, match="either"):
        remote.get_downloader("http://h/", artifact)


async def test_get_downloader_with_a_factory(depot: Depot) -> None:
    """A given factory builds, with its own overrides and settings."""
    factory = haulage.DownloaderFactory(downloader_overrides={"http": Hello})
    downloader = haulage.Remote().get_downloader(f"{depot.url}/x", download_factory=factory)
    assert type(downloader) is Hello


async def test_remote_is_plain_data_after_use(depot: Depot) -> None:
    """A remote that was used is still equal to its like, and survives pickling."""
    remote = haulage.Remote(username="ann", max_retries=1)
    await remote.get_downloader(f"{depot.url}/_/bytes/1").run()
    again = pickle.loads(pickle.dumps(remote))
    assert again == remote == haulage.Remote(username="ann", max_retries=1)
    await again.get_downloader(f"{depot.url}/_/bytes/2").run()


def test_user_agent() -> None:
    """The User-Agent names us, our version, Python, the system and aiohttp."""
    agent = haulage.DownloaderFactory.user_agent()
    for part in (f"haulage/{haulage.__version__}", platform.python_version(), platform.system(), aiohttp.__version__):
        assert part in agent


async def test_many_loops(depot: Depot) -> None:
    """One factory serves several loops at once, each with connections of its own."""
    factory = haulage.DownloaderFactory()

    def elsewhere(number: int) -> int:
        return asyncio.run(factory.build(f"{depot.url}/_/bytes/{number}").run()).artifact_attributes["size"]

    async with factory:
        here = factory.build(f"{depot.url}/_/bytes/100").run()
        sizes = await asyncio.gather(here, *(asyncio.to_thread(elsewhere, number) for number in range(4)))
    assert sizes[1:] == [0, 1, 2, 3]


async def test_the_same_downloader_twice_at_once(depot: Depot) -> None:
    """A downloader is for one download at a time; the second call is refused and harms nothing."""
    downloader = haulage.HttpDownloader(f"{depot.url}/_/slow?size=3000&chunk=1000&delay=0.05")
    task = asyncio.create_task(downloader.run())
    while not depot.requests:
        await asyncio.sleep(0.001)
    with pytest.raises(haulage.DownloaderMisuseError):
        await downloader.run()
    assert (await task).artifact_attributes["size"] == 3000
