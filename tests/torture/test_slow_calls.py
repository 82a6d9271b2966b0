"""Cancelled, or out of time, while a thread is in a call to the file system: the thread is waited for."""

from __future__ import annotations

import asyncio
import os
import sys
import threading
import time

import pytest
from support.inject_desk import Desk
from support.inject_disk import Call, FaultyOs
from support.inject_leftovers import assert_nothing_left
from support.leaks import Belongings

from haulage.depot import generated

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the calls are others on Windows")

PATIENCE = 20.0  # seconds for a thread to come to a call


class Gate:
    """Stops the thread that makes one call, until it is let through."""

    def __init__(self, name: str, nth: int = 1) -> None:
        self.call: Call | None = None
        self._place = (name, nth)
        self._reached = threading.Event()
        self._open = threading.Event()

    def __call__(self, call: Call) -> None:
        """Be a strike."""
        if (call.name, call.nth) == self._place:
            self.call = call
            self._reached.set()
            assert self._open.wait(PATIENCE)

    async def reached(self) -> Call:
        """Wait until a thread stands here."""
        async with asyncio.timeout(PATIENCE):
            while not self._reached.is_set():
                await asyncio.sleep(0.001)
        assert self.call is not None
        return self.call

    def let_through(self) -> None:
        """Let it go on."""
        self._open.set()


@pytest.mark.parametrize("times", [1, 3])
@pytest.mark.parametrize(
    ("desk", "name", "nth"),
    [
        *(("durable", name, 1) for name in ("open", "writev", "fsync", "close", "replace", "fsync directory")),
        *(("in pieces", name, nth) for name, nth in (("open", 1), ("writev", 1), ("writev", 3))),
    ],
    indirect=["desk"],
)
@pytest.mark.case("C02")
async def test_cancelled_while_a_thread_is_in_a_call(desk: Desk, name: str, nth: int, times: int) -> None:
    """The thread is waited for, its descriptor is nobody else's before, and no descriptor is closed twice."""
    before = Belongings.now()
    gate = Gate(name, nth)
    task = asyncio.create_task(desk.download(FaultyOs(gate)))
    call = await gate.reached()
    mine = []
    for _ in range(times):
        task.cancel()
        await asyncio.sleep(0.01)
        mine.append(os.open(os.devnull, os.O_RDONLY))
    assert not task.done()
    assert call.arguments[0] not in mine
    gate.let_through()
    with pytest.raises(asyncio.CancelledError):
        await task
    for descriptor in mine:
        assert os.path.samestat(os.fstat(descriptor), os.stat(os.devnull))
        os.close(descriptor)
    # What had begun to publish has published.
    assert desk.content() == (desk.old if name in ("open", "writev") else generated(desk.way.size))
    await assert_nothing_left(before)


@pytest.mark.parametrize("desk", ["small"], indirect=True)
@pytest.mark.case("C02")
async def test_the_time_is_over_while_it_is_published(desk: Desk) -> None:
    """A file that is there is a success, however late: it is neither called a failure nor fetched once more."""
    gate = Gate("replace")
    desk.settings = {"total_timeout": 2}
    task = asyncio.create_task(desk.download(FaultyOs(gate)))
    await gate.reached()
    started = time.monotonic()
    while time.monotonic() < started + 2.1:
        await asyncio.sleep(0.01)
    gate.let_through()
    result = await task
    assert result.attempts == 1
    assert result.path == str(desk.target)
    assert len(desk.depot.requests) == 1
    assert desk.content() == generated(desk.way.size)
