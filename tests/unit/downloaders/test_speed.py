"""Giving up on a server that sends, but far too slowly."""

from __future__ import annotations

import asyncio

import pytest

from haulage.downloaders.speed import SpeedWatch
from haulage.errors import TooSlow

URL = "http://host/a?sig=canary"


async def test_silence_is_too_slow() -> None:
    """The error has the limit and the window, and is worth another attempt."""
    with pytest.raises(TooSlow) as caught:
        async with SpeedWatch(100, 0.05, URL):
            await asyncio.sleep(10)
    assert (caught.value.phase, caught.value.limit, caught.value.transient) == ("speed", 0.05, True)
    assert "canary" not in str(caught.value)
    assert "100 bytes/s" in str(caught.value)


async def test_a_few_bytes_are_too_slow() -> None:
    """Bytes that come, but below the limit, do not put the end off."""
    with pytest.raises(TooSlow):
        async with SpeedWatch(1000, 0.1, URL) as watch:
            while True:
                watch.received(1)
                await asyncio.sleep(0.01)


async def test_enough_bytes_live_longer_than_the_window() -> None:
    """Who brings a window's bytes gets a new window."""
    loop = asyncio.get_running_loop()
    since = loop.time()
    async with SpeedWatch(100, 0.05, URL) as watch:
        while loop.time() < since + 0.2:
            watch.received(10)
            await asyncio.sleep(0)


async def test_our_own_waits_are_excused() -> None:
    """A wait for the disk, or for our own limit, is not the server's slowness, however long it is."""
    loop = asyncio.get_running_loop()
    since = loop.time()
    with pytest.raises(TooSlow):
        async with SpeedWatch(100, 0.05, URL) as watch:
            with watch.excused():
                await asyncio.sleep(0.15)
            assert loop.time() - since >= 0.15
            await asyncio.sleep(10)
    assert loop.time() - since >= 0.19


async def test_an_excused_wait_that_fails_is_over() -> None:
    """The clock goes on when our own wait was broken off."""
    with pytest.raises(TooSlow):
        async with SpeedWatch(100, 0.05, URL) as watch:
            with pytest.raises(ZeroDivisionError), watch.excused():
                raise ZeroDivisionError
            await asyncio.sleep(10)


async def test_other_errors_pass() -> None:
    """What happens inside is not renamed; a timeout of somebody else's is not ours."""
    with pytest.raises(ZeroDivisionError):
        async with SpeedWatch(100, 5, URL):
            raise ZeroDivisionError
    with pytest.raises(TimeoutError) as caught:
        async with SpeedWatch(100, 5, URL):
            async with asyncio.timeout(0):
                await asyncio.sleep(1)
    assert not isinstance(caught.value, TooSlow)


async def test_a_cancellation_stays_one() -> None:
    """The task that watches is cancelled as any other."""

    async def watched() -> None:
        async with SpeedWatch(100, 5, URL):
            await asyncio.sleep(10)

    task = asyncio.create_task(watched())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_nothing_is_left_when_it_ends_well() -> None:
    """The deadline dies with the watch."""
    async with SpeedWatch(100, 0.02, URL) as watch:
        watch.received(5)
    await asyncio.sleep(0.05)
