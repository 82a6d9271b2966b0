"""A secret comes out nowhere, also aside: for those who debug, watch, cancel, abandon or look at the disk."""

from __future__ import annotations

import asyncio
import base64
import faulthandler
import io
import logging
import os
import pickle
import subprocess
import sys
import tempfile
import threading
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from support.canary import CANARY, assert_silent, inspect_error, with_secrets
from support.raw import Call, RawServer, ok

import haulage
from haulage import events
from haulage.depot import Depot

OpenRaw = Callable[..., Awaitable[RawServer]]

SECRETS: dict[str, Any] = {
    "username": "ann",
    "password": CANARY,
    "headers": {"Authorization": f"Bearer {CANARY}", "X-Api-Key": CANARY, "Cookie": f"session={CANARY}"},
}


async def never_ends(call: Call) -> None:
    """Begin a body and wait."""
    await call.send(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nhello")
    await call.gone()


@pytest.mark.usefixtures("eager")
@pytest.mark.parametrize("path", ["/_/bytes/2000000", "/_/status/503", "/_/redirect?to=/_/bytes/1", "/_/status/404"])
async def test_debug_mode(depot: Depot, caplog: pytest.LogCaptureFixture, path: str) -> None:
    """With asyncio's debug mode on, and every callback logged as a slow one, no secret is logged."""
    loop = asyncio.get_running_loop()
    loop.set_debug(True)
    loop.slow_callback_duration = 0
    caplog.set_level(logging.DEBUG)
    try:
        await haulage.download(with_secrets(depot.url + path), remote=haulage.Remote(**SECRETS, max_retries=1))
    except haulage.HttpStatusError as error:
        inspect_error(error)
    finally:
        loop.set_debug(False)
    assert "Executing" in caplog.text
    assert_silent(caplog.text, "a log")


async def test_who_looks_at_the_running_program(depot: Depot, workplace: Path) -> None:
    """Names of tasks, threads and files, and stacks, tell no secret while a download runs."""
    url = with_secrets(f"{depot.url}/_/slow?size=3000000&chunk=100000&delay=0.005")
    task = asyncio.ensure_future(haulage.download(url, remote=haulage.Remote(**SECRETS)))
    parts: set[str] = set()
    with tempfile.TemporaryFile() as dump:
        while not task.done():
            parts.update(os.listdir(workplace))
            assert_silent(repr(asyncio.all_tasks()), "a task")
            assert_silent([thread.name for thread in threading.enumerate()], "the name of a thread")
            stack = io.StringIO()
            task.print_stack(file=stack)
            assert_silent(stack.getvalue(), "a stack")
            faulthandler.dump_traceback(dump)
            await asyncio.sleep(0.01)
        dump.seek(0)
        assert_silent(dump.read(), "a dump of all stacks")
    assert parts, "the part was never seen"
    path = (await task).path
    assert path is not None
    assert_silent([*parts, path], "the name of a file")
    # Other tools note the URL there, signature and all.
    assert not hasattr(os, "listxattr") or os.listxattr(path) == []


async def test_cancelled(raw: OpenRaw) -> None:
    """A cancellation has no secret in its chain, and neither has the event about it."""
    server = await raw(never_ends)
    seen: list[events.Event] = []
    async with haulage.DownloaderFactory(haulage.Remote(**SECRETS)) as factory:
        task = asyncio.ensure_future(factory.build(with_secrets(server.url + "/x"), observer=seen.append).run())
        while not any(isinstance(event, events.BytesReceived) for event in seen):
            await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError) as caught:
            await task
    inspect_error(caught.value)
    assert isinstance(seen[-1], events.Failed)
    inspect_error(seen[-1].error)


async def test_an_error_of_the_callers_own(depot: Depot) -> None:
    """What a callback raises is passed on with nothing of ours in its chain."""

    def fail(_: object) -> None:
        raise RuntimeError

    with pytest.raises(RuntimeError) as caught:
        await haulage.HttpDownloader(with_secrets(f"{depot.url}/_/bytes/1"), headers_ready_callback=fail).run()
    inspect_error(caught.value)


@pytest.mark.blocks
async def test_synchronous_doors(depot: Depot) -> None:
    """An error that comes from another thread's loop tells no more than any other."""
    with pytest.raises(haulage.HttpFileNotFound) as caught:
        haulage.fetch(with_secrets(f"{depot.url}/_/status/404"), remote=haulage.Remote(**SECRETS))
    inspect_error(caught.value)


async def test_pickles(depot: Depot) -> None:
    """Results and events can be sent elsewhere; but for the URL the caller gave, no secret travels along."""
    seen: list[events.Event] = []
    url = depot.url.replace("://", f"://bob:{CANARY}@") + "/_/bytes/10"
    async with haulage.DownloaderFactory(haulage.Remote(**SECRETS)) as factory:
        result = await factory.build(url, observer=seen.append).run()
        with pytest.raises(haulage.HttpFileNotFound):
            await factory.build(with_secrets(f"{depot.url}/_/status/404"), observer=seen.append).run()
    assert_silent(pickle.dumps(result), "the pickle of the result")
    assert {type(event) for event in seen} > {events.Succeeded, events.Failed}
    for event in seen:
        assert_silent(pickle.dumps(event), "the pickle of an event")


@pytest.mark.parametrize(
    ("location", "error"),
    [
        ("{other}/_/bytes/1?sig={canary}", haulage.AddressNotAllowed),
        ("http://eve:{canary}@127.0.0.1:1/?sig={canary}", haulage.AddressNotAllowed),
        ("ftp://eve:{canary}@127.0.0.1/?sig={canary}", haulage.PolicyError),
        ("//eve:{canary}@h:99999/?sig={canary}", haulage.RedirectError),
        ("?sig={canary}", haulage.TooManyRedirects),
    ],
    ids=["private", "refused", "scheme", "port", "loop"],
)
async def test_redirects_that_are_refused(
    raw: OpenRaw, other_depot: Depot, location: str, error: type[haulage.DownloadError]
) -> None:
    """Neither the URL that was asked for nor the one it would lead to is told."""
    sent = location.format(other=other_depot.url, canary=CANARY)
    server = await raw(ok(b"", f"Location: {sent}", status="302 Found"))
    remote = haulage.Remote(**SECRETS, max_retries=0, allow_private_addresses=False)
    with pytest.raises(error) as caught:
        await haulage.download(with_secrets(server.url + "/x"), remote=remote)
    inspect_error(caught.value)
    assert other_depot.requests == ()


@pytest.mark.parametrize("status", ["404 No {secret}", "403 /x?sig={secret} refused", "599 {secret}", "503 {secret}"])
async def test_servers_that_repeat_the_request(raw: OpenRaw, status: str) -> None:
    """A secret that comes back in a reason phrase or in a header goes into no error and no event."""
    lines = [f"Location: /x?sig={CANARY}", f"Content-Location: /x?sig={CANARY}", f"Link: </x?sig={CANARY}>"]
    lines += [f"Refresh: 1; url=/x?sig={CANARY}", f"Set-Cookie: a={CANARY}", "Connection: close"]
    server = await raw(ok(b"", *lines, status=status.format(secret=CANARY)), ok(b"", *lines))
    with pytest.raises(haulage.HttpStatusError) as caught:
        await haulage.download(with_secrets(server.url + "/x"), remote=haulage.Remote(**SECRETS, max_retries=0))
    inspect_error(caught.value)
    seen: list[events.Event] = []
    await haulage.HttpDownloader(with_secrets(server.url + "/x"), observer=seen.append).run()
    assert_silent(repr(seen), "an event")


def test_slips_of_the_pen() -> None:
    """A token in the place of a user's name, and a key without its first line, are not shown."""
    for settings in (
        {"url": f"https://{CANARY}@host/"},
        {"username": CANARY},
        {"proxy_url": "http://host/", "proxy_username": CANARY},
    ):
        assert_silent(repr(haulage.Remote(**settings)), "the repr of the remote")
    key = base64.b64encode(f"{CANARY}{'x' * 40}".encode()).decode()
    with pytest.raises(haulage.SettingsError) as caught:
        haulage.Remote(client_cert="-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----", client_key=key)
    inspect_error(caught.value)


async def test_downgrade(tls_depot: Depot, depot: Depot) -> None:
    """A refused downgrade tells no secret."""
    location = quote(f"{depot.url}/_/bytes/1?sig={CANARY}", safe="")
    remote = haulage.Remote(**SECRETS, ca_cert=tls_depot.ca_pem)
    with pytest.raises(haulage.PolicyError) as caught:
        await haulage.download(with_secrets(f"{tls_depot.url}/_/redirect?to={location}"), remote=remote)
    inspect_error(caught.value)


async def test_a_key_leaves_no_file(
    strict_depot: Depot, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, workplace: Path
) -> None:
    """A private key goes through a file, for OpenSSL, which is gone afterwards, whether the key was good or not."""
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(scratch))
    cert, key = strict_depot.issue_client_certificate("ann")
    settings: dict[str, Any] = {"client_cert": cert, "ca_cert": strict_depot.ca_pem}
    await haulage.download(f"{strict_depot.url}/_/bytes/1", remote=haulage.Remote(**settings, client_key=key))
    _, other = strict_depot.issue_client_certificate("bob")
    with pytest.raises(haulage.SettingsError) as caught:
        await haulage.download(f"{strict_depot.url}/_/bytes/1", remote=haulage.Remote(**settings, client_key=other))
    assert not [line for line in other.splitlines()[1:-1] if line in str(caught.value)]
    assert list(scratch.iterdir()) == []
    assert len(list(workplace.iterdir())) == 1


ABANDONING = """
import asyncio, gc, sys
sys.path.insert(0, sys.argv[1])
from support.canary import CANARY, with_secrets
from support.raw import RawServer
import haulage
from haulage.events import BytesReceived

async def never_ends(call):
    await call.send(b"HTTP/1.1 200 OK\\r\\nContent-Length: 1000\\r\\n\\r\\nhello")
    await call.gone()

async def begin():
    server = await RawServer(never_ends).__aenter__()
    proxy = server.url.replace("://", f"://cyd:{CANARY}@")
    factory = haulage.DownloaderFactory(haulage.Remote(username="ann", password=CANARY, proxy_url=proxy))
    seen = []
    downloader = factory.build(with_secrets("http://origin.invalid/x"), observer=seen.append)
    task = asyncio.ensure_future(downloader.run())
    while not any(isinstance(event, BytesReceived) for event in seen):
        await asyncio.sleep(0.001)
    return task

loop = asyncio.new_event_loop()
kept = loop.run_until_complete(begin())
loop.close()
del kept
gc.collect()
"""


def test_abandoned(workplace: Path) -> None:
    """Who ends the loop in the middle of it all is told so by Python, asyncio and aiohttp, without a secret."""
    command = [sys.executable, "-X", "dev", "-c", ABANDONING, str(Path(__file__).parents[1])]
    ended = subprocess.run(command, cwd=workplace, capture_output=True, text=True, timeout=30, check=False)
    assert "Task was destroyed but it is pending" in ended.stderr
    assert "Unclosed c" in ended.stderr
    assert_silent(ended.stderr, "standard error")
    assert_silent(ended.stdout, "standard output")
