"""What all event readers share: cheap on the event loop, and never a trouble to the engine.

The loop only notes what happened (`Reader.take`); a thread of the reader's own looks at the notes a few times a second
and does the formatting and writing (`Reader.draw`). So neither a slow terminal nor a full pipe holds up a download. A
reader whose output fails falls silent, remembers the error, and tells whoever asked to be told.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Callable

    from haulage.events import Event

__all__ = ["Reader"]


class Reader:
    """An observer with a thread that draws.

    Args:
        interval: Seconds between two drawings.
        on_error: Called once, on the reader's thread, with the error that silenced it.

    Attributes:
        error: What silenced this reader, or None.
    """

    def __init__(self, *, interval: float = 0.1, on_error: Callable[[Exception], None] | None = None) -> None:
        self.error: Exception | None = None
        self._interval = interval
        self._on_error = on_error
        self._lock = threading.Lock()
        self._closing = threading.Event()
        self._thread: threading.Thread | None = None

    def __call__(self, event: Event) -> None:
        """Note *event*. Never raises."""
        if self.error is not None:
            return
        try:
            with self._lock:
                self.take(event)
        except Exception as error:  # noqa: BLE001 - an observer must not raise into the engine
            self._fall_silent(error)

    def __enter__(self) -> Self:
        self.open()
        self._thread = threading.Thread(target=self._main, name="haulage-progress", daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._closing.set()
        if self._thread is not None:
            self._thread.join()

    def open(self) -> None:
        """Get ready to draw; called before the first drawing."""

    def take(self, event: Event) -> None:
        """Note *event*; called on the event loop, with the lock held. Must be quick."""
        raise NotImplementedError

    def draw(self, *, last: bool) -> None:
        """Write what was noted; called on the reader's thread. *last* when nothing will follow."""
        raise NotImplementedError

    def _main(self) -> None:
        last = False
        while not last:
            last = self._closing.wait(self._interval)
            if self.error is not None and not last:
                continue
            try:
                self.draw(last=last)
            except Exception as error:  # noqa: BLE001 - a thread has nobody to raise to
                self._fall_silent(error)

    def _fall_silent(self, error: Exception) -> None:
        if self.error is None:
            self.error = error
            if self._on_error is not None:
                self._on_error(error)
