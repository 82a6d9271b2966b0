"""A session of the caller's is used as it is, and stays the caller's."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from urllib.parse import quote

import aiohttp
import pytest
from support.canary import CANARY
from support.raw import RawServer, ok

import haulage
from haulage.depot import Depot, generated

OpenRaw = Callable[..., Awaitable[RawServer]]


async def test_it_is_used_and_never_closed(depot: Depot, target: Path) -> None:
    """Downloads go over the given session's connections, and it is open afterwards."""
    async with aiohttp.ClientSession(headers={"X-Session": "s"}) as session:
        for number in range(3):
            await haulage.HttpDownloader(f"{depot.url}/_/bytes/{number}", session=session).run()
        await haulage.HttpDownloader(f"{depot.url}/_/bytes/100000", session, destination=target).run()
        assert not session.closed
        async with session.get(f"{depot.url}/_/bytes/1") as response:
            assert await response.read() == generated(1)
    assert {record.header("X-Session") for record in depot.requests} == {"s"}
    assert len({record.peer for record in depot.requests}) == 1
    assert target.read_bytes() == generated(100_000)


@pytest.mark.parametrize("status", [404, 503])
async def test_it_is_not_closed_by_a_failure(depot: Depot, status: int) -> None:
    """A failed download does not take the session with it."""
    async with aiohttp.ClientSession() as session:
        with pytest.raises(haulage.HttpStatusError):
            await haulage.HttpDownloader(f"{depot.url}/_/status/{status}", session=session).run()
        assert not session.closed
        await haulage.HttpDownloader(f"{depot.url}/_/bytes/1", session=session).run()


async def test_it_is_not_closed_by_a_cancellation(depot: Depot) -> None:
    """A cancelled download does not take the session with it."""
    async with aiohttp.ClientSession() as session:
        task = asyncio.create_task(
            haulage.HttpDownloader(f"{depot.url}/_/slow?size=5000&chunk=100&delay=1", session=session).run()
        )
        while not depot.requests:
            await asyncio.sleep(0.001)
        task.cancel()
        await asyncio.wait({task})
        assert not session.closed
        await haulage.HttpDownloader(f"{depot.url}/_/bytes/1", session=session).run()


async def test_through_a_factory(depot: Depot) -> None:
    """A factory passes the session on."""
    async with aiohttp.ClientSession(headers={"X-Session": "s"}) as session, haulage.DownloaderFactory() as factory:
        await factory.build(f"{depot.url}/_/bytes/1", session=session).run()
        assert not session.closed
    assert depot.requests[0].header("X-Session") == "s"


async def test_its_tls_settings_hold(tls_depot: Depot) -> None:
    """TLS is the session's: its connector says who is trusted."""
    import ssl

    context = await asyncio.to_thread(ssl.create_default_context, cadata=tls_depot.ca_pem)
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=context)) as session:
        await haulage.HttpDownloader(f"{tls_depot.url}/_/bytes/1", session=session).run()


async def test_its_timeouts_hold(depot: Depot) -> None:
    """Timeouts are the session's, and come out as ours."""
    timeout = aiohttp.ClientTimeout(total=0.3)
    async with aiohttp.ClientSession(timeout=timeout) as session:
        with pytest.raises(haulage.TimeoutException):
            await haulage.HttpDownloader(f"{depot.url}/_/slow?size=100&chunk=1&delay=1", session=session).run()


async def test_redirects_are_judged_all_the_same(depot: Depot, other_depot: Depot, raw: OpenRaw) -> None:
    """Over the caller's session, too, redirects are ours, and headers of the call stay with their origin."""
    server = await raw(ok(b"", "Location: file:///etc/passwd", "Connection: close", status="302 Found"))
    async with aiohttp.ClientSession() as session:
        with pytest.raises(haulage.PolicyError):
            await haulage.HttpDownloader(server.url, session=session).run()
        await haulage.HttpDownloader(
            f"{depot.url}/_/redirect?to={quote(other_depot.url)}/_/echo", session=session, headers={"X-Token": CANARY}
        ).run()
    assert other_depot.requests[0].header("X-Token") is None


async def test_identity_is_asked_for(raw: OpenRaw) -> None:
    """Whatever the session would ask for, the download asks for the file's own bytes and appends to no agent twice."""
    server = await raw(ok(b"hello\n"))
    async with aiohttp.ClientSession() as session:
        await haulage.HttpDownloader(server.url, session=session).run()
    assert server.header("Accept-Encoding") == "identity"


async def test_coded_bytes_are_refused(raw: OpenRaw, target: Path) -> None:
    """A session that decodes by itself does not make coded bytes pass for the file."""
    import gzip

    server = await raw(ok(gzip.compress(b"hello\n"), "Content-Encoding: gzip"))
    async with aiohttp.ClientSession() as session:
        with pytest.raises(haulage.ContentEncodingError):
            await haulage.HttpDownloader(server.url, session=session, destination=target).run()
    assert not target.exists()


async def test_a_closed_session(depot: Depot) -> None:
    """A session that is closed already is an error of ours, with nothing of aiohttp's in its chain."""
    session = aiohttp.ClientSession()
    await session.close()
    with pytest.raises((haulage.DownloadError, RuntimeError)):
        await haulage.HttpDownloader(f"{depot.url}/_/bytes/1", session=session).run()


async def test_without_one_nothing_stays_open(depot: Depot) -> None:
    """A downloader on its own opens a session for itself and closes it."""
    for number in range(3):
        await haulage.HttpDownloader(f"{depot.url}/_/bytes/{number}").run()
    assert len({record.peer for record in depot.requests}) == 3
