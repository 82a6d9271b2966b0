"""Staging: find the files of a cart and prove them. Everything here blocks: worker threads only.

Strategy: nothing is copied. Each file is opened as a request for it would open it, through the same fences, and read
once for its digest. Whoever removes the cart sets an event, so no thread goes on reading for nobody.
"""

from __future__ import annotations

import errno
import hashlib
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from haulage.depot.carts.members import StagingError, arrange, file_segments
from haulage.depot.files import Directory, open_path

if TYPE_CHECKING:
    import threading

    from haulage.depot.carts.members import Member
    from haulage.depot.carts.orders import Order, Wanted
    from haulage.depot.sources import Source

__all__ = ["open_file", "stage"]

_PIECE = 1 << 20
_TOGETHER = 2
"""Files of one cart that are read at the same time."""


def stage(root: str | None, order: Order, abandoned: threading.Event) -> tuple[Member, ...]:
    """Find and prove the files of a cart.

    Args:
        root: The resolved root of the depot.
        order: What was ordered.
        abandoned: Set when nobody wants the result any more.

    Returns:
        The members of its tar; none if another tar is sent in its place.

    Raises:
        StagingError: Something is missing or wrong.
    """
    if order.plan.fail is not None:
        raise StagingError(order.plan.fail)
    if order.plan.tar is not None:
        _find(root, order.plan.tar).close()
        return ()
    members = arrange(order.files)
    files = [member.file for member in members if member.file is not None]
    # Reading and hashing leave the interpreter to others; after a failure the rest is not begun any more.
    with ThreadPoolExecutor(_TOGETHER) as threads:
        for _ in threads.map(lambda file: _prove(root, file, abandoned), files):
            pass
    return members


def open_file(root: str | None, file_id: str) -> Source:
    """Open a file by its id.

    Args:
        root: The resolved root of the depot.
        file_id: The path of the file below the root.

    Returns:
        The file, which the caller closes.

    Raises:
        FileNotFoundError: There is no such file, or it must not be read.
    """
    segments = file_segments(file_id)
    found = open_path(root, segments) if root is not None and segments is not None else None
    if found is None or isinstance(found, Directory):
        raise FileNotFoundError(errno.ENOENT, "no such file")
    return found


def _find(root: str | None, file_id: str) -> Source:
    """Open a file that has to be there."""
    try:
        return open_file(root, file_id)
    except FileNotFoundError as error:
        raise _failed(file_id, str(error.strerror)) from None


def _prove(root: str | None, file: Wanted, abandoned: threading.Event) -> None:
    """Hold a file against its digest."""
    if abandoned.is_set():
        return
    try:
        hasher = hashlib.new(file.hashtype, usedforsecurity=False)
    except (ValueError, TypeError):  # the latter for text that has no UTF-8
        hasher = None
    # What has no size of its own gives digests of any length, which prove nothing.
    if hasher is None or not hasher.digest_size:
        raise _failed(file.id, f"unsupported hash type {file.hashtype!r}")
    source = _find(root, file.id)
    try:
        size = source.representation.size
        for start in range(0, size, _PIECE):
            if abandoned.is_set():
                return
            hasher.update(source.read_at(start, min(_PIECE, size - start)))
    except OSError as error:
        raise _failed(file.id, str(error.strerror)) from None
    finally:
        source.close()
    if hasher.hexdigest() != file.hashsum:
        raise _failed(file.id, "File hash does not match provided hash")


def _failed(file_id: str, reason: str) -> StagingError:
    """Say what the real service says, and of which file."""
    return StagingError(f"Failed to pull file {file_id!r} ({reason})")
