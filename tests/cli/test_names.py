"""``haulage get``: files that the server names, and files that are there already."""

from __future__ import annotations

from http import HTTPStatus

import pytest

from haulage.depot import Depot, generated, generated_digest
from haulage.depot.transmit import send_text

SIZE = 10_000
DIGEST = generated_digest(SIZE)


async def named(exchange):
    """Say ``ok`` under the name that the query asks for."""
    headers = {"Content-Disposition": f'attachment; filename="{exchange.option("as")}"'}
    return await send_text(exchange, HTTPStatus.OK, "ok", headers)


@pytest.fixture
def naming():
    """A depot that names what it sends."""
    with Depot(routes={"named": named}) as opened:
        yield opened


@pytest.mark.case("F01")
@pytest.mark.parametrize("option", ["-J", "--remote-name"])
def test_the_server_names_the_file(haulage, inside, naming, option):
    """Its name is one harmless component in the directory."""
    ended = inside("get", option, "-d", "a", "--create-dirs", f"{naming.url}/_/named?as=../../escaped.txt")
    assert ended.code == 0, ended.err
    assert haulage.left() == ["a", "a/escaped.txt"]
    assert "escaped.txt" in ended.err
    assert list(haulage.home.parent.glob("*escaped*")) == []


@pytest.mark.case("F05")
def test_the_url_names_it_where_the_server_does_not(haulage, inside, depot):
    """Without its query."""
    assert inside("get", "-J", f"{depot.url}/_/bytes/10?sig=canary").code == 0
    assert haulage.left() == ["10"]


@pytest.mark.case("F01", "F03")
def test_a_named_file_replaces_nothing(haulage, inside, naming):
    """The second one of a name is refused, in one line."""
    url = f"{naming.url}/_/named?as=same"
    assert inside("get", "-J", url).code == 0
    (haulage.home / "same").write_bytes(b"mine")
    ended = inside("get", "-J", url)
    assert (ended.code, len(ended.lines)) == (3, 1)
    assert "there is something already" in ended.err
    assert (haulage.home / "same").read_bytes() == b"mine"
    assert haulage.left() == ["same"]


def test_several_named_files(haulage, naming):
    """Each has its own name; of two with one name the first stays."""
    urls = [f"{naming.url}/_/named?as={name}" for name in ("a", "b", "a")]
    ended = haulage("get", "-J", "-j", 1, *urls)
    assert ended.code == 3
    assert haulage.left() == ["a", "b"]


def test_a_missing_directory_is_said_before_any_request(haulage, inside, naming):
    """The hint names the option that makes it."""
    ended = inside("get", "-J", "-d", "missing", f"{naming.url}/_/named?as=x")
    assert ended.code == 3
    assert "--create-dirs" in ended.err
    assert naming.requests == ()


@pytest.mark.case("F03")
def test_fail(haulage, inside, depot):
    """A file that is there is an error before any request."""
    (haulage.home / "x").write_bytes(b"mine")
    url = f"{depot.url}/_/bytes/10"
    ended = inside("get", url, "-o", "x", "--if-exists", "fail")
    assert (ended.code, len(ended.lines)) == (3, 1)
    assert "there is something already" in ended.err
    assert depot.requests == ()
    assert inside("get", url, "-o", "y", "--if-exists", "fail").code == 0
    assert inside("get", url, "-o", "y", "--if-exists", "replace").code == 0
    assert (haulage.home / "x").read_bytes() == b"mine"


@pytest.mark.case("F03")
def test_verify(haulage, inside, depot):
    """The right file is kept without a request, and told as such to programs; a wrong one is replaced."""
    path = haulage.home / "x"
    arguments = ("get", f"{depot.url}/_/bytes/{SIZE}", "-o", "x", "--if-exists", "verify", "--sha256", DIGEST)
    path.write_bytes(b"wrong")
    assert inside(*arguments).code == 0
    assert path.read_bytes() == generated(SIZE)
    ended = inside(*arguments, "--json")
    assert ended.code == 0
    done, summary = ended.events
    assert (done["event"], done["attempts"], done["size"], done["digests"]) == (
        "succeeded",
        0,
        SIZE,
        {"sha256": DIGEST},
    )
    assert (summary["event"], summary["succeeded"]) == ("summary", 1)
    assert inside(*arguments).code == 0
    assert len(depot.requests) == 1


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["-J", "-o", "x"], "-J and -o contradict"),
        (["-J", "--if-exists", "replace"], "-J and --if-exists replace contradict"),
        (["-J", "--if-exists", "verify", "--sha256", "0" * 64], "-J and --if-exists verify contradict"),
        (["--if-exists", "verify"], "needs --sha256 or --digest"),
        (["--if-exists", "verify", "--size", "5"], "needs --sha256 or --digest"),
        (["-o", "-", "--if-exists", "fail"], "--if-exists and -o - contradict"),
        (["--if-exists", "keep"], "invalid choice"),
        (["--if-exists"], "expected one argument"),
    ],
)
def test_options_that_cannot_be_meant(haulage, inside, arguments, words):
    """One line, exit code 2, nothing on the disk."""
    ended = inside("get", "http://127.0.0.1:9/x", *arguments)
    assert ended.code == 2
    assert words in ended.err
    assert haulage.left() == []


def test_fail_with_a_device(haulage, inside, depot):
    """A device is there in any case, and is not replaced."""
    (haulage.home / "null").symlink_to("/dev/null")
    ended = inside("get", f"{depot.url}/_/bytes/10", "-o", "null", "--if-exists", "fail")
    assert ended.code == 2
    assert (haulage.home / "null").is_symlink()
    assert depot.requests == ()
