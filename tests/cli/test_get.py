"""``haulage get``: files that arrive, and what is left when they do not."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path

import pytest
from support.canary import CANARY

from haulage.depot import generated, generated_digest

SIZE = 300_000


@pytest.mark.case("F05")
def test_saves_under_the_name_in_the_url_without_its_query(haulage, depot):
    """A file is saved under the last part of the URL's path and proved."""
    (Path(depot._root) / "some file.bin").write_bytes(generated(SIZE))
    ended = haulage("get", f"{depot.url}/some%20file.bin?x=1", "--sha256", generated_digest(SIZE), "--size", SIZE)
    assert ended.code == 0, ended.err
    assert haulage.left() == ["some file.bin"]
    assert (haulage.home / "some file.bin").read_bytes() == generated(SIZE)
    assert ended.out == b""


@pytest.mark.case("F05")
def test_a_name_never_leaves_the_directory(haulage, inside, depot):
    """Dots and separators hidden in a URL make no path."""
    ended = inside("get", f"{depot.url}/_/status/200/..%2f..%2fescaped")
    assert ended.code == 0, ended.err
    assert haulage.left() == [".._.._escaped"]
    assert list(haulage.home.parent.glob("*escaped*")) == []


def test_output_and_directory(haulage, inside, depot):
    """-o names the file, -d the directory, and --create-dirs makes it."""
    url = f"{depot.url}/_/bytes/10?seed=1"
    assert inside("get", url, "-o", "a/b/named", "--create-dirs").code == 0
    assert inside("get", url, "-d", "a", "-q").code == 0
    assert haulage.left() == ["a", "a/10", "a/b", "a/b/named"]


def test_standard_output(haulage, depot):
    """-o - writes the bytes to standard output and words to standard error."""
    ended = haulage("get", f"{depot.url}/_/bytes/{SIZE}?seed=2", "-o", "-", "--sha256", generated_digest(SIZE, 2))
    assert ended.code == 0
    assert ended.out == generated(SIZE, 2)
    assert len(ended.lines) == 1
    assert "written" in ended.err


def test_a_device_is_written_to_and_not_replaced(haulage, inside, depot):
    """What goes to /dev/null goes there."""
    link = haulage.home / "null"
    link.symlink_to("/dev/null")
    ended = inside("get", f"{depot.url}/_/bytes/10?seed=1", "-o", link)
    assert ended.code == 0, ended.err
    assert link.is_symlink()
    assert Path("/dev/null").is_char_device()


def test_a_wrong_digest_leaves_nothing_new_and_the_old_as_it_was(haulage, inside, depot):
    """A refused file is not there, and does not replace what was there."""
    wrong = "0" * 64
    url = f"{depot.url}/_/bytes/{SIZE}?seed=3"
    ended = inside("get", url, "-o", "fresh", "--sha256", wrong, "--retries", 0)
    assert (ended.code, haulage.left()) == (10, [])
    assert len(ended.lines) == 1
    assert ended.err.startswith(f"haulage: {depot.url}/_/bytes/{SIZE}?…: sha256 digest is ")
    (haulage.home / "old").write_bytes(b"old")
    assert inside("get", url, "-o", "old", "--digest", f"sha512:{wrong * 2}", "--retries", 0).code == 10
    assert (haulage.home / "old").read_bytes() == b"old"
    assert inside("get", url, "-o", "old", "--digest", f"sha512:{generated_digest(SIZE, 3, 'sha512')}").code == 0
    assert hashlib.sha256((haulage.home / "old").read_bytes()).hexdigest() == generated_digest(SIZE, 3)


def test_one_failure_does_not_stop_the_others(haulage, depot):
    """Good files arrive, each failure has its line, and the first failure gives the exit code."""
    good = [f"{depot.url}/_/bytes/{size}" for size in (1000, 2000)]
    missing = f"{depot.url}/_/status/404"
    late = f"{depot.url}/_/status/500?times=1"
    ended = haulage("get", good[0], missing, good[1], late, "-j", 1, "--retries", 0)
    assert ended.code == 7
    assert haulage.left() == ["1000", "2000"]
    failures = [line for line in ended.lines if "HTTP" in line]
    assert failures == [
        f"haulage: {missing}: HTTP 404 Not Found",
        f"haulage: {late.partition('?')[0]}?…: HTTP 500 Internal Server Error",
    ]


def test_urls_for_one_file_are_refused_before_any_request(haulage, depot):
    """Two URLs that would meet in one file are a mistake in the command."""
    ended = haulage("get", f"{depot.url}/a/same", f"{depot.url}/b/same?token={CANARY}")
    assert ended.code == 2
    assert len(ended.lines) == 1
    assert "would both be saved as" in ended.err
    assert CANARY not in ended.err
    assert depot.requests == ()
    assert haulage.left() == []


def test_retries_are_told_and_succeed(haulage, inside, depot):
    """A 429 with Retry-After is waited for, and the wait is said."""
    ended = inside("get", f"{depot.url}/_/status/429?times=1&retry_after=1&size=10", "-o", "x")
    assert ended.code == 0
    assert re.search(r"HTTP 429 Too Many Requests; trying again in [12](\.\d+)? s", ended.err)
    assert "attempt 2" in ended.err


def test_quiet_says_nothing_but_failures(haulage, inside, depot):
    """-q is silent about success and has one line for a failure."""
    assert inside("get", "-q", f"{depot.url}/_/bytes/5").err == ""
    assert len(inside("get", "-q", f"{depot.url}/_/status/404").lines) == 1


def test_verbose_shows_digests_and_tracebacks_on_demand(haulage, depot):
    """-v shows what was proved; -v -v shows where a failure came from."""
    ended = haulage("get", "-v", f"{depot.url}/_/bytes/5?seed=1")
    assert f"sha256:{generated_digest(5, 1)}" in ended.err
    ended = haulage("get", f"{depot.url}/_/status/404", "-v", "-v")
    assert "Traceback" in ended.err
    ended = haulage("get", "nonsense", env={"HAULAGE_DEBUG": "1"})
    assert ended.code == 2
    assert "Traceback" in ended.err


def test_headers_reach_the_server(haulage, depot):
    """-H sends a header, and -H @FILE those of a file."""
    secrets = haulage.home / "headers.txt"
    secrets.write_text(f"X-Token: {CANARY}\n\nX-Other: 2\n")
    ended = haulage("get", f"{depot.url}/_/echo", "-o", "-", "-H", "X-One: 1", "-H", f"@{secrets}")
    assert ended.code == 0, ended.err
    seen = {name.lower(): value for name, value in json.loads(ended.out)["headers"]}
    assert (seen["x-one"], seen["x-token"], seen["x-other"]) == ("1", CANARY, "2")


@pytest.mark.parametrize("way", ["file", "environment", "url"])
def test_passwords(haulage, inside, monkeypatch, depot, way):
    """The password comes from a file, the environment or the URL, and is never shown."""
    url = f"{depot.url}/_/auth/me/sekrit?size=10"
    arguments = ["--user", "me"]
    if way == "file":
        (haulage.home / "password").write_text("sekrit\r\nmore\n")
        arguments += ["--password-file", "password"]
    elif way == "environment":
        monkeypatch.setenv("HAULAGE_PASSWORD", "sekrit")
    else:
        arguments, url = [], url.replace("http://", "http://me:sekrit@")
    ended = inside("get", url, "-o", "x", *arguments)
    assert ended.code == 0, ended.err
    # The path itself names the credentials; user information is gone.
    assert "@" not in ended.err


def test_tls_with_a_given_authority(haulage, inside, tls_depot):
    """--ca-cert makes the depot's certificate trusted, --insecure any."""
    (haulage.home / "ca.pem").write_text(tls_depot.ca_pem)
    url = f"{tls_depot.url}/_/bytes/10"
    assert inside("get", url, "-o", "a", "--ca-cert", "ca.pem").code == 0
    assert inside("get", url, "-o", "b", "--insecure").code == 0
    assert inside("get", url, "-o", "c").code == 5
    assert haulage.left() == ["a", "b", "ca.pem"]


def test_proxies_of_the_environment_are_honoured(haulage, refused_port):
    """http_proxy is asked for hosts that are not this machine."""
    ended = haulage(
        "get", "http://example.invalid/x", "--retries", 0, env={"http_proxy": f"http://127.0.0.1:{refused_port}"}
    )
    assert ended.code == 4
    assert "proxy" in ended.err


def test_limits(haulage, inside, depot):
    """--max-size refuses, and --limit-rate slows down."""
    url = f"{depot.url}/_/bytes/200K".replace("200K", str(200 * 1024))
    ended = inside("get", url, "--max-size", "100K")
    assert (ended.code, haulage.left()) == (12, [])
    ended = inside("get", url, "-o", "x", "--limit-rate", "400K", "--json")
    assert ended.code == 0
    succeeded = next(event for event in ended.events if event["event"] == "succeeded")
    assert succeeded["seconds"] > 0.2


def test_file_urls(haulage, inside, tmp_path):
    """A file on this machine is fetched and proved like any other."""
    source = tmp_path / "source.bin"
    source.write_bytes(generated(SIZE, 9))
    ended = inside("get", source.as_uri(), "--sha256", generated_digest(SIZE, 9).upper(), "--durable")
    assert ended.code == 0, ended.err
    assert (haulage.home / "source.bin").read_bytes() == generated(SIZE, 9)


def test_many_small_files(haulage, inside, depot):
    """More files than slots arrive, and get one line for all of them."""
    sizes = range(1, 151)
    ended = inside("get", "-j", 8, *(f"{depot.url}/_/bytes/{size}" for size in sizes))
    assert ended.code == 0, ended.err
    assert haulage.left() == sorted(map(str, sizes))
    assert len(ended.lines) == 1
    assert "150 of 150 done" in ended.err


def test_options_may_stand_between_urls(haulage, depot):
    """URLs and options come in any order."""
    ended = haulage("get", f"{depot.url}/_/bytes/5?a", "-q", "-o", "x")
    assert ended.code == 0
    ended = haulage("get", f"{depot.url}/_/bytes/5", "-q", f"{depot.url}/_/bytes/6")
    assert (ended.code, ended.err) == (0, "")


def test_events_that_cannot_be_written(haulage, depot):
    """A full disk under the events is no success."""
    with open("/dev/full", "wb") as full:
        process = haulage.start("get", "--json", f"{depot.url}/_/bytes/5", "-o", "x", stdout=full)
        assert process.wait(20) == 3


def test_a_link_to_a_descriptor_is_written_to(haulage, depot, tmp_path):
    """/dev/stdout and its like are links that must stay what they are."""
    link = tmp_path / "standard-output"
    link.symlink_to("/proc/self/fd/1")
    ended = haulage("get", "-q", f"{depot.url}/_/bytes/5", "-o", str(link))
    assert ended.code == 0
    assert link.is_symlink()
