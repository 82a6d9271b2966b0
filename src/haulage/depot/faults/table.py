"""The one table of the faults.

Strategy: what a fault is called, takes, and does is said here and nowhere else; the depot's answers, the command
line and the documentation are made from it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, TypeAlias

from aiohttp import web

from haulage.depot.faults import bodies, carts, codings, framing, garbage, heads, ranges, redirects, refusals
from haulage.depot.faults.request import FaultRequest

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["FAULTS", "Act", "Fault", "catalogue"]

Act: TypeAlias = Callable[[FaultRequest], Awaitable[web.StreamResponse]]
"""Answers a request wrongly."""


@dataclass(frozen=True, slots=True)
class Fault:
    """A way to answer wrongly.

    Attributes:
        name: What it is called in the URL.
        parameters: Its own parameters, as they are written in a query.
        description: What it does, in one line.
        case: The case of the table of reliability that it belongs to.
        act: Does it.
        in_body: The fault is in the body only, so a HEAD request is answered properly.
        of_cart: It stands where a cart service would: its path goes on with a cart, and it has all methods of one.
    """

    name: str
    parameters: str
    description: str
    case: str
    act: Act
    in_body: bool = False
    of_cart: bool = False

    @property
    def usage(self) -> str:
        """Name and parameters as they stand in a URL."""
        return f"{self.name}?{self.parameters}" if self.parameters else self.name


def _body(name: str, parameters: str, description: str, case: str, act: Act) -> Fault:
    """A fault in the body."""
    return Fault(name, parameters, description, case, act, in_body=True)


def _cart(name: str, parameters: str, description: str, act: Act) -> Fault:
    """A fault of a cart service."""
    return Fault(name, parameters, description, "T12", act, of_cart=True)


_ALL = (
    _body("truncate", "at=", "Content-Length: size, `at` bytes (half), polite close", "H01", bodies.truncate),
    _body("overlong", "by=", "Content-Length: size, then `by` (10) bytes more", "H02", bodies.overlong),
    _body(
        "chunked-cut",
        "at=&inside=",
        "chunked, closes after `at` bytes (half) without last chunk; inside=1: in mid-chunk",
        "H03",
        bodies.chunked_cut,
    ),
    _body("short", "at=", "the first `at` bytes (half) as if they were all", "H04", bodies.short),
    _body("close", "at=", "no length, Connection: close, `at` bytes (all), polite close", "H05", bodies.close),
    _body("close-abrupt", "at=", "the same, but TLS ends without close_notify", "H06", bodies.close_abrupt),
    _body("reset", "at=", "Content-Length: size, `at` bytes (half), connection reset", "H09", bodies.reset),
    _body("stall", "at=", "Content-Length: size, `at` bytes (size-1), then silence", "S06", bodies.stall),
    _body("drip", "chunk=&delay=", "`chunk` bytes (1) every `delay` seconds (0.1)", "S03", bodies.drip),
    _body("crumbs", "piece=", "chunks of `piece` bytes (1), as fast as they are read", "S07", bodies.crumbs),
    _body("endless", "chunked=", "bytes for ever, chunked, or with chunked=0 without length", "S01", bodies.endless),
    _body("huge", "length=", "Content-Length: `length` (2**62), 64 KiB, then silence", "S02", bodies.huge),
    _body("page", "", "200 with a log-in page in HTML", "H15", bodies.page),
    _body("gzip", "", "the content (at most 8 MiB) as gzip, whatever was asked", "H17", codings.coded),
    _body("gzip-cut", "at=", "the same, cut at `at` coded bytes (half), in length, too", "H18", codings.coded_cut),
    _body("bomb", "size=&layers=", "`size` zeros (1 GiB) as gzip, `layers` (1) times over", "H19", codings.bomb),
    Fault("two-lengths", "second=", "Content-Length twice: size and `second` (size+1)", "H07", framing.two_lengths),
    Fault("length-and-chunked", "", "Content-Length and chunks", "H07", framing.length_and_chunked),
    Fault("length", "value=", "Content-Length: `value` (-5) verbatim, the content, close", "H07", framing.length),
    _body(
        "chunk-size",
        "value=",
        "the first chunk's size is `value` (ffffffffffffffff1) verbatim",
        "H08",
        framing.chunk_size,
    ),
    _body(
        "chunk-extension",
        "length=",
        "the first chunk has an extension of `length` (1 MiB)",
        "H08",
        framing.chunk_extension,
    ),
    Fault("hang-up", "reset=", "closes, or with reset=1 resets, before the status line", "H10", heads.hang_up),
    Fault("garbage", "kind=", f"`kind`: {', '.join(garbage.KINDS)}", "H11", garbage.garbage),
    Fault("header-flood", "count=", "`count` (100000) fields, then the content", "H12", heads.flood),
    Fault("header-giant", "length=", "a field of `length` (1000000) bytes, then the content", "H12", heads.giant),
    Fault(
        "interim",
        "count=&code=",
        "`count` (0: for ever) interim answers of `code` (103), then the content",
        "H13",
        heads.interim,
    ),
    Fault("no-location", "status=", "a redirect (302) without Location", "H14", heads.no_location),
    Fault("unasked", "status=", "206 (of the whole), 304, 204, 205 or 416 nobody asked for", "H14", heads.unasked),
    Fault("silent", "", "no answer", "S04", heads.silent),
    Fault(
        "head-drip",
        "delay=",
        "a byte of the head every `delay` (0.1) seconds, then the content",
        "S04",
        heads.head_drip,
    ),
    Fault("range-ignored", "", "200 with everything", "R01", ranges.ignored),
    Fault("range-elsewhere", "by=", "206 that starts `by` (1) bytes later, and says so", "R02", ranges.elsewhere),
    Fault("range-unlabelled", "", "206 without Content-Range", "R03", ranges.unlabelled),
    Fault("range-garbled", "value=", "206 with Content-Range: `value` (bytes garbage) verbatim", "R03", ranges.garbled),
    Fault("range-multipart", "", "206 as multipart/byteranges", "R03", ranges.multipart),
    Fault("range-short", "by=", "206 that ends `by` (1) bytes earlier, and says so", "R04", ranges.short),
    Fault("range-total", "total=", "206 that names another total (size+1)", "R05", ranges.total),
    Fault("range-refused", "", "416 with Content-Range: bytes */size", "R09", ranges.refused),
    Fault("range-lie", "", "Accept-Ranges: bytes, but a range gets 200 with everything", "R15", ranges.lie),
    Fault("etag-changes", "", "every request gets another ETag and content (seed + its number)", "R06", ranges.changes),
    Fault("etag-weak", "", "a weak ETag and no date; ranges are honoured", "R07", ranges.weak),
    Fault("etag-none", "", "neither ETag nor date; ranges are honoured", "R07", ranges.no_etag),
    Fault("redirect-loop", "status=", "a redirect (302) to itself", "D07", redirects.loop),
    Fault("redirect-scheme", "scheme=", "302 to a URL with `scheme` (file)", "D01", redirects.scheme),
    Fault("redirect-downgrade", "", "302 from https to http on the same host; needs TLS", "D02", redirects.downgrade),
    Fault("redirect-foreign", "to=", "302 to `to` verbatim", "D06", redirects.foreign),
    Fault(
        "refuse",
        "status=&kind=&seconds=",
        f"`status` (429) with Retry-After of a `kind`: {', '.join(refusals.KINDS)} (seconds); `seconds` (1)",
        "Q01-Q05",
        refusals.refuse,
    ),
    _cart("cart-html", "", "a cart service that sends a log-in page with 200, whatever is asked", carts.html),
    _cart("cart-no-headers", "", "HEAD: 204 without X-Pacifica-Status; GET: 202 for ever", carts.no_headers),
    _cart("cart-never", "", "HEAD: staging for ever; GET: 202 for ever", carts.never),
    _cart("cart-202", "", "HEAD: ready; GET: 202 for ever", carts.refused),
    _cart("cart-error", "message=", "HEAD: 500, status error, and `message`; GET: 202 for ever", carts.error),
    _cart("cart-json", "", "HEAD: ready; GET: 200 with an error as JSON", carts.json_body),
)

FAULTS: Mapping[str, Fault] = MappingProxyType({fault.name: fault for fault in _ALL})
"""All faults by name, in the order in which they are listed."""


def catalogue() -> str:
    """Write the list of the faults as text for people, a line each."""
    width = max(len(fault.usage) for fault in _ALL)
    return "\n".join(f"{fault.usage:{width}}  {fault.description}" for fault in _ALL)
