"""Bodies that are coded although nobody asked for it.

Strategy: a content is coded as a whole before it is sent, so that a length can be told; that is why it may not be big.
A bomb is coded while it is sent, layer by layer, and needs no more memory than its blocks.
"""

from __future__ import annotations

import gzip
import zlib
from http import HTTPStatus
from typing import TYPE_CHECKING

from haulage.depot.exchange import RefusalError
from haulage.depot.faults.wire import CHUNKED, CLOSING
from haulage.depot.ranges import Span
from haulage.depot.transmit import read_span

if TYPE_CHECKING:
    from aiohttp import web

    from haulage.depot.faults.request import FaultRequest

__all__ = ["bomb", "coded", "coded_cut"]

_LARGEST = 1 << 23
"""Most bytes of content that are coded as a whole."""

_MOST_LAYERS = 8
_BOMB = 1 << 30
_BLOCK = bytes(1 << 20)

_AS_GZIP = zlib.MAX_WBITS | 16
"""What zlib calls a window with gzip's head and end around it."""


class Layers:
    """Codes a stream of bytes several times over."""

    def __init__(self, count: int) -> None:
        """Prepare the coders.

        Args:
            count: How many there are.
        """
        self._coders = [zlib.compressobj(9, zlib.DEFLATED, _AS_GZIP) for _ in range(count)]

    def add(self, data: bytes) -> bytes:
        """Code some bytes. Blocks.

        Args:
            data: The next bytes.

        Returns:
            What has come out, which may be nothing yet.
        """
        for coder in self._coders:
            data = coder.compress(data)
        return data

    def finish(self) -> bytes:
        """Return what is still inside. Blocks."""
        data = b""
        for coder in self._coders:
            data = coder.compress(data) + coder.flush()
        return data


async def coded(request: FaultRequest) -> web.StreamResponse:
    """Code the content."""
    return await _send_coded(request, await _code(request))


async def coded_cut(request: FaultRequest) -> web.StreamResponse:
    """Code the content and cut it, with a length that speaks of the cut."""
    body = await _code(request)
    return await _send_coded(request, body[: request.whole("at", len(body) // 2, most=len(body))])


async def bomb(request: FaultRequest) -> web.StreamResponse:
    """Send little that becomes very much."""
    size, count = request.whole("size", _BOMB), request.whole("layers", 1, least=1, most=_MOST_LAYERS)
    layers, workers, wire = Layers(count), request.exchange.grounds.workers, request.wire
    await wire.start(
        HTTPStatus.OK,
        ("Content-Type", "application/octet-stream"),
        ("Content-Encoding", ", ".join(["gzip"] * count)),
        CHUNKED,
        CLOSING,
    )
    for start in range(0, size, len(_BLOCK)):
        await wire.send_chunk(await workers.run(layers.add, _BLOCK[: size - start]))
    await wire.send_chunk(await workers.run(layers.finish))
    await wire.end_chunks()
    return wire.close()


async def _code(request: FaultRequest) -> bytes:
    """Code all of the content."""
    if request.size > _LARGEST:
        raise RefusalError(HTTPStatus.BAD_REQUEST, f"size must be at most {_LARGEST}, as it is coded as a whole")
    content = await read_span(request.exchange, request.source, Span(0, request.size))
    # Without a date, so that the same content is always coded alike.
    return await request.exchange.grounds.workers.run(gzip.compress, content, mtime=0)


async def _send_coded(request: FaultRequest, body: bytes) -> web.StreamResponse:
    """Send a coded body with its length."""
    wire = request.wire
    await wire.start(
        HTTPStatus.OK,
        ("Content-Type", request.what.content_type),
        ("Content-Encoding", "gzip"),
        ("Content-Length", str(len(body))),
        CLOSING,
    )
    await wire.send_body(body)
    return wire.close()
