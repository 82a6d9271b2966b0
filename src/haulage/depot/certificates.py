"""A certificate authority of the depot's own, for TLS on loopback.

Strategy: ``trustme`` makes everything, in memory, anew for each depot. It is an optional extra and is imported
when it is needed, so that a depot without TLS works without it. Certificates that no client should accept are made
here, too: each has one fault, and apart from it is as good as the others.
"""

from __future__ import annotations

import datetime as dt
import importlib
import ssl
import warnings
from typing import TYPE_CHECKING, Literal, TypeAlias, get_args

from haulage.depot.self_signed import configure_self_signed

if TYPE_CHECKING:
    from types import ModuleType

    import trustme

__all__ = ["CERTIFICATES", "Authority", "Certificate", "allow_only_old", "require_trustme"]

Certificate: TypeAlias = Literal["valid", "expired", "not-yet", "wrong-host", "self-signed", "old-tls"]
"""What is wrong with the TLS of a server: the certificate, or with ``old-tls`` the version."""

CERTIFICATES: tuple[Certificate, ...] = get_args(Certificate)

_NAMES = ("localhost", "127.0.0.1", "::1")
_OTHER_NAME = "wrong-host.invalid"
_LONG = dt.timedelta(days=365)


class Authority:
    """Issues the certificate of one depot and those of its clients."""

    def __init__(self) -> None:
        """Make the authority.

        Raises:
            ImportError: The extra is not installed.
        """
        self._ca: trustme.CA = require_trustme().CA()

    @property
    def pem(self) -> str:
        """The certificate that clients have to trust, as PEM text."""
        return self._ca.cert_pem.bytes().decode("ascii")

    def server_context(self, certificate: Certificate, *, require_client_certificate: bool) -> ssl.SSLContext:
        """Make the TLS settings of a server for localhost, 127.0.0.1 and ::1. Blocks: it goes through files.

        Args:
            certificate: What is wrong with the server's certificate.
            require_client_certificate: Refuse clients without a certificate of this authority.

        Returns:
            A context with TLS 1.2 as its oldest version; see :func:`allow_only_old`.
        """
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        if certificate == "self-signed":
            configure_self_signed(context, _NAMES)
        else:
            self._issue_server(certificate).configure_cert(context)
        if require_client_certificate:
            context.verify_mode = ssl.CERT_REQUIRED
            self._ca.configure_trust(context)
        return context

    def issue_client(self, name: str) -> tuple[str, str]:
        """Issue a certificate for a client.

        Args:
            name: Its common name.

        Returns:
            Certificate chain and private key, both as PEM text.
        """
        issued = self._ca.issue_cert(common_name=name)
        chain = b"".join(blob.bytes() for blob in issued.cert_chain_pems)
        return chain.decode("ascii"), issued.private_key_pem.bytes().decode("ascii")

    def _issue_server(self, certificate: Certificate) -> trustme.LeafCert:
        """Issue the certificate of a server."""
        now = dt.datetime.now(dt.UTC).replace(tzinfo=None)
        if certificate == "expired":
            return self._ca.issue_cert(*_NAMES, not_before=now - 2 * _LONG, not_after=now - _LONG)
        if certificate == "not-yet":
            return self._ca.issue_cert(*_NAMES, not_before=now + _LONG, not_after=now + 2 * _LONG)
        if certificate == "wrong-host":
            return self._ca.issue_cert(_OTHER_NAME)
        return self._ca.issue_cert(*_NAMES)


def allow_only_old(context: ssl.SSLContext) -> None:
    """Let a server speak nothing newer than TLS 1.1.

    Python warns of those who do that. Silencing it concerns the whole process, so this is for the thread of the
    loop, where nothing else runs meanwhile.

    Args:
        context: The settings of the server.
    """
    context.set_ciphers("DEFAULT:@SECLEVEL=0")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = ssl.TLSVersion.TLSv1
        context.maximum_version = ssl.TLSVersion.TLSv1_1


def require_trustme() -> ModuleType:
    """Import trustme, and say always in the same words when it is missing.

    Returns:
        The module.

    Raises:
        ImportError: The extra is not installed.
    """
    try:
        return importlib.import_module("trustme")
    except ImportError as error:
        msg = "TLS in the depot needs trustme; install it with: pip install 'haulage[depot]'"
        raise ImportError(msg) from error
