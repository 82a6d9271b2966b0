"""One failure at the n-th await of a coroutine.

`Injection.drive` stands between a task and the coroutine it runs, and hands through whatever goes from one to the
other. Each time the coroutine suspends, that is one await further; at the n-th something goes wrong:

- ``cancel``: the task is cancelled while it waits there.
- ``late cancel``: the same in the moment in which what it waits for has come, and has not been delivered yet. Here
  permits and connections are lost.
- ``cancel twice``: as the first, and again at the next await, which is one of the cleaning up.
- ``timeout``, ``os error``: what it waits for ends with that exception, one turn of the loop later.

A cancellation may come anywhere. The two exceptions come from outside: from the network or out of a thread. Where the
engine waits for itself (a semaphore, its own future, a pause) they are impossible today and are injected all the same,
since nothing may be left behind whatever an await raises. One place is left out: `to_the_end`, which waits for work
that goes on regardless, so that an exception which is not the work's own would say nothing.
"""

from __future__ import annotations

import asyncio
import functools
import gc
import types
from collections.abc import Coroutine, Generator
from typing import Any, Literal

__all__ = ["FAULTS", "Fault", "Injection"]

Fault = Literal["cancel", "late cancel", "cancel twice", "timeout", "os error"]
FAULTS: tuple[Fault, ...] = ("cancel", "late cancel", "cancel twice", "timeout", "os error")

_FOREIGN = ("/aiohttp/", "/aiofiles/")


class Injection:
    """What is to happen at one await.

    Args:
        fault: What goes wrong.
        at: At which await, counted from 1.
        errno: The number of an ``os error``.

    Attributes:
        where: The functions that waited when it happened, innermost last; empty as long as it has not.
        error: The exception that was injected, if it was one.
        from_outside: Whether that await is one of the network or of a file.
    """

    def __init__(self, fault: Fault, at: int, errno: int) -> None:
        self.where: list[str] = []
        self.error: Exception | None = None
        self.from_outside = False
        self._fault = fault
        self._at = at
        self._errno = errno
        self._awaits = 0

    async def drive(self, coroutine: Coroutine[Any, Any, Any]) -> Any:
        """Run *coroutine* and let it happen."""
        return await self._forward(coroutine)

    @types.coroutine
    def _forward(self, coroutine: Coroutine[Any, Any, Any]) -> Generator[Any, Any, Any]:
        proceed = functools.partial(coroutine.send, None)
        while True:
            try:
                awaited = proceed()
            except StopIteration as end:
                return end.value
            injected = self._strike(coroutine, awaited)
            try:
                yield awaited
            except BaseException as error:
                proceed = functools.partial(coroutine.throw, injected or error)
            else:
                proceed = functools.partial(coroutine.send, None)
                if injected is not None:
                    proceed = functools.partial(coroutine.throw, injected)

    def _strike(self, coroutine: Coroutine[Any, Any, Any], awaited: asyncio.Future[Any] | None) -> Exception | None:
        """Look whether this is the await, and return the exception to throw when it is over, if any."""
        task = asyncio.current_task()
        assert task is not None
        self._awaits += 1
        if self._fault == "cancel twice" and self._awaits == self._at + 1 and self.where:
            task.cancel()
        if self._awaits != self._at:
            return None
        frames = _waiting(coroutine)
        names = [name for _, name in frames]
        if self._fault in ("timeout", "os error") and "to_the_end" in names:
            self._at += 1
            return None
        self.where = names
        self.from_outside = any(part in path for path, _ in frames for part in _FOREIGN)
        match self._fault:
            case "late cancel" if awaited is not None:
                # The task's own callback is added after this one, and so called after it.
                awaited.add_done_callback(lambda _: task.cancel())
            case "late cancel":
                asyncio.get_running_loop().call_soon(task.cancel)
            case "cancel" | "cancel twice":
                task.cancel()
            case "timeout":
                self.error = TimeoutError()
            case "os error":
                self.error = OSError(self._errno, "injected")
        if self.error is not None and awaited is not None:
            awaited.cancel()
        return self.error


def _waiting(outermost: Any) -> list[tuple[str, str]]:
    """Return file and name of each function that waits for the next one."""
    found, inner = [], outermost
    while inner is not None:
        if type(inner).__name__ == "coroutine_wrapper":
            (inner,) = gc.get_referents(inner)
        code = getattr(inner, "cr_code", None) or getattr(inner, "gi_code", None)
        if code is None:
            break
        found.append((code.co_filename, code.co_qualname))
        inner = inner.cr_await if hasattr(inner, "cr_await") else inner.gi_yieldfrom
    return found
