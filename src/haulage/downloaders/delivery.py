"""What a downloader does with the data it has: hand it over, prove it, publish it.

This is the half of a downloader that subclasses call. The other half, which calls them, is `haulage.downloaders.base`.
"""

from __future__ import annotations

import asyncio
import logging
import time
from typing import TYPE_CHECKING, Any

from haulage import events
from haulage.downloaders.attempt import Attempt
from haulage.downloaders.existing import existing_attributes
from haulage.downloaders.runtime import Context
from haulage.downloaders.targets import check_destination, make_target
from haulage.errors import DownloaderMisuseError, MalformedRequest, SizeValidationError, TooLarge
from haulage.rules.digests import check_expected, compare
from haulage.rules.filenames import offered_name
from haulage.settings import RemoteSettings
from haulage.sinks.file import FileTarget
from haulage.sinks.named import NamedTarget
from haulage.urls import UrlError, parse, redact

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from haulage.downloaders.runtime import Runtime
    from haulage.downloaders.speed import SpeedWatch
    from haulage.downloaders.targets import Destination, IfExists, Target
    from haulage.events import Event, Observer
    from haulage.result import Proof
    from haulage.sinks import Sink
    from haulage.urls import ParsedUrl

__all__ = ["Delivery"]

_ALONE = RemoteSettings()
_logger = logging.getLogger("haulage")


class Delivery:
    """The data side of `haulage.BaseDownloader`, which documents the arguments."""

    def __init__(
        self,
        url: str,
        expected_digests: Mapping[str, str] | None,
        expected_size: int | None,
        *,
        destination: Destination | None,
        if_exists: IfExists,
        context: Context | None,
        observer: Observer | None,
        key: object,
    ) -> None:
        self.url = url
        self._context = Context(_ALONE) if context is None else context
        self.settings: RemoteSettings = self._context.settings
        self.expected_digests = check_expected(expected_digests, self.settings.trusted, url=self.url)
        self.expected_size = _checked_size(expected_size, self.url)
        check_destination(destination, if_exists, self.expected_digests, url=self.url)
        self.path: str | None = None
        self._destination = destination
        self._if_exists = if_exists
        self._existing: dict[str, Any] = {"size": 0}  # attributes of what was there already
        self._observer = observer
        self._key = key
        self._runtime: Runtime | None = None
        self._target: Target | None = None
        self._attempt: Attempt | None = None
        self._watch: SpeedWatch | None = None
        self._via: str | None = None  # the proxy of the current attempt
        self._framed = False  # whether the protocol said where the bytes end

    @property
    def url(self) -> str:
        """The URL, without user information. A subclass may set another, for the next attempt."""
        return self._parsed.text

    @url.setter
    def url(self, url: str) -> None:
        try:
            self._parsed: ParsedUrl = parse(url)
        except UrlError as error:
            raise MalformedRequest(str(error), url=str(url)) from None

    @property
    def artifact_attributes(self) -> dict[str, Any]:
        """``{"size": bytes, "sha256": hex, …}`` of what was handed in; digests are there once all of it was."""
        if self._attempt is None:
            return dict(self._existing)
        return {"size": self._attempt.size, **self._attempt.digests}

    async def handle_data(self, data: bytes) -> None:
        """Take the next bytes: they are written, hashed and counted. Cut as you like: only their order matters.

        Args:
            data: Any bytes-like object.

        Raises:
            SizeValidationError: More than `expected_size` bytes.
            TooLarge: More than `Remote.max_size` bytes.
            StorageError: Earlier bytes could not be written.
            DownloaderMisuseError: After `finalize`.
        """
        attempt = self._attempt or await self._begin()
        if attempt.finished:
            msg = "handle_data comes before finalize"
            raise DownloaderMisuseError(msg, url=self.url)
        wait = attempt.feed(data if type(data) is bytes else bytes(data))
        if self.expected_size is not None and attempt.size > self.expected_size:
            raise SizeValidationError(attempt.size, self.expected_size, url=self.url)
        self._check_max_size(attempt.size)
        if self._observer is not None:
            self._notify(events.BytesReceived, len(data), attempt.size)
        if self._watch is not None:
            self._watch.received(len(data))
        assert self._runtime is not None
        bucket = self._runtime.bucket
        if bucket is not None and (debt := bucket.pay(len(data), time.monotonic())) > 0:
            await self._excused(asyncio.sleep(debt))
        if wait is not None:
            await self._excused(wait)

    async def finalize(self) -> None:
        """Write what is left, validate size and digests, and publish.

        Raises:
            SizeValidationError: Not `expected_size` bytes.
            DigestValidationError: A digest differs.
            StorageError: The file could not be written or published.
        """
        attempt = self._attempt or await self._begin()
        if attempt.finished:
            return
        try:
            await attempt.finish(self._verdict)
        finally:
            # Also when a cancellation came too late to stop the publishing.
            self._note_path(attempt)

    def _note_path(self, attempt: Attempt) -> None:
        if attempt.finished and self._target is not None:
            self.path = self._target.path

    def validate_size(self) -> None:
        """Hold the size against `expected_size`. Called in a worker thread, before publishing.

        Raises:
            SizeValidationError: They differ.
        """
        size = self._attempt.size if self._attempt is not None else 0
        if self.expected_size is not None and size != self.expected_size:
            raise SizeValidationError(size, self.expected_size, url=self.url)

    def validate_digests(self) -> None:
        """Hold the digests against `expected_digests`. Called in a worker thread, before publishing.

        Raises:
            DigestValidationError: One differs.
        """
        if self.expected_digests:
            compare(self._attempt.digests if self._attempt is not None else {}, self.expected_digests, url=self.url)

    @property
    def _proof(self) -> Proof | None:
        """What says that these are the bytes, once they were verified."""
        if self.expected_digests:
            return "digest"
        if self.expected_size is not None:
            return "size"
        return "framing" if self._framed else None

    def _verdict(self) -> None:
        # The size first: it is what a cut body gets wrong, and says more than a digest.
        self.validate_size()
        self.validate_digests()

    def _announce(self, total: int | None) -> None:
        """Say how many bytes will come, as soon as that is known; refuse what would be too many.

        Raises:
            SizeValidationError: Not `expected_size`.
            TooLarge: More than `Remote.max_size`.
        """
        if total is None:
            return
        if self.expected_size is not None and total != self.expected_size:
            raise SizeValidationError(total, self.expected_size, url=self.url)
        self._check_max_size(total)

    def _check_max_size(self, size: int) -> None:
        limit = self.settings.max_size
        if limit is not None and size > limit:
            msg = f"more than {limit} bytes"
            raise TooLarge(msg, limit=limit, url=self.url)

    async def _excused(self, wait: Awaitable[object]) -> None:
        """Wait for something of our own, which is not the server's slowness."""
        if self._watch is None:
            await wait
        else:
            with self._watch.excused():
                await wait

    async def _prepare(self) -> None:
        """Look at the destination before any byte moves.

        Raises:
            DestinationError: It cannot be written to.
        """
        assert self._runtime is not None
        target = await self._new_target()
        try:
            if isinstance(target, FileTarget):
                await target.prepare(self._runtime.directories)
            else:
                await self._runtime.workers.submit(target.remember)
        except BaseException:
            target.release()
            raise
        self._target = target

    async def _new_target(self) -> Target:
        """Return the place that the destination means, for a subclass to choose another."""
        return make_target(self._destination, self._if_exists, self.settings)

    def _new_sink(self, target: Target) -> Sink:
        """Return the sink of the next attempt, for a subclass to add a proof of its own."""
        return target.sink()

    async def _is_there_already(self) -> bool:
        """Whether what is at the destination is what is wanted, so that nothing need be asked for."""
        assert self._runtime is not None
        if self._target is None:
            await self._prepare()
        assert isinstance(self._target, FileTarget)
        found = await existing_attributes(
            self._target,
            self._runtime.workers,
            algorithms=self._algorithms,
            expected_size=self.expected_size,
            expected_digests=self.expected_digests,
        )
        if found is None:
            return False
        self._attempt, self._existing, self.path = None, found, self._target.path
        return True

    @property
    def _algorithms(self) -> tuple[str, ...]:
        """The digests to compute."""
        algorithms = self.settings.digest_algorithms
        if self.expected_digests.keys() <= frozenset(algorithms):
            return algorithms
        return tuple(dict.fromkeys((*algorithms, *self.expected_digests)))

    async def _begin(self, announced: int | None = None, headers: Mapping[str, str] | None = None) -> Attempt:
        """Begin to take the bytes of an attempt.

        Args:
            announced: Bytes that are to come, where that is known.
            headers: What may name the file.
        """
        if self._runtime is None:
            msg = "handle_data and finalize are called in run or _run"
            raise DownloaderMisuseError(msg, url=self.url)
        if self._target is None:
            await self._prepare()
        assert self._target is not None
        if isinstance(self._target, NamedTarget):
            await self._target.settle(offered_name((headers or {}).get("Content-Disposition"), self._parsed))
        runtime = self._runtime
        attempt = self._attempt = Attempt(
            self._new_sink(self._target), self._algorithms, runtime.workers, batch=runtime.batch, announced=announced
        )
        await attempt.open()
        return attempt

    def _notify(self, kind: Callable[..., Event], *facts: object) -> None:
        """Tell the observer, if there is one; its failure is not the download's."""
        if self._observer is None:
            return
        try:
            self._observer(kind(self._key, redact(self.url), *facts))
        except Exception:
            _logger.exception("an observer raised")


def _checked_size(size: int | None, url: str) -> int | None:
    if size is not None and (type(size) is not int or size < 0):
        msg = "expected_size is a number of bytes"
        raise MalformedRequest(msg, url=url)
    return size
