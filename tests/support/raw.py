"""A server that says exactly what its script says, and remembers exactly what it heard.

A script is what the server does with one request: a few bytes to send before it closes the connection, or a coroutine
function that is given the `Call`. Requests take the scripts one after the other; the last one serves the rest.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
import struct
from collections.abc import Awaitable, Callable
from typing import Self

__all__ = ["Call", "RawServer", "Script", "ok"]


class Call:
    """One request and the connection it came over."""

    def __init__(self, head: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.head = head
        self.reader = reader
        self.writer = writer

    async def send(self, *pieces: bytes) -> None:
        """Send *pieces*, each in a write of its own."""
        for piece in pieces:
            self.writer.write(piece)
            await self.writer.drain()

    def reset(self) -> None:
        """End the connection with a reset instead of a polite close."""
        raw: socket.socket = self.writer.get_extra_info("socket")
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()

    async def gone(self) -> None:
        """Wait until the client has closed the connection."""
        with contextlib.suppress(ConnectionError):
            while await self.reader.read(65536):
                pass


Script = bytes | Callable[[Call], Awaitable[None]]


class RawServer:
    """Serves its scripts on a free port of the loopback, on the running loop.

    Attributes:
        heads: The heads of all requests, as they came, without the empty line.
        connections: Connections that were made.
    """

    def __init__(self, *scripts: Script, tls: ssl.SSLContext | None = None) -> None:
        self.tls = tls
        self.scripts = list(scripts)
        self.heads: list[bytes] = []
        self.connections = 0
        self.port = 0
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def url(self) -> str:
        """Where it is reached, without a slash at the end."""
        return f"{'http' if self.tls is None else 'https'}://127.0.0.1:{self.port}"

    @property
    def targets(self) -> list[str]:
        """The request targets, in order."""
        return [head.split(b" ", 2)[1].decode("latin-1") for head in self.heads]

    def header(self, name: str, request: int = -1) -> str | None:
        """Return a header of one request, or None."""
        for line in self.heads[request].split(b"\r\n")[1:]:
            key, _, value = line.decode("latin-1").partition(":")
            if key.lower() == name.lower():
                return value.strip()
        return None

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0, ssl=self.tls)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        self._server.close()
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._server.wait_closed()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            # Cancelled at the end of the test, and ends like any other connection.
            with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
                await self._serve(reader, writer)
        finally:
            writer.close()
            with contextlib.suppress(ConnectionError, asyncio.CancelledError):
                await writer.wait_closed()
            self._tasks.discard(task)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            head = (await reader.readuntil(b"\r\n\r\n")).removesuffix(b"\r\n\r\n")
            self.heads.append(head)
            script = self.scripts.pop(0) if len(self.scripts) > 1 else self.scripts[0]
            call = Call(head, reader, writer)
            if isinstance(script, bytes):
                await call.send(script)
                return
            await script(call)
            if writer.is_closing():
                return


def ok(body: bytes, *fields: str, status: str = "200 OK") -> bytes:
    """Return a plain answer with a length and *fields*."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *fields, "", ""]
    return "\r\n".join(lines).encode() + body
