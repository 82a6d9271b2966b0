"""Downloads in processes of their own, made to be killed.

A `Nursery` is one process that has imported everything. For each order it forks a child that makes one download, waits
for its end and says how it ended, so that a killed download costs milliseconds and leaves no process that still looks
alive. This module is both its two ends: imported by tests, and run as the nursery.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import os
import select
import signal
import subprocess
import sys
from pathlib import Path
from typing import IO, Any, NamedTuple, Self

__all__ = ["Child", "Ended", "Nursery"]

_DONE = 0


class Ended(NamedTuple):
    """How a child ended.

    Attributes:
        signal: The signal that killed it, or 0.
        error: The names of the class of its error and of that one's bases; empty after success.
        errno: The error's number.
        left_open: What it had open below the directory of the target when the download was over.
        calls: The calls to the file system it had made by then, by name.
    """

    signal: int
    error: tuple[str, ...] = ()
    errno: int | None = None
    left_open: tuple[str, ...] = ()
    calls: tuple[str, ...] = ()


class Child(NamedTuple):
    """One that has been started.

    Attributes:
        pid: Its number.
        part: The name of the first part it makes.
    """

    pid: int
    part: str


class Nursery:
    """The tests' end of it."""

    def __enter__(self) -> Self:
        command = [sys.executable, "-W", "error", __file__]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        return self

    def __exit__(self, *exc_info: object) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.stdout.close()
        self._process.wait(20)

    def run(self, url: str, target: Path, **order: Any) -> Ended:
        """Let a child download.

        Args:
            url: What.
            target: Where to.
            order: ``settings`` and ``if_exists``. ``copies``, if there are to be several at once. And what happens to
                it: ``errors``, triples of the name, place and error of a call; ``kill_at``, the number of a call, and
                ``torn`` (see `support.inject_disk`); ``kill_after``, seconds; ``cancel_after``, seconds from the making
                of the part.
        """
        self.start(url, target, **order)
        return self.ended()

    def start(self, url: str, target: Path, **order: Any) -> Child:
        """As `run`, without waiting for the end; with ``stopped=True`` the child waits for a SIGCONT to begin."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"url": url, "target": str(target), **order}) + "\n")
        self._process.stdin.flush()
        return Child(*self._read())

    def ended(self) -> Ended:
        """Wait for the end of the child that was started last."""
        facts = self._read()
        return Ended(**{name: tuple(value) if isinstance(value, list) else value for name, value in facts.items()})

    def _read(self) -> Any:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line, "the nursery has died"
        return json.loads(line)


def _main() -> None:
    from haulage.sinks import parts

    for line in sys.stdin:
        order = json.loads(line)
        reading, writing = os.pipe()
        child = os.fork()
        if not child:
            os.close(reading)
            with open(writing, "w", encoding="ascii") as report:
                _be_the_child(order, report)
            os._exit(_DONE)
        os.close(writing)
        if order.get("stopped"):
            os.waitpid(child, os.WUNTRACED)
        print(
            json.dumps([child, f".haulage-{parts._machine()}-{child:x}-{parts._start_time(child):x}-1.part"]),
            flush=True,
        )
        if "kill_after" in order:
            select.select([reading], [], [], order["kill_after"])
            # Nobody has waited for it yet, so that the number is still its own, even if it has ended.
            os.kill(child, signal.SIGKILL)
        with open(reading, encoding="ascii") as report:
            facts = report.read()
        _, status = os.waitpid(child, 0)
        if os.WIFSIGNALED(status):
            facts = json.dumps({"signal": os.WTERMSIG(status)})
        print(facts, flush=True)


def _be_the_child(order: dict[str, Any], report: IO[str]) -> None:
    from haulage.sinks import parts
    from support.inject_disk import FaultyOs, at_call, killed_at

    parts._serial = itertools.count(1)
    strikes = [at_call(*error) for error in order.get("errors", ())]
    if "kill_at" in order:
        strikes.insert(0, killed_at(order["kill_at"], torn=order.get("torn", False)))
    faulty = FaultyOs(*strikes)
    if order.get("stopped"):
        os.kill(os.getpid(), signal.SIGSTOP)
    else:
        faulty.install()
    error: BaseException | None = None
    try:
        asyncio.run(_download(order))
    except BaseException as caught:
        error = caught
    facts = Ended(
        signal=0,
        error=() if error is None else tuple(kind.__name__ for kind in type(error).__mro__),
        errno=getattr(error, "errno", None),
        left_open=tuple(_open_below(os.path.dirname(order["target"]))),
        calls=tuple(call.name for call in faulty.calls),
    )
    json.dump(facts._asdict(), report)


async def _download(order: dict[str, Any]) -> None:
    import haulage
    from haulage.sinks import parts

    remote = haulage.Remote(**{"max_retries": 0, **order.get("settings", {})})
    if_exists = order.get("if_exists", "replace")
    if "copies" in order:
        async with haulage.DownloaderFactory(remote) as factory:
            names = [f"{order['target']}.{number}" for number in range(order["copies"])]
            await asyncio.gather(*(factory.build(order["url"], destination=name).run() for name in names))
        return
    task = asyncio.create_task(haulage.download(order["url"], order["target"], if_exists=if_exists, remote=remote))
    if "cancel_after" in order:
        part = os.path.join(os.path.dirname(order["target"]), f"{parts._prefix(os.getpid())}1.part")
        while not task.done() and not os.path.exists(part):
            await asyncio.sleep(0.001)
        await asyncio.sleep(order["cancel_after"])
        task.cancel()
    await task


def _open_below(directory: str) -> list[str]:
    found = []
    for name in os.listdir("/proc/self/fd") if os.path.isdir("/proc/self/fd") else ():
        with contextlib.suppress(OSError):
            path = os.readlink(f"/proc/self/fd/{name}")
            if path.startswith(directory):
                found.append(path)
    return found


def _warm_up() -> None:
    """Import what the first download imports."""
    import haulage
    from haulage.depot import Depot

    with Depot() as depot, open(os.devnull, "wb") as nowhere:
        haulage.fetch(f"{depot.url}/_/bytes/10", nowhere)


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[1]))
    _warm_up()
    _main()
