"""What Pacifica says of files, as the entries of a cart, and what is wrong with some of it."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from haulage.cart import CartFile, CloudEvent, Manifest, TransactionInfo
from haulage.cart.metadata import YieldFiles
from haulage.errors import MalformedCart

SHA1 = "d3" * 20
ABOUT = {"name": "a.txt", "subdir": "raw", "hashsum": SHA1, "hashtype": "sha1"}


def transaction(**changes: Any) -> dict[str, Any]:
    """Return the transaction info of one file, with *changes*; None takes a field away."""
    return {"files": {"67": {name: value for name, value in {**ABOUT, **changes}.items() if value is not None}}}


def test_transaction_info() -> None:
    """Ids are the keys; what else is said of a file and of the transaction does not matter."""
    told = transaction(size=17, mtime="2020")
    told["files"]["68"] = {**ABOUT, "subdir": "", "name": "b"}
    entries = list(TransactionInfo.yield_files({**told, "_id": 67})())
    assert entries == [
        {"id": "67", "path": "raw/a.txt", "hashsum": SHA1, "hashtype": "sha1"},
        {"id": "68", "path": "b", "hashsum": SHA1, "hashtype": "sha1"},
    ]


def test_cloud_event() -> None:
    """Only objects for the table of files count."""
    file = {"destinationTable": "Files", "_id": 67, **ABOUT}
    data = [{"destinationTable": "Keys"}, file, {**file, "destinationTable": "FilesToo"}, "odd", None]
    entries = list(CloudEvent.yield_files({"specversion": "0.1", "data": data})())
    assert entries == [{"id": 67, "path": "raw/a.txt", "hashsum": SHA1, "hashtype": "sha1"}]


def test_the_iterator_can_be_had_twice() -> None:
    """Each call of what is returned begins anew."""
    entries = TransactionInfo.yield_files(transaction())
    assert list(entries()) == list(entries())


@pytest.mark.parametrize(
    ("subdir", "path"),
    [
        ("", "a.txt"),
        ("/", "a.txt"),
        ("raw/", "raw/a.txt"),
        ("/raw", "raw/a.txt"),
        ("é/世", "é/世/a.txt"),
        (None, "a.txt"),
    ],
)
def test_directories(subdir: str | None, path: str) -> None:
    """A slash at either end means nothing, as it does to the service."""
    manifest = Manifest(TransactionInfo.yield_files(transaction(subdir=subdir))())
    assert [file.path for file in manifest.files.values()] == [path]


@pytest.mark.parametrize("told", [None, [], "files", {}, {"files": []}, {"files": None}, {"data": []}])
def test_no_transaction_info(told: Any) -> None:
    """What is none at all is said at once."""
    with pytest.raises(MalformedCart, match="transaction info"):
        TransactionInfo.yield_files(told)


@pytest.mark.parametrize("event", [None, [], {}, {"data": {}}, {"data": "x"}, {"files": {}}])
def test_no_cloud_event(event: Any) -> None:
    """What is none at all is said at once."""
    with pytest.raises(MalformedCart, match="cloud event"):
        CloudEvent.yield_files(event)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"name": None}, "name is missing"),
        ({"name": ""}, "name is not a file name"),
        ({"name": "a/b"}, "name is not a file name"),
        ({"name": 7}, "name is not text"),
        ({"subdir": 7}, "subdir is not text"),
        ({"hashsum": None}, "hashsum is missing"),
        ({"hashsum": 7}, "hashsum is not text"),
        ({"hashsum": "d3"}, "40 hex digits of a sha1"),
        ({"hashsum": "zz" * 20}, "40 hex digits of a sha1"),
        ({"hashtype": None}, "hashtype is missing"),
        ({"hashtype": False}, "hashtype is not text"),
        ({"hashtype": "crc32"}, "unsupported hashtype 'crc32'"),
        ({"hashtype": "shake_128"}, "unsupported hashtype 'shake_128'"),
        ({"name": ".."}, "leads upwards"),
        ({"subdir": "../.."}, "leads upwards"),
        ({"subdir": "//etc"}, "absolute"),
        ({"subdir": "a/../.."}, "leads upwards"),
        ({"name": "a\nb"}, "a sign that is none"),
        ({"name": "a\ud800"}, "a sign that is none"),
        ({"name": "x" * 256}, "too long"),
        ({"subdir": "d/" * 200}, "too deep"),
        ({"subdir": "/".join(["d" * 200] * 30)}, "too long"),
        ({"name": "."}, "names a directory"),
    ],
)
def test_a_file_that_cannot_be(changes: dict[str, Any], says: str) -> None:
    """The error names the entry and what is wrong with it, on one line."""
    with pytest.raises(MalformedCart) as caught:
        Manifest(TransactionInfo.yield_files(transaction(**changes))())
    assert says in str(caught.value)
    assert "67" in str(caught.value.entry)
    assert "\n" not in str(caught.value)
    assert isinstance(caught.value, ValueError)


def test_entries_that_are_none() -> None:
    """A file is described by a mapping."""
    with pytest.raises(MalformedCart, match=r"files\['67'\].*not list"):
        list(TransactionInfo.yield_files({"files": {"67": []}})())
    with pytest.raises(MalformedCart, match=r"entry 0.*not str"):
        Manifest(["x"])  # type: ignore[list-item]


@pytest.mark.parametrize("file_id", [None, "", True, 1.5, []])
def test_ids(file_id: Any) -> None:
    """A number or text, and not nothing."""
    with pytest.raises(MalformedCart, match="id is"):
        CartFile(file_id, "x", SHA1, "sha1")


def test_two_files_for_one_path() -> None:
    """The error names both."""
    told = transaction()
    told["files"]["68"] = {**ABOUT, "subdir": "/raw/"}
    with pytest.raises(MalformedCart, match="two files for one path, '67' and '68'"):
        Manifest(TransactionInfo.yield_files(told)())


def test_a_file_where_others_need_a_directory() -> None:
    """In either order."""
    files = [CartFile(1, "a", SHA1, "sha1"), CartFile(2, "a/b", SHA1, "sha1")]
    for order in (files, files[::-1]):
        with pytest.raises(MalformedCart, match="'a'"):
            Manifest(order)


def test_a_cart_of_nothing() -> None:
    """The service would stage it for ever."""
    with pytest.raises(MalformedCart, match="no files"):
        Manifest(CloudEvent.yield_files({"data": [{"destinationTable": "Keys"}]})())


def test_twins_are_the_file_systems_matter() -> None:
    """Who asks for two names that differ in case shall have both, where that can be."""
    files = [CartFile(1, "README", SHA1, "sha1"), CartFile(2, "readme", SHA1, "sha1")]
    assert len(Manifest(files).files) == 2


def read(parse: Callable[[Any], YieldFiles], told: Any) -> None:
    """Make a manifest of *told*, or fail with the one error that is for that."""
    with contextlib.suppress(MalformedCart):
        assert Manifest(parse(told)()).files


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
some_about = st.dictionaries(st.sampled_from([*ABOUT, "_id", "destinationTable"]), json_values | st.just("Files"))


@given(st.dictionaries(st.text(max_size=3), some_about | json_values, max_size=3) | json_values)
def test_any_transaction_info(files: Any) -> None:
    """Whatever JSON comes, it is a manifest or a typed error."""
    read(TransactionInfo.yield_files, {"files": files})


@given(st.lists(some_about | json_values, max_size=3) | json_values)
def test_any_cloud_event(data: Any) -> None:
    """Whatever JSON comes, it is a manifest or a typed error."""
    read(CloudEvent.yield_files, {"data": data})
