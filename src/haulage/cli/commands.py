"""The table of commands, and the way into them and out again."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from typing import TYPE_CHECKING

from haulage._version import __version__
from haulage.cli import cart, demo, depot, get
from haulage.cli.arguments import Parser
from haulage.cli.exits import Exit, exit_for, table
from haulage.cli.interruption import Interruption
from haulage.cli.tracing import print_traceback, wants_tracebacks
from haulage.errors import DownloadError
from haulage.progress import text

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["main"]

COMMANDS = (get, cart, depot, demo)

_EPILOG = f"""\
examples:
  haulage get https://example.com/file.iso --sha256 9f86d081…
  haulage get -d downloads -j 20 https://example.com/a https://example.com/b
  haulage cart get --cart-url http://127.0.0.1:8081 --cloud-event event.json -d downloads
  haulage depot --root .
  haulage demo

exit codes:
{table()}
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line.

    Args:
        argv: Arguments without the program's name; by default those of the process, which then may be ended when
            cleaning up after a signal hangs.

    Returns:
        The exit code; see `haulage.cli.exits`.
    """
    options = None
    with Interruption(ends_process=argv is None) as interruption:
        try:
            options = _parser().parse_all(argv)
            code = _flushed(int(options.run(options, interruption)))
        except KeyboardInterrupt:
            return _quiet(interruption.code or Exit.INTERRUPTED)
        except SystemExit as leaving:  # argparse, after --help and --version
            with suppress(BrokenPipeError):
                _flush()
                return int(leaving.code or 0)
            return _quiet(Exit.BROKEN_PIPE)
        except BrokenPipeError:
            return _quiet(Exit.BROKEN_PIPE)
        except Exception as error:  # noqa: BLE001 - the last place where anything can be said
            return _quiet(_explain(error, with_traceback=wants_tracebacks(options)))
    return _quiet(code) if code == Exit.BROKEN_PIPE else code


def _parser() -> Parser:
    parser = Parser(
        prog="haulage",
        description="Bring bytes from a URL to a place, and prove that they are the right bytes.",
        epilog=_EPILOG,
    )
    parser.add_argument("--version", action="version", version=f"haulage {__version__}")
    parsers = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for command in COMMANDS:
        one = parsers.add_parser(command.NAME, help=command.SUMMARY, description=command.SUMMARY, epilog=command.EPILOG)
        command.add_arguments(one)
        one.set_defaults(run=command.run)
    return parser


def _explain(error: Exception, *, with_traceback: bool) -> int:
    """Say in one line what went wrong."""
    code = exit_for(error)
    if with_traceback:
        print_traceback(error)
    if isinstance(error, DownloadError) and error.url is not None:
        line = text.failure_line(error.url, error)
    else:
        what = f"unexpected {type(error).__name__}: " if code == Exit.UNEXPECTED else ""
        line = f"haulage: {what}{text.message_of(error)}"
    # Without a standard error nobody can be told.
    with suppress(OSError):
        print(line, file=sys.stderr)
    return code


def _flushed(code: int) -> int:
    """Return *code*, or the one for an output that cannot be written where all else went well."""
    try:
        _flush()
    except BrokenPipeError:
        raise
    except OSError:
        return _quiet(code or Exit.STORAGE)
    return code


def _flush() -> None:
    if sys.stdout is not None:
        sys.stdout.flush()


def _quiet(code: int) -> int:
    """Keep Python from complaining at its end about an output that nobody reads."""
    with suppress(OSError, ValueError, AttributeError):
        try:
            sys.stdout.flush()
        except OSError:
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, sys.stdout.fileno())
            os.close(nowhere)
    return code
