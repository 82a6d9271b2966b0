"""What a depot has been asked, kept for whoever wants to count.

Strategy: an entry is written when a request arrives and completed while it is answered, so that a client which
has its last byte always finds its request here. The depot's thread writes, any thread may read: readers get
frozen copies, and the oldest entries fall out when the book is full.
"""

from __future__ import annotations

import dataclasses
import threading
from collections import deque
from dataclasses import dataclass

__all__ = ["Entry", "RequestBook", "RequestRecord"]


@dataclass(frozen=True, slots=True)
class RequestRecord:
    """One request as the depot saw it.

    Attributes:
        method: The request method.
        target: Path and query exactly as received.
        headers: Names and values in the order and spelling received. They may hold credentials, so they are
            not part of the repr.
        peer: Address and port of the client; two requests with equal peers came over one connection.
        status: Status code of the response, or ``None`` while there is none.
        bytes_sent: Bytes of body handed to the connection so far. For a file whose sending the depot itself broke
            off by closing, it is a lower bound.
    """

    method: str
    target: str
    headers: tuple[tuple[str, str], ...] = dataclasses.field(repr=False)
    peer: str
    status: int | None = None
    bytes_sent: int = 0

    def header(self, name: str) -> str | None:
        """Look up a field, without regard to case.

        Args:
            name: The name of the field.

        Returns:
            The value, several values joined by a comma, or ``None``.
        """
        values = [value for key, value in self.headers if key.lower() == name.lower()]
        return ", ".join(values) if values else None


class Entry:
    """A record that is still being written."""

    __slots__ = ("_asked", "bytes_sent", "status")

    def __init__(self, asked: RequestRecord) -> None:
        """Begin with what was asked; ``status`` and ``bytes_sent`` are filled in by the sender."""
        self._asked = asked
        self.status: int | None = None
        self.bytes_sent = 0

    def freeze(self) -> RequestRecord:
        """Return the record as it stands now."""
        return dataclasses.replace(self._asked, status=self.status, bytes_sent=self.bytes_sent)


class RequestBook:
    """The latest requests, oldest first."""

    def __init__(self, limit: int) -> None:
        """Open an empty book.

        Args:
            limit: Most entries kept.
        """
        self._entries: deque[Entry] = deque(maxlen=limit)
        self._lock = threading.Lock()

    def open(self, asked: RequestRecord) -> Entry:
        """Write down a request and return the entry to be completed."""
        entry = Entry(asked)
        with self._lock:
            self._entries.append(entry)
        return entry

    def snapshot(self) -> tuple[RequestRecord, ...]:
        """Return all records as they stand now."""
        with self._lock:
            entries = tuple(self._entries)
        return tuple(entry.freeze() for entry in entries)

    def clear(self) -> None:
        """Forget all requests."""
        with self._lock:
            self._entries.clear()
