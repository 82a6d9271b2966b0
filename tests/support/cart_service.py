"""What tests of carts need of a service, and the depot as such a service.

The same tests run against the depot and against Pacifica's own services (`support.pacifica`). A staging that fails
needs nothing more: any service fails at an id that was never stored.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import secrets
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Protocol

from haulage.depot import Depot

__all__ = ["CartService", "Collection", "DepotCarts", "found_below"]


class CartService(Protocol):
    """A cart service with the archive that it takes files from.

    Attributes:
        url: Where carts are asked for.
    """

    url: str

    async def store(self, contents: Mapping[str, bytes]) -> None:
        """Put files into the archive: id, decimal digits that no other file has, to content."""

    def held_up(self) -> AbstractContextManager[dict[str, Any]]:
        """Hold up the staging of carts that are asked for meanwhile with the extra arguments that this gives."""


class DepotCarts:
    """The carts of a depot.

    Args:
        depot: An open depot.
        root: The directory it serves.
    """

    def __init__(self, depot: Depot, root: Path) -> None:
        self.url = depot.carts_url
        self._root = root

    async def store(self, contents: Mapping[str, bytes]) -> None:
        """Put files into the archive; see `CartService.store`."""
        for file_id, content in contents.items():
            (self._root / file_id).write_bytes(content)

    @contextlib.contextmanager
    def held_up(self) -> Iterator[dict[str, Any]]:
        """Hold up staging; see `CartService.held_up`."""
        yield {"depot": {"staging": 600}}


class Collection:
    """Files to be put into an archive and taken from it as a cart.

    Args:
        contents: Path in the cart to content.
        hashtype: Which digest to describe them by.

    Attributes:
        contents: As given.
        stored: Id in the archive to content.
    """

    def __init__(self, contents: Mapping[str, bytes], hashtype: str = "sha1") -> None:
        self.contents = dict(contents)
        self.hashtype = hashtype
        self._ids = {path: str(secrets.randbits(62)) for path in contents}
        self.stored = {self._ids[path]: content for path, content in contents.items()}

    @property
    def transinfo(self) -> dict[str, Any]:
        """What a policy service would say of them."""
        return {"_id": 17, "files": {self._ids[path]: self._describe(path) for path in self.contents}}

    @property
    def cloudevent(self) -> dict[str, Any]:
        """What a notifications service would say of them, among other things."""
        files = [
            {"destinationTable": "Files", "_id": int(self._ids[path]), **self._describe(path)} for path in self.contents
        ]
        return {"cloudEventsVersion": "0.1", "data": [{"destinationTable": "Transactions._id", "value": 17}, *files]}

    @property
    def members(self) -> set[tuple[str, int, str]]:
        """What is to be said of them when they have come: path, size, digest."""
        return {(path, len(content), self._digest(path)) for path, content in self.contents.items()}

    def _describe(self, path: str) -> dict[str, Any]:
        subdir, _, name = path.rpartition("/")
        about = {"name": name, "subdir": subdir, "size": len(self.contents[path]), "mimetype": "application/x-any"}
        return {**about, "hashtype": self.hashtype, "hashsum": self._digest(path)}

    def _digest(self, path: str) -> str:
        return hashlib.new(self.hashtype, self.contents[path]).hexdigest()


def found_below(directory: str | os.PathLike[str]) -> dict[str, bytes]:
    """Return the files below *directory*: path with slashes to content."""
    top = Path(directory)
    return {path.relative_to(top).as_posix(): path.read_bytes() for path in top.rglob("*") if path.is_file()}
