"""Exit codes: the one table, and which error leads to which.

The table is read from the top: the first row whose classes fit an error gives the code.
"""

from __future__ import annotations

import enum

from haulage import errors
from haulage.progress.text import is_silent
from haulage.transport.status import AuthorizationFailure, HttpFileNotFound, HttpStatusError

__all__ = ["Exit", "UsageError", "exit_for", "table"]

_PROXY_AUTHENTICATION_REQUIRED = 407


class UsageError(Exception):
    """A command line that cannot be meant; the message is one line without secrets."""


class Exit(enum.IntEnum):
    """The exit codes. Those from 128 are 128 and the number of the signal, as in a shell."""

    OK = 0
    UNEXPECTED = 1
    USAGE = 2
    STORAGE = 3
    NETWORK = 4
    TLS = 5
    AUTHORIZATION = 6
    NOT_FOUND = 7
    STATUS = 8
    TIMEOUT = 9
    MISMATCH = 10
    PROTOCOL = 11
    POLICY = 12
    HANGUP = 129
    INTERRUPTED = 130
    BROKEN_PIPE = 141
    TERMINATED = 143


_MEANINGS = {
    Exit.OK: "all is well",
    Exit.UNEXPECTED: "something unexpected: please report it",
    Exit.USAGE: "the command, a URL or a setting cannot be right",
    Exit.STORAGE: "the file system: a destination that cannot be written, a source that cannot be read",
    Exit.NETWORK: "no connection: name not found, refused, lost",
    Exit.TLS: "no trusted connection: certificates",
    Exit.AUTHORIZATION: "credentials are missing or refused (401, 403, 407)",
    Exit.NOT_FOUND: "nothing there (404, 410, no such file, no such cart)",
    Exit.STATUS: "another HTTP status of 400 or above, or a cart that its service could not make",
    Exit.TIMEOUT: "a time limit passed, or too slow",
    Exit.MISMATCH: "the bytes are not the expected ones: digest or size",
    Exit.PROTOCOL: "an answer that cannot be used: cut off, or against the protocol",
    Exit.POLICY: "refused here: a redirect, an address, a size or a member of an archive that is not allowed",
    Exit.HANGUP: "the terminal went away (SIGHUP)",
    Exit.INTERRUPTED: "Ctrl-C (SIGINT)",
    Exit.BROKEN_PIPE: "whoever read our output stopped reading",
    Exit.TERMINATED: "terminated (SIGTERM)",
}

_CAUSES: tuple[tuple[Exit, tuple[type[BaseException], ...]], ...] = (
    (Exit.USAGE, (UsageError, errors.RequestError, errors.UnsupportedDigestValidationError)),
    (Exit.AUTHORIZATION, (AuthorizationFailure, errors.ProxyAuthorizationFailure)),
    (Exit.NOT_FOUND, (HttpFileNotFound, errors.FileNotFound, errors.CartNotFound)),
    (Exit.STATUS, (HttpStatusError, errors.StagingFailed)),
    (Exit.TIMEOUT, (errors.TimeoutException,)),
    (Exit.TLS, (errors.TlsError,)),
    (Exit.MISMATCH, (errors.ValidationError,)),
    (Exit.POLICY, (errors.PolicyError, errors.RedirectError, errors.TooLarge, errors.ArchiveUnsafe)),
    (Exit.PROTOCOL, (errors.ResponseError, errors.PartialFile)),
    (Exit.STORAGE, (errors.StorageError, errors.ReadError)),
    (Exit.NETWORK, (errors.NetworkError,)),
)


def exit_for(error: BaseException) -> Exit:
    """Return the exit code for *error*."""
    if isinstance(error, BrokenPipeError) or (isinstance(error, errors.StorageError) and is_silent(error)):
        return Exit.BROKEN_PIPE
    if isinstance(error, HttpStatusError) and error.status == _PROXY_AUTHENTICATION_REQUIRED:
        return Exit.AUTHORIZATION
    return next((code for code, kinds in _CAUSES if isinstance(error, kinds)), Exit.UNEXPECTED)


def table() -> str:
    """Return the codes and their meanings, a line each."""
    return "\n".join(f"  {code.value:>3}  {_MEANINGS[code]}" for code in Exit)
