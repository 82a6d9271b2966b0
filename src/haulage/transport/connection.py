"""What aiohttp's connections lack: whom they reach is judged, how they ended is known, interim answers are counted.

The seams are aiohttp's own: a socket factory, a resolver, a response class and a protocol class.
"""

from __future__ import annotations

import functools
import socket
import ssl
from typing import TYPE_CHECKING, Any

import aiohttp
from aiohttp.client_proto import ResponseHandler
from aiohttp.http_exceptions import BadHttpMessage

from haulage.errors import AddressNotAllowed
from haulage.rules.addresses import REACH, space_of
from haulage.transport.resolver import Resolver

if TYPE_CHECKING:
    import asyncio

    from haulage.rules.addresses import Space

__all__ = ["PeerResponse", "StaleConnection", "connector"]

_KEEP_ALIVE = 15.0  # seconds
_MOST_INTERIM = 16  # answers (1xx) before the real one; browsers have similar bounds
_MOST_IDLE = 1 << 17  # bytes in a row that bring no byte of a body: chunk extensions without end


class StaleConnection(aiohttp.ServerDisconnectedError):
    """A connection that had served before was ended before it gave an answer.

    Many servers close idle connections without having said so, perhaps just as the next request is under way
    (RFC 9112, section 9.3.1). It says nothing about the request.
    """


class PeerResponse(aiohttp.ClientResponse):
    """A response that still knows who sent it when its connection has gone back to the pool."""

    _transport: asyncio.BaseTransport | None = None
    _tls: ssl.SSLObject | None = None

    async def start(self, connection: aiohttp.connector.Connection) -> aiohttp.ClientResponse:
        """Note the connection's transport, then read the head."""
        transport, protocol = connection.transport, connection.protocol
        self._transport = transport
        if transport is not None:
            # A closed TLS transport of asyncio does not know its own any more.
            self._tls = transport.get_extra_info("ssl_object")
        try:
            return await super().start(connection)
        except (aiohttp.ServerDisconnectedError, aiohttp.ClientOSError):
            if isinstance(protocol, _Protocol) and protocol.has_served:
                raise StaleConnection from None
            raise

    @property
    def peer_address(self) -> str | None:
        """The other end's address, or None where the transport has none."""
        peer = self._transport.get_extra_info("peername") if self._transport is not None else None
        return str(peer[0]) if isinstance(peer, tuple) else None

    def was_cut_off(self) -> bool:
        """Whether TLS says that a body, read to its end, was ended by somebody else than the server.

        The end of a TLS connection is signed, that of a TCP connection is anybody's (RFC 9112, section 9.8).
        """
        if self._tls is None:
            return False
        try:
            return bool(self._tls.read(1))
        except ssl.SSLZeroReturnError:
            return False
        except ssl.SSLError:
            return True


class _Protocol(ResponseHandler):
    """aiohttp's protocol, less its trust.

    It would read interim answers, and what stands between chunks, for ever. And what a server sends unasked over an
    idle connection it would take for the answer to the next request.
    """

    has_served = False  # a request before the present one
    _interim = 0
    _body: aiohttp.StreamReader | None = None
    _arrived = 0  # bytes of that body
    _idle = 0  # bytes received since its last byte

    def set_response_params(self, **params: Any) -> None:
        """Begin to wait for the answer to a request."""
        self.has_served = self._body is not None
        self._body = None
        self._interim = 0
        super().set_response_params(**params)

    async def read(self) -> Any:
        """Return the next head and its body."""
        message, body = await super().read()
        if message.code < 200:  # noqa: PLR2004 - RFC 9110, section 15.2
            self._interim += 1
            if self._interim > _MOST_INTERIM:
                msg = f"more than {_MOST_INTERIM} interim answers"
                raise BadHttpMessage(msg)
            return message, body
        self._body, self._arrived, self._idle = body, body.total_bytes, 0
        self._end_broken_body()
        return message, body

    def data_received(self, data: bytes) -> None:
        """Take what came, unless nothing was asked for."""
        if data and self._body is not None and self._body.is_eof():
            self.close()
            return
        super().data_received(data)
        if self._body is not None and not self._body.is_eof():
            if self._body.total_bytes == self._arrived:
                self._idle += len(data)
            else:
                self._arrived, self._idle = self._body.total_bytes, 0
            self._end_broken_body()

    def _end_broken_body(self) -> None:
        """Tell who reads a body that its framing is broken, or has no end.

        aiohttp tells only who waits for a head, and lets who reads the body wait for ever.
        """
        body = self._body
        if body is None or body.is_eof() or body.exception() is not None:
            return
        if self.exception() is not None or self._idle > _MOST_IDLE:
            body.set_exception(aiohttp.ClientPayloadError("broken framing"))
            self.close()


def connector(source: Space | None) -> aiohttp.TCPConnector:
    """Return a connector, on the running loop.

    Args:
        source: The part of the network from which a redirect leads to what it connects to; None when it was no
            redirect, and everything may be reached.
    """
    made = aiohttp.TCPConnector(
        limit=0,  # downloads are counted by us
        keepalive_timeout=_KEEP_ALIVE,
        resolver=Resolver(),
        socket_factory=None if source is None else functools.partial(_socket_within, REACH[source]),
    )
    # There is no public place for a protocol class.
    made._factory = functools.partial(_Protocol, loop=made._loop)  # type: ignore[assignment]  # noqa: SLF001
    return made


def _socket_within(reach: frozenset[Space], info: tuple[Any, ...]) -> socket.socket:
    """Make the socket for one resolved address, unless it is out of reach."""
    family, kind, protocol, _, address = info
    if space_of(str(address[0])) not in reach:
        msg = "redirect into a private network refused"
        raise AddressNotAllowed(msg, address=str(address[0]))
    return socket.socket(family=family, type=kind, proto=protocol)
