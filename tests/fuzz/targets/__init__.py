"""One module for each target; its ``test_one`` takes the fuzzer's bytes and asserts the laws of a reader."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable

__all__ = ["NAMES", "target"]

NAMES = tuple(sorted(module.name for module in pkgutil.iter_modules(__path__)))


def target(name: str) -> Callable[[bytes], None]:
    """Return the function that runs one input through the target called *name*."""
    made: Callable[[bytes], None] = importlib.import_module(f"{__name__}.{name}").test_one
    return made
