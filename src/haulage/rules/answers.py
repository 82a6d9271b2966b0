"""Whether a good status brings what was asked for, in the bytes it was asked in."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from haulage.errors import ContentEncodingError, ProtocolError, UnknownResponse
from haulage.rules.ranges import is_answered

if TYPE_CHECKING:
    from collections.abc import Mapping

    from multidict import MultiMapping

    from haulage.urls import ParsedUrl

__all__ = ["judge"]

# File names whose bytes are coded already. Servers often call that a Content-Encoding, and mean the file as it is.
_CODED_SUFFIXES = {
    "gzip": (".gz", ".tgz", ".svgz"),
    "x-gzip": (".gz", ".tgz", ".svgz"),
    "compress": (".z",),
    "x-compress": (".z",),
    "bzip2": (".bz2", ".tbz2"),
    "x-bzip2": (".bz2", ".tbz2"),
    "xz": (".xz", ".txz"),
    "zstd": (".zst", ".tzst"),
    "br": (".br",),
}
_OK, _PARTIAL_CONTENT = 200, 206
_NOT_THE_FILE = frozenset({204, 205, 226})  # nothing, nothing, and differences to something else (RFC 3229)


def judge(
    status: int, headers: MultiMapping[str], asked: Mapping[str, str], *, length: int | None, url: ParsedUrl
) -> None:
    """Refuse an answer that does not bring the file. A status of 400 or above was let through by somebody else.

    Args:
        status: Its status.
        headers: Its headers.
        asked: The request's headers.
        length: Its Content-Length in bytes, or None.
        url: What was asked for.

    Raises:
        UnknownResponse: A 204, an unasked 206 or 304, another range than the one asked for, and the like.
        ProtocolError: Two lengths, or a transfer coding we cannot undo.
        ContentEncodingError: A body that was coded though identity was asked for.
    """
    if len(set(headers.getall("Content-Length", ()))) > 1:
        msg = "the answer has two lengths"  # RFC 9110, section 8.6
        raise ProtocolError(msg, url=url.text)
    if status == _OK and "Content-Encoding" not in headers and "Transfer-Encoding" not in headers:
        return
    if status == _PARTIAL_CONTENT and "Range" in asked:
        if not is_answered(asked["Range"], headers.get("Content-Range"), length):
            msg = "the answer brings another range than was asked for"
            raise UnknownResponse(msg, url=url.text)
    elif status < _OK or status in _NOT_THE_FILE or 300 <= status < 400 or status == _PARTIAL_CONTENT:  # noqa: PLR2004 - RFC 9110, 15.4
        msg = f"HTTP {status} is no answer to this request"
        raise UnknownResponse(msg, url=url.text)
    # No other white space than that of the protocol: with a vertical tab before it, aiohttp sees no chunks.
    if ", ".join(headers.getall("Transfer-Encoding", ["chunked"])).strip(" \t").lower() != "chunked":
        msg = "a transfer coding other than chunked was not asked for"  # RFC 9112, section 7.4
        raise ProtocolError(msg, url=url.text)
    _judge_coding(headers, asked, url)


def _judge_coding(headers: MultiMapping[str], asked: Mapping[str, str], url: ParsedUrl) -> None:
    codings = ",".join(headers.getall("Content-Encoding", [])).lower().replace(" ", "").split(",")
    coding = ",".join(coding for coding in codings if coding not in ("", "identity"))
    if not coding or asked.get("Accept-Encoding") != "identity":
        return
    if not posixpath.basename(url.path).lower().endswith(_CODED_SUFFIXES.get(coding, ("\0",))):
        msg = f"the server sent {coding[:40]!r} coded bytes though identity was asked for"
        raise ContentEncodingError(msg, url=url.text)
