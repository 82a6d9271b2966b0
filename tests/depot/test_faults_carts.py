"""Cart services that are none, over the wire."""

from __future__ import annotations

import json
import re
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

import pytest
from support.depot_carts import JSON, CartOverWire, entry

from haulage.depot import Depot
from haulage.depot.faults import FAULTS

if TYPE_CHECKING:
    from pathlib import Path

Ask = Callable[..., Awaitable[Any]]
CLOSE = "Connection: close"
CARTS = [name for name, fault in FAULTS.items() if fault.of_cart]


def at(faulty: Depot, hear: Ask, name: str, method: str, query: str = "") -> Awaitable[Any]:
    """Send a request to the cart service of a fault."""
    return hear(faulty, f"/_/fault/{name}/some-cart{query}", JSON, CLOSE, method=method)


def test_there_are_some() -> None:
    """Their names say what they are."""
    assert CARTS == [name for name in FAULTS if name.startswith("cart-")] != []


@pytest.mark.parametrize("method", ["POST", "HEAD", "GET", "DELETE"])
async def test_html(faulty: Depot, hear: Ask, method: str) -> None:
    """A page for people is the answer to everything."""
    heard = await at(faulty, hear, "cart-html", method)
    assert heard.lines[0] == b"HTTP/1.1 200 OK"
    assert heard.values("Content-Type") == ["text/html; charset=utf-8"]
    assert heard.values("X-Pacifica-Status") == []
    assert heard.body.startswith(b"" if method == "HEAD" else b"<!doctype html>")


@pytest.mark.parametrize("name", [name for name in CARTS if name != "cart-html"])
async def test_what_is_not_their_fault(faulty: Depot, hear: Ask, name: str) -> None:
    """A cart can be ordered and removed."""
    posted = await at(faulty, hear, name, "POST")
    assert (posted.lines[0], json.loads(posted.body)) == (
        b"HTTP/1.1 201 Created",
        {"message": "Cart Processing has begun"},
    )
    removed = await at(faulty, hear, name, "DELETE")
    assert (removed.lines[0], json.loads(removed.body)["message"]) == (b"HTTP/1.1 200 OK", "Cart Deleted Successfully")


@pytest.mark.parametrize(
    ("name", "status", "word", "message"),
    [
        ("cart-no-headers", 204, [], []),
        ("cart-never", 204, ["staging"], [""]),
        ("cart-202", 204, ["ready"], [""]),
        ("cart-error", 500, ["error"], ["the tape robot has stopped"]),
        ("cart-json", 204, ["ready"], [""]),
    ],
)
async def test_head(faulty: Depot, hear: Ask, name: str, status: int, word: list[str], message: list[str]) -> None:
    """What they say about a cart is always the same."""
    for _ in range(2):
        heard = await at(faulty, hear, name, "HEAD")
        assert heard.lines[0].split()[1] == str(status).encode()
        assert (heard.values("X-Pacifica-Status"), heard.values("X-Pacifica-Message")) == (word, message)
        assert heard.body == b""


async def test_messages(faulty: Depot, hear: Ask) -> None:
    """The message of a failure can be chosen."""
    heard = await at(faulty, hear, "cart-error", "HEAD", "?message=gr%C3%BC%C3%9Fe")
    assert heard.values("X-Pacifica-Message") == [r"gr\xfc\xdfe"]
    assert (await at(faulty, hear, "cart-error", "HEAD", "?message=a%0ab")).lines[0] == b"HTTP/1.1 400 Bad Request"


@pytest.mark.parametrize("name", ["cart-no-headers", "cart-never", "cart-202", "cart-error"])
async def test_get_is_never_ready(faulty: Depot, hear: Ask, name: str) -> None:
    """There is never a tar."""
    heard = await at(faulty, hear, name, "GET", "?filename=data")
    assert (heard.lines[0], heard.body) == (b"HTTP/1.1 202 Accepted", b"The cart is not ready for download.\n")


async def test_json(faulty: Depot, hear: Ask) -> None:
    """An error comes where a tar should be, with 200."""
    heard = await at(faulty, hear, "cart-json", "GET", "?filename=data")
    assert (heard.lines[0], heard.values("Content-Type")) == (b"HTTP/1.1 200 OK", ["application/json"])
    assert json.loads(heard.body)["status"] == "500 Internal Server Error"


@pytest.mark.parametrize("name", CARTS)
async def test_methods(faulty: Depot, hear: Ask, name: str) -> None:
    """They have the methods of a cart service, and all requests are written down."""
    heard = await at(faulty, hear, name, "PUT")
    assert (heard.lines[0], heard.values("Allow")) == (
        b"HTTP/1.1 405 Method Not Allowed",
        ["DELETE, GET, HEAD, POST"],
    )
    await at(faulty, hear, name, "HEAD")
    assert [(record.method, record.status is not None) for record in faulty.requests] == [("PUT", True), ("HEAD", True)]


async def test_times(faulty: Depot, hear: Ask) -> None:
    """When a fault is over, the depot's own cart service answers."""
    for status in (204, 204, 404):
        heard = await at(faulty, hear, "cart-never", "HEAD", "?times=2")
        assert heard.lines[0].split()[1] == str(status).encode()
    assert re.fullmatch("No cart with uid some-cart found", heard.values("X-Pacifica-Message")[0])


async def test_a_cart_after_a_fault(root: Path, ask: Ask, hear: Ask) -> None:
    """A cart can be ordered there and taken from the service itself."""
    (root / "small").write_bytes(b"hello")
    async with Depot(root, faults=True) as depot:
        body = json.dumps({"fileids": [entry(root, "small")]}).encode()
        reply = await ask(depot, "/_/fault/cart-error/one?times=0", JSON, method="POST", body=body)
        assert reply.status == 201
        cart = CartOverWire(depot, ask, hear, uid="one")
        assert await cart.settle() == (204, "ready", "")
