"""How a representation answers a request: a pure decision, no I/O.

Strategy: :func:`plan_answer` turns a request and a representation into an :class:`Answer`, a complete
description of the response: status, fields, and a body made of literal bytes and of spans to be copied
from the source. The sender then has nothing left to decide, and every rule about 200, 206, 304, 412 and 416 can
be tested without a socket.
"""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING

from haulage.depot.conditions import Validators, Verdict, judge, range_applies
from haulage.depot.dates import format_date
from haulage.depot.ranges import Span, select_spans

if TYPE_CHECKING:
    from haulage.depot.conditions import Ask

__all__ = ["Answer", "Piece", "Representation", "many_parts", "plan_answer", "validator_headers"]

_NONE = Validators()
_CRLF = "\r\n"

Piece = bytes | Span
"""Part of a body: bytes to send as they are, or a span to copy from the source."""


@dataclass(frozen=True, slots=True)
class Representation:
    """What is known of a body before it is opened.

    Attributes:
        size: Bytes in all.
        content_type: Value of the ``Content-Type`` field.
        validators: What tells this version from another.
    """

    size: int
    content_type: str = "application/octet-stream"
    validators: Validators = _NONE


@dataclass(frozen=True, slots=True)
class Answer:
    """A response, decided but not yet sent.

    Attributes:
        status: The status code.
        headers: Fields in sending order, framing included.
        pieces: The body; empty for a HEAD request even though the framing speaks of one.
    """

    status: HTTPStatus
    headers: tuple[tuple[str, str], ...]
    pieces: tuple[Piece, ...] = ()

    @property
    def length(self) -> int:
        """Bytes of body that will be sent."""
        return sum(piece.length if isinstance(piece, Span) else len(piece) for piece in self.pieces)


def plan_answer(ask: Ask, what: Representation, *, now: float, boundary: str) -> Answer:
    """Decide the response to a GET or HEAD request for something that exists.

    Args:
        ask: The deciding fields of the request.
        what: The representation.
        now: Seconds since the epoch; see :func:`~haulage.depot.conditions.range_applies`.
        boundary: Separates the parts if there are several. It must not occur in the body, so it should be
            fresh and random.

    Returns:
        The answer: 200, 206, 304, 412 or 416.
    """
    verdict = judge(ask, what.validators)
    if verdict is Verdict.NOT_MODIFIED:
        return Answer(HTTPStatus.NOT_MODIFIED, validator_headers(what))
    if verdict is Verdict.FAILED:
        return _empty(HTTPStatus.PRECONDITION_FAILED, validator_headers(what))
    spans = select_spans(ask.range, what.size) if range_applies(ask, what.validators, now=now) else None
    if spans is None:
        answer = _whole(what)
    elif not spans:
        answer = _empty(
            HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE,
            (("Content-Range", f"bytes */{what.size}"), *validator_headers(what)),
        )
    elif len(spans) == 1:
        answer = _one_part(what, spans[0])
    else:
        answer = many_parts(what, spans, boundary)
    return Answer(answer.status, answer.headers) if ask.method == "HEAD" else answer


def validator_headers(what: Representation) -> tuple[tuple[str, str], ...]:
    """Write the fields that every answer about a representation carries (RFC 9110, section 15.4.5).

    Args:
        what: The representation.

    Returns:
        Names and values: 304 has them, too.
    """
    headers = [("Accept-Ranges", "bytes")]
    if what.validators.etag is not None:
        headers.append(("ETag", what.validators.etag))
    if what.validators.last_modified is not None:
        headers.append(("Last-Modified", format_date(what.validators.last_modified)))
    return tuple(headers)


def _empty(status: HTTPStatus, headers: tuple[tuple[str, str], ...]) -> Answer:
    """An error that says all it has to say in its fields."""
    return Answer(status, (("Content-Length", "0"), *headers))


def _whole(what: Representation) -> Answer:
    """200 with everything."""
    headers = (("Content-Type", what.content_type), ("Content-Length", str(what.size)), *validator_headers(what))
    return Answer(HTTPStatus.OK, headers, (Span(0, what.size),) if what.size else ())


def _one_part(what: Representation, span: Span) -> Answer:
    """206 with one span, which must not be wrapped in a multipart body (RFC 9110, section 15.3.7.1)."""
    headers = (
        ("Content-Type", what.content_type),
        ("Content-Length", str(span.length)),
        ("Content-Range", span.content_range(what.size)),
        *validator_headers(what),
    )
    return Answer(HTTPStatus.PARTIAL_CONTENT, headers, (span,))


def many_parts(what: Representation, spans: tuple[Span, ...], boundary: str) -> Answer:
    """Answer 206 as multipart/byteranges; Content-Range stands in the parts only (RFC 9110, section 15.3.7.2).

    Args:
        what: The representation.
        spans: What of it to send.
        boundary: Separates the parts; see :func:`plan_answer`.

    Returns:
        The answer.
    """
    pieces: list[Piece] = []
    for number, span in enumerate(spans):
        heading = (
            f"{_CRLF if number else ''}--{boundary}\r\n"
            f"Content-Type: {what.content_type}\r\n"
            f"Content-Range: {span.content_range(what.size)}\r\n\r\n"
        )
        pieces += heading.encode("ascii"), span
    pieces.append(f"\r\n--{boundary}--\r\n".encode("ascii"))
    length = sum(piece.length if isinstance(piece, Span) else len(piece) for piece in pieces)
    headers = (
        ("Content-Type", f"multipart/byteranges; boundary={boundary}"),
        ("Content-Length", str(length)),
        *validator_headers(what),
    )
    return Answer(HTTPStatus.PARTIAL_CONTENT, headers, tuple(pieces))
