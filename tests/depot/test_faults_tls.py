"""Certificates that no client should accept, and TLS that is too old."""

from __future__ import annotations

import socket
import ssl
import warnings
from typing import Any

import pytest

from haulage.depot import Depot
from haulage.depot.certificates import CERTIFICATES


def shake_hands(depot: Depot, context: ssl.SSLContext, name: str = "localhost") -> str | None:
    """Shake hands, and tell the version; the error is the caller's."""
    with (
        socket.create_connection(("127.0.0.1", depot.port), timeout=20) as plain,
        context.wrap_socket(plain, server_hostname=name) as wrapped,
    ):
        wrapped.sendall(b"GET /_/bytes/3 HTTP/1.1\r\nHost: depot\r\nConnection: close\r\n\r\n")
        assert wrapped.recv(15) == b"HTTP/1.1 200 OK"
        return wrapped.version()


def trusting(depot: Depot) -> ssl.SSLContext:
    """Settings of a careful client that trusts the depot's authority."""
    assert depot.ca_pem is not None
    return ssl.create_default_context(cadata=depot.ca_pem)


@pytest.mark.parametrize(
    ("certificate", "code"),
    [("expired", 10), ("not-yet", 9), ("wrong-host", 62), ("self-signed", 18)],  # X509_V_ERR_…
)
def test_a_certificate_has_one_fault(certificate: Any, code: int) -> None:
    """A careful client refuses it for that reason, and one that looks away can talk."""
    with Depot(tls=True, certificate=certificate) as depot:
        with pytest.raises(ssl.SSLCertVerificationError) as caught:
            shake_hands(depot, trusting(depot))
        assert caught.value.verify_code == code
        careless = trusting(depot)
        careless.check_hostname = False
        if certificate != "wrong-host":
            careless.verify_mode = ssl.CERT_NONE
        assert shake_hands(depot, careless) == "TLSv1.3"
        assert depot.ca_pem is not None
        assert depot.ca_pem.count("BEGIN CERTIFICATE") == 1


def test_self_signed_is_right_otherwise() -> None:
    """Who trusts that one certificate finds the right names in it."""
    with Depot(tls=True, certificate="self-signed") as depot:
        pem = ssl.get_server_certificate(("127.0.0.1", depot.port))
        for name in ("localhost", "127.0.0.1", "::1"):
            assert shake_hands(depot, ssl.create_default_context(cadata=pem), name) == "TLSv1.3"


def test_a_valid_one_is_the_default() -> None:
    """Nothing is wrong unless it is asked for."""
    for arguments in ({}, {"certificate": "valid"}):
        with Depot(tls=True, **arguments) as depot:
            assert shake_hands(depot, trusting(depot)) == "TLSv1.3"


def old_client(depot: Depot) -> ssl.SSLContext:
    """Settings of a client of long ago."""
    context = trusting(depot)
    context.set_ciphers("DEFAULT:@SECLEVEL=0")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = ssl.TLSVersion.TLSv1
        context.maximum_version = ssl.TLSVersion.TLSv1_1
    return context


def test_old_tls() -> None:
    """Nothing newer than TLS 1.1 is spoken: a client of today is told so, one of long ago can talk."""
    with Depot(tls=True, certificate="old-tls") as depot:
        for _ in range(3):
            with pytest.raises(ssl.SSLError) as caught:
                shake_hands(depot, trusting(depot))
            assert caught.value.reason == "TLSV1_ALERT_PROTOCOL_VERSION"
        assert shake_hands(depot, old_client(depot)) == "TLSv1.1"


def test_an_old_client_is_told_so() -> None:
    """The same alert answers a client that is too old for the depot."""
    with Depot(tls=True) as depot, pytest.raises(ssl.SSLError) as caught:
        shake_hands(depot, old_client(depot))
    assert caught.value.reason == "TLSV1_ALERT_PROTOCOL_VERSION"


async def test_old_tls_on_the_running_loop() -> None:
    """Python's warning of old versions is silenced, and only that one, and only there."""
    filters = list(warnings.filters)
    async with Depot(tls=True, certificate="old-tls"):
        assert warnings.filters == filters


def test_what_cannot_be() -> None:
    """Unknown kinds, and any kind without TLS, are refused before anything is opened."""
    with pytest.raises(ValueError, match="certificate must be one of: valid, expired, not-yet"):
        Depot(tls=True, certificate="nonsense")  # type: ignore[arg-type]
    for certificate in CERTIFICATES[1:]:
        with pytest.raises(ValueError, match="certificate needs tls=True"):
            Depot(certificate=certificate)
    assert Depot(certificate="valid").ca_pem is None
