"""Fixtures for pytest: depots for the tests of code that downloads.

Strategy: a plugin that is asked for by name, with ``pytest_plugins = ["haulage.testing"]`` in the topmost
``conftest.py``, and not one that pytest finds by itself: that would bring this library and aiohttp into every test run
wherever haulage is installed. The server itself is imported when the first fixture is used.

The depots run on threads of their own, so the fixtures serve synchronous and asynchronous tests alike.

Example:
    >>> def test_a_cut_download_is_an_error(haulage_depot, tmp_path):
    ...     with pytest.raises(haulage.DownloadError):
    ...         haulage.fetch(f"{haulage_depot.url}/_/fault/truncate", tmp_path / "data.bin")
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from haulage.depot import Depot

__all__ = ["haulage_depot", "haulage_depots", "haulage_tls_depot"]


@pytest.fixture
def haulage_depots() -> Iterator[Callable[..., Depot]]:
    """Open depots: a function that takes the arguments of :class:`~haulage.depot.Depot`.

    Yields:
        The function. It returns an open depot, with ``faults=True`` unless told otherwise. All of them are closed
        after the test.
    """
    from haulage.depot import Depot  # noqa: PLC0415 - a server, which is not needed before

    with contextlib.ExitStack() as stack:

        def open_one(*args: Any, **kwargs: Any) -> Depot:
            return stack.enter_context(Depot(*args, **{"faults": True, **kwargs}))

        yield open_one


@pytest.fixture
def haulage_depot(haulage_depots: Callable[..., Depot], tmp_path: Path) -> Depot:
    """A depot with faults, which serves the files of a new directory, its ``root``.

    Args:
        haulage_depots: Opens it.
        tmp_path: Where the directory is made.

    Returns:
        The depot, open until the test is over.
    """
    return haulage_depots(_make_root(tmp_path))


@pytest.fixture
def haulage_tls_depot(haulage_depots: Callable[..., Depot], tmp_path: Path) -> Depot:
    """The same over TLS; its ``ca_pem`` is what clients have to trust. It needs ``haulage[depot]``.

    Args:
        haulage_depots: Opens it.
        tmp_path: Where the directory is made; it is the same one if a test uses both fixtures.

    Returns:
        The depot, open until the test is over.
    """
    return haulage_depots(_make_root(tmp_path), tls=True)


def _make_root(tmp_path: Path) -> Path:
    """Make the directory whose files are served."""
    root = tmp_path / "haulage-depot"
    root.mkdir(exist_ok=True)
    return root
