"""Carts in the event readers: staging, downloading and unpacking are told apart, with files and bytes."""

from __future__ import annotations

import io
import json

import pytest
from support.canary import CANARY, assert_silent

from haulage import events
from haulage.errors import StagingFailed
from haulage.progress import JsonProgress, PlainProgress, text
from haulage.progress.board import Board
from haulage.result import CartMember, CartResult

URL = f"cart://me:{CANARY}@host/carts/1234?filename=data&sig={CANARY}"
SPOKEN = "http://host/carts/1234"
DIGEST = {"sha1": "a" * 40}
MEMBERS = (CartMember("/x/data/a", 10, DIGEST, "a"), CartMember("/x/data/\u202eb", 2, DIGEST, "\u202eb"))


def result():
    """Return what arrived."""
    made = CartResult("cart://host/carts/1234", {"size": 10240}, "/x/data", None, seconds=0.5)
    made.members = MEMBERS
    return made


def story(key="data"):
    """Return the events of a cart."""
    return [
        events.Staging(key, URL, "queued\x1b[2J", f"see http://other/?{CANARY}", 4.0),
        events.AttemptStarted(key, URL, 1),
        events.HeadersReceived(key, URL, {}, None),
        events.BytesReceived(key, URL, 10240, 10240),
        events.MemberUnpacked(key, URL, "a", 10, 1, 2),
        events.MemberUnpacked(key, URL, "\u202eb", 2, 2, 2),
        events.Succeeded(key, URL, result()),
    ]


def told(reader, *happened):
    """Hand events to a reader, and have it say at once what it says now and then."""
    reader.open()
    for event in happened:
        reader.take(event)
    reader._next_report = 0.0
    reader.draw(last=False)
    return reader._stream.getvalue()


def test_the_board_tells_the_phases_apart():
    """A cart is waited for, then its bytes and files are counted; the files say how much is done."""
    staging, started, headers, received, first, *_ = story()
    board = Board(1, now=0.0)
    board.take(staging, 5.0)
    (row,) = board.picture(6.0).rows
    assert (row.attempt, row.waited, row.members, row.fraction) == (0, 5.0, None, None)
    assert row.staging == "queued\N{REPLACEMENT CHARACTER}[2J (see http://other/?…"
    board.take(started, 7.0)
    board.take(headers, 7.0)
    board.take(received, 8.0)
    (row,) = board.picture(8.0).rows
    assert (row.attempt, row.waited, row.received, row.members, row.fraction) == (1, None, 10240, None, None)
    board.take(first, 8.0)
    picture = board.picture(8.0)
    (row,) = picture.rows
    assert (row.members, row.members_total, row.fraction, picture.fraction) == (1, 2, 0.5, 0.5)


def test_what_is_given_up_is_no_longer_waited_for():
    """A failure while it is staged ends its row; another attempt begins with no files."""
    board = Board(None, now=0.0)
    board.take(story()[0], 1.0)
    board.take(events.Failed("data", URL, StagingFailed("no")), 2.0)
    picture = board.picture(2.0)
    assert (picture.rows, picture.failed) == ((), 1)
    for event in story()[1:5]:
        board.take(event, 3.0)
    board.take(events.AttemptStarted("data", URL, 2), 4.0)
    assert board.picture(4.0).rows[0].members is None


def test_plain_lines():
    """One line now and then says where a cart is, and at its end how many files came."""
    staging, *middle, last = story()
    shown = "haulage: cart://host/carts/1234?…: "
    said = told(PlainProgress(io.StringIO(), expected=1), staging)
    assert said == f"{shown}waiting for 4.0 s: queued\N{REPLACEMENT CHARACTER}[2J (see http://other/?…\n"
    said = told(PlainProgress(io.StringIO(), expected=1), *middle)
    assert said.startswith(f"{shown}10.0 KiB, 2 of 2 files, ")
    said = told(PlainProgress(io.StringIO(), expected=1), *story())
    assert said == f"{shown}saved /x/data, 2 files, 10.0 KiB in 0.50 s\n"
    said = told(PlainProgress(io.StringIO(), verbose=True), *story())
    assert_silent(said, "the lines")
    lines = said.splitlines()
    assert lines[0].startswith(f"{shown}waiting for 4.0 s: queued")
    assert lines[-3:] == [
        f"{shown}a, 10 B, sha1:{'a' * 40}",
        f"{shown}\\u202eb, 2 B, sha1:{'a' * 40}",
        f"{shown}saved /x/data, 2 files, 10.0 KiB in 0.50 s",
    ]
    assert last.result.members == MEMBERS


@pytest.mark.parametrize(("width", "words"), [(110, "10.0 KiB, 1/2 files"), (40, "50%")])
def test_the_live_display(width, words):
    """A row says what a cart is waiting for, then its files; the sum knows how far it is."""
    pytest.importorskip("rich")
    from rich.console import Console

    from haulage.progress.drawing import Screen

    drawn = io.StringIO()
    screen = Screen(Console(file=drawn, width=width, height=20, legacy_windows=False))
    board = Board(1, now=0.0)
    board.take(story()[0], 4.0)
    lines = [line.plain for line in screen._lines(board.picture(5.0))]
    assert "waiting for 5.0 s: queued" in lines[0]
    for event in story()[1:5]:
        board.take(event, 6.0)
    row, total, _ = (line.plain for line in screen._lines(board.picture(6.0)))
    assert words in row
    assert "50%" in row
    assert "50%" in total
    assert row.isprintable()


def test_many_files_fit_into_their_column():
    """Where bytes and files are too long together, the files are shown."""
    pytest.importorskip("rich")
    from haulage.progress.drawing import _row_amount

    board = Board(1, now=0.0)
    for event in story()[1:4]:
        board.take(event, 1.0)
    board.take(events.MemberUnpacked("data", URL, "a", 1, 54321, 100_000), 1.0)
    assert _row_amount(board.picture(1.0).rows[0]) == "54321/100000 files"
    board.take(events.MemberUnpacked("data", URL, "a", 1, 543, 1000), 1.0)
    assert _row_amount(board.picture(1.0).rows[0]) == "10.0 KiB, 543/1000"
    board.take(events.MemberUnpacked("data", URL, "a", 1, 7, None), 1.0)
    assert _row_amount(board.picture(1.0).rows[0]) == "10.0 KiB, 7 files"


def test_json_lines():
    """Each phase has an event of its own; the last file is told at any time, the others now and then."""
    reader = JsonProgress(io.StringIO())
    many = [events.MemberUnpacked("data", URL, str(count), 1, count, 5000) for count in range(1, 5001)]
    said = told(reader, *story()[:4], *many, story()[-1])
    assert_silent(said, "the events")
    lines = [json.loads(line) for line in said.splitlines()]
    assert [line["event"] for line in lines] == ["staging", "started", "headers", "unpacked", "succeeded"]
    staging, *_, unpacked, succeeded = lines
    assert (staging["key"], staging["elapsed"]) == ("data", 4.0)
    assert (staging["status"], staging["message"]) == ("queued\N{REPLACEMENT CHARACTER}[2J", "see http://other/?…")
    assert (unpacked["member"], unpacked["count"], unpacked["total"]) == ("5000", 5000, 5000)
    assert succeeded["members"][0] == {"path": "/x/data/a", "size": 10, "digests": DIGEST, "name": "a"}
    assert reader._next == {}


def test_a_failure_names_a_cart_once():
    """The URL that is asked over HTTP is the cart's own, and is not repeated."""
    line = text.failure_line(URL, StagingFailed("staging failed: x", url=SPOKEN))
    assert line == "haulage: cart://host/carts/1234?…: staging failed: x"
    line = text.failure_line(URL.replace("cart:", "cart+https:"), StagingFailed("x", url="https://host/carts/1234"))
    assert line == "haulage: cart+https://host/carts/1234?…: x"
    assert text.failure_line(URL, StagingFailed("x", url="http://host/other")).endswith(" [http://host/other]")


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("a/b ü", "a/b ü"),
        ("a\\b", "a\\\\b"),
        ("\x1b[2J\t\n\u202e\u2028\ud800\U000e0001", "\\x1b[2J\\t\\n\\u202e\\u2028\\ud800\\U000e0001"),
    ],
)
def test_escapes_say_what_they_stand_for(given, shown):
    """What cannot be printed is shown so that it can be told what it was."""
    assert text.escaped(given) == shown
    assert text.escaped(given).encode("ascii", "backslashreplace").decode("unicode_escape") == given
