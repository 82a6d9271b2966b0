"""Which part of the network an address belongs to, and where a redirect may lead from there."""

from __future__ import annotations

import pytest

from haulage.rules.addresses import REACH, Space, space_of

pytestmark = pytest.mark.case("D03")

SPACES = {
    Space.PUBLIC: (
        *("1.1.1.1", "8.8.8.8", "93.184.216.34", "172.15.255.255", "172.32.0.1", "100.63.255.255", "100.128.0.1"),
        *("11.0.0.0", "128.0.0.1", "192.169.0.1", "223.255.255.255"),
        *("2606:4700::1111", "2a00:1450::1", "::ffff:8.8.8.8", "2002:808:808::1", "64:ff9b::8.8.8.8"),
    ),
    Space.PRIVATE: (
        *("10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1", "100.64.0.1", "100.127.255.255", "198.18.0.1"),
        *("192.0.2.1", "203.0.113.5", "192.0.0.1", "0.1.2.3", "fc00::1", "fd12:3456::1", "2001:db8::1"),
        *("fec0::1", "::ffff:10.1.2.3", "::ffff:100.64.0.1", "2002:a00:1::1", "64:ff9b::a00:1", "2001:0:53aa:64c::1"),
    ),
    Space.LOOPBACK: (
        *("127.0.0.1", "127.255.255.254", "0.0.0.0", "::1", "::", "::ffff:127.0.0.1", "::FFFF:7f00:1"),
        *("2002:7f00:1::", "64:ff9b::127.0.0.1", "::ffff:0.0.0.0"),
    ),
    Space.LINK: (
        *("169.254.169.254", "169.254.0.1", "fe80::1", "fe80::1%eth0", "::ffff:169.254.169.254"),
        *("100.100.100.200", "fd00:ec2::254", "192.0.0.192"),
    ),
    Space.NOWHERE: (
        *("224.0.0.1", "239.255.255.250", "240.0.0.1", "255.255.255.255", "ff02::1", "64:ff9b:1::1", "100::1"),
        *("64:ff9b:1:ffff::10.0.0.1", "::127.0.0.1", "::10.0.0.1"),
        *("", "localhost", "2130706433", "127.1", "1.2.3.4.5", "::g", "/tmp/socket", "8.8.8.8 "),
    ),
}


@pytest.mark.parametrize(
    ("address", "space"), [(address, space) for space, addresses in SPACES.items() for address in addresses]
)
def test_the_space_of_an_address(address: str, space: Space) -> None:
    """Public, private, link-local, loopback and special ones, in whatever clothes."""
    assert space_of(address) is space


def test_what_has_no_address_is_nowhere() -> None:
    """Nothing can be said for it."""
    assert space_of(None) is Space.NOWHERE


def test_a_redirect_never_leads_to_where_fewer_can_get() -> None:
    """The public internet leads to itself, and no space leads to one that is not its own or more public."""
    assert REACH[Space.PUBLIC] == {Space.PUBLIC}
    assert Space.LINK not in REACH[Space.LOOPBACK]
    assert Space.LOOPBACK not in REACH[Space.LINK]
    for source, reach in REACH.items():
        assert Space.PUBLIC in reach
        assert Space.NOWHERE not in reach
        for further in reach:
            # Hop after hop nothing opens that was closed before.
            assert REACH[further] <= reach, (source, further)
