"""The request target, cut up without changing it: a pure decision, no I/O.

Strategy: the text is split at its separators first and percent-decoded afterwards, segment by segment, so an
encoded slash stays inside its segment and an encoded ``?`` is no query. The text as received is kept next to
the parts, because whether a client sent a URL byte for byte is one of the things a depot is asked.

aiohttp hands over the target as UTF-8 with surrogate escapes, which loses nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import unquote_to_bytes

__all__ = ["Target", "parse_target"]


@dataclass(frozen=True, slots=True)
class Target:
    """A request target and its parts.

    Attributes:
        raw: The target exactly as it was received.
        path: The path as received, without query.
        segments: The path between its slashes, decoded to bytes; a path ending in a slash ends in an
            empty segment.
        query: Name and value of each query parameter, decoded; in a repeated one the last value counts.
            A plus sign is a plus sign: these are URLs, not forms.
    """

    raw: str
    path: str
    segments: tuple[bytes, ...]
    query: dict[str, str]


def parse_target(raw: str) -> Target:
    """Take a request target apart.

    Args:
        raw: The target in origin form or, as proxies send it, in absolute form (RFC 9112, section 3.2).

    Returns:
        The parts. Nothing is refused here; what may be opened is decided by whoever opens it.
    """
    rest = raw.partition("#")[0]
    path, _, query = rest.partition("?")
    if not path.startswith("/"):
        path = "/" + path.partition("://")[2].partition("/")[2]
    segments = tuple(unquote_to_bytes(_encode(segment)) for segment in path[1:].split("/"))
    return Target(raw, path, segments, _parse_query(query))


def _parse_query(query: str) -> dict[str, str]:
    """Read ``a=1&b=2``; a name alone has the empty value."""
    pairs = (part.partition("=") for part in query.split("&") if part)
    return {_text(name): _text(value) for name, _, value in pairs}


def _text(part: str) -> str:
    """Percent-decode to text; bytes that are not UTF-8 survive as surrogate escapes."""
    return unquote_to_bytes(_encode(part)).decode("utf-8", "surrogateescape")


def _encode(part: str) -> bytes:
    """Back to the bytes of the wire."""
    return part.encode("utf-8", "surrogateescape")
