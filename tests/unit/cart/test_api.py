"""Where a cart service is, and what it cannot be."""

from __future__ import annotations

from typing import Any

import pytest

from haulage.cart import CartAPI, CartDownloader, Downloader
from haulage.errors import DestinationError, MalformedRequest, SettingsError

NAMES = ("CARTD_CART_API_URL", "CARTD_PROTO", "CARTD_ADDR", "CARTD_PORT")


@pytest.fixture(autouse=True)
def no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the machine's own services out."""
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize(
    ("environment", "arguments", "url"),
    [
        ({}, {}, "http://127.0.0.1:8081"),
        ({}, {"cart_api_url": "https://carts.example/base/"}, "https://carts.example/base"),
        ({}, {"proto": "https", "addr": "carts.example", "port": 444}, "https://carts.example:444"),
        ({"CARTD_ADDR": "carts.example"}, {}, "http://carts.example:8081"),
        ({"CARTD_ADDR": "carts.example"}, {"addr": "other.example"}, "http://other.example:8081"),
        ({"CARTD_CART_API_URL": "http://all.example"}, {}, "http://all.example"),
        ({"CARTD_CART_API_URL": "http://all.example"}, {"port": 99}, "http://127.0.0.1:99"),
        ({"CARTD_CART_API_URL": "http://all.example"}, {"cart_api_url": "http://mine.example"}, "http://mine.example"),
        ({"CARTD_PROTO": "https", "CARTD_PORT": "9", "CARTD_CART_API_URL": ""}, {}, "https://127.0.0.1:9"),
    ],
)
def test_where_it_is(
    monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], arguments: dict[str, Any], url: str
) -> None:
    """Arguments come before the environment, and the whole before its parts."""
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert CartAPI(**arguments).cart_api_url == url.rstrip("/")


@pytest.mark.parametrize(
    "url", ["", "carts", "ftp://carts", "http://", "http://a b/", "http://h/?x=1", "http://h:0/", "file:///tmp", 7]
)
def test_where_it_cannot_be(url: Any) -> None:
    """That is said before anything is asked."""
    with pytest.raises(MalformedRequest):
        CartAPI(url)


@pytest.mark.parametrize(
    "arguments",
    [
        {"extra_args": []},
        {"extra_args": {1: 2}},
        {"extra_args": {"fileids": []}},
        {"extra_args": {"x": object()}},
        {"extra_args": {"x": float("nan")}},
        {"auth": {"auth": ("a", "b"), "cert": "x.pem"}},
        {"remote": "x"},
    ],
)
def test_odd_arguments(arguments: dict[str, Any]) -> None:
    """They are named."""
    with pytest.raises(SettingsError) as caught:
        CartAPI(**arguments)
    assert caught.value.field in arguments


@pytest.mark.parametrize("auth", ["user", 7, ("a", "b\n"), {"auth": "x"}])
def test_odd_credentials(auth: Any) -> None:
    """They are refused when the API is made."""
    with pytest.raises(MalformedRequest):
        CartAPI(auth=auth)


def test_extra_arguments_are_kept_apart() -> None:
    """What the caller does to his mapping later changes nothing, and ours nothing of his."""
    extra: dict[str, Any] = {"bundle": True}
    api = CartAPI(extra_args=extra)
    extra.clear()
    assert api._extra_args == {"bundle": True}


@pytest.mark.parametrize("location", ["", None, 7, b"x", "a\0b", "a\ud800"])
def test_odd_locations(location: Any) -> None:
    """A location is a path."""
    with pytest.raises(DestinationError):
        Downloader(location, "http://127.0.0.1:1")


@pytest.mark.parametrize("timeout", [0, -1, None, "x"])
def test_odd_timeouts(timeout: Any) -> None:
    """A time to wait is more than none."""
    with pytest.raises(MalformedRequest, match="above 0"):
        Downloader("x", timeout=timeout)
    with pytest.raises(MalformedRequest, match="above 0"):
        CartAPI().wait_for_cart("http://127.0.0.1:1/x", timeout)
    with pytest.raises(MalformedRequest, match="above 0"):
        CartDownloader("cart://127.0.0.1:1/x", timeout=timeout)


@pytest.mark.parametrize(
    ("url", "asked"),
    [
        ("cart://h:81/u", "http://h:81/u?filename=data"),
        ("cart://h/p/u?filename=x", "http://h/p/u?filename=x"),
        ("CART+HTTPS://h/u?a=1#f", "https://h/u?a=1&filename=data"),
        ("cart+https://h:443/u?filename=a%20b.tar", "https://h/u?filename=a%20b.tar"),
    ],
)
def test_urls_of_carts(url: str, asked: str) -> None:
    """They are http with another scheme, and always have a file name."""
    downloader = CartDownloader(url)
    assert downloader._parsed.text == asked
    assert downloader.url.startswith(("cart://", "cart+https://"))
    assert downloader.url.partition(":")[2] == asked.partition(":")[2]


@pytest.mark.parametrize(
    "url",
    [
        *("http://h/u", "cart:", "cart:///u", "cart://h/u?filename=", "cart://h/u?filename=a%2Fb", "cart://h /u"),
        *("cart://h/u?filename=a&filename=b", "cart://h/u?filename=..", "cart://h\n/u", 7),
    ],
)
def test_urls_of_no_carts(url: Any) -> None:
    """One clear error each."""
    with pytest.raises(MalformedRequest):
        CartDownloader(url)


def test_user_information_is_no_part_of_what_is_shown() -> None:
    """It goes into the credentials."""
    downloader = CartDownloader("cart://ann:secret@h/u")
    assert "secret" not in downloader.url
    assert "secret" not in repr(CartAPI("http://ann:secret@h/u"))
