"""Settings: ``field=value`` on a line each, the value as JSON or as text."""

from __future__ import annotations

import dataclasses
import os
import pickle
from typing import Any

from fuzz.data import CANARY, text_of, value_of
from fuzz.laws import check_refusal
from haulage.errors import SettingsError
from haulage.settings import RemoteSettings
from haulage.urls import parse

_FIELDS = [field.name for field in dataclasses.fields(RemoteSettings)]
_URLS = {"url", "proxy_url"}
_SECRETS = {"password", "proxy_password", "client_key"}


def test_one(data: bytes) -> None:
    """Foreign values are taken as settings that stay what they are, or refused without repeating a secret."""
    given: dict[str, Any] = {}
    for line in text_of(data.removesuffix(b"\n")).split("\n"):
        name, _, value = line.partition("=")
        if name in _FIELDS:
            given[name] = value_of(value)
    _check(given)
    _check({name: _with_canary(name, value) for name, value in given.items()})


def _with_canary(name: str, value: Any) -> Any:
    """Return *value* with a secret in it, where secrets stand."""
    if name in _URLS and isinstance(value, str):
        return f"{value}?{CANARY}"
    if name in _SECRETS:
        return f"{value}{CANARY}"
    if name == "headers" and isinstance(value, dict):
        return {key: f"{text}{CANARY}" for key, text in value.items()}
    return value


def _check(given: dict[str, Any]) -> None:
    try:
        settings = RemoteSettings(**given)
    except SettingsError as error:
        check_refusal(error)
        assert error.field in _FIELDS  # noqa: PT017 - both ends are fine
        return
    assert CANARY not in repr(settings)
    assert len(repr(settings).splitlines()) == 1
    assert repr(dataclasses.replace(settings)) == repr(settings)
    assert repr(pickle.loads(pickle.dumps(settings))) == repr(settings)
    for name in _URLS:
        url = getattr(settings, name)
        assert url is None or (parse(url).text == url and parse(url).user is None)
    for path in settings.allowed_paths or ():
        assert os.fspath(path) == path
