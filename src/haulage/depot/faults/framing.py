"""Heads that contradict themselves about the length of the body, and chunks that cannot be.

Strategy: the content that follows is complete and ends with the connection, so whoever believes one half of the
contradiction gets a plausible file.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

from haulage.depot.faults.wire import CHUNKED, CLOSING
from haulage.depot.transmit import CHUNK

if TYPE_CHECKING:
    from aiohttp import web

    from haulage.depot.faults.request import FaultRequest
    from haulage.depot.faults.wire import Wire

__all__ = ["chunk_extension", "chunk_size", "length", "length_and_chunked", "send_filler", "two_lengths"]

_LENGTH = "Content-Length"
_FILLER = b"x" * (1 << 16)
_EXTENSION = 1 << 20


async def two_lengths(request: FaultRequest) -> web.StreamResponse:
    """Name two lengths."""
    second = request.whole("second", request.size + 1)
    return await _send_all(request, (_LENGTH, str(request.size)), (_LENGTH, str(second)))


async def length_and_chunked(request: FaultRequest) -> web.StreamResponse:
    """Name a length and send chunks."""
    wire = request.wire
    await wire.start(HTTPStatus.OK, (_LENGTH, str(request.size)), CHUNKED, CLOSING)
    await wire.send_content(request.source, 0, request.size, chunked=True)
    await wire.end_chunks()
    return wire.close()


async def length(request: FaultRequest) -> web.StreamResponse:
    """Name a length that is none."""
    return await _send_all(request, (_LENGTH, request.text("value", "-5")))


async def chunk_size(request: FaultRequest) -> web.StreamResponse:
    """Name a chunk size that is none."""
    value = request.text("value", "ffffffffffffffff1")
    wire = request.wire
    await wire.start(HTTPStatus.OK, CHUNKED, CLOSING)
    await wire.send(f"{value}\r\n".encode())
    await wire.send_content(request.source, 0, request.size)
    await wire.send(b"\r\n")
    await wire.end_chunks()
    return wire.close()


async def chunk_extension(request: FaultRequest) -> web.StreamResponse:
    """Give the first chunk a big extension."""
    count, first = request.whole("length", _EXTENSION), min(request.size, CHUNK)
    wire = request.wire
    await wire.start(HTTPStatus.OK, CHUNKED, CLOSING)
    await wire.send(b"%x;" % first)
    await send_filler(wire, count)
    await wire.send(b"\r\n")
    await wire.send_content(request.source, 0, first)
    await wire.send(b"\r\n")
    await wire.send_content(request.source, first, request.size, chunked=True)
    await wire.end_chunks()
    return wire.close()


async def send_filler(wire: Wire, count: int) -> None:
    """Send a letter very often.

    Args:
        wire: The connection.
        count: How often.

    Raises:
        ConnectionResetError: The client has gone.
    """
    while count:
        block = _FILLER[:count]
        await wire.send(block)
        count -= len(block)


async def _send_all(request: FaultRequest, *framing: tuple[str, str]) -> web.StreamResponse:
    """Send everything under a framing that is wrong."""
    wire = request.wire
    await wire.start(HTTPStatus.OK, *framing, CLOSING)
    await wire.send_content(request.source, 0, request.size)
    return wire.close()
