"""A cancelled download ends at once and leaves nothing, whatever it was doing."""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from support.raw import Call, RawServer, ok

import haulage
from haulage.depot import Depot, generated

OpenRaw = Callable[..., Awaitable[RawServer]]
Check = Callable[[], None]

BODY = b"hello\n"


async def cancel(task: asyncio.Task[Any]) -> None:
    """Cancel *task* and see that it ends by that, promptly."""
    started = time.monotonic()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert time.monotonic() - started < 2


async def test_before_it_starts(depot: Depot, target: Path, assert_untouched: Check) -> None:
    """A download that is cancelled before its first step asks nothing."""
    await cancel(asyncio.create_task(haulage.download(f"{depot.url}/_/bytes/10", target)))
    assert depot.requests == ()
    assert_untouched()


async def test_waiting_for_a_slot(raw: OpenRaw, workplace: Path) -> None:
    """Who waits for a slot lets go of the queue, and the slot goes to the next one."""
    let_go = asyncio.Event()

    async def held(call: Call) -> None:
        await let_go.wait()
        await call.send(ok(BODY))

    server = await raw(held)
    async with haulage.DownloaderFactory(haulage.Remote(download_concurrency=1)) as factory:
        first, second, third = (
            asyncio.create_task(factory.build(server.url, destination=workplace / str(number)).run())
            for number in range(3)
        )
        while not server.heads:
            await asyncio.sleep(0.001)
        await cancel(second)
        let_go.set()
        await asyncio.gather(first, third)
    assert sorted(path.name for path in workplace.iterdir()) == ["0", "2"]
    assert len(server.heads) == 2


async def test_waiting_for_the_callers_semaphore(depot: Depot, assert_untouched: Check) -> None:
    """A semaphore of the caller's that was not got is not given back."""
    semaphore = asyncio.Semaphore(0)
    task = asyncio.create_task(haulage.HttpDownloader(f"{depot.url}/_/bytes/10", semaphore=semaphore).run())
    await asyncio.sleep(0.05)
    await cancel(task)
    assert semaphore.locked()
    assert depot.requests == ()
    assert_untouched()


async def test_waiting_for_the_headers(raw: OpenRaw, target: Path, assert_untouched: Check) -> None:
    """A cancelled request is hung up on."""
    hung_up = asyncio.Event()

    async def silent(call: Call) -> None:
        await call.gone()
        hung_up.set()

    server = await raw(silent)
    task = asyncio.create_task(haulage.download(server.url, target))
    while not server.heads:
        await asyncio.sleep(0.001)
    await cancel(task)
    async with asyncio.timeout(2):
        await hung_up.wait()
    assert_untouched()


@pytest.mark.parametrize("arrived", [1, 100_000, 5 << 20])
async def test_in_the_body(raw: OpenRaw, target: Path, assert_untouched: Check, arrived: int) -> None:
    """Bytes that have arrived are forgotten, the connection is closed, and the old file stays."""
    sent, hung_up = asyncio.Event(), asyncio.Event()

    async def half(call: Call) -> None:
        await call.send(b"HTTP/1.1 200 OK\r\nContent-Length: 10000000\r\n\r\n", generated(arrived))
        sent.set()
        await call.gone()
        hung_up.set()

    server = await raw(half)
    task = asyncio.create_task(haulage.download(server.url, target))
    await sent.wait()
    await asyncio.sleep(0.05)
    await cancel(task)
    async with asyncio.timeout(2):
        await hung_up.wait()
    assert_untouched()


async def test_in_the_callback(depot: Depot, target: Path, assert_untouched: Check) -> None:
    """A download that waits in its own callback is cancelled there."""
    entered = asyncio.Event()

    async def ready(headers: object) -> None:
        entered.set()
        await asyncio.Event().wait()

    downloader = haulage.HttpDownloader(f"{depot.url}/_/bytes/10", headers_ready_callback=ready, destination=target)
    task = asyncio.create_task(downloader.run())
    await entered.wait()
    await cancel(task)
    assert_untouched()


@pytest.mark.parametrize("size", [10, 3 << 20])
async def test_in_finalize(depot: Depot, target: Path, size: int) -> None:
    """A download cancelled while it is proved and published ends with the whole file or with none."""
    for delay in (0.0, 0.0005, 0.002, 0.005):
        entered = asyncio.Event()

        class Downloader(haulage.HttpDownloader):
            async def finalize(self, entered: asyncio.Event = entered) -> None:
                entered.set()
                await super().finalize()

        task = asyncio.create_task(Downloader(f"{depot.url}/_/bytes/{size}", destination=target).run())
        await entered.wait()
        await asyncio.sleep(delay)
        task.cancel()
        await asyncio.wait({task})
        names = [path.name for path in target.parent.iterdir()]
        assert names in ([], [target.name])
        if task.cancelled():
            target.unlink(missing_ok=True)
        else:
            assert target.read_bytes() == generated(size)
            target.unlink()


async def test_while_waiting_for_a_retry(raw: OpenRaw, target: Path, assert_untouched: Check) -> None:
    """The wait between two attempts ends at once."""
    server = await raw(ok(b"", "Retry-After: 100", "Connection: close", status="429 Slow Down"))
    task = asyncio.create_task(haulage.download(server.url, target))
    while not server.heads:
        await asyncio.sleep(0.001)
    await asyncio.sleep(0.1)
    await cancel(task)
    assert len(server.heads) == 1
    assert_untouched()


async def test_while_waiting_for_a_paused_host(raw: OpenRaw, assert_untouched: Check) -> None:
    """Who waits for the end of another download's pause is cancelled there."""
    server = await raw(ok(b"", "Retry-After: 100", "Connection: close", status="429 Slow Down"))
    async with haulage.DownloaderFactory() as factory:
        first = asyncio.create_task(factory.build(server.url).run())
        while not server.heads:
            await asyncio.sleep(0.001)
        await asyncio.sleep(0.1)
        second = asyncio.create_task(factory.build(server.url).run())
        await asyncio.sleep(0.05)
        await cancel(second)
        await cancel(first)
    assert len(server.heads) == 1
    assert_untouched()


@pytest.mark.case("C02")
async def test_while_a_file_object_is_stuck(depot: Depot) -> None:
    """A write stuck in the caller's file object is waited for, without holding up the loop, before all ends."""
    reading, writing = os.pipe()
    with open(writing, "wb", buffering=0) as file:
        task = asyncio.create_task(haulage.download(f"{depot.url}/_/bytes/{8 << 20}", file))
        await asyncio.sleep(0.2)
        task.cancel()
        for _ in range(20):
            await asyncio.sleep(0.005)
        # Reading lets the stuck write end, and with it the download.
        os.set_blocking(reading, False)
        while not task.done():
            with contextlib.suppress(BlockingIOError):
                os.read(reading, 65536)
            await asyncio.sleep(0.001)
        os.close(reading)
        assert task.cancelled()
        assert not file.closed


async def test_by_a_timeout_of_the_callers(raw: OpenRaw, target: Path, assert_untouched: Check) -> None:
    """A timeout around the call is the caller's TimeoutError."""
    server = await raw(Call.gone)
    with pytest.raises(TimeoutError) as caught:
        async with asyncio.timeout(0.1):
            await haulage.download(server.url, target)
    assert not isinstance(caught.value, haulage.DownloadError)
    assert_untouched()


async def test_twice(raw: OpenRaw, target: Path, assert_untouched: Check) -> None:
    """An impatient second cancellation does not spoil the cleaning up of the first."""
    sent = asyncio.Event()

    async def half(call: Call) -> None:
        await call.send(b"HTTP/1.1 200 OK\r\nContent-Length: 10000000\r\n\r\n", generated(5 << 20))
        sent.set()
        await call.gone()

    server = await raw(half)
    for pause in (0, 0, 0.0001, 0.001, 0.003):
        sent.clear()
        task = asyncio.create_task(haulage.download(server.url, target))
        await sent.wait()
        task.cancel()
        await asyncio.sleep(pause)
        task.cancel()
        await asyncio.wait({task})
        assert task.cancelled()
    assert_untouched()


@pytest.mark.parametrize("times", [1, 2])
@pytest.mark.parametrize("size", [10, 3 << 20])
@pytest.mark.case("C01")
async def test_at_each_step(depot: Depot, target: Path, size: int, times: int) -> None:
    """Cancelled after any number of steps of the loop, once or twice, a download leaves the whole file or nothing."""
    for steps in (*range(80), *range(80, 1500, 25)):
        task = asyncio.create_task(haulage.download(f"{depot.url}/_/bytes/{size}", target))
        for _ in range(steps):
            await asyncio.sleep(0)
        for _ in range(times):
            task.cancel()
            await asyncio.sleep(0)
        await asyncio.wait({task})
        names = [path.name for path in target.parent.iterdir()]
        assert names in ([], [target.name])
        if names:
            assert target.stat().st_size == size
            target.unlink()
        else:
            assert task.cancelled()


@pytest.mark.case("C03")
async def test_no_slot_is_lost(raw: OpenRaw) -> None:
    """Cancelled after any number of steps, a download gives its only slot back, and the caller's semaphore too."""

    async def fine(call: Call) -> None:
        await call.send(ok(BODY))

    server = await raw(fine)
    semaphore = asyncio.Semaphore(1)
    remote = haulage.Remote(download_concurrency=1, concurrency_per_host=1)
    async with haulage.DownloaderFactory(remote) as factory:
        for steps in (*range(60), *range(60, 300, 10)):
            tasks = [
                asyncio.create_task(factory.build(f"{server.url}/{number}", semaphore=semaphore).run())
                for number in range(2)
            ]
            for _ in range(steps):
                await asyncio.sleep(0)
            tasks[steps % 2].cancel()
            async with asyncio.timeout(5):
                await asyncio.wait(tasks)
            assert tasks[1 - steps % 2].exception() is None
        assert not semaphore.locked()


async def test_the_others_go_on(depot: Depot, workplace: Path) -> None:
    """Of ten downloads that share everything, five are cancelled and five arrive."""
    size = 2 << 20
    async with haulage.DownloaderFactory() as factory:
        tasks = [
            asyncio.create_task(
                factory.build(f"{depot.url}/_/bytes/{size}?seed={number}", destination=workplace / str(number)).run()
            )
            for number in range(10)
        ]
        await asyncio.sleep(0.005)
        for task in tasks[::2]:
            task.cancel()
        await asyncio.wait(tasks)
    for number in range(1, 10, 2):
        assert (workplace / str(number)).read_bytes() == generated(size, seed=number)
    assert all(path.stat().st_size == size for path in workplace.iterdir())


async def test_closing_the_factory_does_not_cancel(depot: Depot, target: Path) -> None:
    """A download that is running when its factory is closed keeps its connection until it ends."""
    async with haulage.DownloaderFactory() as factory:
        task = asyncio.create_task(
            factory.build(f"{depot.url}/_/slow?size=5000&chunk=1000&delay=0.05", destination=target).run()
        )
        while not depot.requests:
            await asyncio.sleep(0.001)
    assert not task.done()
    await task
    assert target.stat().st_size == 5000


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.case("C01")
async def test_at_random_moments(depot: Depot, workplace: Path, seed: int) -> None:
    """Downloads of all sizes cancelled at random moments leave whole files or none."""
    chance = random.Random(seed)
    remote = haulage.Remote(download_concurrency=4, max_retries=1)
    sizes = [chance.choice([0, 10, 50_000, 1 << 20, 4 << 20]) for _ in range(30)]
    async with haulage.DownloaderFactory(remote) as factory:

        async def one(number: int) -> None:
            url = f"{depot.url}/_/bytes/{sizes[number]}?seed=1"
            task = asyncio.create_task(factory.build(url, destination=workplace / str(number)).run())
            await asyncio.sleep(chance.random() * 0.1)
            task.cancel()
            await asyncio.wait({task})
            assert task.cancelled() or task.exception() is None

        await asyncio.gather(*(one(number) for number in range(len(sizes))))
    for path in workplace.iterdir():
        assert path.read_bytes() == generated(sizes[int(path.name)], seed=1)


@pytest.mark.case("C01")
@pytest.mark.parametrize("kind", ["small", "large", "chunked", "file"])
async def test_with_every_task_of_the_loop(kind: str, depot: Depot, workplace: Path, tmp_path: Path) -> None:
    """`asyncio.run` ends by cancelling all tasks, also those that clean up after one that was cancelled before."""
    source = tmp_path / "source"
    source.write_bytes(bytes(3 << 20))
    url = {
        "small": f"{depot.url}/_/bytes/1000",
        "large": f"{depot.url}/_/bytes/{3 << 20}",
        "chunked": f"{depot.url}/_/slow?size=300000&chunk=100000&delay=0.001",
        "file": source.as_uri(),
    }[kind]
    me = asyncio.current_task()
    for turns in (*range(12), *range(12, 120, 4)):
        task = asyncio.create_task(haulage.download(url, workplace / "target"))
        for _ in range(turns):
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.sleep(0)
        for _ in range(2):
            for other in asyncio.all_tasks() - {me}:
                other.cancel()
            await asyncio.sleep(0)
        await asyncio.gather(*(asyncio.all_tasks() - {me}), return_exceptions=True)
        assert task.done()
        assert {path.name for path in workplace.iterdir()} <= {"target"}
