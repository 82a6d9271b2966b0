"""Laws of names: whatever comes in, what comes out stays where it is put, on every system."""

from __future__ import annotations

import ntpath
import posixpath
import re
import unicodedata
from types import ModuleType
from urllib.parse import quote

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from haulage.errors import UnknownResponse
from haulage.rules.filenames import disposition_names, offered_name, safe_name
from haulage.urls import UrlError, parse
from properties.strategies import urls

SCRAPS = st.sampled_from(
    [
        *(
            "/",
            "\\",
            ".",
            "..",
            "~",
            "-",
            " ",
            ":",
            "C:",
            "//",
            "\\\\",
            "\0",
            "\r\n",
            "\x1b",
            "\x85",
            "\u202e",
            "\u200c",
        ),
        *(
            "CON",
            "nul",
            "COM1",
            "LPT\xb9",
            "conin$",
            ".haulage-",
            ".part",
            "ü",
            "日本",
            "\U0001f600",
            "\u0301",
            "\ud800",
        ),
        *(
            "*",
            "?",
            '"',
            "<",
            ">",
            "|",
            "%2f",
            "%00",
            ";",
            "=",
            "'",
            '\\"',
            ".tar.gz",
            "x" * 200,
            "x",
            "\u3000",
            "\ufeff",
        ),
    ]
)
TEXTS = st.one_of(
    st.text(st.characters(codec=None, exclude_categories=[]), max_size=400), st.lists(SCRAPS, max_size=12).map("".join)
)
# All that can stand in a header and is no half of a character.
NAMES = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=60)
DEVICE = re.compile(r"(con|prn|aux|nul|conin\$|conout\$|com[0-9\xb9\xb2\xb3]|lpt[0-9\xb9\xb2\xb3])\Z", re.IGNORECASE)


@pytest.mark.case("F01")
@pytest.mark.parametrize(("system", "directory"), [(posixpath, "/srv/files"), (ntpath, r"C:\srv\files")])
@given(text=TEXTS)
@example(text="../../x")
@example(text="C:x")
def test_a_safe_name_stays_in_its_directory(system: ModuleType, directory: str, text: str) -> None:
    """Joined to a directory it is directly inside of it, and nothing on the way is taken for something else."""
    name = safe_name(text)
    if name is None:
        return
    path = system.join(directory, name)
    assert system.normpath(path) == path
    assert system.split(path) == (directory, name)
    assert not system.isabs(name)
    assert system.splitdrive(name) == ("", name)
    assert system.expanduser(name) == name


@pytest.mark.case("F01")
@given(TEXTS)
def test_a_safe_name_is_harmless(text: str) -> None:
    """It fits into a directory, can be seen, is no option, no hidden file, no device and no part of ours."""
    name = safe_name(text)
    if name is None:
        return
    assert 0 < len(name.encode()) <= 255
    assert not name.startswith((".", "-", "~", " "))
    assert not name.endswith((".", " "))
    assert not {unicodedata.category(sign) for sign in name} & {"Cc", "Cf", "Cs", "Zl", "Zp"}
    assert not set(name) & set('/\\:*?"<>|\0')
    assert not DEVICE.match(name.partition(".")[0].rstrip())


@given(TEXTS)
def test_a_safe_name_is_safe_already(text: str) -> None:
    """Making it harmless once more changes nothing."""
    name = safe_name(text)
    assert name is None or safe_name(name) == name


@given(st.text("abcdefghijklmnopqrstuvwxyz0123456789_ü日+()[]{}@#%&=,;'!$^ .-~", min_size=1, max_size=80))
def test_a_plain_name_is_kept(text: str) -> None:
    """What is harmless comes out as it went in."""
    plain = f"a{text}z"
    assert safe_name(plain) == plain


@given(TEXTS, TEXTS)
def test_any_header_can_be_read(value: str, other: str) -> None:
    """Garbage raises nothing, wherever it stands."""
    for header in (value, f"attachment; {value}", f"attachment; filename={value}; filename*={other}"):
        assert len(list(disposition_names(header))) <= 2


@given(NAMES)
def test_a_quoted_name_is_read_back(name: str) -> None:
    """Every quote and backslash that was escaped comes back, and nothing else is changed."""
    quoted = name.replace("\\", "\\\\").replace('"', '\\"')
    assert list(disposition_names(f'attachment; filename="{quoted}"; size=1')) == [name]


@given(NAMES, st.sampled_from(["UTF-8", "utf-8"]), st.sampled_from(["", "en", "de-DE"]))
def test_an_extended_name_is_read_back_and_comes_first(name: str, charset: str, language: str) -> None:
    """RFC 8187, wherever in the header it stands."""
    extended = f"filename*={charset}'{language}'{quote(name, safe='')}"
    for header in (f"attachment; {extended}; filename=other", f"attachment; filename=other; {extended}"):
        assert list(disposition_names(header)) == [name, "other"]


@pytest.mark.case("F05")
@given(urls, st.none() | TEXTS)
def test_a_query_is_never_part_of_a_name(url: str, fragment: str | None) -> None:
    """The same URL with a signature names the same file."""
    try:
        plain = parse(url.partition("?")[0].partition("#")[0])
        signed = parse(f"{plain.text}?sig=canary" + ("" if fragment is None else f"#{fragment}"))
    except UrlError:
        return
    names = []
    for parsed in (plain, signed):
        try:
            names.append(offered_name(None, parsed))
        except UnknownResponse:
            names.append("")
    assert names[0] == names[1]
    assert "canary" not in names[1] or "canary" in plain.text
