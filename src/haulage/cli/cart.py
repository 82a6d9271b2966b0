"""``haulage cart get``: ask for the files of a transaction or an event, wait for them, and bring them proved."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from haulage.cart import CloudEvent, Downloader, TransactionInfo
from haulage.cli.arguments import seconds
from haulage.cli.cart_request import check_target, list_files, read_request
from haulage.cli.exits import Exit, UsageError, exit_for, table
from haulage.cli.options import add_display, add_network, remote_for
from haulage.cli.screens import code_with_screen, screen_for
from haulage.cli.tracing import print_traceback, wants_tracebacks
from haulage.events import Failed
from haulage.rules.carts import check_filename

if TYPE_CHECKING:
    import argparse

    from haulage.cart.manifest import Manifest
    from haulage.cart.metadata import YieldFiles
    from haulage.cli.interruption import Interruption
    from haulage.events import Event, Observer

__all__ = ["EPILOG", "NAME", "SUMMARY", "add_arguments", "add_get_options", "run"]

NAME = "cart"
SUMMARY = "Download many files of an archive together, after Pacifica: haulage cart get."
EPILOG = """\
examples:
  haulage cart get --cart-url http://127.0.0.1:8081 --transaction-info transaction.json -d downloads
  curl … | haulage cart get --cloud-event - -d downloads --dry-run
"""

_GET_SUMMARY = "Ask for the files of a transaction or an event, wait for them, and unpack and verify them."
_GET_EPILOG = f"""\
The files appear in DIR/NAME together, when all of them are complete and have the digests that were asked for. There
may be nothing of that name yet. The cart is deleted afterwards.

{EPILOG}
exit codes:
{table()}
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what can be done with carts."""
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True)
    add_get_options(actions.add_parser("get", help=_GET_SUMMARY, description=_GET_SUMMARY, epilog=_GET_EPILOG))


def add_get_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``haulage cart get``."""
    cart = parser.add_argument_group("cart")
    cart.add_argument(
        "--cart-url",
        metavar="URL",
        help="the cart service (default: $CARTD_CART_API_URL, or what CARTD_PROTO, CARTD_ADDR and CARTD_PORT say)",
    )
    source = cart.add_mutually_exclusive_group(required=True)
    source.add_argument(
        "--transaction-info", metavar="FILE", help="what the policy service says, JSON; - for standard input"
    )
    source.add_argument("--cloud-event", metavar="FILE", help="what the notifications service says; likewise")
    cart.add_argument(
        "--timeout", type=seconds, default=120.0, metavar="S", help="for the cart to be ready (default: 120)"
    )
    cart.add_argument("--keep-cart", action="store_true", help="leave the cart with the service")
    cart.add_argument("--dry-run", action="store_true", help="list what would come, and ask for nothing")
    place = parser.add_argument_group("destination")
    place.add_argument("-d", "--directory", metavar="DIR", required=True, help="made if it is missing")
    place.add_argument("--filename", default="data", metavar="NAME", help="the new directory in DIR (default: data)")
    place.add_argument("--durable", action="store_true", help="flush to the disk before success is reported")
    add_network(parser, several=False, timeout="--attempt-timeout")
    add_display(parser)


def run(options: argparse.Namespace, interruption: Interruption) -> int:
    """Download what *options* ask for, or list it.

    Args:
        options: What `add_get_options` added.
        interruption: Runs coroutines.

    Returns:
        The exit code.

    Raises:
        UsageError: Options or a file that cannot be right.
        DownloadError: Something that cannot be right, before any request.
    """
    _check(options)
    name = check_filename(options.filename)
    yield_files, manifest = _request(options)
    screen = screen_for(options, expected=1, stop=interruption.stop)
    last = _Last(screen)
    downloader = Downloader(
        options.directory,
        options.cart_url,
        timeout=options.timeout,
        keep_cart=options.keep_cart,
        observer=last,
        key=name,
        remote=remote_for(options, durable=options.durable),
    )
    if options.dry_run:
        target = check_target(downloader.location, name)
        if not options.quiet:
            list_files(manifest, target, as_json=options.json)
        return Exit.OK
    with screen:
        code = interruption.run(lambda: _retrieve(downloader, yield_files, options, last))
    if options.keep_cart and code == Exit.OK and last.event is not None and not (options.json or options.quiet):
        print(f"haulage: the cart is kept: {last.event.url.partition('?')[0]}", file=sys.stderr)
    return code_with_screen(code, screen, options)


class _Last:
    """An observer that hands on and remembers the last event."""

    def __init__(self, observer: Observer) -> None:
        self._observer = observer
        self.event: Event | None = None

    def __call__(self, event: Event) -> None:
        self.event = event
        self._observer(event)


async def _retrieve(downloader: Downloader, yield_files: YieldFiles, options: argparse.Namespace, last: _Last) -> int:
    try:
        await downloader.aretrieve(yield_files, options.filename)
    except Exception as error:
        if not isinstance(last.event, Failed):
            raise
        # The observer has told of it.
        if wants_tracebacks(options):
            print_traceback(error)
        return exit_for(error)
    return Exit.OK


def _request(options: argparse.Namespace) -> tuple[YieldFiles, Manifest]:
    if options.cloud_event is not None:
        return read_request("--cloud-event", options.cloud_event, CloudEvent.yield_files)
    return read_request("--transaction-info", options.transaction_info, TransactionInfo.yield_files)


def _check(options: argparse.Namespace) -> None:
    if not options.directory:
        msg = "-d takes a directory"
        raise UsageError(msg)
    if sys.stdout is None and (options.json or (options.dry_run and not options.quiet)):
        msg = "there is no standard output"
        raise UsageError(msg)
