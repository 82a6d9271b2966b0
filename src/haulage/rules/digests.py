"""Which digests are computed, which may prove something, and whether they do."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from haulage.checks import digest_size
from haulage.errors import DigestValidationError, MalformedRequest, UnsupportedDigestValidationError

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["Hashers", "check_expected", "compare"]

_HEX = re.compile(r"[0-9a-f]+\Z")


def check_expected(
    expected: Mapping[str, str] | None, trusted: Iterable[str], *, url: str | None = None
) -> dict[str, str]:
    """Return *expected* with names and values in lower case, or say what is wrong with it.

    Args:
        expected: Algorithm name → hex digest; None or empty when nothing is expected.
        trusted: Names that may prove something.
        url: For the error.

    Raises:
        UnsupportedDigestValidationError: An unknown name, or none of the names is trusted.
        MalformedRequest: A value that is not the hex form of such a digest.
    """
    digests: dict[str, str] = {}
    if expected is not None and not isinstance(expected, Mapping):
        msg = f"expected_digests is a mapping of name to hex digest, not {type(expected).__name__}"
        raise MalformedRequest(msg, url=url)
    given: Mapping[Any, Any] = expected or {}
    for name, value in given.items():
        key = name.lower() if isinstance(name, str) else ""
        size = digest_size(key)
        if not size:
            msg = f"unknown digest {key[:40]!r}" if key else "a digest has a name"
            raise UnsupportedDigestValidationError(msg, url=url)
        text = value.strip().lower() if isinstance(value, str) else ""
        if len(text) != 2 * size or not _HEX.match(text):
            msg = f"a {key} digest is {2 * size} hex digits"
            raise MalformedRequest(msg, url=url)
        if digests.setdefault(key, text) != text:
            msg = f"two different {key} digests for one file"
            raise MalformedRequest(msg, url=url)
    if digests and digests.keys().isdisjoint(trusted):
        names = ", ".join(sorted(digests))
        msg = f"none of the expected digests is trusted ({names}); see Remote.trusted_digests"
        raise UnsupportedDigestValidationError(msg, url=url)
    return digests


def compare(actual: Mapping[str, str], expected: Mapping[str, str], *, url: str | None = None) -> None:
    """Hold *actual* digests against *expected* ones.

    Raises:
        DigestValidationError: One differs or was not computed.
    """
    for name, value in expected.items():
        if actual.get(name) != value:
            raise DigestValidationError(actual.get(name), value, url=url, algorithm=name)


class Hashers:
    """A set of running digests over one stream of bytes.

    Args:
        names: hashlib names.
    """

    __slots__ = ("_hashers",)

    def __init__(self, names: Iterable[str]) -> None:
        self._hashers: dict[str, Any] = {name: _new(name) for name in names}

    def update(self, chunks: Iterable[bytes | memoryview]) -> None:
        """Take the next *chunks* in order."""
        for hasher in self._hashers.values():
            update = hasher.update
            for chunk in chunks:
                update(chunk)

    def digests(self) -> dict[str, str]:
        """Return name → hex of all bytes so far."""
        return {name: hasher.hexdigest() for name, hasher in self._hashers.items()}


# The constructors in hashlib's namespace are about a microsecond faster than hashlib.new().
_CONSTRUCTORS: dict[str, Any] = {
    name: getattr(hashlib, name) for name in hashlib.algorithms_guaranteed if not name.startswith("shake")
}


def _new(name: str) -> Any:
    constructor = _CONSTRUCTORS.get(name)
    # Proof against collisions is policy's matter; here a digest is only computed, on FIPS builds as well.
    return constructor(usedforsecurity=False) if constructor else hashlib.new(name, usedforsecurity=False)
