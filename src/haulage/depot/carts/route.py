"""The routes ``/_/carts`` and ``/_/carts/UID``: what each method means, and what it answers.

Strategy: the answers are those of the real service, status by status. Errors are JSON, as there. What a cart says about
itself stands in two fields, where it is made fit to stand.
"""

from __future__ import annotations

import json
import re
from http import HTTPStatus
from typing import TYPE_CHECKING

from haulage.depot.carts.orders import OrderError, read_order
from haulage.depot.carts.sending import send_cart
from haulage.depot.exchange import RefusalError
from haulage.depot.transmit import require_method, send_text

if TYPE_CHECKING:
    from aiohttp import web

    from haulage.depot.exchange import Exchange

__all__ = ["CART_METHODS", "answer_carts", "say", "status_fields"]

CART_METHODS = ("DELETE", "GET", "HEAD", "POST")
"""What can be done with a cart."""

_UID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_BIGGEST_ORDER = 1 << 26
"""Bytes of an order: enough for 50,000 files with long names, each letter of which is escaped."""
_LONGEST_MESSAGE = 1000
"""Bytes of a field that are sent: clients do not take more than a few thousand."""

_GONE = "The cart does not exist or has already been deleted"


async def answer_carts(exchange: Exchange) -> web.StreamResponse:
    """``/_/carts[/UID]``: order, watch, take or remove a cart."""
    try:
        return await _answer(exchange)
    except RefusalError as refusal:
        return await say(exchange, refusal.status, refusal.text, refusal.headers)


async def say(
    exchange: Exchange, status: int, message: str, fields: dict[str, str] | None = None
) -> web.StreamResponse:
    """Answer with a message as JSON.

    Args:
        exchange: The request.
        status: The status code.
        message: The message.
        fields: Further fields.

    Returns:
        The response, sent.
    """
    text = json.dumps({"message": message})
    return await send_text(exchange, status, text, fields, content_type="application/json")


def status_fields(status: str, message: str) -> dict[str, str]:
    """Write what a cart says about itself.

    Args:
        status: How far it has come.
        message: Why it failed.

    Returns:
        The two fields, of printable ASCII: anything else is escaped, and a long text is cut.
    """
    return {"X-Pacifica-Status": _header_text(status), "X-Pacifica-Message": _header_text(message)}


async def _answer(exchange: Exchange) -> web.StreamResponse:
    """Find out what is asked for."""
    if exchange.arguments in {(), ("",)}:
        require_method(exchange, "GET", "HEAD")
        return await say(exchange, HTTPStatus.OK, "The cart service is up and running")
    require_method(exchange, *CART_METHODS)
    if len(exchange.arguments) > 1:
        raise RefusalError(HTTPStatus.NOT_FOUND, "a cart has nothing below it")
    uid = exchange.argument(0)
    match exchange.request.method:
        case "POST":
            return await _order(exchange, uid)
        case "HEAD":
            return await _watch(exchange, uid)
        case "GET":
            return await _take(exchange, uid)
        case _:
            return await _remove(exchange, uid)


async def _order(exchange: Exchange, uid: str) -> web.StreamResponse:
    """POST: begin a cart."""
    if _UID.fullmatch(uid) is None:
        raise RefusalError(HTTPStatus.BAD_REQUEST, "a cart is named by a UUID")
    if exchange.request.content_type != "application/json":
        raise RefusalError(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "expected an entity of content type application/json")
    body = await _read_body(exchange)
    carts = exchange.grounds.carts
    try:
        order = await exchange.grounds.workers.run(read_order, body, carts.defaults)
    except OrderError as error:
        raise RefusalError(HTTPStatus.BAD_REQUEST, str(error)) from None
    carts.add(uid, order)
    return await say(exchange, HTTPStatus.CREATED, "Cart Processing has begun")


async def _watch(exchange: Exchange, uid: str) -> web.StreamResponse:
    """HEAD: say how far a cart has come."""
    cart = exchange.grounds.carts.find(uid)
    if cart is None:
        fields = status_fields("error", f"No cart with uid {uid} found")
        return await say(exchange, HTTPStatus.NOT_FOUND, "Not Found", fields)
    fields = status_fields(cart.status, cart.message)
    status = HTTPStatus.INTERNAL_SERVER_ERROR if cart.status == "error" else HTTPStatus.NO_CONTENT
    return await say(exchange, status, "", fields)


async def _take(exchange: Exchange, uid: str) -> web.StreamResponse:
    """GET: send the tar of a cart, if it is ready; one that failed never is."""
    cart = exchange.grounds.carts.find(uid)
    if cart is None:
        raise RefusalError(HTTPStatus.NOT_FOUND, _GONE)
    if not cart.is_ready:
        return await send_text(exchange, HTTPStatus.ACCEPTED, "The cart is not ready for download.")
    return await send_cart(exchange, cart)


async def _remove(exchange: Exchange, uid: str) -> web.StreamResponse:
    """DELETE: remove a cart."""
    if not exchange.grounds.carts.remove(uid):
        raise RefusalError(HTTPStatus.NOT_FOUND, "Not Found")
    return await say(exchange, HTTPStatus.OK, "Cart Deleted Successfully")


async def _read_body(exchange: Exchange) -> bytes:
    """Read an order, but not for ever."""
    pieces: list[bytes] = []
    length = 0
    announced = exchange.request.content_length or 0
    async for piece in exchange.request.content.iter_any():
        pieces.append(piece)
        length += len(piece)
        if max(length, announced) > _BIGGEST_ORDER:
            raise RefusalError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"an order has at most {_BIGGEST_ORDER} bytes")
    return b"".join(pieces)


def _header_text(text: str) -> str:
    """Make a text that can stand in a field."""
    shown = text.encode("ascii", "backslashreplace").decode("ascii")
    return re.sub(r"[\x00-\x1f\x7f]", " ", shown[:_LONGEST_MESSAGE])
