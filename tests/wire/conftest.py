"""Tests over the wire run in an empty directory: what has no destination lands there."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def at_the_workplace(workplace: Path) -> None:
    """Be there in every test."""


@pytest.fixture
def target(workplace: Path) -> Path:
    """A destination that does not exist yet, alone in its directory."""
    return workplace / "target.bin"


@pytest.fixture
def assert_untouched(workplace: Path) -> Callable[[], None]:
    """Check that the current directory is still empty."""

    def check() -> None:
        assert list(workplace.iterdir()) == []

    return check
