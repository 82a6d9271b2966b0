"""From aiohttp's exceptions, and the system's, to ours."""

from __future__ import annotations

import errno
import socket
import ssl
from typing import Any

import aiohttp
import pytest
from aiohttp import http_exceptions
from aiohttp.client_reqrep import ConnectionKey
from multidict import CIMultiDict, CIMultiDictProxy
from yarl import URL

from haulage import errors
from haulage.transport.status import AuthorizationFailure, HttpFileNotFound, HttpStatusError, RemoteServerError
from haulage.transport.translate import translate

SECRET_URL = "https://user:s3cret@host/a?sig=canary"
KEY = ConnectionKey("host", 443, True, True, None, None, None)
INFO = aiohttp.RequestInfo(
    URL(SECRET_URL), "GET", CIMultiDictProxy(CIMultiDict({"Authorization": "canary"})), URL(SECRET_URL)
)
HEADERS = CIMultiDictProxy(CIMultiDict({"Retry-After": "5"}))


def verification_error() -> ssl.SSLCertVerificationError:
    """Return what OpenSSL says of a certificate it does not trust."""
    error = ssl.SSLCertVerificationError(1, "certificate verify failed")
    error.verify_message = "self-signed certificate"
    return error


def tls_error(reason: str) -> ssl.SSLError:
    """Return an error of OpenSSL with *reason*."""
    error = ssl.SSLError(1, reason)
    error.reason = reason
    return error


def caused(error: Exception, cause: BaseException) -> Exception:
    """Return *error* as raised from *cause*."""
    error.__cause__ = cause
    return error


def response(status: int, **kwargs: Any) -> aiohttp.ClientResponseError:
    """Return aiohttp's error for an answer."""
    return aiohttp.ClientResponseError(INFO, (), status=status, message="Words", **kwargs)


REFUSED = OSError(errno.ECONNREFUSED, "refused")

TABLE: list[tuple[Exception, type[errors.DownloadError]]] = [
    (aiohttp.ConnectionTimeoutError(), errors.ServerTimedOut),
    (aiohttp.SocketTimeoutError(), errors.ServerTimedOut),
    (aiohttp.ServerTimeoutError(), errors.ServerTimedOut),
    (TimeoutError(), errors.ServerTimedOut),
    (TimeoutError(), errors.ServerTimedOut),
    (caused(aiohttp.ClientPayloadError("x"), aiohttp.ClientConnectionResetError("reset")), errors.PartialFile),
    (caused(aiohttp.ClientPayloadError("x"), ConnectionResetError(104, "reset")), errors.PartialFile),
    (aiohttp.ClientPayloadError("Response payload is not completed"), errors.PartialFile),
    (aiohttp.ClientPayloadError("Not enough data to satisfy content length header."), errors.PartialFile),
    (aiohttp.ClientPayloadError("400, message: bad chunk"), errors.ProtocolError),
    (http_exceptions.TransferEncodingError("0x5"), errors.ProtocolError),
    (http_exceptions.BadHttpMessage("x"), errors.ProtocolError),
    (http_exceptions.ContentLengthError("Not enough data to satisfy content length header."), errors.PartialFile),
    (aiohttp.ServerDisconnectedError(), errors.ConnectionFailed),
    (aiohttp.ClientConnectionError("Connection closed"), errors.ConnectionFailed),
    (aiohttp.ClientConnectionResetError("reset"), errors.ConnectionFailed),
    (aiohttp.ClientOSError(errno.ECONNRESET, "reset"), errors.ConnectionFailed),
    (aiohttp.ClientConnectorError(KEY, REFUSED), errors.ConnectionFailed),
    (aiohttp.ClientConnectorError(KEY, OSError(errno.EMFILE, "files")), errors.LocalResourceError),
    (OSError(errno.ECONNRESET, "reset"), errors.ConnectionFailed),
    (ConnectionAbortedError(errno.ECONNABORTED, "aborted"), errors.ConnectionFailed),
    (BrokenPipeError(errno.EPIPE, "pipe"), errors.ConnectionFailed),
    (aiohttp.ClientConnectorDNSError(KEY, socket.gaierror(-2, "unknown")), errors.RemoteServerResolutionError),
    (aiohttp.ClientProxyConnectionError(KEY, REFUSED), errors.ProxyConnectionFailed),
    (aiohttp.ClientHttpProxyError(INFO, (), status=407), errors.ProxyAuthorizationFailure),
    (aiohttp.ClientHttpProxyError(INFO, (), status=502), errors.ProxyConnectionFailed),
    (aiohttp.ClientConnectorCertificateError(KEY, verification_error()), errors.ServerSSLVerificationFailure),
    (verification_error(), errors.ServerSSLVerificationFailure),
    (aiohttp.ServerFingerprintMismatch(b"a", b"b", "host", 443), errors.ServerSSLVerificationFailure),
    (aiohttp.ClientConnectorSSLError(KEY, tls_error("WRONG_VERSION_NUMBER")), errors.TlsError),
    (
        aiohttp.ClientConnectorSSLError(KEY, tls_error("TLSV13_ALERT_CERTIFICATE_REQUIRED")),
        errors.ClientSSLAuthorizationFailure,
    ),
    (tls_error("TLSV1_ALERT_UNKNOWN_CA"), errors.ClientSSLAuthorizationFailure),
    (ssl.SSLError(1, "no reason"), errors.TlsError),
    (response(404, headers=HEADERS), HttpFileNotFound),
    (response(401, headers=HEADERS), AuthorizationFailure),
    (response(418, headers=HEADERS), HttpStatusError),
    (response(503, headers=HEADERS), RemoteServerError),
    (response(400), errors.ProtocolError),
    (response(0), errors.ProtocolError),
    (aiohttp.ContentTypeError(INFO, (), status=200, headers=HEADERS), errors.ProtocolError),
    (aiohttp.TooManyRedirects(INFO, (), status=302, headers=HEADERS), errors.ProtocolError),
    (aiohttp.InvalidURL(URL(SECRET_URL)), errors.MalformedRequest),
    (aiohttp.NonHttpUrlClientError(URL(SECRET_URL)), errors.MalformedRequest),
    (aiohttp.ClientError("strange"), errors.ResponseError),
]


@pytest.mark.parametrize(("error", "kind"), TABLE, ids=lambda value: getattr(value, "__name__", type(value).__name__))
def test_each_foreign_error_has_its_class(error: Exception, kind: type[errors.DownloadError]) -> None:
    """And none of what it held is shown: neither query nor credentials."""
    if type(error) is OSError and not isinstance(error, ConnectionError):
        pytest.skip("the system gives this number a class of its own")
    ours = translate(error, SECRET_URL, received=3, expected=9)
    assert type(ours) is kind
    assert ours.__cause__ is None
    assert ours.__context__ is None
    for text in (str(ours), repr(ours), repr(vars(ours))):
        assert "canary" not in text
        assert "s3cret" not in text
    assert len(str(ours).splitlines()) == 1


@pytest.mark.parametrize(
    ("error", "phase"),
    [(aiohttp.ConnectionTimeoutError(), "connect"), (aiohttp.SocketTimeoutError(), "read"), (TimeoutError(), "read")],
)
def test_a_timeout_says_which_one(error: Exception, phase: str) -> None:
    """Connecting, reading and the whole are three things."""
    ours = translate(error, SECRET_URL)
    assert isinstance(ours, errors.TimeoutException)
    assert ours.phase == phase
    assert ours.transient


def test_a_cut_body_says_how_much_came() -> None:
    """Received and announced bytes are facts of the error."""
    ours = translate(aiohttp.ClientPayloadError("not completed"), SECRET_URL, received=3, expected=9)
    assert isinstance(ours, errors.PartialFile)
    assert (ours.received, ours.expected) == (3, 9)


def test_a_status_keeps_its_facts() -> None:
    """Status, reason and the server's wish."""
    ours = translate(response(429, headers=HEADERS), SECRET_URL)
    assert isinstance(ours, HttpStatusError)
    assert (ours.status, ours.retry_after, ours.throttled, ours.transient) == (429, 5.0, True, True)


def test_certificate_errors_are_final() -> None:
    """No other attempt will make a certificate better."""
    ours = translate(aiohttp.ClientConnectorCertificateError(KEY, verification_error()), SECRET_URL)
    assert isinstance(ours, errors.TlsError)
    assert not ours.transient
    assert "self-signed" in str(ours)


@pytest.mark.parametrize(
    "error", [errors.StorageFull("full"), errors.PolicyError("no"), errors.TooLarge("big", limit=1)]
)
def test_our_own_errors_pass(error: errors.DownloadError) -> None:
    """They are what they are."""
    assert translate(error, SECRET_URL) is error


@pytest.mark.parametrize("error", [ValueError("x"), KeyError("x"), ZeroDivisionError(), RuntimeError("x"), EOFError()])
def test_what_is_not_the_networks_is_not_translated(error: Exception) -> None:
    """A mistake in somebody's code stays visible as such."""
    assert translate(error, SECRET_URL) is None


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (aiohttp.ClientConnectorDNSError(KEY, socket.gaierror(-2, "unknown")), errors.ProxyResolutionError),
        (aiohttp.ConnectionTimeoutError(), errors.ProxyConnectionTimedOut),
        (aiohttp.ClientProxyConnectionError(KEY, REFUSED), errors.ProxyConnectionFailed),
    ],
)
def test_with_a_proxy_the_proxy_is_meant(error: Exception, kind: type[errors.DownloadError]) -> None:
    """The name that has no address, and the end that cannot be reached, are the proxy's."""
    assert type(translate(error, SECRET_URL, proxy="http://proxy:3128/")) is kind


def test_a_refused_address_is_policy() -> None:
    """What our own socket factory raised comes out of aiohttp's wrapping."""
    refusal = errors.AddressNotAllowed("redirect into a private network refused", address="10.0.0.1")
    ours = translate(aiohttp.ClientConnectorError(KEY, refusal), SECRET_URL)
    assert isinstance(ours, errors.AddressNotAllowed)
    assert ours.address == "10.0.0.1"
    assert not ours.transient
