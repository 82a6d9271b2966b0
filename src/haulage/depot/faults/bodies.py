"""Bodies that are too short, too long, too slow, or never end.

Strategy: every fault here sends a good head first, with the validators of the content; what is wrong comes after
it. HEAD requests have no body that could be wrong and never come here.
"""

from __future__ import annotations

import dataclasses
import itertools
from http import HTTPStatus
from typing import TYPE_CHECKING

from haulage.depot.answers import validator_headers
from haulage.depot.exchange import LARGEST
from haulage.depot.faults.wire import CHUNKED, CLOSING
from haulage.depot.ranges import Span
from haulage.depot.sources import GeneratedSource, RestatedSource
from haulage.depot.transmit import CHUNK, Pace, read_span, send_source, send_text

if TYPE_CHECKING:
    from aiohttp import web

    from haulage.depot.faults.request import FaultRequest
    from haulage.depot.faults.wire import Wire

__all__ = [
    "chunked_cut",
    "close",
    "close_abrupt",
    "crumbs",
    "drip",
    "endless",
    "huge",
    "overlong",
    "page",
    "reset",
    "short",
    "stall",
    "truncate",
]

_BEYOND = 10
"""Bytes that a cut chunk lacks, and that an overlong body has too many."""

_ZEROS = bytes(1 << 16)

_BLOCK = 1 << 16
"""Bytes of crumbs that are written at once: they are crumbs to the parser, not to the kernel."""

_PAGE = """<!doctype html>
<html><head><title>Log in</title></head>
<body><form method="post" action="/login"><input name="user"><input name="password" type="password"></form></body>
</html>"""


async def truncate(request: FaultRequest) -> web.StreamResponse:
    """Promise all and send a part."""
    at = request.place(request.size // 2)
    wire = await _start_with_length(request, request.size)
    await wire.send_content(request.source, 0, at)
    return wire.close()


async def overlong(request: FaultRequest) -> web.StreamResponse:
    """Send more than was promised."""
    more = request.whole("by", _BEYOND)
    wire = await _start_with_length(request, request.size)
    await wire.send_content(request.source, 0, request.size)
    while more:
        block = _ZEROS[:more]
        await wire.send_body(block)
        more -= len(block)
    return wire.close()


async def chunked_cut(request: FaultRequest) -> web.StreamResponse:
    """End before the last chunk, or in the middle of one."""
    at, inside = request.place(request.size // 2), request.flag("inside", default=False)
    wire = await _start(request, CHUNKED)
    whole = max(0, at - 1) if inside else at
    await wire.send_content(request.source, 0, whole, chunked=True)
    if inside:
        await wire.send(b"%x\r\n" % (at - whole + _BEYOND))
        await wire.send_content(request.source, whole, at)
    return wire.close()


async def short(request: FaultRequest) -> web.StreamResponse:
    """Send a part as if it were all."""
    part = dataclasses.replace(request.what, size=request.place(request.size // 2))
    return await send_source(request.exchange, RestatedSource(request.source, part))


async def close(request: FaultRequest) -> web.StreamResponse:
    """Let the end of the connection be the end of the body."""
    at = request.place(request.size)
    wire = await _start(request, CLOSING)
    await wire.send_content(request.source, 0, at)
    return wire.close()


async def close_abrupt(request: FaultRequest) -> web.StreamResponse:
    """Do the same, but end TCP without ending TLS."""
    at = request.place(request.size)
    wire = await _start(request, CLOSING)
    await wire.send_content(request.source, 0, at)
    return await wire.cut()


async def reset(request: FaultRequest) -> web.StreamResponse:
    """Promise all, send a part, and reset the connection."""
    at = request.place(request.size // 2)
    wire = await _start_with_length(request, request.size)
    await wire.send_content(request.source, 0, at)
    return await wire.reset()


async def stall(request: FaultRequest) -> web.StreamResponse:
    """Promise all, send a part, and fall silent."""
    at = request.place(max(0, request.size - 1))
    wire = await _start_with_length(request, request.size)
    await wire.send_content(request.source, 0, at)
    await wire.stay()


async def drip(request: FaultRequest) -> web.StreamResponse:
    """Send it drop by drop."""
    pace = Pace(request.whole("chunk", 1, least=1), request.exchange.seconds("delay", 0.1))
    return await send_source(request.exchange, request.source, pace=pace)


async def crumbs(request: FaultRequest) -> web.StreamResponse:
    """Send it in many tiny chunks."""
    piece = request.whole("piece", 1, least=1, most=CHUNK)
    wire = await _start(request, CHUNKED, CLOSING)
    block = max(1, _BLOCK // piece) * piece
    for start in range(0, request.size, block):
        span = Span(start, min(start + block, request.size))
        data = await read_span(request.exchange, request.source, span)
        crumbled = (data[place : place + piece] for place in range(0, len(data), piece))
        request.exchange.entry.bytes_sent += len(data)
        await wire.send(b"".join(b"%x\r\n%b\r\n" % (len(crumb), crumb) for crumb in crumbled))
    await wire.end_chunks()
    return wire.close()


async def endless(request: FaultRequest) -> web.StreamResponse:
    """Never end."""
    chunked = request.flag("chunked", default=True)
    source = GeneratedSource(LARGEST, request.exchange.option("seed") or "0")
    wire = await _start(request, CHUNKED if chunked else CLOSING)
    for number in itertools.count():
        await wire.send_content(source, number * CHUNK, (number + 1) * CHUNK, chunked=chunked)
    raise AssertionError  # there is no last number


async def huge(request: FaultRequest) -> web.StreamResponse:
    """Promise more than anybody has room for."""
    length = request.whole("length", 2**62)
    wire = await _start_with_length(request, length)
    await wire.send_body(_ZEROS[:length])
    await wire.stay()


async def page(request: FaultRequest) -> web.StreamResponse:
    """Send a page for people instead."""
    return await send_text(request.exchange, HTTPStatus.OK, _PAGE, content_type="text/html; charset=utf-8")


async def _start_with_length(request: FaultRequest, length: int) -> Wire:
    """Send a good head with a length."""
    return await _start(request, ("Content-Length", str(length)))


async def _start(request: FaultRequest, *framing: tuple[str, str]) -> Wire:
    """Send a good head with any framing."""
    wire = request.wire
    what = request.what
    await wire.start(HTTPStatus.OK, ("Content-Type", what.content_type), *framing, *validator_headers(what))
    return wire
