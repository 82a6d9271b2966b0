"""Good archives of a tree, as Python's tarfile and as GNU tar write them."""

from __future__ import annotations

import hashlib
import io
import os
import shutil
import subprocess
import tarfile
from collections.abc import Iterable, Mapping
from pathlib import Path

from haulage.cart import CartFile, Manifest

__all__ = ["FORMATS", "GNU_TAR", "Tree", "manifest_of", "written_by_gnu_tar", "written_by_python"]

Tree = Mapping[str, bytes | None]
"""Path below the top → content, None for a directory."""

FORMATS = {"ustar": tarfile.USTAR_FORMAT, "gnu": tarfile.GNU_FORMAT, "pax": tarfile.PAX_FORMAT}
GNU_TAR = shutil.which("tar")
_MTIME = 1_700_000_000.25  # pax says the fraction


def written_by_python(tree: Tree, form: str, *, top: str = "data", order: Iterable[str] | None = None) -> bytes:
    """Return the archive of *tree*, its members in *order*; a ValueError says that a name does not fit."""
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w", format=FORMATS[form], encoding="utf-8", errors="strict") as tar:
        for path in ["", *(sorted(tree) if order is None else order)]:
            member = tarfile.TarInfo(f"{top}/{path}" if path else top)
            member.mtime = _MTIME
            content = tree[path] if path else None
            if content is None:
                member.type, member.mode = tarfile.DIRTYPE, 0o755
                tar.addfile(member)
            else:
                member.size = len(content)
                tar.addfile(member, io.BytesIO(content))
    return made.getvalue()


def written_by_gnu_tar(tree: Tree, form: str, place: Path, *options: str) -> bytes | None:
    """Return the archive of *tree*, laid out in *place*; None when the format has no room for a name."""
    for path, content in tree.items():
        lies = place / "data" / path
        (lies if content is None else lies.parent).mkdir(parents=True, exist_ok=True)
        if content is not None:
            lies.write_bytes(content)
    (place / "data").mkdir(exist_ok=True)
    command = [str(GNU_TAR), f"--format={form}", *options, "-C", str(place), "-cf", "-", "data"]
    environment = {**os.environ, "LC_ALL": "C.UTF-8"}
    done = subprocess.run(command, capture_output=True, env=environment, check=False)
    return done.stdout if not done.returncode else None


def manifest_of(tree: Tree, hashtype: str = "sha1") -> Manifest | None:
    """Return what to ask for to get *tree*'s files; None when there are none."""
    entries = [
        CartFile(number, path, hashlib.new(hashtype, content).hexdigest(), hashtype)
        for number, (path, content) in enumerate(tree.items())
        if content is not None
    ]
    return Manifest(entries) if entries else None
