"""Signals and broken pipes: a quick end, the right code, no traceback, nothing left."""

from __future__ import annotations

import array
import fcntl
import os
import signal
import subprocess
import termios

import pytest
from process import COMMAND, has_session, interrupt, until

SLOW = "/_/slow?size=10000000&chunk=1000&delay=0.02"


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)], ids=["INT", "TERM", "HUP"]
)
@pytest.mark.case("C07")
def test_a_signal_ends_all_downloads(haulage, depot, number, code):
    """Everything is cancelled within two seconds, and no part is left."""
    urls = [f"{depot.url}{SLOW}&seed={seed}" for seed in range(3)]
    others = [f"{depot.url}/_/status/503?retry_after=30", f"{depot.url}/_/bytes/30000000"]
    process = haulage.start("get", "--json", "-j", 5, "--create-dirs", "-d", "into", *urls[:1], *others)
    # It is in the middle of everything once the wait and the bytes have been told.
    seen = b""
    while not (b'"retry"' in seen and b'"progress"' in seen):
        seen = seen + (line := process.stdout.readline())
        assert line, process.stderr.read()
    seconds, out, err = interrupt(process, number)
    assert (process.returncode, err) == (code, "")
    assert seconds < 2
    assert not has_session(process.pid)
    assert [name for name in haulage.left() if "haulage" in name or "slow" in name] == []
    assert b'"cancelled"' in out


@pytest.mark.case("C07")
def test_a_signal_ends_a_command_whose_output_nobody_reads(haulage, depot):
    """A thread that hangs in a full pipe does not keep the command."""
    process = haulage.start("get", f"{depot.url}/_/bytes/50000000", "-o", "-")
    waiting = array.array("i", [0])

    def is_full():
        fcntl.ioctl(process.stdout, termios.FIONREAD, waiting)
        return waiting[0] >= 65536

    until(is_full, "a full pipe")
    process.send_signal(signal.SIGINT)
    assert process.wait(2) == 130
    assert b"Traceback" not in process.stderr.read()


@pytest.mark.case("C07")
def test_output_that_is_no_longer_read_ends_the_download_quietly(haulage, depot):
    """When the reader of the bytes goes away, so does the command, without a word."""
    process = haulage.start("get", f"{depot.url}/_/bytes/50000000", "-o", "-")
    assert process.stdout.read(10)
    process.stdout.close()
    assert process.wait(10) == 141
    assert process.stderr.read() == b""


@pytest.mark.case("C07")
def test_events_that_are_no_longer_read_end_the_command_quietly(haulage, depot):
    """When the reader of the JSON lines goes away, so does the command."""
    process = haulage.start("get", f"{depot.url}{SLOW}", "--json")
    assert process.stdout.readline()
    process.stdout.close()
    assert process.wait(10) == 141
    assert process.stderr.read() == b""
    assert haulage.left() == []


@pytest.mark.case("C07")
def test_words_into_a_closed_pipe(haulage):
    """Not even the version complains about a reader that has gone."""
    reader, writer = os.pipe()
    os.close(reader)
    process = haulage.start("--version", stdout=writer)
    os.close(writer)
    assert process.wait(10) == 141
    assert process.stderr.read() == b""


@pytest.mark.case("C07")
def test_an_ignored_signal_stays_ignored(haulage, depot):
    """Whoever starts the command with SIGHUP ignored, as nohup does, keeps it so."""
    command = ("nohup", *COMMAND)
    url = f"{depot.url}/_/slow?size=2000&chunk=100&delay=0.05"
    process = haulage.start("get", url, "-o", "x", "--json", command=command)
    assert process.stdout.readline()
    process.send_signal(signal.SIGHUP)
    assert process.wait(10) == 0
    assert (haulage.home / "x").stat().st_size == 2000


@pytest.mark.case("C07")
def test_the_depot_ends_on_signals(haulage):
    """The depot serves until a signal comes, also while somebody downloads from it."""
    for number, code in ((signal.SIGINT, 130), (signal.SIGTERM, 143)):
        process = haulage.start("depot")
        url = process.stdout.readline().decode().strip()
        client = haulage.start("get", f"{url}{SLOW}", "--json", "--retries", 0, stderr=subprocess.DEVNULL)
        assert client.stdout.readline()
        seconds, _, err = interrupt(process, number)
        assert (process.returncode, err) == (code, "")
        assert seconds < 2
        assert client.wait(10) in (4, 11)


@pytest.mark.case("C07")
def test_the_demo_ends_on_a_signal(haulage, tmp_path):
    """A demo that is broken off leaves nothing in the temporary directory."""
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    process = haulage.start("demo", "--json", env={"TMPDIR": str(temporary)})
    assert process.stdout.readline()
    seconds, _, err = interrupt(process)
    assert (process.returncode, err) == (130, "")
    assert seconds < 2
    assert list(temporary.iterdir()) == []
