"""Which bytes a ``Range`` field asks for (RFC 9110, section 14): a pure decision, no I/O.

Strategy: parse strictly, then resolve against the size. There are three outcomes, and the type tells them
apart: ``None`` means "answer as if the field were absent" (unknown unit, malformed, abusive), an empty tuple
means "unsatisfiable" (416), and a tuple of spans is what to send (206). Spans are half-open, as slices are;
only :meth:`Span.content_range` speaks the inclusive language of the wire.

Many tiny or overlapping ranges are an old attack on servers (section 17.15). Two rules end it: more than
``MAX_RANGES`` are ignored as a whole, and spans that overlap or nearly touch are merged, so an answer is never
bigger than the representation plus a bounded number of part headings.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

__all__ = ["MAX_RANGES", "MERGE_GAP", "Span", "select_spans"]

MAX_RANGES = 64
"""Most ranges honoured in one request. Real clients ask for a handful; browsers reading PDFs for some dozens."""

MERGE_GAP = 128
"""Gaps up to this many bytes are sent rather than skipped: the heading of a part costs about as much
(RFC 9110, section 15.3.7.2)."""

_SPEC = re.compile(r"(?P<first>[0-9]*)-(?P<last>[0-9]*)", re.ASCII)

# No representation is that large, so a longer number can be replaced by this one. It also keeps a field of
# thousands of digits away from int(), which is quadratic and has a limit of its own.
_BEYOND = 10**20
_DIGITS = 20


@dataclass(frozen=True, slots=True)
class Span:
    """A non-empty run of bytes, from ``start`` up to and without ``stop``."""

    start: int
    stop: int

    @property
    def length(self) -> int:
        """Number of bytes in the span."""
        return self.stop - self.start

    def content_range(self, size: int) -> str:
        """Write the span as the value of a ``Content-Range`` field (RFC 9110, section 14.4).

        Args:
            size: Bytes in the whole representation.

        Returns:
            Text such as ``bytes 0-99/1234``; both ends are inclusive.
        """
        return f"bytes {self.start}-{self.stop - 1}/{size}"


def select_spans(field: str | None, size: int) -> tuple[Span, ...] | None:
    """Decide which spans of a representation a ``Range`` field selects.

    Args:
        field: The value of the field, or ``None`` when the request has none.
        size: Bytes in the whole representation.

    Returns:
        ``None`` to answer with everything, an empty tuple when no range can be satisfied, otherwise the
        spans to send, merged, in the order in which the client asked for them.
    """
    specs = None if field is None else _parse(field)
    if specs is None:
        return None
    if size == 0:
        # Section 14.1.2: only a suffix can be satisfied by nothing at all, and since Content-Range cannot
        # express zero bytes, the whole (empty) representation is the one truthful answer.
        return None if any(first is None and last for first, last in specs) else ()
    return _merge([span for spec in specs if (span := _resolve(*spec, size)) is not None])


def _parse(field: str) -> list[tuple[int | None, int | None]] | None:
    """Split a field into (first, last) pairs; a suffix of N bytes is ``(None, N)``; ``None`` if unusable."""
    unit, equals, listed = field.partition("=")
    if not equals or unit.strip(" \t").lower() != "bytes":
        return None
    # Empty list elements are legal leftovers of list building (section 5.6.1.2).
    texts = [text for piece in listed.split(",") if (text := piece.strip(" \t"))]
    if not texts or len(texts) > MAX_RANGES:
        return None
    specs = [_parse_one(text) for text in texts]
    known = [spec for spec in specs if spec is not None]
    return known if len(known) == len(specs) else None


def _parse_one(text: str) -> tuple[int | None, int | None] | None:
    """Read ``first-last``, ``first-`` or ``-suffix``; ``None`` when it is none of them."""
    found = _SPEC.fullmatch(text)
    if found is None:
        return None
    first, last = _number(found["first"]), _number(found["last"])
    if first is None and last is None:
        return None
    if first is not None and last is not None and last < first:
        return None
    return first, last


def _number(digits: str) -> int | None:
    """Read a run of digits of any length; ``None`` for no digits."""
    if not digits:
        return None
    significant = digits.lstrip("0") or "0"
    return _BEYOND if len(significant) > _DIGITS else int(significant)


def _resolve(first: int | None, last: int | None, size: int) -> Span | None:
    """Place one parsed range on a representation of ``size`` bytes; ``None`` when it lies outside."""
    if first is None:
        suffix = last or 0
        return Span(max(0, size - suffix), size) if suffix else None
    if first >= size:
        return None
    return Span(first, size if last is None else min(last + 1, size))


def _merge(spans: list[Span]) -> tuple[Span, ...]:
    """Join spans that overlap or nearly touch; a joined span stands where its first member was asked for."""
    groups: list[tuple[int, Span]] = []
    for place, span in sorted(enumerate(spans), key=lambda item: item[1].start):
        if groups and span.start - groups[-1][1].stop <= MERGE_GAP:
            earlier, joined = groups[-1]
            groups[-1] = min(earlier, place), Span(joined.start, max(joined.stop, span.stop))
        else:
            groups.append((place, span))
    return tuple(span for _, span in sorted(groups, key=lambda group: group[0]))
