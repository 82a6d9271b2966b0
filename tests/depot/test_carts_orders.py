"""What a cart can be ordered with, and where its members lie."""

from __future__ import annotations

import json
import tarfile
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from haulage.depot import Depot
from haulage.depot.carts.members import StagingError, arrange
from haulage.depot.carts.orders import Order, OrderError, Plan, Wanted, read_order, read_plan

if TYPE_CHECKING:
    from pathlib import Path

FILE = {"id": "a", "path": "p", "hashsum": "h", "hashtype": "t"}


def wanted(path: str, file_id: str = "a") -> Wanted:
    """Make a file of which only the path matters."""
    return Wanted(file_id, path, "h", "t")


def test_an_order_is_read() -> None:
    """Numbers become text, what is not known is let through, and what is not said is as usual."""
    body = {"fileids": [FILE, {**FILE, "id": 7, "more": 1}], "extra": [1], "depot": {"staging": 2, "tar": 5}}
    order = read_order(json.dumps(body).encode(), Plan(format="gnu"))
    assert order == Order(
        (Wanted("a", "p", "h", "t"), Wanted("7", "p", "h", "t")), Plan(staging=2.0, tar="5", format="gnu")
    )
    assert read_order(b'{"fileids": [], "bundle": true}', Plan()) == Order((), Plan(), bundle=True)


@pytest.mark.parametrize(
    ("body", "place"),
    [
        (b"", "not JSON"),
        (b"{", "not JSON"),
        (b"\xff\xff", "not JSON"),
        (b"[" * 100_000, "not JSON"),
        (b'{"fileids": ' + b"9" * 10_000 + b"}", "not JSON"),
        (b"[]", "not a JSON object"),
        (b"null", "not a JSON object"),
        (b"{}", "fileids is missing"),
        (b'{"fileids": {}}', "fileids must be an array"),
        (b'{"fileids": [1]}', r"fileids\[0\] must be an object"),
        (b'{"fileids": [], "bundle": 1}', "bundle must be a boolean"),
        (b'{"fileids": [], "depot": []}', "depot must be an object"),
    ],
)
def test_an_order_that_is_none(body: bytes, place: str) -> None:
    """What is wrong is named."""
    with pytest.raises(OrderError, match=place):
        read_order(body, Plan())


@pytest.mark.parametrize("name", FILE)
@pytest.mark.parametrize("value", [None, True, 1.5, [], {}, ...])
def test_a_file_that_is_none(name: str, value: Any) -> None:
    """Each field of a file has to be there, and of its kind."""
    bad = {key: (value if key == name else old) for key, old in FILE.items() if key != name or value is not ...}
    with pytest.raises(OrderError, match=rf"^fileids\[1\]\.{name} (is missing|must be text)"):
        read_order(json.dumps({"fileids": [FILE, bad]}).encode(), Plan())


@pytest.mark.parametrize(
    ("plan", "place"),
    [
        ({"stagin": 1}, r"depot\.stagin is unknown; there are: staging, fail, expires, status, format, tar"),
        ({"staging": "1"}, r"depot\.staging must be a whole number or a number"),
        ({"staging": True}, r"depot\.staging must be a whole number or a number"),
        ({"staging": -1}, r"depot\.staging must be seconds from 0 to 86400"),
        ({"expires": 86_401}, r"depot\.expires must be seconds"),
        ({"expires": float("nan")}, r"depot\.expires must be seconds"),
        ({"fail": 1}, r"depot\.fail must be text"),
        ({"status": "error"}, r"depot\.status cannot be"),
        ({"status": ""}, r"depot\.status cannot be"),
        ({"format": "zip"}, r"depot\.format must be one of: pax, gnu, ustar"),
        ({"tar": None}, r"depot\.tar must be text or a whole number"),
    ],
)
def test_a_plan_that_is_none(plan: dict[str, Any], place: str) -> None:
    """A slip of the pen is found, in an order and in a depot's settings."""
    with pytest.raises(OrderError, match=place):
        read_order(json.dumps({"fileids": [], "depot": plan}).encode(), Plan())
    with pytest.raises(ValueError, match=place):
        Depot(cart_defaults=plan)


def test_a_plan_changes_another() -> None:
    """What an order says stands before what the depot says."""
    usual = read_plan({"staging": 5, "fail": "x"}, Plan())
    assert read_plan({"staging": 0, "status": "queued"}, usual) == Plan(fail="x", status="queued")


@pytest.mark.parametrize(
    ("path", "parts"),
    [
        ("a", ("a",)),
        ("/a", ("a",)),
        ("a//b/./c", ("a", "b", "c")),
        (" ", (" ",)),
        ("日本/…", ("日本", "…")),
        ("a\\b\n", ("a\\b\n",)),
        ("..a", ("..a",)),
    ],
)
def test_paths(path: str, parts: tuple[str, ...]) -> None:
    """One slash in front is taken off, and what means nothing is left out."""
    assert arrange([wanted(path)])[-1].parts == parts


@pytest.mark.parametrize(
    "path", ["", "/", "//a", ".", "..", "../a", "a/../b", "a/..", "a/", "a\0b", "\ud800", "/\udcff"]
)
def test_paths_that_are_none(path: str) -> None:
    """A path that leaves its cart, names no file or is no text cannot be staged."""
    with pytest.raises(StagingError, match="is no path in a cart"):
        arrange([wanted("good"), wanted(path)])


def test_a_file_that_is_a_directory() -> None:
    """A path cannot be both."""
    with pytest.raises(StagingError, match="'a/b' is a file and a directory"):
        arrange([wanted("a/b/c"), wanted("a/b")])


def test_the_same_path_twice() -> None:
    """The later file is in the cart, as the real service would have written it over the other."""
    assert [member.file for member in arrange([wanted("a", "1"), wanted("/a", "2")])] == [None, wanted("/a", "2")]


NAMES = st.text("ab.-_ Aü", min_size=1, max_size=3).filter(lambda name: name not in {".", ".."})


@given(paths=st.sets(st.lists(NAMES, min_size=1, max_size=3).map("/".join), max_size=8))
def test_members_are_those_of_a_directory_tree(paths: set[str], tmp_path_factory: pytest.TempPathFactory) -> None:
    """Archiving a real tree of the same files gives the same names in the same order."""
    tree: Path = tmp_path_factory.mktemp("tree")
    try:
        members = arrange(wanted(path) for path in paths)
    except StagingError:
        assert any(one != other and other.startswith(f"{one}/") for one in paths for other in paths)
        return
    for path in paths:
        (tree / path).parent.mkdir(parents=True, exist_ok=True)
        (tree / path).touch()
    with tarfile.open(tree.parent / "tree.tar", "w") as archive:
        archive.add(tree, "top")
        real = [(info.name, info.isdir()) for info in archive.getmembers()]
    assert [("/".join(("top", *member.parts)), member.file is None) for member in members] == real


def test_a_big_order() -> None:
    """50,000 files with long names are no trouble."""
    files = [{**FILE, "path": f"directory/{'ü' * 100}/{number}"} for number in range(50_000)]
    body = json.dumps({"fileids": files}).encode()
    members = arrange(read_order(body, Plan()).files)
    assert len(members) == 50_003
