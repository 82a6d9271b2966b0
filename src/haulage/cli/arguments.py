"""The argument parser: errors in one line that never repeat a secret, and kinds of values shared by the commands."""

from __future__ import annotations

import argparse
import math
import re
from typing import TYPE_CHECKING, Any, NoReturn

from haulage.cli.exits import UsageError
from haulage.progress.text import printable, scrub

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Parser", "byte_count", "byte_rate", "count", "port", "positive", "seconds"]

_AMOUNT = re.compile(r"(\d+(?:\.\d+)?)([KMGT]?)(?:i?B)?\Z", re.IGNORECASE)
_POWERS = {"": 0, "K": 1, "M": 2, "G": 3, "T": 4}
_LAST_PORT = 65535


class Parser(argparse.ArgumentParser):
    """An argument parser that raises `UsageError` instead of printing and leaving."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("formatter_class", argparse.RawDescriptionHelpFormatter)
        kwargs.setdefault("allow_abbrev", False)
        super().__init__(**kwargs)
        self._is_mixing = False

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """Parse; a command's options may stand between its URLs, which argparse does only when asked."""
        if self._subparsers is not None or self._is_mixing:
            return super().parse_known_args(args, namespace)
        self._is_mixing = True
        try:
            return self.parse_known_intermixed_args(args, namespace)
        finally:
            self._is_mixing = False

    def error(self, message: str) -> NoReturn:
        """Raise.

        Raises:
            UsageError: Always, with *message* in one line and its URLs redacted.
        """
        msg = f"{printable(scrub(message))} (see {self.prog} --help)"
        raise UsageError(msg)

    def parse_all(self, arguments: Sequence[str] | None) -> argparse.Namespace:
        """Return the parsed arguments.

        Raises:
            UsageError: They cannot be meant. Of an unknown option only the name is repeated: its value may be a secret.
        """
        known: argparse.Namespace
        known, unknown = self.parse_known_args(arguments)
        if unknown:
            option = next((text for text in unknown if text.startswith("-")), None)
            shown = "too many arguments" if option is None else f"unknown option {option.partition('=')[0]}"
            self.error(shown)
        return known


def count(text: str) -> int:
    """Return a whole number from 0."""
    if not (text.isascii() and text.isdigit()):
        msg = "must be a whole number from 0"
        raise argparse.ArgumentTypeError(msg)
    return int(text)


def positive(text: str) -> int:
    """Return a whole number from 1."""
    number = count(text)
    if number < 1:
        msg = "must be a whole number from 1"
        raise argparse.ArgumentTypeError(msg)
    return number


def port(text: str) -> int:
    """Return a port; 0 for a free one."""
    number = count(text)
    if number > _LAST_PORT:
        msg = f"must be at most {_LAST_PORT}"
        raise argparse.ArgumentTypeError(msg)
    return number


def byte_count(text: str) -> int:
    """Return a number of bytes: ``1500``, ``64K``, ``1.5M``, ``2GiB``; the units are powers of 1024."""
    match = _AMOUNT.match(text)
    if match is None:
        msg = "must be a number of bytes, such as 1500, 64K, 1.5M or 2G"
        raise argparse.ArgumentTypeError(msg)
    return round(float(match[1]) * 1024 ** _POWERS[match[2].upper()]) if match[2] or "." in match[1] else int(match[1])


def byte_rate(text: str) -> int:
    """Return a number of bytes per second, at least 1."""
    number = byte_count(text)
    if number < 1:
        msg = "must be at least 1 byte per second"
        raise argparse.ArgumentTypeError(msg)
    return number


def seconds(text: str) -> float:
    """Return a time in seconds above zero; ``inf`` for no limit."""
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not number > 0:
        msg = "must be a number of seconds above 0"
        raise argparse.ArgumentTypeError(msg)
    return number
