"""Signals: the command's task is cancelled and cleans up; whatever hangs is left behind in time.

The first signal cancels. If cleaning up takes longer than it may, because a thread hangs in a write to a full pipe or
in a name server, the process ends all the same.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Self

from haulage.blocking import loop_factory

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

__all__ = ["Interruption"]

_GRACE = 1.5  # seconds: with Python's own time to leave, less than two
_SIGNALS = ("SIGINT", "SIGTERM", "SIGHUP")
_SHOW_CURSOR = b"\x1b[?25h"


class Interruption:
    """Runs a command's coroutine so that signals end it well.

    Args:
        ends_process: Whether the process may be ended when cleaning up hangs.

    Attributes:
        code: The exit code that was asked for from outside, or None.
    """

    def __init__(self, *, ends_process: bool) -> None:
        self.code: int | None = None
        self._ends_process = ends_process
        self._loop: asyncio.AbstractEventLoop | None = None
        self._task: asyncio.Task[Any] | None = None
        self._previous: dict[int, Any] = {}

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            for name in _SIGNALS:
                number = getattr(signal, name, None)
                # Whoever started us may want a signal ignored: nohup does.
                if number is not None and signal.getsignal(number) != signal.SIG_IGN:
                    self._previous[number] = signal.signal(number, self._on_signal)
        return self

    def __exit__(self, *exc_info: object) -> None:
        for number, handler in self._previous.items():
            signal.signal(number, handler)

    def run(self, main: Callable[[], Coroutine[Any, Any, int]]) -> int:
        """Run the coroutine that *main* returns, on a loop of its own.

        Returns:
            The exit code: its result, or the code of what ended it.
        """
        try:
            with asyncio.Runner(loop_factory=loop_factory()) as runner:
                code = runner.run(self._main(main))
        except asyncio.CancelledError:
            if self.code is None:
                raise
            return self.code
        return code if self.code is None else self.code

    def stop(self, code: int) -> None:
        """Have the command end with *code*. May be called in any thread, and more than once."""
        if self.code is not None:
            return
        self.code = code
        if self._ends_process:
            threading.Thread(target=self._end, name="haulage-end", daemon=True).start()
        self._cancel()

    def _on_signal(self, number: int, _frame: object) -> None:
        is_running = self._task is not None
        self.stop(128 + number)
        if not is_running:
            raise KeyboardInterrupt

    def _cancel(self) -> None:
        loop, task = self._loop, self._task
        if loop is not None and task is not None:
            # The loop may have ended in this very moment.
            with suppress(RuntimeError):
                loop.call_soon_threadsafe(task.cancel)

    async def _main(self, main: Callable[[], Coroutine[Any, Any, int]]) -> int:
        self._loop = asyncio.get_running_loop()
        self._task = asyncio.current_task()
        if self.code is not None:
            return self.code
        try:
            return await main()
        finally:
            self._task = None

    def _end(self) -> None:
        threading.Event().wait(_GRACE)
        # We are late: a display that hangs cannot bring its cursor back.
        with suppress(OSError, ValueError, AttributeError):
            if sys.stderr.isatty():
                os.write(sys.stderr.fileno(), _SHOW_CURSOR)
        os._exit(1 if self.code is None else self.code)
