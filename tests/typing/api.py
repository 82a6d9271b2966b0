"""The public API as a type checker sees it. This file is checked, not run."""

from __future__ import annotations

import asyncio
import io
import pathlib
from collections.abc import Mapping
from typing import Any, Literal, assert_type

import haulage
from haulage import (
    BaseDownloader,
    DigestValidationError,
    DownloaderFactory,
    DownloadError,
    DownloadResult,
    FileDownloader,
    HttpDownloader,
    HttpStatusError,
    NamedByServer,
    Remote,
    RemoteArtifact,
    SizeValidationError,
    events,
    fetch,
)

remote = Remote(
    url="https://user:password@host/",
    headers=[{"X-A": "1"}],
    ca_cert=pathlib.Path("ca.pem"),
    download_concurrency=4,
    max_speed=1 << 20,
    total_timeout=60,
    sock_read_timeout=float("inf"),
    digest_algorithms=("sha256", "sha512"),
    allowed_paths=("/srv",),
    durable=True,
)
assert_type(remote.url, str | None)
assert_type(remote.max_retries, int)
assert_type(remote.download_factory, DownloaderFactory)
assert_type(remote.get_downloader("https://host/a"), BaseDownloader)

artifact = RemoteArtifact(url="https://host/a", size=5, sha256="ab" * 32)
assert_type(artifact.expected_digests, dict[str, str])
assert_type(remote.get_downloader(remote_artifact=artifact, destination="a"), BaseDownloader)


async def coroutines() -> None:
    """The asynchronous ways in."""
    result = await haulage.download("https://host/a", "a", expected_digests={"sha256": "ab" * 32}, expected_size=5)
    assert_type(result, DownloadResult)
    url, attributes, path, headers = result
    assert_type(url, str)
    assert_type(attributes, dict[str, Any])
    assert_type(path, str | None)
    assert_type(headers, Mapping[str, str] | None)
    assert_type(result.attempts, int)
    assert_type(result.seconds, float)
    await haulage.download("https://host/a", pathlib.Path("a"), remote=remote)
    await haulage.download("https://host/a", io.BytesIO())
    async with DownloaderFactory(remote, {"hello": HelloDownloader}) as factory:
        assert_type(factory, DownloaderFactory)
        downloader = factory.build("https://host/a", expected_size=5)
        assert_type(downloader, BaseDownloader)
        assert_type(await downloader.run(extra_data={"disable_retry_list": (HttpStatusError,)}), DownloadResult)
        assert_type(downloader.artifact_attributes, dict[str, Any])


def synchronous() -> None:
    """The synchronous ways in."""
    assert_type(haulage.fetch("file:///a"), DownloadResult)
    with DownloaderFactory() as factory:
        assert_type(factory.build("https://host/a").fetch(), DownloadResult)
    assert_type(FileDownloader("file:///a", expected_digests={"sha256": "ab"}).fetch(), DownloadResult)
    assert_type(DownloaderFactory.user_agent(), str)


async def ready(headers: Mapping[str, str]) -> None:
    """Look at the headers before the body."""
    assert_type(headers["ETag"], str)


HttpDownloader(
    "https://host/a",
    auth=("user", "password"),
    proxy="http://proxy:3128",
    headers={"X-A": "1"},
    headers_ready_callback=ready,
    semaphore=asyncio.Semaphore(1),
    max_retries=3,
)


HttpDownloader("https://host/a", destination=NamedByServer("directory"), if_exists="fail")
assert_type(fetch("https://host/a", "file", if_exists="verify").proof, Literal["digest", "size", "framing"] | None)


class HelloDownloader(BaseDownloader):
    """A downloader for another scheme."""

    async def _run(self, extra_data: dict[str, Any] | None = None) -> DownloadResult | None:
        await self.handle_data(b"hello")
        await self.finalize()
        return None


class PatientDownloader(HttpDownloader):
    """A downloader that replaces run."""

    async def run(self, extra_data: dict[str, Any] | None = None) -> DownloadResult:
        return await super().run(extra_data)


def watch(event: events.Event) -> None:
    """Read events, as an observer does."""
    match event:
        case events.BytesReceived():
            assert_type(event.count, int)
        case events.Retrying():
            assert_type(event.error, DownloadError)
            assert_type(event.wait, float)
        case events.Succeeded():
            assert_type(event.result, DownloadResult)
        case _:
            assert_type(event.url, str)


HttpDownloader("https://host/a", observer=watch)


def handle() -> None:
    """Read the facts of errors."""
    try:
        haulage.fetch("https://host/a")
    except HttpStatusError as error:
        assert_type(error.status, int)
        assert_type(error.retry_after, float | None)
    except DigestValidationError as error:
        assert_type(error.actual, str | None)
    except SizeValidationError as error:
        assert_type(error.expected, int | None)
    except DownloadError as error:
        assert_type(error.url, str | None)
        assert_type(error.transient, bool)
        assert_type(error.attempts, int)
