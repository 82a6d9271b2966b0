"""What a cart is asked for on the command line: read from a file, checked as a whole, and listed.

The file is a stranger's: it is read to a limit, and what is wrong with it is one line that names it.
"""

from __future__ import annotations

import errno
import json
import os
import stat
import sys
from typing import IO, TYPE_CHECKING, Any

from haulage.cart.manifest import Manifest
from haulage.cli.exits import UsageError
from haulage.errors import DestinationError, MalformedCart, StorageError
from haulage.progress import text
from haulage.sinks.file import FileTarget

if TYPE_CHECKING:
    from collections.abc import Callable

    from haulage.cart.manifest import CartFile
    from haulage.cart.metadata import YieldFiles

__all__ = ["STDIN", "check_target", "list_files", "read_request"]

STDIN = "-"

_MOST_BYTES = 1 << 29  # a million files are described in less than half of it
_OPENED = ("/dev/fd/", "/dev/stdin", "/proc/self/fd/")  # what a shell has opened for us


def read_request(option: str, path: str, parse: Callable[[Any], YieldFiles]) -> tuple[YieldFiles, Manifest]:
    """Return the files that are asked for, as entries and as the checked whole of them.

    Args:
        option: The option that named the file.
        path: The file, or `STDIN`.
        parse: Makes entries of what is in it.

    Raises:
        UsageError: It cannot be read, is not JSON, or no cart can be made of it.
    """
    shown = f"{option}: {'standard input' if path == STDIN else repr(path)}"
    try:
        yield_files = parse(_decoded(_read(path)))
        return yield_files, Manifest(yield_files())
    except OSError as error:
        msg = f"{shown} cannot be read: {os.strerror(error.errno).lower() if error.errno else error}"
    except MalformedCart as error:
        msg = f"{shown}: {error.message}"
    except ValueError as error:
        msg = f"{shown} {error}"
    raise UsageError(msg)


def check_target(location: str, name: str) -> str:
    """Look at the place for a cart, as far as that can be done without making anything.

    Args:
        location: The directory it is to be in; may be missing.
        name: What it is to be called there.

    Returns:
        Its path.

    Raises:
        DestinationError: There is something already, or nothing can be made there.
    """
    target = FileTarget(os.path.join(location, name), replaces=False)
    if os.path.lexists(target.path):
        raise target.taken()
    above = os.path.dirname(target.path)
    while not os.path.lexists(above) and above != os.path.dirname(above):
        above = os.path.dirname(above)
    number = 0 if os.access(above, os.W_OK | os.X_OK) else errno.EACCES
    if not os.path.isdir(above):
        number = errno.ENOTDIR
    if number:
        msg = f"cannot write {target.path!r}: {above!r}: {os.strerror(number).lower()}"
        raise DestinationError(msg, errno=number, filename=target.path)
    return target.path


def list_files(manifest: Manifest, target: str, *, as_json: bool) -> None:
    """Print the files of a cart to standard output, and how many there are to standard error.

    Args:
        manifest: The files.
        target: Where they would go.
        as_json: Whether to print JSON lines, the last of which is the summary.

    Raises:
        StorageError: Standard output cannot be written to.
    """
    count = len(manifest.files)
    lines = [_json_line(file) if as_json else _line(file) for file in manifest.files.values()]
    if as_json:
        lines.append(json.dumps({"event": "summary", "files": count, "path": target}))
    try:
        print("\n".join(lines), flush=True)
    except BrokenPipeError:
        raise
    except OSError as error:
        msg = f"standard output: {os.strerror(error.errno or errno.EIO).lower()}"
        raise StorageError(msg, errno=error.errno) from None
    if not as_json:
        words = f"haulage: {text.amount(count, 'file')} would come to {target}; nothing was asked for"
        print(text.printable(words), file=sys.stderr)


def _json_line(file: CartFile) -> str:
    return json.dumps({"event": "file", **file.as_json()})


def _line(file: CartFile) -> str:
    fields = map(text.escaped, (file.path, f"{file.hashtype}:{file.hashsum}", str(file.id)))
    # Not every terminal has all signs.
    encoding = sys.stdout.encoding
    return "\t".join(fields).encode(encoding, "backslashreplace").decode(encoding)


def _read(path: str) -> bytes:
    if path == STDIN:
        if sys.stdin is None:
            msg = "is not there"
            raise ValueError(msg)
        return _limited(sys.stdin.buffer)
    is_opened = path.startswith(_OPENED)
    # A pipe that nobody writes to would be waited for without end.
    flags = os.O_RDONLY | getattr(os, "O_BINARY", 0) | (0 if is_opened else getattr(os, "O_NONBLOCK", 0))
    with open(path, "rb", opener=lambda name, _: os.open(name, flags)) as file:
        if not (stat.S_ISREG(os.fstat(file.fileno()).st_mode) or is_opened):
            msg = f"is not a file; {STDIN} reads standard input"
            raise ValueError(msg)
        return _limited(file)


def _limited(file: IO[bytes]) -> bytes:
    data = file.read(_MOST_BYTES + 1)
    if len(data) > _MOST_BYTES:
        msg = "is larger than any request"
        raise ValueError(msg)
    return data


def _decoded(data: bytes) -> Any:
    try:
        # Some programs begin a file with a byte order mark.
        return json.loads(data.decode("utf-8-sig"), object_pairs_hook=_object)
    except UnicodeDecodeError as error:
        msg = f"is not UTF-8 text (byte {error.start})"
    except json.JSONDecodeError as error:
        msg = f"is not JSON: {error.msg} (line {error.lineno}, column {error.colno})"
    except RecursionError:
        msg = "is not JSON that can be meant: it is nested too deeply"
    raise ValueError(msg)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        # One of two files would be left out without a word.
        seen: set[str] = set()
        twice = next(name for name, _ in pairs if name in seen or seen.add(name))  # type: ignore[func-returns-value]
        msg = f"has {twice[:40]!r} twice in one object"
        raise ValueError(msg)
    return found
