"""Tools for talking to a depot byte by byte."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
import pytest_asyncio

from haulage.depot import Depot

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True)
class Reply:
    """A response as it came over the wire."""

    status: int
    fields: tuple[tuple[str, str], ...]
    body: bytes

    def field(self, name: str) -> str | None:
        """Return the one value of a field, or None."""
        values = [value for key, value in self.fields if key.lower() == name.lower()]
        assert len(values) <= 1, f"{name} came {len(values)} times"
        return values[0] if values else None


Ask = Callable[..., Awaitable[Reply]]


async def _ask(
    depot: Depot,
    target: str | bytes,
    *fields: str,
    method: str = "GET",
    body: bytes = b"",
    context: ssl.SSLContext | None = None,
) -> Reply:
    """Send one request, exactly as written, and read until the depot closes the connection."""
    raw = target if isinstance(target, bytes) else target.encode()
    head = [method.encode() + b" " + raw + b" HTTP/1.1", b"Host: depot", b"Connection: close"]
    head += [field.encode() for field in fields]
    if body:
        head.append(b"Content-Length: %d" % len(body))
    reader, writer = await asyncio.open_connection(
        "127.0.0.1", depot.port, ssl=context, server_hostname="localhost" if context else None
    )
    try:
        writer.write(b"\r\n".join(head) + b"\r\n\r\n" + body)
        return _parse(await reader.read(), method)
    finally:
        writer.close()
        await writer.wait_closed()


def _parse(raw: bytes, method: str = "GET") -> Reply:
    """Take a response apart and hold it to its own framing."""
    if not raw:
        msg = "the depot closed the connection without an answer"
        raise EOFError(msg)
    head, _, body = raw.partition(b"\r\n\r\n")
    lines = head.decode("utf-8", "surrogateescape").split("\r\n")
    reply = Reply(
        int(lines[0].split(" ")[1]),
        tuple((name, value) for name, _, value in (line.partition(": ") for line in lines[1:])),
        body,
    )
    length = reply.field("Content-Length")
    if method == "HEAD" or reply.status in {204, 304}:
        assert body == b""
    else:
        assert length is not None
        assert len(body) == int(length)
    return reply


@pytest.fixture
def ask() -> Ask:
    """The function that sends one request to a depot and reads the whole reply."""
    return _ask


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """An empty directory to be served."""
    directory = tmp_path / "root"
    directory.mkdir()
    return directory


@pytest_asyncio.fixture
async def depot(root: Path) -> AsyncIterator[Depot]:
    """A plain depot on the loop of the test."""
    async with Depot(root) as opened:
        yield opened


@dataclass(frozen=True)
class Heard:
    """All that came over a connection, and how it ended: ``closed``, ``reset``, or ``left`` by the client."""

    raw: bytes
    ending: str

    @property
    def lines(self) -> list[bytes]:
        """The status line and the fields of the first head."""
        return self.raw.partition(b"\r\n\r\n")[0].split(b"\r\n")

    @property
    def body(self) -> bytes:
        """What came after the first head, exactly as it came."""
        return self.raw.partition(b"\r\n\r\n")[2]

    @property
    def chunks(self) -> list[bytes]:
        """The body as chunks; the last, empty one is there if it came."""
        found, rest = [], self.body
        while rest:
            size, _, rest = rest.partition(b"\r\n")
            length = int(size.partition(b";")[0], 16)
            assert rest[length : length + 2] == b"\r\n"
            found.append(rest[:length])
            rest = rest[length + 2 :]
        return found

    def values(self, name: str) -> list[str]:
        """All values of a field, in order."""
        pairs = (line.decode().partition(": ") for line in self.lines[1:])
        return [value for key, _, value in pairs if key.lower() == name.lower()]


Hear = Callable[..., Awaitable[Heard]]


def trust(depot: Depot) -> ssl.SSLContext | None:
    """Settings of a client that trusts this depot; None if it has no TLS."""
    return None if depot.ca_pem is None else ssl.create_default_context(cadata=depot.ca_pem)


async def _hear(depot: Depot, target: str, *fields: str, method: str = "GET", enough: int | None = None) -> Heard:
    """Send one request and listen until the depot ends the connection, or until there is enough of the body."""
    context = trust(depot)
    reader, writer = await asyncio.open_connection(
        "127.0.0.1", depot.port, ssl=context, server_hostname="localhost" if context else None
    )
    raw, ending = bytearray(), "left"
    try:
        writer.write("\r\n".join((f"{method} {target} HTTP/1.1", "Host: depot", *fields, "", "")).encode())
        end = -1
        while enough is None or end < 0 or len(raw) - end < enough:
            piece = await reader.read(1 << 18)
            if not piece:
                ending = "closed"
                break
            raw += piece
            if end < 0 and b"\r\n\r\n" in raw:
                end = raw.index(b"\r\n\r\n") + 4
    except ConnectionResetError:
        ending = "reset"
    finally:
        # At once: a polite goodbye would have to be answered by a depot that has fallen silent.
        writer.transport.abort()
    return Heard(bytes(raw), ending)


@pytest.fixture
def hear() -> Hear:
    """The function that sends one request and says all that came back, right or wrong."""
    return _hear


@pytest_asyncio.fixture(params=["plain", "tls"])
async def faulty(request: pytest.FixtureRequest, root: Path) -> AsyncIterator[Depot]:
    """A depot with faults on the loop of the test, once without and once with TLS."""
    async with Depot(root, tls=request.param == "tls", faults=True) as opened:
        yield opened
