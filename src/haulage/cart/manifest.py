"""What a cart is to hold: checked before it is asked for, and what the archive is held against when it comes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from haulage.archives.names import member_parts, problem_with
from haulage.checks import digest_size
from haulage.errors import MalformedCart

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["CartFile", "Manifest"]

_HEX = re.compile(r"[0-9a-f]+\Z")


@dataclass(frozen=True, slots=True)
class CartFile:
    """One file of a cart.

    Args:
        id: How the archive knows it.
        path: Where it is to lie in the cart: a relative path with slashes.
        hashsum: Its digest in hex.
        hashtype: Which digest that is, by its hashlib name.

    Attributes:
        parts: The components of `path`.

    Raises:
        MalformedCart: One of them cannot be.
    """

    id: int | str
    path: str
    hashsum: str
    hashtype: str

    def __post_init__(self) -> None:
        problem = _problem_with_id(self.id) or _problem_with_path(self.path)
        if problem is not None:
            raise MalformedCart(problem)
        hashtype, hashsum = (_lower(name, getattr(self, name)) for name in ("hashtype", "hashsum"))
        size = digest_size(hashtype)
        if not size:
            msg = f"unsupported hashtype {hashtype[:40]!r}"
            raise MalformedCart(msg)
        if len(hashsum) != 2 * size or not _HEX.match(hashsum):
            msg = f"hashsum is not the {2 * size} hex digits of a {hashtype} digest"
            raise MalformedCart(msg)
        # The service takes one slash off and compares digests letter by letter.
        for name, value in (("path", self.path.removeprefix("/")), ("hashtype", hashtype), ("hashsum", hashsum)):
            object.__setattr__(self, name, value)

    @property
    def parts(self) -> tuple[str, ...]:
        """The components of `path`."""
        return member_parts(self.path)

    def as_json(self) -> dict[str, Any]:
        """Return it as the service wants it."""
        return {"id": self.id, "path": self.path, "hashsum": self.hashsum, "hashtype": self.hashtype}


class Manifest:
    """The files of one cart.

    Args:
        entries: `CartFile` objects, or mappings with their fields.

    Attributes:
        files: Components of the path → file.
        directories: Components of the paths of all directories above them.

    Raises:
        MalformedCart: There is none, one is wrong, or two are in each other's way.
    """

    def __init__(self, entries: Iterable[Mapping[str, Any] | CartFile]) -> None:
        self.files: dict[tuple[str, ...], CartFile] = {}
        self.directories: set[tuple[str, ...]] = set()
        for number, entry in enumerate(entries):
            file = _cart_file(entry, number)
            parts = file.parts
            if parts in self.files:
                msg = f"two files for one path, {self.files[parts].id!r} and {file.id!r}"
                raise MalformedCart(msg, entry=repr(file.path))
            self.files[parts] = file
            self.directories.update(parts[:depth] for depth in range(1, len(parts)))
        if not self.files:
            msg = "a cart of no files: the service would never have it ready"
            raise MalformedCart(msg)
        for parts in self.files.keys() & self.directories:
            msg = "a file where other files need a directory"
            raise MalformedCart(msg, entry=repr("/".join(parts)))

    def as_json(self) -> list[dict[str, Any]]:
        """Return it as the service wants it."""
        return [file.as_json() for file in self.files.values()]


def _cart_file(entry: Any, number: int) -> CartFile:
    if isinstance(entry, CartFile):
        return entry
    where = f"entry {number}"
    if not isinstance(entry, Mapping):
        msg = f"a file of a cart is a mapping, not {type(entry).__name__}"
        raise MalformedCart(msg, entry=where)
    where = f"{where} (id {entry.get('id')!r:.40}, path {entry.get('path')!r:.120})"
    try:
        return CartFile(*(entry.get(name) for name in ("id", "path", "hashsum", "hashtype")))  # type: ignore[arg-type]
    except MalformedCart as error:
        raise MalformedCart(error.message, entry=where) from None


def _problem_with_id(value: Any) -> str | None:
    if value is None or value == "":
        return "id is missing"
    return None if isinstance(value, int | str) and not isinstance(value, bool) else "id is neither number nor text"


def _problem_with_path(value: Any) -> str | None:
    if not isinstance(value, str):
        return "path is missing" if value is None else "path is not text"
    problem = problem_with(value.removeprefix("/"), windows=False)
    if problem is None and value.endswith(("/", "/.")):
        problem = "names a directory"
    return None if problem is None else f"path is no place in a cart ({problem})"


def _lower(name: str, value: Any) -> str:
    if not isinstance(value, str) or not value:
        msg = f"{name} is missing" if value is None or value == "" else f"{name} is not text"
        raise MalformedCart(msg)
    return value.strip().lower()
