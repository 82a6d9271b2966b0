"""Errors, delays and signals put into system calls by strace, from outside the process that makes them.

A second opinion: what `support.inject_disk` does to Python's functions, this does to the kernel's, and it sees every
call that a download makes, whoever makes it. A child of the nursery is stopped before it begins, so that neither the
start of an interpreter nor its imports are among the calls. Only those that concern the directory of the target and
the part in it are looked at and counted; strace counts them for each call and each thread by itself.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
from pathlib import Path
from typing import Any, NamedTuple

from support.inject_process import Ended, Nursery

__all__ = ["SystemCall", "is_possible", "traced"]

# Whatever the C library makes of the functions of `os`, on any architecture.
_CALLS = "?open,openat,read,write,writev,?pwritev,fsync,fdatasync,close,?rename,renameat,?renameat2,?link,linkat,?unlink,unlinkat,ftruncate,fallocate"  # noqa: E501
_LINE = re.compile(r"(?P<thread>\d+) +(?P<name>\w+)\((?P<arguments>.*)\) += (?P<result>-?\d+|\?)(?P<rest>.*)")


class SystemCall(NamedTuple):
    """One call in the order in which they ended.

    Attributes:
        name: Its name, and ``directory`` when a descriptor of that is flushed or closed.
        thread: The number of the thread that made it.
        is_injected: Whether something was injected there.
        text: All that strace says of it.
    """

    name: str
    thread: str
    is_injected: bool
    text: str


def is_possible() -> bool:
    """Whether strace is there, and may trace."""
    strace = shutil.which("strace")
    if strace is None:
        return False
    command = [strace, "-qq", "-e", "trace=none", "-e", "inject=sync:error=EIO", "true"]
    return not subprocess.run(command, capture_output=True, check=False).returncode


def traced(
    nursery: Nursery, url: str, target: Path, log: Path, inject: str | None = None, **order: Any
) -> tuple[Ended, list[SystemCall]]:
    """Let a child download while strace watches.

    Args:
        nursery: Where the child comes from.
        url: What.
        target: Where to.
        log: Where strace may write to.
        inject: What is injected, in strace's own words.
        order: As for `Nursery.run`.

    Returns:
        How it ended, and the calls.
    """
    child = nursery.start(url, target, stopped=True, **order)
    command = ["strace", "-f", "-y", "-o", str(log), "-e", f"trace={_CALLS}", "-p", str(child.pid)]
    command += ["-P", str(target.parent), "-P", str(target.parent / child.part)]
    if inject is not None:
        command += ["-e", f"inject={inject}"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as strace:
        assert strace.stderr is not None
        # It says so when it has both got hold of the child and asked it to stop.
        said = strace.stderr.readline()
        os.kill(child.pid, signal.SIGCONT)
        ended = nursery.ended()
        strace.stderr.read()
    assert "attached" in said, said
    return ended, _calls(log.read_text(), target.parent)


def _calls(text: str, directory: Path) -> list[SystemCall]:
    found = []
    for line in text.splitlines():
        match = _LINE.match(line)
        if match is not None:
            about = f"<{directory}>" in match["arguments"].partition(", ")[0]
            name = match["name"] + " directory" * (about and match["name"] in ("fsync", "close"))
            found.append(SystemCall(name, match["thread"], "INJECTED" in line or "DELAYED" in line, line))
    return found
