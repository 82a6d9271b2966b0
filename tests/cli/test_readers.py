"""The event readers by themselves: quick, silent when they break, and harmless to a terminal."""

from __future__ import annotations

import io
import json
import time

import pytest

from haulage import events
from haulage.errors import ConnectionFailed, StorageError
from haulage.progress import JsonProgress, PlainProgress, RichProgress, text
from haulage.progress.board import Board
from haulage.result import DownloadResult

URL = "http://me:sekrit@host/file.bin?token=sekrit"
RESULT = DownloadResult("http://host/file.bin", {"size": 1000, "sha256": "a" * 64}, "/x/file.bin", None, seconds=0.5)


def story(key=1):
    """Return the events of a download with a retry."""
    return [
        events.AttemptStarted(key, URL, 1),
        events.Retrying(key, URL, ConnectionFailed("lost", url=URL), 0.5),
        events.AttemptStarted(key, URL, 2),
        events.HeadersReceived(key, URL, {}, 1000),
        events.BytesReceived(key, URL, 1000, 1000),
        events.Succeeded(key, URL, RESULT),
    ]


def readers(stream):
    """Return one reader of each kind on *stream*."""
    from rich.console import Console

    console = Console(file=stream, force_terminal=True, width=100, height=20, legacy_windows=False)
    return [
        PlainProgress(stream, expected=2),
        PlainProgress(stream, expected=2, verbose=True),
        JsonProgress(stream),
        RichProgress(console, expected=2),
    ]


class Broken(io.StringIO):
    """A stream that cannot be written to."""

    def write(self, _text):
        raise OSError(5, "broken")


@pytest.mark.parametrize("which", range(4))
def test_secrets_are_not_written(which):
    """Whatever URL the events hold, its secrets are not shown."""
    stream = io.StringIO()
    with readers(stream)[which] as reader:
        for event in [*story(), events.Failed(2, URL, ConnectionFailed("lost", url=URL))]:
            reader(event)
    assert "host/file.bin" in stream.getvalue()
    assert "sekrit" not in stream.getvalue()


@pytest.mark.parametrize("which", range(4))
def test_a_broken_stream_never_reaches_the_engine(which):
    """A reader that cannot write falls silent, says so once, and raises nothing."""
    told = []
    reader = readers(Broken())[which]
    reader._on_error = told.append
    if which == 3:
        # A display that cannot even begin is its owner's matter.
        with pytest.raises(OSError, match="broken"):
            reader.__enter__()
        return
    with reader:
        for _ in range(3):
            for event in [*story(), events.Failed(2, URL, ConnectionFailed("lost"))]:
                reader(event)
    assert [type(error) for error in told] == [OSError]


def test_events_that_cannot_be_noted_never_reach_the_engine():
    """An event of a strange shape silences a reader at most."""
    with JsonProgress(io.StringIO()) as reader:
        reader(events.AttemptStarted([], URL, 1))
        reader(events.BytesReceived([], URL, 1, 1))
    assert isinstance(reader.error, TypeError)


def test_control_characters_do_not_reach_the_terminal():
    """What a server or a URL says cannot move the cursor or begin a line."""
    stream = io.StringIO()
    with PlainProgress(stream) as reader:
        reader(events.Failed(1, "http://host/\x1b[2J", ConnectionFailed("a\nb\x1b]0;c\u202e")))
    assert stream.getvalue().count("\n") == 1
    assert "\x1b" not in stream.getvalue()
    assert "\u202e" not in stream.getvalue()


def test_ten_thousand_small_files_cost_next_to_nothing():
    """An event costs microseconds on the loop, whatever is drawn, and the lines stay few."""
    for reader in readers(stream := io.StringIO()):
        reader._is_few = False
        with reader:
            since = time.thread_time()
            for key in range(2_000):
                for event in story(key):
                    reader(event)
            spent = time.thread_time() - since
        assert spent / (2_000 * 6) < 50e-6, type(reader)
        assert reader.error is None
    assert "2000" in stream.getvalue()


def test_the_board_keeps_only_what_is_under_way():
    """Ended downloads are counts; speed and time left follow the clock."""
    board = Board(3, now=0.0)
    for event in story("a"):
        board.take(event, 1.0)
    board.take(events.AttemptStarted("b", URL, 1), 1.0)
    board.take(events.HeadersReceived("b", URL, {}, 4000), 1.0)
    board.take(events.BytesReceived("b", URL, 1000, 1000), 2.0)
    picture = board.picture(2.0)
    assert (picture.succeeded, picture.retried, picture.total, len(picture.rows)) == (1, 1, None, 1)
    (row,) = picture.rows
    assert (row.name, row.received, row.speed, row.seconds_left) == ("b", 1000, 1000.0, 3.0)
    board.take(events.AttemptStarted("c", URL, 1), 2.0)
    board.take(events.HeadersReceived("c", URL, {}, 5000), 2.0)
    picture = board.picture(2.0)
    assert (picture.received, picture.total, picture.fraction) == (2000, 10_000, 0.2)
    board.take(events.Retrying("b", URL, ConnectionFailed("lost"), 4.0), 3.0)
    assert board.picture(4.0).rows[0].wait == 3.0
    board.take(events.Failed("b", URL, ConnectionFailed("lost")), 5.0)
    picture = board.picture(5.0)
    assert (picture.failed, picture.ended, [row.name for row in picture.rows]) == (1, 2, ["c"])


def test_an_attempt_that_begins_again_has_no_negative_speed():
    """After a failed attempt the bytes begin at nothing."""
    board = Board(None, now=0.0)
    for received, now in ((5000, 1.0), (None, 2.0), (100, 3.0)):
        board.take(
            events.AttemptStarted(1, URL, 2) if received is None else events.BytesReceived(1, URL, 100, received), now
        )
        assert all(row.speed >= 0 for row in board.picture(now).rows)


def test_words():
    """Sizes and times read well at the edges."""
    assert [text.size(count) for count in (0, 1, 1023, 1024, 1536, 1 << 20, (1 << 20) - 1)] == [
        *("0 B", "1 B", "1023 B", "1.0 KiB", "1.5 KiB", "1.0 MiB", "1.0 MiB"),
    ]
    assert [text.duration(seconds) for seconds in (0, 0.25, 1, 9.96, 59, 60, 3599.9, 3600)] == [
        *("0.00 s", "0.25 s", "1.0 s", "10 s", "59 s", "1:00", "1:00:00", "1:00:00"),
    ]


def test_a_failure_line_is_one_line_with_all_facts():
    """URL, message, attempts and the place where it happened stand in one line."""
    error = StorageError("disk\nbroken", filename="/x/y", url="http://other/z?token=sekrit")
    error.attempts = 3
    assert text.failure_line(URL, error) == (
        "haulage: http://host/file.bin?…: disk broken: '/x/y' [http://other/z?…], after 3 attempts"
    )
    assert text.failure_line(URL, ValueError("odd http://a/?b=sekrit")) == (
        "haulage: http://host/file.bin?…: unexpected ValueError: odd http://a/?…"
    )


def test_json_lines_of_other_keys():
    """A key that is neither text nor a number is told as text."""
    stream = io.StringIO()
    with JsonProgress(stream) as reader:
        reader(events.AttemptStarted(("a", 1), URL, 1))
    assert json.loads(stream.getvalue().splitlines()[0])["key"] == "('a', 1)"
