"""A certificate that nobody but itself vouches for.

Strategy: it names the right hosts and is valid now, so that the only thing wrong with it is who signed it. This is
``cryptography``'s work, which comes with ``trustme``; ``trustme`` itself signs with authorities only.
"""

from __future__ import annotations

import datetime as dt
import ipaddress
import os
import tempfile
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import ssl
    from collections.abc import Sequence

__all__ = ["configure_self_signed"]

_YEAR = dt.timedelta(days=365)


def configure_self_signed(context: ssl.SSLContext, names: Sequence[str]) -> None:
    """Give a server a certificate that is signed with its own key. Blocks: it goes through a file.

    Args:
        context: The settings of the server.
        names: Host names and addresses the certificate is for.
    """
    with tempfile.TemporaryDirectory() as directory:
        path = os.path.join(directory, "self-signed.pem")
        with open(path, "wb") as file:
            file.write(_make(names))
        context.load_cert_chain(path)


def _make(names: Sequence[str]) -> bytes:
    """Make key and certificate, as PEM."""
    # With the extra only, as trustme.
    from cryptography import x509  # noqa: PLC0415
    from cryptography.hazmat.primitives import hashes, serialization  # noqa: PLC0415
    from cryptography.hazmat.primitives.asymmetric import ec  # noqa: PLC0415

    def general(name: str) -> x509.GeneralName:
        try:
            return x509.IPAddress(ipaddress.ip_address(name))
        except ValueError:
            return x509.DNSName(name)

    key = ec.generate_private_key(ec.SECP256R1())
    now = dt.datetime.now(dt.UTC)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, names[0])])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _YEAR)
        .not_valid_after(now + _YEAR)
        .add_extension(x509.SubjectAlternativeName([general(each) for each in names]), critical=False)
        .sign(key, hashes.SHA256())
    )
    encoding, form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    return key.private_bytes(encoding, form, serialization.NoEncryption()) + certificate.public_bytes(encoding)
