"""Names of unfinished files, and which of them are orphans."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from haulage.sinks.parts import is_orphan, part_name

if TYPE_CHECKING:
    from pathlib import Path

NAME = re.compile(r"\.haulage-([0-9a-f]{8})-([0-9a-f]+)-([0-9a-f]+)-([0-9a-f]+)\.part")


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """Return a directory in which parts may be left."""
    place = tmp_path / "place"
    place.mkdir()
    yield place  # type: ignore[misc]
    for path in place.iterdir():
        path.unlink()


def fields() -> tuple[str, int, int]:
    """Return machine, process and start of this process as a part's name says them."""
    match = NAME.fullmatch(part_name())
    assert match is not None
    return match[1], int(match[2], 16), int(match[3], 16)


def is_orphan_here(place: Path, name: str, age: float = 0.0) -> bool:
    """Make a file called *name*, that many seconds old, and judge it."""
    path = place / name
    path.write_bytes(b"")
    now = time.time()
    os.utime(path, (now - age, now - age))
    with os.scandir(place) as entries:
        return is_orphan(next(entry for entry in entries if entry.name == name))


def dead_process() -> int:
    """Return the number of a process that has ended."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def test_a_name_says_who_writes() -> None:
    """Machine, process and its start, hidden from a plain listing and short enough for any directory."""
    name = part_name()
    assert NAME.fullmatch(name)
    assert fields()[1] == os.getpid()
    assert len(name) < 100


def test_no_name_comes_twice() -> None:
    """Each attempt has a part of its own."""
    assert len({part_name() for _ in range(1000)}) == 1000


def test_the_name_in_a_child_is_the_childs() -> None:
    """Another process of this machine says its own number."""
    code = "from haulage.sinks.parts import part_name; print(part_name())"
    other = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout.strip()
    match = NAME.fullmatch(other)
    assert match is not None
    assert match[1] == fields()[0]
    assert int(match[2], 16) != os.getpid()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="processes are not forked here")
def test_the_name_after_a_fork_is_the_childs() -> None:
    """What was remembered for the parent does not hold in a forked child."""
    code = (
        "import os; from haulage.sinks.parts import part_name\n"
        "first = part_name(); read, write = os.pipe(); pid = os.fork()\n"
        "if not pid: os.write(write, part_name().encode()); os._exit(0)\n"
        "os.waitpid(pid, 0); name = os.read(read, 200).decode()\n"
        "assert int(name.split('-')[2], 16) == pid, (name, pid)\n"
        "assert int(first.split('-')[2], 16) == os.getpid()\n"
    )
    subprocess.run([sys.executable, "-W", "ignore", "-c", code], check=True)


def test_my_own_part_is_no_orphan(place: Path) -> None:
    """A download of this very process may be running, however old its part is."""
    assert not is_orphan_here(place, part_name(), age=10 * 86400)


def test_the_part_of_a_dead_process_is_an_orphan(place: Path) -> None:
    """Its writer will never finish it, be it one second old."""
    machine, _, start = fields()
    assert is_orphan_here(place, f".haulage-{machine}-{dead_process():x}-{start:x}-1.part")


def test_the_part_of_a_living_process_is_left_alone(place: Path) -> None:
    """Another process of this machine that runs is still writing, perhaps since yesterday."""
    code = "import sys; from haulage.sinks.parts import part_name; print(part_name(), flush=True); sys.stdin.read()"
    process = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdin is not None
    with process:
        name = process.stdout.readline().strip()
        assert not is_orphan_here(place, name, age=10 * 86400)
        process.stdin.close()
        process.wait()
        assert is_orphan_here(place, name)


@pytest.mark.skipif(not os.path.exists("/proc/self/stat"), reason="this system does not say when a process began")
def test_a_number_used_again_is_another_process(place: Path) -> None:
    """The parent of this test runs, but it is not the process that began at that other time."""
    machine, _, start = fields()
    assert is_orphan_here(place, f".haulage-{machine}-{os.getppid():x}-{start + 12345:x}-1.part")


def test_the_part_of_another_machine_is_judged_by_its_age(place: Path) -> None:
    """Nothing can be known of its process: a day without a write makes it nobody's."""
    name = f".haulage-00000000-{dead_process():x}-1-1.part"
    assert not is_orphan_here(place, name, age=3600)
    assert not is_orphan_here(place, name, age=23 * 3600)
    assert is_orphan_here(place, name, age=25 * 3600)


@pytest.mark.parametrize(
    "name",
    [
        *(
            "data",
            "x.part",
            ".haulage",
            ".haulage-x.part",
            ".haulage-00000000-1-1-1.part.txt",
            "x.haulage-00000000-1-1-1.part",
        ),
        *(
            ".haulage-0000000g-1-1-1.part",
            ".haulage-00000000-1-1.part",
            ".haulage-00000000--1-1-1.part",
            ".HAULAGE-0-1-1-1.part",
        ),
    ],
)
def test_what_is_no_part_is_no_orphan(place: Path, name: str) -> None:
    """A caller's file is never removed, whatever its age."""
    assert not is_orphan_here(place, name, age=365 * 86400)


@pytest.mark.parametrize("pid", ["0", "ffffffffffffffff", "7fffffff", "1" * 40])
def test_a_number_that_is_no_process_does_no_harm(place: Path, pid: str) -> None:
    """A name made up by somebody is judged without an error."""
    machine, _, start = fields()
    is_orphan_here(place, f".haulage-{machine}-{pid}-{start:x}-1.part")
