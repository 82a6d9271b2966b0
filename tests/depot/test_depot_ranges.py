"""Range fields against the rules of RFC 9110, section 14."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from haulage.depot.ranges import MAX_RANGES, MERGE_GAP, Span, select_spans

SIZES = st.integers(min_value=1, max_value=5_000)
NUMBERS = st.integers(min_value=0, max_value=6_000)
SPECS = st.one_of(
    st.tuples(NUMBERS, NUMBERS).map(lambda pair: f"{min(pair)}-{max(pair)}"),
    NUMBERS.map(lambda first: f"{first}-"),
    NUMBERS.map(lambda suffix: f"-{suffix}"),
)


def asked_bytes(spec: str, size: int) -> set[int]:
    """Positions a single range asks for, written down a second time, naively."""
    first, _, last = spec.partition("-")
    if not first:
        return set(range(max(0, size - int(last)), size))
    return set(range(int(first), min(int(last) + 1 if last else size, size)))


@pytest.mark.parametrize(
    ("field", "expected"),
    [
        ("bytes=0-0", (Span(0, 1),)),
        ("bytes=0-99", (Span(0, 100),)),
        ("bytes=10-", (Span(10, 100),)),
        ("bytes=-10", (Span(90, 100),)),
        ("bytes=-1000", (Span(0, 100),)),
        ("bytes=90-1000", (Span(90, 100),)),
        ("BYTES=1-2", (Span(1, 3),)),
        ("bytes= 1-2 ,, ", (Span(1, 3),)),
        ("bytes=0-0,500-", (Span(0, 1),)),
        ("bytes=0-" + "9" * 5000, (Span(0, 100),)),
        ("bytes=" + "0" * 5000 + "1-2", (Span(1, 3),)),
    ],
)
def test_satisfiable(field: str, expected: tuple[Span, ...]) -> None:
    """A satisfiable range is clipped to what there is."""
    assert select_spans(field, 100) == expected


@pytest.mark.parametrize("field", ["bytes=100-", "bytes=100-200", "bytes=-0", "bytes=" + "9" * 5000 + "-"])
def test_unsatisfiable(field: str) -> None:
    """A range outside the representation, or a suffix of nothing, is unsatisfiable."""
    assert select_spans(field, 100) == ()


@pytest.mark.parametrize(
    "field",
    [
        None,
        "",
        "bytes",
        "bytes=",
        "bytes=,",
        "bytes=-",
        "bytes=2-1",
        "bytes=a-b",
        "bytes=1",
        "bytes=1-2-3",
        "bytes=1 - 2",
        "bytes=+1-2",
        "bytes=0x1-2",
        "bytes=\u0661-\u0662",
        "bytes=1-2;q",
        "bytes=1-2,x",
        "bytes 1-2",
        "lines=1-2",
        "bytes=0-1, bytes=2-3",
        "bytes=" + ",".join(f"{n}-{n}" for n in range(MAX_RANGES + 1)),
    ],
)
def test_ignored(field: str | None) -> None:
    """What is malformed, unknown or abusive is as good as absent."""
    assert select_spans(field, 100) is None


@pytest.mark.parametrize(("field", "expected"), [("bytes=0-", ()), ("bytes=-0", ()), ("bytes=-5", None)])
def test_empty_representation(field: str, expected: tuple[Span, ...] | None) -> None:
    """Nothing satisfies no range but a suffix, which gets the whole nothing."""
    assert select_spans(field, 0) == expected


def test_order_is_kept() -> None:
    """Distant spans come in the order in which they were asked for."""
    assert select_spans("bytes=5000-5009,0-9", 10_000) == (Span(5000, 5010), Span(0, 10))


def test_overlaps_are_merged() -> None:
    """Overlapping and nearly touching spans become one, in the place of the first asked for."""
    field = f"bytes=5000-5009,0-9,5,{10 + MERGE_GAP}-200,5005-5020".replace(",5,", ",5-5,")
    assert select_spans(field, 10_000) == (Span(5000, 5021), Span(0, 201))


@given(SPECS, SIZES)
def test_one_range_selects_exactly_what_it_says(spec: str, size: int) -> None:
    """One range selects its positions, no more and no less."""
    spans = select_spans(f"bytes={spec}", size)
    assert spans is not None
    got = set().union(*(range(span.start, span.stop) for span in spans))
    assert got == asked_bytes(spec, size)


@given(st.lists(SPECS, min_size=1, max_size=MAX_RANGES), SIZES)
def test_many_ranges_cover_what_was_asked_and_never_repeat(specs: list[str], size: int) -> None:
    """Every byte asked for is sent once, spans are apart, inside, and fewer than were asked for."""
    spans = select_spans("bytes=" + ",".join(specs), size)
    assert spans is not None
    assert len(spans) <= len(specs)
    asked = set().union(*(asked_bytes(spec, size) for spec in specs))
    assert asked <= {place for span in spans for place in range(span.start, span.stop)}
    ordered = sorted(spans, key=lambda span: span.start)
    assert all(0 <= span.start < span.stop <= size for span in ordered)
    pairs = itertools.pairwise(ordered)
    assert all(later.start - earlier.stop > MERGE_GAP for earlier, later in pairs)


@given(st.text(max_size=40), st.integers(min_value=0, max_value=1000))
def test_any_text_is_decided(text: str, size: int) -> None:
    """No field, however strange, raises or selects anything outside."""
    for field in (text, f"bytes={text}"):
        spans = select_spans(field, size)
        assert spans is None or all(0 <= span.start < span.stop <= size for span in spans)


@given(st.integers(min_value=0, max_value=10**12), st.integers(min_value=1, max_value=10**12))
def test_content_range_is_inclusive(start: int, length: int) -> None:
    """Content-Range names the last byte, not the one behind it."""
    span = Span(start, start + length)
    assert span.content_range(start + length) == f"bytes {start}-{start + length - 1}/{start + length}"
