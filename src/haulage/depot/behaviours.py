"""What a depot does under its reserved paths, ``/_/NAME/…``: the table, and the simple behaviours.

Strategy: one small function per name, and one table. A family of behaviours with a state or a story of its own is
a module beside this one and is added to the table of a depot through ``Depot(routes=…)``.

====================================  =======================================================================
``/_/bytes/SIZE?seed=``               generated content with ranges and validators
``/_/slow?size=&chunk=&delay=&seed=`` the same, ``chunk`` bytes at a time with ``delay`` seconds in between
``/_/status/CODE?times=&key=``        CODE for the first ``times`` requests with that key, then 200;
                                      ``retry_after=`` becomes the field, verbatim
``/_/redirect?to=&status=``           ``status`` (302) with ``Location: to``, verbatim
``/_/redirects/N?status=``            a chain of N redirects, then 200
``/_/auth/USER/PASSWORD``             200 for these credentials, else 401
``/_/echo``                           the request as JSON, as it came over the wire
``/_/carts/UID``                      the cart service, see :mod:`haulage.depot.carts`
====================================  =======================================================================

Behaviours that end in 200 say ``ok``, or send generated content if the query has ``size`` (and ``seed``). Answers that
are wrong on purpose, ``/_/fault/NAME``, are in :mod:`haulage.depot.faults`; a depot has them if it was told so.
"""

from __future__ import annotations

import json
from http import HTTPStatus
from types import MappingProxyType
from typing import TYPE_CHECKING
from urllib.parse import quote

from haulage.depot.auth import CHALLENGE, is_allowed
from haulage.depot.carts import answer_carts
from haulage.depot.exchange import RefusalError, whole_number
from haulage.depot.transmit import Pace, send_source, send_text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aiohttp import web

    from haulage.depot.exchange import Exchange, Route

__all__ = ["ROUTES", "field_value", "finish"]

_FIRST_FINAL, _LAST_FINAL = 200, 599
_REDIRECTS = range(300, 400)


async def answer_bytes(exchange: Exchange) -> web.StreamResponse:
    """``/_/bytes/SIZE?seed=``: generated content."""
    size = whole_number(exchange.argument(0), "SIZE")
    return await send_source(exchange, exchange.generated(size))


async def answer_slow(exchange: Exchange) -> web.StreamResponse:
    """``/_/slow?size=&chunk=&delay=&seed=``: generated content at a walking pace."""
    chunk = exchange.whole("chunk", 1024)
    if chunk == 0:
        raise RefusalError(HTTPStatus.BAD_REQUEST, "chunk must be at least 1")
    source = exchange.generated(exchange.whole("size", 10_240))
    return await send_source(exchange, source, pace=Pace(chunk, exchange.seconds("delay", 0.1)))


async def answer_status(exchange: Exchange) -> web.StreamResponse:
    """``/_/status/CODE?times=&retry_after=&key=``: an error that may pass."""
    code = whole_number(exchange.argument(0), "CODE")
    if not _FIRST_FINAL <= code <= _LAST_FINAL:
        raise RefusalError(HTTPStatus.BAD_REQUEST, f"CODE must be from {_FIRST_FINAL} to {_LAST_FINAL}")
    # Without a key the URL itself is the key, so different URLs never disturb each other.
    attempt = exchange.grounds.attempts.next(exchange.option("key") or exchange.target.raw)
    times = exchange.option("times")
    if times is not None and attempt > whole_number(times, "times"):
        return await finish(exchange)
    retry_after = exchange.option("retry_after")
    headers = {} if retry_after is None else {"Retry-After": field_value(retry_after, "retry_after")}
    return await send_text(exchange, code, f"status {code}, attempt {attempt}", headers)


async def answer_redirect(exchange: Exchange) -> web.StreamResponse:
    """``/_/redirect?to=&status=``: a redirect to anywhere."""
    to = exchange.option("to")
    if to is None:
        raise RefusalError(HTTPStatus.BAD_REQUEST, "to is missing")
    return await _redirect(exchange, field_value(to, "to"))


async def answer_redirects(exchange: Exchange) -> web.StreamResponse:
    """``/_/redirects/N?status=``: a chain of redirects."""
    left = whole_number(exchange.argument(0), "N")
    if left == 0:
        return await finish(exchange)
    _, mark, query = exchange.target.raw.partition("?")
    return await _redirect(exchange, f"/_/redirects/{left - 1}{mark}{query}")


async def answer_auth(exchange: Exchange) -> web.StreamResponse:
    """``/_/auth/USER/PASSWORD``: a locked door and its key."""
    users = {exchange.argument(0): exchange.argument(1)}
    if not is_allowed(exchange.request.headers.get("Authorization"), users):
        raise RefusalError(HTTPStatus.UNAUTHORIZED, "these are not the credentials", CHALLENGE)
    return await finish(exchange)


async def answer_echo(exchange: Exchange) -> web.StreamResponse:
    """``/_/echo``: the request, as JSON."""
    request = exchange.request
    body_size = 0
    async for chunk in request.content.iter_any():
        body_size += len(chunk)
    certificate = request.get_extra_info("peercert") or {}
    names = dict(pair for group in certificate.get("subject", ()) for pair in group)
    seen = {
        "method": request.method,
        "target": exchange.target.raw,
        "headers": [[_text(name), _text(value)] for name, value in request.raw_headers],
        "body_size": body_size,
        "client_certificate": names.get("commonName"),
    }
    # ASCII only: a byte that is no text travels as an escaped lone surrogate and is not lost.
    return await send_text(exchange, HTTPStatus.OK, json.dumps(seen, indent=1), content_type="application/json")


async def finish(exchange: Exchange) -> web.StreamResponse:
    """End a behaviour well: 200 with generated content if the query has a ``size``, otherwise with ``ok``."""
    if exchange.option("size") is None:
        return await send_text(exchange, HTTPStatus.OK, "ok")
    return await send_source(exchange, exchange.generated(exchange.whole("size", 0)))


async def _redirect(exchange: Exchange, to: str) -> web.StreamResponse:
    """Send the client elsewhere."""
    status = exchange.whole("status", HTTPStatus.FOUND)
    if status not in _REDIRECTS:
        raise RefusalError(HTTPStatus.BAD_REQUEST, "status must be from 300 to 399")
    return await send_text(exchange, status, f"see {quote(to, safe=':/?&=%#')}", {"Location": to})


def field_value(text: str, name: str) -> str:
    """Let through what can stand in a header field as it is.

    Args:
        text: The value wished for.
        name: What to call it in a refusal.

    Returns:
        The same text.

    Raises:
        RefusalError: It has control characters, or is not UTF-8 (400).
    """
    if any(sign < " " or sign == "\x7f" or "\ud800" <= sign <= "\udfff" for sign in text):
        raise RefusalError(HTTPStatus.BAD_REQUEST, f"{name} cannot be a header value")
    return text


def _text(raw: bytes) -> str:
    """Bytes of the wire as text that loses nothing."""
    return raw.decode("utf-8", "surrogateescape")


ROUTES: Mapping[str, Route] = MappingProxyType(
    {
        "auth": answer_auth,
        "bytes": answer_bytes,
        "carts": answer_carts,
        "echo": answer_echo,
        "redirect": answer_redirect,
        "redirects": answer_redirects,
        "slow": answer_slow,
        "status": answer_status,
    }
)
"""The behaviours every depot has, by name."""
