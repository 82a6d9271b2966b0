"""From which part of the network a redirect may lead into which."""

from __future__ import annotations

import enum
import ipaddress
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["REACH", "Space", "space_of"]


class Space(enum.Enum):
    """A part of the network, by who can get there."""

    PUBLIC = "public"
    """Everybody: the internet."""
    PRIVATE = "private"
    """Who is on the same network behind a router."""
    LINK = "link-local"
    """Who is on the same wire; clouds answer here with the secrets of a machine."""
    LOOPBACK = "loopback"
    """This machine alone."""
    NOWHERE = "special"
    """Addresses that are nobody's: multicast, reserved, and what is no address at all."""


REACH: Mapping[Space, frozenset[Space]] = MappingProxyType(
    {
        Space.PUBLIC: frozenset({Space.PUBLIC}),
        Space.PRIVATE: frozenset({Space.PUBLIC, Space.PRIVATE}),
        Space.LINK: frozenset({Space.PUBLIC, Space.PRIVATE, Space.LINK}),
        Space.LOOPBACK: frozenset({Space.PUBLIC, Space.PRIVATE, Space.LOOPBACK}),
        Space.NOWHERE: frozenset({Space.PUBLIC}),
    }
)
"""Where a server is → where a redirect of its may lead: not to where fewer can get by themselves."""

# Metadata services of clouds outside of 169.254.0.0/16.
_METADATA = frozenset(ipaddress.ip_address(text) for text in ("100.100.100.200", "192.0.0.192", "fd00:ec2::254"))
_THIS_HOST = tuple(ipaddress.ip_network(text) for text in ("0.0.0.0/32", "::/128", "127.0.0.0/8", "::1/128"))
# What ipaddress, in some or all supported versions, does not call private: shared address space (RFC 6598), and
# site-local addresses (deprecated by RFC 3879).
_MORE_PRIVATE = tuple(ipaddress.ip_network(text) for text in ("100.64.0.0/10", "fec0::/10"))
_NAT64 = ipaddress.ip_network("64:ff9b::/96")


def space_of(address: str | None) -> Space:
    """Return the part of the network that *address*, an IP address as text, belongs to.

    IPv4 addresses in IPv6 clothes (mapped, 6to4, NAT64) are judged as what they are. What is no address is nowhere,
    since nothing can be said for it.
    """
    try:
        ip = _undressed(ipaddress.ip_address((address or "").partition("%")[0]))
    except ValueError:
        return Space.NOWHERE
    if any(ip in network for network in _THIS_HOST):
        return Space.LOOPBACK
    if ip.is_link_local or ip in _METADATA:
        return Space.LINK
    if ip.is_multicast or ip.is_reserved:
        return Space.NOWHERE
    if not ip.is_global or any(ip in network for network in _MORE_PRIVATE):
        return Space.PRIVATE
    return Space.PUBLIC


def _undressed(ip: ipaddress.IPv4Address | ipaddress.IPv6Address) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    if isinstance(ip, ipaddress.IPv4Address):
        return ip
    if ip in _NAT64:
        return ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
    return ip.ipv4_mapped or ip.sixtofour or ip
