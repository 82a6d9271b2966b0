"""A cart with a known archive at a depot, and the place where it is unpacked."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import haulage
from archives.unpacking import files
from archives.writers import Tree, manifest_of, written_by_python
from haulage.cart import CartAPI
from haulage.depot import Depot

__all__ = ["TREE", "Place"]

TREE: dict[str, bytes | None] = {
    "top": b"t" * 700,
    "empty": b"",
    "raw": None,
    "raw/one": b"1" * 30_000,
    "raw/deep": None,
    "raw/deep/two": b"2" * 50_000,
    "raw/deep/é": b"three",
}


class Place:
    """Where one archive is unpacked again and again.

    Args:
        depot: Serves it; its files are those of *served*.
        served: The depot's root.
        directory: An empty directory to unpack into.
        data: The archive; by default that of `TREE`.

    Attributes:
        url: Of the cart, which stays when it was downloaded.
        directory: As given.
    """

    def __init__(self, depot: Depot, served: Path, directory: Path, data: bytes | None = None) -> None:
        (served / "a.tar").write_bytes(written_by_python(TREE, "pax") if data is None else data)
        manifest = manifest_of({"x": b""})
        assert manifest is not None
        api = CartAPI(depot.carts_url, extra_args={"depot": {"tar": "a.tar"}})
        url = api.setup_cart(manifest.as_json)
        api.wait_for_cart(url)
        self.url = f"cart{url.removeprefix('http')}?filename=data"
        self.directory = directory
        self.top = directory / "data"

    async def download(self, **settings: Any) -> haulage.DownloadResult:
        """Unpack it."""
        remote = haulage.Remote(**{"max_retries": 0, **settings})
        return await haulage.download(self.url, self.directory, remote=remote)

    def is_there(self) -> bool:
        """Whether the tree is there; if it is, then it is complete."""
        if not self.top.exists():
            return False
        assert files(self.top) == TREE
        return True

    def beside(self) -> list[str]:
        """Return the names of what else is there."""
        return [path.name for path in self.directory.iterdir() if path != self.top]

    def clear(self) -> None:
        """Remove the tree."""
        self.remove(self.top)

    @staticmethod
    def remove(directory: Path) -> None:
        """Remove a directory, if it is there, with all that is in it."""
        shutil.rmtree(directory, ignore_errors=True)


def tree_manifest(tree: Tree = TREE) -> dict[str, Any]:
    """Return what Pacifica's policy service would say of the files in *tree*."""
    manifest = manifest_of(tree)
    assert manifest is not None
    told = {}
    for file in manifest.files.values():
        subdir, _, name = file.path.rpartition("/")
        told[str(file.id)] = {"name": name, "subdir": subdir, "hashsum": file.hashsum, "hashtype": file.hashtype}
    return {"files": told}
