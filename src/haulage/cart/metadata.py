"""What Pacifica says of files, as the entries of a cart.

The two parsers return a callable that gives an iterator, which is what `CartAPI.setup_cart` takes; so does any other
source of such entries.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from haulage.errors import MalformedCart

__all__ = ["CloudEvent", "TransactionInfo", "YieldFiles"]

YieldFiles = Callable[[], Iterable[Mapping[str, Any]]]
"""Gives the entries of a cart: mappings with ``id``, ``path``, ``hashsum`` and ``hashtype``."""


class TransactionInfo:
    """What Pacifica's policy service says of a transaction."""

    @staticmethod
    def yield_files(transinfo: Any) -> YieldFiles:
        """Return what gives the files of a transaction.

        Args:
            transinfo: With ``files``: id → ``{"name", "subdir", "hashsum", "hashtype", …}``.

        Raises:
            MalformedCart: It is nothing of the kind. What is wrong with an entry is raised when it is its turn.

        Example:
            >>> about = {"name": "a.txt", "subdir": "raw", "hashsum": "d3" * 20, "hashtype": "sha1"}
            >>> list(TransactionInfo.yield_files({"files": {"67": about}})())[0]["path"]
            'raw/a.txt'
        """
        files = transinfo.get("files") if isinstance(transinfo, Mapping) else None
        if not isinstance(files, Mapping):
            msg = "transaction info is a mapping with a mapping 'files'"
            raise MalformedCart(msg)

        def entries() -> Iterator[dict[str, Any]]:
            for file_id, about in files.items():
                yield _entry(file_id, about, f"files[{file_id!r}]")

        return entries


class CloudEvent:
    """An event of Pacifica's notifications service (CloudEvents, JSON format)."""

    @staticmethod
    def yield_files(cloudevent: Any) -> YieldFiles:
        """Return what gives the files of an event.

        Args:
            cloudevent: With ``data``: a list of objects. Those with a ``destinationTable`` of ``"Files"`` count; they
                are ``{"_id", "name", "subdir", "hashsum", "hashtype", …}``.

        Raises:
            MalformedCart: It is nothing of the kind. What is wrong with an entry is raised when it is its turn.

        Example:
            >>> about = {"_id": 67, "name": "a.txt", "subdir": "", "hashsum": "d3" * 20, "hashtype": "sha1"}
            >>> event = {"data": [{"destinationTable": "Files", **about}, {"destinationTable": "Transactions"}]}
            >>> [entry["path"] for entry in CloudEvent.yield_files(event)()]
            ['a.txt']
        """
        data = cloudevent.get("data") if isinstance(cloudevent, Mapping) else None
        if not isinstance(data, list | tuple):
            msg = "a cloud event is a mapping with a list 'data'"
            raise MalformedCart(msg)

        def entries() -> Iterator[dict[str, Any]]:
            for number, item in enumerate(data):
                if isinstance(item, Mapping) and item.get("destinationTable") == "Files":
                    yield _entry(item.get("_id"), item, f"data[{number}]")

        return entries


def _entry(file_id: Any, about: Any, where: str) -> dict[str, Any]:
    if not isinstance(about, Mapping):
        msg = f"a file is described by a mapping, not {type(about).__name__}"
        raise MalformedCart(msg, entry=where)
    name, subdir = about.get("name"), about.get("subdir", "")
    for field, value in (("name", name), ("subdir", subdir)):
        if not isinstance(value, str):
            msg = f"{field} is missing" if value is None else f"{field} is not text"
            raise MalformedCart(msg, entry=where)
    if not name or "/" in name:
        msg = "name is not a file name"
        raise MalformedCart(msg, entry=where)
    path = f"{subdir.rstrip('/')}/{name}" if subdir.strip("/") else name
    return {"id": file_id, "path": path, "hashsum": about.get("hashsum"), "hashtype": about.get("hashtype")}
