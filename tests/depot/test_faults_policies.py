"""Redirects that lead astray, and refusals with every kind of Retry-After."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from haulage.depot import Depot, generated
from haulage.depot.dates import parse_date

Ask = Callable[..., Awaitable[Any]]
CLOSE = "Connection: close"


@pytest.mark.parametrize(
    ("query", "status", "location"),
    [
        ("redirect-loop", 302, "/_/fault/redirect-loop"),
        ("redirect-loop?status=307&a=%2f", 307, "/_/fault/redirect-loop?status=307&a=%2f"),
        ("redirect-scheme", 302, "file:///etc/passwd"),
        ("redirect-scheme?scheme=FILE", 302, "file:///etc/passwd"),
        ("redirect-scheme?scheme=data", 302, "data:,x"),
        ("redirect-scheme?scheme=ftp", 302, "ftp://127.0.0.1/x"),
        ("redirect-scheme?scheme=git+ssh", 302, "git+ssh://127.0.0.1/x"),
        ("redirect-foreign?to=https://other.invalid/a%2520b", 302, "https://other.invalid/a%20b"),
        ("redirect-foreign?to=//other.invalid/", 302, "//other.invalid/"),
    ],
)
async def test_redirects(faulty: Depot, hear: Ask, query: str, status: int, location: str) -> None:
    """The field says exactly what was asked for."""
    heard = await hear(faulty, f"/_/fault/{query}", CLOSE)
    assert heard.lines[0].split()[1] == str(status).encode()
    assert heard.values("Location") == [location]


async def test_a_target_that_is_no_text(ask: Ask) -> None:
    """A loop through bytes that cannot stand in a field is refused."""
    async with Depot(faults=True) as faulty:
        assert (await ask(faulty, b"/_/fault/redirect-loop?a=\xff")).status == 400


async def test_downgrade(faulty: Depot, hear: Ask) -> None:
    """From https it leads to http on the same host; elsewhere there is nothing to downgrade."""
    heard = await hear(faulty, "/_/fault/redirect-downgrade?size=7", CLOSE)
    if faulty.ca_pem is None:
        assert heard.lines[0] == b"HTTP/1.1 400 Bad Request"
    else:
        assert (heard.lines[0], heard.values("Location")) == (b"HTTP/1.1 302 Found", ["http://depot/_/bytes/7"])


@pytest.mark.parametrize(
    ("query", "status", "value"),
    [
        ("", 429, "1"),
        ("?seconds=7&status=503", 503, "7"),
        ("?seconds=0.2", 429, "1"),
        ("?kind=negative&seconds=3", 429, "-3"),
        ("?kind=garbage", 429, "soon"),
        ("?kind=far", 429, "Fri, 01 Jan 2100 00:00:00 GMT"),
        ("?kind=huge", 429, "1000000000000000000"),
        ("?kind=float", 429, "1.0"),
        ("?kind=float&seconds=0.25", 429, "0.25"),
        ("?kind=none&status=500", 500, None),
    ],
)
async def test_retry_after(faulty: Depot, hear: Ask, query: str, status: int, value: str | None) -> None:
    """The field is of the kind that was asked for."""
    heard = await hear(faulty, f"/_/fault/refuse{query}", CLOSE)
    assert heard.lines[0].split()[1] == str(status).encode()
    assert heard.values("Retry-After") == ([] if value is None else [value])


@pytest.mark.parametrize(("query", "least", "most"), [("date&seconds=100", 100, 102), ("past", -3601, -3598)])
async def test_retry_after_a_date(faulty: Depot, hear: Ask, query: str, least: int, most: int) -> None:
    """The date lies where it was asked for."""
    before = time.time()
    (value,) = (await hear(faulty, f"/_/fault/refuse?kind={query}", CLOSE)).values("Retry-After")
    stamp = parse_date(value)
    assert stamp is not None
    assert before + least <= stamp <= time.time() + most


async def test_a_refusal_that_passes(faulty: Depot, hear: Ask) -> None:
    """After so many times there is the content."""
    lines = [(await hear(faulty, "/_/fault/refuse?times=2&size=5", CLOSE)).lines[0][9:12] for _ in range(3)]
    assert lines == [b"429", b"429", b"200"]
    assert faulty.requests[2].bytes_sent == len(generated(5))
