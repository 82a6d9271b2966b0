"""aiohttp sessions made from settings, with aiohttp's hidden work switched off.

No cookies, no decompression, no redirects, no environment, no total timeout, no requoting: what of that is wanted is
done elsewhere, by rules of ours. Two sessions may be open: one for what the caller named, and a guarded one, with
connections of its own, that refuses private addresses at the moment of connecting, whatever their name resolved to.
"""

from __future__ import annotations

import asyncio
import math
import socket
from typing import TYPE_CHECKING, Any

import aiohttp

from haulage.errors import AddressNotAllowed
from haulage.rules.addresses import is_private
from haulage.rules.limits import read_buffer_size
from haulage.transport.agent import own_headers
from haulage.transport.tls import tls_context

if TYPE_CHECKING:
    import ssl
    from collections.abc import Awaitable, Callable

    from haulage.settings import RemoteSettings

__all__ = ["Client", "Content", "PeerResponse", "Response", "Session", "timeouts"]


class PeerResponse(aiohttp.ClientResponse):
    """A response that still knows who sent it when its connection has gone back to the pool."""

    _transport: asyncio.BaseTransport | None = None

    async def start(self, connection: aiohttp.connector.Connection) -> aiohttp.ClientResponse:
        """Note the connection's transport, then read the head."""
        self._transport = connection.transport
        return await super().start(connection)

    @property
    def peer_address(self) -> str | None:
        """The other end's address, or None where the transport has none."""
        peer = self._transport.get_extra_info("peername") if self._transport is not None else None
        return str(peer[0]) if isinstance(peer, tuple) else None


Session = aiohttp.ClientSession
Response = aiohttp.ClientResponse
Content = aiohttp.StreamReader

_DEFAULT_SOCKET_TIMEOUT = 300.0  # seconds (seed: Pulp's factory)
_KEEP_ALIVE = 15.0  # seconds


class Client:
    """The HTTP connections of one event loop.

    Args:
        settings: TLS, timeouts and sizes.
        in_thread: Runs a blocking function off the loop; reading certificates takes tens of milliseconds.

    Attributes:
        head_limit: Seconds from a request to the complete head of its answer, connecting included; None for no limit.
    """

    def __init__(self, settings: RemoteSettings, in_thread: Callable[[Callable[[], Any]], Awaitable[Any]]) -> None:
        self.settings = settings
        limits = timeouts(settings)
        connect = limits.connect or limits.sock_connect
        self.head_limit = None if connect is None or limits.sock_read is None else connect + limits.sock_read
        self._in_thread = in_thread
        self._tls: asyncio.Future[ssl.SSLContext] | None = None
        self._session: Session | None = None
        self._guarded: Session | None = None

    def session(self, *, guarded: bool = False) -> Session:
        """Return the session to ask with; opened on first use, inside the running loop.

        Args:
            guarded: Refuse to connect to private addresses.
        """
        if guarded:
            if self._guarded is None:
                self._guarded = self._open(socket_factory=_public_socket)
            return self._guarded
        if self._session is None:
            self._session = self._open()
        return self._session

    async def tls(self) -> ssl.SSLContext:
        """Return the TLS context; made when the first https URL needs it.

        Raises:
            SettingsError: Certificates or a key that cannot be used.
        """
        if self._tls is None:
            self._tls = asyncio.ensure_future(self._in_thread(lambda: tls_context(self.settings)))
        return await asyncio.shield(self._tls)

    async def aclose(self) -> None:
        """Close the connections."""
        sessions, self._session, self._guarded = (self._session, self._guarded), None, None
        for session in sessions:
            if session is not None:
                await session.close()

    def _open(self, **connector_options: Any) -> Session:
        settings = self.settings
        connector = aiohttp.TCPConnector(
            limit=0,  # downloads are counted by us
            keepalive_timeout=_KEEP_ALIVE,
            # The system's resolver honours /etc/hosts; aiodns, where installed, does not.
            resolver=aiohttp.ThreadedResolver(),
            **connector_options,
        )
        session = aiohttp.ClientSession(
            connector=connector,
            response_class=PeerResponse,
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
            trust_env=False,
            requote_redirect_url=False,
            timeout=timeouts(settings),
            read_bufsize=read_buffer_size(settings.download_concurrency),
            headers=own_headers(),
        )
        # aiohttp sends a GET once more, unasked, when a connection breaks before the answer. How often a server is
        # asked is for the attempt loop to decide and to count. There is no public switch.
        session._retry_connection = False  # noqa: SLF001
        return session


def timeouts(settings: RemoteSettings, *, proxied: bool = False) -> aiohttp.ClientTimeout:
    """Return the limits of one request; the total is the attempt loop's.

    Args:
        settings: The settings.
        proxied: Whether a proxy is asked. It is waited for while a tunnel is made, where aiohttp applies `sock_read`
            not at all; `connect` then stands in for it.
    """

    def limit(value: float | None, default: float | None) -> float | None:
        seconds = default if value is None else value
        return None if seconds is None or math.isinf(seconds) else seconds

    sock_connect = limit(settings.sock_connect_timeout, _DEFAULT_SOCKET_TIMEOUT)
    sock_read = limit(settings.sock_read_timeout, _DEFAULT_SOCKET_TIMEOUT)
    tunnel = sock_read + min(sock_connect or sock_read, sock_read) if proxied and sock_read is not None else None
    return aiohttp.ClientTimeout(
        connect=limit(settings.connect_timeout, tunnel), sock_connect=sock_connect, sock_read=sock_read
    )


def _public_socket(info: tuple[Any, ...]) -> socket.socket:
    """Make the socket for one resolved address, unless it is a private one."""
    family, kind, protocol, _, address = info
    if is_private(str(address[0])):
        msg = "redirect into a private network refused"
        raise AddressNotAllowed(msg, address=str(address[0]))
    return socket.socket(family=family, type=kind, proto=protocol)
