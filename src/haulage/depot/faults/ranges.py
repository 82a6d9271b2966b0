"""Wrong answers to ranges, and contents that cannot be told apart.

Strategy: the good answer is planned first. Only where it would be a 206 is it replaced by a lie; everything else, such
as a plain GET or an If-Range that does not match, is answered truthfully.
"""

from __future__ import annotations

import dataclasses
import secrets
import time
from http import HTTPStatus
from typing import TYPE_CHECKING

from haulage.depot.answers import Answer, many_parts, plan_answer, validator_headers
from haulage.depot.conditions import Ask, Validators
from haulage.depot.exchange import RefusalError
from haulage.depot.ranges import Span
from haulage.depot.sources import GeneratedSource, RestatedSource
from haulage.depot.transmit import send_answer, send_source

if TYPE_CHECKING:
    from collections.abc import Callable

    from aiohttp import web

    from haulage.depot.faults.request import FaultRequest

__all__ = [
    "changes",
    "elsewhere",
    "garbled",
    "ignored",
    "lie",
    "multipart",
    "no_etag",
    "refused",
    "short",
    "total",
    "unlabelled",
    "weak",
]


async def ignored(request: FaultRequest) -> web.StreamResponse:
    """Know no ranges, and promise none."""
    answer = _plan(request, dataclasses.replace(_ask(request), range=None))
    headers = tuple(field for field in answer.headers if field[0] != "Accept-Ranges")
    return await _send(request, dataclasses.replace(answer, headers=headers))


async def lie(request: FaultRequest) -> web.StreamResponse:
    """Promise ranges and know none."""
    return await _send(request, _plan(request, dataclasses.replace(_ask(request), range=None)))


async def elsewhere(request: FaultRequest) -> web.StreamResponse:
    """Start later than asked."""
    by = request.whole("by", 1, least=1)

    def answer(span: Span) -> Answer:
        return _partial(request, Span(span.start + _less(by, span), span.stop))

    return await _instead(request, answer)


async def unlabelled(request: FaultRequest) -> web.StreamResponse:
    """Send the range and do not say which it is."""
    return await _instead(request, lambda span: _partial(request, span, None))


async def garbled(request: FaultRequest) -> web.StreamResponse:
    """Send the range and say nonsense about it."""
    value = request.text("value", "bytes garbage")
    return await _instead(request, lambda span: _partial(request, span, value))


async def multipart(request: FaultRequest) -> web.StreamResponse:
    """Send the range as the only part of a multipart body."""
    return await _instead(request, lambda span: many_parts(request.what, (span,), secrets.token_hex(16)))


async def short(request: FaultRequest) -> web.StreamResponse:
    """End earlier than asked."""
    by = request.whole("by", 1, least=1)

    def answer(span: Span) -> Answer:
        return _partial(request, Span(span.start, span.stop - _less(by, span)))

    return await _instead(request, answer)


async def total(request: FaultRequest) -> web.StreamResponse:
    """Send the range and name another size of the whole."""
    size = request.whole("total", request.size + 1)
    return await _instead(request, lambda span: _partial(request, span, span.content_range(size)))


async def refused(request: FaultRequest) -> web.StreamResponse:
    """Find no range satisfiable."""
    headers = (
        ("Content-Length", "0"),
        ("Content-Range", f"bytes */{request.size}"),
        *validator_headers(request.what),
    )
    return await _instead(request, lambda _: Answer(HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE, headers))


async def changes(request: FaultRequest) -> web.StreamResponse:
    """Have another content for every request."""
    if len(request.exchange.arguments) > 1:
        raise RefusalError(HTTPStatus.BAD_REQUEST, "etag-changes takes no file, as a file does not change")
    seed = request.exchange.whole("seed", 0) + request.number
    return await send_source(request.exchange, GeneratedSource(request.size, str(seed)))


async def weak(request: FaultRequest) -> web.StreamResponse:
    """Have a weak tag and no date."""
    tag = request.what.validators.etag
    return await _send_with(request, Validators(None if tag is None else f"W/{tag}"))


async def no_etag(request: FaultRequest) -> web.StreamResponse:
    """Have neither tag nor date."""
    return await _send_with(request, Validators())


async def _send_with(request: FaultRequest, validators: Validators) -> web.StreamResponse:
    """Send the content properly, with other validators."""
    what = dataclasses.replace(request.what, validators=validators)
    return await send_source(request.exchange, RestatedSource(request.source, what))


async def _instead(request: FaultRequest, answer: Callable[[Span], Answer]) -> web.StreamResponse:
    """Replace a 206 by something else, and leave every other answer alone."""
    good = _plan(request, _ask(request))
    spans = [piece for piece in good.pieces if isinstance(piece, Span)]
    return await _send(request, answer(spans[0]) if good.status is HTTPStatus.PARTIAL_CONTENT else good)


def _ask(request: FaultRequest) -> Ask:
    """What the request asks."""
    return Ask.from_headers(request.exchange.request.method, request.exchange.request.headers)


def _plan(request: FaultRequest, ask: Ask) -> Answer:
    """Plan a good answer."""
    return plan_answer(ask, request.what, now=time.time(), boundary=secrets.token_hex(16))


async def _send(request: FaultRequest, answer: Answer) -> web.StreamResponse:
    """Send an answer from the content."""
    return await send_answer(request.exchange, answer, request.source)


def _partial(request: FaultRequest, span: Span, label: str | None = "") -> Answer:
    """Answer 206 with a span; the label is what Content-Range says, the truth if empty, nothing if ``None``."""
    label = span.content_range(request.size) if label == "" else label
    headers = [("Content-Type", request.what.content_type), ("Content-Length", str(span.length))]
    if label is not None:
        headers.append(("Content-Range", label))
    return Answer(HTTPStatus.PARTIAL_CONTENT, (*headers, *validator_headers(request.what)), (span,))


def _less(by: int, span: Span) -> int:
    """Refuse to leave nothing of a span."""
    if by >= span.length:
        raise RefusalError(HTTPStatus.BAD_REQUEST, "by must be less than the length of the range")
    return by
