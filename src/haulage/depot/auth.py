"""Basic authentication (RFC 7617): reading credentials and comparing them, no I/O.

Strategy: the whole pair is hashed before it is compared, so neither the length of a password nor the place of
its first wrong letter, nor whether the user exists, shows in the time it takes. Credentials are UTF-8, and
the challenge says so.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["CHALLENGE", "is_allowed"]

CHALLENGE = {"WWW-Authenticate": 'Basic realm="haulage depot", charset="UTF-8"'}
"""The field that must come with a 401 (RFC 9110, section 11.6.1)."""


def is_allowed(field: str | None, users: Mapping[str, str]) -> bool:
    """Tell whether an ``Authorization`` field names one of the users with the right password.

    Args:
        field: The value of the field, or ``None``.
        users: Passwords by user name.

    Returns:
        True if it does. All users are compared, whether or not one has matched already.
    """
    pair = _read_pair(field)
    if pair is None:
        return False
    given = _mark(pair)
    found = False
    for user, password in users.items():
        found |= hmac.compare_digest(given, _mark(f"{user}:{password}".encode()))
    return found


def _read_pair(field: str | None) -> bytes | None:
    """Decode ``user:password``; ``None`` if the field is absent, of another scheme, or malformed."""
    scheme, _, token = (field or "").strip(" \t").partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        pair = base64.b64decode(token.strip(" ").encode("ascii"), validate=True)
    except (UnicodeEncodeError, binascii.Error):
        return None
    return pair if b":" in pair else None


def _mark(pair: bytes) -> bytes:
    """A value of fixed length to be compared in place of the pair."""
    return hashlib.sha256(pair).digest()
