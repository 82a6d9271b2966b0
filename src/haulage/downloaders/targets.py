"""What a destination may be, what is done with what is there already, and the target made of both."""

from __future__ import annotations

import os
from typing import IO, TYPE_CHECKING, Literal, get_args

from haulage.errors import MalformedRequest
from haulage.sinks.file import FileTarget
from haulage.sinks.named import NamedByServer, NamedTarget
from haulage.sinks.stream import StreamTarget, check_file_object

if TYPE_CHECKING:
    from collections.abc import Mapping

    from haulage.settings import RemoteSettings

__all__ = ["Destination", "IfExists", "Target", "check_destination", "make_target"]

Destination = str | os.PathLike[str] | IO[bytes] | NamedByServer
IfExists = Literal["replace", "fail", "verify"]
Target = FileTarget | StreamTarget


def check_destination(
    destination: Destination | None, if_exists: IfExists, expected_digests: Mapping[str, str], *, url: str
) -> None:
    """Say what is wrong with a destination and what is to be done with what is there.

    Args:
        destination: The destination.
        if_exists: What is to be done.
        expected_digests: Digests that may prove something, or none.
        url: For the error.

    Raises:
        DestinationError: A file object that cannot be written to, or something else altogether.
        MalformedRequest: They do not go together.
    """
    is_path = isinstance(destination, str | os.PathLike)
    if not (destination is None or is_path or isinstance(destination, NamedByServer)):
        check_file_object(destination)
    problem = None
    if if_exists == "replace":
        return
    if if_exists not in get_args(IfExists):
        problem = f"if_exists is one of {', '.join(map(repr, get_args(IfExists)))}"
    elif if_exists == "verify" and not is_path:
        problem = "if_exists='verify' needs a path"
    elif if_exists == "verify" and not expected_digests:
        problem = "if_exists='verify' needs expected_digests: nothing else proves a file that is there"
    elif not (destination is None or is_path or isinstance(destination, NamedByServer)):
        problem = "if_exists is for paths; a file object is there in any case"
    if problem is not None:
        raise MalformedRequest(problem, url=url)


def make_target(destination: Destination | None, if_exists: IfExists, settings: RemoteSettings) -> Target:
    """Return the target for *destination*, which was checked.

    Raises:
        DestinationError: Not the name of a file.
    """
    durable = settings.durable
    directory = None if settings.working_directory is None else os.fspath(settings.working_directory)
    if isinstance(destination, NamedByServer):
        named = destination.directory
        return NamedTarget(os.fspath(named) if named is not None else directory or os.curdir, durable=durable)
    if destination is None or isinstance(destination, str | os.PathLike):
        return FileTarget(
            None if destination is None else os.fspath(destination),
            working_directory=directory,
            durable=durable,
            replaces=if_exists != "fail",
        )
    return StreamTarget(destination, durable=durable)
