"""What the hostile cases share: both of aiohttp's parsers, and depots with faults."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from pathlib import Path

import pytest
from aiohttp import client_proto, http_parser
from support.outcomes import TryOut
from support.outcomes import try_out as try_out_at

from haulage.depot import Depot


@pytest.fixture(params=["c", "python"])
def parser(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Each of aiohttp's response parsers in turn."""
    name: str = request.param
    kinds = {"c": getattr(http_parser, "HttpResponseParserC", None), "python": http_parser.HttpResponseParserPy}
    if kinds[name] is None:
        pytest.skip("this aiohttp was built without its C parser")
    monkeypatch.setattr(client_proto, "HttpResponseParser", kinds[name])
    return name


@pytest.fixture
def hostile() -> Iterator[Depot]:
    """A depot with its faults."""
    with Depot(faults=True) as depot:
        yield depot


@pytest.fixture
def hostile_tls() -> Iterator[Depot]:
    """A depot with its faults, over TLS."""
    with Depot(faults=True, tls=True) as depot:
        yield depot


@pytest.fixture
def try_out(workplace: Path) -> TryOut:
    """Download over an old file in the workplace; see `support.outcomes.try_out`."""
    return functools.partial(try_out_at, target=workplace / "target")
