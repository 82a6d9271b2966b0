"""Laws of the rules: retries, waits, limits, digests and addresses."""

from __future__ import annotations

import hashlib
import ipaddress
import random
from email.utils import format_datetime

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from haulage.errors import (
    ConnectionFailed,
    DigestValidationError,
    DownloadError,
    MalformedRequest,
    UnsupportedDigestValidationError,
)
from haulage.rules.addresses import Space, space_of
from haulage.rules.digests import Hashers, check_expected, compare
from haulage.rules.limits import ByteBucket, LowSpeedWindow, read_buffer_size
from haulage.rules.retry import RetryPolicy, RetryState
from haulage.rules.retry_after import parse_retry_after
from haulage.transport.status import HttpStatusError

ALGORITHMS = sorted(name for name in hashlib.algorithms_guaranteed if "shake" not in name)

# --- Retry-After -----------------------------------------------------------------------------------------------------

HEADERS = st.one_of(
    st.none(),
    st.text(max_size=40),
    st.text("0123456789", max_size=50),
    st.datetimes().map(lambda date: format_datetime(date, usegmt=False)),
    st.lists(
        st.sampled_from(
            ["Sun,", "Nov", "06", "94", "1994", "08:49:37", "GMT", "+0000", "-9999", "99", " ", ":", "(", ",", "\x00"]
        ),
        max_size=8,
    ).map(" ".join),
)


@pytest.mark.case("Q02")
@given(HEADERS, HEADERS, st.floats(-1e10, 1e12))
def test_retry_after_never_raises_and_is_never_negative(value: str | None, date: str | None, now: float) -> None:
    """Whatever a server writes, there is a number above zero within bounds, or none."""
    seconds = parse_retry_after(value, now=now, server_date=date)
    assert seconds is None or 0 < seconds <= 1e12


@given(st.integers(1, 10**9), st.datetimes(), st.floats(0, 1e10), st.integers(0, 40))
@example(2, "", 0.0, 21)
def test_retry_after_in_seconds_is_the_number(seconds: int, date: object, now: float, zeros: int) -> None:
    """No clock has a say in a number of seconds, and no zeros in front of it."""
    assert parse_retry_after("0" * zeros + str(seconds), now=now, server_date=str(date)) == seconds


# --- retries ---------------------------------------------------------------------------------------------------------

FAILURES = st.one_of(
    st.builds(lambda: ConnectionFailed("lost")),
    st.builds(lambda: MalformedRequest("bad")),
    st.builds(lambda after: HttpStatusError(429, "", retry_after=after), st.none() | st.floats(0.001, 1e12)),
    st.builds(lambda after: HttpStatusError(503, "", retry_after=after), st.none() | st.floats(0.001, 1e12)),
    st.builds(lambda: HttpStatusError(404, "")),
)


@given(st.integers(0, 20), st.lists(FAILURES, max_size=60), st.randoms(use_true_random=False))
def test_the_retry_budget_is_never_exceeded(budget: int, errors: list[DownloadError], chance: random.Random) -> None:
    """Neither by any order of errors, nor by mixing 429 with others; and what is final stays final."""
    policy = RetryPolicy(max_retries=budget, jitter=lambda most: chance.uniform(0, most))
    state = RetryState(policy)
    failures = throttled = 0
    for error in errors:
        wait = state.wait_after(error)
        if wait is None:
            continue
        assert error.transient
        if error.throttled:
            throttled += 1
        else:
            failures += 1
    assert failures <= budget
    assert throttled < policy.max_throttled


@pytest.mark.case("Q03")
@given(
    st.lists(FAILURES, max_size=30),
    st.floats(0.5, 100),
    st.floats(1, 1000),
    st.randoms(use_true_random=False),
)
def test_waits_are_within_bounds(
    errors: list[DownloadError], longest: float, longest_asked: float, chance: random.Random
) -> None:
    """Never below what the server asked for, never beyond the caps, never negative."""
    policy = RetryPolicy(
        max_retries=100,
        longest_wait=longest,
        longest_retry_after=longest_asked,
        jitter=lambda most: chance.uniform(0, most),
    )
    state = RetryState(policy)
    for error in errors:
        wait = state.wait_after(error)
        if wait is None:
            continue
        if error.retry_after is None:
            assert 0 <= wait <= max(1.0, longest)
        else:
            assert error.retry_after <= wait <= error.retry_after + 1.0
            assert error.retry_after <= longest_asked


# --- limits ----------------------------------------------------------------------------------------------------------

PAYMENTS = st.lists(st.tuples(st.floats(0, 5), st.integers(0, 10**6)), min_size=1, max_size=40)


@given(st.floats(1, 1e9), st.floats(0, 2), PAYMENTS)
def test_a_bucket_keeps_its_rate(rate: float, burst: float, payments: list[tuple[float, int]]) -> None:
    """Who waits as told never has more bytes than rate times time and one burst, over any stretch."""
    bucket = ByteBucket(rate, burst=burst)
    now = 1000.0
    paid: list[tuple[float, int, float]] = []
    for rest, count in payments:
        now += rest
        began = now
        wait = bucket.pay(count, now)
        assert wait >= 0
        now += wait
        paid.append((began, count, now))
    for first in range(len(paid)):
        total = 0
        for _, count, ended in paid[first:]:
            total += count
            # A hair of room: floats at a clock of a thousand seconds have about 1e-13 of it.
            assert total <= rate * (ended - paid[first][0] + burst) * (1 + 1e-9) + rate * 1e-9


@given(st.floats(1, 1e9), st.floats(0, 2), st.lists(st.integers(0, 10**6), min_size=1, max_size=40))
def test_a_bucket_does_not_hold_back_more_than_it_must(rate: float, burst: float, counts: list[int]) -> None:
    """Without rests, all bytes together take no longer than their number divided by the rate."""
    bucket = ByteBucket(rate, burst=burst)
    now = 0.0
    for count in counts:
        now += bucket.pay(count, now)
    assert now <= sum(counts) / rate * (1 + 1e-9) + 1e-9


@given(st.floats(1, 1e9), st.lists(st.integers(0, 10**6), min_size=1, max_size=40))
def test_a_bucket_does_not_care_who_pays(rate: float, counts: list[int]) -> None:
    """Many payers at one moment wait as long as one who pays for all."""
    one, many = ByteBucket(rate, burst=0), ByteBucket(rate, burst=0)
    waits = [many.pay(count, 5.0) for count in counts]
    assert waits == sorted(waits)
    assert abs(waits[-1] - one.pay(sum(counts), 5.0)) <= 1e-6 * (1 + waits[-1])


@given(
    st.floats(1, 1e6),
    st.floats(0.1, 60),
    st.lists(st.tuples(st.floats(0, 10), st.integers(0, 10**6), st.floats(0, 5)), max_size=40),
)
def test_the_deadline_of_a_window_only_moves_on(
    limit: float, time: float, arrivals: list[tuple[float, int, float]]
) -> None:
    """Bytes and excuses never bring the end nearer, and nothing puts it off by more than they are worth."""
    window = LowSpeedWindow(limit, time, 0.0)
    now = 0.0
    for rest, count, excuse in arrivals:
        now += rest
        if now >= window.deadline:
            return
        before = window.deadline
        window.received(count, now)
        assert before <= window.deadline + 1e-6  # floats
        assert window.deadline <= max(before, now + time)
        before = window.deadline
        now += excuse  # the time has passed when it is excused
        window.excuse(excuse)
        assert abs(window.deadline - before - excuse) < 1e-6


@given(st.floats(1, 1e6), st.floats(0.5, 60), st.floats(1.05, 10), st.integers(5, 50), st.integers(50, 200))
def test_a_steady_stream_above_the_limit_lives(
    limit: float, time: float, factor: float, cuts: int, chunks: int
) -> None:
    """Who sends faster than the limit, in pieces shorter than the window, is never given up."""
    window = LowSpeedWindow(limit, time, 0.0)
    step = time / cuts / factor * 0.1
    piece = int(limit * factor * step) + 1
    now = 0.0
    for _ in range(chunks):
        now += step
        assert now <= window.deadline
        window.received(piece, now)


@given(st.floats(10, 1e6), st.floats(0.5, 60), st.floats(0, 0.95), st.integers(5, 50))
def test_a_stream_below_the_limit_is_given_up(limit: float, time: float, factor: float, cuts: int) -> None:
    """Who never brings a window's bytes meets the first deadline."""
    window = LowSpeedWindow(limit, time, 0.0)
    step = time / cuts
    for number in range(1, cuts + 1):
        window.received(int(limit * factor * step), number * step)
    assert window.deadline == time


@given(st.integers(0, 10**6))
def test_read_buffers_are_bounded(concurrency: int) -> None:
    """Whatever the concurrency, a buffer is neither useless nor larger than a mebibyte."""
    assert 1 << 14 <= read_buffer_size(concurrency) <= 1 << 20


# --- digests ---------------------------------------------------------------------------------------------------------

CHUNKS = st.lists(st.binary(max_size=300), max_size=12)


@given(st.sets(st.sampled_from(ALGORITHMS), max_size=4), st.lists(CHUNKS, max_size=4))
def test_digests_equal_hashlibs(names: set[str], batches: list[list[bytes]]) -> None:
    """However the bytes were cut into batches and chunks."""
    hashers = Hashers(names)
    for batch in batches:
        hashers.update(batch)
    whole = b"".join(b"".join(batch) for batch in batches)
    assert hashers.digests() == {name: hashlib.new(name, whole, usedforsecurity=False).hexdigest() for name in names}


@given(st.sampled_from(ALGORITHMS), st.binary(max_size=50), st.data())
def test_a_right_digest_passes_and_one_wrong_letter_does_not(name: str, content: bytes, data: st.DataObject) -> None:
    """The comparison is exact, in any case."""
    digest = hashlib.new(name, content, usedforsecurity=False).hexdigest()
    cased = "".join(data.draw(st.sampled_from([letter, letter.upper()])) for letter in digest)
    expected = check_expected({name.upper(): cased}, ALGORITHMS)
    compare({name: digest}, expected)
    place = data.draw(st.integers(0, len(digest) - 1))
    other = data.draw(st.sampled_from([letter for letter in "0123456789abcdef" if letter != digest[place]]))
    try:
        compare({name: digest[:place] + other + digest[place + 1 :]}, expected)
    except DigestValidationError:
        return
    raise AssertionError


@given(
    st.dictionaries(
        st.one_of(st.sampled_from(ALGORITHMS), st.text(max_size=10)),
        st.one_of(st.text(max_size=80), st.none(), st.integers()),
    )
)
@example({"sha256": 10**5000})
@example({10**5000: "a"})
def test_an_expectation_is_taken_or_refused_by_our_errors(expected: dict[str, object]) -> None:
    """No value, name or pair of them brings up anything else."""
    try:
        digests = check_expected(expected, ALGORITHMS)  # type: ignore[arg-type]
    except (MalformedRequest, UnsupportedDigestValidationError):
        return
    assert all(name in hashlib.algorithms_available for name in digests)


# --- addresses -------------------------------------------------------------------------------------------------------

PRIVATE_4 = [
    *("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.2.0/24"),
    *("192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4"),
]
PRIVATE_6 = ["fc00::/7", "fe80::/10", "fec0::/10", "ff00::/8", "100::/64", "2001:db8::/32", "64:ff9b:1::/48"]
PUBLIC_4 = ["1.0.0.0/8", "8.0.0.0/7", "93.0.0.0/8", "11.0.0.0/8", "172.32.0.0/11", "192.169.0.0/16", "100.128.0.0/9"]
PUBLIC_6 = ["2600::/12", "2a00::/12", "2400::/12"]

private_4 = st.sampled_from(PRIVATE_4).flatmap(lambda network: st.ip_addresses(network=network))
public_4 = st.sampled_from(PUBLIC_4).flatmap(lambda network: st.ip_addresses(network=network))


def is_private(address: str) -> bool:
    """Whether a server of the public internet may not redirect there."""
    return space_of(address) is not Space.PUBLIC


def clothes(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> list[str]:
    """Return *address* in the IPv6 forms that lead to it."""
    number = int(address)
    return [
        str(ipaddress.IPv6Address(0xFFFF << 32 | number)),
        f"::ffff:{address}",
        str(ipaddress.IPv6Address(0x2002 << 112 | number << 80 | 1)),
        str(ipaddress.IPv6Address(0x64FF9B << 96 | number)),
    ]


@pytest.mark.case("D03")
@given(private_4)
def test_a_private_address_is_private_in_any_clothes(address: ipaddress.IPv4Address) -> None:
    """Mapped, 6to4 and NAT64 forms are judged as what they lead to."""
    assert is_private(str(address))
    for form in clothes(address):
        assert is_private(form), form


@given(public_4)
def test_a_public_address_is_public_in_any_clothes(address: ipaddress.IPv4Address) -> None:
    """The forms alone make nothing private."""
    assert not is_private(str(address))
    for form in clothes(address):
        assert not is_private(form), form


@given(
    st.sampled_from(PRIVATE_6).flatmap(lambda network: st.ip_addresses(network=network)),
    st.sampled_from(["", "%eth0", "%1"]),
)
@example(ipaddress.ip_address("fec0::1"), "")
@example(ipaddress.ip_address("64:ff9b:1::a00:1"), "")
def test_private_networks_of_ipv6_are_private(address: ipaddress.IPv6Address, zone: str) -> None:
    """Local, multicast, discarded and documentation addresses, with or without a zone."""
    assert is_private(f"{address}{zone}")
    assert is_private(f"{address.exploded}{zone}")


@given(st.sampled_from(PUBLIC_6).flatmap(lambda network: st.ip_addresses(network=network)))
def test_public_networks_of_ipv6_are_public(address: ipaddress.IPv6Address) -> None:
    """What the registries give to everybody is not refused."""
    assert not is_private(str(address))


@given(st.text(max_size=40))
def test_judging_any_text_never_raises(text: str) -> None:
    """What is no address is nowhere."""
    try:
        ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        assert space_of(text) is Space.NOWHERE
    else:
        assert space_of(text) in Space
