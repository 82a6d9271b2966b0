"""Behaviours that the tests add to a depot of theirs."""

from __future__ import annotations

from aiohttp import web

from haulage.depot import generated
from haulage.depot.exchange import Exchange

__all__ = ["chunked"]


async def chunked(exchange: Exchange) -> web.StreamResponse:
    """``/_/chunked/SIZE/PIECE``: generated content, of no announced length, in chunks of PIECE bytes.

    Each chunk that is large enough to be written by itself is, so that the number of writes is known.
    """
    size, piece = int(exchange.argument(0)), int(exchange.argument(1))
    content = generated(size)
    response = web.StreamResponse()
    response.enable_chunked_encoding()
    exchange.entry.status = 200
    await response.prepare(exchange.request)
    for start in range(0, size, piece):
        await response.write(content[start : start + piece])
    await response.write_eof()
    return response
