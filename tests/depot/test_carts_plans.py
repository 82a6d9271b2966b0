"""Carts that behave as they were told to, and how carts end."""

from __future__ import annotations

import asyncio
import gc
import io
import sys
import tarfile
import time
import tracemalloc
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

import pytest
from support.depot_carts import CartOverWire, entry

from haulage.depot import Depot, generated

if TYPE_CHECKING:
    from pathlib import Path

Ask = Callable[..., Awaitable[Any]]

linux_only = pytest.mark.skipif(sys.platform != "linux", reason="looks at the open files of a process in /proc")


@pytest.fixture(autouse=True)
def files(root: Path) -> None:
    """A small file and one that does not fit into the buffers of a connection."""
    (root / "small").write_bytes(b"hello")
    (root / "big").write_bytes(generated(30_000_000))


@pytest.fixture
def cart(depot: Depot, ask: Ask, hear: Ask) -> CartOverWire:
    """A cart that has not been ordered yet."""
    return CartOverWire(depot, ask, hear)


async def test_staging_takes_its_time(root: Path, cart: CartOverWire) -> None:
    """A cart is not ready before its time, and is called what it should be called until then."""
    await cart.post(entry(root, "small"), depot={"staging": 1000, "status": "queued"})
    assert await cart.head() == (204, "queued", "")
    early = await cart.get()
    assert (early.lines[0], early.body) == (b"HTTP/1.1 202 Accepted", b"The cart is not ready for download.\n")
    begin = time.monotonic()
    await cart.fill(entry(root, "small"), depot={"staging": 0.1})
    assert time.monotonic() - begin >= 0.1


async def test_files_may_come_later(root: Path, cart: CartOverWire) -> None:
    """Files are looked at when the time of staging is over."""
    (root / "late").write_bytes(b"late")
    file = entry(root, "late")
    (root / "late").unlink()
    await cart.post(file, depot={"staging": 0.5})
    (root / "late").write_bytes(b"late")
    assert await cart.settle() == (204, "ready", "")


@pytest.mark.parametrize(
    ("message", "shown"),
    [
        ("the robot has stopped", "the robot has stopped"),
        ("grüße\r\nX: y\t\x7f日", r"gr\xfc\xdfe  X: y  \u65e5"),
        ("\ud800", r"\ud800"),
        ("x" * 5000, "x" * 1000),
        ("\U0001f600" * 1000, r"\U0001f600" * 100),
        ("No cart with uid", "No cart with uid"),
    ],
)
async def test_staging_fails(root: Path, cart: CartOverWire, message: str, shown: str) -> None:
    """It fails after its time, with a message that has been made fit for a field."""
    begin = time.monotonic()
    await cart.post(entry(root, "small"), depot={"staging": 0.05, "fail": message})
    assert await cart.settle() == (500, "error", shown)
    assert time.monotonic() - begin >= 0.05


async def test_a_cart_expires(root: Path, cart: CartOverWire) -> None:
    """So long after it is ready it is gone, and not before."""
    begin = time.monotonic()
    await cart.post(entry(root, "small"), depot={"expires": 0.2})
    while (found := await cart.head())[0] == 204:
        assert time.monotonic() - begin < 20
    assert time.monotonic() - begin >= 0.2
    assert found[:2] == (404, "error")
    assert (await cart.get()).lines[0] == b"HTTP/1.1 404 Not Found"
    assert await cart.delete() == 404


async def test_a_tar_outlives_its_cart(depot: Depot, root: Path, cart: CartOverWire) -> None:
    """What has begun to be sent when a cart expires is sent to its end."""
    await cart.fill(entry(root, "big"), depot={"expires": 0.7})
    reader, writer = await start(cart)
    while (await cart.head())[0] != 404:
        pass
    assert (await reader.read()).endswith(b"\r\n0\r\n\r\n")
    writer.close()
    await writer.wait_closed()


@pytest.mark.parametrize("kind", ["pax", "gnu", "ustar"])
async def test_formats(root: Path, cart: CartOverWire, kind: str) -> None:
    """The tar has the format that was ordered."""
    await cart.fill(entry(root, "small", "grüße"), depot={"format": kind})
    raw = await cart.members()
    with tarfile.open(fileobj=io.BytesIO(raw)) as archive:
        assert archive.getnames() == ["data", "data/grüße"]
    magic = b"ustar  \0" if kind == "gnu" else b"ustar\x0000"
    assert raw[257:265] == magic
    assert (b" path=" in raw) == (kind == "pax")


async def test_a_name_too_long_for_ustar(root: Path, cart: CartOverWire) -> None:
    """It is said before anything is sent."""
    await cart.fill(entry(root, "small", "x" * 101), depot={"format": "ustar"})
    heard = await cart.get()
    assert heard.lines[0] == b"HTTP/1.1 500 Internal Server Error"
    assert b"no ustar can be made: name is too long" in heard.body


@pytest.mark.parametrize("size", [5, 300_000])
async def test_another_tar(root: Path, cart: CartOverWire, size: int) -> None:
    """Any file is sent in place of a tar, with length, validators and ranges, and nothing else is looked at."""
    (root / "evil.tar").write_bytes(generated(size))
    await cart.fill({**entry(root, "small"), "id": "missing", "hashsum": "0"}, depot={"tar": "evil.tar"})
    heard = await cart.get()
    assert (heard.lines[0], heard.body) == (b"HTTP/1.1 200 OK", generated(size))
    assert heard.values("Content-Length") == [str(size)]
    assert heard.values("Content-Type") == ["application/octet-stream"]
    assert heard.values("Content-Disposition") == ['attachment; filename="data"']
    (etag,) = heard.values("ETag")
    part = await cart.get("", "Range: bytes=1-3", f"If-Range: {etag}")
    assert (part.lines[0], part.body) == (b"HTTP/1.1 206 Partial Content", generated(size)[1:4])
    (root / "evil.tar").unlink()
    assert (await cart.get()).lines[0] == b"HTTP/1.1 404 Not Found"


async def test_another_tar_that_is_missing(cart: CartOverWire) -> None:
    """A tar that is not there makes staging fail."""
    await cart.post(depot={"tar": "missing.tar"})
    assert await cart.settle() == (500, "error", "Failed to pull file 'missing.tar' (no such file)")


async def test_defaults(root: Path, ask: Ask, hear: Ask) -> None:
    """A depot can say how its carts behave, and an order can say otherwise."""
    async with Depot(root, cart_defaults={"fail": "no", "status": "waiting"}) as depot:
        cart = CartOverWire(depot, ask, hear)
        await cart.post(entry(root, "small"), depot={"staging": 1000})
        assert await cart.head() == (204, "waiting", "")
        await cart.post(entry(root, "small"))
        assert await cart.settle() == (500, "error", "no")


async def test_a_second_order(root: Path, cart: CartOverWire) -> None:
    """A cart ordered again begins anew, whatever became of the first one."""
    await cart.post(depot={"fail": "no"})
    assert (await cart.settle())[0] == 500
    await cart.post(depot={"staging": 1000})
    assert (await cart.head())[:2] == (204, "staging")
    await cart.fill(entry(root, "small"))
    assert await cart.delete() == 200
    assert await cart.delete() == 404


async def test_there_are_not_too_many(depot: Depot, ask: Ask, hear: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    """The oldest cart goes when there are too many."""
    monkeypatch.setattr("haulage.depot.carts.service._MOST", 2)
    carts = [CartOverWire(depot, ask, hear) for _ in range(3)]
    for each in carts:
        await each.fill()
    assert [(await each.head())[0] for each in carts] == [404, 204, 204]


@linux_only
async def test_removal_while_staging(root: Path, depot: Depot, cart: CartOverWire) -> None:
    """A cart is gone at once, whether it waits or its files are being read, and its thread ends soon."""
    await cart.post(entry(root, "big"), depot={"staging": 1000})
    assert (await cart.delete(), (await cart.head())[0]) == (200, 404)
    huge = {**entry(root, "small"), "id": "huge"}
    with (root / "huge").open("wb") as file:
        file.truncate(1 << 40)
    await cart.post(huge)
    while not any(name == str(root / "huge") for name in opened()):
        await asyncio.sleep(0.001)
    assert (await cart.delete(), (await cart.head())[0]) == (200, 404)
    while any(name == str(root / "huge") for name in opened()):
        await asyncio.sleep(0.001)


async def test_many_are_staged_at_once(root: Path, depot: Depot, ask: Ask, hear: Ask) -> None:
    """Carts that are staged for long leave threads for everybody else."""
    with (root / "huge").open("wb") as file:
        file.truncate(1 << 40)
    slow = [CartOverWire(depot, ask, hear) for _ in range(10)]
    for cart in slow:
        await cart.post({**entry(root, "small"), "id": "huge"})
    assert (await ask(depot, "/small")).body == b"hello"
    for cart in slow:
        assert await cart.delete() == 200
    await slow[0].fill(entry(root, "small"))


@pytest.mark.parametrize("plan", [{"staging": 1000}, {}])
async def test_the_depot_closes_while_staging(root: Path, ask: Ask, hear: Ask, plan: dict[str, Any]) -> None:
    """Nobody waits for staging to end."""
    with (root / "huge").open("wb") as file:
        file.truncate(1 << 40)
    async with Depot(root) as depot:
        await CartOverWire(depot, ask, hear).post({**entry(root, "small"), "id": "huge"}, depot=plan)
        begin = time.monotonic()
    assert time.monotonic() - begin < 20


async def test_removal_while_sending(depot: Depot, root: Path, cart: CartOverWire) -> None:
    """The connection breaks, because the rest of the tar is gone."""
    await cart.fill(entry(root, "big"))
    reader, writer = await start(cart)
    assert await cart.delete() == 200
    rest = await reader.read()
    assert not rest.endswith(b"\r\n0\r\n\r\n")
    assert len(rest) < 30_000_000
    writer.close()
    await writer.wait_closed()


async def test_a_file_that_shrinks_while_it_is_sent(depot: Depot, root: Path, cart: CartOverWire) -> None:
    """The connection breaks; a tar that was cut never ends well."""
    await cart.fill(entry(root, "big"))
    reader, writer = await start(cart)
    await reader.readexactly(10_000)
    (root / "big").write_bytes(b"")
    assert not (await reader.read()).endswith(b"\r\n0\r\n\r\n")
    writer.close()
    await writer.wait_closed()


async def test_a_file_that_goes_before_it_is_sent(root: Path, cart: CartOverWire) -> None:
    """The same holds for a file that is no longer there at all."""
    await cart.fill(entry(root, "big", "a"), entry(root, "small", "b"))
    (root / "small").unlink()
    heard = await cart.get()
    assert (heard.lines[0], heard.ending) == (b"HTTP/1.1 200 OK", "closed")
    assert heard.chunks[-1] != b""


@linux_only
@pytest.mark.parametrize("count", [1, 20])
async def test_clients_that_go(depot: Depot, root: Path, cart: CartOverWire, count: int) -> None:
    """Clients that leave in the middle end their own requests only, and no file stays open."""
    await cart.fill(entry(root, "big"))
    writers = [(await start(cart))[1] for _ in range(count)]
    # More of them than the depot has threads are stalled, and yet it works.
    assert (await cart.head())[1] == "ready"
    assert await cart.members()
    for writer in writers:
        writer.transport.abort()
    while str(root / "big") in opened():
        await asyncio.sleep(0.001)


@linux_only
async def test_the_depot_closes_while_sending(root: Path, ask: Ask, hear: Ask) -> None:
    """Nobody waits for a client that does not read."""
    async with Depot(root) as depot:
        cart = CartOverWire(depot, ask, hear)
        await cart.fill(entry(root, "big"))
        _, writer = await start(cart)
        begin = time.monotonic()
    assert time.monotonic() - begin < 20
    assert str(root / "big") not in opened()
    writer.transport.abort()


async def test_a_big_tar_in_flat_memory(depot: Depot, root: Path, cart: CartOverWire) -> None:
    """Of a tar of 4 GiB the depot never holds more than a few pieces, however much of it has been sent."""
    await cart.fill(entry(root, "small"))
    with (root / "small").open("wb") as file:
        file.truncate(1 << 32)
    gc.collect()
    tracemalloc.start()
    try:
        reader, writer = await start(cart)
        length = 0
        while length < 300 << 20:
            length += len(await reader.read(1 << 20))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    writer.transport.abort()
    assert peak < 12 << 20


async def start(cart: CartOverWire) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Ask for a tar, read the status line, and then no more than fits into small buffers."""
    reader, writer = await asyncio.open_connection("127.0.0.1", cart.depot.port, limit=1 << 10)
    writer.write(f"GET {cart.target}?filename=data HTTP/1.1\r\nHost: depot\r\nConnection: close\r\n\r\n".encode())
    assert await reader.readline() == b"HTTP/1.1 200 OK\r\n"
    return reader, writer


def opened() -> list[str]:
    """Say which files this process has open."""
    from support.leaks import _descriptors

    return [name for _, name in _descriptors()]
