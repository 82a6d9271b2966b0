"""Names that servers chose: read as they meant them, and made harmless."""

from __future__ import annotations

import pytest

from haulage.errors import UnknownResponse
from haulage.rules.filenames import disposition_names, offered_name, safe_name
from haulage.urls import parse

URL = parse("http://host/dir/data.bin?sig=canary")


@pytest.mark.parametrize(
    ("value", "names"),
    [
        ("attachment; filename=a.txt", ["a.txt"]),
        ('attachment; filename="a b.txt"', ["a b.txt"]),
        ('inline;filename="a.txt";size=5', ["a.txt"]),
        ('ATTACHMENT; FileName = "a.txt"', ["a.txt"]),
        # RFC 6266, section 5, and RFC 8187, section 3.2.3.
        ("attachment; filename=\"EURO rates\"; filename*=utf-8''%e2%82%ac%20rates", ["€ rates", "EURO rates"]),
        ("attachment; filename*=UTF-8'en'%c2%a3%20rates; filename=x", ["£ rates", "x"]),
        ("attachment; filename*=iso-8859-1'en'%A3%20rates", ["£ rates"]),
        ("attachment; filename*=ISO-8859-1''na%EFve", ["naïve"]),
        # Quoted pairs, and signs that end nothing inside of quotes.
        (r'attachment; filename="\"quoted\".txt"', ['"quoted".txt']),
        (r'attachment; filename="f\oo\\bar.html"', [r"foo\bar.html"]),
        ('attachment; filename="a;b=c.txt"; x=y', ["a;b=c.txt"]),
        ('attachment; foo="; filename=wrong"; filename=right', ["right"]),
        # What servers send although they must not.
        ("attachment; filename=two words.txt", ["two words.txt"]),
        ("attachment; filename=a=b.txt", ["a=b.txt"]),
        ("attachment; filename=b[1].txt;", ["b[1].txt"]),
        ("filename=a.txt", ["a.txt"]),
        ('filename="a.txt"', ["a.txt"]),
        ("; filename=a.txt", ["a.txt"]),
        ("attachment;; filename=a.txt", ["a.txt"]),
        ("attachment; filename*=\"UTF-8''%41.txt\"", ["A.txt"]),
        ("attachment; filename=a.txt; filename=b.txt", ["a.txt"]),
        ("attachment; filename=übung.txt", ["übung.txt"]),
        # Bytes that are no UTF-8, as aiohttp hands them on.
        (b'attachment; filename="\xfcbung.txt"'.decode("utf-8", "surrogateescape"), ["übung.txt"]),
        ("attachment; filename=\ud800.txt", ["\ud800.txt"]),
        # Left as they are: neither is a coding of HTTP (RFC 6266, appendix C).
        ("attachment; filename=%41.txt", ["%41.txt"]),
        ('attachment; filename="=?UTF-8?Q?=41?="', ["=?UTF-8?Q?=41?="]),
    ],
)
def test_a_header_is_read(value: str, names: list[str]) -> None:
    """The extended name comes first."""
    assert list(disposition_names(value)) == names


@pytest.mark.parametrize(
    "value",
    [
        *(None, "", "attachment", "attachment;", ";;;", "=", "====", '"', '"""', "attachment filename=x"),
        *("attachment; filename", "attachment; filename*", "attachment; filename*=x", "attachment; filename*=x'y"),
        *(
            "attachment; filename*=utf-8''%ff%fe",
            "attachment; filename*=utf-8''€",
            "attachment; filename*=utf-7''+AC8-",
        ),
        *("attachment; filename*=rot13''nnn", "attachment; filename*=''x", "attachment; filename*0=a; filename*1=b"),
        *("attachment; =x", "attachment; =", "\x00", "\udc80" * 10, "attachment; xfilename=a", 'x="; filename=a'),
    ],
)
def test_garbage_holds_no_name(value: str | None) -> None:
    """Unknown codings, half parameters and noise are no names, and no errors."""
    assert list(disposition_names(value)) == []


@pytest.mark.parametrize("value", ['attachment; filename="a', "attachment; filename=", 'attachment; filename=""'])
def test_an_empty_or_unfinished_name_is_unusable(value: str) -> None:
    """Nothing of it becomes a file."""
    assert [safe_name(name) for name in disposition_names(value)] == [None]


@pytest.mark.parametrize(
    "header", ['attachment; filename="', "attachment" + "; x=y" * 10_000, '\\"' * 10_000, ";" * 99_999]
)
def test_a_long_header_is_read_in_no_time(header: str) -> None:
    """Nothing a server sends makes the reading of it slow: each sign is looked at a few times."""
    assert list(disposition_names(header + "x" * 10_000)) in ([], [""])


@pytest.mark.case("F01")
@pytest.mark.parametrize(
    ("text", "name"),
    [
        # Paths, of all systems: curl CVE-2010-3842, aria2 CVE-2010-1512, wget2 CVE-2025-69194.
        ("../../x", "x"),
        ("../../../../.ssh/authorized_keys", "authorized_keys"),
        ("/etc/passwd", "passwd"),
        ("..\\..\\x", "x"),
        ("..\\../x", "x"),
        (r"C:\Users\me\report.pdf", "report.pdf"),
        (r"\\server\share\x", "x"),
        (r"\\?\C:\x", "x"),
        (r"\\.\PhysicalDrive0", "PhysicalDrive0"),
        ("//server/share/x", "x"),
        ("C:x", "C_x"),
        ("x.txt:stream", "x.txt_stream"),
        ("x::$DATA", "x__$DATA"),
        ("%2e%2e%2fx", "%2e%2e%2fx"),
        # Files that are read by other programs without being asked for: wget CVE-2010-2252.
        (".bashrc", "bashrc"),
        (".wgetrc", "wgetrc"),
        ("...x", "x"),
        (" .x", "x"),
        (".haulage-00000000-1-1-1.part", "haulage-00000000-1-1-1.part"),
        ("~root", "root"),
        ("~/.profile", "profile"),
        # Arguments of programs: rm *.
        ("-rf", "rf"),
        ("--checkpoint-action=exec=sh x", "checkpoint-action=exec=sh x"),
        # Names that end where they are not seen to.
        ("a.txt\0.exe", "a.txt_.exe"),
        ("a\r\nb", "a__b"),
        ("\x1b[2Ja", "_[2Ja"),
        ("photo\u202egnp.exe", "photo_gnp.exe"),
        ("\u200c.g\u200dit", "_.g_it"),
        ("\ufeffx", "_x"),
        ("a\u2028b", "a_b"),
        ("a\ud800b", "a_b"),
        ("a\x85b", "a_b"),
        ("a.exe ", "a.exe"),
        ("a.exe. . .", "a.exe"),
        ("a\u3000b\u00a0", "a b"),
        # Windows' signs and devices.
        ('a<b>c"d|e?f*g', "a_b_c_d_e_f_g"),
        ("NUL", "_NUL"),
        ("con.txt", "_con.txt"),
        ("COM1", "_COM1"),
        ("lpt9.tar.gz", "_lpt9.tar.gz"),
        ("com\xb9.x", "_com\xb9.x"),
        ("aux .txt", "_aux .txt"),
        ("CONIN$", "_CONIN$"),
        ("console.log", "console.log"),
        ("COM10", "COM10"),
        # What is harmless stays as it is.
        ("data.tar.gz", "data.tar.gz"),
        ("übung 日本語 (1) [x] {y} & 'z' 100%.txt", "übung 日本語 (1) [x] {y} & 'z' 100%.txt"),
        ("a-b.c~", "a-b.c~"),
        ("_", "_"),
    ],
)
def test_a_name_is_made_harmless(text: str, name: str) -> None:
    """One component is left, and what is special about it anywhere is not."""
    assert safe_name(text) == name


@pytest.mark.case("F01")
@pytest.mark.parametrize(
    "text", ["", ".", "..", "...", "/", "\\", "a/", "a\\", "../", " ", " . ", "~", "--", "-.~ ", "\u3000", "/./."]
)
def test_nothing_is_left_of_some(text: str) -> None:
    """They are no names, and nothing is made up for them."""
    assert safe_name(text) is None


@pytest.mark.case("F01")
@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        ("x" * 300, "xxx", "xxx"),
        ("x" * 300 + ".tar.gz", "xxx", "x.tar.gz"),
        ("ü" * 300 + ".bin", "ü", "ü.bin"),
        ("日" * 300 + ".語", "日", "日.語"),
        ("\U0001f600" * 100, "\U0001f600", "\U0001f600"),
        ("x" * 240 + ". . . . . . . . . . . . .txt", "x", "x.txt"),
        ("x." + "y" * 300, "x.y", "y"),
        ("NUL." + "y" * 300, "_NUL.y", "y"),
        ("CON" + " " * 300 + ".txt", "_CON", ".txt"),
    ],
)
def test_a_long_name_keeps_its_suffixes(text: str, start: str, end: str) -> None:
    """255 bytes at most, cut between characters."""
    name = safe_name(text)
    assert name is not None
    assert len(name.encode()) <= 255
    assert name.startswith(start)
    assert name.endswith(end)


@pytest.mark.case("F05")
@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("http://host/data.bin?sig=canary", "data.bin"),
        ("http://host/a/b/data.bin?sig=/etc/passwd#frag/x", "data.bin"),
        ("http://host/%C3%BCbung%20(1).txt", "übung (1).txt"),
        ("http://host/%FCbung.txt", "übung.txt"),
        ("http://host/..%2f..%2fx", "x"),
        ("http://host/%2e%2e%5cx", "x"),
        ("http://host/a%3Fsig=1", "a_sig=1"),
        ("http://host/a;v=1", "a;v=1"),
        ("http://host/%2Ebashrc", "bashrc"),
        ("file:///srv/data.bin", "data.bin"),
        ("x-y:a:b", "a_b"),
    ],
)
def test_a_name_from_a_url_has_no_query(url: str, name: str) -> None:
    """The last part of the path, decoded, is as little trusted as what a server writes."""
    assert offered_name(None, parse(url)) == name


@pytest.mark.case("F01")
@pytest.mark.parametrize(
    ("disposition", "name"),
    [
        ("attachment; filename=plain; filename*=utf-8''extended", "extended"),
        ("attachment; filename=plain; filename*=utf-8''..", "plain"),
        ("attachment; filename=plain; filename*=utf-8''%ff", "plain"),
        ("attachment; filename=..", "data.bin"),
        ("attachment; filename=\"../..\"; filename*=utf-8''%2e%2e%2f", "data.bin"),
        ("attachment; filename*=utf-8''..%2f..%5cx", "x"),
        ("attachment", "data.bin"),
        ("\x00garbage", "data.bin"),
        (None, "data.bin"),
    ],
)
def test_each_source_has_its_turn(disposition: str | None, name: str) -> None:
    """What nothing is left of is passed over."""
    assert offered_name(disposition, URL) == name


@pytest.mark.case("F01", "F05")
@pytest.mark.parametrize("url", ["http://host", "http://host/", "http://host/a/?sig=canary", "http://host/..%2f?x=y"])
def test_without_a_usable_name_there_is_an_error(url: str) -> None:
    """It is the answer that cannot be used; nothing is made up, and the query is not shown."""
    with pytest.raises(UnknownResponse, match="usable file name") as caught:
        offered_name("attachment; filename=..", parse(url))
    assert not caught.value.transient
    assert "canary" not in str(caught.value)
