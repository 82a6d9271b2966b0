"""Request headers, ``Name: value`` on a line each; and credentials, a line with the user, then the password."""

from __future__ import annotations

import base64

from fuzz.data import CANARY, lines_of, text_of
from fuzz.laws import check_refusal
from haulage.headers import HeaderError, basic_auth, header_pairs


def test_one(data: bytes) -> None:
    """Headers are passed on as they are or refused, and what is refused is not repeated."""
    text = text_of(data.removesuffix(b"\n"))
    lines = [tuple(line.split(": ", 1)) for line in text.split("\n")]
    _check_pairs(lines)
    _check_pairs([(text, "x"), ("X", text)])
    _check_pairs([("X-Token", f"{CANARY}{text}")])
    _check_pairs([(f"{text} {CANARY}", "")])
    _check_credentials(*lines_of(data, 2))


def _check_pairs(pairs: list[tuple[str, ...]]) -> None:
    try:
        accepted = header_pairs(pairs)  # type: ignore[arg-type]
    except HeaderError as error:
        check_refusal(error)
        return
    assert accepted == tuple(pairs)
    for name, value in accepted:
        assert name
        assert not set(name) & set(' \t:()<>@,;\\"/[]?={}')
        assert name.isascii()
        # One line on the wire, in an encoding that brings it back.
        line = f"{name}: {value}".encode()
        assert not set(line) & (set(range(32)) - {9} | {127})
        assert line.decode() == f"{name}: {value}"


def _check_credentials(user: str, password: str) -> None:
    for secret in (password, f"{password}{CANARY}"):
        try:
            value = basic_auth(user, secret)
        except HeaderError as error:
            check_refusal(error)
            continue
        name, _, word = base64.b64decode(value.removeprefix("Basic "), validate=True).decode().partition(":")
        assert (name, word) == (user, secret)
