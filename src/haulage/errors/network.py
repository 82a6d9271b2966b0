"""The network: what may work at another time, and trust that could not be made."""

from __future__ import annotations

from haulage.errors.base import DownloadError

__all__ = [
    "ClientSSLAuthorizationFailure",
    "ConnectionFailed",
    "NetworkError",
    "PartialFile",
    "ProxyAuthorizationFailure",
    "ProxyConnectionFailed",
    "ProxyConnectionTimedOut",
    "ProxyResolutionError",
    "RemoteServerResolutionError",
    "ServerSSLVerificationFailure",
    "ServerTimedOut",
    "TimeoutException",
    "TlsError",
    "TooSlow",
]


class NetworkError(DownloadError, ConnectionError):
    """The connection could not be made or did not hold."""

    transient = True


class ConnectionFailed(NetworkError):
    """The server could not be reached, or closed the connection before it answered."""


class RemoteServerResolutionError(NetworkError):
    """The server's name has no address."""


class PartialFile(NetworkError):
    """The body ended before its announced end.

    Attributes:
        received: Bytes that arrived.
        expected: Bytes announced, or None where the framing gave no number.
    """

    def __init__(self, message: str, *, received: int, expected: int | None = None, url: str | None = None) -> None:
        super().__init__(message, url=url)
        self.received = received
        self.expected = expected


class ProxyConnectionFailed(NetworkError):
    """The proxy could not be reached or refused the tunnel."""


class ProxyResolutionError(ProxyConnectionFailed):
    """The proxy's name has no address."""


class ProxyAuthorizationFailure(ProxyConnectionFailed):
    """The proxy wants other credentials (407)."""

    transient = False


class TlsError(DownloadError, ConnectionError):
    """The two ends could not agree on a trusted connection. Never retried."""


class ServerSSLVerificationFailure(TlsError):
    """The server's certificate is not trusted, or not for this host."""


class ClientSSLAuthorizationFailure(TlsError):
    """The server did not accept our certificate, or wants one."""


class TimeoutException(DownloadError, TimeoutError):
    """A time limit passed.

    Attributes:
        phase: ``"connect"``, ``"read"``, ``"total"``, ``"speed"`` or ``"staging"``.
        limit: The limit in seconds, or None.
    """

    transient = True

    def __init__(
        self, message: str = "", *, phase: str = "read", limit: float | None = None, url: str | None = None
    ) -> None:
        super().__init__(message, url=url)
        self.phase = phase
        self.limit = limit


class ServerTimedOut(TimeoutException):
    """The server did not answer, or stopped sending, for longer than allowed."""


class ProxyConnectionTimedOut(TimeoutException):
    """The proxy did not answer in time."""


class TooSlow(TimeoutException):
    """Bytes kept coming, but fewer than `Remote.low_speed_limit` asks for."""
