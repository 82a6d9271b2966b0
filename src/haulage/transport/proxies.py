"""Proxies from the environment, when `Remote.trust_env` asks for them."""

from __future__ import annotations

import asyncio
import ipaddress
import urllib.request
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from haulage.urls import ParsedUrl

__all__ = ["environment_proxy"]


async def environment_proxy(url: ParsedUrl) -> str | None:
    """Return the proxy the environment names for *url*, or None. This machine itself is never proxied."""
    if url.host == "localhost" or _is_loopback(url.host):
        return None
    # On some systems this asks the registry or the system's configuration.
    return await asyncio.to_thread(_lookup, url)


def _lookup(url: ParsedUrl) -> str | None:
    if urllib.request.proxy_bypass(f"{url.host}:{url.port}"):
        return None
    proxies = urllib.request.getproxies()
    return proxies.get(url.scheme) or proxies.get("all")


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
