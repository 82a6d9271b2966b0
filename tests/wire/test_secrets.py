"""A secret that is put in comes out nowhere: not in a repr, an error, its chain or its pickle, an event or a log."""

from __future__ import annotations

import logging
import socket
import traceback
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from support.canary import CANARY, assert_silent, inspect_error, with_secrets
from support.pem import other_key
from support.raw import Call, RawServer, ok

import haulage
from haulage import events
from haulage.depot import Depot

OpenRaw = Callable[..., Awaitable[RawServer]]

BODY = b"hello\n"


@pytest.fixture(autouse=True)
def logs(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    """Everything that is logged, by anybody, down to DEBUG."""
    caplog.set_level(logging.DEBUG)
    for name in ("haulage", "asyncio", "aiohttp", "aiohttp.client", "aiohttp.internal"):
        caplog.set_level(logging.DEBUG, logger=name)
    return caplog


async def attempt(
    url: str, logs: pytest.LogCaptureFixture, observer: events.Observer | None = None, **settings: Any
) -> BaseException | None:
    """Download *url* with all secrets there are, and look everywhere. Returns the error, if there was one."""
    settings = {
        "username": "ann",
        "password": CANARY,
        "headers": {"X-Token": CANARY, "Cookie": f"session={CANARY}"},
        "max_retries": 1,
        **settings,
    }
    failure: BaseException | None = None
    try:
        remote = haulage.Remote(**settings)
        assert_silent(repr(remote), "the repr of the remote")
        assert_silent(str(remote), "the str of the remote")
        async with haulage.DownloaderFactory(remote) as factory:
            assert_silent(repr(factory), "the repr of the factory")
            downloader = factory.build(url, observer=observer)
            assert_silent(repr(downloader), "the repr of the downloader")
            try:
                result = await downloader.run()
            finally:
                assert_silent(repr(downloader), "the repr of the downloader afterwards")
            assert_silent(repr(result), "the repr of the result")
            assert_silent(str(result), "the str of the result")
            assert_silent(f"{result}", "the formatted result")
    except haulage.DownloadError as error:
        inspect_error(error)
        failure = error
    assert_silent(logs.text, "a log")
    for record in logs.records:
        assert_silent(record.getMessage(), "a log record")
    return failure


async def test_success(depot: Depot, logs: pytest.LogCaptureFixture) -> None:
    """A good download tells no secrets, and did use them."""
    assert await attempt(with_secrets(f"{depot.url}/_/bytes/10"), logs) is None
    assert CANARY in depot.requests[0].target
    assert depot.requests[0].header("X-Token") == CANARY


@pytest.mark.usefixtures("eager")
@pytest.mark.parametrize("path", ["/_/bytes/10", "/_/status/503", "/_/status/503?times=1", "/_/redirect?to=/_/bytes/1"])
async def test_events(depot: Depot, logs: pytest.LogCaptureFixture, path: str) -> None:
    """No event tells a secret, be it of success, of failure or of a further attempt."""
    seen: list[events.Event] = []
    await attempt(with_secrets(depot.url + path), logs, seen.append)
    assert seen
    for event in seen:
        assert_silent(repr(event), "an event")


@pytest.mark.usefixtures("eager")
@pytest.mark.parametrize("status", [400, 401, 403, 404, 407, 429, 500, 503])
async def test_statuses(depot: Depot, logs: pytest.LogCaptureFixture, status: int) -> None:
    """A refusal tells no secrets, retried or not."""
    error = await attempt(with_secrets(f"{depot.url}/_/status/{status}"), logs)
    assert isinstance(error, haulage.DownloadError)


@pytest.mark.usefixtures("eager")
@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhello",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"garbage\r\n\r\n",
        b"HTTP/1.1 204 No Content\r\n\r\n",
        b"HTTP/1.1 302 Found\r\nContent-Length: 0\r\n\r\n",
        ok(BODY, "Content-Encoding: gzip"),
        ok(BODY, f"Location: ftp://h/?sig={CANARY}", status="302 Found"),
        ok(BODY, f"Location: http://h:99999/?sig={CANARY}", status="302 Found"),
        ok(BODY, f"Location: http://eve:{CANARY}@[bad/", status="302 Found"),
        ok(BODY, f"Location: /?sig={CANARY}", status="302 Found"),
        ok(BODY, f"Set-Cookie: session={CANARY}", status="403 Forbidden"),
    ],
    ids=[
        *("closed", "cut", "chunks", "garbage", "204", "no-location", "gzip"),
        *("scheme", "port", "authority", "loop", "cookie"),
    ],
)
async def test_faults(raw: OpenRaw, logs: pytest.LogCaptureFixture, answer: bytes) -> None:
    """A fault of the server tells no secrets."""
    server = await raw(answer)
    assert await attempt(with_secrets(server.url + "/x"), logs) is not None


async def test_validation(depot: Depot, logs: pytest.LogCaptureFixture) -> None:
    """A failed proof tells no secrets."""
    url = with_secrets(f"{depot.url}/_/bytes/10")
    for expected in ({"expected_size": 11}, {"expected_digests": {"sha256": "0" * 64}}):
        with pytest.raises(haulage.ValidationError) as caught:
            await haulage.HttpDownloader(url, **expected).run()  # type: ignore[arg-type]
        inspect_error(caught.value)
    with pytest.raises(haulage.UnsupportedDigestValidationError) as unsupported:
        haulage.HttpDownloader(url, expected_digests={"md5": "0" * 32})
    inspect_error(unsupported.value)
    assert await attempt(url, logs, max_size=5) is not None


async def test_no_server(logs: pytest.LogCaptureFixture) -> None:
    """A server that cannot be reached or found tells no secrets."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}/x"
        assert await attempt(with_secrets(url), logs, max_retries=0) is not None
    assert await attempt(with_secrets("http://no-such-host.invalid/x"), logs, max_retries=0) is not None


async def test_timeouts(raw: OpenRaw, logs: pytest.LogCaptureFixture) -> None:
    """A timeout tells no secrets."""
    server = await raw(Call.gone)
    for limit in ({"sock_read_timeout": 0.1}, {"total_timeout": 0.1}):
        assert await attempt(with_secrets(server.url), logs, max_retries=0, **limit) is not None


async def test_tls(tls_depot: Depot, logs: pytest.LogCaptureFixture) -> None:
    """A certificate that is refused tells no secrets."""
    assert await attempt(with_secrets(f"{tls_depot.url}/_/bytes/1"), logs) is not None


@pytest.mark.usefixtures("eager")
@pytest.mark.parametrize(
    "answer", [b"", ok(b"", status="407 Proxy Authentication Required"), ok(b"", status="502 No"), b"?\r\n\r\n"]
)
@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_proxies(raw: OpenRaw, logs: pytest.LogCaptureFixture, answer: bytes, scheme: str) -> None:
    """A proxy that fails tells neither its own secrets nor the server's."""
    server = await raw(answer)
    url = with_secrets(f"{scheme}://origin.invalid/x")
    proxies: list[dict[str, Any]] = [
        {"proxy_url": server.url.replace("://", f"://cyd:{CANARY}@")},
        {"proxy_url": server.url, "proxy_username": "cyd", "proxy_password": CANARY},
    ]
    for proxy in proxies:
        assert await attempt(url, logs, **proxy) is not None


async def test_proxy_that_is_not_there(logs: pytest.LogCaptureFixture) -> None:
    """A proxy that cannot be reached tells no secrets."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        proxy = f"http://cyd:{CANARY}@127.0.0.1:{unused.getsockname()[1]}"
        assert await attempt("http://origin.invalid/", logs, proxy_url=proxy, max_retries=0) is not None


async def test_redirect_to_another_origin(depot: Depot, other_depot: Depot, logs: pytest.LogCaptureFixture) -> None:
    """An error at another origin tells neither the old secrets nor those in the Location."""
    location = quote(f"{other_depot.url}/_/status/404?sig={CANARY}", safe="")
    error = await attempt(with_secrets(f"{depot.url}/_/redirect?to={location}"), logs)
    assert isinstance(error, haulage.HttpFileNotFound)
    assert CANARY not in repr(other_depot.requests[0].headers)


@pytest.mark.parametrize(
    "url",
    [
        f"http://bob:{CANARY}@h:99999/?sig={CANARY}",
        f"http://bob:{CANARY}@x@h/?sig={CANARY}",
        f"http://bob:{CANARY}@/?sig={CANARY}",
        f"http://bob:{CANARY}@h/a\nb?sig={CANARY}",
        f"gopher://bob:{CANARY}@h/?sig={CANARY}",
        f"bob:{CANARY}@h/?sig={CANARY}",
        f"//bob:{CANARY}@h/?sig={CANARY}",
        f"http:/bob:{CANARY}@h/?sig={CANARY}",
        f"http:bob:{CANARY}@h",
        f"http://[bob:{CANARY}@h/",
        f"http://h#token={CANARY}",
        f"https://bob:{CANARY}@",
        f"https://bob:{CANARY}@h/\ud800?sig={CANARY}",
    ],
)
def test_bad_urls(url: str) -> None:
    """A URL that is refused is not repeated with its secrets in the refusal."""
    try:
        haulage.DownloaderFactory().build(url)
    except haulage.DownloadError as error:
        inspect_error(error)
    try:
        haulage.HttpDownloader(url)
    except haulage.DownloadError as error:
        inspect_error(error)


@pytest.mark.parametrize(
    "settings",
    [
        {"headers": {"X-Token": f"{CANARY}\r\nX: y"}},
        {"username": f"{CANARY}:x", "password": "p"},
        {"username": "ann", "password": f"{CANARY}\r\n"},
        {"username": "ann", "password": f"{CANARY}\ud800"},
        {"headers": {"X-Token": f"{CANARY}\ud800"}},
        {"headers": {f"Authorization: Bearer {CANARY}": ""}},
        {"url": f"http://ann:{CANARY}@h:99999/"},
        {"url": f"http://ann:{CANARY}@h/\ud800"},
        {"url": f"http://ann:{CANARY}@h/", "username": "bob"},
        {"proxy_url": f"http://ann:{CANARY}@h:99999/"},
        {"proxy_url": f"socks5://ann:{CANARY}@h/"},
        {"password": CANARY},
        {"client_cert": "x", "client_key": f"-----BEGIN NONSENSE-----\n{CANARY}\n"},
    ],
    ids=str,
)
def test_bad_settings(settings: dict[str, Any]) -> None:
    """A setting that is refused is not repeated in the refusal."""
    with pytest.raises(haulage.SettingsError) as caught:
        haulage.Remote(**settings)
    inspect_error(caught.value)


def test_keys_are_not_shown(tls_depot: Depot) -> None:
    """A private key is in no repr, nor in the error about it."""
    cert, key = tls_depot.issue_client_certificate("ann")
    secret = key.splitlines()[1]
    assert secret not in repr(haulage.Remote(client_cert=cert, client_key=key))
    assert secret not in repr(haulage.Remote(client_cert=f"{cert}\n{key}"))
    wrong = other_key()
    with pytest.raises(haulage.SettingsError) as caught:
        haulage.fetch(
            f"{tls_depot.url}/_/bytes/1",
            remote=haulage.Remote(client_cert=cert, client_key=wrong, ca_cert=tls_depot.ca_pem),
        )
    assert wrong.splitlines()[1] not in "".join(traceback.format_exception(caught.value))


async def test_secrets_are_in_no_file_name(depot: Depot, workplace: Path) -> None:
    """A file that is named by us is not named after the URL's secrets."""
    result = await haulage.HttpDownloader(with_secrets(f"{depot.url}/_/bytes/10")).run()
    assert_silent(result.path, "the path")
    assert_silent([path.name for path in workplace.iterdir()], "the directory")
