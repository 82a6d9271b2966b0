"""A process that dies in mid-download leaves nothing the next one does not clear up."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

import haulage
from haulage.depot import Depot, generated

PROGRAM = "import sys, haulage; haulage.fetch(sys.argv[1], sys.argv[2])"
PATIENCE = 20.0  # seconds
SIZE = 8 << 20

Dying = Callable[[Path], int]


def parts(directory: Path) -> list[Path]:
    """Return the parts that lie in *directory*."""
    return list(directory.glob(".haulage-*.part"))


def kill_in_mid_download(url: str, target: Path, stop: signal.Signals = signal.SIGKILL) -> subprocess.Popen[bytes]:
    """Start a download in a process of its own, and kill it as soon as a part of its has bytes."""
    process = subprocess.Popen([sys.executable, "-c", PROGRAM, url, str(target)], stderr=subprocess.PIPE)
    deadline = time.monotonic() + PATIENCE
    while not any(part.stat().st_size for part in parts(target.parent)):
        assert process.poll() is None, process.stderr and process.stderr.read()
        assert time.monotonic() < deadline, "no part appeared"
        time.sleep(0.005)
    process.send_signal(stop)
    process.communicate(timeout=PATIENCE)
    return process


@pytest.fixture
def slow_url(depot: Depot) -> str:
    """A body that takes far longer than the test, with megabytes at its beginning."""
    return f"{depot.url}/_/slow?size={SIZE}&chunk={2 << 20}&delay=20"


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL on Windows")
@pytest.mark.parametrize("old", [None, b"old"])
@pytest.mark.case("F13", "F09")
def test_orphan_is_gone_after_the_next_download(depot: Depot, slow_url: str, target: Path, old: bytes | None) -> None:
    """The target of a killed process is as it was, and its part is gone after the next download beside it."""
    if old is not None:
        target.write_bytes(old)
    process = kill_in_mid_download(slow_url, target)
    assert process.returncode == -signal.SIGKILL
    assert (target.read_bytes() if target.exists() else None) == old
    assert len(parts(target.parent)) == 1
    haulage.fetch(f"{depot.url}/_/bytes/{SIZE}", target)
    assert target.read_bytes() == generated(SIZE)
    assert [path.name for path in target.parent.iterdir()] == [target.name]


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL on Windows")
@pytest.mark.case("F13")
def test_orphan_is_gone_after_a_download_of_something_else(depot: Depot, slow_url: str, workplace: Path) -> None:
    """Any later download into the directory clears up, not only one to the same name."""
    kill_in_mid_download(slow_url, workplace / "one")
    haulage.fetch(f"{depot.url}/_/bytes/10", workplace / "other")
    assert [path.name for path in workplace.iterdir()] == ["other"]


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL on Windows")
@pytest.mark.case("F13")
def test_parts_of_the_living_are_left_alone(depot: Depot, slow_url: str, workplace: Path) -> None:
    """A part whose process still works on it is nobody else's to remove."""
    process = subprocess.Popen([sys.executable, "-c", PROGRAM, slow_url, str(workplace / "one")])
    try:
        deadline = time.monotonic() + PATIENCE
        while not parts(workplace):
            assert process.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.005)
        (part,) = parts(workplace)
        haulage.fetch(f"{depot.url}/_/bytes/10", workplace / "other")
        assert part.exists()
    finally:
        process.kill()
        process.wait()
    haulage.fetch(f"{depot.url}/_/bytes/10", workplace / "third")
    assert not parts(workplace)


@pytest.mark.case("F13")
def test_strangers_files_are_left_alone(depot: Depot, workplace: Path) -> None:
    """Only what is surely an orphan of ours is removed, not what merely looks a little like it."""
    strangers = [
        *(".haulage-notes.part", ".haulage-0-0-0-0.part", "file.part", ".haulage", ".part"),
        ".haulage-zzzzzzzz-1-1-1.part",
        # Of another machine, and young: perhaps alive.
        ".haulage-00000000-1-1-1.part",
    ]
    for name in strangers:
        (workplace / name).write_bytes(b"mine")
    haulage.fetch(f"{depot.url}/_/bytes/10", workplace / "file")
    assert sorted(os.listdir(workplace)) == sorted([*strangers, "file"])
    for name in strangers:
        if name.startswith(".haulage-"):
            (workplace / name).unlink()


@pytest.mark.skipif(sys.platform == "win32", reason="signals are another matter on Windows")
@pytest.mark.case("C07")
def test_interrupted_fetch_cleans_up(slow_url: str, target: Path) -> None:
    """An interrupt during fetch ends it promptly with KeyboardInterrupt and nothing is left."""
    started = time.monotonic()
    process = kill_in_mid_download(slow_url, target, signal.SIGINT)
    assert process.returncode != 0
    assert time.monotonic() - started < 15
    assert list(target.parent.iterdir()) == []


def test_interrupted_before_the_answer(target: Path) -> None:
    """An interrupt while the server is silent ends fetch just as promptly."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/"
        process = subprocess.Popen([sys.executable, "-c", PROGRAM, url, str(target)], stderr=subprocess.PIPE)
        connection, _ = listener.accept()
        with connection:
            connection.recv(65536)
            process.send_signal(signal.SIGINT)
            _, said = process.communicate(timeout=PATIENCE)
    assert process.returncode != 0
    assert b"KeyboardInterrupt" in said
    assert list(target.parent.iterdir()) == []
