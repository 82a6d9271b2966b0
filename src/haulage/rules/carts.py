"""What a cart service says, and when it is asked again. After the wire protocol of Pacifica's cartd."""

from __future__ import annotations

import base64
import random
import re
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import quote

from haulage.errors import CartNotFound, CartNotReady, MalformedRequest, NotACartService, StagingFailed
from haulage.rules.filenames import mended_text, safe_name

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = [
    "SCHEMES",
    "CartStatus",
    "check_answer",
    "check_filename",
    "check_timeout",
    "download_url",
    "poll_wait",
    "read_status",
]

SCHEMES = {"cart": "http", "cart+https": "https"}
"""The schemes of carts, and what they are spoken over."""

_OK, _CREATED, _ACCEPTED, _NO_CONTENT, _NOT_FOUND = 200, 201, 202, 204, 404
_LONGEST_WORD = 40  # characters
_MOST_SHOWN = 200  # characters of a message at either end; it is a stranger's text
_ENCODED_WORD = re.compile(r"=\?([A-Za-z0-9_-]+)\?[Bb]\?([A-Za-z0-9+/=]*)\?=")
_NEVER_A_TAR = ("text/", "application/json", "application/problem+json", "application/xhtml")

_FIRST_WAIT, _LONGEST_WAIT = 0.05, 10.0  # seconds
_SHARE = 8  # of what was waited so far is waited again


class CartStatus(NamedTuple):
    """How a cart stands.

    Attributes:
        is_ready: Whether it can be downloaded.
        word: The service's own word, such as ``staging``.
        message: What it says to it, for people.
    """

    is_ready: bool
    word: str
    message: str


def read_status(status: int, headers: Mapping[str, str], *, url: str | None = None) -> CartStatus:
    """Read the answer to HEAD.

    Args:
        status: Its HTTP status.
        headers: Its headers, by names in any case.
        url: For the error.

    Raises:
        CartNotFound: There is no such cart.
        StagingFailed: The service could not bring the files together.
        NotACartService: It is no such answer.
    """
    word = _shown(headers.get("X-Pacifica-Status", "")).lower()[:_LONGEST_WORD]
    message = _shown(headers.get("X-Pacifica-Message", ""))
    if word == "error":
        if status == _NOT_FOUND:
            msg = "no such cart"
            raise CartNotFound(msg, url=url)
        msg = f"staging failed: {message or 'the service gives no reason'}"
        raise StagingFailed(msg, url=url)
    if not word or status not in (_OK, _NO_CONTENT):
        msg = f"not a cart service: HTTP {status} with{'' if word else 'out'} X-Pacifica-Status"
        raise NotACartService(msg, url=url)
    return CartStatus(word == "ready", word, message)


def check_answer(method: str, status: int, headers: Mapping[str, str], *, url: str | None = None) -> None:
    """Refuse an answer to POST, GET or DELETE that is below 400 and not what a cart service answers; a 404 too.

    Args:
        method: What was asked.
        status: The HTTP status.
        headers: The headers.
        url: For the error.

    Raises:
        CartNotReady: It is still being staged.
        CartNotFound: There is no such cart.
        NotACartService: Something else.
    """
    kind = headers.get("Content-Type", "").strip().lower()
    if status == _NOT_FOUND:
        if method in ("POST", "HEAD"):  # a cart service would say more to HEAD, and has a place for new carts
            msg = f"not a cart service: HTTP 404 in answer to {method}"
            raise NotACartService(msg, url=url)
        msg = "no such cart"
        raise CartNotFound(msg, url=url)
    if method == "GET" and status == _ACCEPTED:
        msg = "the cart is not ready"
        raise CartNotReady(msg, url=url)
    if method == "GET" and status == _OK and kind.startswith(_NEVER_A_TAR):
        msg = f"not a cart service: {kind.partition(';')[0][:40]!r} in place of an archive"
        raise NotACartService(msg, url=url)
    expected = {"POST": (_CREATED,), "DELETE": (_OK, _ACCEPTED, _NO_CONTENT)}.get(method)
    if expected is not None and status not in expected and status < 400:  # noqa: PLR2004 - RFC 9110, section 15
        msg = f"not a cart service: HTTP {status} in answer to {method}"
        raise NotACartService(msg, url=url)


def poll_wait(elapsed: float, jitter: Callable[[float, float], float] = random.uniform) -> float:
    """Return the seconds until the next look at a cart: short at first, and then in step with what was waited.

    Args:
        elapsed: Seconds since the first look.
        jitter: From two bounds to a number between them; replaced by tests.
    """
    wait = min(_LONGEST_WAIT, max(_FIRST_WAIT, elapsed / _SHARE))
    return jitter(wait / 2, wait)


def check_timeout(timeout: Any) -> float:
    """Return *timeout*, in seconds; infinite is allowed.

    Raises:
        MalformedRequest: It is no number above 0.
    """
    if isinstance(timeout, bool) or not isinstance(timeout, int | float) or not timeout > 0:
        msg = "timeout is a number of seconds above 0"
        raise MalformedRequest(msg)
    return float(timeout)


def check_filename(name: Any) -> str:
    """Return the directory that *name*, the file name a cart is asked for by, stands for.

    The service takes it, less a ``.tar``, for the archive's top.

    Raises:
        MalformedRequest: It is not one plain name.
    """
    if not isinstance(name, str) or safe_name(name) != name:
        msg = "filename is one plain name, without separators and signs that are special somewhere"
        raise MalformedRequest(msg)
    return name.removesuffix(".tar") or name


def download_url(cart_url: Any, filename: Any) -> str:
    """Return the URL by which a factory downloads a cart.

    Args:
        cart_url: The cart's URL, http or https.
        filename: What the archive is to be asked for by.

    Raises:
        MalformedRequest: The one or the other cannot be.
    """
    check_filename(filename)
    for scheme, spoken_over in SCHEMES.items():
        if isinstance(cart_url, str) and cart_url.startswith(f"{spoken_over}:"):
            return f"{scheme}{cart_url.removeprefix(spoken_over)}?filename={quote(filename, safe='')}"
    msg = "a cart's own URL is one of http or https"
    raise MalformedRequest(msg, url=str(cart_url))


def _shown(message: str) -> str:
    """Return a service's message for people: decoded, printable, and without its middle where it is a traceback."""
    text = _decoded(mended_text(message))
    text = " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())
    return text if len(text) <= 2 * _MOST_SHOWN else f"{text[:_MOST_SHOWN]} … {text[-_MOST_SHOWN:]}"


def _decoded(text: str) -> str:
    """Return what *text* means where it is an encoded word (RFC 2047), as services write what is not Latin-1."""
    match = _ENCODED_WORD.fullmatch(text.strip())
    if match is None:
        return text
    try:
        return base64.b64decode(match[2], validate=True).decode(match[1])
    except (ValueError, LookupError):
        return text
