"""A listening socket, the connections it brings, and their end.

Strategy: we accept by ourselves instead of through ``loop.create_server``, for two reasons. "localhost" with a free
port becomes one port and not one per address family. And every connection is known from its first moment: a
client that hangs in the middle of the TLS handshake, or that never reads, cannot survive the depot.

Closing is thorough and prompt: no new connections, running requests cancelled, what is left cut without waiting for
clients, and only then are the tasks gone.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import logging
import os
import socket
import ssl
from typing import TYPE_CHECKING

from aiohttp import web

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine
    from typing import Any

    from haulage.depot.dispatch import Dispatcher

__all__ = ["Listener"]

_LOG = logging.getLogger("haulage.depot")

_LONGEST_LINE = 1 << 16
"""Bytes of a request line or field: pre-signed URLs are longer than aiohttp's 8 KiB."""

_BACKLOG = 512
_HANDSHAKE = 30.0
"""Seconds for a client to finish its TLS handshake."""
_FAREWELL = 2.0
"""Seconds for a client to answer the end of its TLS connection."""
_BREATH = 0.1
"""Seconds to wait when the system has no descriptor for a new connection."""
_TOO_OLD = bytes.fromhex("15030100020246")
"""What a TLS server says to a client with which it shares no version: a fatal alert, "protocol version"."""
_PATIENCE = 5.0
"""Seconds that cut connections get to report their end; they need a few turns of the loop."""


class _Connections(web.Server):
    """aiohttp's protocol factory, which also keeps the transports until they are really gone.

    aiohttp itself forgets a transport when it begins to close it, and a client that does not read can make that
    last. Weak references are no way out: not every loop's transports can have them.
    """

    def __init__(self, handler: Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]) -> None:
        """Prepare to make protocols; needs a running loop."""
        super().__init__(
            handler,
            # A client that goes away ends its request, however long that would have slept.
            handler_cancellation=True,
            access_log=None,
            logger=_LOG,
            max_line_size=_LONGEST_LINE,
            max_field_size=_LONGEST_LINE,
            auto_decompress=False,
        )
        self.transports: dict[web.RequestHandler, asyncio.Transport] = {}

    def connection_made(self, handler: web.RequestHandler, transport: asyncio.Transport) -> None:
        """Note a new connection."""
        self.transports[handler] = transport
        super().connection_made(handler, transport)

    def connection_lost(self, handler: web.RequestHandler, exc: BaseException | None = None) -> None:
        """Forget it."""
        self.transports.pop(handler, None)
        super().connection_lost(handler, exc)


class Listener:
    """Accepts connections for a dispatcher."""

    def __init__(self, dispatcher: Dispatcher, context: ssl.SSLContext | None) -> None:
        """Prepare to listen; needs a running loop.

        Args:
            dispatcher: Answers the requests.
            context: TLS settings, or ``None`` for plain connections.
        """
        self._dispatcher = dispatcher
        self._context = context
        self._connections = _Connections(dispatcher.handle)
        self._socket: socket.socket | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    async def open(self, host: str, port: int) -> int:
        """Start to accept connections.

        Args:
            host: Name or address to bind.
            port: Port to bind; 0 for a free one.

        Returns:
            The port.

        Raises:
            OSError: The address cannot be bound.
        """
        loop = asyncio.get_running_loop()
        # The empty name is every interface, which getaddrinfo spells None.
        found = await loop.getaddrinfo(host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        family, kind, _, _, address = found[0]
        self._socket = _listen(family, kind, address)
        self._start(self._accept(self._socket))
        bound: int = self._socket.getsockname()[1]
        return bound

    async def close(self) -> None:
        """Stop accepting, end all requests, cut all connections."""
        tasks = tuple(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._socket is not None:
            self._socket.close()
        await self._dispatcher.cancel()
        for transport in tuple(self._connections.transports.values()):
            transport.abort()
        try:
            async with asyncio.timeout(_PATIENCE):
                while self._connections.connections:  # noqa: ASYNC110 - aiohttp has no event for it
                    await asyncio.sleep(0)
        except TimeoutError:
            _LOG.warning("some connections did not end in time")
        await self._connections.shutdown(0)

    def _start(self, work: Coroutine[None, None, None]) -> asyncio.Task[None]:
        """Run a task that ends with the listener at the latest."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _accept(self, listening: socket.socket) -> None:
        """Take connections for ever."""
        while True:
            try:
                connected = await _next(listening)
            except OSError as error:
                _LOG.warning("cannot accept a connection: %s", error)
                await asyncio.sleep(_BREATH)
            else:
                self._start(self._welcome(connected)).add_done_callback(functools.partial(_close_unwanted, connected))

    async def _welcome(self, connected: socket.socket) -> None:
        """Make a connection of a socket; aiohttp does the rest."""
        loop = asyncio.get_running_loop()
        try:
            if self._context is None:
                await loop.connect_accepted_socket(self._connections, connected)
            else:
                await self._welcome_tls(connected, self._context)
        except OSError as error:
            # A failed handshake, which is TLS's way of saying no: the client has been told.
            _LOG.debug("no connection: %s", error)
            connected.close()

    async def _welcome_tls(self, connected: socket.socket, context: ssl.SSLContext) -> None:
        """Shake hands first."""
        loop = asyncio.get_running_loop()
        # A second descriptor, as asyncio closes the first one without the alert that should come before.
        with connected.dup() as kept:
            try:
                await loop.connect_accepted_socket(
                    self._connections,
                    connected,
                    ssl=context,
                    ssl_handshake_timeout=_HANDSHAKE,
                    ssl_shutdown_timeout=_FAREWELL,
                )
            except ssl.SSLError as error:
                if error.reason == "UNSUPPORTED_PROTOCOL":
                    kept.send(_TOO_OLD)
                raise


async def _next(listening: socket.socket) -> socket.socket:
    """Accept a connection, which no cancellation can lose between the kernel and us, where the loop lets us look."""
    loop = asyncio.get_running_loop()
    while True:
        ready = asyncio.Event()
        try:
            loop.add_reader(listening, ready.set)
        except NotImplementedError:
            return (await loop.sock_accept(listening))[0]
        try:
            await ready.wait()
        finally:
            loop.remove_reader(listening)
        with contextlib.suppress(BlockingIOError, InterruptedError, ConnectionAbortedError):
            connected, _ = listening.accept()
            connected.settimeout(0)
            return connected


def _close_unwanted(connected: socket.socket, task: asyncio.Task[None]) -> None:
    """Close what a task was given that was cancelled, perhaps before its first step."""
    if task.cancelled():
        connected.close()


def _listen(family: int, kind: int, address: Any) -> socket.socket:
    """Bind one address."""
    listening = socket.socket(family, kind)
    try:
        if os.name == "posix":
            # Elsewhere this option would let two depots share a port.
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(address)
        listening.listen(_BACKLOG)
        listening.settimeout(0)
    except BaseException:
        listening.close()
        raise
    return listening
