"""aiohttp sessions made from settings, with aiohttp's hidden work switched off.

No cookies, no decompression, no redirects, no environment, no total timeout, no requoting: what of that is wanted is
done elsewhere, by rules of ours. One session is for what the caller named. Others, with connections of their own, are
for what redirects lead to: they judge each address at the moment of connecting, whatever name it was resolved from.
"""

from __future__ import annotations

import asyncio
import math
from typing import TYPE_CHECKING, Any

import aiohttp

from haulage.rules.limits import read_buffer_size
from haulage.transport.agent import own_headers
from haulage.transport.connection import PeerResponse, connector
from haulage.transport.tls import tls_context

if TYPE_CHECKING:
    import ssl
    from collections.abc import Awaitable, Callable

    from haulage.rules.addresses import Space
    from haulage.settings import RemoteSettings

__all__ = ["Client", "Content", "Response", "Session", "timeouts"]


Session = aiohttp.ClientSession
Response = aiohttp.ClientResponse
Content = aiohttp.StreamReader

_DEFAULT_SOCKET_TIMEOUT = 300.0  # seconds (seed: Pulp's factory)


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
        self._sessions: dict[Space | None, Session] = {}

    def session(self, source: Space | None = None) -> Session:
        """Return the session to ask with; opened on first use, inside the running loop.

        Args:
            source: Where the redirect came from that is followed; None for what the caller named.
        """
        session = self._sessions.get(source)
        if session is None:
            session = self._sessions[source] = self._open(source)
        return session

    async def tls(self) -> ssl.SSLContext:
        """Return the TLS context; made when the first https URL needs it.

        Raises:
            SettingsError: Certificates or a key that cannot be used.
            StorageError: They cannot be handed to OpenSSL now; the next call tries again.
        """
        if self._tls is None or (self._tls.done() and self._tls.exception() is not None):
            self._tls = asyncio.ensure_future(self._in_thread(lambda: tls_context(self.settings)))
        return await asyncio.shield(self._tls)

    async def aclose(self) -> None:
        """Close the connections."""
        sessions, self._sessions = self._sessions, {}
        for session in sessions.values():
            await session.close()

    def _open(self, source: Space | None) -> Session:
        settings = self.settings
        session = aiohttp.ClientSession(
            connector=connector(source),
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
