"""Cart services that are none, or that never come to an end.

Strategy: these faults stand where a cart service would, so what follows their name in the path is a cart. They remember
nothing: what they say to a method is always the same, and for what is not their fault it is what a good service says.
"""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import TYPE_CHECKING

from haulage.depot.carts.route import say, status_fields
from haulage.depot.faults.bodies import page
from haulage.depot.transmit import send_text

if TYPE_CHECKING:
    from aiohttp import web

    from haulage.depot.faults.request import FaultRequest

__all__ = ["error", "html", "json_body", "never", "no_headers", "refused"]

_REASON = "the tape robot has stopped"


async def html(request: FaultRequest) -> web.StreamResponse:
    """Send a page for people, whatever was asked."""
    return await page(request)


async def no_headers(request: FaultRequest) -> web.StreamResponse:
    """Say that there is a cart, and not how far it has come."""
    return await _answer(request, HTTPStatus.NO_CONTENT, {})


async def never(request: FaultRequest) -> web.StreamResponse:
    """Never become ready."""
    return await _answer(request, HTTPStatus.NO_CONTENT, status_fields("staging", ""))


async def refused(request: FaultRequest) -> web.StreamResponse:
    """Be ready, and yet never send anything."""
    return await _answer(request, HTTPStatus.NO_CONTENT, status_fields("ready", ""))


async def error(request: FaultRequest) -> web.StreamResponse:
    """Fail."""
    message = request.text("message", _REASON)
    return await _answer(request, HTTPStatus.INTERNAL_SERVER_ERROR, status_fields("error", message))


async def json_body(request: FaultRequest) -> web.StreamResponse:
    """Be ready, and send an error as if it were a tar."""
    if request.exchange.request.method == "GET":
        # This is how the real service writes an error that happens after its status has been chosen.
        trouble = {"status": "500 Internal Server Error", "message": _REASON, "traceback": "", "version": "8.9.1"}
        return await send_text(request.exchange, HTTPStatus.OK, json.dumps(trouble), content_type="application/json")
    return await _answer(request, HTTPStatus.NO_CONTENT, status_fields("ready", ""))


async def _answer(request: FaultRequest, status: HTTPStatus, fields: dict[str, str]) -> web.StreamResponse:
    """Answer as a good service does, but to HEAD in some way, and to GET that nothing is ready."""
    exchange = request.exchange
    match exchange.request.method:
        case "POST":
            return await say(exchange, HTTPStatus.CREATED, "Cart Processing has begun")
        case "HEAD":
            return await say(exchange, status, "", fields)
        case "GET":
            return await send_text(exchange, HTTPStatus.ACCEPTED, "The cart is not ready for download.")
        case _:
            return await say(exchange, HTTPStatus.OK, "Cart Deleted Successfully")
