"""Digests: which may prove something, and whether they do."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest

from haulage.errors import DigestValidationError, MalformedRequest, UnsupportedDigestValidationError
from haulage.rules.digests import Hashers, check_expected, compare
from haulage.settings import DEFAULT_TRUSTED_DIGESTS

URL = "http://host/a?sig=canary"
SHA256 = hashlib.sha256(b"hello\n").hexdigest()
MD5 = hashlib.md5(b"hello\n", usedforsecurity=False).hexdigest()


@pytest.mark.parametrize("expected", [None, {}])
def test_nothing_expected_needs_no_trust(expected: Any) -> None:
    """Without an expectation there is nothing to prove, whatever is trusted."""
    assert check_expected(expected, ()) == {}


@pytest.mark.parametrize(
    "expected", [{"sha256": SHA256}, {"SHA256": SHA256.upper()}, {"Sha256": f" {SHA256}\n"}, {"sha256": SHA256.title()}]
)
def test_case_and_white_space_do_not_matter(expected: dict[str, str]) -> None:
    """Names and values come in the writings that checksum files have."""
    assert check_expected(expected, DEFAULT_TRUSTED_DIGESTS) == {"sha256": SHA256}


def test_the_callers_dict_is_not_changed() -> None:
    """What was handed in is as before."""
    expected = {"SHA256": SHA256.upper()}
    check_expected(expected, DEFAULT_TRUSTED_DIGESTS)
    assert expected == {"SHA256": SHA256.upper()}


@pytest.mark.parametrize("name", ["sha999", "", "shake_128", "sha256\n", "sha-256", None, 5, "x" * 1000])
def test_an_unknown_digest_is_refused(name: Any) -> None:
    """A name that hashlib has no fixed-size digest for is one clear error of bounded length."""
    with pytest.raises(UnsupportedDigestValidationError) as caught:
        check_expected({name: SHA256}, DEFAULT_TRUSTED_DIGESTS, url=URL)
    assert len(str(caught.value)) < 200
    assert len(str(caught.value).splitlines()) == 1
    assert "canary" not in str(caught.value)


@pytest.mark.parametrize(
    "value",
    ["", SHA256[:-1], SHA256 + "0", SHA256[:-1] + "g", MD5, None, 5, SHA256.encode(), "0x" + SHA256[2:], "٣" * 64],
)
def test_a_value_of_another_form_is_refused(value: Any) -> None:
    """Wrong lengths, letters that are no hex digits, and other types."""
    with pytest.raises(MalformedRequest, match="64 hex digits"):
        check_expected({"sha256": value}, DEFAULT_TRUSTED_DIGESTS, url=URL)


@pytest.mark.parametrize(
    ("expected", "trusted"),
    [
        ({"md5": MD5}, DEFAULT_TRUSTED_DIGESTS),
        ({"sha256": SHA256}, ("sha512",)),
        ({"sha256": SHA256}, ()),
    ],
)
def test_without_a_trusted_one_nothing_is_proved(expected: dict[str, str], trusted: tuple[str, ...]) -> None:
    """Policy refuses an expectation of which no part may prove anything."""
    with pytest.raises(UnsupportedDigestValidationError, match="trusted"):
        check_expected(expected, trusted)


def test_one_trusted_digest_carries_the_others() -> None:
    """A weak digest may be checked beside a strong one."""
    expected = {"md5": MD5, "sha256": SHA256}
    assert check_expected(expected, DEFAULT_TRUSTED_DIGESTS) == expected
    assert check_expected({"md5": MD5}, ("md5",)) == {"md5": MD5}


def test_comparing_what_is_right_says_nothing() -> None:
    """Right digests pass, and so does expecting nothing."""
    compare({"sha256": SHA256, "md5": MD5}, {"sha256": SHA256})
    compare({}, {})


@pytest.mark.parametrize("actual", [{"sha256": "00" * 32}, {}, {"md5": MD5}])
def test_comparing_what_is_wrong_says_what(actual: dict[str, str]) -> None:
    """A digest that differs, or was never computed, is an error with both values."""
    with pytest.raises(DigestValidationError) as caught:
        compare(actual, {"sha256": SHA256}, url=URL)
    assert caught.value.actual == actual.get("sha256")
    assert caught.value.expected == SHA256
    assert caught.value.algorithm == "sha256"
    assert "canary" not in str(caught.value)


@pytest.mark.parametrize("name", sorted(name for name in hashlib.algorithms_guaranteed if "shake" not in name))
def test_hashers_agree_with_hashlib(name: str) -> None:
    """Every guaranteed digest, over several updates of several chunks."""
    hashers = Hashers([name])
    hashers.update([b"he", b""])
    hashers.update([])
    hashers.update([b"llo", b"\n"])
    assert hashers.digests() == {name: hashlib.new(name, b"hello\n", usedforsecurity=False).hexdigest()}


def test_several_hashers_see_the_same_bytes() -> None:
    """Two digests over one stream, readable in the middle as well."""
    hashers = Hashers(["sha256", "md5"])
    assert hashers.digests()["md5"] == hashlib.md5(b"", usedforsecurity=False).hexdigest()
    hashers.update([b"hello\n"])
    assert hashers.digests() == {"sha256": SHA256, "md5": MD5}


def test_no_hashers_are_fine() -> None:
    """A caller may want no digest at all."""
    hashers = Hashers([])
    hashers.update([b"x"])
    assert hashers.digests() == {}
