"""Files that the server names: known when its answer begins, and never in place of something else.

The directory is looked at before anything is asked for. The name comes with the answer of each attempt.
"""

from __future__ import annotations

import os
from dataclasses import dataclass

from haulage.errors import DestinationError
from haulage.sinks.file import FileTarget

__all__ = ["NamedByServer", "NamedTarget"]


@dataclass(frozen=True)
class NamedByServer:
    """A destination: a new file in a directory, under the name the server gives it.

    The name is the one in the Content-Disposition header, or else the last part of the path of the URL that was asked
    for, made harmless: one component without separators, control characters, leading dots and the like. Nothing is ever
    replaced: where something has that name, the download fails with `DestinationExists`. The result's `path` says what
    the file is called.

    Args:
        directory: The directory; None for the working directory.

    Raises:
        DestinationError: Not a path.

    Example:
        >>> result = fetch(f"{depot.url}/hello.txt?token=1", NamedByServer("."))
        >>> result.path
        '...hello.txt'
    """

    directory: str | os.PathLike[str] | None = None

    def __post_init__(self) -> None:
        if self.directory is not None and not isinstance(self.directory, str | os.PathLike):
            msg = f"a directory is a path, not {type(self.directory).__name__}"
            raise DestinationError(msg)


class NamedTarget(FileTarget):
    """A place for a file that has a name of ours until it gets its own.

    Args:
        directory: Where it lies.
        durable: Whether to flush file and directory to the disk before publishing is reported.

    Raises:
        DestinationError: Not the name of a directory.
    """

    def __init__(self, directory: str, *, durable: bool = False) -> None:
        super().__init__(None, working_directory=directory, durable=durable, replaces=False)

    async def settle(self, name: str) -> None:
        """Take *name*, a harmless one, for the sinks to come.

        Raises:
            DestinationExists: Something has that name.
            DestinationError: It cannot be written to.
        """
        self.name = name
        self.path = os.path.join(os.path.dirname(self.path), name)
        await self.check()
