"""Tools for talking to a depot byte by byte."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
import pytest_asyncio

from haulage.depot import Depot

if TYPE_CHECKING:
    import ssl
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
