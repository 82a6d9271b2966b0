"""From aiohttp's exceptions, and the system's, to ours.

The texts are written here and not copied: aiohttp's own hold full URLs, and so would a chained exception. Callers
raise what they get outside of their except block, so that nothing is chained.
"""

from __future__ import annotations

import errno
import os
import ssl

import aiohttp
from aiohttp.http_exceptions import HttpProcessingError

from haulage.errors import (
    AddressNotAllowed,
    ClientSSLAuthorizationFailure,
    ConnectionFailed,
    DownloadError,
    LocalResourceError,
    MalformedRequest,
    PartialFile,
    ProtocolError,
    ProxyAuthorizationFailure,
    ProxyConnectionFailed,
    ProxyConnectionTimedOut,
    ProxyResolutionError,
    RemoteServerResolutionError,
    ResponseError,
    ServerSSLVerificationFailure,
    ServerTimedOut,
    TlsError,
)
from haulage.errors.local import OWN_LIMITS
from haulage.transport.status import phrase, status_error

__all__ = ["translate"]

_PROXY_AUTHENTICATION_REQUIRED = 407
_NO_WAY = tuple(
    number
    for name in ("ENETDOWN", "ENETUNREACH", "EHOSTDOWN", "EHOSTUNREACH", "ENOTCONN", "EADDRNOTAVAIL")
    if (number := getattr(errno, name, None)) is not None
)
# What servers send when they want a certificate from us, or another one.
_CLIENT_CERTIFICATE_ALERTS = ("CERTIFICATE_REQUIRED", "BAD_CERTIFICATE", "UNKNOWN_CA", "HANDSHAKE_FAILURE")


def translate(
    error: Exception, url: str, *, received: int = 0, expected: int | None = None, proxy: str | None = None
) -> DownloadError | None:
    """Return what *error* means to the caller, or None where it is not the network's.

    Args:
        error: What an attempt ended with.
        url: The URL asked for.
        received: Bytes of the body that arrived.
        expected: Bytes announced, or None.
        proxy: URL of the proxy that was asked, or None.
    """
    match error:
        case DownloadError():
            return error
        case aiohttp.ClientConnectorError(os_error=AddressNotAllowed() as refusal):
            return AddressNotAllowed(str(refusal.args[0]), address=refusal.address, url=url)
        case aiohttp.ConnectionTimeoutError() if proxy is not None:
            return ProxyConnectionTimedOut("no connection through the proxy in time", phase="connect", url=url)
        case aiohttp.ClientConnectorDNSError() if proxy is not None:
            return ProxyResolutionError("the proxy's name has no address", url=url)
        case aiohttp.ConnectionTimeoutError():
            return ServerTimedOut("no connection in time", phase="connect", url=url)
        case aiohttp.ServerTimeoutError():
            return ServerTimedOut("the server sent nothing for too long", phase="read", url=url)
        case TimeoutError():
            return ServerTimedOut("no complete answer in time", phase="read", url=url)
        # The Python parser's own exceptions reach who reads a body as they are.
        case aiohttp.ClientPayloadError() | HttpProcessingError() if _is_truncation(error):
            total = "" if expected is None else f" of {expected}"
            return PartialFile(
                f"the body ended after {received}{total} bytes", received=received, expected=expected, url=url
            )
        case aiohttp.ClientPayloadError() | HttpProcessingError():
            return ProtocolError("the body breaks the protocol", url=url)
        case aiohttp.ClientConnectionError() | ssl.SSLError() | ConnectionError():
            return _connection_error(error, url)
        case aiohttp.ClientHttpProxyError():
            return _proxy_refusal(error, url)
        case aiohttp.ClientResponseError() if error.status >= 400 and error.headers is not None:  # noqa: PLR2004
            return status_error(error.status, phrase(error.status), error.headers, url)
        case aiohttp.ClientResponseError():
            return ProtocolError("the answer breaks the protocol", url=url)
        case aiohttp.InvalidURL() | aiohttp.NonHttpUrlClientError():
            return MalformedRequest("bad URL", url=url)
        case aiohttp.ClientError():
            return ResponseError(f"the request failed ({type(error).__name__})", url=url)
        case OSError() if error.errno in _NO_WAY:
            return _connection_error(error, url)
    return None


def _connection_error(error: Exception, url: str) -> DownloadError:
    match error:
        case aiohttp.ClientConnectorCertificateError() | ssl.SSLCertVerificationError():
            return ServerSSLVerificationFailure(f"certificate refused: {_certificate_reason(error)}", url=url)
        case aiohttp.ServerFingerprintMismatch():
            return ServerSSLVerificationFailure("the certificate has another fingerprint", url=url)
        case aiohttp.ClientConnectorDNSError():
            return RemoteServerResolutionError("the host name has no address", url=url)
        case aiohttp.ClientProxyConnectionError():
            return ProxyConnectionFailed(f"no connection to the proxy: {_reason(error)}", url=url)
        case aiohttp.ClientSSLError() | ssl.SSLError():
            return _tls_error(error, url)
        case aiohttp.ServerDisconnectedError():
            return ConnectionFailed("the server closed the connection without an answer", url=url)
    inner = getattr(error, "os_error", error)
    if isinstance(inner, ssl.SSLError):
        return _tls_error(inner, url)
    if isinstance(inner, ConnectionAbortedError) and "handshake" in str(inner):
        return ServerTimedOut("no TLS handshake in time", phase="connect", url=url)
    number = getattr(inner, "errno", None)
    if number in OWN_LIMITS:
        return LocalResourceError(f"no connection: {_reason(error)}", errno=number, url=url)
    return ConnectionFailed(f"connection failed: {_reason(error)}", url=url)


def _tls_error(error: Exception, url: str) -> DownloadError:
    inner = getattr(error, "os_error", error)
    reason = str(getattr(inner, "reason", None) or "handshake failed")
    kind = ClientSSLAuthorizationFailure if any(alert in reason for alert in _CLIENT_CERTIFICATE_ALERTS) else TlsError
    return kind(f"TLS failed: {reason.replace('_', ' ').lower()}", url=url)


def _proxy_refusal(error: aiohttp.ClientHttpProxyError, url: str) -> DownloadError:
    if error.status == _PROXY_AUTHENTICATION_REQUIRED:
        return ProxyAuthorizationFailure("the proxy wants other credentials (407)", url=url)
    return ProxyConnectionFailed(f"the proxy refused the tunnel ({error.status})", url=url)


def _is_truncation(error: Exception) -> bool:
    """Whether the body was cut. aiohttp has one class for a cut body and a broken one; the cause tells them apart."""
    cause = error.__cause__
    if isinstance(cause, aiohttp.ClientConnectionError | ConnectionError | OSError):
        return True
    text = str(cause or error)
    return "Not enough data" in text or "not completed" in text.lower()


def _certificate_reason(error: Exception) -> str:
    inner = getattr(error, "certificate_error", error)
    return getattr(inner, "verify_message", "") or "it cannot be verified"


def _reason(error: Exception) -> str:
    inner = getattr(error, "os_error", error)
    number = getattr(inner, "errno", None)
    if isinstance(number, int) and number > 0:
        return os.strerror(number).lower()
    return "closed by the other side"
