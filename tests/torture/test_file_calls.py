"""Whatever a call to the file system says: one clear error at once, the old file as it was, and nothing beside it."""

from __future__ import annotations

import errno
import sys
from collections.abc import Iterator

import pytest
from support.inject_desk import WAYS, Desk, Way
from support.inject_disk import FaultyOs, at_call, cut_short
from support.inject_leftovers import assert_nothing_left
from support.leaks import Belongings

import haulage
from haulage.depot import generated

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the calls are others on Windows")

ERRORS: dict[int, type[haulage.StorageError]] = {
    errno.ENOSPC: haulage.StorageFull,
    errno.EDQUOT: haulage.StorageFull,
    errno.EACCES: haulage.DestinationError,
    errno.EROFS: haulage.DestinationError,
    errno.EIO: haulage.StorageError,
}

# What is in the directory need not be known, what cannot be read there proves nothing, and what is not removed now is
# removed by the next process.
HARMLESS = {
    *("scandir directory", "fstat", "read", "unlink"),
    *("open existing", "fstat existing", "read existing", "close existing", "close directory"),
}

EACH_WAY = pytest.mark.parametrize("desk", WAYS, indirect=True)


@EACH_WAY
async def test_the_calls(desk: Desk) -> None:
    """These are the calls that can fail; a call that comes to them needs its place in this table."""
    faulty = FaultyOs(lambda _: None)
    await desk.download(faulty)
    assert ", ".join(call.name for call in faulty.calls) == desk.way.calls
    assert desk.content() == generated(desk.way.size)


def calls(way: Way) -> Iterator[tuple[str, int]]:
    """Return each call of *way* by its name and number."""
    names = way.calls.split(", ")
    for place, name in enumerate(names):
        yield name, names[: place + 1].count(name)


@EACH_WAY
@pytest.mark.parametrize("number", ERRORS, ids=errno.errorcode.get)
@pytest.mark.case("F06", "F07")
async def test_an_error_of_each_call(desk: Desk, number: int) -> None:
    """The error has its class, comes at once, and leaves the old file and no part; what is not needed is not missed."""
    for name, nth in calls(desk.way):
        before = Belongings.now()
        faulty = FaultyOs(at_call(name, nth, number))
        try:
            result, error = await desk.download(faulty), None
        except haulage.DownloadError as caught:
            result, error = None, caught
        try:
            if name == "unlink":
                # Nothing of this process is an orphan; the next one removes it.
                next(desk.target.parent.glob(".haulage-*.part")).unlink()
            check(desk, name, number, error)
            assert len(desk.depot.requests) <= 1
            # After a failed fsync nobody knows what of the file is on the disk, and a second one would say that all is.
            assert [call.name for call in faulty.calls].count("fsync") <= 1
            await assert_nothing_left(before)
        except AssertionError as failure:
            failure.add_note(f"{name} {nth}: {error!r}, {result!r}, {[call.name for call in faulty.calls]}")
            raise


def check(desk: Desk, name: str, number: int, error: haulage.DownloadError | None) -> None:
    """Hold an outcome, and what is at the target, against the call that failed."""
    if name in HARMLESS or (name == "link" and number == errno.EACCES):
        # Where there are no links there is another way.
        assert error is None
        assert desk.content() == generated(desk.way.size)
        return
    assert type(error) is ERRORS[number]
    assert isinstance(error, haulage.StorageError)
    assert error.errno == number
    assert error.attempts <= 1
    # The file is there by then, and complete; that it will survive a power cut is what cannot be promised.
    assert desk.content() == (generated(desk.way.size) if name == "fsync directory" else desk.old)


ONE_WAY = pytest.mark.parametrize("desk", ["in pieces"], indirect=True)


@ONE_WAY
@pytest.mark.case("F06")
async def test_writes_that_are_cut_short(desk: Desk) -> None:
    """The rest is written, and nothing twice."""
    faulty = FaultyOs(cut_short)
    await desk.download(faulty)
    assert [call.name for call in faulty.calls].count("write") == 5
    assert desk.content() == generated(desk.way.size)


@ONE_WAY
@pytest.mark.case("F06")
async def test_a_disk_that_fills_up_within_a_write(desk: Desk) -> None:
    """The bytes that found room are removed with the part."""
    with pytest.raises(haulage.StorageFull):
        await desk.download(FaultyOs(cut_short, at_call("write", 3, errno.ENOSPC)))
    assert desk.content() == desk.old


@ONE_WAY
@pytest.mark.usefixtures("eager")
@pytest.mark.parametrize("name", ["open directory", "open"])
@pytest.mark.case("F08")
async def test_out_of_descriptors_once(desk: Desk, name: str) -> None:
    """What this process lacks for a moment may be there at the next attempt."""
    result = await desk.download(FaultyOs(at_call(name, 1, errno.EMFILE)))
    assert result.attempts == 2
    assert desk.content() == generated(desk.way.size)
