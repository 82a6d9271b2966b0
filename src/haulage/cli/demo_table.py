"""The demo's summary: with rich on a terminal, in plain columns elsewhere."""

from __future__ import annotations

import importlib.util
import sys
from typing import TYPE_CHECKING

from haulage.progress import text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from haulage.cli.demo import Outcome

__all__ = ["print_table"]

_TITLES = ("", "file", "what", "result", "size", "time", "speed")
_FIRST_NUMBER = 4  # columns from here on hold numbers


def print_table(outcomes: Sequence[Outcome], missing: str, strays: Sequence[str], *, pace: int) -> None:
    """Print what came of the demo to standard output.

    Args:
        outcomes: One for each case.
        missing: Why something could not be shown, or an empty text.
        strays: Files that should not be there.
        pace: Bytes per second the demo was held to.
    """
    rows = [_cells(outcome) for outcome in outcomes]
    if sys.stdout.isatty() and importlib.util.find_spec("rich") is not None:
        _print_rich(rows)
    else:
        _print_plain(rows)
    wrong = sum(not outcome.is_right for outcome in outcomes)
    print(f"held to {text.speed(pace)} in all, so that it can be watched")
    if missing:
        print(f"https was left out: {missing}")
    for name in strays:
        print(f"left behind and should not be: {name}")
    verdict = "all as expected" if not wrong and not strays else f"{wrong + len(strays)} NOT as expected"
    print(f"{len(outcomes)} downloads, {verdict}")


def _cells(outcome: Outcome) -> tuple[str, ...]:
    is_saved = outcome.case.failure is None and outcome.is_right
    speed = text.speed(outcome.size / outcome.seconds) if is_saved and outcome.seconds > 0 else ""
    return (
        "ok" if outcome.is_right else "NO",
        outcome.case.name,
        outcome.case.what,
        text.printable(outcome.result),
        text.size(outcome.size) if is_saved else "",
        text.duration(outcome.seconds),
        speed,
    )


def _print_plain(rows: Sequence[tuple[str, ...]]) -> None:
    widths = [max(len(row[column]) for row in (_TITLES, *rows)) for column in range(len(_TITLES))]
    for row in (_TITLES, *rows):
        cells = [
            cell.rjust(width) if column >= _FIRST_NUMBER else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        print("  ".join(cells).rstrip())


def _print_rich(rows: Sequence[tuple[str, ...]]) -> None:
    from rich import box  # noqa: PLC0415 - rich is optional
    from rich.console import Console  # noqa: PLC0415
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    table = Table(box=box.SIMPLE_HEAD)
    for column, title in enumerate(_TITLES):
        table.add_column(title, justify="right" if column >= _FIRST_NUMBER else "left")
    for row in rows:
        style = "green" if row[0] == "ok" else "bold red"
        table.add_row(Text(row[0], style=style), *(Text(cell) for cell in row[1:]))
    Console().print(table)
