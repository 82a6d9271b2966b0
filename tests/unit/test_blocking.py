"""The synchronous door: from a plain thread, inside a running loop, many times over, interrupted."""

from __future__ import annotations

import asyncio
import contextvars
import signal
import subprocess
import sys
import threading
import time
from typing import NoReturn

import pytest

from haulage.blocking import LoopThread, run_blocking

VARIABLE = contextvars.ContextVar("VARIABLE", default="unset")


async def answer() -> int:
    """Return a number after a step on the loop."""
    await asyncio.sleep(0)
    return 42


async def fail() -> NoReturn:
    """Raise."""
    await asyncio.sleep(0)
    raise KeyError("mine")


async def where() -> str:
    """Return the name of this thread."""
    return threading.current_thread().name


def loop_threads() -> list[str]:
    """Return the loop threads that are alive."""
    return [thread.name for thread in threading.enumerate() if thread.name == "haulage-loop"]


def test_in_a_plain_thread_it_runs_right_there() -> None:
    """So that Ctrl-C reaches it."""
    assert run_blocking(answer) == 42
    assert run_blocking(where) == threading.current_thread().name


def test_many_times_over() -> None:
    """Each call has a loop of its own and leaves none behind."""
    assert [run_blocking(answer) for _ in range(5)] == [42] * 5
    assert loop_threads() == []


def test_in_another_thread() -> None:
    """A thread without a loop is as good as the first one."""
    results: list[int] = []
    thread = threading.Thread(target=lambda: results.append(run_blocking(answer)))
    thread.start()
    thread.join()
    assert results == [42]


def test_its_error_is_the_coroutines() -> None:
    """With no foreign exception in the chain."""
    with pytest.raises(KeyError, match="mine") as caught:
        run_blocking(fail)
    assert caught.value.__context__ is None
    assert caught.value.__cause__ is None


@pytest.mark.blocks
async def test_inside_a_running_loop_it_has_a_thread() -> None:
    """As in Jupyter; the thread is gone afterwards."""
    assert run_blocking(answer) == 42
    assert run_blocking(where) == "haulage-loop"
    with pytest.raises(KeyError):
        run_blocking(fail)
    assert loop_threads() == []


@pytest.mark.blocks
async def test_context_variables_reach_the_coroutine() -> None:
    """What the caller set is seen on the other thread."""
    VARIABLE.set("mine")

    async def look() -> str:
        return VARIABLE.get()

    assert run_blocking(look) == "mine"


def test_a_loop_thread_runs_many_on_one_loop() -> None:
    """Connections can be shared by them."""

    async def loop_id() -> int:
        return id(asyncio.get_running_loop())

    with LoopThread() as thread:
        assert thread.run(loop_id) == thread.run(loop_id)
        with pytest.raises(KeyError):
            thread.run(fail)
        assert thread.run(answer) == 42
    assert loop_threads() == []


def test_a_loop_thread_serves_many_threads() -> None:
    """Callers on several threads wait for each their own."""
    with LoopThread() as loop:
        results: list[int] = []

        async def number(value: int) -> int:
            await asyncio.sleep(0.01)
            return value

        threads = [
            threading.Thread(target=lambda value=value: results.append(loop.run(lambda: number(value))))
            for value in range(10)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert sorted(results) == list(range(10))


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="no timers here")
def test_an_interrupted_wait_sees_the_coroutine_to_its_end() -> None:
    """The coroutine is cancelled, and has cleaned up when the interruption comes out."""
    began, cleaned = threading.Event(), threading.Event()

    async def patient() -> None:
        began.set()
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0.05)
            cleaned.set()

    class Interrupted(Exception):
        pass

    def interrupt(*_: object) -> NoReturn:
        raise Interrupted

    before = signal.signal(signal.SIGALRM, interrupt)
    try:
        with LoopThread() as thread:
            signal.setitimer(signal.ITIMER_REAL, 0.1)
            with pytest.raises(Interrupted):
                thread.run(patient)
            assert began.is_set()
            assert cleaned.is_set()
            assert thread.run(answer) == 42
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert loop_threads() == []


@pytest.mark.skipif(sys.platform == "win32", reason="signals are sent otherwise there")
def test_ctrl_c_ends_a_plain_call() -> None:
    """The process ends promptly with KeyboardInterrupt, after the coroutine has cleaned up."""
    code = (
        "import asyncio\nfrom haulage.blocking import run_blocking\n"
        "async def main():\n"
        "    print('began', flush=True)\n"
        "    try:\n        await asyncio.sleep(60)\n"
        "    finally:\n        print('cleaned', flush=True)\n"
        "try:\n    run_blocking(main)\nexcept KeyboardInterrupt:\n    print('interrupted', flush=True)\n"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "began\n"
        since = time.monotonic()
        process.send_signal(signal.SIGINT)
        assert process.stdout.read() == "cleaned\ninterrupted\n"
        assert process.wait() == 0
        assert time.monotonic() - since < 5
