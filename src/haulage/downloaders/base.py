"""The attempt loop, and the contract of every downloader.

A downloader says where bytes come from, in `_run`: one attempt that passes its data to `handle_data` and awaits
`finalize`. Everything else happens once for all schemes: slots, throttling, destination, digests, limits, retries,
publishing, cleaning up.
"""

from __future__ import annotations

import asyncio
import itertools
import math
import time
from typing import TYPE_CHECKING, Any, Self

from haulage import events
from haulage.blocking import run_blocking
from haulage.downloaders.lease import LeasedDelivery
from haulage.downloaders.slots import Slots, give_slots, take_slots
from haulage.errors import DownloaderMisuseError, DownloadError, TimeoutException
from haulage.result import DownloadResult
from haulage.rules.retry import RetryPolicy, RetryState
from haulage.transport.translate import translate

if TYPE_CHECKING:
    from collections.abc import Mapping

    from haulage.downloaders.runtime import Context
    from haulage.downloaders.targets import Destination, IfExists
    from haulage.events import Observer

__all__ = ["BaseDownloader"]

_numbers = itertools.count(1)


class BaseDownloader(LeasedDelivery):
    """One download of one URL.

    A subclass for another protocol implements `_run`:

        class HelloDownloader(BaseDownloader):
            async def _run(self, extra_data=None):
                await self.handle_data(b"hello")
                await self.finalize()

    Args:
        url: The URL.
        expected_digests: Algorithm name (of hashlib) → hex digest; compared without regard to case.
        expected_size: Bytes the download must have; 0 is a size.
        semaphore: An asyncio semaphore to hold during each attempt.
        destination: None for a new file in the working directory, a path, a `NamedByServer`, or a writable binary file
            object, which is never closed.
        if_exists: What becomes of a file that is at the path already: ``"replace"`` it, ``"fail"`` with
            `DestinationExists`, or ``"verify"`` it: one that has the expected size and digests is success without any
            request, with 0 attempts, and anything else is replaced.
        max_retries: Further attempts after a failure that may pass.
        throttler: An asyncio_throttle.Throttler to pass before each attempt.
        context: What is shared with other downloaders; given by the factory.
        observer: Called with each `haulage.events.Event`.
        key: The `key` of those events; by default a number.

    Attributes:
        url: The URL, without user information.
        path: Absolute path of the file; None before the download, and for a file object.
        expected_digests: As above, names in lower case.
        expected_size: As above.
        semaphore: As above.

    Raises:
        MalformedRequest: A URL, size or digest that cannot be right, or ``"verify"`` with nothing to verify by.
        UnsupportedDigestValidationError: An unknown digest, or none that is trusted.
        DestinationError: A file object that cannot be written to.
    """

    def __init__(
        self,
        url: str,
        expected_digests: Mapping[str, str] | None = None,
        expected_size: int | None = None,
        semaphore: asyncio.Semaphore | None = None,
        *,
        destination: Destination | None = None,
        if_exists: IfExists = "replace",
        max_retries: int = 0,
        throttler: Any = None,
        context: Context | None = None,
        observer: Observer | None = None,
        key: object = None,
    ) -> None:
        super().__init__(
            url,
            expected_digests,
            expected_size,
            destination=destination,
            if_exists=if_exists,
            context=context,
            observer=observer,
            key=next(_numbers) if key is None else key,
        )
        self.semaphore = semaphore
        self.max_retries = max_retries
        self.throttler = throttler

    @classmethod
    def from_context(cls, url: str, context: Context, **kwargs: Any) -> Self:
        """Return a downloader that shares *context*; what a factory calls.

        Args:
            url: The URL.
            context: What is shared.
            kwargs: Keyword arguments of the class.
        """
        kwargs.setdefault("max_retries", context.settings.max_retries)
        return cls(url, context=context, **kwargs)

    def fetch(self, extra_data: dict[str, Any] | None = None) -> DownloadResult:
        """Download synchronously; the same as `run`, also where an event loop is running already.

        Args:
            extra_data: See `run`.

        Returns:
            The result.

        Raises:
            DownloadError: As `run` does.
        """
        portal = self._context.portal
        call = run_blocking if portal is None else portal.run
        return call(lambda: self.run(extra_data))

    async def run(self, extra_data: dict[str, Any] | None = None) -> DownloadResult:
        """Download, with all the attempts it takes.

        Args:
            extra_data: ``disable_retry_list``: exception classes after which there is no further attempt;
                ``request_kwargs``: keyword arguments for aiohttp's request. The rest is for subclasses.

        Returns:
            The result, after the bytes were verified and published.

        Raises:
            DownloadError: What the last attempt failed with.
        """
        started = time.monotonic()
        try:
            result = await self._attempts(extra_data)
        except BaseException as error:
            if self._attempt is not None and self._attempt.finished:
                # Cancelled, but too late: the file is there, and whoever keeps a list has to know.
                self._notify(events.Succeeded, DownloadResult(self.url, self.artifact_attributes, self.path))
            else:
                self._notify(events.Failed, error)
            raise
        result.seconds = time.monotonic() - started
        result.proof = self._proof
        self._notify(events.Succeeded, result)
        return result

    async def _run(self, extra_data: dict[str, Any] | None = None) -> DownloadResult | None:
        """Make one attempt: pass all data to `handle_data`, then await `finalize`.

        Args:
            extra_data: As given to `run`.

        Returns:
            A result, or None to have one made.
        """
        raise NotImplementedError

    async def _attempts(self, extra_data: dict[str, Any] | None) -> DownloadResult:
        """Make attempts until one succeeds or the retry rule says that it is enough."""
        assert self._runtime is not None
        retries: RetryState | None = None
        held: Slots = ()
        try:
            for number in itertools.count(1):
                if not held:
                    held = await take_slots(self._runtime, self._parsed, self.semaphore)
                if number == 1 and self._if_exists == "verify" and await self._is_there_already():
                    return DownloadResult(self.url, self.artifact_attributes, self.path, attempts=0)
                outcome = await self._one_attempt(number, extra_data)
                outcome.attempts = number
                if not isinstance(outcome, DownloadError):
                    return outcome
                retries = retries or RetryState(RetryPolicy(max_retries=self.max_retries))
                final = tuple((extra_data or {}).get("disable_retry_list") or ())
                wait = None if isinstance(outcome, final) else retries.wait_after(outcome)
                if wait is None or (self._target is not None and not self._target.can_restart):
                    raise outcome
                if not self.settings.hold_slots:
                    held = give_slots(held)
                await self._wait_for_retry(outcome, wait)
        finally:
            give_slots(held)
        raise AssertionError  # pragma: no cover - count() has no end

    async def _one_attempt(self, number: int, extra_data: dict[str, Any] | None) -> DownloadResult | DownloadError:
        """Return the result, or the error that may be followed by another attempt; anything else is raised."""
        assert self._runtime is not None
        workers = self._runtime.workers
        workers.callers += 1
        self._attempt = None
        try:
            if self._target is None:
                await self._prepare()
            if self._observer is not None:
                self._notify(events.AttemptStarted, number)
            if self.throttler is not None or self._runtime.is_limited:
                return self._concluded(await self._limited_run(extra_data))
            return self._concluded(await self._run(extra_data))
        except BaseException as error:
            failure = self._translated(error)
            await self._abort()
            if failure is None:
                raise
        finally:
            workers.callers -= 1
        # Returned from here, outside the except block, so that no foreign exception is in the chain of what is raised.
        return failure

    async def _limited_run(self, extra_data: dict[str, Any] | None) -> DownloadResult | None:
        """Run one attempt within the rate of requests and the total time."""
        assert self._runtime is not None
        throttler = self.throttler or self._runtime.throttler
        if throttler is not None:
            await throttler.acquire()
        limit = self.settings.total_timeout
        timeout = asyncio.timeout(None if limit is None or math.isinf(limit) else limit)
        try:
            async with timeout:
                return await self._run(extra_data)
        except TimeoutError:
            if not timeout.expired():
                raise
        if self._attempt is not None and self._attempt.finished:
            return None  # the time was over while it was published: what is there is not called a failure
        msg = f"not done within {limit:g} s"
        raise TimeoutException(msg, phase="total", limit=limit, url=self.url)

    async def _wait_for_retry(self, error: DownloadError, wait: float) -> None:
        assert self._runtime is not None
        if error.retry_after is not None:
            self._runtime.hosts.pause(self._parsed, error.retry_after, time.monotonic())
        self._notify(events.Retrying, error, wait)
        await asyncio.sleep(wait)

    def _translated(self, error: BaseException) -> DownloadError | None:
        if not isinstance(error, Exception):
            return None
        attempt = self._attempt
        received, announced = (attempt.size, attempt.announced) if attempt is not None else (0, None)
        return translate(error, self.url, received=received, expected=announced, proxy=self._via)

    def _concluded(self, result: DownloadResult | None) -> DownloadResult:
        attempt = self._attempt
        if attempt is None and result is None:
            msg = f"{type(self).__name__}._run neither awaited finalize() nor returned a result"
            raise DownloaderMisuseError(msg, url=self.url)
        if attempt is not None and not attempt.finished:
            msg = f"{type(self).__name__}._run handed data over and did not await finalize()"
            raise DownloaderMisuseError(msg, url=self.url)
        return DownloadResult(self.url, self.artifact_attributes, self.path) if result is None else result
