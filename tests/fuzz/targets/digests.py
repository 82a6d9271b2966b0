"""Expected digests: ``name=value`` on a line each, the value as JSON or as text."""

from __future__ import annotations

import hashlib
import re

from fuzz.data import CANARY, text_of, value_of
from fuzz.laws import check_refusal
from haulage.errors import MalformedRequest, UnsupportedDigestValidationError
from haulage.rules.digests import check_expected
from haulage.settings import DEFAULT_TRUSTED_DIGESTS

_HEX = re.compile(r"[0-9a-f]+\Z")


def test_one(data: bytes) -> None:
    """An expectation is taken as digests of the right length, in one spelling, or refused."""
    given = {}
    for line in text_of(data.removesuffix(b"\n")).split("\n"):
        name, _, value = line.partition("=")
        given[name] = value_of(value)
    before = dict(given)
    for trusted in (DEFAULT_TRUSTED_DIGESTS, hashlib.algorithms_available, ()):
        try:
            digests = check_expected(given, trusted, url=f"http://a:{CANARY}@host/?{CANARY}")
        except (MalformedRequest, UnsupportedDigestValidationError) as error:
            check_refusal(error)
            continue
        assert digests.keys() & set(trusted)
        for name, value in digests.items():
            assert len(value) == 2 * hashlib.new(name, usedforsecurity=False).digest_size
            assert _HEX.match(value)
        assert check_expected(digests, trusted) == digests
    assert given == before
