"""The file system's functions as the sinks see them, with something happening at one call.

`FaultyOs` takes the place of the module `os` in every module of `haulage.sinks`, and of no other: servers, tests and
the interpreter keep theirs. It counts the calls that reach the disk, in whatever thread they are made, and asks before
each what is to happen.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable
from typing import Any, NamedTuple

__all__ = ["CALLS", "Call", "FaultyOs", "at_call", "cut_short", "killed_at"]

CALLS = frozenset(
    {
        *("open", "write", "writev", "read", "fsync", "close", "replace", "rename", "link", "unlink"),
        *("stat", "fstat", "fstatvfs", "scandir"),
    }
)


class Call(NamedTuple):
    """One call.

    Attributes:
        name: The function, and what it is about, if that is not a part: ``open directory``, ``close existing``.
        arguments: What it was given by position.
        nth: The how many-th of that name it is, counted from 1.
        number: The how many-th of all.
    """

    name: str
    arguments: tuple[Any, ...]
    nth: int
    number: int


Strike = Callable[[Call], OSError | int | None]


class FaultyOs:
    """A stand-in for the module `os`.

    Args:
        strikes: Called before each of `CALLS`, in its thread; each returns the error or number it ends with instead of
            being made, or None to let it pass.

    Attributes:
        calls: All calls so far.
    """

    def __init__(self, *strikes: Strike) -> None:
        self.calls: list[Call] = []
        self._strikes = strikes
        self._counting = threading.Lock()
        self._kinds: dict[int, str] = {}

    def __getattr__(self, name: str) -> Any:
        real = getattr(os, name)
        if name not in CALLS:
            return real

        def called(*arguments: Any, **options: Any) -> Any:
            kind = self._kind(name, arguments)
            call = self._noted(name + kind, arguments)
            for strike in self._strikes:
                outcome = strike(call)
                if isinstance(outcome, int):
                    return outcome
                if outcome is not None:
                    if name == "close":
                        # Whatever close says, the descriptor is gone.
                        real(*arguments, **options)
                    raise outcome
            result = real(*arguments, **options)
            if name == "open":
                self._kinds[result] = kind
            return result

        return called

    def _kind(self, name: str, arguments: tuple[Any, ...]) -> str:
        if name != "open":
            return self._kinds.get(arguments[0], "") if isinstance(arguments[0], int) else ""
        if arguments[1] & getattr(os, "O_DIRECTORY", 0):
            return " directory"
        return "" if arguments[1] & os.O_CREAT else " existing"

    def _noted(self, name: str, arguments: tuple[Any, ...]) -> Call:
        with self._counting:
            nth = 1 + sum(call.name == name for call in self.calls)
            call = Call(name, arguments, nth, len(self.calls) + 1)
            self.calls.append(call)
        return call

    def install(self, replace: Callable[[Any, str, Any], None] = setattr) -> None:
        """Take the place of `os`, by means of *replace*."""
        for name, module in tuple(sys.modules.items()):
            if name.startswith("haulage.sinks.") and getattr(module, "os", None) is os:
                replace(module, "os", self)


def at_call(name: str, nth: int, number: int) -> Strike:
    """Let the *nth* call of *name* end with the error of that *number*."""

    def strike(call: Call) -> OSError | None:
        return OSError(number, "injected") if (call.name, call.nth) == (name, nth) else None

    return strike


def cut_short(call: Call) -> int | None:
    """Let every write of several pieces take half of them only, as a disk does that is nearly full."""
    if call.name != "writev":
        return None
    descriptor, pieces = call.arguments
    whole = b"".join(pieces)
    return os.write(descriptor, whole[: len(whole) // 2])


def killed_at(number: int, *, torn: bool = False) -> Strike:
    """Let this process be killed before call *number*; *torn* means in the middle of it, if it writes."""

    def strike(call: Call) -> None:
        if call.number != number:
            return
        if torn and call.name in ("write", "writev"):
            fd, data = call.arguments
            whole = bytes(data) if call.name == "write" else b"".join(data)
            os.write(fd, whole[: len(whole) // 2])
        os.kill(os.getpid(), signal.SIGKILL)
        threading.Event().wait()  # the signal is on its way

    return strike
