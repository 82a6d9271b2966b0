"""What the tests of archives share: a cart to unpack, and as many examples as other laws have."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import properties.conftest  # noqa: F401 - loads the profile
import pytest

from archives.place import Place
from haulage.depot import Depot


@pytest.fixture
def place(depot: Depot, tmp_path: Path, workplace: Path) -> Place:
    """A cart, and an empty directory to unpack it into."""
    return Place(depot, tmp_path / "served", workplace)


@pytest.fixture
def tiny_disk(tmp_path: Path, is_root: bool) -> Iterator[Path]:
    """A file system of 256 KiB."""
    if not (is_root and sys.platform == "linux" and shutil.which("mount")):
        pytest.skip("mounting a small tmpfs needs root on Linux")
    place = tmp_path / "tiny"
    place.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(place)], check=False).returncode:
        pytest.skip("this environment does not let a tmpfs be mounted")
    try:
        yield place
    finally:
        subprocess.run(["umount", "-l", str(place)], check=True)
