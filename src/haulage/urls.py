"""URLs as opaque bytes: taken apart to be judged, never put together anew.

A pre-signed URL is valid for exactly the bytes that were signed, so a URL is passed on as it came. Only what may not
stand in a URL at all is escaped: spaces and non-ASCII characters. User information is split off at once, and what is
shown of a URL (`redact`) has no query, which is where signatures live.
"""

from __future__ import annotations

import functools
import ipaddress
import re
from typing import NamedTuple
from urllib.parse import unquote

__all__ = ["ParsedUrl", "UrlError", "basename", "join", "parse", "redact", "scheme_of"]

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*\Z")
# RFC 3986, appendix B, with a scheme required and the fragment left out.
_PARTS = re.compile(r"([A-Za-z][A-Za-z0-9+.\-]*):(?://([^/?#]*))?([^?#]*)(?:\?([^#]*))?")
_PLAIN_SERVER = re.compile(r"(?:[\w.\-]+|\[[0-9A-Fa-f:.]*\])(?::[0-9]+)?\Z")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
# Python reads bytes that are no UTF-8, in arguments and file names, as surrogates, of which these are none.
_HALF_CHARACTER = re.compile(r"[\ud800-\udc7f\udd00-\udfff]")
_ESCAPED = re.compile(r"[^\x21-\x7e]|[\"<>\\^`{|}]")  # RFC 3986 has no place for these
_ZONED = re.compile(r"[0-9A-Fa-f:.]+(?:%[A-Za-z0-9._~\-]+)?\Z")
_HOST = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9._\-]*[A-Za-z0-9_.])?\Z")
_NUMBER_LABEL = re.compile(r"(?:[0-9]+|0[xX][0-9A-Fa-f]*)\Z")

_DEFAULT_PORTS = {"http": 80, "https": 443}
_LONGEST_NAME = 200  # bytes; file systems take 255, less room for a part's own marks


class UrlError(ValueError):
    """A text that is not a URL we can use. The doors turn it into `haulage.errors.MalformedRequest`."""


class ParsedUrl(NamedTuple):
    """A URL with its parts named.

    Attributes:
        text: The URL as it goes on the wire: no user information, no fragment, nothing requoted.
        scheme: In lower case.
        host: In lower case, without brackets; empty for ``file:///…``.
        port: The port, also when it is the scheme's default; None where the scheme has none.
        path: The path as it stands in the URL, still escaped.
        query: The query as it stands in the URL, without the question mark; None where there is none.
        user: Decoded user name, or None.
        password: Decoded password, or None.
    """

    text: str
    scheme: str
    host: str
    port: int | None
    path: str
    query: str | None
    user: str | None = None
    password: str | None = None

    @property
    def origin(self) -> tuple[str, str, int | None]:
        """Scheme, host and port: whom credentials belong to (RFC 6454, section 4)."""
        return (self.scheme, self.host, self.port)

    def __repr__(self) -> str:
        return f"ParsedUrl({redact(self.text)!r})"


def scheme_of(url: str) -> str:
    """Return the scheme of *url* in lower case, or an empty string where there is none."""
    scheme, colon, _ = url.partition(":")
    return scheme.lower() if colon and _SCHEME.match(scheme) else ""


def redact(url: str) -> str:
    """Return *url* as it may be shown: without user information, query values and fragment, in printable characters.

    Never raises: what is not a URL is shown as far as it cannot hold a secret.
    """
    scheme, colon, rest = url.partition(":")
    if not (colon and _SCHEME.match(scheme)):
        scheme, colon, rest = "", "", url
    head = re.split(r"[?#]", rest, maxsplit=1)[0]
    slashes, rest_of_head = ("//", head[2:]) if head.startswith("//") else ("", head)
    authority, slash, path = rest_of_head.partition("/")
    beyond = rest
    if slashes:
        beyond = rest[len(slashes) + len(authority) :]
        authority = authority.rpartition("@")[2]
    if "@" in beyond and scheme.lower() != "file" and not (slashes and _PLAIN_SERVER.match(authority)):
        # A password with an odd character in it may begin or end anywhere.
        return f"{scheme}{colon}…"
    shown = f"{scheme}{colon}{slashes}{authority}{slash}{path}{'?…' if '?' in rest else ''}"
    return (
        shown if shown.isprintable() else "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in shown)
    )


def parse(url: str) -> ParsedUrl:
    """Take *url* apart.

    Args:
        url: An absolute URL.

    Returns:
        Its parts, with user information split off and only illegal characters escaped.

    Raises:
        UrlError: It is no URL, it is ambiguous, or its host is a number in disguise (``http://2130706433/``).
    """
    if not isinstance(url, str):
        msg = f"a URL is a str, not {type(url).__name__}"
        raise UrlError(msg)
    odd = _ESCAPED.search(url) is not None
    if odd:
        _check_characters(url)
    parts = _PARTS.match(url)
    if parts is None:
        msg = "URL without a scheme"
        raise UrlError(msg)
    scheme, authority, path, query = parts.groups()
    scheme = scheme.lower()
    user = password = port = None
    host = netloc = ""
    if authority is not None:
        if "\\" in authority:
            msg = "ambiguous authority in URL"
            raise UrlError(msg)
        if "@" in authority:
            user, password, authority = _split_userinfo(authority)
        host, port, netloc = _server(scheme, authority)
    if scheme in _DEFAULT_PORTS and not host:
        msg = "URL without a host"
        raise UrlError(msg)
    if odd:
        path = _ESCAPED.sub(_escape, path)
        query = query and _ESCAPED.sub(_escape, query)
    if not path and scheme in _DEFAULT_PORTS:
        path = "/"
    text = f"{scheme}:{netloc}{path}" if query is None else f"{scheme}:{netloc}{path}?{query}"
    return ParsedUrl(text, scheme, host, port, path, query, user, password)


def join(base: ParsedUrl, location: str) -> ParsedUrl:
    """Return the URL that *location*, a redirect's target, names as seen from *base* (RFC 9110, section 10.2.2).

    Raises:
        UrlError: It names none.
    """
    if scheme_of(location):
        return parse(location)
    server = base.text[: len(base.text) - len(base.path) - (0 if base.query is None else len(base.query) + 1)]
    reference = location.partition("#")[0]
    path, mark, query = reference.partition("?")
    if reference.startswith("//"):
        return parse(f"{base.scheme}:{reference}")
    if not path:
        path = base.path
        if not mark and base.query is not None:
            mark, query = "?", base.query
    elif not path.startswith("/"):
        path = base.path.rpartition("/")[0] + "/" + path
    return parse(f"{server}{_without_dots(path)}{mark}{query}")


def _without_dots(path: str) -> str:
    """Take ``.`` and ``..`` out of an absolute path (RFC 3986, section 5.2.4)."""
    kept: list[str] = []
    segments = path.split("/")[1:]
    for segment in segments:
        if segment == "..":
            del kept[-1:]
        elif segment != ".":
            kept.append(segment)
    if segments[-1] in (".", ".."):
        kept.append("")
    return "/" + "/".join(kept)


def basename(url: str) -> str:
    """Return the last part of the path of *url*, decoded, as a file name: never empty, no separators, no query."""
    path = url.partition("#")[0].partition("?")[0]
    path = path.partition("://")[2] or path
    name = unquote(path.rpartition("/")[2]) if "/" in path else ""
    name = re.sub(r"[\x00-\x1f\x7f/\\:\ud800-\udfff]", "_", name).strip(" ")
    name = name.encode()[:_LONGEST_NAME].decode(errors="ignore")
    return name if name.strip(".") else "index"


def _check_characters(url: str) -> None:
    if _CONTROL.search(url):
        msg = "control character in URL"
        raise UrlError(msg)
    # Looked for, not tried: Python's own error would stay in the chain, and holds the whole URL.
    if _HALF_CHARACTER.search(url):
        msg = "half a character in URL"
        raise UrlError(msg)


def _escape(match: re.Match[str]) -> str:
    return "".join(f"%{byte:02X}" for byte in match[0].encode("utf-8", "surrogateescape"))


def _split_userinfo(authority: str) -> tuple[str, str | None, str]:
    if authority.count("@") > 1:
        msg = "ambiguous authority in URL"
        raise UrlError(msg)
    userinfo, _, server = authority.partition("@")
    name, colon, secret = userinfo.partition(":")
    return unquote(name), unquote(secret) if colon else None, server


@functools.lru_cache(maxsize=256)
def _server(scheme: str, text: str) -> tuple[str, int | None, str]:
    """Return host, port, and both as they stand in a URL, of an authority without user information."""
    if text.startswith("["):
        host, bracket, rest = text[1:].partition("]")
        try:
            host = str(ipaddress.IPv6Address(host))
        except ValueError:
            bracket = ""
        if not _ZONED.match(host):
            bracket = ""
        if not bracket or (rest and not rest.startswith(":")):
            msg = "bad IPv6 address in URL"
            raise UrlError(msg)
        digits = rest[1:]
    else:
        host, _, digits = text.partition(":")
        host = _hostname(host)
    default = _DEFAULT_PORTS.get(scheme)
    port = _port(digits) if digits else default
    shown = f"[{host}]" if ":" in host else host
    return host, port, f"//{shown}" if port == default else f"//{shown}:{port}"


def _port(digits: str) -> int:
    if not (digits.isascii() and digits.isdigit() and len(digits) < 6 and 0 < int(digits) < 65536):  # noqa: PLR2004
        msg = "bad port in URL"
        raise UrlError(msg)
    return int(digits)


def _hostname(text: str) -> str:
    if not text:
        return ""
    host = unquote(text) if "%" in text else text
    if host.isascii():
        host = host.lower()
    else:
        try:
            host = host.encode("idna").decode().lower()
        except UnicodeError:
            msg = "bad host name in URL"
            raise UrlError(msg) from None
    labels = host.rstrip(".").split(".")
    # RFC 1035, section 2.3.4
    if not _HOST.match(host) or len(host) > 253 or not all(0 < len(label) < 64 for label in labels):  # noqa: PLR2004
        msg = "bad host name in URL"
        raise UrlError(msg)
    if _NUMBER_LABEL.match(labels[-1]):
        # What ends in a number is an IPv4 address to most resolvers, in octal, hex or with parts missing (D05).
        try:
            return str(ipaddress.IPv4Address(host))
        except ValueError:
            msg = "ambiguous numeric host in URL"
            raise UrlError(msg) from None
    return host
