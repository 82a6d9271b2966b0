"""Secrets for the command come from files and the environment, and come out nowhere, not even for who debugs."""

from __future__ import annotations

import sys

import pytest
from process import COMMAND
from support.canary import CANARY, assert_silent, with_secrets

DEVELOPING = (sys.executable, "-X", "dev", *COMMAND[1:])


@pytest.mark.parametrize("options", [(), ("--json",), ("-v", "-v")], ids=["plain", "json", "tracebacks"])
def test_development_mode(haulage, depot, options):
    """With asyncio's debug mode and Python's development mode, and tracebacks asked for, nothing more is told."""
    paths = ("/_/bytes/10", "/_/status/403", "/_/status/503?times=1&retry_after=0")
    (haulage.home / "headers").write_text(f"Authorization: Bearer {CANARY}\nCookie: session={CANARY}\n")
    ended = haulage(
        *("get", "-d", "new", "--create-dirs", "-H", "@headers", "--max-size", "5", *options),
        *(with_secrets(depot.url + path) for path in paths),
        command=DEVELOPING,
        env={"HAULAGE_DEBUG": "1", "PYTHONASYNCIODEBUG": "1"},
    )
    assert ended.code != 0
    assert len(depot.requests) == 4
    assert all(CANARY in record.target and CANARY in (record.header("Cookie") or "") for record in depot.requests)
    assert_silent(ended.out, "standard output")
    assert_silent(haulage.left(), "the name of a file")
