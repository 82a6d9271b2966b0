"""Laws of settings: any value is taken or refused, by one kind of error."""

from __future__ import annotations

import dataclasses
import pickle
from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from haulage.errors import SettingsError
from haulage.settings import RemoteSettings
from properties.strategies import urls

FIELDS = [field.name for field in dataclasses.fields(RemoteSettings)]
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(st.characters(codec=None, exclude_categories=[]), max_size=20),
    st.binary(max_size=10),
    urls,
    st.sampled_from(["sha256", "md5", "-----BEGIN CERTIFICATE-----", 10**400, -(10**400)]),
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=5,
)
NUMBERS = st.one_of(st.integers(-5, 100), st.floats(), st.just(10**400))


@given(st.dictionaries(st.sampled_from(FIELDS), VALUES, max_size=4))
@example({"max_size": 10**400})
@example({"headers": 5})
@example({"allowed_paths": (5,)})
@example({"digest_algorithms": None})
@example({"username": 5})
@example({"username": "\ud800"})
@example({"url": "http://h:" + "1" * 5000})
def test_any_value_is_taken_or_refused_by_our_error(given_values: dict[str, Any]) -> None:
    """Nothing but SettingsError, in one line, ever comes out of making settings."""
    try:
        RemoteSettings(**given_values)
    except SettingsError as error:
        assert len(str(error).splitlines()) == 1  # noqa: PT017 - both ends are fine
        assert error.field is None or error.field in FIELDS  # noqa: PT017


@given(st.sampled_from(["total_timeout", "sock_read_timeout", "rate_limit", "max_speed", "low_speed_limit"]), NUMBERS)
def test_accepted_numbers_make_sense(field: str, value: float) -> None:
    """A time or a rate that was accepted is above zero and a number."""
    try:
        settings = RemoteSettings(**{field: value})  # type: ignore[arg-type]
    except SettingsError:
        assert not value > 0 or value >= 2**63
        return
    kept = getattr(settings, field)
    assert kept == value
    assert kept > 0


@given(st.dictionaries(st.sampled_from(FIELDS), SCALARS, max_size=3))
def test_accepted_settings_are_values(given_values: dict[str, Any]) -> None:
    """What was accepted is equal to what comes out of a pickle, and making it again changes nothing."""
    try:
        settings = RemoteSettings(**given_values)
    except Exception:
        return
    assert repr(pickle.loads(pickle.dumps(settings))) == repr(settings)
    assert repr(dataclasses.replace(settings)) == repr(settings)


@given(st.lists(st.sampled_from(["sha256", "MD5", "sha512"])), st.lists(st.text("abc", max_size=5)))
def test_what_can_be_read_only_once_is_read_once(digests: list[str], paths: list[str]) -> None:
    """An iterator means the same as a tuple of what it brings."""
    once = RemoteSettings(digest_algorithms=iter(digests), trusted_digests=iter(digests), allowed_paths=iter(paths))  # type: ignore[arg-type]
    assert once == RemoteSettings(
        digest_algorithms=tuple(digests), trusted_digests=tuple(digests), allowed_paths=tuple(paths)
    )


@given(st.text("abcXYZ", min_size=8), st.text("0123456789", min_size=8))
def test_no_secret_is_shown(user: str, secret: str) -> None:
    """Passwords from a URL or from a field are not in the repr."""
    for settings in (
        RemoteSettings(url=f"http://{user}:{secret}@host/"),
        RemoteSettings(username=user, password=secret),
        RemoteSettings(proxy_url="http://host/", proxy_username=user, proxy_password=secret),
        RemoteSettings(headers={"Authorization": secret}),
    ):
        assert secret not in repr(settings)
