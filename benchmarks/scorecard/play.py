"""One run of one contestant in one case: started, watched, stopped if it must be, and looked at."""

import os
import re
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

from benchmarks.children import last_words, outputs, running
from benchmarks.process import ROOT, Place
from benchmarks.scorecard.case import Case
from benchmarks.scorecard.catalogue import MODULES, Contestant
from benchmarks.scorecard.ground import NAME, Ground, open_ground
from benchmarks.scorecard.outcome import Found, Outcome, Stop
from benchmarks.scorecard.peers._task import Task

TICK = 0.05
"""Seconds between two looks at a run."""

MOST_BYTES = 64 << 20
"""Bytes on the disk at which a run is stopped; four times the limit that tools are told."""

SETTLING = 1.0
"""Seconds that a tool gets to write what has come before it is killed."""

LONGEST_WORDS = 160


def play(case: Case, contestant: Contestant, place: Place) -> Outcome:
    """Run a contestant in a case and return what was seen.

    Raises:
        GroundError: This machine cannot give what the case needs.
    """
    with open_ground(place.scratch / "run", case) as ground:
        task = ground.task(contestant.features)
        outcome = _run(contestant, task, ground, place)
        if case.changing and outcome.code:
            # Who resumes only when started again is started again.
            again = _run(contestant, task, ground, place)
            outcome = replace(again, seconds=outcome.seconds + again.seconds)
        outcome = _with_files(outcome, contestant, task, ground)
    # A client may have ended before its server has; only now have both.
    return replace(
        outcome, leaks=ground.leaks(), gaps=tuple(later - earlier for earlier, later in pairwise(ground.times))
    )


def _run(contestant: Contestant, task: Task, ground: Ground, place: Place) -> Outcome:
    if contestant.command is not None:
        # Some names are relative to where a tool was started, whatever else it was told.
        return _watch(contestant.command(task), ground.directory, ground, place.timeout)
    path = ground.root / "task.json"
    task.write(path)
    module = f"{MODULES}.{contestant.peer.module}"
    command = [place.python(contestant.peer.venv), "-P", "-m", module, str(path)]
    return _watch(command, ground.root, ground, place.timeout)


def _watch(command: list[str], cwd: Path, ground: Ground, timeout: float) -> Outcome:
    """Run a command to its end, or to the moment when it has to be stopped."""
    watch = _Watch(ground=ground, deadline=time.monotonic() + timeout)
    started = time.monotonic()
    with running(command, cwd=cwd, env=_environment(ground)) as process:
        while True:
            try:
                out, err = outputs(process, timeout=TICK)
            except subprocess.TimeoutExpired:
                stop = watch.reason()
                if stop is not None:
                    # Leaving the context kills it, and all that it started.
                    return Outcome(stop=stop, seconds=time.monotonic() - started)
            else:
                seconds = time.monotonic() - started
                return Outcome(code=process.returncode, words=_words(err, out), seconds=seconds)


@dataclass(slots=True)
class _Watch:
    """Looks again and again whether a run has to be stopped."""

    ground: Ground
    deadline: float
    half_since: float | None = None

    def reason(self) -> Stop | None:
        """Return why the run has to be stopped now, or None."""
        now = time.monotonic()
        if now > self.deadline:
            return Stop.TIME
        if sum(_sizes(self.ground)) > MOST_BYTES:
            return Stop.SPACE
        if self.ground.case.kill:
            if self.half_since is None and any(request.bytes_sent for request in self.ground.depot.requests):
                self.half_since = now
            if self.half_since is not None and now > self.half_since + SETTLING:
                return Stop.KILL
        return None


def _with_files(outcome: Outcome, contestant: Contestant, task: Task, ground: Ground) -> Outcome:
    """Add to an outcome what lies in the folders."""
    path = _final_path(contestant, task, ground.directory)
    outer = ground.root / "outer"
    inside = [file for folder in (ground.directory, ground.root / "tmp") for file in _files(folder)]
    return replace(
        outcome,
        words=_for_people(outcome.words, ground),
        final=Found.at(path),
        final_name=path.name,
        others={str(file.relative_to(ground.root)): file.stat().st_size for file in inside if file != path},
        outside=tuple(str(file.relative_to(outer)) for file in _files(outer) if ground.directory not in file.parents),
    )


def _final_path(contestant: Contestant, task: Task, directory: Path) -> Path:
    """Return where the file is, or where it would have to be."""
    if task.name is None or contestant.own_name:
        found = [path for path in directory.iterdir() if path.is_file()]
        if len(found) == 1:
            return found[0]
    return directory / NAME


def _environment(ground: Ground) -> dict[str, str]:
    """Return an environment with nothing of this user's in it."""
    return {
        "PATH": os.environ.get("PATH", os.defpath),
        "LANG": "C.UTF-8",
        "HOME": str(ground.home),
        "TMPDIR": str(ground.root / "tmp"),
        "PYTHONPATH": str(ROOT),
    }


def _words(err: str, out: str) -> str:
    # The last line of aria2c is the same for all errors.
    telling = [line for line in out.splitlines() if "errorCode=" in line]
    return telling[-1].strip() if telling else last_words(err if err.strip() else out)


def _files(folder: Path) -> Iterator[Path]:
    return (Path(parent) / name for parent, _, names in os.walk(folder) for name in names)


def _sizes(ground: Ground) -> Iterator[int]:
    """Yield the bytes on the disk of all that the tool has written; files may go away meanwhile."""
    for folder in (ground.root / "outer", ground.home, ground.root / "tmp"):
        for path in _files(folder):
            try:
                yield path.stat().st_blocks * 512
            except FileNotFoundError:
                continue


def _for_people(words: str, ground: Ground) -> str:
    """Take out of a message what differs from run to run."""
    text = words.replace(str(ground.root), "…")
    text = re.sub(r"(127\.0\.0\.1|localhost):\d+", r"\1", text)
    return text if len(text) <= LONGEST_WORDS else text[:LONGEST_WORDS] + "…"
