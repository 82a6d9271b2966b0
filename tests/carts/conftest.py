"""A cart service: that of a depot, or Pacifica's own where the command line names them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from support.cart_service import CartService, DepotCarts
from support.pacifica import PacificaCarts

from haulage.depot import Depot


@pytest.fixture(scope="session")
def pacifica(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[PacificaCarts | None]:
    """The real services, started once for all tests; None where they are not asked for."""
    venv = request.config.getoption("--pacifica")
    if venv is None:
        yield None
        return
    with PacificaCarts(Path(venv), tmp_path_factory.mktemp("pacifica")) as carts:
        yield carts


@pytest.fixture
def service(pacifica: PacificaCarts | None, tmp_path: Path) -> Iterator[CartService]:
    """The service that the tests are for."""
    if pacifica is not None:
        yield pacifica
        return
    root = tmp_path / "archive"
    root.mkdir()
    with Depot(root) as depot:
        yield DepotCarts(depot, root)


@pytest.fixture(autouse=True)
def at_the_workplace(workplace: Path) -> None:
    """Be in an empty directory in every test."""
