"""Names of unfinished files, and which of them nobody will ever finish.

A part lies beside its target, so that publishing is one rename on one file system. Its name says who writes it; a part
whose writer is dead is an orphan and is removed when the next download into that directory begins. Locks are not
used: on some network file systems they are granted to everybody.
"""

from __future__ import annotations

import functools
import itertools
import os
import re
import secrets
import sys
import time
import uuid

__all__ = ["is_orphan", "part_name"]

_PART = re.compile(r"\.haulage-([0-9a-f]{8})-([0-9a-f]+)-([0-9a-f]+)-[0-9a-f]+\.part\Z")
_STALE = 24 * 3600.0  # seconds after which a part from another machine is nobody's

_serial = itertools.count(secrets.randbits(32))


def part_name() -> str:
    """Return a name for a new part: this machine, this process, and a number not used before."""
    return f"{_prefix(os.getpid())}{next(_serial):x}.part"


def is_orphan(entry: os.DirEntry[str]) -> bool:
    """Whether *entry* is a part whose writer is gone."""
    match = _PART.match(entry.name)
    if match is None:
        return False
    machine, pid, started = match[1], int(match[2], 16), int(match[3], 16)
    my_machine, my_pid, my_start = _me(os.getpid())
    if machine != my_machine:
        return time.time() - entry.stat(follow_symlinks=False).st_mtime > _STALE
    if (pid, started) == (my_pid, my_start):
        return False
    if sys.platform == "win32":
        return True  # an open file cannot be removed there, so trying is the test
    return not _is_alive(pid, started)


def _is_alive(pid: int, started: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):
        pass
    state, now = _status(pid)
    # One that is dead and that nobody has waited for yet, as is common in containers, keeps its number and its start.
    return state not in ("Z", "X") and not (now and started and now != started)


@functools.lru_cache(maxsize=1)
def _prefix(pid: int) -> str:
    machine, pid, started = _me(pid)
    return f".haulage-{machine}-{pid:x}-{started:x}-"


@functools.lru_cache(maxsize=1)
def _me(pid: int) -> tuple[str, int, int]:
    return _machine(), pid, _start_time(pid)


def _machine() -> str:
    """Return eight hex digits for the space in which a process number means one process until the next boot."""
    try:
        with open("/proc/sys/kernel/random/boot_id", encoding="ascii") as file:
            text = file.read().strip() + os.readlink("/proc/self/ns/pid")
    except OSError:
        text = f"{uuid.getnode():x}"
    return uuid.uuid5(uuid.NAMESPACE_OID, text).hex[:8]


def _start_time(pid: int) -> int:
    """Return when process *pid* was started, in ticks since boot; 0 where the system does not say."""
    return _status(pid)[1]


def _status(pid: int) -> tuple[str, int]:
    """Return the letter of the state of process *pid*, and its start; "" and 0 where the system does not say."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            fields = file.read().rpartition(b")")[2].split()
            return fields[0].decode("ascii"), int(fields[19])
    except (OSError, IndexError, ValueError):
        return "", 0
