"""How the live display looks. The only module of the library that imports rich, and only when a display is opened.

Lines are put together cell by cell, so that columns stay where they are whatever stands in them: a table that fits
itself to its content anew ten times a second would dance.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.console import Console
from rich.live import Live
from rich.text import Text

from haulage.progress import text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from haulage.progress.picture import Picture, Row

__all__ = ["Screen"]

_MOST_ROWS = 12
_LINES_BELOW = 5  # left to the total, the counts, and what the user was reading
_GAP = "  "
# Cells.
_SHORTEST_NAME = 12
_PERCENT, _SPEED, _LEFT, _AMOUNT = 4, 12, 12, 21


@dataclass(frozen=True, slots=True)
class _Widths:
    """Cells of the columns that give way when there is little room; 0 leaves one out."""

    name: int
    bar: int
    amount: int


def _widths(width: int) -> _Widths:
    """Return what fits into *width* cells: first the bar is given up, then the amounts."""
    fixed = _PERCENT + _SPEED + _LEFT + 3 * len(_GAP)
    for bar, amount in ((24, _AMOUNT), (0, _AMOUNT)):
        name = width - fixed - sum(cells + len(_GAP) for cells in (bar, amount) if cells)
        if name >= _SHORTEST_NAME:
            return _Widths(name, bar, amount)
    return _Widths(max(1, width - fixed), 0, 0)


class Screen:
    """The last lines of a terminal.

    Args:
        console: A rich console, or None for one on standard error.
    """

    def __init__(self, console: Console | None = None) -> None:
        self._console = Console(stderr=True) if console is None else console
        # Two marks, not two colours of one: a terminal may have no colours.
        self._marks = ("━", "─") if self._console.encoding.lower().startswith("utf") else ("=", "-")
        # Drawn by hand, from one thread, so that nothing is drawn between two states.
        self._live = Live(
            console=self._console,
            auto_refresh=False,
            transient=True,
            redirect_stdout=False,
            redirect_stderr=False,
            vertical_overflow="crop",
        )

    def open(self) -> None:
        """Hide the cursor and begin."""
        self._live.start()

    def close(self) -> None:
        """Leave the terminal as it was."""
        self._live.stop()

    def show(self, picture: Picture) -> None:
        """Draw *picture* in place of the last one."""
        lines = list(self._lines(picture))
        for line in lines:
            line.truncate(self._console.width, overflow="ellipsis")
        self._live.update(Text("\n", no_wrap=True).join(lines), refresh=True)

    def clear(self) -> None:
        """Draw nothing any more."""
        self._live.update(Text(), refresh=True)

    def print(self, line: str, style: str) -> None:
        """Print *line* above the display; it scrolls away with the rest."""
        self._console.print(Text(line, style=style), soft_wrap=True)

    def _lines(self, picture: Picture) -> Iterator[Text]:
        widths = _widths(self._console.width - 1)
        most = max(1, min(_MOST_ROWS, self._console.height - _LINES_BELOW))
        for row in picture.rows[:most]:
            yield self._row(row, widths)
        if len(picture.rows) > most:
            yield Text(f"and {len(picture.rows) - most} more", style="dim")
        yield self._columns(
            _fitted(Text("total", style="bold"), widths.name),
            widths,
            fraction=picture.fraction,
            amount=_amount(picture.received, picture.total),
            speed=picture.speed,
            left=picture.seconds_left,
        )
        yield _counts(picture)

    def _row(self, row: Row, widths: _Widths) -> Text:
        is_moving = row.wait is None and row.waited is None
        name = _fitted(Text(text.printable(row.name), style="cyan" if is_moving else "yellow"), widths.name)
        if row.wait is not None:
            again = f"attempt {row.attempt + 1} in {text.duration(row.wait)}: {row.problem}"
            return Text.assemble(name, _GAP, (again, "yellow"))
        if row.waited is not None:
            return Text.assemble(name, _GAP, (f"waiting for {text.duration(row.waited)}: {row.staging}", "yellow"))
        return self._columns(
            name, widths, fraction=row.fraction, amount=_row_amount(row), speed=row.speed, left=row.seconds_left
        )

    def _columns(
        self,
        name: Text,
        widths: _Widths,
        *,
        fraction: float | None,
        amount: str,
        speed: float,
        left: float | None,
    ) -> Text:
        cells = [name]
        if widths.bar:
            done = 0 if fraction is None else int(widths.bar * fraction)
            full, empty = self._marks
            cells.append(Text.assemble((full * done, "green"), (empty * (widths.bar - done), "bright_black")))
        cells.append(Text(("" if fraction is None else f"{int(100 * fraction)}%").rjust(_PERCENT)))
        if widths.amount:
            cells.append(Text(amount.rjust(widths.amount)))
        cells.append(Text(text.speed(speed).rjust(_SPEED), style="green"))
        shown = "" if left is None else f"{text.duration(max(1.0, left))} left"
        cells.append(Text(shown.rjust(_LEFT), style="dim"))
        return Text(_GAP).join(cells)


def _amount(received: int, total: int | None) -> str:
    of = "" if total is None else f" / {text.size(total)}"
    return f"{text.size(received)}{of}"


def _row_amount(row: Row) -> str:
    """Return how much came: bytes, and of an archive the files, as far as there is room."""
    if row.members is None:
        return _amount(row.received, row.total)
    of = "" if row.members_total is None else f"/{row.members_total}"
    files = f"{row.members}{of} files"
    both = (f"{text.size(row.received)}, {files}", f"{text.size(row.received)}, {row.members}{of}")
    return next((words for words in both if len(words) <= _AMOUNT), files)


def _fitted(cell: Text, width: int) -> Text:
    cell.truncate(width, overflow="ellipsis", pad=True)
    return cell


def _counts(picture: Picture) -> Text:
    of = "" if picture.expected is None else f" of {picture.expected}"
    line = Text(f"{picture.succeeded}{of} done, {text.duration(picture.seconds)}", style="dim")
    if picture.retried:
        line.append(f", {picture.retried} retried", style="yellow")
    if picture.failed:
        line.append(f", {picture.failed} failed", style="red")
    return line
