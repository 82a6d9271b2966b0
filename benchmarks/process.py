"""Run one peer once, in a process of its own, and never leave it behind."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.catalogue import Peer
from benchmarks.children import capture, last_words, outputs, running
from benchmarks.corpus import Body, file_sha256

ROOT = Path(__file__).resolve().parent.parent
"""The root of the repository: what a peer needs on its path to find ``benchmarks.peers``."""


class PeerError(Exception):
    """A peer failed; the message is the reason for the report."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where peers run: their environments, a scratch folder, and how many seconds one may take."""

    venvs: Path | None
    scratch: Path
    timeout: float

    @property
    def destination(self) -> Path:
        """The folder into which every peer writes, fresh for every run."""
        return self.scratch / "run" / "files"

    def clear(self) -> None:
        """Make the destination and its parent new and empty."""
        shutil.rmtree(self.destination.parent, ignore_errors=True)
        self.destination.mkdir(parents=True)

    def python(self, venv: str) -> str:
        """Return the interpreter of an environment, or this one when it has none of its own."""
        if self.venvs is not None:
            own = self.venvs / venv / "bin" / "python"
            if own.exists():
                return str(own.absolute())
        return sys.executable


def missing(peer: Peer, place: Place) -> str | None:
    """Return why ``peer`` cannot run here, or None if it can."""
    for tool in peer.tools:
        if shutil.which(tool) is None:
            return f"the command {tool} is not installed"
    code = "import sys, importlib.metadata as m; [m.version(name) for name in sys.argv[1:]]"
    for distribution in peer.distributions:
        command = [place.python(peer.venv), "-P", "-c", code, distribution]
        if capture(command, cwd=place.scratch)[0]:
            return f"the package {distribution} is not installed in its environment"
    return None


def run_module(module: str, job: Mapping[str, Any], place: Place, peer: Peer) -> dict[str, Any]:
    """Start ``module`` in the peer's environment with ``job`` and return the line it answers.

    Raises:
        PeerError: It took too long, ended with an error, or did not answer.
    """
    path = place.destination.parent / "job.json"
    path.write_text(json.dumps(dict(job)))
    command = [place.python(peer.venv), "-P", "-m", module, str(path)]
    out, err = _run(command, place, module_environment() | dict(peer.environment))
    try:
        answer: dict[str, Any] = json.loads(out.strip().splitlines()[-1])
    except (IndexError, ValueError):
        msg = f"it did not answer: {last_words(err or out)}"
        raise PeerError(msg) from None
    return answer


def module_environment() -> dict[str, str]:
    """Return an environment in which any interpreter finds this package, and no proxy is used.

    Started with ``-P`` as well, a module never finds a file beside it instead of its library.
    """
    direct = {k: v for k, v in os.environ.items() if not k.lower().endswith("_proxy")}
    return direct | {"PYTHONPATH": str(ROOT)}


def check(expected: Mapping[Path, Body]) -> None:
    """Read again what a peer wrote.

    Args:
        expected: Where it has to lie, and what it has to be.

    Raises:
        PeerError: A file is missing or has other bytes than were served.
    """
    for path, body in expected.items():
        if not path.is_file():
            msg = f"it said it was done, but {path.name} is missing"
            raise PeerError(msg)
        if file_sha256(path) != body.sha256:
            msg = f"it said it was done, but {path.name} has wrong bytes"
            raise PeerError(msg)


def _run(command: list[str], place: Place, environment: dict[str, str]) -> tuple[str, str]:
    with running(command, cwd=place.destination.parent, env=environment) as process:
        try:
            out, err = outputs(process, timeout=place.timeout)
        except subprocess.TimeoutExpired:
            msg = f"it took longer than {place.timeout:g} s"
            raise PeerError(msg) from None
    if process.returncode:
        msg = f"it ended with {process.returncode}: {last_words(err)}"
        raise PeerError(msg)
    return out, err
