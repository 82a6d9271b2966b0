"""The reserved paths over the wire."""

from __future__ import annotations

import base64
import json
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

import pytest

from haulage.depot import Depot, generated
from haulage.depot.transmit import send_text

if TYPE_CHECKING:
    from pathlib import Path

Ask = Callable[..., Awaitable[Any]]


def basic(user: str, password: str) -> str:
    """An Authorization field."""
    return "Authorization: Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


@pytest.mark.parametrize("size", [0, 1, 65_536, 65_537, 3_000_000])
async def test_bytes(depot: Depot, ask: Ask, size: int) -> None:
    """Generated content is what the helper says it is."""
    reply = await ask(depot, f"/_/bytes/{size}?seed=%C3%BC+")
    assert (reply.status, reply.body) == (200, generated(size, "ü+"))


async def test_bytes_have_ranges_and_validators(depot: Depot, ask: Ask) -> None:
    """Generated content can be resumed like a file, however big it is."""
    first = await ask(depot, f"/_/bytes/{2**63 - 1}", "Range: bytes=5000000000-5000000009")
    assert first.status == 206
    assert first.field("Content-Range") == f"bytes 5000000000-5000000009/{2**63 - 1}"
    etag = first.field("ETag")
    assert (await ask(depot, f"/_/bytes/{2**63 - 1}", f"If-None-Match: {etag}")).status == 304
    assert (await ask(depot, f"/_/bytes/{2**63 - 1}?seed=1", "Range: bytes=0-9", f"If-Match: {etag}")).status == 412
    again = await ask(depot, f"/_/bytes/{2**63 - 1}", "Range: bytes=5000000001-5000000004", f"If-Range: {etag}")
    assert again.body == first.body[1:5]


@pytest.mark.parametrize(
    "target",
    [
        "/_/bytes/-1",
        "/_/bytes/1e3",
        "/_/bytes/",
        f"/_/bytes/{2**63}",
        "/_/bytes/" + "9" * 5000,
        "/_/bytes/%D9%A1",
        "/_/status/99",
        "/_/status/600",
        "/_/status/503?times=x",
        "/_/status/503?retry_after=%0d%0aX:%20y",
        "/_/redirect",
        "/_/redirect?to=%0a",
        "/_/redirect?to=%ff",
        "/_/redirect?to=/&status=200",
        "/_/slow?chunk=0",
        "/_/slow?delay=nan",
        "/_/slow?delay=-1",
        "/_/slow?delay=x",
        "/_/%ff",
    ],
)
async def test_nonsense_is_refused(depot: Depot, ask: Ask, target: str) -> None:
    """An argument out of its bounds is the client's mistake."""
    assert (await ask(depot, target)).status == 400


@pytest.mark.parametrize("target", ["/_/", "/_/nothing", "/_/bytes", "/_/auth/u"])
async def test_what_does_not_exist(depot: Depot, ask: Ask, target: str) -> None:
    """An unknown behaviour, or one without its arguments, is not found."""
    assert (await ask(depot, target)).status == 404


async def test_status_for_some_times(depot: Depot, ask: Ask) -> None:
    """An error ends after the wished number of requests, for each key by itself."""
    target = "/_/status/503?times=2&retry_after=Fri,%2031%20Dec%201999%2023:59:59%20GMT&key="
    replies = [await ask(depot, f"{target}{key}") for key in "aabaab"]
    assert [reply.status for reply in replies] == [503, 503, 503, 200, 200, 503]
    assert replies[0].field("Retry-After") == "Fri, 31 Dec 1999 23:59:59 GMT"
    assert replies[3].field("Retry-After") is None
    assert replies[3].body == b"ok\n"


async def test_status_for_ever(depot: Depot, ask: Ask) -> None:
    """Without a number the error stays."""
    assert [(await ask(depot, "/_/status/429")).status for _ in range(3)] == [429] * 3


@pytest.mark.parametrize("code", [200, 204, 205, 299, 304, 404, 500, 599])
@pytest.mark.parametrize("method", ["GET", "HEAD", "POST"])
async def test_every_status_is_framed(depot: Depot, ask: Ask, code: int, method: str) -> None:
    """Every final status can be had, with a body only where one may be (the reader checks that)."""
    assert (await ask(depot, f"/_/status/{code}", method=method)).status == code


async def test_status_then_content(depot: Depot, ask: Ask) -> None:
    """After the errors there can be generated content."""
    target = "/_/status/500?times=1&size=1000&seed=9"
    assert (await ask(depot, target)).status == 500
    assert (await ask(depot, target)).body == generated(1000, 9)


@pytest.mark.parametrize(
    "to", ["http://example.com/a%2Fb?c=d+e", "/ü", "../x", "//host/x", "", "file:///etc/passwd", "http://u:p@h/#f"]
)
async def test_redirect_is_verbatim(depot: Depot, ask: Ask, to: str) -> None:
    """Location is what was asked for, byte by byte."""
    encoded = "".join(f"%{byte:02X}" for byte in to.encode())
    reply = await ask(depot, f"/_/redirect?to={encoded}&status=307", method="POST")
    assert (reply.status, reply.field("Location")) == (307, to)


async def test_redirects(depot: Depot, ask: Ask) -> None:
    """A chain counts down, keeps its options, and ends well."""
    target, seen = "/_/redirects/2?status=308&size=5", []
    while (reply := await ask(depot, target)).status == 308:
        seen.append(target := reply.field("Location"))
    assert seen == ["/_/redirects/1?status=308&size=5", "/_/redirects/0?status=308&size=5"]
    assert reply.body == generated(5)


async def test_auth_route(depot: Depot, ask: Ask) -> None:
    """The locked door opens for exactly its own credentials."""
    target = "/_/auth/us%C3%A9r/pa%3Ass%2F"
    assert (await ask(depot, target, basic("usér", "pa:ss/"))).status == 200
    wrong = await ask(depot, target, basic("usér", "pa:ss"))
    assert (wrong.status, wrong.field("WWW-Authenticate")) == (401, 'Basic realm="haulage depot", charset="UTF-8"')


@pytest.mark.parametrize(
    "field",
    [
        "X: y",
        basic("ann", "wrong"),
        basic("bob", "päss"),
        basic("ann", ""),
        "Authorization: Basic",
        "Authorization: Basic !!!",
        "Authorization: Basic YW5u",
        "Authorization: Basic ü",
        "Authorization: Bearer YW5uOnDDpHNz",
        "Authorization: Basic /zo/",
    ],
)
async def test_users(root: Path, ask: Ask, field: str) -> None:
    """A depot with users lets nobody else in, to files or behaviours."""
    (root / "file").write_bytes(b"x")
    async with Depot(root, users={"ann": "päss", "eve": "x"}) as depot:
        for target in ("/file", "/missing", "/_/echo", "/"):
            assert (await ask(depot, target, field)).status == 401
        assert (await ask(depot, "/file", basic("ann", "päss"))).body == b"x"
        assert (await ask(depot, "/file", basic("eve", "x").replace("Basic", "bASIC"))).body == b"x"


async def test_echo(depot: Depot, ask: Ask) -> None:
    """The echo shows the target and the fields exactly as they were sent."""
    raw = b"/_/echo/%7e//a/../%2F?x=%zz&y=%c3%BC&z=a+b&&"
    reply = await ask(depot, raw, "X-OdD: one", "x-odd:  two ", method="PUT", body=b"12345")
    seen = json.loads(reply.body)
    assert seen["method"] == "PUT"
    assert seen["target"].encode() == raw
    assert seen["headers"][2:4] == [["X-OdD", "one"], ["x-odd", "two"]]
    assert seen["body_size"] == 5


async def test_slow(depot: Depot, ask: Ask) -> None:
    """A paced body is the same content, and knows ranges."""
    assert (await ask(depot, "/_/slow?size=50&chunk=7&delay=0.001&seed=3")).body == generated(50, 3)
    part = await ask(depot, "/_/slow?size=50&chunk=7&delay=0", "Range: bytes=10-29")
    assert (part.status, part.body) == (206, generated(50)[10:30])


async def test_own_route(ask: Ask) -> None:
    """A behaviour of one's own is a coroutine function and a name."""

    async def greet(exchange: Any) -> Any:
        return await send_text(exchange, 202, f"hello {exchange.argument(0)}")

    async with Depot(routes={"greet": greet}) as depot:
        reply = await ask(depot, "/_/greet/w%C3%B6rld")
        assert (reply.status, reply.body.decode()) == (202, "hello wörld\n")
        assert (await ask(depot, "/_/bytes/1")).status == 200


async def test_host_is_needed(depot: Depot, ask: Ask) -> None:
    """A second Host field is refused, as the RFC demands."""
    assert (await ask(depot, "/_/echo", "Host: other")).status == 400
