"""Floor 2: where bytes go. A sink is a transaction: open, write, commit or abort.

Sinks are synchronous and run in a worker thread, one call at a time.
"""

from __future__ import annotations

from typing import Protocol

__all__ = ["Sink"]


class Sink(Protocol):
    """A place for the bytes of one attempt."""

    @property
    def path(self) -> str | None:
        """Absolute path of the published file; None where the sink is no file."""

    def open(self, size: int | None) -> None:
        """Make ready to be written to. `size` is the number of bytes to come, where it is known.

        Raises:
            StorageError: It cannot be written to, or has not that much room.
        """

    def write(self, chunks: list[bytes]) -> None:
        """Take the next bytes.

        Raises:
            StorageError: They cannot be written.
        """

    def commit(self) -> None:
        """Publish what was written.

        Raises:
            StorageError: It cannot be published; nothing was.
        """

    def abort(self) -> None:
        """Undo what can be undone. Harmless when nothing was opened, or after a commit."""
