"""Addresses, and the part of the network they belong to."""

from __future__ import annotations

import ipaddress

from fuzz.data import text_of
from haulage.rules.addresses import Space, space_of


def test_one(data: bytes) -> None:
    """What is no address is nowhere; another spelling or other clothes change nothing."""
    text = text_of(data.removesuffix(b"\n"))
    space = space_of(text)
    assert isinstance(space, Space)
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        assert space is Space.NOWHERE
        return
    spellings = [str(address), address.exploded, address.compressed.upper(), f"{address}%eth0"]
    if isinstance(address, ipaddress.IPv4Address):
        number = int(address)
        spellings += [f"::ffff:{address}", str(ipaddress.IPv6Address(0x2002 << 112 | number << 80 | 1))]
        spellings += [str(ipaddress.IPv6Address(0x64FF9B << 96 | number))]
    for spelling in spellings:
        assert space_of(spelling) is space, spelling
    if address.is_private:
        assert space is not Space.PUBLIC
