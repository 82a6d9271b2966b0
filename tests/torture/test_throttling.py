"""Asked to come back later: the origin is left alone meanwhile, and nobody else waits."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from support.inject_depot import DepotProcess

import haulage
from haulage import events
from haulage.depot import Depot, generated_digest
from haulage.depot.exchange import Exchange
from haulage.depot.transmit import send_source, send_text

EACH, AT_ONCE, SIZE = 1000, 20, 2000
MARGIN = 1.0  # seconds in which an answer must have reached those who wait for a slot
DAY = 86_400.0


class Throttle:
    """A behaviour that answers 429 from its first request on for so many *seconds*, and is well after that.

    Attributes:
        arrivals: When requests came, by this machine's monotonic clock.
        opens: When it wants to be asked again.
    """

    def __init__(self, seconds: int) -> None:
        self.arrivals: list[float] = []
        self.opens = 0.0
        self._seconds = seconds

    async def __call__(self, exchange: Exchange) -> web.StreamResponse:
        """Answer."""
        now = time.monotonic()
        self.opens = self.opens or now + self._seconds
        self.arrivals.append(now)
        if now < self.opens:
            return await send_text(exchange, 429, "later", {"Retry-After": str(self._seconds)})
        return await send_source(exchange, exchange.generated(SIZE))


@pytest.fixture
def healthy() -> Iterator[DepotProcess]:
    """An origin that is well, and so far away that its work is not ours."""
    with DepotProcess() as opened:
        yield opened


@pytest.mark.case("Q04")
async def test_a_thousand_wait_and_a_thousand_do_not(healthy: DepotProcess, workplace: Path) -> None:
    """In the pause of one origin nobody asks it, and those who wait for it leave their slots to those of the other."""
    throttle = Throttle(seconds=3)
    heard: list[float] = []
    ended: dict[str, list[float]] = {"throttled": [], "healthy": []}

    def hear(event: events.Event) -> None:
        if isinstance(event, events.Retrying):
            heard.append(time.monotonic())
        elif isinstance(event, events.Succeeded):
            ended[str(event.key)].append(time.monotonic())

    remote = haulage.Remote(download_concurrency=AT_ONCE, max_retries=0)
    with Depot(routes={"throttle": throttle}) as throttling:
        origins = {"throttled": f"{throttling.url}/_/throttle", "healthy": f"{healthy.url}/_/bytes/{SIZE}"}
        async with haulage.DownloaderFactory(remote) as factory:
            results = await asyncio.gather(
                *(
                    factory.build(
                        f"{url}?seed={number % 5}&of={number}",
                        destination=workplace / f"{key}{number}",
                        key=key,
                        observer=hear,
                    ).run()
                    # The throttled ones come first: were they to keep their slots, there would be none for the others.
                    for key, url in origins.items()
                    for number in range(EACH)
                )
            )
    inside = [arrival for arrival in throttle.arrivals if arrival < throttle.opens]
    # Those that were under way when the first answer came.
    assert 0 < len(inside) <= AT_ONCE
    assert max(inside) < heard[0] + MARGIN
    assert len(throttle.arrivals) == EACH + len(inside)
    assert {key: len(times) for key, times in ended.items()} == dict.fromkeys(origins, EACH)
    assert max(ended["healthy"]) < throttle.opens < min(ended["throttled"])
    for number, result in enumerate(results):
        assert result.artifact_attributes["sha256"] == generated_digest(SIZE, number % 5)


@pytest.mark.parametrize("jump", [DAY, -DAY])
@pytest.mark.case("Q07")
async def test_the_wall_clock_jumps(workplace: Path, monkeypatch: pytest.MonkeyPatch, jump: float) -> None:
    """A wait is neither cut short nor drawn out by somebody who sets the clock, once or all the time."""
    throttle = Throttle(seconds=1)
    real, jumps = time.time, itertools.cycle((0.0, jump))

    def hear(event: Any) -> None:
        if isinstance(event, events.Retrying):
            monkeypatch.setattr(time, "time", lambda: real() + next(jumps))

    with Depot(routes={"throttle": throttle}) as depot:
        started = time.monotonic()
        async with haulage.DownloaderFactory() as factory:
            downloader = factory.build(f"{depot.url}/_/throttle", destination=workplace / "target", observer=hear)
            result = await downloader.run()
        assert time.monotonic() - started < 5
    monkeypatch.undo()
    assert result.attempts == 2
    first, second = throttle.arrivals
    assert second >= throttle.opens
    assert 1 <= second - first < 5
    assert 1 <= result.seconds < 5
