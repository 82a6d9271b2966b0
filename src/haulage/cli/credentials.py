"""Secrets for the command line: from a file, the environment or a prompt, never from the arguments.

Arguments can be read by every user of the machine and stay in the shell's history.
"""

from __future__ import annotations

import getpass
import os
import sys

from haulage.cli.exits import UsageError
from haulage.urls import UrlError, parse

__all__ = ["PASSWORD_VARIABLE", "PROXY_PASSWORD_VARIABLE", "check_proxy", "headers", "password_for"]

PASSWORD_VARIABLE = "HAULAGE_PASSWORD"  # noqa: S105 - the variable's name
PROXY_PASSWORD_VARIABLE = "HAULAGE_PROXY_PASSWORD"  # noqa: S105 - the variable's name

_LARGEST = 1 << 20  # characters of a file with a secret


def password_for(user: str | None, password_file: str | None) -> str | None:
    """Return the password of *user*.

    Args:
        user: The user; None for nobody.
        password_file: A file whose first line is the password, or None.

    Returns:
        The password; None where nobody gave one and nobody can be asked.

    Raises:
        UsageError: A colon in the user's name, no user, or a file that cannot be read.
    """
    if user is None:
        if password_file is not None:
            msg = "--password-file needs --user"
            raise UsageError(msg)
        return None
    if ":" in user:
        msg = f"--user takes the name only; the password comes from --password-file, ${PASSWORD_VARIABLE} or a prompt"
        raise UsageError(msg)
    if password_file is not None:
        return _read("--password-file", password_file).partition("\n")[0].rstrip("\r")
    if PASSWORD_VARIABLE in os.environ:
        return os.environ[PASSWORD_VARIABLE]
    if sys.stdin is not None and sys.stdin.isatty():
        try:
            return getpass.getpass(f"Password for {user}: ", stream=sys.stderr)
        except EOFError:
            msg = "no password was given"
            raise UsageError(msg) from None
    return None


def headers(given: list[str]) -> list[dict[str, str]]:
    """Return request headers.

    Args:
        given: Texts like ``Name: value``, and ``@FILE`` for a file with one such text per line.

    Raises:
        UsageError: A text without a colon, or a file that cannot be read. What may be a secret is not repeated.
    """
    found = []
    for text in given:
        lines = [text]
        if text.startswith("@"):
            lines = [line for line in _read("-H", text[1:]).splitlines() if line.strip()]
        for line in lines:
            name, colon, value = line.partition(":")
            if not colon or not name.strip():
                msg = "-H takes 'Name: value', or @FILE with one of these per line"
                raise UsageError(msg)
            found.append({name.strip(): value.strip(" \t")})
    return found


def check_proxy(url: str | None) -> str | None:
    """Return the proxy's password, from the environment.

    Raises:
        UsageError: There is one in the URL.
    """
    if url is None:
        return None
    try:
        parsed = parse(url)
    except UrlError as error:
        msg = f"--proxy: {error}"
        raise UsageError(msg) from None
    if parsed.password is not None:
        msg = f"--proxy: a password does not belong in the arguments; put it into ${PROXY_PASSWORD_VARIABLE}"
        raise UsageError(msg)
    return None if parsed.user is None else os.environ.get(PROXY_PASSWORD_VARIABLE)


def _read(option: str, path: str) -> str:
    try:
        with open(path, encoding="utf-8") as file:
            text = file.read(_LARGEST + 1)
    except (OSError, ValueError) as error:
        reason = os.strerror(error.errno).lower() if isinstance(error, OSError) and error.errno else "not UTF-8 text"
        msg = f"{option}: cannot read {path!r}: {reason}"
        raise UsageError(msg) from None
    if len(text) > _LARGEST:
        msg = f"{option}: {path!r} is larger than any list of headers"
        raise UsageError(msg)
    return text
