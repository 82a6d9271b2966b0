"""Every kind of failure has an exit code, one line on standard error, and leaves nothing."""

from __future__ import annotations

import asyncio
import pickle

import pytest

from haulage import errors
from haulage.cli.exits import Exit, exit_for, table
from haulage.transport.status import status_error


@pytest.fixture
def check(haulage, inside):
    """Run ``get`` without retries and hold it to a code, to one line and to an empty directory."""

    def run(code, *arguments):
        ended = inside("get", "--retries", 0, *arguments)
        _judge(haulage, code, ended)

    return run


def _judge(haulage, code, ended):
    assert ended.code == code, ended.err
    assert len(ended.lines) == 1
    assert ended.err.startswith("haulage: ")
    assert ended.out == b""
    assert haulage.left() == []


@pytest.mark.parametrize(
    ("code", "path", "options"),
    [
        (6, "/_/status/401", []),
        (6, "/_/status/407", []),
        (7, "/_/status/410", []),
        (8, "/_/status/503", []),
        (9, "/_/slow?size=100000&chunk=10&delay=0.2", ["--timeout", "0.4"]),
        (9, "/_/slow?size=100000&chunk=10&delay=0.1", ["--low-speed-limit", "10K", "--low-speed-time", "0.5"]),
        (10, "/_/bytes/11", ["--size", "10"]),
        (11, "/_/status/204", []),
        (12, "/_/redirect?to=file:///etc/hostname", []),
        (12, "/_/redirects/99", []),
    ],
)
def test_http_failures(check, depot, code, path, options):
    """What a server does to us leads to the documented code."""
    check(code, f"{depot.url}{path}", *options)


def test_no_connection(check, refused_port):
    """A refused connection is a network failure."""
    check(4, f"http://127.0.0.1:{refused_port}/x")


def test_no_such_name(check):
    """A name that cannot exist is a network failure."""
    check(4, "http://haulage.invalid/x")


def test_untrusted(check, tls_depot):
    """An unknown authority is a failure of trust."""
    check(5, f"{tls_depot.url}/_/bytes/1")


async def test_cut_off(haulage, raw):
    """A body that ends too early is a failure of the protocol."""
    server = await raw(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort")
    # The server is on this loop, so the command has to be a process of its own.
    _judge(haulage, 11, await asyncio.to_thread(haulage, "get", "--retries", 0, f"{server.url}/x"))


@pytest.mark.parametrize("where", [["-o", "/"], ["-o", "missing/x"], ["-d", "missing"]])
def test_destinations(check, depot, where):
    """A directory as the file, or a directory that is missing, is a failure of the file system."""
    check(3, f"{depot.url}/_/bytes/1", *where)
    assert depot.requests == ()


def test_full_disk(check, depot):
    """A device without space is a failure of the file system."""
    check(3, f"{depot.url}/_/bytes/1", "-o", "/dev/full")


def test_missing_source(check):
    """A file: URL that names nothing is not found."""
    check(7, "file:///haulage/is/not/here")


def test_the_table_is_complete():
    """Every error of the library has a code of its own kind, and every code a meaning."""
    unexpected = []
    for name in errors.__all__:
        kind = getattr(errors, name)
        error = kind.__new__(kind)
        if exit_for(error) == Exit.UNEXPECTED:
            unexpected.append(name)
    # The root says nothing, and misuse is a mistake in the command itself.
    assert sorted(unexpected) == ["DownloadError", "DownloaderMisuseError"]
    assert all(f"{code.value:>3}  " in table() for code in Exit)


def test_codes_of_status_errors_survive_pickling():
    """The code depends on the error's class and facts only."""
    for status, code in ((401, 6), (403, 6), (407, 6), (404, 7), (410, 7), (418, 8), (500, 8)):
        error = status_error(status, "", {}, "http://host/")
        assert exit_for(error) == exit_for(pickle.loads(pickle.dumps(error))) == code
