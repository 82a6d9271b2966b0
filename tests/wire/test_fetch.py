"""The synchronous door opens everywhere: in a plain thread, in many, and inside a running loop."""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextvars
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

import haulage
from haulage import events
from haulage.depot import Depot, generated


def own_threads() -> list[str]:
    """Return the names of this library's threads, the depot's excepted, that are not just taking their leave."""
    own = [
        thread
        for thread in threading.enumerate()
        if thread.name.startswith("haulage-") and not thread.name.startswith("haulage-depot")
    ]
    for thread in own:
        thread.join(1.0)
    return [thread.name for thread in own if thread.is_alive()]


@pytest.mark.case("C05")
def test_in_a_plain_thread(depot: Depot, target: Path) -> None:
    """Without any loop, fetch just downloads, and leaves no thread."""
    result = haulage.fetch(f"{depot.url}/_/bytes/100000", target, expected_size=100_000)
    assert result.path == str(target)
    assert target.read_bytes() == generated(100_000)
    assert own_threads() == []


@pytest.mark.case("C05")
def test_many_times(depot: Depot) -> None:
    """One call after the other works, with downloaders of their own or of one factory."""
    factory = haulage.DownloaderFactory()
    for number in range(10):
        assert haulage.HttpDownloader(f"{depot.url}/_/bytes/{number}").fetch().artifact_attributes["size"] == number
        assert factory.build(f"{depot.url}/_/bytes/{number}").fetch().artifact_attributes["size"] == number
    assert own_threads() == []


def test_the_same_downloader_again(depot: Depot, target: Path) -> None:
    """A downloader that has ended may be asked again, and downloads again."""
    downloader = haulage.HttpDownloader(f"{depot.url}/_/bytes/10", destination=target)
    downloader.fetch()
    target.unlink()
    downloader.fetch()
    assert target.read_bytes() == generated(10)
    assert len(depot.requests) == 2


@pytest.mark.blocks
@pytest.mark.case("C05")
async def test_inside_a_running_loop(depot: Depot, target: Path) -> None:
    """Where a loop is running already, as in a notebook, fetch uses a loop of its own."""
    haulage.fetch(f"{depot.url}/_/bytes/100000", target)
    assert target.read_bytes() == generated(100_000)
    for number in range(3):
        result = haulage.HttpDownloader(f"{depot.url}/_/bytes/{number}").fetch()
        assert result.artifact_attributes["size"] == number
    assert own_threads() == []


@pytest.mark.blocks
@pytest.mark.case("C05")
async def test_error_inside_a_running_loop(depot: Depot) -> None:
    """What goes wrong comes out of fetch as it would out of run."""
    with pytest.raises(haulage.HttpFileNotFound):
        haulage.fetch(f"{depot.url}/_/status/404")
    assert own_threads() == []


@pytest.mark.case("C05")
async def test_in_a_thread_beside_a_loop(depot: Depot) -> None:
    """In a worker thread of an asynchronous program fetch is as good as anywhere."""
    result = await asyncio.to_thread(haulage.fetch, f"{depot.url}/_/bytes/10")
    assert result.artifact_attributes["size"] == 10


@pytest.mark.case("C05")
def test_in_many_threads(depot: Depot, workplace: Path) -> None:
    """Many threads fetch through one factory at once, each on a loop of its own."""
    factory = haulage.DownloaderFactory()

    def one(number: int) -> None:
        factory.build(f"{depot.url}/_/bytes/{number * 5000}", destination=workplace / str(number)).fetch()

    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        list(pool.map(one, range(64)))
    assert {path.name: path.stat().st_size for path in workplace.iterdir()} == {
        str(number): number * 5000 for number in range(64)
    }
    assert own_threads() == []


def test_within_a_factory(depot: Depot) -> None:
    """Within ``with DownloaderFactory()`` all calls share one connection."""
    with haulage.DownloaderFactory() as factory:
        for number in range(5):
            factory.build(f"{depot.url}/_/bytes/{number}").fetch()
    assert len({record.peer for record in depot.requests}) == 1
    assert own_threads() == []


@pytest.mark.case("C05")
def test_threads_within_a_factory(depot: Depot) -> None:
    """Within ``with`` many threads share the connections and the bound on them."""
    with (
        haulage.DownloaderFactory(haulage.Remote(download_concurrency=3)) as factory,
        concurrent.futures.ThreadPoolExecutor(12) as pool,
    ):
        list(pool.map(lambda number: factory.build(f"{depot.url}/_/bytes/{number}").fetch(), range(60)))
    assert len(depot.requests) == 60
    assert len({record.peer for record in depot.requests}) <= 3


def test_a_factory_is_closed_in_mid_download(depot: Depot, workplace: Path) -> None:
    """Who is waiting in another thread is told what happened, and nothing is left."""
    started, errors = threading.Event(), []

    def wait() -> None:
        downloader = factory.build(
            f"{depot.url}/_/slow?size=2000&chunk=100&delay=0.05",
            destination=workplace / "target",
            observer=lambda event: started.set() if isinstance(event, events.BytesReceived) else None,
        )
        try:
            downloader.fetch()
        except BaseException as error:
            errors.append(error)

    factory = haulage.DownloaderFactory()
    with factory:
        thread = threading.Thread(target=wait)
        thread.start()
        assert started.wait(10)
    thread.join(10)
    assert [type(error) for error in errors] == [haulage.DownloaderMisuseError]
    assert list(workplace.iterdir()) == []


def test_a_factory_opens_again(depot: Depot) -> None:
    """A factory may be entered again after it was left, and closed any number of times."""
    factory = haulage.DownloaderFactory()
    for _ in range(3):
        with factory:
            factory.build(f"{depot.url}/_/bytes/1").fetch()
        factory.close()
    with factory, pytest.raises(haulage.DownloaderMisuseError):
        factory.__enter__()
    assert own_threads() == []


def test_error_within_a_factory(depot: Depot) -> None:
    """An error within ``with`` comes out, and everything is closed."""
    with pytest.raises(haulage.HttpFileNotFound), haulage.DownloaderFactory() as factory:
        factory.build(f"{depot.url}/_/status/404").fetch()
    assert own_threads() == []


@pytest.mark.blocks
@pytest.mark.case("C05")
async def test_within_a_factory_inside_a_running_loop(depot: Depot) -> None:
    """``with`` works inside a running loop as well."""
    with haulage.DownloaderFactory() as factory:
        for number in range(3):
            factory.build(f"{depot.url}/_/bytes/{number}").fetch()
    assert len({record.peer for record in depot.requests}) == 1
    assert own_threads() == []


@pytest.mark.blocks
async def test_context_variables_are_seen(depot: Depot) -> None:
    """A custom downloader sees the caller's context variables, wherever its loop is."""
    variable = contextvars.ContextVar("variable", default="unset")
    seen: list[str] = []

    class Downloader(haulage.BaseDownloader):
        async def _run(self, extra_data: object = None) -> None:
            seen.append(variable.get())
            await self.finalize()

    variable.set("set")
    Downloader("x://y").fetch()
    await asyncio.to_thread(Downloader("x://y").fetch)
    assert seen == ["set", "set"]


def test_extra_data(depot: Depot) -> None:
    """What is given to fetch reaches the request as it does from run."""
    haulage.HttpDownloader(f"{depot.url}/_/echo").fetch({"request_kwargs": {"headers": {"X-Extra": "e"}}})
    assert depot.requests[0].header("X-Extra") == "e"


def test_the_event_loop_of_the_thread_is_left_alone(depot: Depot) -> None:
    """A loop the caller made for this thread is still there, and open, after fetch."""
    loop = asyncio.new_event_loop()
    try:
        asyncio.set_event_loop(loop)
        haulage.fetch(f"{depot.url}/_/bytes/1")
        assert asyncio.get_event_loop_policy().get_event_loop() is loop
        assert loop.run_until_complete(haulage.download(f"{depot.url}/_/bytes/2")).artifact_attributes["size"] == 2
    finally:
        asyncio.set_event_loop(None)
        loop.close()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
@pytest.mark.case("C06")
def test_a_forked_child_is_told_so(depot: Depot) -> None:
    """An open factory belongs to its process; a forked child gets an error and does not wait for ever."""
    with haulage.DownloaderFactory() as factory:
        factory.build(f"{depot.url}/_/bytes/1").fetch()
        child = os.fork()
        if child == 0:  # pragma: no cover - another process
            try:
                factory.build("http://127.0.0.1:9/").fetch()
            except haulage.DownloaderMisuseError:
                os._exit(7)
            os._exit(1)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7


PROGRAM = """
import asyncio, sys, threading
import haulage
from haulage import events

async def main():
    print("begun", flush=True)
    haulage.fetch(sys.argv[1], sys.argv[2])

asyncio.run(main())
"""


@pytest.mark.skipif(sys.platform == "win32", reason="signals are another matter there")
@pytest.mark.case("C07")
def test_ctrl_c_inside_a_running_loop(depot: Depot, target: Path, workplace: Path) -> None:
    """The first Ctrl-C ends a fetch that blocks the loop it is called on, and leaves nothing."""
    command = [sys.executable, "-c", PROGRAM, f"{depot.url}/_/slow?size=1000&chunk=1&delay=1", str(target)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "begun\n"
        while not depot.requests:
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        _, complaints = process.communicate(timeout=10)
    assert "KeyboardInterrupt" in complaints
    assert list(workplace.iterdir()) == []
