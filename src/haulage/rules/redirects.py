"""Whether a redirect is followed, and what may be said to the one it leads to (RFC 9110, section 15.4)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from haulage.errors import PolicyError, RedirectError, TooManyRedirects
from haulage.urls import UrlError, join

if TYPE_CHECKING:
    from haulage.urls import ParsedUrl

__all__ = ["MOST_REDIRECTS", "REDIRECT_STATUSES", "next_hop"]

MOST_REDIRECTS = 10
REDIRECT_STATUSES = frozenset({301, 302, 303, 307, 308})


def next_hop(current: ParsedUrl, location: str | None, hops: int) -> ParsedUrl:
    """Return where a redirect leads.

    Args:
        current: The URL that answered.
        location: Its Location header.
        hops: Redirects followed so far.

    Raises:
        RedirectError: There is no usable Location.
        TooManyRedirects: `MOST_REDIRECTS` were followed already.
        PolicyError: It leads to another protocol, or from https to http.
    """
    if not location:
        msg = "redirect without a Location"
        raise RedirectError(msg, url=current.text)
    if hops >= MOST_REDIRECTS:
        msg = f"more than {MOST_REDIRECTS} redirects"
        raise TooManyRedirects(msg, url=current.text)
    try:
        target = join(current, location)
    except UrlError as error:
        msg = f"redirect to a bad URL: {error}"
        raise RedirectError(msg, url=current.text) from None
    if target.scheme not in ("http", "https"):
        msg = f"redirect to scheme {target.scheme!r} refused"
        raise PolicyError(msg, url=current.text)
    if current.scheme == "https" and target.scheme == "http":
        msg = "redirect from https to http refused"
        raise PolicyError(msg, url=current.text)
    return target
