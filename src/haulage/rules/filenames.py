"""Names for files that a server chose: read from its answer or from a URL, and made harmless.

A name is mended rather than refused. What leads elsewhere is cut off, and the last component is kept, as RFC 6266
(section 4.3) asks for and browsers do: old clients sent whole paths in good faith, and a server that means harm gains
nothing, since it could have sent the last component alone. Where nothing is left of a name, the next source has its
turn: ``filename*``, ``filename``, the URL the caller gave. A redirect's URL is no source: nobody asked for its name.
"""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING
from urllib.parse import unquote_to_bytes

from haulage.errors import UnknownResponse

if TYPE_CHECKING:
    from collections.abc import Iterator

    from haulage.urls import ParsedUrl

__all__ = ["disposition_names", "is_device_name", "mended_text", "offered_name", "safe_name"]

_MOST_BYTES = 255  # in one component of a path, on nearly all file systems

_TYPE = re.compile(r"\s*[^\s;=\"]+\s*(?=;|\Z)")
# Values that are no tokens (spaces, brackets, raw bytes) are taken up to the next semicolon.
_PARAMETER = re.compile(r"[\s;]*([^\s;=\"]+)\s*=\s*(?:\"((?:[^\"\\]|\\.)*)\"\s*(?=;|\Z)|([^\";]*))", re.DOTALL)
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_EXTENDED = re.compile(r"(utf-8|iso-8859-1)'[^']*'([\x21-\x7e]*)\Z", re.IGNORECASE)

# What no system or shell should meet in a name: separators of paths, drives and streams, and Windows' own signs.
_SIGNS = frozenset('/\\:*?"<>|')
# Controls, marks that turn or hide text (which some file systems ignore), halves of characters, breaks of lines.
_UNFIT = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
_LAST_SUFFIXES = re.compile(r"(?:\.[^. ]{1,16}){1,2}\Z")
_DEVICE = re.compile(
    r"(?:CON|PRN|AUX|NUL|CONIN\$|CONOUT\$|CLOCK\$|(?:COM|LPT)[0-9\xb9\xb2\xb3]) *(?:\.|\Z)", re.IGNORECASE
)


def offered_name(disposition: str | None, url: ParsedUrl) -> str:
    """Return the name for what *url* brings.

    Args:
        disposition: The Content-Disposition header, or None.
        url: What the caller asked for. Its query is never part of a name.

    Raises:
        UnknownResponse: Neither holds a usable name.
    """
    segment = _text(unquote_to_bytes(url.path.rpartition("/")[2]))
    for text in (*disposition_names(disposition), segment):
        name = safe_name(text)
        if name is not None:
            return name
    msg = "neither the answer nor the URL holds a usable file name"
    raise UnknownResponse(msg, url=url.text)


def disposition_names(value: str | None) -> Iterator[str]:
    """Yield the names in a Content-Disposition header, the one to prefer first; of what is no such header, nothing.

    They are what the server wrote, and must not be used before `safe_name` has seen them.
    """
    parameters = _parameters(value or "")
    extended = _extended(parameters.get("filename*", ""))
    if extended is not None:
        yield extended
    if "filename" in parameters:
        yield mended_text(parameters["filename"])


def safe_name(text: str) -> str | None:
    """Return *text* as one component of a path that is harmless everywhere, or None where nothing is left of it.

    Path and drive in front of it are cut off, and so are dots, dashes and tildes at its beginning, and dots and spaces
    at its end. Signs that are special somewhere become underscores. Names of Windows' devices get an underscore in
    front. What is longer than 255 bytes is cut before its last suffixes.
    """
    last = re.split(r"[/\\]", text)[-1]
    name = "".join(map(_fit, last)).lstrip(" .-~").rstrip(" .")
    if not name:
        return None
    return _shortened(f"_{name}" if is_device_name(name) else name)


def is_device_name(name: str) -> bool:
    """Whether Windows takes *name*, one component of a path, for a device."""
    return _DEVICE.match(name) is not None


def _fit(sign: str) -> str:
    if sign.isascii() and sign.isprintable() and sign not in _SIGNS:
        return sign
    category = unicodedata.category(sign)
    if category == "Zs":
        return " "
    return "_" if sign in _SIGNS or category in _UNFIT else sign


def _shortened(name: str) -> str:
    if len(name.encode()) <= _MOST_BYTES:
        return name
    match = _LAST_SUFFIXES.search(name)
    suffix = match[0] if match is not None else ""
    stem = name.removesuffix(suffix).encode()[: _MOST_BYTES - len(suffix.encode())]
    return f"{stem.decode(errors='ignore').rstrip(' .')}{suffix}"


def _parameters(value: str) -> dict[str, str]:
    """Return the parameters of a header; the first of two of one name, and those before what cannot be read."""
    found: dict[str, str] = {}
    disposition = _TYPE.match(value)
    place = disposition.end() if disposition is not None else 0
    while match := _PARAMETER.match(value, place):
        name, quoted, bare = match.groups()
        found.setdefault(name.lower(), bare.strip() if quoted is None else _ESCAPE.sub(r"\1", quoted))
        place = match.end()
    return found


def _extended(value: str) -> str | None:
    """Return what *value* means as one of RFC 8187, such as ``UTF-8''na%C3%AFve.txt``; None when it is none."""
    match = _EXTENDED.match(value)
    if match is None:
        return None
    try:
        return unquote_to_bytes(match[2]).decode(match[1])
    except UnicodeDecodeError:
        return None


def mended_text(text: str) -> str:
    """Return a header's *text* with bytes that are no UTF-8, of which aiohttp makes surrogates, read as ISO-8859-1."""
    try:
        return _text(text.encode("utf-8", "surrogateescape"))
    except UnicodeEncodeError:
        return text


def _text(data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError:
        return data.decode("iso-8859-1")
