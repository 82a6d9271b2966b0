"""Heads that never come, never end, or are none.

Strategy: where something follows the head it is the good content, so that a client which overlooks the fault has
what it came for, and a test can tell.
"""

from __future__ import annotations

import asyncio
import itertools
from http import HTTPStatus
from typing import TYPE_CHECKING

from haulage.depot.answers import Answer, validator_headers
from haulage.depot.exchange import RefusalError
from haulage.depot.faults.framing import send_filler
from haulage.depot.faults.wire import CLOSING, write_head
from haulage.depot.ranges import Span
from haulage.depot.transmit import send_answer, send_text

if TYPE_CHECKING:
    from aiohttp import web

    from haulage.depot.faults.request import FaultRequest

__all__ = ["flood", "giant", "hang_up", "head_drip", "interim", "no_location", "silent", "unasked"]

_REDIRECTS = (300, 399)
_INTERIMS = (100, 199)
_UNASKED = ("206", "304", "204", "205", "416")

_TOGETHER = 1000
"""Fields and interim answers that are written at once."""


async def hang_up(request: FaultRequest) -> web.StreamResponse:
    """End the connection instead of answering."""
    if request.flag("reset", default=False):
        return await request.wire.reset()
    return request.wire.close()


async def flood(request: FaultRequest) -> web.StreamResponse:
    """Send very many fields."""
    left = request.whole("count", 100_000)
    wire, head = request.wire, _good_head(request)
    await wire.send(head.removesuffix(b"\r\n"))
    while left:
        count = min(left, _TOGETHER)
        await wire.send(b"".join(b"X-Flood-%d: x\r\n" % (left - number) for number in range(count)))
        left -= count
    return await _finish(request, b"\r\n")


async def giant(request: FaultRequest) -> web.StreamResponse:
    """Send a field that is very long."""
    count = request.whole("length", 1_000_000)
    wire, head = request.wire, _good_head(request)
    await wire.send(head.removesuffix(b"\r\n") + b"X-Giant: ")
    await send_filler(wire, count)
    return await _finish(request, b"\r\n\r\n")


async def interim(request: FaultRequest) -> web.StreamResponse:
    """Send interim answers, perhaps for ever."""
    count, low, high = request.whole("count", 0), *_INTERIMS
    one = write_head(request.whole("code", HTTPStatus.EARLY_HINTS, least=low, most=high), ())
    wire = request.wire
    for sent in itertools.count(0, _TOGETHER) if count == 0 else range(0, count, _TOGETHER):
        await wire.send(one * (min(_TOGETHER, count - sent) if count else _TOGETHER))
    return await _finish(request, _good_head(request))


async def no_location(request: FaultRequest) -> web.StreamResponse:
    """Redirect to nowhere."""
    low, high = _REDIRECTS
    status = request.whole("status", HTTPStatus.FOUND, least=low, most=high)
    return await send_text(request.exchange, status, "elsewhere")


async def unasked(request: FaultRequest) -> web.StreamResponse:
    """Answer a question that was not asked."""
    status = HTTPStatus(int(request.choice("status", "206", _UNASKED)))
    what = request.what
    headers = validator_headers(what)
    pieces: tuple[Span, ...] = ()
    if status is HTTPStatus.PARTIAL_CONTENT:
        if request.size == 0:
            raise RefusalError(HTTPStatus.BAD_REQUEST, "size must be at least 1, as no range is empty")
        whole = Span(0, request.size)
        headers += ("Content-Length", str(request.size)), ("Content-Range", whole.content_range(request.size))
        pieces = () if request.exchange.request.method == "HEAD" else (whole,)
    elif status is HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
        headers += ("Content-Length", "0"), ("Content-Range", f"bytes */{request.size}")
    elif status is HTTPStatus.RESET_CONTENT:
        headers += (("Content-Length", "0"),)
    return await send_answer(request.exchange, Answer(status, headers, pieces), request.source)


async def silent(request: FaultRequest) -> web.StreamResponse:
    """Say nothing."""
    await request.wire.stay()


async def head_drip(request: FaultRequest) -> web.StreamResponse:
    """Send the head drop by drop."""
    delay = request.exchange.seconds("delay", 0.1)
    head, wire = _good_head(request), request.wire
    for place in range(len(head) - 1):
        await wire.send(head[place : place + 1])
        await asyncio.sleep(delay)
    return await _finish(request, head[-1:])


def _good_head(request: FaultRequest) -> bytes:
    """The head of an answer with the whole content."""
    what = request.what
    return write_head(
        HTTPStatus.OK,
        (
            ("Content-Type", what.content_type),
            ("Content-Length", str(what.size)),
            CLOSING,
            *validator_headers(what),
        ),
    )


async def _finish(request: FaultRequest, end_of_head: bytes) -> web.StreamResponse:
    """Send the rest of the head and the content."""
    request.exchange.entry.status = HTTPStatus.OK.value
    wire = request.wire
    await wire.send(end_of_head)
    await wire.send_content(request.source, 0, request.size)
    return wire.close()
