"""From a request to the one who answers it.

Strategy: write it down, check the user, then look at the path: below ``/_/`` the table of routes decides,
everything else is a file. Every way out of here is a response that the record knows, or a cut connection.
"""

from __future__ import annotations

import asyncio
import dataclasses
from http import HTTPStatus
from typing import TYPE_CHECKING

from aiohttp import HttpVersion11, web

from haulage.depot.auth import CHALLENGE, is_allowed
from haulage.depot.exchange import Exchange, RefusalError
from haulage.depot.files import Directory, open_path
from haulage.depot.index import render_index
from haulage.depot.records import RequestRecord
from haulage.depot.targets import parse_target
from haulage.depot.transmit import require_method, send_source, send_text

if TYPE_CHECKING:
    from collections.abc import Callable

    from haulage.depot.exchange import Grounds
    from haulage.depot.records import RequestBook

__all__ = ["Dispatcher"]

_RESERVED = b"_"


class Dispatcher:
    """Answers all requests of one depot."""

    def __init__(self, grounds: Grounds, book: RequestBook, on_request: Callable[[RequestRecord], None] | None) -> None:
        """Prepare to answer.

        Args:
            grounds: What the requests share.
            book: Where they are written down.
            on_request: Called with each record when its request is over.
        """
        self._grounds = grounds
        self._book = book
        self._on_request = on_request
        self._running: set[asyncio.Task[object]] = set()

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer one request; this is aiohttp's handler."""
        task = asyncio.current_task()
        assert task is not None
        self._running.add(task)
        entry = self._book.open(_describe(request))
        exchange = Exchange(request, parse_target(request.raw_path), (), entry, self._grounds)
        try:
            return await _answer(exchange)
        except RefusalError as refusal:
            return await send_text(exchange, refusal.status, refusal.text, refusal.headers)
        except ConnectionError:
            # The client has gone, or cannot be told the truth any more; what follows on a closed connection is dropped.
            request.protocol.force_close()
            return web.Response()
        finally:
            self._running.discard(task)
            if self._on_request is not None:
                self._on_request(entry.freeze())

    async def cancel(self) -> None:
        """End the requests that are still running."""
        running = tuple(self._running)
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)


async def _answer(exchange: Exchange) -> web.StreamResponse:
    """Find the one who answers."""
    request = exchange.request
    if request.version >= HttpVersion11 and len(request.headers.getall("Host", ())) != 1:
        raise RefusalError(HTTPStatus.BAD_REQUEST, "one Host field is needed (RFC 9112, section 3.2)")
    users = exchange.grounds.users
    if users and not is_allowed(request.headers.get("Authorization"), users):
        raise RefusalError(HTTPStatus.UNAUTHORIZED, "this depot wants a user and a password", CHALLENGE)
    segments = exchange.target.segments
    if segments[0] == _RESERVED and len(segments) > 1:
        return await _answer_reserved(exchange)
    return await _answer_file(exchange)


async def _answer_reserved(exchange: Exchange) -> web.StreamResponse:
    """Hand over to a route."""
    try:
        name, *arguments = (segment.decode("utf-8") for segment in exchange.target.segments[1:])
    except UnicodeDecodeError:
        raise RefusalError(HTTPStatus.BAD_REQUEST, "the path is not UTF-8") from None
    route = exchange.grounds.routes.get(name)
    if route is None:
        known = ", ".join(sorted(exchange.grounds.routes))
        raise RefusalError(HTTPStatus.NOT_FOUND, f"no such behaviour; there are: {known}")
    return await route(dataclasses.replace(exchange, arguments=tuple(arguments)))


async def _answer_file(exchange: Exchange) -> web.StreamResponse:
    """Serve a file or list a directory."""
    require_method(exchange, "GET", "HEAD")
    grounds, target = exchange.grounds, exchange.target
    found = None
    if grounds.root is not None:
        found = await grounds.workers.run(open_path, grounds.root, target.segments)
    if found is None:
        raise RefusalError(HTTPStatus.NOT_FOUND, "no such file")
    if not isinstance(found, Directory):
        return await send_source(exchange, found)
    if target.segments[-1] != b"":
        # Relative links need the slash. The path has no empty segments, so it cannot name another host.
        raise RefusalError(HTTPStatus.MOVED_PERMANENTLY, "a directory", {"Location": f"{_ascii(target.path)}/"})
    page = render_index(found, target.segments)
    return await send_text(exchange, HTTPStatus.OK, page, content_type="text/html; charset=utf-8")


def _describe(request: web.BaseRequest) -> RequestRecord:
    """Write down what was asked."""
    peer = request.get_extra_info("peername")
    return RequestRecord(
        method=request.method,
        target=request.raw_path,
        headers=tuple(
            (name.decode("utf-8", "surrogateescape"), value.decode("utf-8", "surrogateescape"))
            for name, value in request.raw_headers
        ),
        peer=f"{peer[0]}:{peer[1]}" if isinstance(peer, tuple) else "",
    )


def _ascii(path: str) -> str:
    """Percent-encode what cannot stand in a Location field, and leave the rest alone."""
    raw = path.encode("utf-8", "surrogateescape")
    return "".join(chr(byte) if 0x20 < byte < 0x7F else f"%{byte:02X}" for byte in raw)  # noqa: PLR2004
