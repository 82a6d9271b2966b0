"""One temporary folder per run, in memory where the system has some, removed however it ends."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

SHARED_MEMORY = Path("/dev/shm")  # noqa: S108 - a fresh folder of our own is made in it


@dataclass(frozen=True, slots=True, kw_only=True)
class Scratch:
    """The folder, and a sentence for the report that says what kind of place it is."""

    path: Path
    sentence: str


@contextmanager
def open_scratch(needed: int) -> Iterator[Scratch]:
    """Make the folder and remove it at the end.

    Args:
        needed: Bytes that will be written into it.

    Raises:
        OSError: Neither shared memory nor the system's temporary folder has that much room.
    """
    if _has_room(SHARED_MEMORY, needed):
        parent, sentence = SHARED_MEMORY, "Files in memory (tmpfs, /dev/shm)."
    elif _has_room(Path(tempfile.gettempdir()), needed):
        parent = Path(tempfile.gettempdir())
        sentence = "Files in the temporary folder (no /dev/shm with enough room): disks count here."
    else:
        msg = f"no temporary folder has {needed / (1 << 20):,.0f} MiB of room; try smaller sizes"
        raise OSError(msg)
    path = Path(tempfile.mkdtemp(prefix="haulage-benchmarks-", dir=parent))
    try:
        yield Scratch(path=path, sentence=sentence)
    finally:
        shutil.rmtree(path, ignore_errors=True)


def _has_room(folder: Path, needed: int) -> bool:
    return folder.is_dir() and os.access(folder, os.W_OK) and shutil.disk_usage(folder).free > needed
