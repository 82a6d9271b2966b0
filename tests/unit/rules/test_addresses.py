"""Which addresses are not of the public internet."""

from __future__ import annotations

import pytest

from haulage.rules.addresses import is_private


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1", "127.255.255.254", "0.0.0.0", "0.1.2.3", "10.0.0.1", "172.16.0.1", "172.31.255.255"),
        *("192.168.1.1", "169.254.169.254", "100.64.0.1", "100.127.255.255", "198.18.0.1", "192.0.2.1", "203.0.113.5"),
        *("224.0.0.1", "239.255.255.250", "240.0.0.1", "255.255.255.255", "192.0.0.1"),
        *("::1", "::", "fe80::1", "fe80::1%eth0", "fc00::1", "fd12:3456::1", "ff02::1", "2001:db8::1", "100::1"),
        *("fec0::1", "64:ff9b:1::1", "64:ff9b:1:ffff::10.0.0.1"),
        *("::ffff:127.0.0.1", "::ffff:10.1.2.3", "::ffff:169.254.169.254", "::ffff:100.64.0.1", "::FFFF:7f00:1"),
        *("2002:7f00:1::", "2002:a00:1::1", "64:ff9b::127.0.0.1", "64:ff9b::a00:1", "::127.0.0.1", "::10.0.0.1"),
        *("2001:0:53aa:64c::1",),
    ],
)
def test_an_address_of_a_private_network(address: str) -> None:
    """Loopback, private, link-local, shared, reserved and multicast, in whatever clothes (D03)."""
    assert is_private(address)


@pytest.mark.parametrize(
    "address",
    [
        *("1.1.1.1", "8.8.8.8", "93.184.216.34", "172.15.255.255", "172.32.0.1", "100.63.255.255", "100.128.0.1"),
        *("11.0.0.0", "128.0.0.1", "192.169.0.1", "223.255.255.255"),
        *("2606:4700::1111", "2a00:1450::1", "::ffff:8.8.8.8", "2002:808:808::1", "64:ff9b::8.8.8.8"),
    ],
)
def test_an_address_of_the_public_internet(address: str) -> None:
    """What everybody can reach, also beside the borders of private networks and in mapped form."""
    assert not is_private(address)


@pytest.mark.parametrize(
    "address", ["", "localhost", "2130706433", "127.1", "1.2.3.4.5", "::g", "/tmp/socket", "8.8.8.8 "]
)
def test_what_is_no_address_is_private(address: str) -> None:
    """Nothing can be said for it."""
    assert is_private(address)
