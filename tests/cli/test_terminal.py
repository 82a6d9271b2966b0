"""The live display on a real terminal, and the lines elsewhere."""

from __future__ import annotations

import fcntl
import os
import re
import struct
import sys
import termios
import threading

import pytest
from process import LIMIT, until

from haulage.depot import generated_digest

pty = pytest.importorskip("pty")


class Terminal:
    """A terminal of a given size that remembers all that was written to it."""

    def __init__(self, columns: int, lines: int) -> None:
        self._master, self.slave = pty.openpty()
        fcntl.ioctl(self.slave, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
        self.raw = b""
        self._thread = threading.Thread(target=self._read)
        self._thread.start()

    def type(self, keys: bytes) -> None:
        """Press keys."""
        os.write(self._master, keys)

    def close(self) -> str:
        """End it, and return what was written."""
        os.close(self.slave)
        self._thread.join(LIMIT)
        os.close(self._master)
        return self.raw.decode()

    def _read(self) -> None:
        # Linux ends the reading of a terminal that nobody has open with an error.
        try:
            while data := os.read(self._master, 65536):
                self.raw += data
        except OSError:
            pass


def run_on_terminal(haulage, *arguments, columns=120, env=None):
    """Run the command with its standard error on a terminal; return code, output and all that was drawn."""
    terminal = Terminal(columns, 30)
    process = haulage.start(*arguments, stderr=terminal.slave, env={"TERM": "xterm-256color"} | (env or {}))
    out = process.communicate(timeout=LIMIT)[0]
    return process.returncode, out, terminal.close()


def plain(text: str) -> str:
    """Return *text* without escape sequences."""
    return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", text)


def test_a_live_display(haulage, depot):
    """Bars, amounts, speed, time left, retries and failures are shown, and the cursor comes back."""
    pytest.importorskip("rich")
    slow = f"{depot.url}/_/slow?size=400000&chunk=4000&delay=0.01&seed=1"
    busy = f"{depot.url}/_/status/503?times=1&retry_after=1&size=10"
    code, out, drawn = run_on_terminal(haulage, "get", slow, busy, f"{depot.url}/_/status/404")
    shown = plain(drawn)
    assert (code, out) == (7, b"")
    assert re.search(r"slow +━*─+ +\d+% +[\d.]+ KiB / 390\.6 KiB +[\d.]+ [KM]iB/s", shown), shown
    assert re.search(r"s left", shown)
    assert "503  " in shown
    assert "attempt 2 in" in shown
    assert f"haulage: {depot.url}/_/status/404: HTTP 404 Not Found" in shown
    assert "haulage: 2 of 3 done" in shown
    assert "1 retried, 1 failed" in shown
    assert drawn.rindex("\x1b[?25h") > drawn.rindex("\x1b[?25l")


def test_a_narrow_terminal(haulage, depot):
    """Where there is no room, the bar is given up, and no line is broken."""
    pytest.importorskip("rich")
    slow = f"{depot.url}/_/slow?size=100000&chunk=4000&delay=0.02&seed=1"
    code, _, drawn = run_on_terminal(haulage, "get", slow, "-o", "x", columns=50)
    assert code == 0
    rows = [line for line in plain(drawn).splitlines() if "%" in line]
    assert rows
    assert all("━" not in row and len(row) <= 50 for row in rows)


@pytest.mark.parametrize("env", [{"TERM": "dumb"}, {"HAULAGE_DEBUG": "1"}], ids=["dumb", "debug"])
def test_plain_lines_where_a_display_would_be_in_the_way(haulage, depot, env):
    """A terminal that cannot be drawn on gets lines."""
    code, _, drawn = run_on_terminal(haulage, "get", f"{depot.url}/_/bytes/10", env=env)
    assert code == 0
    assert "\x1b" not in drawn
    assert "saved" in drawn


def test_plain_lines_without_rich(haulage, depot):
    """Without the extra the command works and prints lines."""
    blind = "import sys; sys.modules['rich'] = None; from haulage.cli import main; sys.exit(main())"
    terminal = Terminal(80, 24)
    process = haulage.start(
        "get", f"{depot.url}/_/bytes/10", stderr=terminal.slave, command=(sys.executable, "-W", "error", "-c", blind)
    )
    assert process.wait(LIMIT) == 0
    drawn = terminal.close()
    assert "\x1b" not in drawn
    assert "saved" in drawn


def test_nothing_is_drawn_into_a_pipe(haulage, depot):
    """A log gets lines and no escape sequences."""
    ended = haulage("get", f"{depot.url}/_/bytes/10", env={"TERM": "xterm-256color"})
    assert "\x1b" not in ended.err
    assert (
        ended.err
        == f"haulage: {depot.url}/_/bytes/10: saved {haulage.home / '10'}, 10 B{ended.err.partition('10 B')[2]}"
    )


def test_bytes_and_bars_do_not_share_a_terminal(haulage, depot):
    """When the bytes themselves go to the terminal there is no display on it."""
    terminal = Terminal(80, 24)
    process = haulage.start(
        "get", f"{depot.url}/_/echo", "-o", "-", stdout=terminal.slave, stderr=terminal.slave, env={"TERM": "xterm"}
    )
    assert process.wait(LIMIT) == 0
    drawn = terminal.close()
    assert "\x1b" not in drawn
    assert '"method": "GET"' in drawn


def test_a_password_is_asked_for_and_not_echoed(haulage, depot):
    """With a user and a terminal, the password is asked for."""
    terminal = Terminal(80, 24)
    process = haulage.start(
        "get",
        f"{depot.url}/_/auth/me/sekrit?size=5&seed=1",
        *("--user", "me", "-o", "x", "--sha256", generated_digest(5, 1)),
        stdin=terminal.slave,
        stderr=terminal.slave,
    )
    until(lambda: b"Password for me: " in terminal.raw, "the question")
    # The question is written before the echo is off; only then may one type.
    until(lambda: not termios.tcgetattr(terminal.slave)[3] & termios.ECHO, "no echo")
    terminal.type(b"sekrit\n")
    assert process.wait(LIMIT) == 0
    drawn = terminal.close()
    assert drawn.count("sekrit") == drawn.count("/_/auth/me/sekrit")
