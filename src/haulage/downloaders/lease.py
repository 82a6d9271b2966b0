"""Holding the shared resources of a loop for as long as a download runs, and leaving nothing behind after it."""

from __future__ import annotations

import asyncio
import functools
from typing import TYPE_CHECKING, Any

from haulage.downloaders.delivery import Delivery
from haulage.errors import DownloaderMisuseError

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["LeasedDelivery"]


class LeasedDelivery(Delivery):
    """A delivery whose `run`, in whatever subclass it is written, holds the resources and gives them back."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._leases = 0
        self._task: asyncio.Task[Any] | None = None

    def __init_subclass__(cls, **kwargs: Any) -> None:
        # Pulp's documents have subclasses that replace run; those get the same resources and the same cleaning up.
        super().__init_subclass__(**kwargs)
        if "run" in cls.__dict__:
            cls.run = _leased(cls.__dict__["run"])  # type: ignore[attr-defined]

    def _enter(self) -> None:
        """Hold the loop's shared resources until the matching `_leave`. May be nested."""
        if self._leases == 0:
            self._runtime = self._context.lease()
        elif self._runtime is None or self._task is not asyncio.current_task():
            msg = "this downloader is running already"
            raise DownloaderMisuseError(msg, url=self.url)
        self._task = asyncio.current_task()
        self._leases += 1

    async def _leave(self) -> None:
        """The outermost one leaves nothing behind."""
        self._leases -= 1
        if self._leases:
            return
        assert self._runtime is not None
        runtime, self._runtime = self._runtime, None
        target, self._target = self._target, None
        self._task = None
        try:
            await self._abort()
        finally:
            if target is not None:
                target.release()
            runtime.users -= 1
            if not runtime.users:
                await self._context.close(runtime)

    async def _abort(self) -> None:
        if self._attempt is not None and not self._attempt.finished:
            await self._attempt.abort()


def _leased(run: Callable[..., Any]) -> Callable[..., Any]:
    """Return *run* with a lease around it."""

    @functools.wraps(run)
    async def leased(self: LeasedDelivery, *args: Any, **kwargs: Any) -> Any:
        self._enter()
        try:
            return await run(self, *args, **kwargs)
        finally:
            await self._leave()

    return leased
