"""Request headers: checked before they can reach a socket, never changed in the caller's hands."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Mapping

__all__ = ["HeaderError", "HeaderPairs", "Headers", "basic_auth", "header_pairs"]

HeaderPairs = tuple[tuple[str, str], ...]
Headers = Mapping[str, str] | Iterable[Mapping[str, str]] | Iterable[tuple[str, str]]

# RFC 9110, sections 5.1 and 5.5: a name is a token, a value has no control characters but the tab.
_NAME = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+\Z")
_BAD_VALUE = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
_HALF_CHARACTER = re.compile(r"[\ud800-\udfff]")
_BAD_CREDENTIAL = re.compile(r"[\r\n\x00]")


class HeaderError(ValueError):
    """Something that cannot stand in a header. The doors turn it into one of `haulage.errors`."""


def header_pairs(headers: Headers | None) -> HeaderPairs:
    """Return *headers* as pairs of name and value.

    Args:
        headers: A mapping, a list of mappings (as Pulp's remotes keep them), a list of pairs, or None.

    Raises:
        HeaderError: A name that is no token, or a value with control characters. What may be a secret is not repeated
            in the message.
    """
    if headers is None:
        return ()
    groups: Iterable[Mapping[str, str] | tuple[str, str]] = [headers] if isinstance(headers, Mapping) else headers
    pairs: list[tuple[str, str]] = []
    try:
        for group in groups:
            pairs.extend(group.items() if isinstance(group, Mapping) else [group])
    except TypeError:
        msg = "headers are a mapping, a list of mappings or a list of pairs"
        raise HeaderError(msg) from None
    for number, pair in enumerate(pairs, start=1):
        _check(number, pair)
    return tuple(pairs)


def basic_auth(user: str, password: str | None) -> str:
    """Return the value of an Authorization header (RFC 7617, UTF-8). A user name alone is enough.

    Raises:
        HeaderError: A colon in the user name, or a control character.
    """
    if ":" in user:
        msg = "a user name for basic authentication cannot hold a colon"
        raise HeaderError(msg)
    text = f"{user}:{password or ''}"
    if _BAD_CREDENTIAL.search(text):
        msg = "control character in credentials"
        raise HeaderError(msg)
    # Looked for beforehand: Python's own error would stay in the chain, and holds the whole text.
    if _HALF_CHARACTER.search(text):
        msg = "half a character in credentials"
        raise HeaderError(msg)
    return "Basic " + base64.b64encode(text.encode()).decode("ascii")


def _check(number: int, pair: object) -> None:
    match pair:
        case (str(name), str(value)):
            pass
        case _:
            msg = "headers are pairs of text"
            raise HeaderError(msg)
    if not _NAME.match(name):
        # Not repeated: with a slip of the pen the secret stands here, as in {"Authorization: Bearer …": ""}.
        msg = f"the name of header {number} is no token (RFC 9110, section 5.1)"
        raise HeaderError(msg)
    if _BAD_VALUE.search(value):
        msg = f"line break or other control character in the value of header {name}"
        raise HeaderError(msg)
    if _HALF_CHARACTER.search(value):
        # aiohttp would leave it out, or fail with an error that holds the whole value.
        msg = f"half a character in the value of header {name}"
        raise HeaderError(msg)
