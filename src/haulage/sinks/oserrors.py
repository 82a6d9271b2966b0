"""From an OSError of the file system to one of ours."""

from __future__ import annotations

import errno
import functools
import os
from typing import TYPE_CHECKING, Concatenate, ParamSpec, TypeVar

from haulage.errors import DestinationError, LocalResourceError, StorageError, StorageFull
from haulage.errors.local import OWN_LIMITS

if TYPE_CHECKING:
    from collections.abc import Callable

    from haulage.sinks import Sink

    S = TypeVar("S", bound=Sink)
    P = ParamSpec("P")
    T = TypeVar("T")

__all__ = ["storage_error", "translated"]

_FULL = {errno.ENOSPC, errno.EDQUOT} if hasattr(errno, "EDQUOT") else {errno.ENOSPC}
_NO_PLACE = {
    *(errno.ENOENT, errno.ENOTDIR, errno.EISDIR, errno.EACCES, errno.EPERM, errno.EROFS),
    *(errno.ENAMETOOLONG, errno.ELOOP, errno.ENOTEMPTY, errno.EEXIST, errno.EINVAL),
}


def storage_error(error: OSError, path: str | None) -> StorageError:
    """Return what *error*, met while writing to *path*, means to the caller."""
    reason = os.strerror(error.errno).lower() if error.errno else (str(error) or type(error).__name__)
    kind = StorageError
    if error.errno in _FULL:
        kind = StorageFull
    elif error.errno in _NO_PLACE:
        kind = DestinationError
    elif error.errno in OWN_LIMITS:
        kind = LocalResourceError
    shown = "the destination" if path is None else repr(path)
    return kind(f"cannot write {shown}: {reason}", errno=error.errno, filename=path)


def translated(method: Callable[Concatenate[S, P], T]) -> Callable[Concatenate[S, P], T]:
    """Make a sink's *method* raise what the file system says as one of our errors."""

    @functools.wraps(method)
    def wrapper(self: S, /, *args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return method(self, *args, **kwargs)
        except StorageError:
            raise
        except OSError as error:
            raise storage_error(error, self.path) from error

    return wrapper
