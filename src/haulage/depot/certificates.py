"""A certificate authority of the depot's own, for TLS on loopback.

Strategy: ``trustme`` makes everything, in memory, anew for each depot. It is an optional extra and is imported
when it is needed, so that a depot without TLS works without it.
"""

from __future__ import annotations

import importlib
import ssl
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import ModuleType

    import trustme

__all__ = ["Authority", "require_trustme"]

_NAMES = ("localhost", "127.0.0.1", "::1")


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

    def server_context(self, *, require_client_certificate: bool) -> ssl.SSLContext:
        """Make the TLS settings of a server for localhost, 127.0.0.1 and ::1. Blocks: it goes through files.

        Args:
            require_client_certificate: Refuse clients without a certificate of this authority.

        Returns:
            A context with TLS 1.2 as its oldest version.
        """
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        self._ca.issue_cert(*_NAMES).configure_cert(context)
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
