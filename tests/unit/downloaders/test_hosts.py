"""Per origin: how many at once, and until when it wants to be left alone."""

from __future__ import annotations

import pytest

from haulage.downloaders.hosts import Hosts
from haulage.urls import parse

HTTP = parse("http://host/a")
SAME = parse("http://HOST:80/b?c")
TLS = parse("https://host/a")
OTHER = parse("http://other/a")


def test_without_a_bound_there_is_no_slot() -> None:
    """Nothing is kept for nothing."""
    assert Hosts(None).slot(HTTP) is None


async def test_an_origin_has_one_slot() -> None:
    """Scheme, host and port make the origin; each has as many places as was said."""
    hosts = Hosts(2)
    slot = hosts.slot(HTTP)
    assert slot is hosts.slot(SAME)
    assert slot is not hosts.slot(TLS)
    assert slot is not hosts.slot(OTHER)
    assert slot is not None
    await slot.acquire()
    await slot.acquire()
    assert slot.locked()
    slot.release()
    slot.release()


def test_nobody_is_closed_at_first() -> None:
    """An origin that said nothing is open."""
    assert Hosts(None).closed_for(HTTP, 100.0) == 0.0


def test_a_pause_holds_for_the_origin_and_passes() -> None:
    """Every download to it waits, none to others does."""
    hosts = Hosts(None)
    hosts.pause(HTTP, 30.0, now=100.0)
    assert hosts.closed_for(SAME, 100.0) == 30.0
    assert hosts.closed_for(SAME, 129.0) == pytest.approx(1.0)
    assert hosts.closed_for(SAME, 131.0) == 0.0
    assert hosts.closed_for(TLS, 100.0) == 0.0
    assert hosts.closed_for(OTHER, 100.0) == 0.0


def test_the_longest_pause_counts() -> None:
    """A later, shorter word does not open what is closed."""
    hosts = Hosts(None)
    hosts.pause(HTTP, 30.0, now=100.0)
    hosts.pause(HTTP, 5.0, now=101.0)
    assert hosts.closed_for(HTTP, 101.0) == 29.0
    hosts.pause(HTTP, 60.0, now=101.0)
    assert hosts.closed_for(HTTP, 101.0) == 60.0


def test_a_million_origins_are_not_remembered() -> None:
    """What is over, or not in use, is forgotten."""
    hosts = Hosts(1)
    for number in range(5000):
        url = parse(f"http://host{number}.example/")
        hosts.pause(url, 1.0, now=float(number))
        hosts.slot(url)
    assert max(len(kept) for kept in vars(hosts).values() if isinstance(kept, dict)) <= 1001


async def test_a_slot_in_use_is_never_forgotten() -> None:
    """However many origins come along, its bound holds."""
    hosts = Hosts(1)
    slot = hosts.slot(HTTP)
    assert slot is not None
    await slot.acquire()
    for number in range(3000):
        hosts.slot(parse(f"http://host{number}.example/"))
    assert hosts.slot(HTTP) is slot
    slot.release()
