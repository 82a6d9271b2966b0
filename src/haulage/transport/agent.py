"""Who we say we are."""

from __future__ import annotations

import functools
import platform
import sys
from typing import TYPE_CHECKING

import aiohttp

from haulage._version import __version__

if TYPE_CHECKING:
    from collections.abc import Iterable

    from haulage.headers import HeaderPairs

__all__ = ["own_headers", "user_agent"]


@functools.cache
def user_agent() -> str:
    """Return the User-Agent: name and version, Python, system, aiohttp."""
    level = sys.version_info
    python = f"{level.major}.{level.minor}.{level.micro}-{level.releaselevel}{level.serial}"
    system = f"{platform.system() or 'unknown'} {platform.machine()}".strip()
    return f"haulage/{__version__} (cpython {python}, {system}) (aiohttp {aiohttp.__version__})"


def own_headers(agents: Iterable[str] = ()) -> HeaderPairs:
    """Return the headers of every request, with the caller's User-Agents appended to ours."""
    # RFC 9110, section 12.5.3: the digests speak of the bytes of the file, so those are what is asked for.
    return (("Accept", "*/*"), ("Accept-Encoding", "identity"), ("User-Agent", " ".join((user_agent(), *agents))))
