"""What the commands of this package have in common: they can be interrupted, and write what they found."""

import signal
import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import NoReturn

INTERRUPTED = 130
"""The exit code after Ctrl-C, as shells have it."""

COULD_NOT_RUN = 2


def guarded(work: Callable[[], int]) -> int:
    """Do the work of a command.

    Args:
        work: Stops what it started and removes its files, however it ends, and returns the exit code.

    Returns:
        Its exit code; 2 if it could not run; 130 if it was interrupted.
    """
    interrupts: list[int] = []

    def interrupt(number: int, frame: FrameType | None) -> NoReturn:  # noqa: ARG001 - a handler
        interrupts.append(number)
        raise KeyboardInterrupt

    signal.signal(signal.SIGINT, interrupt)
    signal.signal(signal.SIGTERM, interrupt)
    try:
        return work()
    except (KeyboardInterrupt, OSError) as error:
        # Raised between two lines of shutil, an interrupt has it close a descriptor twice and comes out as that error.
        if interrupts or isinstance(error, KeyboardInterrupt):
            say("interrupted; what this run started is stopped and its files are removed")
            return INTERRUPTED
        say(f"could not run: {error}")
        return COULD_NOT_RUN


def write(path: Path, text: str) -> None:
    """Write a file of results, and the folders it lies in."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    say(f"written: {path}")


def say(line: str) -> None:
    """Tell the person who waits; results alone go to standard output."""
    sys.stderr.write(line + "\n")
    sys.stderr.flush()
