"""The cart service over the wire, method by method."""

from __future__ import annotations

import asyncio
import io
import json
import socket
import tarfile
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

import aiohttp
import pytest
from support.depot_carts import JSON, CartOverWire, entry

from haulage.depot import Depot, generated

if TYPE_CHECKING:
    from pathlib import Path

Ask = Callable[..., Awaitable[Any]]
CLOSE = "Connection: close"


@pytest.fixture(autouse=True)
def files(root: Path) -> None:
    """A small, a big and an empty file; one with a number for a name; and one in a directory."""
    (root / "sub ü").mkdir()
    for name, content in (("small", b"hello"), ("big", generated(3_000_000)), ("empty", b""), ("17", b"seventeen")):
        (root / name).write_bytes(content)
    (root / "sub ü" / "日本.txt").write_bytes(b"nihon")


@pytest.fixture
def cart(depot: Depot, ask: Ask, hear: Ask) -> CartOverWire:
    """A cart that has not been ordered yet."""
    return CartOverWire(depot, ask, hear)


def unpack(raw: bytes) -> dict[str, bytes | None]:
    """Read a tar: what is in its files, and None for directories."""
    with tarfile.open(fileobj=io.BytesIO(raw), mode="r:") as archive:
        members = archive.getmembers()
        found = {info.name: file.read() if (file := archive.extractfile(info)) else None for info in members}
    assert len(found) == len(members)
    return found


async def test_from_order_to_removal(depot: Depot, root: Path, cart: CartOverWire, ask: Ask) -> None:
    """A cart is ordered, becomes ready, is taken, and is removed; each step is written down."""
    assert depot.carts_url == f"{depot.url}/_/carts"
    files = [
        entry(root, "small", "/one/two/a.txt"),
        entry(root, "big", "one/big"),
        entry(root, "empty"),
        entry(root, 17, "grüße/…", hashtype="md5"),
        entry(root, "sub ü/日本.txt", hashtype="sha512"),
    ]
    posted = await cart.post(*files)
    assert (posted.status, json.loads(posted.body)) == (201, {"message": "Cart Processing has begun"})
    assert posted.field("Content-Type") == "application/json"
    assert await cart.settle() == (204, "ready", "")
    heard = await cart.get()
    assert heard.lines[0] == b"HTTP/1.1 200 OK"
    assert heard.values("Content-Type") == ["application/octet-stream"]
    assert heard.values("Content-Disposition") == ['attachment; filename="data"']
    assert heard.values("Transfer-Encoding") == ["chunked"]
    assert heard.values("Content-Length") == []
    assert (heard.ending, heard.chunks[-1]) == ("closed", b"")
    raw = b"".join(heard.chunks)
    assert unpack(raw) == {
        **dict.fromkeys(("data", "data/grüße", "data/one", "data/one/two", "data/sub ü")),
        "data/empty": b"",
        "data/grüße/…": b"seventeen",
        "data/one/big": generated(3_000_000),
        "data/one/two/a.txt": b"hello",
        "data/sub ü/日本.txt": b"nihon",
    }
    assert await cart.members() == raw
    assert await cart.delete() == 200
    assert await cart.head() == (404, "error", f"No cart with uid {cart.target[9:]} found")
    assert (await cart.get()).lines[0] == b"HTTP/1.1 404 Not Found"
    assert await cart.delete() == 404
    records = [record for record in depot.requests if record.method != "HEAD"]
    assert [(record.method, record.status) for record in records] == [
        ("POST", 201),
        ("GET", 200),
        ("GET", 200),
        ("DELETE", 200),
        ("GET", 404),
        ("DELETE", 404),
    ]
    assert records[0].target == cart.target
    assert records[1].bytes_sent == len(raw)


async def test_the_root_of_the_service(depot: Depot, ask: Ask) -> None:
    """It says that it is there, and nothing can be ordered from it."""
    for target in ("/_/carts", "/_/carts/"):
        reply = await ask(depot, target)
        assert (reply.status, json.loads(reply.body)) == (200, {"message": "The cart service is up and running"})
        assert (await ask(depot, target, method="HEAD")).status == 200
        assert (await ask(depot, target, JSON, method="POST", body=b"{}")).status == 405


async def test_with_a_usual_client(depot: Depot, root: Path) -> None:
    """A client that keeps its connection open gets along with it, and with a body in chunks."""
    body = json.dumps({"fileids": [entry(root, "small")]}).encode()

    async def pieces() -> Any:
        for place in range(0, len(body), 10):
            yield body[place : place + 10]

    url = f"{depot.carts_url}/A-cart_1.0"
    async with aiohttp.ClientSession() as session:
        async with session.post(url, data=pieces(), headers={"Content-Type": "application/json"}) as response:
            assert (response.status, await response.json()) == (201, {"message": "Cart Processing has begun"})
        while True:
            async with session.head(url) as response:
                assert response.status == 204
                if response.headers["X-Pacifica-Status"] == "ready":
                    break
        async with session.get(url, params={"filename": "x.tar"}) as response:
            assert unpack(await response.read()) == {"x": None, "x/small": b"hello"}
        async with session.delete(url) as response:
            assert await response.json() == {"message": "Cart Deleted Successfully"}
    assert len({record.peer for record in depot.requests}) == 1


@pytest.mark.parametrize("method", ["PUT", "PATCH", "OPTIONS"])
async def test_other_methods(depot: Depot, ask: Ask, method: str) -> None:
    """There are four methods, and the answer to others names them."""
    reply = await ask(depot, "/_/carts/x", method=method)
    assert (reply.status, reply.field("Allow")) == (405, "DELETE, GET, HEAD, POST")
    assert json.loads(reply.body) == {"message": f"{method} has no meaning here"}


async def test_names_that_are_none(depot: Depot, root: Path, ask: Ask) -> None:
    """A cart can be named by any plain word, as the real service lets one, and has nothing below it."""
    body = json.dumps({"fileids": [entry(root, "small")]}).encode()
    for name in ("a%20b", "%c3%bc", "-", ".", "x" * 101, "%0d%0aX:%20y"):
        assert (await ask(depot, f"/_/carts/{name}", JSON, method="POST", body=body)).status == 400
        head = await ask(depot, f"/_/carts/{name}", method="HEAD")
        assert head.status == 404
        assert head.field("X-Pacifica-Message").startswith("No cart with uid ")
        assert head.field("X") is None
    assert (await ask(depot, "/_/carts/x/y", JSON, method="POST", body=body)).status == 404


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"", "the body is not JSON"),
        (b"{]", "the body is not JSON"),
        (b'{"fileids": [{}]}', "fileids[0].id is missing"),
        (b'{"fileids": [], "depot": {"x": 1}}', "depot.x is unknown"),
    ],
)
async def test_orders_that_are_none(depot: Depot, ask: Ask, body: bytes, message: str) -> None:
    """They are refused with a message as JSON, and there is no cart."""
    reply = await ask(depot, "/_/carts/x", JSON, method="POST", body=body)
    assert reply.status == 400
    assert json.loads(reply.body)["message"].startswith(message)
    assert (await ask(depot, "/_/carts/x", method="HEAD")).status == 404


async def test_an_order_must_say_that_it_is_json(depot: Depot, ask: Ask) -> None:
    """The real service insists on it, too."""
    for fields in ((), ("Content-Type: text/plain",)):
        assert (await ask(depot, "/_/carts/x", *fields, method="POST", body=b'{"fileids": []}')).status == 415
    fields = ("Content-Type: Application/JSON; charset=utf-8",)
    assert (await ask(depot, "/_/carts/x", *fields, method="POST", body=b'{"fileids": []}')).status == 201


async def test_fifty_thousand_files(root: Path, cart: CartOverWire) -> None:
    """An order of many megabytes is taken."""
    file = entry(root, "empty")
    posted = await cart.post(*({**file, "path": f"{'ü' * 100}/{number}"} for number in range(50_000)))
    assert posted.status == 201
    assert await cart.delete() == 200


@pytest.mark.parametrize("framing", ["Content-Length: 99999999999", "Transfer-Encoding: chunked"])
async def test_an_order_without_end(depot: Depot, framing: str) -> None:
    """It is refused when it is too long, whether it says so or not."""
    reader, writer = await asyncio_open(depot)
    writer.write(f"POST /_/carts/x HTTP/1.1\r\nHost: depot\r\n{JSON}\r\n{framing}\r\n\r\n".encode())
    for _ in range(1 if framing.startswith("Content") else 70):
        writer.write(b"100000\r\n" + bytes(1 << 20) + b"\r\n")
        await writer.drain()
    assert await reader.readline() == b"HTTP/1.1 413 Request Entity Too Large\r\n"
    writer.transport.abort()


async def asyncio_open(depot: Depot) -> tuple[Any, Any]:
    """Open a plain connection."""
    return await asyncio.open_connection("127.0.0.1", depot.port)


async def test_nothing_ordered(cart: CartOverWire) -> None:
    """A cart without files is a directory."""
    await cart.fill()
    assert unpack(await cart.members()) == {"data": None}


@pytest.mark.parametrize(
    ("query", "top", "disposition"),
    [
        ("?filename=a.tar", "a", 'attachment; filename="a.tar"'),
        ("?filename=my.target.tar", "myget", 'attachment; filename="my.target.tar"'),
        ("?filename=%C3%BC%20%22b%22", 'ü "b"', "attachment; filename*=UTF-8''%C3%BC%20%22b%22"),
        ("?filename=a%0d%0aX:%20y", "a\r\nX: y", "attachment; filename*=UTF-8''a%0D%0AX%3A%20y"),
    ],
)
async def test_names_of_tars(root: Path, cart: CartOverWire, query: str, top: str, disposition: str) -> None:
    """Members lie below the name without ``.tar``, and the answer names the file safely."""
    await cart.fill(entry(root, "small"))
    assert unpack(await cart.members(query)) == {top: None, f"{top}/small": b"hello"}
    assert (await cart.get(query)).values("Content-Disposition") == [disposition]


async def test_a_tar_without_a_name(root: Path, cart: CartOverWire) -> None:
    """It is called after the time."""
    await cart.fill(entry(root, "small"))
    (top,) = [name for name, content in unpack(await cart.members("")).items() if content is None]
    assert top.startswith("data_2")


@pytest.mark.parametrize("name", ["", ".tar", ".", "..", "a%2fb", "..%2fa", "%00", "%ff"])
async def test_names_that_no_tar_can_have(root: Path, cart: CartOverWire, name: str) -> None:
    """A name that is no single directory is refused."""
    await cart.fill(entry(root, "small"))
    assert (await cart.get(f"?filename={name}")).lines[0] == b"HTTP/1.1 400 Bad Request"


async def test_bundles(root: Path, cart: CartOverWire) -> None:
    """Members of what the real service calls a bundle lie below the cart's own name."""
    await cart.fill(entry(root, "small"), bundle=True)
    top = cart.target[9:]
    assert unpack(await cart.members()) == {top: None, f"{top}/small": b"hello"}


async def test_users(root: Path, ask: Ask) -> None:
    """The cart service lets in whom the depot lets in."""
    async with Depot(root, users={"me": "sekrit"}) as depot:
        for method in ("POST", "HEAD", "GET", "DELETE"):
            assert (await ask(depot, "/_/carts/x", JSON, method=method)).status == 401
        allowed = "Authorization: Basic bWU6c2Vrcml0"
        assert (await ask(depot, "/_/carts/x", JSON, allowed, method="POST", body=b'{"fileids": []}')).status == 201


async def test_an_old_client(depot: Depot, root: Path, cart: CartOverWire) -> None:
    """HTTP/1.0 knows no chunks: there the end of the connection is the end of the tar."""
    await cart.fill(entry(root, "big"))
    reader, writer = await asyncio_open(depot)
    writer.write(f"GET {cart.target}?filename=x HTTP/1.0\r\n\r\n".encode())
    head, _, raw = (await reader.read()).partition(b"\r\n\r\n")
    assert b"chunked" not in head.lower()
    assert unpack(raw)["x/big"] == generated(3_000_000)
    writer.close()
    await writer.wait_closed()


def test_on_a_thread_of_its_own(root: Path) -> None:
    """A synchronous caller has the same service."""
    body = json.dumps({"fileids": [entry(root, "big")]}).encode()

    def talk(method: str, target: str) -> bytes:
        with socket.create_connection(("127.0.0.1", depot.port), timeout=10) as client:
            head = (
                f"{method} {target} HTTP/1.1\r\nHost: depot\r\n{CLOSE}\r\n{JSON}\r\nContent-Length: {len(body)}\r\n\r\n"
            )
            client.sendall(head.encode() + body)
            return b"".join(iter(lambda: client.recv(1 << 20), b""))

    with Depot(root) as depot:
        assert b" 201 " in talk("POST", "/_/carts/x")
        while b"X-Pacifica-Status: ready" not in talk("HEAD", "/_/carts/x"):
            pass
        assert talk("GET", "/_/carts/x").endswith(b"\r\n0\r\n\r\n")
