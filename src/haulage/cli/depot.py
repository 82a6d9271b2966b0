"""``haulage depot``: serve a directory and made-up behaviours, until Ctrl-C."""

from __future__ import annotations

import json
import os
import sys
from typing import TYPE_CHECKING, Any

from haulage.cli import credentials
from haulage.cli.arguments import port
from haulage.cli.exits import UsageError
from haulage.cli.options import add_user
from haulage.errors import DestinationError, NetworkError, ReadError
from haulage.progress import text
from haulage.urls import redact

if TYPE_CHECKING:
    import argparse

    from haulage.cli.interruption import Interruption
    from haulage.depot import Depot, RequestRecord

__all__ = ["EPILOG", "NAME", "SUMMARY", "add_arguments", "run"]

NAME = "depot"
SUMMARY = "Serve files over http or https, for tests and demonstrations, until Ctrl-C."
EPILOG = """\
Standard output gets one line when the depot is ready: its URL, or with --json an object with event ("ready"), url,
host, port, root, ca_file and carts_url. Below /_/ there are behaviours to test clients with, such as
/_/bytes/1000000?seed=1 and /_/status/503?times=2, and at /_/carts there is a cart service for the files of the root.

With --faults it misbehaves below /_/fault/, for example /_/fault/truncate?at=1000. The page /_/fault lists the names,
which with --json are in faults, too.

examples:
  haulage depot --root . --tls --ca-file ca.pem
  haulage get --ca-cert ca.pem https://127.0.0.1:PORT/README.md
  haulage depot --faults --port 8080
  haulage get http://127.0.0.1:8080/_/fault/truncate
"""

_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this command."""
    parser.add_argument("--root", metavar="DIR", help="the directory whose files are served (default: none)")
    parser.add_argument("--host", default="127.0.0.1", help="name or address to listen on (default: 127.0.0.1)")
    parser.add_argument("--port", type=port, default=0, help="port to listen on (default: a free one)")
    parser.add_argument("--tls", action="store_true", help="serve https, with a certificate made for this run")
    parser.add_argument("--ca-file", metavar="FILE", help="write the certificate that clients have to trust to FILE")
    parser.add_argument(
        "--certificate",
        metavar="KIND",
        default="valid",
        help="what is wrong with TLS: expired, not-yet, wrong-host, self-signed, old-tls (default: valid)",
    )
    parser.add_argument("--faults", action="store_true", help="misbehave below /_/fault/; that page lists the names")
    add_user(parser)
    parser.add_argument("--json", action="store_true", help="say that it is ready as a JSON line")
    parser.add_argument("-v", "--verbose", action="count", default=0, help="a line per request on standard error")


def run(options: argparse.Namespace, interruption: Interruption) -> int:
    """Serve until a signal comes.

    Args:
        options: What `add_arguments` added.
        interruption: Runs coroutines.

    Returns:
        The exit code.

    Raises:
        UsageError: Options that cannot be right, or TLS without the extra it needs.
        ReadError: The root is no directory that can be read.
        NetworkError: The address cannot be listened on.
        DestinationError: The certificate's file cannot be written.
    """
    from haulage.depot import Depot, serve  # noqa: PLC0415 - a server, which no other command needs

    _check_tls(options)
    _check_root(options.root)
    try:
        depot = Depot(
            options.root,
            host=options.host,
            port=options.port,
            tls=options.tls,
            certificate=options.certificate,
            faults=options.faults,
            users=_users(options),
            on_request=_log if options.verbose else None,
        )
    except (ImportError, ValueError) as error:
        raise UsageError(str(error)) from None

    async def main() -> int:
        try:
            await serve(depot, ready=lambda ready: _announce(ready, options))
        except BrokenPipeError:
            raise
        except OSError as error:
            if isinstance(error, DestinationError):
                raise
            reason = os.strerror(error.errno).lower() if error.errno else "failed"
            msg = f"cannot listen on {options.host} port {options.port}: {reason}"
            raise NetworkError(msg) from None
        return 0

    return interruption.run(main)


def _check_tls(options: argparse.Namespace) -> None:
    for option, is_given in (
        ("--ca-file", options.ca_file is not None),
        ("--certificate", options.certificate != "valid"),
    ):
        if is_given and not options.tls:
            msg = f"{option} needs --tls"
            raise UsageError(msg)


def _check_root(root: str | None) -> None:
    if root is None:
        return
    try:
        os.scandir(root).close()
    except OSError as error:
        reason = os.strerror(error.errno).lower() if error.errno else "failed"
        msg = f"--root {root!r}: {reason}"
        raise ReadError(msg) from None


def _users(options: argparse.Namespace) -> dict[str, str] | None:
    password = credentials.password_for(options.user, options.password_file)
    if options.user is None:
        return None
    if password is None:
        msg = f"--user needs a password: --password-file, ${credentials.PASSWORD_VARIABLE} or a terminal to ask at"
        raise UsageError(msg)
    return {options.user: password}


def _announce(depot: Depot, options: argparse.Namespace) -> None:
    """Say where the depot is, once it is there."""
    if options.ca_file is not None:
        _write_certificate(options.ca_file, depot.ca_pem or "")
    elif options.tls:
        print("haulage: nobody can trust this certificate without --ca-file", file=sys.stderr)
    if options.host not in _LOOPBACK and options.root is not None:
        print(f"haulage: whoever reaches {options.host} can read all of {options.root!r}", file=sys.stderr)
    facts: dict[str, Any] = {"event": "ready", "url": depot.url, "host": options.host, "port": depot.port}
    facts |= {"root": options.root, "ca_file": options.ca_file, "carts_url": depot.carts_url}
    if options.faults:
        from haulage.depot.faults import FAULTS  # noqa: PLC0415 - as the depot

        facts["faults"] = list(FAULTS)
    print(json.dumps(facts) if options.json else depot.url, flush=True)


def _write_certificate(path: str, pem: str) -> None:
    try:
        with open(path, "w", encoding="ascii") as file:
            file.write(pem)
    except OSError as error:
        reason = os.strerror(error.errno).lower() if error.errno else "failed"
        msg = f"--ca-file {path!r}: {reason}"
        raise DestinationError(msg, errno=error.errno, filename=path) from None


def _log(record: RequestRecord) -> None:
    target = redact(record.target)
    line = f"{record.peer} {record.method} {target} {record.status} {record.bytes_sent}"
    print(text.printable(line), file=sys.stderr)
