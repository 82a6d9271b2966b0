"""The examples in docstrings are run, against a real depot."""

from __future__ import annotations

import asyncio
import doctest
import importlib
import pkgutil
from typing import TYPE_CHECKING, Any

import pytest

import haulage
from haulage.depot import Depot

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


def _examples() -> Iterator[doctest.DocTest]:
    finder = doctest.DocTestFinder(exclude_empty=True)
    names = [info.name for info in pkgutil.walk_packages(haulage.__path__, "haulage.")]
    for name in ["haulage", *(name for name in names if not name.endswith("__main__"))]:
        yield from (found for found in finder.find(importlib.import_module(name), name) if found.examples)


EXAMPLES = list(_examples())


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a file with six bytes."""
    path = tmp_path_factory.mktemp("depot") / "hello.txt"
    path.write_bytes(b"hello\n")
    return path


@pytest.fixture(scope="module")
def depot(source: Path) -> Iterator[Depot]:
    """Serve the directory of that file."""
    with Depot(source.parent) as running:
        yield running


def test_there_are_examples() -> None:
    """The doors show how they are used."""
    shown = {example.name for example in EXAMPLES}
    doors = ["Remote", "DownloaderFactory", "HttpDownloader", "FileDownloader", "download", "fetch"]
    assert not [name for name in doors if not any(found.endswith(f".{name}") for found in shown)]


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.name)
def test_an_example_does_what_it_shows(
    example: doctest.DocTest, depot: Depot, source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each line prints what the docstring says it prints."""
    monkeypatch.chdir(tmp_path)
    # What the reader of the docstring has in hand: the names of the library's door, and of the room's own.
    room = importlib.import_module(".".join(example.name.split(".")[:2])) if "." in example.name else haulage
    doors = [haulage, *([room] if hasattr(room, "__path__") and hasattr(room, "__all__") else [])]
    names: dict[str, Any] = {name: getattr(door, name) for door in doors for name in door.__all__}
    example.globs = {**names, "asyncio": asyncio, "depot": depot, "source": source, "haulage": haulage}
    output: list[str] = []
    result = doctest.DocTestRunner(optionflags=FLAGS, verbose=False).run(example, out=output.append, clear_globs=True)
    assert not result.failed, "".join(output)
