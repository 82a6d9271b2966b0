"""The command as a process of its own, against a depot in this one."""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

# Test modules are imported by their path, so their helpers need a door of their own.
sys.path.insert(0, str(Path(__file__).parent))

from process import Command, Ended

from haulage.cli import main

Inside = Callable[..., Ended]


@pytest.fixture
def haulage(tmp_path: Path) -> Iterator[Command]:
    """The command."""
    home = tmp_path / "home"
    home.mkdir()
    command = Command(home)
    yield command
    command.close()


@pytest.fixture
def inside(haulage: Command, monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]) -> Inside:
    """The command called in this process, in the same directory: quicker, where a process of its own proves no more."""
    for name in os.environ:
        if name.startswith("HAULAGE_"):
            monkeypatch.delenv(name)
    monkeypatch.chdir(haulage.home)

    def run(*arguments: object) -> Ended:
        capfdbinary.readouterr()
        code = main([*map(str, arguments)])
        said = capfdbinary.readouterr()
        return Ended(code, said.out, said.err.decode())

    return run


@pytest.fixture
def refused_port() -> Iterator[int]:
    """A port where connections are refused: it is taken, and nobody listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield taken.getsockname()[1]
