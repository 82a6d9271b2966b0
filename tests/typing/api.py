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
    CartDownloader,
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
    cart,
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


CartDownloader("cart://host/1?filename=data", destination="directory/", timeout=60, observer=None)


async def carts() -> None:
    """Both ways to a cart."""
    down = cart.Downloader("directory", "http://host", timeout=60, keep_cart=True, remote=remote, auth=("user", "pw"))
    assert_type(down.transactioninfo({"files": {}}), list[cart.CartMember])
    (file,) = await down.acloudevent({"data": []}, filename="data")
    assert_type(file.path, str | None)
    assert_type(file.name, str)
    assert_type(file.digests, dict[str, str])
    async with cart.CartAPI("http://host", extra_args={"bundle": True}) as api:
        cart_url = await api.asetup_cart(lambda: [{"id": 1, "path": "a", "hashsum": "ab", "hashtype": "sha1"}])
        assert_type(await api.await_for_cart(cart_url, timeout=5), str)
        assert_type(api.download_url(cart_url), str)
        await api.adelete_cart(cart_url)
    assert_type(cart.CartAPI().setup_cart(cart.TransactionInfo.yield_files({"files": {}})), str)


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
        case events.Staging():
            assert_type((event.status, event.elapsed), tuple[str, float])
        case events.MemberUnpacked():
            assert_type((event.member, event.total), tuple[str, int | None])
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
