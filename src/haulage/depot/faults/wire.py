"""The connection of one request, in bytes: what is sent, at what pace, and how it ends.

Strategy: the bytes go to the transport below aiohttp's response, which is far too polite for this, and the
writer of the request says when the client has taken enough of them. So a body without end needs no memory. Once an
ending has been called, aiohttp finds the connection closed and adds nothing.

A reset throws away what the kernel still holds, and cutting TCP below TLS leaves out what Python still holds. So
both first wait until everything has arrived.
"""

from __future__ import annotations

import array
import asyncio
import contextlib
import os
import socket
import struct
import time
from http.client import responses
from typing import TYPE_CHECKING, NoReturn

from aiohttp import web

from haulage.depot.dates import format_date
from haulage.depot.ranges import Span
from haulage.depot.transmit import CHUNK, SERVER, read_span

try:
    import fcntl
    import termios
except ImportError:  # Windows cannot be asked what is still unsent
    fcntl = termios = None  # type: ignore[assignment]

if TYPE_CHECKING:
    from collections.abc import Iterable

    from haulage.depot.exchange import Exchange
    from haulage.depot.sources import Source

__all__ = ["CHUNKED", "CLOSING", "Wire", "write_head"]

CHUNKED = ("Transfer-Encoding", "chunked")
CLOSING = ("Connection", "close")

_LINGER = struct.pack("hh" if os.name == "nt" else "ii", 1, 0)
"""Linger for no time at all, which makes of closing a reset."""

_TURN = 0.001
"""Seconds between two looks at what is still unsent."""
_CALM = 3
"""Looks in a row that must find nothing. Under TLS there is a buffer that cannot be asked, but between two looks
it moves on to a kernel that has room."""


class Wire:
    """Sends whatever it is told to, right or wrong, and ends the connection."""

    def __init__(self, exchange: Exchange) -> None:
        """Take the connection of a request.

        Args:
            exchange: The request.
        """
        self._exchange = exchange

    async def send(self, data: bytes) -> None:
        """Send bytes that are no body, and wait until the client has taken most of those before.

        Args:
            data: Any bytes.

        Raises:
            ConnectionResetError: The client has gone.
        """
        self._transport().write(data)
        await self._exchange.request.writer.drain()
        # A fast client keeps the writer from ever waiting, and the other requests want their turn.
        await asyncio.sleep(0)

    async def start(self, status: int, *fields: tuple[str, str]) -> None:
        """Send a status line and fields.

        Args:
            status: The status code.
            *fields: Names and values, sent as they are.

        Raises:
            ConnectionResetError: The client has gone.
        """
        self._exchange.entry.status = status
        await self.send(write_head(status, fields))

    async def send_body(self, data: bytes) -> None:
        """Send a piece of a body, unless the request is HEAD.

        Args:
            data: The piece.

        Raises:
            ConnectionResetError: The client has gone.
        """
        if self._exchange.request.method == "HEAD":
            return
        self._exchange.entry.bytes_sent += len(data)
        await self.send(data)

    async def send_chunk(self, data: bytes) -> None:
        """Send a piece of a body as a chunk; an empty one is left out, since it would be the last.

        Args:
            data: The piece.

        Raises:
            ConnectionResetError: The client has gone.
        """
        if data and self._exchange.request.method != "HEAD":
            self._exchange.entry.bytes_sent += len(data)
            await self.send(b"%x\r\n%b\r\n" % (len(data), data))

    async def end_chunks(self) -> None:
        """Send the last chunk.

        Raises:
            ConnectionResetError: The client has gone.
        """
        if self._exchange.request.method != "HEAD":
            await self.send(b"0\r\n\r\n")

    async def send_content(self, source: Source, start: int, stop: int, *, chunked: bool = False) -> None:
        """Send a part of a content, piece by piece.

        Args:
            source: The content.
            start: Position of the first byte.
            stop: Position after the last byte.
            chunked: Send it as chunks; the last one is left to :meth:`end_chunks`.

        Raises:
            ConnectionError: The client has gone, or the content is shorter than it was.
        """
        send = self.send_chunk if chunked else self.send_body
        for place in range(start, stop, CHUNK):
            await send(await read_span(self._exchange, source, Span(place, min(place + CHUNK, stop))))

    async def stay(self) -> NoReturn:
        """Say nothing more. It ends when the client goes or the depot closes: the request is cancelled."""
        while True:
            await asyncio.Event().wait()

    def close(self) -> web.StreamResponse:
        """End the connection as it should be ended.

        Returns:
            What a route has to return; nothing of it is sent.
        """
        self._exchange.request.protocol.force_close()
        return web.Response()

    async def reset(self) -> web.StreamResponse:
        """End the connection with a reset, when all has arrived.

        Returns:
            What a route has to return; nothing of it is sent.

        Raises:
            ConnectionError: The client has gone.
        """
        with self._below() as connected:
            await self._arrive(connected)
            connected.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER)
        self._transport().abort()
        return self.close()

    async def cut(self) -> web.StreamResponse:
        """End the connection below TLS, so that the client never hears TLS's own goodbye, when all has arrived.

        Returns:
            What a route has to return; nothing of it is sent.

        Raises:
            ConnectionError: The client has gone.
        """
        with self._below() as connected:
            await self._arrive(connected)
            connected.shutdown(socket.SHUT_WR)
        self._transport().abort()
        return self.close()

    def _transport(self) -> asyncio.Transport:
        """The transport, as long as something can be written to it."""
        transport = self._exchange.request.transport
        if transport is None or transport.is_closing():
            msg = "the client has gone"
            raise ConnectionResetError(msg)
        return transport

    def _below(self) -> socket.socket:
        """The socket under the transport and under TLS, as a second descriptor that the caller closes."""
        duplicate: socket.socket = self._transport().get_extra_info("socket").dup()
        return duplicate

    async def _arrive(self, connected: socket.socket) -> None:
        """Wait until the client's system has all that was sent."""
        calm = 0
        while calm < _CALM:
            await asyncio.sleep(_TURN)
            waiting = self._transport().get_write_buffer_size() + _unsent(connected)
            calm = 0 if waiting else calm + 1


def write_head(status: int, fields: Iterable[tuple[str, str]]) -> bytes:
    """Write a status line and fields as they go over the wire.

    Args:
        status: The status code.
        fields: Names and values; ``Date`` and ``Server`` come before them.

    Returns:
        All bytes up to the body.
    """
    lines = [f"HTTP/1.1 {status} {responses.get(status, '')}", f"Date: {format_date(int(time.time()))}"]
    lines += (f"{name}: {value}" for name, value in (("Server", SERVER), *fields))
    return "".join(f"{line}\r\n" for line in (*lines, "")).encode("utf-8", "surrogateescape")


def _unsent(connected: socket.socket) -> int:
    """How many bytes the client's system has not confirmed yet; 0 where ours cannot tell."""
    if fcntl is None:
        return 0
    count = array.array("i", [0])
    with contextlib.suppress(OSError):
        fcntl.ioctl(connected.fileno(), termios.TIOCOUTQ, count)
    return count[0]
