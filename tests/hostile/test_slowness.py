"""Servers and names that cost time: they cost their own downloads, and nobody else."""

from __future__ import annotations

import asyncio
import io
import socket
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from support.outcomes import TryOut

import haulage
from haulage.depot import Depot, generated_digest

PROMPT = 2.0  # seconds for a small download from this machine


@pytest.mark.case("S05")
async def test_a_connection_that_is_never_accepted(hostile: Depot, try_out: TryOut) -> None:
    """A full queue of connections swallows the first packet of another: the limit on connecting ends that."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as listener:
        port = listener.getsockname()[1]
        waiting = []
        try:
            for _ in range(8):
                waiting.append(socket.socket())
                waiting[-1].setblocking(False)
                waiting[-1].connect_ex(("127.0.0.1", port))
            settings = {"sock_connect_timeout": 0.3, "max_retries": 0}
            stuck = asyncio.create_task(try_out(f"http://127.0.0.1:{port}/", settings=settings))
            started = time.monotonic()
            await haulage.download(f"{hostile.url}/_/bytes/1000", io.BytesIO())
            assert time.monotonic() - started < PROMPT
            outcome = await stuck
        finally:
            for one in waiting:
                one.close()
    assert type(outcome.error) is haulage.ServerTimedOut
    assert outcome.error.phase == "connect"
    assert outcome.seconds < PROMPT


@pytest.mark.case("S05")
async def test_names_that_never_resolve(hostile: Depot, workplace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """More dead names than asyncio has threads delay no other name, and each ends at its own limit."""
    answered = threading.Event()
    resolve = socket.getaddrinfo

    def hanging(host: Any, *arguments: Any, **options: Any) -> Any:
        if str(host).endswith(".invalid"):
            answered.wait(30)
            raise socket.gaierror(socket.EAI_NONAME, "nobody knows")
        return resolve("127.0.0.1" if str(host) == "alive.test" else host, *arguments, **options)

    monkeypatch.setattr(socket, "getaddrinfo", hanging)
    remote = haulage.Remote(connect_timeout=0.5, max_retries=0, download_concurrency=100)
    try:
        async with haulage.DownloaderFactory(remote) as factory:
            dead = [
                asyncio.create_task(factory.build(f"http://dead{number}.invalid/", destination=f"dead{number}").run())
                for number in range(40)
            ]
            await asyncio.sleep(0)
            started = time.monotonic()
            port = hostile.port
            result = await factory.build(f"http://alive.test:{port}/_/bytes/1000", destination="alive").run()
            assert time.monotonic() - started < PROMPT
            assert result.artifact_attributes["size"] == 1000
            ended = await asyncio.gather(*dead, return_exceptions=True)
            assert time.monotonic() - started < PROMPT
    finally:
        answered.set()
    assert {type(error) for error in ended} == {haulage.ServerTimedOut}
    assert {getattr(error, "phase", None) for error in ended} == {"connect"}
    assert [path.name for path in workplace.iterdir()] == ["alive"]


@pytest.mark.case("S07")
async def test_a_million_crumbs(parser: str, hostile: Depot, try_out: TryOut) -> None:
    """A body in chunks of one byte arrives whole, and the event loop stays free for others meanwhile."""
    size = 1_000_000 if parser == "c" else 100_000
    lags: list[float] = []

    async def probe() -> None:
        while True:
            # The processor's time of this thread: what others do on this machine is no lag of ours.
            before = time.thread_time()
            await asyncio.sleep(0)
            lags.append(time.thread_time() - before)

    task = asyncio.create_task(probe())
    outcome = await try_out(f"{hostile.url}/_/fault/crumbs?size={size}")
    task.cancel()
    assert outcome.result is not None, outcome.error
    assert outcome.result.artifact_attributes == {"size": size, "sha256": generated_digest(size)}
    assert max(lags) < 0.5
