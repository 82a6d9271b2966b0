"""Limits on bytes and time, over a clock that is handed in."""

from __future__ import annotations

import pytest

from haulage.rules.limits import ByteBucket, LowSpeedWindow, read_buffer_size

KIB = 1 << 10
MIB = 1 << 20


def test_a_bucket_begins_with_its_burst() -> None:
    """What was saved up is free; the rest is waited for."""
    bucket = ByteBucket(1000, burst=0.1)
    assert bucket.pay(100, now=50.0) == 0.0
    assert bucket.pay(500, now=50.0) == pytest.approx(0.5)


def test_debts_add_up() -> None:
    """Payers who do not wait for each other queue one behind the other."""
    bucket = ByteBucket(1000, burst=0.0)
    assert [bucket.pay(1000, now=0.0) for _ in range(3)] == pytest.approx([1, 2, 3])


def test_time_pays_debts() -> None:
    """Who waited as told owes nothing."""
    bucket = ByteBucket(1000, burst=0.0)
    now = bucket.pay(1000, now=0.0)
    assert bucket.pay(1, now=now) == pytest.approx(0.001)


def test_a_long_rest_saves_up_no_more_than_the_burst() -> None:
    """After an hour of silence there is no hour's worth of bytes at once."""
    bucket = ByteBucket(1000, burst=0.1)
    bucket.pay(1, now=0.0)
    assert bucket.pay(1100, now=3600.0) == pytest.approx(1.0)


def test_one_piece_larger_than_the_rate_is_not_refused() -> None:
    """A mebibyte at a kibibyte per second is paid for in time."""
    assert ByteBucket(1024, burst=0).pay(MIB, now=0.0) == pytest.approx(1024)


def test_nothing_costs_nothing() -> None:
    """An empty piece is free for who has no debt."""
    assert ByteBucket(1, burst=0).pay(0, now=5.0) == 0.0


def test_a_window_ends_where_it_should() -> None:
    """Without bytes the deadline stands still."""
    window = LowSpeedWindow(100, 5.0, now=10.0)
    assert window.deadline == 15.0
    window.received(499, now=14.0)
    assert window.deadline == 15.0


def test_a_full_window_is_followed_by_a_new_one() -> None:
    """Its length counts from the moment it was full."""
    window = LowSpeedWindow(100, 5.0, now=10.0)
    window.received(300, now=12.0)
    window.received(200, now=13.0)
    assert window.deadline == 18.0
    window.received(499, now=17.0)
    assert window.deadline == 18.0
    window.received(1, now=17.5)
    assert window.deadline == 22.5


def test_our_own_waits_are_left_out() -> None:
    """A slow disk of ours is not a slow server."""
    window = LowSpeedWindow(100, 5.0, now=10.0)
    window.excuse(2.5)
    assert window.deadline == 17.5


@pytest.mark.parametrize("concurrency", [0, 1, 2, 8, 16, 100, 1000, 100_000])
def test_many_connections_share_a_few_mebibytes(concurrency: int) -> None:
    """More connections have smaller buffers, none larger than a mebibyte or too small to be worth a read."""
    size = read_buffer_size(concurrency)
    assert 16 * KIB <= size <= MIB
    assert size >= read_buffer_size(concurrency + 1)
    assert size * concurrency <= max(8 * MIB, concurrency * 64 * KIB)


def test_one_connection_alone_has_a_mebibyte() -> None:
    """That is where reading is fastest."""
    assert read_buffer_size(1) == MIB
