"""``haulage depot``: serving for others."""

from __future__ import annotations

import json
import signal

import pytest
from process import LIMIT, interrupt

from haulage.depot import generated
from haulage.depot.certificates import CERTIFICATES
from haulage.depot.faults import FAULTS
from haulage.depot.faults.table import catalogue


def test_files_over_http(haulage, tmp_path):
    """The URL comes first on standard output, and the files below the root can be fetched."""
    (tmp_path / "file.bin").write_bytes(generated(1000))
    process = haulage.start("depot", "--root", tmp_path, "-v")
    url = process.stdout.readline().decode().strip()
    ended = haulage("get", f"{url}/file.bin?token=sekrit", "-o", "-")
    assert (ended.code, ended.out) == (0, generated(1000))
    _, out, err = interrupt(process)
    assert out == b""
    assert "GET /file.bin?… 200 1000" in err
    assert "sekrit" not in err


def test_tls_users_and_a_ready_line_for_programs(haulage):
    """With TLS the authority is written where it is wanted, and users need their password."""
    process = haulage.start(
        "depot", "--tls", "--ca-file", "ca.pem", "--json", "--user", "me", env={"HAULAGE_PASSWORD": "sekrit"}
    )
    ready = json.loads(process.stdout.readline())
    assert ready["event"] == "ready"
    assert ready["url"] == f"https://127.0.0.1:{ready['port']}"
    arguments = ("get", f"{ready['url']}/_/bytes/10", "--ca-cert", ready["ca_file"])
    assert haulage(*arguments).code == 6
    assert haulage(*arguments, "--user", "me", env={"HAULAGE_PASSWORD": "sekrit"}).code == 0
    _, _, err = interrupt(process, signal.SIGTERM)
    assert err == ""


def test_what_cannot_be_served(haulage, depot):
    """A missing root, a taken port and a file that cannot be written are one line and a code each."""
    for code, arguments in (
        (3, ("--root", "missing")),
        (4, ("--port", depot.port)),
        (3, ("--tls", "--ca-file", "missing/ca.pem")),
    ):
        process = haulage.start("depot", *arguments)
        out, err = process.communicate(timeout=LIMIT)
        assert (process.returncode, out, len(err.splitlines())) == (code, b"", 1), err


def test_a_wide_open_door_is_said(haulage, tmp_path):
    """Listening for more than this machine, with files, is said."""
    process = haulage.start("depot", "--host", "0.0.0.0", "--root", tmp_path)
    assert process.stdout.readline().startswith(b"http://127.0.0.1:")
    _, _, err = interrupt(process)
    assert "whoever reaches 0.0.0.0 can read" in err


def test_faults_are_named_and_served(haulage):
    """With --faults the ready object has their names, and the depot misbehaves; without, there is none of it."""
    process = haulage.start("depot", "--faults", "--json")
    ready = json.loads(process.stdout.readline())
    assert ready["faults"] == list(FAULTS)
    ended = haulage("get", f"{ready['url']}/_/fault/truncate?size=1000", "-o", "data.bin", "--retries", "0")
    assert ended.code == 11
    assert not (haulage.home / "data.bin").exists()
    ended = haulage("get", f"{ready['url']}/_/fault", "-o", "-")
    assert (ended.code, ended.out.decode()) == (0, f"{catalogue()}\n")
    _, out, err = interrupt(process)
    assert (out, err) == (b"", "")


def test_without_faults_the_ready_line_is_as_it_was(haulage):
    """Neither the line nor the object knows faults unless they were asked for."""
    process = haulage.start("depot", "--faults")
    url = process.stdout.readline().decode()
    assert url.startswith("http://127.0.0.1:")
    interrupt(process)
    process = haulage.start("depot", "--json")
    ready = json.loads(process.stdout.readline())
    assert set(ready) == {"event", "url", "host", "port", "root", "ca_file", "carts_url"}
    assert ready["carts_url"] == f"{ready['url']}/_/carts"
    assert haulage("get", f"{ready['url']}/_/fault", "-o", "-").code == 7
    interrupt(process)


@pytest.mark.parametrize("kind", CERTIFICATES[1:])
def test_a_certificate_that_is_refused(haulage, kind):
    """Each kind makes a depot that a careful client does not trust; the help names it."""
    process = haulage.start("depot", "--tls", "--ca-file", "ca.pem", "--certificate", kind)
    url = process.stdout.readline().decode().strip()
    ended = haulage("get", f"{url}/_/bytes/10", "--ca-cert", "ca.pem", "-o", "-", "--retries", "0")
    assert (ended.code, ended.out, len(ended.lines)) == (5, b"", 1), ended
    _, _, err = interrupt(process)
    assert err == ""
    assert kind in haulage("depot", "--help").out.decode()


@pytest.mark.parametrize("arguments", [("--certificate", "expired"), ("--tls", "--certificate", "nonsense")])
def test_a_certificate_that_cannot_be(inside, arguments):
    """A kind without TLS, and one that does not exist, are wrong usage in one line."""
    ended = inside("depot", *arguments)
    assert (ended.code, ended.out, len(ended.lines)) == (2, b"", 1)
    assert "certificate" in ended.err
