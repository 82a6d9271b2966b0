"""Which event readers a command line gets: bars on a terminal, lines elsewhere, JSON on request."""

from __future__ import annotations

import importlib.util
import os
import sys
from contextlib import ExitStack
from typing import TYPE_CHECKING, Self

from haulage.cli.exits import Exit
from haulage.cli.tracing import print_traceback, wants_tracebacks
from haulage.progress import JsonProgress, PlainProgress, RichProgress

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

    from haulage.events import Event
    from haulage.progress import Reader

__all__ = ["Screen", "code_with_screen", "screen_for"]


class Screen:
    """One observer in front of several.

    Args:
        readers: Who gets the events.
    """

    def __init__(self, *readers: Reader) -> None:
        self._readers = readers
        self._stack = ExitStack()

    @property
    def error(self) -> Exception | None:
        """What silenced one of the readers, or None."""
        return next((reader.error for reader in self._readers if reader.error is not None), None)

    def __call__(self, event: Event) -> None:
        """Hand *event* on."""
        for reader in self._readers:
            reader(event)

    def __enter__(self) -> Self:
        with self._stack:
            for reader in self._readers:
                self._stack.enter_context(reader)
            self._stack = self._stack.pop_all()
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._stack.close()
        for reader in self._readers:
            # A display that broke down is no reason to trouble anybody but those who look for mistakes.
            if reader.error is not None and wants_tracebacks(None):
                print_traceback(reader.error)


def screen_for(options: argparse.Namespace, *, expected: int, stop: Callable[[int], None]) -> Screen:
    """Return the screen for *options*.

    Args:
        options: What `haulage.cli.options.add_display` added; `output` is ``-`` when the bytes go to standard output.
        expected: Downloads there will be.
        stop: Ends the command with a code, when nobody reads the events any more.
    """
    if options.json:
        # Nobody reads any more: end. A full disk is another matter; the downloads go on, and the exit code tells.
        def ended(error: Exception) -> None:
            if isinstance(error, BrokenPipeError):
                stop(Exit.BROKEN_PIPE)

        events = JsonProgress(on_error=ended)
        return Screen(events, PlainProgress(quiet=True))
    if options.quiet:
        return Screen(PlainProgress(quiet=True))
    # Bytes and bars on one terminal would be a mess.
    is_shared = getattr(options, "output", None) == "-" and _is_terminal(sys.stdout)
    if not options.verbose and not wants_tracebacks(options) and not is_shared and can_be_live():
        return Screen(RichProgress(expected=expected))
    return Screen(PlainProgress(expected=expected, verbose=options.verbose > 0))


def code_with_screen(code: int, screen: Screen, options: argparse.Namespace) -> int:
    """Return *code*, or another one where all went well and those who asked for events could not be told."""
    if options.json and screen.error is not None and not isinstance(screen.error, BrokenPipeError):
        print(f"haulage: the events could not be written: {screen.error}", file=sys.stderr)
        return code or Exit.STORAGE
    return code


def can_be_live() -> bool:
    """Whether there is a terminal for a live display, and rich to draw it."""
    is_dumb = os.environ.get("TERM", "") in ("dumb", "unknown")
    return _is_terminal(sys.stderr) and not is_dumb and importlib.util.find_spec("rich") is not None


def _is_terminal(stream: object) -> bool:
    isatty = getattr(stream, "isatty", None)
    return callable(isatty) and bool(isatty())
