"""``--json``: one object per line, complete and documented, and no secret anywhere."""

from __future__ import annotations

import pytest
from support.canary import CANARY, assert_silent

from haulage.depot import generated_digest

SIZE = 200_000


def test_the_story_of_a_download(haulage, depot):
    """Attempts, retries, bytes and the result are told in order, and a summary comes last."""
    url = f"{depot.url}/_/status/503?times=1&retry_after=0&size={SIZE}&seed=1&token={CANARY}"
    ended = haulage("get", "--json", url, "-o", "file")
    assert (ended.code, ended.err) == (0, "")
    told = [event for event in ended.events if event["event"] != "progress"]
    assert [event["event"] for event in told] == ["started", "retry", "started", "headers", "succeeded", "summary"]
    assert all(event["key"] == 1 and event["url"] == f"{depot.url}/_/status/503?…" for event in told[:-1])
    assert all(isinstance(event["time"], float) for event in told)
    started, retry, again, headers, succeeded, summary = told
    assert (started["attempt"], again["attempt"]) == (1, 2)
    assert (retry["error"], retry["message"]) == ("RemoteServerError", "HTTP 503 Service Unavailable")
    assert retry["wait"] >= 0
    assert headers["total"] == SIZE
    assert succeeded["path"] == str(haulage.home / "file")
    assert (succeeded["size"], succeeded["attempts"]) == (SIZE, 2)
    assert succeeded["digests"] == {"sha256": generated_digest(SIZE, 1)}
    assert succeeded["seconds"] > 0
    assert {name: summary[name] for name in ("succeeded", "failed", "retried", "bytes")} == {
        "succeeded": 1,
        "failed": 0,
        "retried": 1,
        "bytes": SIZE,
    }


def test_progress_of_a_long_download(haulage, depot):
    """A download that takes a while tells how far it is, and not for every chunk."""
    size = 400_000
    ended = haulage("get", "--json", f"{depot.url}/_/slow?size={size}&chunk=4000&delay=0.012", "-o", "file")
    progress = [event for event in ended.events if event["event"] == "progress"]
    assert 1 <= len(progress) < 20
    assert all(event["total"] == size for event in progress)
    received = [event["received"] for event in progress]
    assert received == sorted(received)


def test_failures_are_told_in_both_places(haulage, depot):
    """A failure is an object for programs and a line for people."""
    ended = haulage("get", "--json", f"{depot.url}/_/status/404", f"{depot.url}/_/bytes/5")
    assert ended.code == 7
    failed = next(event for event in ended.events if event["event"] == "failed")
    assert (failed["key"], failed["error"], failed["attempts"]) == (1, "HttpFileNotFound", 1)
    assert len(ended.lines) == 1


@pytest.mark.parametrize("options", [[], ["-v"], ["-v", "-v"], ["--json"], ["-q"]], ids=" ".join)
def test_no_secret_is_shown(haulage, inside, depot, options):
    """Passwords, queries and headers stay out of everything that is said, also when it fails."""
    base = depot.url.replace("http://", f"http://me:{CANARY}@")
    (haulage.home / "headers").write_text(f"X-Token: {CANARY}\n")
    urls = [
        f"{base}/_/bytes/10?token={CANARY}",
        f"{base}/_/status/500?token={CANARY}#{CANARY}",
        f"{base}/_/redirect?to=http://me:{CANARY}@127.0.0.1:1/x%3Ftoken={CANARY}",
        f"{base}/_/redirects/1/?token={CANARY}&status=307",
    ]
    headers = ("-H", "@headers", "-H", f"Authorization: Bearer {CANARY}")
    ended = inside("get", *urls, *options, "--retries", 0, *headers)
    assert ended.code != 0
    assert haulage.left() == ["10", "headers", "index"]
    assert_silent(ended.err, "standard error")
    assert_silent(ended.out, "standard output")
