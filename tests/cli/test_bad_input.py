"""A command that cannot be meant: one line, exit code 2, no request, nothing on the disk, and no secret repeated."""

from __future__ import annotations

import pytest

from haulage.cli import main

URL = "http://127.0.0.1:9/x"
PAIR = (URL, "http://127.0.0.1:9/y")


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    """An empty directory to run in."""
    directory = tmp_path / "home"
    directory.mkdir()
    monkeypatch.chdir(directory)
    for name in ("HAULAGE_PASSWORD", "HAULAGE_PROXY_PASSWORD", "HAULAGE_DEBUG"):
        monkeypatch.delenv(name, raising=False)
    return directory


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "COMMAND"),
        (["frob"], "invalid choice: 'frob'"),
        (["http://me:sekrit@host/x?t=sekrit"], "invalid choice: 'http://host/x?…'"),
        (["get"], "URL"),
        (["get", "nonsense"], "scheme"),
        (["get", "ftp://host/x"], "no downloader for scheme 'ftp'"),
        (["get", "http://me:sekrit@host:99999/x?t=sekrit"], "port"),
        (["get", "http://ho st/x"], "haulage: "),
        (["get", "http://host/\n"], "control character"),
        (["get", URL, "--token=sekrit"], "unknown option --token"),
        (["get", URL, "--user", "me:sekrit"], "--user takes the name only"),
        (["get", URL, "--password-file", "x"], "--password-file needs --user"),
        (["get", URL, "--user", "me", "--password-file", "missing"], "cannot read 'missing'"),
        (["get", URL, "--proxy", "http://me:sekrit@host:1/"], "HAULAGE_PROXY_PASSWORD"),
        (["get", URL, "--proxy", "socks5://host:1/"], "--proxy"),
        (["get", URL, "-H", "Authorization Bearer sekrit"], "'Name: value'"),
        (["get", URL, "-H", "X: sekrit\r\nY: sekrit"], "-H: line break"),
        (["get", URL, "-H", "@missing"], "cannot read 'missing'"),
        (["get", URL, "--sha256", "abc"], "64 hex digits"),
        (["get", URL, "--digest", "abc"], "ALGO:HEX"),
        (["get", URL, "--digest", "frob:abc"], "unknown digest 'frob'"),
        (["get", URL, "--digest", f"md5:{'0' * 32}"], "trusted"),
        (["get", URL, "--sha256", "0" * 64, "--digest", f"SHA256:{'1' * 64}"], "two different sha256"),
        (["get", *PAIR, "--sha256", "0" * 64], "for one URL"),
        (["get", *PAIR, "--size", "0"], "for one URL"),
        (["get", *PAIR, "-o", "x"], "-o is for one URL"),
        (["get", URL, "-o", ""], "file name"),
        (["get", URL, "-o", "-", "-d", "x"], "contradict"),
        (["get", URL, "-o", "-", "--json"], "both want standard output"),
        (["get", URL, "--size", "many"], "a number of bytes"),
        (["get", URL, "--retries", "-1"], "a whole number from 0"),
        (["get", URL, "-j", "0"], "a whole number from 1"),
        (["get", URL, "--limit-rate", "0"], "at least 1 byte"),
        (["get", URL, "--timeout", "0"], "seconds above 0"),
        (["get", URL, "--timeout", "nan"], "seconds above 0"),
        (["get", URL, "--limit-rate", "1K", "--low-speed-limit", "2K"], "--limit-rate is below --low-speed-limit"),
        (["get", URL, "--low-speed-time", "2"], "--low-speed-time without --low-speed-limit"),
        (["get", URL, "--client-key", "x"], "--client-key"),
        (["get", URL, "--ca-cert", "missing"], "--ca-cert cannot be read: 'missing'"),
        (["get", URL, "--ca-cert", "/dev/null"], "--ca-cert holds no PEM block"),
        (["depot", "--port", "70000"], "at most 65535"),
        (["depot", "--ca-file", "x"], "--ca-file needs --tls"),
        (["depot", "x"], "too many arguments"),
    ],
)
def test_one_line_and_code_2(capsys, home, arguments, words):
    """What cannot be meant is said in one line."""
    assert main(arguments) == 2
    said = capsys.readouterr()
    assert words in said.err
    assert said.err.startswith("haulage: ")
    assert said.err.count("\n") == 1
    assert "sekrit" not in said.err
    assert said.out == ""
    assert list(home.iterdir()) == []


def test_a_bad_url_among_good_ones_is_refused_before_any_request(capsys, home, depot):
    """A mistake in the command is found before anything is made or asked for."""
    assert main(["get", f"{depot.url}/_/bytes/1", "ftp://host/y", "-d", "new", "--create-dirs"]) == 2
    assert depot.requests == ()
    assert list(home.iterdir()) == []
    assert "ftp" in capsys.readouterr().err


@pytest.mark.parametrize("command", [[], ["get"], ["cart"], ["cart", "get"], ["depot"], ["demo"]])
def test_help(capsys, command):
    """Every command explains itself and ends well."""
    assert main([*command, "--help"]) == 0
    said = capsys.readouterr()
    assert said.out.startswith("usage: haulage")
    assert said.err == ""


def test_version(capsys):
    """--version names the version."""
    import haulage

    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"haulage {haulage.__version__}\n"


def test_a_user_of_the_depot_needs_a_password(capsys, monkeypatch):
    """Where nobody can be asked, the depot does not invent a password."""
    monkeypatch.setattr("sys.stdin", None)
    assert main(["depot", "--user", "me"]) == 2
    assert "password" in capsys.readouterr().err
