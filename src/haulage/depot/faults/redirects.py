"""Redirects that should not be followed.

Strategy: they lead to this machine or to nothing. Where else a redirect leads is said by the one who asks for it.
"""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import quote

from haulage.depot.behaviours import field_value
from haulage.depot.exchange import RefusalError
from haulage.depot.transmit import send_text

if TYPE_CHECKING:
    from aiohttp import web

    from haulage.depot.faults.request import FaultRequest

__all__ = ["downgrade", "foreign", "loop", "scheme"]

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*")
_PLACES = {"file": "file:///etc/passwd", "data": "data:,x"}
_REDIRECTS = (300, 399)


async def loop(request: FaultRequest) -> web.StreamResponse:
    """Redirect to the same URL."""
    low, high = _REDIRECTS
    status = request.whole("status", HTTPStatus.FOUND, least=low, most=high)
    return await _redirect(request, field_value(request.exchange.target.raw, "the target"), status)


async def scheme(request: FaultRequest) -> web.StreamResponse:
    """Redirect to a scheme that has no business there."""
    name = request.text("scheme", "file")
    if not _SCHEME.fullmatch(name):
        raise RefusalError(HTTPStatus.BAD_REQUEST, "scheme must be a scheme, such as file or ftp")
    return await _redirect(request, _PLACES.get(name.lower(), f"{name}://127.0.0.1/x"))


async def downgrade(request: FaultRequest) -> web.StreamResponse:
    """Redirect from https to http on the same host."""
    asked = request.exchange.request
    if asked.get_extra_info("sslcontext") is None:
        raise RefusalError(HTTPStatus.BAD_REQUEST, "redirect-downgrade needs a depot with TLS")
    host = field_value(asked.headers.get("Host", "127.0.0.1"), "Host")
    return await _redirect(request, f"http://{host}/_/bytes/{request.size}")


async def foreign(request: FaultRequest) -> web.StreamResponse:
    """Redirect to another origin."""
    to = request.text("to", "")
    if not to:
        raise RefusalError(HTTPStatus.BAD_REQUEST, "to is missing")
    return await _redirect(request, to)


async def _redirect(request: FaultRequest, to: str, status: int = HTTPStatus.FOUND) -> web.StreamResponse:
    """Send the client elsewhere."""
    return await send_text(request.exchange, status, f"see {quote(to, safe=':/?&=%#')}", {"Location": to})
