"""What a setting may be: small checks that return the value to keep or say which field is wrong.

All of them raise `haulage.errors.SettingsError` naming the field, and never repeat a value that may be a secret.
"""

from __future__ import annotations

import functools
import hashlib
import math
import os
from typing import Any

from haulage.errors import SettingsError
from haulage.urls import UrlError, parse, redact

__all__ = ["digest_names", "digest_size", "directories", "flag", "number", "pem", "text", "url_and_user"]

_LARGEST = 2**63  # nothing we count, and no time, is more


def number(field: str, value: Any, *, least: float, whole: bool = False, may_be_infinite: bool = False) -> None:
    """Accept a number of at least *least*; above zero when that is zero and the number may be a fraction."""
    if isinstance(value, bool) or not isinstance(value, int if whole else (int, float)):
        raise _wrong(field, f"is a {'whole ' if whole else ''}number, not {type(value).__name__}")
    if may_be_infinite and value == math.inf:
        return
    if not (least <= value < _LARGEST) or (not whole and value <= 0):
        raise _wrong(field, f"cannot be {value}" if abs(value) < _LARGEST else "is out of all bounds")


def flag(field: str, value: Any) -> None:
    """Accept True and False only: ``"no"`` would mean yes."""
    if not isinstance(value, bool):
        raise _wrong(field, f"is True or False, not {type(value).__name__}")


def text(field: str, value: Any) -> None:
    """Accept text."""
    if not isinstance(value, str):
        raise _wrong(field, f"is text, not {type(value).__name__}")


def pem(field: str, value: Any) -> None:
    """Accept PEM text or a path; what it holds is looked at where files may be read."""
    if not isinstance(value, str | os.PathLike) or not os.fspath(value).strip():
        raise _wrong(field, "is neither PEM text nor a path")


def digest_names(field: str, value: Any) -> tuple[str, ...]:
    """Return hashlib names of digests with a fixed size, in lower case, each once."""
    given = _all(value, str)
    if given is None or isinstance(value, str):
        raise _wrong(field, "is a tuple of digest names")
    names = tuple(dict.fromkeys(name.lower() for name in given))
    for name in names:
        if not digest_size(name):
            raise _wrong(field, f"holds an unknown digest, {name[:40]!r}")
    return names


def directories(field: str, value: Any) -> tuple[str, ...]:
    """Return paths as text."""
    given = _all(value, str | os.PathLike)
    if given is None or isinstance(value, str | os.PathLike):
        raise _wrong(field, "is a tuple of directories")
    return tuple(os.fspath(item) for item in given)


def url_and_user(
    fields: tuple[str, str, str], url: str, user: str | None, password: str | None
) -> tuple[str, str | None, str | None]:
    """Split user information off *url*.

    Args:
        fields: Names of the three settings.
        url: The URL.
        user: The user that is set beside it, or None.
        password: The password that is set beside it, or None.

    Returns:
        URL, user and password, each in its place.
    """
    try:
        parsed = parse(url)
    except UrlError as error:
        raise _wrong(fields[0], f"cannot be used: {error} [{redact(str(url))}]") from None
    if parsed.user is None:
        return parsed.text, user, password
    if user not in (None, parsed.user) or (None not in (password, parsed.password) and password != parsed.password):
        raise _wrong(fields[0], f"and {fields[1]} or {fields[2]} contradict each other")
    return parsed.text, parsed.user, password if parsed.password is None else parsed.password


def _all(value: Any, kind: Any) -> tuple[Any, ...] | None:
    """Return the items of *value*, which may be one that can be read only once, when all are of *kind*."""
    try:
        items = tuple(value)
    except TypeError:
        return None
    return items if all(isinstance(item, kind) for item in items) else None


@functools.lru_cache(maxsize=64)
def digest_size(name: str) -> int:
    """Return the size in bytes of the digest hashlib calls *name*, 0 where there is none of a fixed size."""
    if name not in hashlib.algorithms_available:
        return 0
    try:
        return hashlib.new(name, usedforsecurity=False).digest_size
    except ValueError:
        return 0


def _wrong(field: str, what: str) -> SettingsError:
    return SettingsError(f"{field} {what}", field=field)
