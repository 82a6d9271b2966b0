"""Which addresses belong to a private network, this machine or this link."""

from __future__ import annotations

import ipaddress

__all__ = ["is_private"]

# What ipaddress, in some or all supported versions, does not call private: shared address space (RFC 6598), local-use
# NAT64 (RFC 8215), IPv4-compatible and site-local addresses (deprecated by RFC 4291 and RFC 3879).
_MORE = tuple(ipaddress.ip_network(text) for text in ("100.64.0.0/10", "64:ff9b:1::/48", "::/96", "fec0::/10"))
_NAT64 = ipaddress.ip_network("64:ff9b::/96")


def is_private(address: str) -> bool:
    """Whether *address*, an IP address as text, is not one of the public internet.

    IPv4 addresses in IPv6 clothes (mapped, 6to4, NAT64) are judged as what they are. What is no address at all is
    private, since nothing can be said for it.
    """
    try:
        ip = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return True
    if isinstance(ip, ipaddress.IPv6Address):
        inner = ip.ipv4_mapped or ip.sixtofour
        if inner is None and ip in _NAT64:
            inner = ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
        if inner is not None:
            ip = inner
    return not ip.is_global or ip.is_multicast or any(ip in network for network in _MORE)
