"""URLs: parsed, shown, and turned into file names."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

import yarl

from fuzz.data import CANARY, text_of
from fuzz.laws import check_refusal
from haulage.urls import ParsedUrl, UrlError, basename, parse, redact, scheme_of

_LEGAL = re.compile(r"[A-Za-z0-9\-._~!$&'()*+,;=:@/?%\[\]]*\Z")
_LONGEST_NAME = 255  # bytes


def test_one(data: bytes) -> None:
    """A text is a URL that means the same to everybody, or is refused; no secret of it is shown."""
    text = text_of(data.removesuffix(b"\n"))
    _check_shown(text)
    _check_name(basename(text))
    for url in (text, f"{text}?{CANARY}", f"{text}#{CANARY}"):
        try:
            parsed = parse(url)
        except UrlError as error:
            check_refusal(error)
        else:
            _check_parsed(parsed)
            assert parsed.scheme == scheme_of(url)
    _check_userinfo(text)


def _check_shown(text: str) -> None:
    for url in (text, f"{text}?{CANARY}", f"{text}#{CANARY}"):
        shown = redact(url)
        assert shown.isprintable()
        assert redact(shown) == shown
        assert CANARY not in shown


def _check_userinfo(text: str) -> None:
    info = re.sub("[/?#]", "", text)
    for url in (f"http://{info}:{CANARY}@host/", f"http://{CANARY}{info}@host/", f"ftp://a:{CANARY}@{text}"):
        assert CANARY not in redact(url)
        try:
            parsed = parse(url)
        except UrlError as error:
            check_refusal(error)
        else:
            assert CANARY not in parsed.text
            assert CANARY not in repr(parsed)
            assert CANARY in f"{parsed.user}{parsed.password}"


def _check_parsed(parsed: ParsedUrl) -> None:
    assert parse(parsed.text)[:6] == parsed[:6]
    assert _LEGAL.match(parsed.text)
    assert CANARY not in repr(parsed)
    if parsed.scheme not in ("http", "https"):
        return
    # What we judge is what others connect to: aiohttp goes by yarl, many proxies and servers by urllib.
    theirs = yarl.URL(parsed.text, encoded=True)
    assert (theirs.raw_host, theirs.port, theirs.raw_user) == (parsed.host, parsed.port, None)
    assert (theirs.raw_path, theirs.raw_query_string) == (parsed.path, parsed.query or "")
    split = urlsplit(parsed.text)
    assert (split.hostname, split.username, split.path) == (parsed.host, None, parsed.path)
    assert (split.port or {"http": 80, "https": 443}[parsed.scheme]) == parsed.port


def _check_name(name: str) -> None:
    assert name.strip(".")
    assert not set(name) & set("/\\:\x00\r\n\t\x7f")
    assert len(name.encode()) <= _LONGEST_NAME
