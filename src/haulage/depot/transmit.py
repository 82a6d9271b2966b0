"""Sending what has been decided, in flat memory and without stopping the loop.

Strategy: a small body goes out with its header in one write; a plain file over a plain connection is sent by the
kernel; everything else is read on a worker thread and written chunk by chunk, each waiting until the client has
taken the one before. Bytes are counted when they are handed over, before a client can have seen them, and
counted back when the connection did not take them.

aiohttp's own ``FileResponse`` is not used: it knows one range, not several, and has no say about validators.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING

from aiohttp import web

from haulage._version import __version__
from haulage.depot.answers import plan_answer
from haulage.depot.conditions import Ask
from haulage.depot.exchange import RefusalError
from haulage.depot.ranges import Span

if TYPE_CHECKING:
    from collections.abc import Mapping
    from io import FileIO

    from haulage.depot.answers import Answer
    from haulage.depot.exchange import Exchange
    from haulage.depot.sources import Source

__all__ = ["CHUNK", "SERVER", "Pace", "read_span", "require_method", "send_answer", "send_source", "send_text"]

SERVER = f"haulage-depot/{__version__}"
"""What all answers say of who gave them."""

_TOGETHER = 1 << 16
"""Bodies up to this many bytes are sent together with their header."""

CHUNK = 1 << 18
"""Bytes per write: big enough that the trip to a thread does not show, small enough to be flat."""


@dataclass(frozen=True, slots=True)
class Pace:
    """A body that comes slowly.

    Attributes:
        chunk: Bytes per write, at least one.
        delay: Seconds of waiting between two writes.
    """

    chunk: int
    delay: float


async def send_text(
    exchange: Exchange,
    status: int,
    text: str,
    headers: Mapping[str, str] | None = None,
    *,
    content_type: str = "text/plain; charset=utf-8",
) -> web.StreamResponse:
    """Answer with a short text.

    Args:
        exchange: The request.
        status: The status code.
        text: The body, without its final line end; left out where the status forbids a body.
        headers: Further fields, copied verbatim.
        content_type: What the text is.

    Returns:
        The response, sent.
    """
    body = f"{text}\n".encode("utf-8", "replace") if status != HTTPStatus.RESET_CONTENT else b""
    fields = dict(headers or {})
    if status in {HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED}:
        body = b""
    else:
        fields |= {"Content-Type": content_type, "Content-Length": str(len(body))}
    if exchange.request.method == "HEAD":
        body = b""
    return await _send_together(exchange, status, fields, body)


async def send_source(exchange: Exchange, source: Source, *, pace: Pace | None = None) -> web.StreamResponse:
    """Answer a GET or HEAD request with a representation, and close it.

    Args:
        exchange: The request.
        source: What to send.
        pace: Slows the body down.

    Returns:
        The response, sent.

    Raises:
        RefusalError: The method is another (405).
        ConnectionError: The client has gone, or the source ended early; the connection is of no more use.
    """
    try:
        request = exchange.request
        require_method(exchange, "GET", "HEAD")
        ask = Ask.from_headers(request.method, request.headers)
        # Random, so that no content can contain it on purpose.
        answer = plan_answer(ask, source.representation, now=time.time(), boundary=secrets.token_hex(16))
        return await send_answer(exchange, answer, source, pace=pace)
    finally:
        source.close()


async def send_answer(
    exchange: Exchange, answer: Answer, source: Source, *, pace: Pace | None = None
) -> web.StreamResponse:
    """Send an answer that has been decided.

    Args:
        exchange: The request.
        answer: What to send.
        source: Where the spans of the answer are copied from; it stays open.
        pace: Slows the body down.

    Returns:
        The response, sent.

    Raises:
        ConnectionError: The client has gone, or the source ended early; the connection is of no more use.
    """
    if pace is None and answer.length <= _TOGETHER:
        body = await _gather(exchange, answer, source)
        return await _send_together(exchange, answer.status, dict(answer.headers), body)
    response = web.StreamResponse(status=answer.status, headers=[*answer.headers, ("Server", SERVER)])
    exchange.entry.status = answer.status.value
    await response.prepare(exchange.request)
    await _send_pieces(exchange, response, answer, source, pace or Pace(CHUNK, 0))
    await response.write_eof()
    return response


def require_method(exchange: Exchange, *methods: str) -> None:
    """Refuse all other methods.

    Raises:
        RefusalError: The method is not among them (405).
    """
    if exchange.request.method not in methods:
        allow = {"Allow": ", ".join(methods)}
        raise RefusalError(HTTPStatus.METHOD_NOT_ALLOWED, f"{exchange.request.method} has no meaning here", allow)


async def _send_together(
    exchange: Exchange, status: int, headers: Mapping[str, str], body: bytes
) -> web.StreamResponse:
    """Send header and body in one write."""
    response = web.Response(status=status, headers={**headers, "Server": SERVER}, body=body or None)
    exchange.entry.status = int(status)
    exchange.entry.bytes_sent += len(body)
    await response.prepare(exchange.request)
    await response.write_eof()
    return response


async def _gather(exchange: Exchange, answer: Answer, source: Source) -> bytes:
    """Collect a small body."""
    return b"".join(
        [await read_span(exchange, source, piece) if isinstance(piece, Span) else piece for piece in answer.pieces]
    )


async def _send_pieces(
    exchange: Exchange, response: web.StreamResponse, answer: Answer, source: Source, pace: Pace
) -> None:
    """Send a big body piece by piece."""
    for piece in answer.pieces:
        if isinstance(piece, bytes):
            exchange.entry.bytes_sent += len(piece)
            await response.write(piece)
        elif pace.delay or source.file is None or not await _send_file(exchange, source.file, piece):
            await _copy(exchange, response, source, piece, pace)


async def _copy(exchange: Exchange, response: web.StreamResponse, source: Source, span: Span, pace: Pace) -> None:
    """Read and write a span in turns."""
    for start in range(span.start, span.stop, pace.chunk):
        if pace.delay and start > span.start:
            await asyncio.sleep(pace.delay)
        chunk = await read_span(exchange, source, Span(start, min(start + pace.chunk, span.stop)))
        exchange.entry.bytes_sent += len(chunk)
        await response.write(chunk)


async def read_span(exchange: Exchange, source: Source, span: Span) -> bytes:
    """Read a span on a worker thread.

    Args:
        exchange: The request.
        source: Where to read.
        span: What to read.

    Returns:
        All of its bytes.

    Raises:
        ConnectionAbortedError: There are fewer. The length has been promised, so the connection has to break.
    """
    chunk = await exchange.grounds.workers.run(source.read_at, span.start, span.length)
    if len(chunk) < span.length:
        msg = "the file has become shorter while it was sent"
        raise ConnectionAbortedError(msg)
    return chunk


async def _send_file(exchange: Exchange, file: FileIO, span: Span) -> bool:
    """Let the kernel copy a span of a file to the socket.

    Returns:
        False if it cannot, with nothing sent: encrypted connection, or a loop or system without the call.
    """
    transport = exchange.request.transport
    if transport is None or transport.get_extra_info("sslcontext") is not None:
        return False
    exchange.entry.bytes_sent += span.length
    sent = 0
    try:
        loop = asyncio.get_running_loop()
        sent = await loop.sendfile(transport, file, span.start, span.length, fallback=False)
    except RuntimeError:  # what asyncio calls "not here", including NotImplementedError
        return False
    except BaseException:
        # The loop leaves the file where sending stopped.
        sent = file.tell() - span.start
        raise
    finally:
        exchange.entry.bytes_sent -= span.length - sent
    if sent < span.length:
        msg = "the file has become shorter while it was sent"
        raise ConnectionAbortedError(msg)
    return True
