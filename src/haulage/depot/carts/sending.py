"""Sending the tar of a cart.

Strategy: a tar that is made while it is sent has no length, so it comes in chunks. A file in its place is sent as the
real service sends a bundle it has stored: with length, validators and ranges. When something is wrong in the middle,
or the cart is removed, the connection is broken, because nothing else can say so any more.
"""

from __future__ import annotations

import dataclasses
import functools
import re
import secrets
import time
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import quote

from aiohttp import web

from haulage.depot.answers import plan_answer
from haulage.depot.carts.archive import Archive, Contents
from haulage.depot.carts.staging import open_file
from haulage.depot.conditions import Ask
from haulage.depot.exchange import RefusalError
from haulage.depot.sources import RestatedSource
from haulage.depot.transmit import SERVER, send_answer

if TYPE_CHECKING:
    from haulage.depot.carts.service import Cart
    from haulage.depot.exchange import Exchange

__all__ = ["send_cart"]

_OCTETS = "application/octet-stream"
_SIMPLE = re.compile(r"[A-Za-z0-9._-]+")


async def send_cart(exchange: Exchange, cart: Cart) -> web.StreamResponse:
    """Send the tar of a cart that is ready.

    Args:
        exchange: The request; ``filename`` in its query is what the tar is called.
        cart: The cart.

    Returns:
        The response, sent.

    Raises:
        RefusalError: There can be no tar of that name (400), the format has no room for a name (500), or the file in
            place of the tar is gone (404).
        ConnectionError: The client has gone, or something is wrong in the middle; the connection is of no more use.
    """
    name = exchange.option("filename")
    if name is None:
        name = time.strftime("data_%Y_%m_%d_%H_%M_%S.tar")
    if cart.order.plan.tar is not None:
        return await _send_file(exchange, cart.order.plan.tar, name)
    top = cart.uid if cart.order.bundle else _top(name)
    open_one = functools.partial(open_file, exchange.grounds.carts.root)
    contents = Contents(cart.members, top, cart.order.plan.format, cart.created, open_one)
    try:
        await exchange.grounds.workers.run(contents.check)
    except ValueError as error:
        raise RefusalError(HTTPStatus.INTERNAL_SERVER_ERROR, f"no {contents.format} can be made: {error}") from None
    fields = {"Content-Type": _OCTETS, "Content-Disposition": _disposition(name), "Server": SERVER}
    response = web.StreamResponse(headers=fields)
    exchange.entry.status = response.status
    await response.prepare(exchange.request)
    await _send_pieces(exchange, response, cart, Archive(contents))
    await response.write_eof()
    return response


async def _send_pieces(exchange: Exchange, response: web.StreamResponse, cart: Cart, archive: Archive) -> None:
    """Make and send a tar in turns."""
    try:
        while piece := await exchange.grounds.workers.run(archive.read_piece):
            if cart.removed.is_set():
                msg = "the cart was removed while it was sent"
                raise ConnectionAbortedError(msg)
            exchange.entry.bytes_sent += len(piece)
            await response.write(piece)
    except ConnectionError:
        raise
    except (OSError, ValueError) as error:
        msg = f"the tar cannot be finished: {error}"
        raise ConnectionAbortedError(msg) from error
    finally:
        archive.close()


async def _send_file(exchange: Exchange, file_id: str, name: str) -> web.StreamResponse:
    """Send a file in place of a tar."""
    try:
        source = await exchange.grounds.workers.run(open_file, exchange.grounds.carts.root, file_id)
    except FileNotFoundError:
        raise RefusalError(HTTPStatus.NOT_FOUND, "Not Found") from None
    try:
        what = dataclasses.replace(source.representation, content_type=_OCTETS)
        ask = Ask.from_headers(exchange.request.method, exchange.request.headers)
        answer = plan_answer(ask, what, now=time.time(), boundary=secrets.token_hex(16))
        fields = (*answer.headers, ("Content-Disposition", _disposition(name)))
        return await send_answer(exchange, dataclasses.replace(answer, headers=fields), RestatedSource(source, what))
    finally:
        source.close()


def _top(name: str) -> str:
    """Name the topmost directory of a tar; the real service takes off ``.tar``, wherever it stands."""
    top = name.replace(".tar", "")
    is_text = not any("\ud800" <= sign <= "\udfff" for sign in top)
    if top in {"", ".", ".."} or "/" in top or "\0" in top or not is_text:
        raise RefusalError(HTTPStatus.BAD_REQUEST, "filename must be the name of a file")
    return top


def _disposition(name: str) -> str:
    """Write what the tar should be saved as (RFC 6266)."""
    if _SIMPLE.fullmatch(name):
        return f'attachment; filename="{name}"'
    return f"attachment; filename*=UTF-8''{quote(name.encode('utf-8', 'surrogateescape'), safe='')}"
