"""Settings: frozen words, refused when they make no sense, silent about their secrets."""

from __future__ import annotations

import dataclasses
import hashlib
import math
import pathlib
import pickle
from typing import Any

import pytest

from haulage.errors import SettingsError
from haulage.remote import Remote
from haulage.rules.digests import Hashers
from haulage.settings import DEFAULT_TRUSTED_DIGESTS, RemoteArtifact, RemoteSettings

PEM = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"
KEY = "-----BEGIN PRIVATE KEY-----\ns3cret\n-----END PRIVATE KEY-----\n"


def test_the_defaults_are_the_documented_ones() -> None:
    """A remote without a word from the caller."""
    settings = RemoteSettings()
    assert settings.download_concurrency == 10
    assert settings.max_retries == 3
    assert settings.tls_validation is True
    assert settings.digest_algorithms == ("sha256",)
    assert settings.trusted == DEFAULT_TRUSTED_DIGESTS
    assert settings.durable is False
    assert settings.trust_env is False
    assert settings.hold_slots is False
    set_fields = {field.name for field in dataclasses.fields(settings) if getattr(settings, field.name) is not None}
    assert set_fields == {
        *("download_concurrency", "max_retries", "tls_validation", "digest_algorithms"),
        *("durable", "trust_env", "hold_slots"),
    }


def test_what_proves_nothing_is_not_trusted_by_default() -> None:
    """Digests with known collisions prove nothing unless the caller says so."""
    assert not {"md5", "sha1"} & set(DEFAULT_TRUSTED_DIGESTS)
    assert RemoteSettings(trusted_digests=("MD5",)).trusted == ("md5",)
    assert RemoteSettings(trusted_digests=()).trusted == ()


def test_the_fields_of_the_specification_are_there() -> None:
    """No setting was lost on the way, and a Remote has all of them."""
    names = {
        *("url", "name", "ca_cert", "client_cert", "client_key", "tls_validation", "username", "password"),
        *("proxy_url", "proxy_username", "proxy_password", "headers", "download_concurrency", "concurrency_per_host"),
        *("max_retries", "rate_limit", "max_speed", "total_timeout", "connect_timeout", "sock_connect_timeout"),
        *("sock_read_timeout", "low_speed_limit", "low_speed_time", "max_size", "digest_algorithms", "trusted_digests"),
        *("allowed_paths", "working_directory", "durable", "allow_private_addresses", "trust_env", "hold_slots"),
    }
    assert {field.name for field in dataclasses.fields(RemoteSettings)} == names
    assert {field.name for field in dataclasses.fields(Remote)} == names


def test_settings_are_frozen_and_named() -> None:
    """They cannot be changed afterwards, nor given by position."""
    settings = RemoteSettings()
    with pytest.raises(dataclasses.FrozenInstanceError):
        settings.max_retries = 5  # type: ignore[misc]
    with pytest.raises(TypeError):
        RemoteSettings("http://host/")  # type: ignore[misc]


NUMBERS = [
    *((name, value) for name in ("download_concurrency", "concurrency_per_host") for value in (0, -1, 1.5, "3", True)),
    *((name, value) for name in ("max_retries", "max_size") for value in (-1, 1.5, "3", False, math.nan)),
    *(
        (name, value)
        for name in ("total_timeout", "connect_timeout", "sock_connect_timeout", "sock_read_timeout")
        for value in (0, -1, "3", True, math.nan, -math.inf)
    ),
    *(
        (name, value)
        for name in ("rate_limit", "max_speed", "low_speed_limit")
        for value in (0, -0.5, "3", True, math.nan, math.inf)
    ),
    ("download_concurrency", None),
    ("max_retries", None),
]


@pytest.mark.parametrize(("field", "value"), NUMBERS)
def test_a_number_that_makes_no_sense_is_refused(field: str, value: object) -> None:
    """Each number has its kind and its bounds, and the error names the field."""
    with pytest.raises(SettingsError) as caught:
        RemoteSettings(**{field: value})  # type: ignore[arg-type]
    assert caught.value.field == field
    assert field in str(caught.value)


@pytest.mark.parametrize("field", ["low_speed_time"])
@pytest.mark.parametrize("value", [0, -1, "3", math.nan])
def test_a_time_for_low_speed_is_above_zero(field: str, value: object) -> None:
    """The window has a length."""
    with pytest.raises(SettingsError, match=field):
        RemoteSettings(low_speed_limit=10, **{field: value})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "given",
    [
        {"download_concurrency": 1},
        {"max_retries": 0},
        {"max_size": 0},
        {"rate_limit": 0.1},
        {"max_speed": 1},
        {"total_timeout": 0.001},
        {"total_timeout": math.inf},
        {"sock_read_timeout": math.inf},
        {"low_speed_limit": 1, "low_speed_time": 1},
        {"low_speed_limit": 10, "max_speed": 10},
        {"allowed_paths": ()},
        {"digest_algorithms": ()},
        {"username": "user"},
        {"username": "user", "password": ""},
        {"proxy_url": "http://proxy:3128", "proxy_username": "u"},
        {"allow_private_addresses": False},
        {"working_directory": pathlib.Path("/tmp")},
        {"client_cert": PEM},
        {"ca_cert": pathlib.Path("/tmp/ca.pem")},
    ],
)
def test_sensible_settings_are_accepted(given: dict[str, Any]) -> None:
    """Zero is a number, one is enough, and infinity switches a time limit off."""
    settings = RemoteSettings(**given)
    for name, value in given.items():
        assert getattr(settings, name) in (value, f"{value}/")


@pytest.mark.parametrize("field", ["max_size", "download_concurrency", "max_retries", "max_speed", "total_timeout"])
def test_a_number_beyond_all_floats_raises_nothing_foreign(field: str) -> None:
    """An int too large for a float is taken or refused, by our own error."""
    try:
        RemoteSettings(**{field: 10**400})  # type: ignore[arg-type]
    except SettingsError as error:
        assert error.field == field  # noqa: PT017 - both ends are fine


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"client_key": KEY}, "client_key"),
        ({"password": "x"}, "password"),
        ({"proxy_url": "http://proxy/", "proxy_password": "x"}, "proxy_password"),
        ({"proxy_username": "x"}, "proxy_username"),
        ({"proxy_username": "x", "proxy_password": "y"}, "proxy_username"),
        ({"low_speed_time": 5}, "low_speed_time"),
        ({"max_speed": 5, "low_speed_limit": 10}, "max_speed"),
        ({"url": "http://a@host/", "username": "b"}, "url"),
        ({"proxy_url": "http://a@host/", "proxy_username": "b"}, "proxy_url"),
        ({"url": "http://a:one@host/", "username": "a", "password": "two"}, "url"),
    ],
)
def test_a_pair_that_contradicts_itself_is_refused(given: dict[str, Any], field: str) -> None:
    """A setting that means nothing without another, or against it, is one clear error."""
    with pytest.raises(SettingsError) as caught:
        RemoteSettings(**given)
    assert caught.value.field == field


@pytest.mark.parametrize("field", ["url", "proxy_url"])
@pytest.mark.parametrize(
    "value", ["", "host", "http://", "http://2130706433/", "http://h/\n", 5, b"http://h/", "http://u:s3cret@h:port/"]
)
def test_a_url_that_is_none_is_refused(field: str, value: object) -> None:
    """Malformed URLs are refused at once, without showing what they held."""
    with pytest.raises(SettingsError) as caught:
        RemoteSettings(**{field: value})  # type: ignore[arg-type]
    assert caught.value.field == field
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize("value", ["file:///x", "socks5://proxy:1080", "ftp://proxy/"])
def test_a_proxy_is_reached_over_http(value: str) -> None:
    """Other schemes name no proxy we can use."""
    with pytest.raises(SettingsError, match="proxy"):
        RemoteSettings(proxy_url=value)


@pytest.mark.parametrize("field", ["ca_cert", "client_cert", "client_key"])
@pytest.mark.parametrize("value", ["", "  \n", 5, b"-----BEGIN", ["x"], True])
def test_a_certificate_is_text_or_a_path(field: str, value: object) -> None:
    """Empty texts and other types are refused."""
    given = {"client_cert": PEM, field: value}
    with pytest.raises(SettingsError) as caught:
        RemoteSettings(**given)  # type: ignore[arg-type]
    assert caught.value.field == field


@pytest.mark.parametrize("field", ["digest_algorithms", "trusted_digests"])
@pytest.mark.parametrize("value", ["sha256", ("sha999",), ("",), (5,), ("shake_128",), ("SHAKE_256",), (None,), 5])
def test_a_digest_without_that_name_is_refused(field: str, value: object) -> None:
    """Unknown names, digests without a length, and a lone text where a tuple belongs."""
    with pytest.raises(SettingsError) as caught:
        RemoteSettings(**{field: value})  # type: ignore[arg-type]
    assert caught.value.field == field


def test_digest_names_are_tidied() -> None:
    """Case and repetitions do not matter; any iterable will do."""
    assert RemoteSettings(digest_algorithms=["SHA256", "md5", "sha256"]).digest_algorithms == ("sha256", "md5")  # type: ignore[arg-type]


def test_every_digest_that_is_accepted_can_be_computed() -> None:
    """No name passes here and fails at the first byte."""
    for name in hashlib.algorithms_available:
        try:
            settings = RemoteSettings(digest_algorithms=(name,))
        except SettingsError:
            continue
        assert Hashers(settings.digest_algorithms).digests()


@pytest.mark.parametrize("value", ["/srv", pathlib.Path("/srv"), 5, (5,), (None,), (b"/srv",)])
def test_allowed_paths_are_a_tuple_of_directories(value: object) -> None:
    """A lone path would be taken letter by letter, and is refused; so is what is no path."""
    with pytest.raises(SettingsError) as caught:
        RemoteSettings(allowed_paths=value)  # type: ignore[arg-type]
    assert caught.value.field == "allowed_paths"


def test_allowed_paths_may_be_path_objects() -> None:
    """They are kept as text."""
    assert RemoteSettings(allowed_paths=[pathlib.Path("/srv"), "/var"]).allowed_paths == ("/srv", "/var")  # type: ignore[arg-type, list-item]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        *((name, value) for name in ("tls_validation", "durable", "trust_env", "hold_slots") for value in ("no", 2)),
        ("allow_private_addresses", "no"),
        ("username", 5),
        ("name", 5),
        ("working_directory", 5),
    ],
)
def test_a_value_of_the_wrong_kind_is_refused(field: str, value: object) -> None:
    """A text where a truth value belongs is most often the wrong one: "no" would be true."""
    with pytest.raises(SettingsError) as caught:
        RemoteSettings(**{field: value})  # type: ignore[arg-type]
    assert caught.value.field == field


def test_a_password_is_text() -> None:
    """A number is not silently turned into text on the wire."""
    with pytest.raises(SettingsError):
        RemoteSettings(username="user", password=5)  # type: ignore[arg-type]


@pytest.mark.parametrize("user", ["a:b", "a\nb", "\x00", "\ud800"])
@pytest.mark.parametrize("prefix", ["", "proxy_"])
def test_credentials_that_cannot_be_sent_are_refused(prefix: str, user: str) -> None:
    """The error says so before any connection is made, and names the field that is wrong."""
    with pytest.raises(SettingsError) as caught:
        RemoteSettings(proxy_url="http://proxy/", **{f"{prefix}username": user})  # type: ignore[arg-type]
    assert caught.value.field in (f"{prefix}username", f"{prefix}password")


@pytest.mark.parametrize("value", [{"A B": "x"}, {"A": "x\r\nB: y"}, [{"A": 5}], "A: b", 5, [5]])
def test_headers_that_cannot_be_sent_are_refused(value: object) -> None:
    """Bad names, line breaks and other types."""
    with pytest.raises(SettingsError) as caught:
        RemoteSettings(headers=value)  # type: ignore[arg-type]
    assert caught.value.field == "headers"


def test_headers_become_pairs_and_the_callers_stay() -> None:
    """A dict or a list of dicts is kept as a tuple; what the caller holds is neither changed nor watched."""
    mine = {"X-One": "1"}
    groups = [mine, {"X-Two": "2"}]
    settings = RemoteSettings(headers=groups)
    mine["X-One"] = "changed\r\n"
    groups.append({"X-Three": "3"})
    assert settings.headers == (("X-One", "1"), ("X-Two", "2"))
    assert groups == [{"X-One": "changed\r\n"}, {"X-Two": "2"}, {"X-Three": "3"}]
    assert RemoteSettings(headers={}).headers is None


@pytest.mark.parametrize("prefix", ["", "proxy_"])
def test_userinfo_in_a_url_becomes_credentials(prefix: str) -> None:
    """It is taken out of the URL at once, decoded."""
    settings = RemoteSettings(**{f"{prefix}url": "http://us%40er:pa%3Ass@host:81/x"})  # type: ignore[arg-type]
    assert getattr(settings, f"{prefix}url") == "http://host:81/x"
    assert getattr(settings, f"{prefix}username") == "us@er"
    assert getattr(settings, f"{prefix}password") == "pa:ss"


def test_a_user_in_the_url_may_meet_the_same_user_beside_it() -> None:
    """The same name twice is no contradiction, and the password may stand on either side."""
    settings = RemoteSettings(url="http://user@host/", username="user", password="pw")
    assert (settings.username, settings.password) == ("user", "pw")


def test_a_url_is_kept_byte_for_byte() -> None:
    """A signed base URL is not requoted."""
    url = "https://host/a%2fb?sig=%2F%3d'"
    assert RemoteSettings(url=url).url == url


SECRETS = {
    "url": "https://host/a?sig=s3cret",
    "username": "user",
    "password": "s3cret",
    "proxy_url": "http://proxy/?x=s3cret",
    "proxy_username": "puser",
    "proxy_password": "s3cret",
    "client_cert": PEM + KEY,
    "client_key": KEY,
    "headers": {"Authorization": "s3cret"},
}


@pytest.mark.parametrize("field", SECRETS)
def test_no_secret_is_in_the_repr(field: str) -> None:
    """Passwords, keys (also one in a client_cert), header values and the queries of URLs are not shown."""
    needs = {"password": "username", "proxy_password": "proxy_username", "client_key": "client_cert"}
    given = {field: SECRETS[field]}
    if field in needs:
        given[needs[field]] = PEM if field == "client_key" else "user"
    if field.startswith("proxy_"):
        given.setdefault("proxy_url", "http://proxy/")
    settings = RemoteSettings(**given)  # type: ignore[arg-type]
    assert "s3cret" not in repr(settings)
    assert "s3cret" not in str(settings)


def test_settings_survive_pickling() -> None:
    """They can be sent to another process, secrets and all."""
    settings = RemoteSettings(**SECRETS, allowed_paths=("/srv",), max_speed=5)  # type: ignore[arg-type]
    again = pickle.loads(pickle.dumps(settings))
    assert again == settings
    assert again.password == "s3cret"


def test_settings_are_values() -> None:
    """Equal words are equal settings, with equal hashes."""
    assert RemoteSettings(headers=[{"A": "1"}]) == RemoteSettings(headers={"A": "1"})
    assert len({RemoteSettings(max_retries=1), RemoteSettings(max_retries=1)}) == 1


def test_settings_can_be_replaced() -> None:
    """A copy with one change is checked like any other."""
    settings = RemoteSettings(url="http://user:pw@host/", headers={"A": "1"})
    assert dataclasses.replace(settings, max_retries=7).headers == settings.headers
    with pytest.raises(SettingsError):
        dataclasses.replace(settings, max_retries=-1)


def test_an_artifact_brings_its_digests() -> None:
    """The digests that are known, by name; the others are not expected."""
    artifact = RemoteArtifact(url="http://host/a", size=5, sha256="ab", md5="cd")
    assert artifact.expected_digests == {"md5": "cd", "sha256": "ab"}
    assert RemoteArtifact(url="http://host/a").expected_digests == {}
    names = {field.name for field in dataclasses.fields(RemoteArtifact)} - {"url", "size"}
    full = RemoteArtifact(url="http://host/a", **dict.fromkeys(names, "ab"))  # type: ignore[arg-type]
    assert full.expected_digests == dict.fromkeys(names, "ab")


def test_an_artifact_shows_no_secret() -> None:
    """Its repr has the redacted URL."""
    assert "s3cret" not in repr(RemoteArtifact(url="http://u:s3cret@host/a?s3cret"))
    assert pickle.loads(pickle.dumps(RemoteArtifact(url="http://host/"))) == RemoteArtifact(url="http://host/")
