"""The live display: bars for what is under way, a total below, and lines above for what has ended.

This module decides what is shown and when; how it looks is `haulage.progress.drawing`, the only place that imports
rich, and that is imported when a display is opened.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from haulage.events import Event, Failed, Succeeded
from haulage.progress import text
from haulage.progress.board import Board
from haulage.progress.plain import success_line, summary_line
from haulage.progress.reader import Reader

if TYPE_CHECKING:
    from collections.abc import Callable

    from rich.console import Console

    from haulage.progress.drawing import Screen

__all__ = ["RichProgress"]

_FEW = 20  # downloads that leave a line each when they end well


class RichProgress(Reader):
    """A live display on a terminal.

    Args:
        console: A rich console; one on standard error by default.
        expected: Downloads there will be, or None.
        on_error: See `Reader`.

    Raises:
        ImportError: On opening, when rich is not installed (``pip install 'haulage[cli]'``).
    """

    def __init__(
        self,
        console: Console | None = None,
        *,
        expected: int | None = None,
        on_error: Callable[[Exception], None] | None = None,
    ) -> None:
        super().__init__(on_error=on_error)
        self._console = console
        self._board = Board(expected, time.monotonic())
        self._shows_successes = expected is not None and expected <= _FEW
        self._noted: list[Event] = []
        self._screen: Screen | None = None

    def open(self) -> None:
        """Take over the terminal's last lines."""
        from haulage.progress.drawing import Screen  # noqa: PLC0415 - rich is optional and takes a while

        self._screen = Screen(self._console)
        self._screen.open()

    def __exit__(self, *exc_info: object) -> None:
        try:
            super().__exit__(*exc_info)
        finally:
            if self._screen is not None:
                self._screen.close()

    def take(self, event: Event) -> None:
        """Count *event*, and keep it if it leaves a line."""
        self._board.take(event, time.monotonic())
        kind = type(event)
        if kind is Failed or (kind is Succeeded and self._shows_successes):
            self._noted.append(event)

    def draw(self, *, last: bool) -> None:
        """Print what has ended and draw the rest anew."""
        assert self._screen is not None
        with self._lock:
            noted, self._noted = self._noted, []
            picture = self._board.picture(time.monotonic())
        for event in noted:
            match event:
                case Succeeded():
                    self._screen.print(success_line(event, with_url=False), "green")
                case Failed() if not text.is_silent(event.error):
                    self._screen.print(text.failure_line(event.url, event.error), "red")
        if not last:
            self._screen.show(picture)
            return
        self._screen.clear()
        if picture.ended:
            self._screen.print(f"haulage: {summary_line(picture)}", "red" if picture.failed else "bold")
