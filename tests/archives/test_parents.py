"""Directories above a tree appear with it, or not at all."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from haulage.archives.tree import Tree
from haulage.errors import DestinationExists
from haulage.sinks.directory import Directory
from haulage.sinks.parts import part_name


@pytest.fixture
def directory(tmp_path: Path) -> Directory:
    """An open directory; the test closes it by ending."""
    return Directory(str(tmp_path))


def begun(directory: Directory, *, durable: bool = False) -> Tree:
    """Return a tree with a file."""
    tree = Tree(directory, durable=durable)
    tree.begin()
    os.close(tree.create(("sub", "file")))
    return tree


@pytest.mark.parametrize("durable", [False, True])
def test_they_appear_with_it(directory: Directory, tmp_path: Path, durable: bool) -> None:
    """One that is there already is used."""
    (tmp_path / "there").mkdir()
    tree = begun(directory, durable=durable)
    assert os.listdir(tmp_path / "there") == []
    tree.publish(os.path.join("there", "not", "yet", "data"))
    assert (tmp_path / "there" / "not" / "yet" / "data" / "sub" / "file").is_file()
    assert os.listdir(tmp_path) == ["there"]
    directory.close()


def test_a_name_that_is_taken(directory: Directory, tmp_path: Path) -> None:
    """What was made for it is taken away again."""
    (tmp_path / "there" / "data").mkdir(parents=True)
    tree = begun(directory)
    with pytest.raises(DestinationExists):
        tree.publish(os.path.join("there", "data"))
    (tmp_path / "file").touch()
    with pytest.raises(OSError, match="directory"):
        tree.publish(os.path.join("file", "data"))
    tree.remove()
    assert sorted(os.listdir(tmp_path)) == ["file", "there"]
    directory.close()


def test_a_neighbour_takes_them_away(directory: Directory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A directory that vanishes between finding it and using it is made anew."""
    (tmp_path / "there").mkdir()
    tree = begun(directory)
    real = Tree._rename_new
    calls = 0

    def rename(self: Tree, name: str) -> None:
        nonlocal calls
        calls += 1
        if calls == 1:
            (tmp_path / "there").rmdir()
        real(self, name)

    monkeypatch.setattr(Tree, "_rename_new", rename)
    tree.publish(os.path.join("there", "data"))
    assert calls == 2
    assert (tmp_path / "there" / "data" / "sub" / "file").is_file()
    directory.close()


def test_an_orphan_that_is_too_deep(tmp_path: Path) -> None:
    """It is left where it is, and is in nobody's way."""
    top = part_name().replace(f"-{os.getpid():x}-", "-7fffffff-")
    descriptor = os.open(tmp_path, os.O_RDONLY)
    for name in (top, *["d"] * 3000):
        os.mkdir(name, dir_fd=descriptor)
        inner = os.open(name, os.O_RDONLY, dir_fd=descriptor)
        os.close(descriptor)
        descriptor = inner
    os.close(descriptor)
    Directory(str(tmp_path)).close()
    subprocess.run(["rm", "-rf", str(tmp_path / top)], check=True)
