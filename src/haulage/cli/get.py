"""``haulage get``: download URLs."""

from __future__ import annotations

import asyncio
import sys
from contextlib import ExitStack
from typing import TYPE_CHECKING

from haulage.cli.arguments import byte_count
from haulage.cli.destinations import STDOUT, check_directories, destinations, opened
from haulage.cli.exits import Exit, UsageError, exit_for, table
from haulage.cli.options import add_display, add_network, remote_for
from haulage.cli.screens import code_with_screen, screen_for
from haulage.cli.tracing import print_traceback, wants_tracebacks
from haulage.factory import DownloaderFactory

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from haulage.cli.interruption import Interruption
    from haulage.downloaders.base import BaseDownloader

__all__ = ["EPILOG", "NAME", "SUMMARY", "add_arguments", "run"]

NAME = "get"
SUMMARY = "Download URLs (http, https, file, cart) and verify them."
EPILOG = f"""\
A file appears under its name when it is complete and verified, and not before; what was there until then stays until
then. With several URLs one failure does not stop the others, and the exit code is that of the first failure.

examples:
  haulage get https://example.com/file.iso --sha256 9f86d081…
  haulage get -d downloads -j 20 https://example.com/a https://example.com/b
  haulage get -J -d downloads 'https://example.com/get?id=7'
  haulage get -o - https://example.com/file.tar | tar x      (look at the exit codes of both)
  haulage get -H @token.txt https://example.com/private.bin
  HAULAGE_PASSWORD=… haulage get --user me https://example.com/private.bin

exit codes:
{table()}
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this command."""
    parser.add_argument("urls", nargs="+", metavar="URL", help="what to download")
    place = parser.add_argument_group("destination")
    place.add_argument(
        "-o", "--output", metavar="FILE", help="save as FILE; - for standard output (unverified until the end)"
    )
    place.add_argument("-d", "--directory", metavar="DIR", help="save in DIR, under the last part of the URL's path")
    place.add_argument(
        "-J", "--remote-name", action="store_true", help="let the server name the file; replaces nothing"
    )
    place.add_argument(
        "--if-exists",
        choices=("replace", "fail", "verify"),
        help="what becomes of a file that is there (default: replace); verify keeps one with the right digests",
    )
    place.add_argument("--create-dirs", action="store_true", help="make missing directories")
    place.add_argument("--durable", action="store_true", help="flush to the disk before success is reported")
    proof = parser.add_argument_group("proof (one URL)")
    proof.add_argument("--sha256", metavar="HEX", help="the digest it must have")
    proof.add_argument(
        "--digest",
        dest="digests",
        action="append",
        default=[],
        metavar="ALGO:HEX",
        help="another digest; may be repeated",
    )
    proof.add_argument("--size", type=byte_count, metavar="BYTES", help="the size it must have")
    add_network(parser)
    add_display(parser)


def run(options: argparse.Namespace, interruption: Interruption) -> int:
    """Download what *options* ask for.

    Args:
        options: What `add_arguments` added.
        interruption: Runs coroutines.

    Returns:
        The exit code.

    Raises:
        UsageError: Options that contradict each other.
        DownloadError: Something that cannot be right, before any request.
    """
    _check(options)
    digests = _digests(options)
    remote = remote_for(options, durable=options.durable)
    screen = screen_for(options, expected=len(options.urls), stop=interruption.stop)
    factory = DownloaderFactory(remote)
    places = destinations(
        options.urls, output=options.output, directory=options.directory, remote_name=options.remote_name
    )
    with ExitStack() as stack:
        downloaders = [
            factory.build(
                url,
                destination=opened(place, stack),
                if_exists=options.if_exists or "replace",
                expected_digests=digests or None,
                expected_size=options.size,
                observer=screen,
                key=number,
            )
            for number, (url, place) in enumerate(zip(options.urls, places, strict=True), start=1)
        ]
        # All of them can be right; only now is anything made.
        check_directories(places, create=options.create_dirs)
        stack.enter_context(screen)
        code = interruption.run(lambda: _download_all(factory, downloaders, tracebacks=wants_tracebacks(options)))
    return code_with_screen(code, screen, options)


async def _download_all(factory: DownloaderFactory, downloaders: Sequence[BaseDownloader], *, tracebacks: bool) -> int:
    """Run all *downloaders*, each to its end whatever happens to the others; the factory bounds how many at once.

    Returns:
        `Exit.OK`, or the exit code of the first failure in time.
    """
    codes: list[int] = []

    async def one(downloader: BaseDownloader) -> None:
        try:
            await downloader.run()
        except Exception as error:  # noqa: BLE001 - the observer has told of it
            codes.append(exit_for(error))
            if tracebacks:
                print_traceback(error)

    async with factory, asyncio.TaskGroup() as group:
        for downloader in downloaders:
            group.create_task(one(downloader))
    return codes[0] if codes else Exit.OK


def _check(options: argparse.Namespace) -> None:
    if len(options.urls) > 1 and (options.sha256 or options.digests or options.size is not None):
        msg = "--sha256, --digest and --size are for one URL"
        raise UsageError(msg)
    if options.json and options.output == STDOUT:
        msg = "--json and -o - both want standard output"
        raise UsageError(msg)
    if options.json and sys.stdout is None:
        msg = "there is no standard output for --json"
        raise UsageError(msg)
    if options.output == STDOUT and options.directory is not None:
        msg = "-d and -o - contradict each other"
        raise UsageError(msg)
    _check_if_exists(options)


def _check_if_exists(options: argparse.Namespace) -> None:
    chosen = options.if_exists
    if chosen is not None and options.output == STDOUT:
        msg = "--if-exists and -o - contradict each other"
        raise UsageError(msg)
    if chosen in ("replace", "verify") and options.remote_name:
        msg = f"-J and --if-exists {chosen} contradict each other: what a server names replaces nothing"
        raise UsageError(msg)
    if chosen == "verify" and not (options.sha256 or options.digests):
        msg = "--if-exists verify needs --sha256 or --digest"
        raise UsageError(msg)


def _digests(options: argparse.Namespace) -> dict[str, str]:
    given = [("sha256", options.sha256)] if options.sha256 is not None else []
    for text in options.digests:
        name, colon, value = text.partition(":")
        if not colon:
            msg = "--digest takes ALGO:HEX, such as sha512:cf83e1…"
            raise UsageError(msg)
        given.append((name.lower(), value))
    digests: dict[str, str] = {}
    for name, value in given:
        if digests.setdefault(name, value).lower() != value.lower():
            msg = f"two different {name} digests for one file"
            raise UsageError(msg)
    return digests
