"""``haulage demo``: real downloads from an embedded server, shown live, verified, and summed up.

This module runs and judges; what is downloaded is the table in `haulage.cli.demo_cases`.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import tempfile
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from haulage.cli.demo_cart import digest_of_tree, download_cart
from haulage.cli.demo_cases import cases, open_depots
from haulage.cli.demo_table import print_table
from haulage.cli.exits import Exit
from haulage.cli.options import add_display
from haulage.cli.screens import screen_for
from haulage.errors import DownloadError
from haulage.factory import DownloaderFactory
from haulage.progress import text
from haulage.remote import Remote

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from haulage.cli.demo_cases import Case
    from haulage.cli.interruption import Interruption
    from haulage.events import Observer
    from haulage.result import DownloadResult

__all__ = ["EPILOG", "NAME", "SUMMARY", "add_arguments", "run"]

NAME = "demo"
SUMMARY = "Start the depot, download generated data from it over http, https, cart and file, and verify it."
EPILOG = """\
Nothing outside this machine is asked, and nothing is left behind. The exit code is 0 only if everything went as it
should, the failures that should happen included.
"""

_PACE = 80 << 20  # bytes per second: slow enough to be watched


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a case.

    Attributes:
        case: The case.
        result: In a few words.
        is_right: Whether it is what should have happened.
        size: Bytes that were saved.
        seconds: Time it took.
    """

    case: Case
    result: str
    is_right: bool
    size: int = 0
    seconds: float = 0.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this command."""
    add_display(parser)


def run(options: argparse.Namespace, interruption: Interruption) -> int:
    """Run the demo.

    Args:
        options: What `add_arguments` added.
        interruption: Runs coroutines.

    Returns:
        0 only if all was as expected.
    """
    with tempfile.TemporaryDirectory(prefix="haulage-demo-") as home, open_depots(home) as depots:
        chosen = cases(depots)
        screen = screen_for(options, expected=len(chosen), stop=interruption.stop)
        into = os.path.join(home, "downloads")
        os.mkdir(into)
        remote = Remote(ca_cert=depots.ca_pem, max_speed=_PACE)
        outcomes: list[Outcome] = []
        with screen:
            code = interruption.run(lambda: _download(chosen, remote, into, screen, outcomes))
        if interruption.code is not None:
            return code
        is_right = all(outcome.is_right for outcome in outcomes)
        strays = sorted(set(os.listdir(into)) - {case.name for case in chosen if case.failure is None})
        if not options.json:
            print_table(outcomes, depots.missing, strays, pace=_PACE)
    return Exit.OK if is_right and not strays else Exit.UNEXPECTED


async def _download(
    chosen: Sequence[Case], remote: Remote, into: str, observer: Observer, outcomes: list[Outcome]
) -> int:
    async with DownloaderFactory(remote) as factory:
        outcomes += await asyncio.gather(*(_one(factory, case, into, observer) for case in chosen))
    return Exit.OK


async def _one(factory: DownloaderFactory, case: Case, into: str, observer: Observer) -> Outcome:
    """Download one case and judge what came of it."""
    path = os.path.join(into, case.name)
    since = time.monotonic()
    try:
        if case.transaction is None:
            result = await _file(factory, case, path, observer)
        else:
            result = await download_cart(factory, case.url, case.transaction, path, observer)
    except DownloadError as error:
        is_right = case.failure is not None and isinstance(error, case.failure)
        is_left = await asyncio.to_thread(os.path.lexists, path)
        words = "refused, nothing left" if is_right and not is_left else f"failed: {text.message_of(error)}"
        return Outcome(case, words, is_right and not is_left, seconds=time.monotonic() - since)
    digest = await asyncio.to_thread(_digest, path)
    is_right = case.failure is None and digest == case.digest and result.attempts == case.attempts
    words = "verified" if digest == case.digest else "WRONG BYTES"
    if result.attempts > 1:
        words += f" at attempt {result.attempts}"
    return Outcome(case, words, is_right, case.size, result.seconds)


async def _file(factory: DownloaderFactory, case: Case, path: str, observer: Observer) -> DownloadResult:
    downloader = factory.build(
        case.url,
        destination=path,
        expected_digests={"sha256": case.expected_digest},
        expected_size=case.size,
        max_retries=case.retries,
        observer=observer,
        key=case.name,
    )
    return await downloader.run()


def _digest(path: str) -> str:
    """Return the digest of what is on the disk, read anew."""
    if os.path.isdir(path):
        return digest_of_tree(path)
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
