"""Certificates of authorities that the depot knows nothing of."""

from __future__ import annotations

import ssl

import trustme


def stranger() -> str:
    """Return the certificate of an authority that has signed nothing here, as PEM text."""
    return trustme.CA().cert_pem.bytes().decode()


def other_key() -> str:
    """Return a private key that fits no other certificate, as PEM text."""
    return trustme.CA().issue_cert("nobody.invalid").private_key_pem.bytes().decode()


def server_for(*names: str) -> tuple[ssl.SSLContext, str]:
    """Return the context of a server called *names*, and the authority to trust as PEM text. Goes through files."""
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(*names).configure_cert(context)
    return context, authority.cert_pem.bytes().decode()
