"""The threads that write and hash: bursts, lanes, patience, and an end without leftovers."""

from __future__ import annotations

import asyncio
import threading
import time
from typing import TYPE_CHECKING, NoReturn

import pytest
import pytest_asyncio

from haulage.workers import Lane, Workers

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable


@pytest_asyncio.fixture
async def workers() -> AsyncIterator[Workers]:
    """Return workers on this loop."""
    made = Workers(asyncio.get_running_loop())
    yield made
    async with asyncio.timeout(3):
        await made.aclose()


def of(workers: Workers) -> int:
    """Return the number of threads that run for *workers*."""
    return sum(
        getattr(getattr(thread, "_target", None), "__self__", None) is workers for thread in threading.enumerate()
    )


async def until(condition: Callable[[], object]) -> None:
    """Wait until *condition* holds."""
    async with asyncio.timeout(3):
        while not condition():
            await asyncio.sleep(0.001)


async def gone(workers: Workers) -> None:
    """Wait until no thread is left."""
    await until(lambda: not of(workers))


async def test_no_thread_before_there_is_work() -> None:
    """Making workers, and closing them unused, starts nothing."""
    workers = Workers(asyncio.get_running_loop())
    assert of(workers) == 0
    await workers.aclose()


async def test_submit_returns_the_result(workers: Workers) -> None:
    """Computed in a thread, delivered on the loop."""
    name = await workers.submit(lambda: threading.current_thread().name)
    assert name.startswith("haulage-worker")


@pytest.mark.parametrize("error", [KeyError("mine"), StopIteration(), SystemExit(3), KeyboardInterrupt()])
async def test_submit_raises_what_the_job_raised(workers: Workers, error: BaseException) -> None:
    """Whatever it is; and the thread goes on working."""

    def job() -> NoReturn:
        raise error

    future = workers.submit(job)
    await until(future.done)
    got = future.exception()
    # A future cannot hold a StopIteration, as a coroutine cannot raise one.
    assert isinstance(got, RuntimeError) if isinstance(error, StopIteration) else got is error
    assert await workers.submit(lambda: 5) == 5


async def test_a_cancelled_future_does_no_harm(workers: Workers) -> None:
    """The job runs to its end, and its result is dropped."""
    release, ended = threading.Event(), threading.Event()
    future = workers.submit(lambda: (release.wait(10), ended.set()))
    future.cancel()
    release.set()
    await until(ended.is_set)
    assert await workers.submit(lambda: 5) == 5
    assert future.cancelled()


async def test_every_job_runs_once(workers: Workers) -> None:
    """However many are handed in at one moment."""
    seen: list[int] = []
    await asyncio.gather(*(workers.submit(lambda number=number: seen.append(number)) for number in range(200)))
    assert sorted(seen) == list(range(200))


async def test_what_follows_runs_on_the_loop(workers: Workers) -> None:
    """After its job, and in the loop's own thread."""
    done: list[tuple[str, str]] = []
    names: list[str] = []
    workers.put(
        lambda: names.append(threading.current_thread().name),
        lambda: done.append((threading.current_thread().name, names[0])),
    )
    await until(lambda: done)
    assert done[0][0] == threading.current_thread().name
    assert done[0][1].startswith("haulage-worker")


async def test_small_jobs_are_collected_until_all_callers_have_one(workers: Workers) -> None:
    """They run in one burst, in the order in which they came."""
    workers.callers = 5
    seen: list[int] = []
    done: list[int] = []
    for number in range(5):
        assert not seen
        workers.collect(lambda number=number: seen.append(number), lambda number=number: done.append(number))
    await until(lambda: len(done) == 5)
    assert seen == done == list(range(5))


async def test_a_caller_who_brings_nothing_is_not_waited_for_long(workers: Workers) -> None:
    """After a moment the burst begins without him."""
    workers.callers = 100
    since = time.monotonic()
    done = asyncio.Event()
    workers.collect(lambda: None, done.set)
    async with asyncio.timeout(5):
        await done.wait()
    assert time.monotonic() - since < 1


async def test_a_single_caller_does_not_wait(workers: Workers) -> None:
    """With nobody else to wait for the burst begins at once."""
    workers.callers = 1
    done = asyncio.Event()
    workers.collect(lambda: None, done.set)
    assert workers._collecting is None
    async with asyncio.timeout(5):
        await done.wait()


async def test_a_thread_is_added_when_one_is_stuck(workers: Workers) -> None:
    """A job that waits for a slow disk does not hold up the others for long."""
    release = threading.Event()
    stuck = workers.submit(lambda: release.wait(10))
    async with asyncio.timeout(5):
        assert await workers.submit(lambda: 5) == 5
    assert not stuck.done()
    assert of(workers) >= 2
    release.set()
    await stuck


async def test_many_stuck_threads_do_not_stop_it(workers: Workers) -> None:
    """Ten slow disks, and an eleventh job still gets through."""
    release = threading.Event()
    stuck = [workers.submit(lambda: release.wait(30)) for _ in range(10)]
    async with asyncio.timeout(20):
        assert await workers.submit(lambda: 5) == 5
    assert not any(future.done() for future in stuck)
    release.set()
    await asyncio.gather(*stuck)


async def test_a_long_burst_is_broken_up(workers: Workers) -> None:
    """Jobs collected as small that turn out to be slow are shared among more threads."""
    workers.callers = 8
    ran: set[str] = set()
    done: list[int] = []
    barrier = threading.Event()

    def slow() -> None:
        ran.add(threading.current_thread().name)
        barrier.wait(0.05)

    for number in range(8):
        workers.collect(slow, lambda number=number: done.append(number))
    await until(lambda: len(done) == 8)
    assert sorted(done) == list(range(8))
    assert len(ran) > 1


async def test_there_is_an_upper_bound(workers: Workers) -> None:
    """However many are wanted."""
    workers.want(1000)
    assert of(workers) <= 64


async def test_aclose_waits_for_what_was_handed_in() -> None:
    """Queued and collected jobs are done, and the threads are gone, when it returns."""
    workers = Workers(asyncio.get_running_loop())
    workers.callers = 100
    seen: list[str] = []
    workers.put(lambda: (time.sleep(0.02), seen.append("long")), lambda: None)
    workers.collect(lambda: seen.append("small"), lambda: None)
    async with asyncio.timeout(3):
        await workers.aclose()
    assert sorted(seen) == ["long", "small"]
    await gone(workers)


async def test_aclose_survives_a_burst_that_is_broken_up() -> None:
    """Slow jobs in the last burst are done, too, and nobody waits for ever."""
    workers = Workers(asyncio.get_running_loop())
    workers.callers = 100
    seen: list[int] = []
    for number in range(6):
        workers.collect(lambda number=number: (time.sleep(0.02), seen.append(number)), lambda: None)
    async with asyncio.timeout(5):
        await workers.aclose()
    assert sorted(seen) == list(range(6))
    await gone(workers)


async def test_closing_twice_is_harmless() -> None:
    """The second time there is nothing to do."""
    workers = Workers(asyncio.get_running_loop())
    await workers.submit(lambda: None)
    await workers.aclose()
    await workers.aclose()
    await gone(workers)


async def test_closed_workers_take_nothing() -> None:
    """A late job is an error at once, not a wait for ever."""
    workers = Workers(asyncio.get_running_loop())
    await workers.aclose()
    with pytest.raises(RuntimeError, match="closed"):
        workers.submit(lambda: None)


async def test_a_lane_keeps_its_order(workers: Workers) -> None:
    """Over many jobs and several threads, one after the other."""
    workers.want(4)
    lane = Lane(workers)
    seen: list[int] = []
    running: list[int] = []
    overlaps: list[int] = []
    done: list[int] = []

    def job(number: int) -> None:
        running.append(number)
        overlaps.append(len(running))
        seen.append(number)
        running.pop()

    for number in range(500):
        lane.put(lambda number=number: job(number), lambda number=number: done.append(number))
        if number % 50 == 0:
            await asyncio.sleep(0)
    await until(lambda: len(done) == 500)
    assert seen == done == list(range(500))
    assert set(overlaps) == {1}
    assert lane.error is None


async def test_two_lanes_run_beside_each_other(workers: Workers) -> None:
    """One may wait for the other's job."""
    workers.want(2)
    event = threading.Event()
    done: list[str] = []
    Lane(workers).put(lambda: event.wait(10), lambda: done.append("one"))
    Lane(workers).put(event.set, lambda: done.append("two"))
    await until(lambda: len(done) == 2)
    assert event.is_set()


async def test_after_an_error_the_rest_of_a_lane_is_skipped(workers: Workers) -> None:
    """The first error is kept, and everybody hears of his job's end all the same."""
    lane = Lane(workers)
    seen: list[int] = []
    done: list[int] = []
    first = KeyError("first")

    def fail() -> NoReturn:
        raise first

    lane.put(lambda: seen.append(1), lambda: done.append(1))
    lane.put(fail, lambda: done.append(2))
    lane.put(lambda: seen.append(3), lambda: done.append(3))
    await until(lambda: len(done) == 3)
    lane.put(fail, lambda: done.append(4))
    await until(lambda: len(done) == 4)
    assert seen == [1]
    assert done == [1, 2, 3, 4]
    assert lane.error is first


async def test_a_lane_can_be_used_again_after_a_rest(workers: Workers) -> None:
    """Nothing that was put while the lane was ending is forgotten."""
    lane = Lane(workers)
    count = 0

    def one() -> None:
        nonlocal count
        count += 1

    for number in range(1, 300):
        lane.put(lambda: None, one)
        if number % 3 == 0:
            expected = number
            await until(lambda expected=expected: count == expected)
    await until(lambda: count == 299)


async def test_many_jobs_wake_the_loop_seldom(workers: Workers) -> None:
    """All results arrive, whoever finishes when."""
    results = await asyncio.gather(*(workers.submit(lambda number=number: number * 2) for number in range(2000)))
    assert results == [number * 2 for number in range(2000)]
