"""The root of all errors: facts as attributes, URLs redacted, pickling kept."""

from __future__ import annotations

from typing import Any

from haulage.urls import redact

__all__ = ["DownloadError", "restore"]


def restore(cls: type[DownloadError], args: tuple[Any, ...], state: dict[str, Any]) -> DownloadError:
    """Make a pickled error anew, whatever arguments its class takes."""
    error = cls.__new__(cls, *args)
    error.args = args
    for name, value in state.items():
        setattr(error, name, value)
    return error


class DownloadError(Exception):
    """The root of all errors of this library.

    Args:
        message: One line, in plain words, without secrets.
        url: The URL concerned; kept and shown redacted.
        transient: Whether the same request may succeed later.
        retry_after: Seconds the server asked to wait, or None.

    Attributes:
        attempts: How many attempts were made before this error was given up on; 0 when none was.
        throttled: Whether the server only asked to be asked less often (429).
    """

    transient: bool = False
    throttled: bool = False
    retry_after: float | None = None
    attempts: int = 0

    def __init__(
        self,
        message: str = "",
        *,
        url: str | None = None,
        transient: bool | None = None,
        retry_after: float | None = None,
    ) -> None:
        # Not super(): the builtins and aiohttp's classes further along have other ideas of their arguments.
        Exception.__init__(self, message)
        self.message = message
        self.url = None if url is None else redact(url)
        if transient is not None:
            self.transient = transient
        if retry_after is not None:
            self.retry_after = retry_after

    def __str__(self) -> str:
        text = str(self.args[0]) if self.args else ""
        return text if self.url is None else f"{text} [{self.url}]"

    def __reduce__(self) -> tuple[Any, ...]:
        return (restore, (type(self), self.args, dict(self.__dict__)))
