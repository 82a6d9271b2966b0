"""One attempt, with a sink of our own: what is called, in which order, and what happens when it fails."""

from __future__ import annotations

import asyncio
import hashlib
import threading
from typing import TYPE_CHECKING, NoReturn

import pytest
import pytest_asyncio

from haulage.downloaders.attempt import Attempt
from haulage.errors import DigestValidationError, StorageError
from haulage.workers import Workers

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

BATCH = 1000


class FakeSink:
    """A sink that notes its calls, can fail in any of them, and can be made to wait while writing."""

    path = None

    def __init__(self, *, fail_in: str = "", after: int = 0) -> None:
        self.calls: list[str] = []
        self.content = bytearray()
        self.size: int | None = -1
        self.published: bytes | None = None
        self.error = StorageError(f"no {fail_in}")
        self.gate = threading.Event()
        self.gate.set()
        self.writing = threading.Event()
        self.inside = 0
        self.most_inside = 0
        self._fail_in = fail_in
        self._after = after

    def _called(self, name: str) -> None:
        self.inside += 1
        self.most_inside = max(self.inside, self.most_inside)
        self.calls.append(name)
        try:
            if name == self._fail_in and self.calls.count(name) > self._after:
                raise self.error
            if name == "write":
                self.writing.set()
                self.gate.wait(5)
        finally:
            self.inside -= 1

    def open(self, size: int | None) -> None:
        """Note the size."""
        self._called("open")
        self.size = size

    def write(self, chunks: list[bytes]) -> None:
        """Keep the bytes."""
        self._called("write")
        self.content += b"".join(chunks)

    def commit(self) -> None:
        """Publish them."""
        self._called("commit")
        self.published = bytes(self.content)

    def abort(self) -> None:
        """Forget them."""
        self._called("abort")
        self.content.clear()


@pytest_asyncio.fixture
async def workers() -> AsyncIterator[Workers]:
    """Return workers on this loop, with one caller."""
    made = Workers(asyncio.get_running_loop())
    made.callers = 1
    yield made
    async with asyncio.timeout(8):
        await made.aclose()
    assert made.backlog == 0


def begin(sink: FakeSink, workers: Workers, announced: int | None = None) -> Attempt:
    """Return an attempt that writes to *sink*."""
    return Attempt(sink, ("sha256",), workers, batch=BATCH, announced=announced)


async def feed(attempt: Attempt, *chunks: bytes) -> None:
    """Feed all *chunks*, waiting where it is asked for."""
    for chunk in chunks:
        wait = attempt.feed(chunk)
        if wait is not None:
            async with asyncio.timeout(8):
                await wait


def accept() -> None:
    """Raise nothing: the bytes are the right ones."""


def refuse() -> NoReturn:
    """Refuse the bytes."""
    raise DigestValidationError("aa", "bb")


SMALL = [b"hel", b"", b"lo\n"]
LARGE = [bytes([number % 256]) * 700 for number in range(40)]
BODIES = pytest.mark.parametrize(
    "body", [[], SMALL, [b"x" * BATCH], LARGE], ids=["empty", "small", "one batch", "large"]
)


@BODIES
async def test_the_bytes_arrive_in_order(workers: Workers, body: list[bytes]) -> None:
    """Opened once, written, committed once, with size and digest of what came."""
    sink = FakeSink()
    attempt = begin(sink, workers)
    await feed(attempt, *body)
    await attempt.finish(accept)
    whole = b"".join(body)
    assert sink.published == whole
    assert attempt.size == len(whole)
    assert attempt.digests == {"sha256": hashlib.sha256(whole).hexdigest()}
    assert attempt.finished
    assert sink.calls[0] == "open"
    assert sink.calls[-1] == "commit"
    assert sink.calls.count("open") == sink.calls.count("commit") == 1
    assert "abort" not in sink.calls
    assert sink.most_inside == 1


async def test_a_small_body_is_opened_with_its_size(workers: Workers) -> None:
    """It is complete before anything is written."""
    sink = FakeSink()
    attempt = begin(sink, workers)
    await feed(attempt, *SMALL)
    assert sink.calls == []
    await attempt.finish(accept)
    assert sink.size == 6


async def test_a_large_body_is_opened_with_the_announced_size(workers: Workers) -> None:
    """So that room is looked for first."""
    sink = FakeSink()
    attempt = begin(sink, workers, announced=28_000)
    await feed(attempt, *LARGE)
    await attempt.finish(accept)
    assert sink.size == 28_000


@BODIES
async def test_a_refused_body_is_not_published(workers: Workers, body: list[bytes]) -> None:
    """The verdict sees all digests, and what it raises comes out."""
    sink = FakeSink()
    attempt = begin(sink, workers)
    await feed(attempt, *body)
    with pytest.raises(DigestValidationError):
        await attempt.finish(refuse)
    assert not attempt.finished
    assert "commit" not in sink.calls
    await attempt.abort()
    assert sink.published is None
    assert sink.calls[-1] == "abort"


@BODIES
async def test_the_verdict_knows_everything(workers: Workers, body: list[bytes]) -> None:
    """It is passed in a worker thread, before the commit, with the digests of all bytes."""
    sink = FakeSink()
    attempt = begin(sink, workers)
    seen: list[object] = []

    def verdict() -> None:
        seen.extend([dict(attempt.digests), attempt.size, threading.current_thread().name, "commit" in sink.calls])

    await feed(attempt, *body)
    await attempt.finish(verdict)
    whole = b"".join(body)
    assert seen[:2] == [{"sha256": hashlib.sha256(whole).hexdigest()}, len(whole)]
    assert str(seen[2]).startswith("haulage-worker")
    assert seen[3] is False


@pytest.mark.parametrize("where", ["open", "write", "commit"])
@pytest.mark.parametrize("body", [SMALL, LARGE], ids=["small", "large"])
async def test_an_error_of_the_sink_comes_out(workers: Workers, where: str, body: list[bytes]) -> None:
    """From feeding or finishing, the very error; nothing is published, and abort still works."""
    sink = FakeSink(fail_in=where)
    attempt = begin(sink, workers)
    with pytest.raises(StorageError) as caught:
        await feed(attempt, *body)
        await attempt.finish(accept)
    assert caught.value is sink.error
    assert not attempt.finished
    await attempt.abort()
    assert sink.published is None
    assert sink.calls.count("abort") == 1
    assert sink.calls[-1] == "abort"


async def test_an_error_in_the_middle_stops_the_writing(workers: Workers) -> None:
    """Nothing is written after it, and the feeder hears of it before the end."""
    sink = FakeSink(fail_in="write", after=2)
    attempt = begin(sink, workers)
    with pytest.raises(StorageError):
        for _ in range(10_000):
            await feed(attempt, *LARGE)
            await asyncio.sleep(0)
    assert sink.calls.count("write") == 3
    await attempt.abort()


async def test_abort_without_a_byte_touches_nothing(workers: Workers) -> None:
    """There was nothing to undo."""
    sink = FakeSink()
    attempt = begin(sink, workers)
    await attempt.abort()
    assert "write" not in sink.calls
    assert "commit" not in sink.calls


async def test_abort_undoes_what_was_written(workers: Workers) -> None:
    """In the middle of a large body."""
    sink = FakeSink()
    attempt = begin(sink, workers)
    await feed(attempt, *LARGE)
    await attempt.abort()
    assert sink.calls[-1] == "abort"
    assert "commit" not in sink.calls
    assert not attempt.finished


async def test_abort_waits_for_a_thread_that_is_writing(workers: Workers) -> None:
    """No thread touches the sink any more when it is cleaned up, and what was not begun is not written."""
    sink = FakeSink()
    sink.gate.clear()
    attempt = begin(sink, workers)
    for chunk in LARGE[:4]:
        attempt.feed(chunk)
    await asyncio.to_thread(sink.writing.wait, 20)
    abort = asyncio.create_task(attempt.abort())
    await asyncio.sleep(0.02)
    assert not abort.done()
    assert "abort" not in sink.calls
    sink.gate.set()
    async with asyncio.timeout(8):
        await abort
    assert sink.calls.count("write") == 1
    assert sink.calls[-1] == "abort"
    assert sink.most_inside == 1


async def test_a_cancelled_abort_finishes_all_the_same(workers: Workers) -> None:
    """The cancellation comes out after the sink was cleaned up."""
    sink = FakeSink()
    sink.gate.clear()
    attempt = begin(sink, workers)
    for chunk in LARGE[:4]:
        attempt.feed(chunk)
    await asyncio.to_thread(sink.writing.wait, 20)
    abort = asyncio.create_task(attempt.abort())
    await asyncio.sleep(0.01)
    abort.cancel()
    await asyncio.sleep(0.01)
    assert not abort.done()
    sink.gate.set()
    with pytest.raises(asyncio.CancelledError):
        await abort
    assert sink.calls[-1] == "abort"


async def test_an_abort_cancelled_twice_finishes_all_the_same(workers: Workers) -> None:
    """However impatient the caller is, nothing stays behind."""
    sink = FakeSink()
    sink.gate.clear()
    attempt = begin(sink, workers)
    for chunk in LARGE[:4]:
        attempt.feed(chunk)
    await asyncio.to_thread(sink.writing.wait, 20)
    abort = asyncio.create_task(attempt.abort())
    for _ in range(3):
        await asyncio.sleep(0.01)
        abort.cancel()
    await asyncio.sleep(0.01)
    sink.gate.set()
    with pytest.raises(asyncio.CancelledError):
        await abort
    async with asyncio.timeout(5):
        while sink.calls[-1] != "abort":
            await asyncio.sleep(0.001)


async def test_a_cancelled_finish_can_be_aborted(workers: Workers) -> None:
    """While a thread still writes the last bytes."""
    sink = FakeSink()
    sink.gate.clear()
    attempt = begin(sink, workers)
    for chunk in LARGE[:4]:
        attempt.feed(chunk)
    finish = asyncio.create_task(attempt.finish(accept))
    await asyncio.to_thread(sink.writing.wait, 20)
    finish.cancel()
    with pytest.raises(asyncio.CancelledError):
        await finish
    sink.gate.set()
    async with asyncio.timeout(8):
        await attempt.abort()
    assert sink.calls[-1] == "abort"
    assert sink.published is None


async def test_a_slow_sink_holds_back_the_feeder(workers: Workers) -> None:
    """What is handed over and not yet written is bounded, however much comes."""
    sink = FakeSink()
    sink.gate.clear()
    attempt = begin(sink, workers)
    fed = 0
    while True:
        wait = attempt.feed(b"x" * 500)
        fed += 500
        assert fed <= 20 * BATCH, "no end to what is taken"
        if wait is not None:
            done, _ = await asyncio.wait([wait], timeout=0.05)
            if not done:
                break
    sink.gate.set()
    async with asyncio.timeout(8):
        await wait
    await attempt.finish(accept)
    assert sink.published == b"x" * fed


async def test_the_backlog_of_many_attempts_is_bounded(workers: Workers) -> None:
    """A hundred downloads at once do not hold a hundred times as much."""
    sinks = [FakeSink() for _ in range(100)]
    for sink in sinks:
        sink.gate.clear()
    attempts = [Attempt(sink, (), workers, batch=1 << 20) for sink in sinks]
    waits = []
    taken = 0
    chunk = bytes(1 << 18)
    for attempt in attempts:
        for _ in range(100):
            wait = attempt.feed(chunk)
            taken += len(chunk)
            if wait is not None:
                waits.append(wait)
                break
    assert len(waits) == 100
    assert taken <= 150 << 20
    for sink in sinks:
        sink.gate.set()
    async with asyncio.timeout(30):
        await asyncio.gather(*waits)
        await asyncio.gather(*(attempt.finish(accept) for attempt in attempts))


async def test_two_attempts_do_not_mix(workers: Workers) -> None:
    """Side by side on the same threads, each has its own bytes and digests."""
    workers.callers = 2
    sinks = [FakeSink(), FakeSink()]
    attempts = [begin(sink, workers) for sink in sinks]
    for _ in range(30):
        for attempt, letter in zip(attempts, (b"a", b"b"), strict=True):
            await feed(attempt, letter * 333)
    await asyncio.gather(*(attempt.finish(accept) for attempt in attempts))
    for sink, attempt, letter in zip(sinks, attempts, (b"a", b"b"), strict=True):
        assert sink.published == letter * 9990
        assert attempt.digests["sha256"] == hashlib.sha256(letter * 9990).hexdigest()


async def test_no_digests_are_fine(workers: Workers) -> None:
    """A caller may want none."""
    sink = FakeSink()
    attempt = Attempt(sink, (), workers, batch=BATCH)
    await feed(attempt, *LARGE)
    await attempt.finish(accept)
    assert attempt.digests == {}
    assert sink.published == b"".join(LARGE)
