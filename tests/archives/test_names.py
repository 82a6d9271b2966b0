"""Which names are places below a root, and which of them some file system takes for one."""

from __future__ import annotations

import os
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

import haulage
from archives.corpus_places import TWINS
from archives.strategies import names
from haulage.archives.names import fold, member_parts, problem_with

ANY_TEXT = st.text(st.characters(codec=None, exclude_categories=[]), max_size=60)
SCRAPS = [
    "..",
    ".",
    "/",
    "//",
    "a",
    "\0",
    "\n",
    "\x85",
    "\ud800",
    "\udcff",
    "é",
    "n" * 255,
    "n" * 256,
    "C:",
    "\\",
    "con",
]


@given(st.one_of(ANY_TEXT, st.lists(st.sampled_from(SCRAPS), max_size=8).map("".join)))
@pytest.mark.case("T01")
def test_any_text(text: str) -> None:
    """It is refused, or is what the system takes it for: a path that stays below where it begins."""
    problem = problem_with(text)
    if problem is not None:
        with pytest.raises(haulage.ArchiveUnsafe, match=problem) as caught:
            member_parts(text)
        assert caught.value.member == text
        return
    parts = member_parts(text)
    joined = "/".join(parts)
    assert os.path.normpath(text) in (joined, joined.removeprefix("./"))
    assert member_parts(joined) == parts
    root = os.path.abspath("/some/root")
    assert os.path.commonpath([root, os.path.abspath(os.path.join(root, text))]) == root
    assert max(len(os.fsencode(part)) for part in parts) <= 255
    assert text.isprintable() or not any(unicodedata.category(sign) in ("Cc", "Cs") for sign in text)


@given(st.lists(names, min_size=1, max_size=5))
@pytest.mark.case("T01")
def test_names_that_are_used(parts: list[str]) -> None:
    """Whatever can be a name on this system is one."""
    if len("/".join(parts).encode()) < 4000:
        assert member_parts("/".join(parts)) == tuple(parts)


@pytest.mark.parametrize(
    "name",
    [
        *(
            "a\\b",
            "..\\x",
            "C:",
            "C:x",
            "\\\\server\\share",
            "a:b",
            "x.",
            "x ",
            "a /b",
            "con",
            "CON.txt",
            "aux",
            "a/nul",
        ),
        *("com1", "LPT9.tar.gz", "com¹", "a*", "a?", 'a"b', "a<b", "a>b", "a|b", "a/b./c"),
    ],
)
@pytest.mark.case("T01")
def test_names_that_windows_cannot_have(name: str) -> None:
    """They are refused there, and only there."""
    assert problem_with(name, windows=True) == "not a name on this system"
    assert problem_with(name, windows=False) is None


@given(names)
@pytest.mark.case("T05")
def test_folding(name: str) -> None:
    """Composition and case make no difference, and folding what was folded makes none."""
    once = fold((name,))
    assert fold(once) == once
    assert fold((unicodedata.normalize("NFD", name),)) == once
    assert fold((unicodedata.normalize("NFC", name),)) == once
    assert fold((name.casefold(),)) == once


@pytest.mark.parametrize("about", TWINS)
@pytest.mark.case("T05")
def test_twins(about: str) -> None:
    """These are taken for one by some file system."""
    one, other = TWINS[about]
    assert one != other
    assert fold(member_parts(one)) == fold(member_parts(other))
