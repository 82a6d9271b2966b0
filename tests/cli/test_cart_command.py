"""``haulage cart get``: what arrives, what a dry run lists, and how each mistake and each failure ends."""

from __future__ import annotations

import hashlib
import io
import json
import os
import subprocess
import tarfile
from pathlib import Path
from typing import Any

import pytest
from process import LIMIT, interrupt, until
from support.canary import CANARY

from haulage.depot import Depot

CONTENTS = {"67": b"hello\n", "68": b"", "69": b"x" * 70_000}
NAMES = {"67": ("", "a.txt"), "68": ("raw/empty", "b"), "69": ("raw", "ünicode 'n' all")}
PATHS = {"a.txt": "67", "raw/empty/b": "68", "raw/ünicode 'n' all": "69"}


def about(file_id: str) -> dict[str, Any]:
    """Return what Pacifica would say of a file."""
    subdir, name = NAMES[file_id]
    digest = hashlib.sha1(CONTENTS[file_id]).hexdigest()
    return {"name": name, "subdir": subdir, "hashtype": "sha1", "hashsum": digest, "size": len(CONTENTS[file_id])}


TRANSACTION = {"_id": 5, "files": {file_id: about(file_id) for file_id in CONTENTS}}
EVENT = {
    "eventType": "org.pacifica.metadata.ingest",
    "data": [{"destinationTable": "Files", "_id": file_id, **about(file_id)} for file_id in CONTENTS]
    + [{"destinationTable": "Transactions", "_id": 5}],
}


@pytest.fixture
def served(tmp_path):
    """The archive's files, under their ids."""
    root = tmp_path / "served"
    root.mkdir(exist_ok=True)
    for file_id, content in CONTENTS.items():
        (root / file_id).write_bytes(content)
    return root


@pytest.fixture
def carts(served):
    """A depot with carts."""
    with Depot(served) as opened:
        yield opened


@pytest.fixture
def cart(haulage, inside):
    """The command, with the transaction's file in its directory and without further attempts."""
    (haulage.home / "t.json").write_text(json.dumps(TRANSACTION))
    (haulage.home / "e.json").write_text(json.dumps(EVENT))

    def run(depot, *arguments, source=("--transaction-info", "t.json")):
        url = depot if isinstance(depot, str) else depot.carts_url
        return inside("cart", "get", "--cart-url", url, *source, "-d", "into", "--retries", 0, *arguments)

    return run


def methods(depot: Depot) -> list[str]:
    """Return what was asked, less the looks at the cart's state."""
    return [record.method for record in depot.requests if record.method != "HEAD"]


def arrived(directory: Path) -> dict[str, bytes]:
    """Return path and content of all files below a directory."""
    return {
        path.relative_to(directory).as_posix(): path.read_bytes() for path in directory.rglob("*") if path.is_file()
    }


EXPECTED = {path: CONTENTS[file_id] for path, file_id in PATHS.items()}


def test_a_transaction(haulage, cart, carts):
    """Its files arrive below the new directory, one line says so, and the cart is given back."""
    ended = cart(carts)
    assert (ended.code, ended.out) == (0, b""), ended.err
    assert arrived(haulage.home / "into" / "data") == EXPECTED
    assert len(ended.lines) == 1
    assert f": saved {haulage.home / 'into' / 'data'}, 3 files, " in ended.err
    assert methods(carts) == ["POST", "GET", "DELETE"]


def test_an_event_from_standard_input(haulage, carts):
    """``-`` reads standard input, in a process of its own."""
    process = haulage.start(
        *("cart", "get", "--cart-url", carts.carts_url, "--cloud-event", "-", "-d", "into", "--filename", "found.tar"),
        stdin=subprocess.PIPE,
    )
    out, err = process.communicate(json.dumps(EVENT).encode(), LIMIT)
    assert (process.returncode, out) == (0, b""), err
    # The service takes the suffix of an archive off.
    assert arrived(haulage.home / "into" / "found") == EXPECTED


def test_what_a_shell_has_opened_is_read(haulage, carts):
    """A pipe of the shell, as ``<(…)`` makes it, is no pipe that nobody writes to."""
    reader, writer = os.pipe()
    process = haulage.start(
        *("cart", "get", "--cart-url", carts.carts_url, "-d", "into", "-q"),
        *("--transaction-info", f"/dev/fd/{reader}"),
        pass_fds=(reader,),
    )
    os.close(reader)
    with open(writer, "wb") as file:
        file.write(json.dumps(TRANSACTION).encode())
    out, err = process.communicate(timeout=LIMIT)
    assert (process.returncode, out, err) == (0, b"", b"")
    assert arrived(haulage.home / "into" / "data") == EXPECTED


def test_verbose_tells_of_each_file(cart, carts):
    """-v shows path, size and digest of what arrived."""
    ended = cart(carts, "-v")
    for path, file_id in PATHS.items():
        digest = about(file_id)["hashsum"]
        assert any(f": {path}, " in line and line.endswith(f", sha1:{digest}") for line in ended.lines), ended.err
    assert "attempt 1" in ended.err


def test_the_environment_names_the_service(cart, carts, inside, monkeypatch):
    """Without --cart-url the variables of Pacifica's downloader count."""
    monkeypatch.setenv("CARTD_CART_API_URL", carts.carts_url)
    assert inside("cart", "get", "--transaction-info", "t.json", "-d", "into").code == 0
    assert methods(carts) == ["POST", "GET", "DELETE"]


def test_a_kept_cart_can_be_had_again(haulage, cart, inside, carts):
    """--keep-cart says where it is, and ``haulage get`` brings it, as a tar and unpacked."""
    ended = cart(carts, "--keep-cart")
    assert (ended.code, len(ended.lines)) == (0, 2)
    assert methods(carts) == ["POST", "GET"]
    url = ended.lines[1].removeprefix("haulage: the cart is kept: ")
    assert url.startswith("cart://127.0.0.1:")
    assert inside("get", f"{url}?filename=again", "-o", "again.tar").code == 0
    with tarfile.open(haulage.home / "again.tar") as tar:
        assert {name for name in tar.getnames() if name[6:] in PATHS} == {f"again/{path}" for path in PATHS}
    assert inside("get", f"{url}?filename=again", "-o", "into").code == 0
    assert arrived(haulage.home / "into" / "again") == EXPECTED


def test_the_story_as_json(haulage, cart, served):
    """Staging, bytes and files are told apart, and the end lists what arrived."""
    with Depot(served, cart_defaults={"staging": 0.3, "status": "queued"}) as depot:
        ended = cart(depot, "--json", "--filename", "story")
    assert (ended.code, ended.err) == (0, "")
    told = ended.events
    assert {event["key"] for event in told[:-1]} == {"story"}
    kinds = [event["event"] for event in told]
    assert kinds == sorted(kinds, key=["staging", "started", "headers", "unpacked", "succeeded", "summary"].index)
    assert kinds.count("staging") >= 1
    waited = [event["elapsed"] for event in told if event["event"] == "staging"]
    assert waited == sorted(waited)
    assert told[0]["status"] == "queued"
    unpacked = next(event for event in told if event["event"] == "unpacked")
    assert (unpacked["count"], unpacked["total"]) == (3, 3)
    succeeded = next(event for event in told if event["event"] == "succeeded")
    assert succeeded["path"] == str(haulage.home / "into" / "story")
    assert {member["name"]: (member["size"], member["digests"]) for member in succeeded["members"]} == {
        path: (len(CONTENTS[file_id]), {"sha1": about(file_id)["hashsum"]}) for path, file_id in PATHS.items()
    }
    assert all(member["path"] == f"{succeeded['path']}/{member['name']}" for member in succeeded["members"])
    assert (told[-1]["succeeded"], told[-1]["failed"]) == (1, 0)


# --- dry runs --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("source", [("--transaction-info", "t.json"), ("--cloud-event", "e.json")])
def test_a_dry_run_lists_what_would_come(haulage, cart, carts, source):
    """Path, digest and id of each file are printed; nothing is asked for and nothing made."""
    ended = cart(carts, "--dry-run", source=source)
    assert ended.code == 0
    assert [line.split("\t") for line in ended.out.decode().splitlines()] == [
        [path, f"sha1:{about(file_id)['hashsum']}", file_id] for path, file_id in PATHS.items()
    ]
    assert ended.lines == [
        f"haulage: 3 files would come to {haulage.home / 'into' / 'data'}; nothing was asked for",
    ]
    assert carts.requests == ()
    assert not (haulage.home / "into").exists()


def test_a_dry_run_as_json(haulage, cart, carts):
    """Programs get an object for each file and one for all."""
    ended = cart(carts, "--dry-run", "--json")
    assert (ended.code, ended.err) == (0, "")
    *files, summary = ended.events
    assert [(file["event"], file["id"], file["path"]) for file in files] == [
        ("file", file_id, path) for path, file_id in PATHS.items()
    ]
    facts = {"path": "a.txt", "hashsum": about("67")["hashsum"], "hashtype": "sha1"}
    assert files[0] == {"event": "file", "id": "67", **facts}
    assert summary == {"event": "summary", "files": 3, "path": str(haulage.home / "into" / "data")}
    assert carts.requests == ()


def test_a_quiet_dry_run_only_checks(cart, carts):
    """-q leaves the exit code."""
    ended = cart(carts, "--dry-run", "-q")
    assert (ended.code, ended.out, ended.err) == (0, b"", "")


def test_hostile_names_do_not_reach_the_terminal(haulage, cart, carts):
    """What cannot be printed is shown as an escape, from which it can be told what it was."""
    file = {**about("67"), "name": "a\u202egpj.exe\\", "subdir": "z\u200b"}
    (haulage.home / "t.json").write_text(json.dumps({"files": {"\x1b[2J\n\ud800": file}}))
    ended = cart(carts, "--dry-run")
    assert ended.code == 0, ended.err
    assert ended.out.decode().split("\t")[::2] == ["z\\u200b/a\\u202egpj.exe\\\\", "\\x1b[2J\\n\\ud800\n"]


def test_a_terminal_that_knows_few_signs(haulage, cart, carts):
    """Where the output's encoding has no place for a sign there is an escape, and no failure."""
    ended = haulage(
        *("cart", "get", "--cart-url", carts.carts_url, "--transaction-info", "t.json", "-d", "into", "--dry-run"),
        env={"PYTHONIOENCODING": "ascii"},
    )
    assert ended.code == 0, ended.err
    assert b"raw/\\xfcnicode 'n' all\tsha1:" in ended.out


def test_a_list_that_cannot_be_written(haulage, cart, carts):
    """A full disk is no success, and a reader that goes away is no failure worth a word."""
    arguments = (
        "cart",
        "get",
        "--cart-url",
        carts.carts_url,
        "--transaction-info",
        "t.json",
        "-d",
        "into",
        "--dry-run",
    )
    with open("/dev/full", "wb") as full:
        process = haulage.start(*arguments, stdout=full)
        assert process.wait(LIMIT) == 3
    assert process.stderr.read() == b"haulage: standard output: no space left on device\n"
    reader, writer = os.pipe()
    os.close(reader)
    process = haulage.start(*arguments, stdout=writer)
    os.close(writer)
    assert process.wait(LIMIT) == 141
    assert process.stderr.read() == b""


def test_without_standard_streams(haulage, cart, monkeypatch):
    """What is not there is said, and no list is made for nobody."""
    monkeypatch.setattr("sys.stdin", None)
    ended = cart("http://127.0.0.1:9", source=("--cloud-event", "-"))
    assert (ended.code, ended.err) == (2, "haulage: --cloud-event: standard input is not there\n")
    monkeypatch.setattr("sys.stdout", None)
    assert cart("http://127.0.0.1:9", "--dry-run").err == "haulage: there is no standard output\n"
    assert cart("http://127.0.0.1:9", "--dry-run", "-q").code == 0


@pytest.mark.parametrize("options", [(), ("--dry-run",)], ids=["run", "dry-run"])
@pytest.mark.parametrize("what", ["directory", "file", "dangling link", "no directory"])
def test_a_place_that_is_taken(haulage, cart, carts, what, options):
    """A dry run says so with the same code as the run itself, and nothing is asked for."""
    into = haulage.home / "into"
    if what == "no directory":
        into.write_text("mine")
    else:
        into.mkdir()
        {"directory": lambda path: path.mkdir(), "file": lambda path: path.write_text("mine")}.get(
            what, lambda path: path.symlink_to("nowhere")
        )(into / "data")
    before = haulage.left()
    ended = cart(carts, *options)
    assert (ended.code, len(ended.lines)) == (3, 1), ended.err
    assert ("not a directory" if what == "no directory" else "there is something already") in ended.err
    assert haulage.left() == before
    assert carts.requests == ()


# --- mistakes --------------------------------------------------------------------------------------------------------

FILE = about("67")


@pytest.mark.parametrize("option", ["--transaction-info", "--cloud-event"])
@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "'x' is not JSON: Expecting value (line 1, column 1)"),
        (b'{"files":\n {"67": ]}', "'x' is not JSON: Expecting value (line 2, column 9)"),
        (b"{} {}", "'x' is not JSON: Extra data (line 1, column 4)"),
        (b'"\xff"', "'x' is not UTF-8 text (byte 1)"),
        ('{"a": 1}'.encode("utf-16"), "'x' is not UTF-8 text (byte 0)"),
        (b"[" * 200_000, "'x' is not JSON that can be meant: it is nested too deeply"),
        (b'{"files": {"1": {}, "1": {}}}', "'x' has '1' twice in one object"),
        (b"1" * 5000, "'x' "),
        (b"[]", "'x': "),
        (b'{"files": 5, "data": 5}', "'x': "),
        (b'{"files": {}, "data": []}', "'x': a cart of no files"),
    ],
)
def test_a_file_that_is_none(haulage, cart, carts, option, content, words):
    """One line names the file, and the place in it; nothing is asked for and nothing made."""
    (haulage.home / "x").write_bytes(content)
    before = haulage.left()
    ended = cart(carts, source=(option, "x"))
    assert (ended.code, len(ended.lines)) == (2, 1), ended.err
    assert ended.err.startswith(f"haulage: {option}: {words}")
    assert ended.out == b""
    assert haulage.left() == before
    assert carts.requests == ()


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({"67": 5}, "files['67']: a file is described by a mapping"),
        ({"67": {**FILE, "name": None}}, "files['67']: name is missing"),
        ({"67": {**FILE, "name": "../x"}}, "files['67']: name is not a file name"),
        ({"67": {**FILE, "subdir": "../.."}}, "leads upwards"),
        ({"67": {**FILE, "subdir": "//etc"}}, "absolute"),
        ({"67": {**FILE, "hashtype": "crc32"}}, "unsupported hashtype 'crc32'"),
        ({"67": {**FILE, "hashsum": "abc"}}, "40 hex digits"),
        ({"67": FILE, "68": FILE}, "two files for one path"),
        ({"67": FILE, "68": {**FILE, "subdir": "a.txt"}}, "a file where other files need a directory"),
    ],
)
def test_a_request_that_cannot_be_right(haulage, cart, carts, files, words):
    """The entry is named before anything is asked for, in a dry run as in the run itself."""
    (haulage.home / "t.json").write_text(json.dumps({"files": files}))
    for options in ((), ("--dry-run",)):
        ended = cart(carts, *options)
        assert (ended.code, len(ended.lines), ended.out) == (2, 1, b""), ended.err
        assert ended.err.startswith("haulage: --transaction-info: 't.json': ")
        assert words in ended.err
    assert carts.requests == ()


def test_what_is_no_file(haulage, cart, carts):
    """A directory, a pipe that nobody writes to, a device and nothing at all are said at once."""
    (haulage.home / "directory").mkdir()
    os.mkfifo(haulage.home / "pipe")
    for name, words in {
        "directory": "is a directory",
        "pipe": "is not a file; - reads standard input",
        "/dev/zero": "is not a file",
        "missing": "no such file or directory",
        "no\nline": "no such file or directory",
    }.items():
        ended = cart(carts, source=("--cloud-event", name))
        assert (ended.code, len(ended.lines)) == (2, 1), ended.err
        assert f"--cloud-event: {name!r} " in ended.err
        assert words in ended.err
    assert carts.requests == ()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--cloud-event", "e.json"], "not allowed with argument"),
        (["--timeout", "0"], "seconds above 0"),
        (["--attempt-timeout", "x"], "seconds above 0"),
        (["--filename", "../x"], "filename is one plain name"),
        (["--filename", ""], "filename is one plain name"),
        (["-d", ""], "-d takes a directory"),
        (["--cart-url", "ftp://host/"], "http or https URL"),
        (["--cart-url", "http://host/?a=sekrit"], "without a query"),
        (["--cart-url", "nonsense"], "scheme"),
        (["--password-file", "x"], "--password-file needs --user"),
        (["--jobs", "5"], "unknown option --jobs"),
        (["more"], "too many arguments"),
    ],
)
def test_a_command_that_cannot_be_meant(haulage, cart, carts, arguments, words):
    """One line, code 2, no request, and no secret repeated."""
    before = haulage.left()
    ended = cart(carts, *arguments)
    assert (ended.code, len(ended.lines), ended.out) == (2, 1, b""), ended.err
    assert words in ended.err
    assert "sekrit" not in ended.err
    assert carts.requests == ()
    assert haulage.left() == before


@pytest.mark.parametrize("command", [["cart"], ["cart", "get"], ["cart", "put"]])
def test_half_a_command(inside, command):
    """What is missing is named."""
    ended = inside(*command)
    assert (ended.code, len(ended.lines)) == (2, 1)


# --- failures --------------------------------------------------------------------------------------------------------


def tar_of(*names: str, end: bool = True) -> bytes:
    """Return a tar with files of the given names, all of them empty."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for name in names:
            tar.addfile(tarfile.TarInfo(name))
    return buffer.getvalue() if end else buffer.getvalue()[: 512 * len(names)]


@pytest.mark.parametrize(
    ("code", "defaults", "options", "words"),
    [
        (8, {"fail": "the tape \x1b[2J is broken"}, (), "staging failed: the tape"),
        (9, {"staging": 600.0}, ("--timeout", "0.2"), "the cart was not ready within 0.2 s ('staging')"),
        (7, {"expires": 0.0}, (), "no such cart"),
        (10, {"tar": "wrong.tar"}, (), "digest is"),
        (11, {"tar": "cut.tar"}, (), "without its end marker"),
        (11, {"tar": "67"}, (), ""),
        (12, {"tar": "unsafe.tar"}, (), "'data/../../x'"),
        (12, {}, ("--max-size", "1K"), "more than 1024 bytes"),
    ],
    ids=["failed", "late", "gone", "wrong", "cut", "no-tar", "unsafe", "large"],
)
def test_failures(haulage, cart, served, code, defaults, options, words):
    """Each kind has its code and one line, and nothing is left: no file, no directory, no cart."""
    (served / "wrong.tar").write_bytes(tar_of("data/a.txt", "data/raw/empty/b"))
    (served / "cut.tar").write_bytes(tar_of("data/raw/empty/b", end=False))
    (served / "unsafe.tar").write_bytes(tar_of("data/../../x"))
    before = haulage.left()
    with Depot(served, cart_defaults=defaults) as depot:
        ended = cart(depot, *options)
        assert methods(depot)[-1] == "DELETE"
    assert (ended.code, len(ended.lines), ended.out) == (code, 1, b""), ended.err
    assert words in ended.err
    assert ended.err.count("://") == 1
    assert ended.err.rstrip("\n").isprintable()
    assert haulage.left() == before


def test_failures_of_the_service(haulage, cart, carts, refused_port):
    """Nobody there, or somebody else there."""
    before = haulage.left()
    assert cart(f"http://127.0.0.1:{refused_port}").code == 4
    ended = cart(f"{carts.url}/_/status/200")
    assert (ended.code, len(ended.lines)) == (11, 1)
    assert "not a cart service" in ended.err
    assert haulage.left() == before


def test_credentials(haulage, cart, served, monkeypatch):
    """The password comes from a file, the environment or the URL, goes with every request, and is never shown."""
    (haulage.home / "password").write_text(f"{CANARY}\n")
    with Depot(served, users={"me": CANARY}) as depot:
        assert cart(depot, "--user", "me", "--password-file", "password", "-v").code == 0
        assert {record.status for record in depot.requests if record.method != "HEAD"} == {201, 200}
        assert cart(depot, "--filename", "other").code == 6
        monkeypatch.setenv("HAULAGE_PASSWORD", CANARY)
        assert cart(depot, "--user", "me", "--filename", "other", "--json").code == 0
        url = depot.carts_url.replace("://", f"://me:{CANARY}@")
        assert cart(url, "--filename", "third", "--keep-cart").code == 0


def test_tracebacks_on_demand(cart, carts, served):
    """-v -v shows where a failure came from."""
    (served / "67").write_bytes(b"other")
    ended = cart(carts, "-v", "-v")
    assert ended.code == 8
    assert "Traceback" in ended.err


def test_a_signal_while_it_is_staged(haulage, cart, served):
    """Ctrl-C ends it, and neither files nor the cart are left."""
    with Depot(served, cart_defaults={"staging": 600.0}) as depot:
        process = haulage.start(
            *("cart", "get", "--cart-url", depot.carts_url, "--transaction-info", "t.json", "-d", "into", "--json")
        )
        assert b'"staging"' in process.stdout.readline()
        seconds, out, err = interrupt(process)
        assert (process.returncode, err) == (130, "")
        assert seconds < 2
        assert b'"cancelled"' in out
        until(lambda: methods(depot) == ["POST", "DELETE"], "the cart's end")
    assert haulage.left() == ["e.json", "t.json"]
