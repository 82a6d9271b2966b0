"""Limits hold: on downloads at once, on requests per second, on bytes per second, and on patience."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from support.raw import Call, RawServer, ok

import haulage
from haulage.depot import Depot, generated

OpenRaw = Callable[..., Awaitable[RawServer]]
Check = Callable[[], None]

BODY = b"hello\n"


class Gauge:
    """A script that counts how many requests are being served at once."""

    def __init__(self, delay: float = 0.01) -> None:
        self.delay = delay
        self.now = 0
        self.most = 0

    async def __call__(self, call: Call) -> None:
        """Serve one request, slowly enough to be counted."""
        self.now += 1
        self.most = max(self.most, self.now)
        await asyncio.sleep(self.delay)
        self.now -= 1
        await call.send(ok(BODY))


@pytest.mark.parametrize("bound", [1, 3, 10])
async def test_download_concurrency(raw: OpenRaw, bound: int) -> None:
    """Never more than the bound are under way, and the bound is made use of."""
    gauge = Gauge()
    server = await raw(gauge)
    async with haulage.DownloaderFactory(haulage.Remote(download_concurrency=bound)) as factory:
        await asyncio.gather(*(factory.build(f"{server.url}/{number}").run() for number in range(30)))
    assert gauge.most == bound
    assert server.connections <= bound


async def test_default_concurrency(raw: OpenRaw) -> None:
    """Without a word a factory has ten downloads at once."""
    gauge = Gauge()
    server = await raw(gauge)
    async with haulage.DownloaderFactory() as factory:
        await asyncio.gather(*(factory.build(f"{server.url}/{number}").run() for number in range(30)))
    assert gauge.most == 10


async def test_concurrency_per_host(raw: OpenRaw) -> None:
    """Each host has a bound of its own within the bound of all."""
    gauges = [Gauge(), Gauge(), Gauge()]
    servers = [await raw(gauge) for gauge in gauges]
    remote = haulage.Remote(download_concurrency=5, concurrency_per_host=2)
    async with haulage.DownloaderFactory(remote) as factory:
        await asyncio.gather(*(factory.build(f"{servers[number % 3].url}/{number}").run() for number in range(45)))
    assert [gauge.most for gauge in gauges] == [2, 2, 2]
    assert sum(server.connections for server in servers) <= 6


async def test_a_busy_host_does_not_starve_the_others(raw: OpenRaw, depot: Depot) -> None:
    """Downloads that wait for their host's turn do not take the slots of other hosts."""
    server = await raw(Gauge(0.05))
    remote = haulage.Remote(download_concurrency=3, concurrency_per_host=1)
    async with haulage.DownloaderFactory(remote) as factory:
        busy = [asyncio.create_task(factory.build(f"{server.url}/{number}").run()) for number in range(20)]
        while not server.heads:
            await asyncio.sleep(0.001)
        started = time.monotonic()
        for number in range(5):
            await factory.build(f"{depot.url}/_/bytes/{number}").run()
        assert time.monotonic() - started < 0.5
        assert not all(task.done() for task in busy)
        await asyncio.gather(*busy)


async def test_semaphore_of_the_caller(raw: OpenRaw) -> None:
    """A semaphore given by the caller bounds what it is given to."""
    gauge = Gauge()
    server = await raw(gauge)
    semaphore = asyncio.Semaphore(2)
    await asyncio.gather(
        *(haulage.HttpDownloader(f"{server.url}/{number}", semaphore=semaphore).run() for number in range(10))
    )
    assert gauge.most == 2


async def test_rate_limit(raw: OpenRaw) -> None:
    """Requests keep to the rate, evenly, over all downloads together."""
    times: list[float] = []

    async def note(call: Call) -> None:
        times.append(time.monotonic())
        await call.send(ok(BODY))

    server = await raw(note)
    async with haulage.DownloaderFactory(haulage.Remote(rate_limit=20, download_concurrency=20)) as factory:
        await asyncio.gather(*(factory.build(f"{server.url}/{number}").run() for number in range(31)))
    took = times[-1] - times[0]
    # Thirty intervals at twenty per second, less the few requests that may come together at the beginning.
    assert 1.3 <= took <= 2.2
    for index, first in enumerate(times):
        within = [moment for moment in times[index:] if moment < first + 0.5]
        assert len(within) <= 14, "a burst far above the rate"


async def test_rate_limit_counts_retries(raw: OpenRaw, eager: None) -> None:
    """A further attempt is a further request."""
    server = await raw(ok(b"", "Connection: close", status="503 Busy"))
    started = time.monotonic()
    with pytest.raises(haulage.RemoteServerError):
        await haulage.download(server.url, remote=haulage.Remote(rate_limit=5, max_retries=4))
    assert len(server.heads) == 5
    assert time.monotonic() - started >= 0.75


async def test_throttler_of_the_caller(depot: Depot) -> None:
    """A throttler given by the caller is passed before each attempt."""
    passed = Counter[str]()

    class Throttler:
        async def acquire(self) -> None:
            passed["times"] += 1

    throttler = Throttler()
    for number in range(3):
        await haulage.HttpDownloader(f"{depot.url}/_/bytes/{number}", throttler=throttler).run()
    assert passed["times"] == 3


@pytest.mark.parametrize("downloads", [1, 5])
async def test_max_speed(depot: Depot, workplace: Path, downloads: int) -> None:
    """All downloads together keep to the bytes per second, neither far above nor far below."""
    speed, size = 2_000_000, 3_000_000
    started = time.monotonic()
    async with haulage.DownloaderFactory(haulage.Remote(max_speed=speed)) as factory:
        await asyncio.gather(
            *(
                factory.build(f"{depot.url}/_/bytes/{size // downloads}", destination=workplace / str(number)).run()
                for number in range(downloads)
            )
        )
    took = time.monotonic() - started
    assert size / speed * 0.85 <= took <= size / speed * 1.35
    assert sum(path.stat().st_size for path in workplace.iterdir()) == size


async def test_max_speed_for_local_files(tmp_path: Path, target: Path) -> None:
    """The speed holds for files as well."""
    source = tmp_path / "source"
    source.write_bytes(generated(1_500_000))
    started = time.monotonic()
    await haulage.download(source.as_uri(), target, remote=haulage.Remote(max_speed=1_500_000))
    assert 0.8 <= time.monotonic() - started <= 1.6
    assert target.read_bytes() == generated(1_500_000)


@pytest.mark.case("S03")
async def test_low_speed_limit(raw: OpenRaw, target: Path, assert_untouched: Check) -> None:
    """A server that drips is left after the time it had to do better."""

    async def drip(call: Call) -> None:
        await call.send(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
        while True:
            await call.send(b"x" * 10)
            await asyncio.sleep(0.02)

    server = await raw(drip)
    remote = haulage.Remote(low_speed_limit=10_000, low_speed_time=0.5, max_retries=0)
    started = time.monotonic()
    with pytest.raises(haulage.TooSlow) as caught:
        await haulage.download(server.url, target, remote=remote)
    assert 0.4 <= time.monotonic() - started <= 3
    assert isinstance(caught.value, TimeoutError)
    assert caught.value.transient
    assert_untouched()


async def test_low_speed_limit_spares_the_good(raw: OpenRaw, target: Path) -> None:
    """A server that is fast enough on the whole lives, pauses shorter than the window included."""

    async def stutter(call: Call) -> None:
        await call.send(b"HTTP/1.1 200 OK\r\nContent-Length: 60000\r\n\r\n")
        for _ in range(6):
            await call.send(b"x" * 10_000)
            await asyncio.sleep(0.25)

    server = await raw(stutter)
    remote = haulage.Remote(low_speed_limit=10_000, low_speed_time=0.5, max_retries=0)
    await haulage.download(server.url, target, remote=remote)
    assert target.stat().st_size == 60_000


async def test_our_own_slowness_is_not_the_servers(depot: Depot, target: Path) -> None:
    """A download slowed down by max_speed is not given up for being slow."""
    remote = haulage.Remote(max_speed=200_000, low_speed_limit=190_000, low_speed_time=0.3, max_retries=0)
    await haulage.download(f"{depot.url}/_/bytes/300000", target, remote=remote)
    assert target.stat().st_size == 300_000


@pytest.mark.case("S06")
async def test_a_silent_server_is_too_slow(raw: OpenRaw, target: Path) -> None:
    """A server that sends nothing more at all is too slow as well."""

    async def silent(call: Call) -> None:
        await call.send(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\nhello")
        await call.gone()

    server = await raw(silent)
    remote = haulage.Remote(low_speed_limit=1000, low_speed_time=0.4, max_retries=0)
    started = time.monotonic()
    with pytest.raises(haulage.TooSlow):
        await haulage.download(server.url, target, remote=remote)
    assert time.monotonic() - started < 3


@pytest.mark.parametrize(
    "settings",
    [
        {"download_concurrency": 0},
        {"download_concurrency": -1},
        {"download_concurrency": None},
        {"download_concurrency": 1.5},
        {"concurrency_per_host": 0},
        {"max_retries": -1},
        {"rate_limit": 0},
        {"rate_limit": "fast"},
        {"max_speed": 0},
        {"max_speed": True},
        {"total_timeout": 0},
        {"total_timeout": -1},
        {"sock_read_timeout": float("nan")},
        {"low_speed_time": 5},
        {"max_speed": 10, "low_speed_limit": 20},
        {"max_size": -1},
        {"digest_algorithms": ("crc99",)},
        {"digest_algorithms": "sha256"},
        {"trusted_digests": ("crc99",)},
        {"allowed_paths": "/tmp"},
        {"password": "p"},
        {"proxy_username": "u"},
        {"proxy_url": "socks5://h:1"},
        {"proxy_url": "h:1"},
        {"client_key": "k"},
        {"headers": {"X": "a\r\nY: b"}},
        {"headers": {"X\r\n": "a"}},
        {"headers": {"X Y": "a"}},
        {"headers": "X: a"},
        {"headers": 5},
        {"username": "a:b"},
        {"username": "a\r\nb"},
        {"url": "http://"},
    ],
    ids=str,
)
async def test_settings_that_make_no_sense(settings: dict[str, object]) -> None:
    """A bad value, or a pair that contradicts itself, is refused when the remote is made, as a ValueError."""
    with pytest.raises(haulage.SettingsError) as caught:
        haulage.Remote(**settings)  # type: ignore[arg-type]
    assert isinstance(caught.value, ValueError)
    assert caught.value.field is not None
