"""Whatever is accepted, Python's tarfile reads in the same way: the same members, sizes and bytes.

The two have nothing in common, so an archive that means one thing here and another one elsewhere would show.
"""

from __future__ import annotations

import io
import tarfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

import haulage
from archives.corpus import hostile_archives
from archives.harmless import harmless_archives
from archives.making import archive, directory, file, long_name, pax
from archives.strategies import broken, trees
from archives.writers import FORMATS, written_by_python
from haulage.archives.contents import Contents, End, Start

Members = list[tuple[tuple[str, ...], bool, bytes]]
HARMLESS = dict(harmless_archives())


def by_haulage(data: bytes) -> Members | None:
    """Return components below the top, whether it is a directory, and content of each member; None if refused."""
    contents, found, pieces = Contents(most_members=1000, max_size=1 << 24), [], []
    try:
        for step in contents.feed(data):
            if isinstance(step, Start):
                if step.is_directory:
                    found.append((step.parts, True, b""))
                start, pieces = step, []
            elif isinstance(step, End):
                found.append((start.parts, False, b"".join(pieces)))
            else:
                pieces.append(bytes(step))
        contents.close()
    except haulage.DownloadError:
        return None
    return found


def by_tarfile(data: bytes) -> Members:
    """Return the same as tarfile sees it."""
    found = []
    with tarfile.open(fileobj=io.BytesIO(data), mode="r:", encoding="utf-8") as tar:
        for member in tar:
            _, *parts = (part for part in member.name.split("/") if part not in ("", "."))
            content = tar.extractfile(member)
            assert member.isdir() or member.isreg()
            found.append((tuple(parts), member.isdir(), b"" if content is None else content.read()))
    return found


@pytest.mark.parametrize("name", HARMLESS)
def test_odd_archives(name: str) -> None:
    """All that is odd and accepted is understood alike."""
    data = HARMLESS[name].data
    assert by_haulage(data) == by_tarfile(data)


@pytest.mark.parametrize("form", FORMATS)
@given(data=st.data())
@pytest.mark.case("T06", "T09")
def test_generated_archives(form: str, data: st.DataObject) -> None:
    """Archives of any tree, with anything changed in them."""
    tree = data.draw(trees(most=3))
    try:
        good = written_by_python(tree, form)
    except ValueError:
        good = written_by_python({"x": b"x", "d": None}, form)
    changed = data.draw(broken(good[: -(-len(good.rstrip(b"\0")) // 512) * 512 + 1536]))
    seen = by_haulage(changed)
    assert seen is None or seen == by_tarfile(changed)


SOURCES = [hostile.data for hostile in hostile_archives().values() if 0 < len(hostile.data) < 10_000]
SOURCES += [each.data for each in HARMLESS.values() if len(each.data) < 10_000]
SOURCES += [
    archive(directory("data/"), pax({"path": "data/x", "size": "3"}), file("y", b"abc"), file("data/z", b"z" * 600)),
    archive(directory("data/"), long_name("data/" + "x" * 120), file("y", b"abc"), file("data/z", b"z" * 600)),
]


@given(data=st.data())
@pytest.mark.case("T06", "T09")
def test_hostile_archives(data: st.DataObject) -> None:
    """Hostile archives that were changed so that they may pass."""
    changed = data.draw(broken(data.draw(st.sampled_from(SOURCES))))
    seen = by_haulage(changed)
    assert seen is None or seen == by_tarfile(changed)
