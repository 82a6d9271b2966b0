"""What the torture tests share: a depot that sends in pieces, and a desk to write at."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from support.inject_desk import WAYS, Desk
from support.inject_routes import chunked

from haulage.depot import Depot


@pytest.fixture
def depot() -> Iterator[Depot]:
    """A depot that can send in pieces."""
    with Depot(routes={"chunked": chunked}) as opened:
        yield opened


@pytest.fixture
def desk(depot: Depot, workplace: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Desk:
    """A desk for the way that is the test's parameter."""
    return Desk(WAYS[request.param], depot, workplace / "target.bin", monkeypatch)
