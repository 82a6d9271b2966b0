"""What a cart service says, and when it is asked again."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from haulage.errors import (
    CartNotFound,
    CartNotReady,
    MalformedRequest,
    NotACartService,
    StagingFailed,
)
from haulage.rules.carts import (
    CartStatus,
    check_answer,
    check_filename,
    check_timeout,
    download_url,
    poll_wait,
    read_status,
)


def said(word: str, message: str = "") -> dict[str, str]:
    """Return the headers of an answer to HEAD."""
    return {"X-Pacifica-Status": word, "X-Pacifica-Message": message}


def test_statuses() -> None:
    """Ready is ready, an error is one, and anything else means to wait."""
    assert read_status(204, said("ready")) == CartStatus(True, "ready", "")
    assert read_status(204, said(" Staging ", "two of three")) == CartStatus(False, "staging", "two of three")
    assert not read_status(204, said("deep frozen")).is_ready
    with pytest.raises(CartNotFound):
        read_status(404, said("error", "No cart with uid"))
    with pytest.raises(StagingFailed, match="the tape is torn"):
        read_status(500, said("error", "the tape is torn"))
    with pytest.raises(StagingFailed, match="no reason"):
        read_status(204, {"X-Pacifica-Status": "error"})
    for status, headers in ((204, {}), (200, {}), (500, {}), (404, said("staging")), (302, said("ready"))):
        with pytest.raises(NotACartService):
            read_status(status, headers)


@pytest.mark.parametrize(
    ("method", "status", "kind", "error"),
    [
        ("POST", 201, "", None),
        ("POST", 200, "text/html", NotACartService),
        ("POST", 202, "", NotACartService),
        ("POST", 404, "", NotACartService),
        ("POST", 503, "", None),  # an HTTP error like any other, for somebody else
        ("HEAD", 404, "", NotACartService),
        ("GET", 200, "application/octet-stream", None),
        ("GET", 200, "", None),
        ("GET", 200, "application/json; charset=utf-8", NotACartService),
        ("GET", 200, "Text/HTML", NotACartService),
        ("GET", 202, "", CartNotReady),
        ("GET", 404, "", CartNotFound),
        ("DELETE", 200, "", None),
        ("DELETE", 204, "", None),
        ("DELETE", 302, "", NotACartService),
        ("DELETE", 404, "", CartNotFound),
    ],
)
def test_answers(method: str, status: int, kind: str, error: type[Exception] | None) -> None:
    """What is below 400 has to be what a cart service answers."""
    if error is None:
        check_answer(method, status, {"Content-Type": kind})
        return
    with pytest.raises(error):
        check_answer(method, status, {"Content-Type": kind})


@given(st.floats(0, 1e6), st.floats(0, 1))
def test_waits_between_polls(elapsed: float, luck: float) -> None:
    """Never busy, never longer than a share of what was waited, or ten seconds."""
    wait = poll_wait(elapsed, lambda low, high: low + (high - low) * luck)
    assert 0.025 <= wait <= 10
    assert wait <= max(0.05, elapsed / 8)


def test_a_cart_that_is_ready_soon_is_noticed_soon() -> None:
    """Within two seconds no wait is longer than a quarter of a second, and an hour is looked at hundreds of times."""
    elapsed, polls = 0.0, 0
    while elapsed < 3600:
        wait = poll_wait(elapsed, lambda _, high: high)
        assert elapsed > 2 or wait <= 0.25
        elapsed, polls = elapsed + wait, polls + 1
    assert 350 < polls < 450


@pytest.mark.parametrize("timeout", [0, -1, -0.0, math.nan, True, "5", None, [5]])
def test_odd_timeouts(timeout: object) -> None:
    """A time to wait is a number above 0."""
    with pytest.raises(MalformedRequest, match="above 0"):
        check_timeout(timeout)


def test_timeouts() -> None:
    """Whole, broken and infinite ones."""
    assert [check_timeout(value) for value in (1, 0.5, math.inf)] == [1.0, 0.5, math.inf]


def test_file_names() -> None:
    """The directory has the name that the archive is asked for by, less its suffix."""
    assert [check_filename(name) for name in ("data", "data.tar", "a b", "é.x", "x.tar.gz")] == [
        *("data", "data", "a b", "é.x", "x.tar.gz"),
    ]


def test_urls_for_downloading() -> None:
    """The scheme says that it is a cart, and the name is quoted."""
    assert download_url("http://h/p/u", "a b") == "cart://h/p/u?filename=a%20b"
    assert download_url("https://h/u", "é") == "cart+https://h/u?filename=%C3%A9"
    for url, name in (("cart://h/u", "x"), ("ftp://h", "x"), ("", "x"), (7, "x"), ("http://h/u", "a/b")):
        with pytest.raises(MalformedRequest):
            download_url(url, name)
