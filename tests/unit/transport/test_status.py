"""From an HTTP answer to an error."""

from __future__ import annotations

import aiohttp
import pytest

from haulage.transport.status import (
    AuthorizationFailure,
    HttpFileNotFound,
    HttpProxyAuthorizationFailure,
    HttpStatusError,
    RemoteServerError,
    status_error,
)

URL = "https://user:s3cret@host/a?sig=canary"


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        *((status, AuthorizationFailure) for status in (401, 403)),
        *((status, HttpFileNotFound) for status in (404, 410)),
        (407, HttpProxyAuthorizationFailure),
        *((status, HttpStatusError) for status in (400, 402, 408, 416, 418, 425, 429, 451, 499)),
        *((status, RemoteServerError) for status in (500, 501, 502, 503, 504, 505, 599)),
    ],
)
def test_each_status_has_its_class(status: int, kind: type[HttpStatusError]) -> None:
    """What the caller can do next decides."""
    error = status_error(status, "Words", {}, URL)
    assert type(error) is kind
    assert error.status == status


def test_the_transient_ones_are_these() -> None:
    """408, 425, 429, 500, 502, 503 and 504 may pass; only 429 is throttling."""
    errors = {status: status_error(status, "", {}, URL) for status in range(400, 600)}
    transient = {status for status, error in errors.items() if error.transient}
    assert transient == {408, 425, 429, 500, 502, 503, 504}
    assert {status for status, error in errors.items() if error.throttled} == {429}


def test_retry_after_is_read() -> None:
    """From the response's own headers, in any case of letters."""
    assert status_error(503, "", {"Retry-After": "12"}, URL).retry_after == 12.0
    assert status_error(503, "", {"Retry-After": "soon"}, URL).retry_after is None
    assert status_error(503, "", {}, URL).retry_after is None


def test_handlers_written_for_aiohttp_keep_working() -> None:
    """Status, message, headers, history and request_info are where they look for them, without secrets."""
    error = status_error(404, "Not Found", {"X-A": "1", "Set-Cookie": "canary"}, URL)
    with pytest.raises(aiohttp.ClientResponseError) as caught:
        raise error
    assert caught.value.status == 404
    assert "Not Found" in caught.value.message
    assert caught.value.headers is not None
    assert caught.value.headers["x-a"] == "1"
    assert "Set-Cookie" not in caught.value.headers
    assert str(caught.value.request_info.real_url) == "https://host/a"
    assert not caught.value.request_info.headers
    assert caught.value.history == ()


def test_the_reason_is_a_strangers_text() -> None:
    """What a server writes as a reason neither breaks the line nor speaks to the terminal."""
    text = str(status_error(404, "Not\x1b[31m\nFound\u2028\x9b", {}, URL))
    assert len(text.splitlines()) == 1
    assert not set(text) & set("\x1b\n\x9b\u2028")


def test_without_a_reason_the_status_is_enough() -> None:
    """HTTP/2-like servers send none."""
    assert str(status_error(404, "", {}, "http://host/")) == "HTTP 404 [http://host/]"
    assert "404" in repr(status_error(404, "", {}, URL))
    assert "canary" not in repr(status_error(404, "", {}, URL))
