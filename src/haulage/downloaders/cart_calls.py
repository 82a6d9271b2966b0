"""One question to a cart service, asked as downloads are: with slots, limits, retries and translated errors."""

from __future__ import annotations

import asyncio
import io
import math
import time
from typing import TYPE_CHECKING, Any

from haulage.downloaders.http import HttpDownloader
from haulage.errors import CartError, DownloadError, StagingTimedOut
from haulage.result import DownloadResult
from haulage.rules.carts import CartStatus, check_answer, poll_wait, read_status
from haulage.transport.exchange import send

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["CartCall", "wait_until_ready"]

_WORTH_READING = 1 << 16  # bytes of an answer's body, which nobody needs, to keep its connection


class CartCall(HttpDownloader):
    """A request whose answer is in its status and headers.

    Args:
        url: The cart's URL.
        method: POST, HEAD or DELETE.
        body: What to send, as JSON.
        kwargs: Arguments of `HttpDownloader`.
    """

    def __init__(self, url: str, *args: Any, method: str, body: bytes | None = None, **kwargs: Any) -> None:
        super().__init__(url, *args, destination=io.BytesIO(), **kwargs)
        self._method = method
        self._body = body
        self._asked_before = False
        self.status: CartStatus | None = None

    async def _run(self, extra_data: dict[str, Any] | None = None) -> DownloadResult:
        if self._method == "POST" and self._asked_before and await self._is_there():
            return DownloadResult(self.url, {}, None)
        self._asked_before = True
        headers = await self._ask(self._method, extra_data)
        return DownloadResult(self.url, {}, None, headers)

    async def _is_there(self) -> bool:
        """Whether a request to make the cart, whose answer was lost, was heard."""
        try:
            await self._ask("HEAD", None)
        except CartError:
            return False
        return True

    async def _ask(self, method: str, extra_data: dict[str, Any] | None) -> Mapping[str, str]:
        assert self._runtime is not None
        request = (await self._request(extra_data))._replace(method=method)
        if method == "POST":
            json = (("Content-Type", "application/json"),)
            request = request._replace(body=self._body, headers=(*request.headers, *json))
        response = await send(self._runtime.client, request, self.session)
        try:
            if method == "HEAD" and "X-Pacifica-Status" in response.headers:
                self.status = read_status(response.status, response.headers, url=self.url)
            else:
                check_answer(method, response.status, response.headers, url=self.url)
                self.raise_for_status(response)
                if method == "HEAD":
                    self.status = read_status(response.status, response.headers, url=self.url)
            await response.content.read(_WORTH_READING)
        finally:
            response.release()
        return response.headers


async def wait_until_ready(
    ask: Callable[[], CartCall],
    *,
    timeout: float,  # noqa: ASYNC109 - of the whole wait, not of one call
    on_status: Callable[[CartStatus, float], None] | None = None,
) -> None:
    """Ask how a cart stands until it is ready.

    Args:
        ask: Makes a HEAD request.
        timeout: Seconds to wait; infinite for no end.
        on_status: Told of each answer that is not "ready", with the seconds waited so far.

    Raises:
        StagingTimedOut: The time is over.
        CartError: There will be no cart.
        DownloadError: The service cannot be asked.
    """
    started = time.monotonic()
    call = ask()
    limit = asyncio.timeout(None if math.isinf(timeout) else timeout)
    word = "no answer"
    try:
        async with limit:
            while True:
                await call.run()
                status = call.status
                assert status is not None
                if status.is_ready:
                    return
                word = status.word
                elapsed = time.monotonic() - started
                if on_status is not None:
                    on_status(status, elapsed)
                await asyncio.sleep(poll_wait(elapsed))
                call = ask()
    except DownloadError:
        raise
    except TimeoutError:
        if not limit.expired():
            raise
    msg = f"the cart was not ready within {timeout:g} s ({word!r})"
    raise StagingTimedOut(msg, limit=timeout, url=call.url)
