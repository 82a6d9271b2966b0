"""Whose turn it is: bounds are taken in order, given back whole, and pauses are kept."""

from __future__ import annotations

import asyncio
import contextlib
import time
from typing import TYPE_CHECKING

import pytest
import pytest_asyncio

from haulage.downloaders.runtime import Context, Runtime
from haulage.downloaders.slots import give_slots, take_slots
from haulage.settings import RemoteSettings
from haulage.urls import parse

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

URL = parse("http://host/a")
OTHER = parse("http://other/a")


@pytest_asyncio.fixture
async def runtime() -> AsyncIterator[Runtime]:
    """Return a runtime with two slots, and one for each origin."""
    context = Context(RemoteSettings(download_concurrency=2, concurrency_per_host=1), bounded=True)
    leased = context.lease()
    yield leased
    await context.release(leased)


async def is_taken(task: asyncio.Task[object]) -> bool:
    """Give *task* its chance to run, and say whether it has ended."""
    for _ in range(10):
        await asyncio.sleep(0)
    return task.done()


async def test_without_bounds_there_is_nothing_to_take() -> None:
    """Standing alone, a download waits for nobody."""
    context = Context(RemoteSettings())
    leased = context.lease()
    assert await take_slots(leased, URL, None) == ()
    await context.release(leased)


async def test_every_bound_is_taken_and_given_back(runtime: Runtime) -> None:
    """The origin's, the factory's and the caller's own."""
    mine = asyncio.Semaphore(1)
    held = await take_slots(runtime, URL, mine)
    assert len(held) == 3
    assert mine.locked()
    give_slots(held)
    assert not mine.locked()
    give_slots(await take_slots(runtime, URL, mine))


async def test_an_origin_is_not_asked_by_two(runtime: Runtime) -> None:
    """The second waits, one for another origin does not."""
    first = await take_slots(runtime, URL, None)
    second = asyncio.create_task(take_slots(runtime, URL, None))
    assert not await is_taken(second)
    give_slots(await take_slots(runtime, OTHER, None))
    assert not await is_taken(second)
    give_slots(first)
    give_slots(await second)


async def test_who_waits_for_a_busy_origin_keeps_nobody_from_his(runtime: Runtime) -> None:
    """Many downloads of one origin do not use up the factory's slots while they wait."""
    first = await take_slots(runtime, URL, None)
    crowd = [asyncio.create_task(take_slots(runtime, URL, None)) for _ in range(5)]
    await asyncio.sleep(0)
    async with asyncio.timeout(5):
        give_slots(await take_slots(runtime, OTHER, None))
    give_slots(first)
    for task in crowd:
        give_slots(await task)


@pytest.mark.parametrize("turns", range(8))
async def test_a_cancelled_waiter_takes_nothing_with_him(runtime: Runtime, turns: int) -> None:
    """At whatever moment he is cancelled, all permits are there again."""
    mine = asyncio.Semaphore(1)
    await mine.acquire()
    task = asyncio.create_task(take_slots(runtime, URL, mine))
    for _ in range(turns):
        await asyncio.sleep(0)
    task.cancel()
    mine.release()
    with contextlib.suppress(asyncio.CancelledError):
        give_slots(await task)
    async with asyncio.timeout(5):
        for _ in range(3):
            give_slots(await take_slots(runtime, URL, mine))
            give_slots(await take_slots(runtime, OTHER, mine))


async def test_a_paused_origin_is_left_alone(runtime: Runtime) -> None:
    """Nobody begins in the closed window, others are not held up, and no slot is held meanwhile."""
    runtime.hosts.pause(URL, 0.1, time.monotonic())
    since = time.monotonic()
    waiting = [asyncio.create_task(take_slots(runtime, URL, None)) for _ in range(1)]
    async with asyncio.timeout(5):
        for _ in range(3):
            give_slots(await take_slots(runtime, OTHER, None))
        assert time.monotonic() - since < 0.09
        held = await waiting[0]
    assert time.monotonic() - since >= 0.1
    give_slots(held)
