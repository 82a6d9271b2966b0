"""Tracebacks, for those who look for a mistake in this library; secrets stay out of them as far as URLs go."""

from __future__ import annotations

import os
import sys
import traceback
from contextlib import suppress
from typing import TYPE_CHECKING

from haulage.progress.text import scrub

if TYPE_CHECKING:
    import argparse

__all__ = ["print_traceback", "wants_tracebacks"]

_DEBUG_VARIABLE = "HAULAGE_DEBUG"


def wants_tracebacks(options: argparse.Namespace | None) -> bool:
    """Whether ``-v -v`` or the environment ask for tracebacks."""
    return bool(os.environ.get(_DEBUG_VARIABLE)) or getattr(options, "verbose", 0) > 1


def print_traceback(error: BaseException) -> None:
    """Print where *error* came from to standard error."""
    with suppress(OSError):
        print(scrub("".join(traceback.format_exception(error))).rstrip(), file=sys.stderr, flush=True)
