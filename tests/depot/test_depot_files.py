"""Static files over the wire, byte for byte."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

import pytest

from haulage.depot import Depot, generated
from haulage.depot.dates import format_date
from haulage.depot.files import safe_names

if TYPE_CHECKING:
    from pathlib import Path

Ask = Callable[..., Awaitable[Any]]
MODIFIED = 1_600_000_000
BIG = generated(700_000, seed="file")

posix_only = pytest.mark.skipif(os.name != "posix", reason="names and links as POSIX has them")


@pytest.fixture(autouse=True)
def files(root: Path) -> None:
    """A small, a big and an empty file, all of a known date."""
    for name, content in (("small.txt", b"0123456789"), ("big.bin", BIG), ("empty", b"")):
        (root / name).write_bytes(content)
        os.utime(root / name, (MODIFIED, MODIFIED))


async def test_whole_file(depot: Depot, ask: Ask) -> None:
    """A plain GET brings everything, with validators and an invitation to ask for ranges."""
    reply = await ask(depot, "/small.txt")
    assert (reply.status, reply.body) == (200, b"0123456789")
    assert reply.field("Content-Type") == "text/plain"
    assert reply.field("Accept-Ranges") == "bytes"
    assert reply.field("Last-Modified") == format_date(MODIFIED)
    assert reply.field("ETag").startswith('"')
    assert reply.field("Date") is not None


async def test_big_file(depot: Depot, ask: Ask) -> None:
    """A big file, which takes another way than a small one, arrives whole as well."""
    reply = await ask(depot, "/big.bin")
    assert reply.body == BIG


@pytest.mark.parametrize("name", ["small.txt", "big.bin", "empty"])
async def test_head_is_get_without_a_body(depot: Depot, ask: Ask, name: str) -> None:
    """HEAD has the fields of GET, whatever Range it comes with."""
    get = await ask(depot, f"/{name}")
    head = await ask(depot, f"/{name}", "Range: bytes=0-1", method="HEAD")
    assert head.status == 200
    assert [pair for pair in head.fields if pair[0] != "Date"] == [pair for pair in get.fields if pair[0] != "Date"]


@pytest.mark.parametrize(
    ("field", "content", "sent"),
    [
        ("bytes=2-4", "bytes 2-4/10", b"234"),
        ("bytes=8-", "bytes 8-9/10", b"89"),
        ("bytes=-3", "bytes 7-9/10", b"789"),
        ("bytes=5-500", "bytes 5-9/10", b"56789"),
        ("bytes=-500", "bytes 0-9/10", b"0123456789"),
        ("bytes=1-2,2-3", "bytes 1-3/10", b"123"),
    ],
)
async def test_one_range(depot: Depot, ask: Ask, field: str, content: str, sent: bytes) -> None:
    """A satisfiable range is 206 with exactly its bytes."""
    reply = await ask(depot, "/small.txt", f"Range: {field}")
    assert (reply.status, reply.field("Content-Range"), reply.body) == (206, content, sent)
    assert reply.field("ETag") is not None


async def test_range_of_a_big_file(depot: Depot, ask: Ask) -> None:
    """A range sent by the kernel starts and ends where it should."""
    reply = await ask(depot, "/big.bin", "Range: bytes=100001-650000")
    assert reply.body == BIG[100_001:650_001]


@pytest.mark.parametrize(
    ("name", "field", "size"),
    [("small.txt", "bytes=10-", 10), ("small.txt", "bytes=-0", 10), ("empty", "bytes=0-", 0)],
)
async def test_unsatisfiable_range(depot: Depot, ask: Ask, name: str, field: str, size: int) -> None:
    """An unsatisfiable range is 416 and says how much there is."""
    reply = await ask(depot, f"/{name}", f"Range: {field}")
    assert (reply.status, reply.field("Content-Range"), reply.body) == (416, f"bytes */{size}", b"")


@pytest.mark.parametrize("field", ["bytes=4-2", "lines=1-2", "bytes=x"])
async def test_ignored_range(depot: Depot, ask: Ask, field: str) -> None:
    """A range that means nothing is not there."""
    reply = await ask(depot, "/small.txt", f"Range: {field}")
    assert (reply.status, reply.body) == (200, b"0123456789")


async def test_two_range_fields(depot: Depot, ask: Ask) -> None:
    """Range is no list, so two of them are malformed."""
    assert (await ask(depot, "/small.txt", "Range: bytes=0-1", "Range: bytes=2-3")).status == 200


async def test_many_ranges(depot: Depot, ask: Ask) -> None:
    """Distant ranges come as multipart/byteranges, each part with its own Content-Range."""
    reply = await ask(depot, "/big.bin", "Range: bytes=600000-600009,0-9")
    assert reply.status == 206
    assert reply.field("Content-Range") is None
    kind, _, boundary = reply.field("Content-Type").partition("; boundary=")
    assert kind == "multipart/byteranges"
    parts = "".join(
        f"--{boundary}\r\nContent-Type: application/octet-stream\r\nContent-Range: bytes {span}/700000\r\n\r\n@\r\n"
        for span in ("600000-600009", "0-9")
    ).encode()
    first, second, end = parts.split(b"@")
    assert reply.body == first + BIG[600_000:600_010] + second + BIG[:10] + end + f"--{boundary}--\r\n".encode()


async def test_big_multipart(depot: Depot, ask: Ask) -> None:
    """A multipart body too big to be gathered keeps its promised length (the reader checks that)."""
    reply = await ask(depot, "/big.bin", "Range: bytes=0-299999,400000-699999")
    assert BIG[:300_000] in reply.body
    assert BIG[400_000:] in reply.body


async def test_conditions(depot: Depot, ask: Ask) -> None:
    """Validators that came with a response work when they are sent back."""
    etag = (await ask(depot, "/small.txt")).field("ETag")
    date = format_date(MODIFIED)
    fresh = await ask(depot, "/small.txt", f"If-None-Match: {etag}")
    assert (fresh.status, fresh.field("ETag")) == (304, etag)
    assert (await ask(depot, "/small.txt", f"If-Modified-Since: {date}")).status == 304
    assert (await ask(depot, "/small.txt", 'If-Match: "other"')).status == 412
    assert (await ask(depot, "/small.txt", f"If-Match: {etag}")).status == 200
    assert (await ask(depot, "/small.txt", f"If-Unmodified-Since: {format_date(MODIFIED - 1)}")).status == 412


async def test_if_range(depot: Depot, ask: Ask) -> None:
    """A range is honoured for exactly this version and otherwise everything is sent."""
    etag = (await ask(depot, "/small.txt")).field("ETag")
    for validator, status in [
        (etag, 206),
        (f"W/{etag}", 200),
        ('"other"', 200),
        (format_date(MODIFIED), 206),
        (format_date(MODIFIED + 1), 200),
    ]:
        reply = await ask(depot, "/small.txt", "Range: bytes=1-1", f"If-Range: {validator}")
        assert reply.status == status, validator


async def test_etag_follows_the_content(depot: Depot, root: Path, ask: Ask) -> None:
    """A file written anew, with equal size and date, has another tag."""
    before = (await ask(depot, "/small.txt")).field("ETag")
    (root / "new").write_bytes(b"9876543210")
    os.utime(root / "new", (MODIFIED, MODIFIED))
    (root / "new").replace(root / "small.txt")
    after = await ask(depot, "/small.txt", f"If-None-Match: {before}")
    assert (after.status, after.body) == (200, b"9876543210")


async def test_date_in_the_future_is_not_sent(depot: Depot, root: Path, ask: Ask) -> None:
    """Last-Modified is never later than Date."""
    os.utime(root / "small.txt", (MODIFIED * 2, MODIFIED * 2))
    assert (await ask(depot, "/small.txt")).field("Last-Modified") != format_date(MODIFIED * 2)


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
async def test_other_methods(depot: Depot, ask: Ask, method: str) -> None:
    """Files can be read and nothing else."""
    reply = await ask(depot, "/small.txt", method=method)
    assert (reply.status, reply.field("Allow")) == (405, "GET, HEAD")


@pytest.mark.parametrize(
    "target",
    [
        "/../secret",
        "/%2e%2e/secret",
        "/.%2E/secret",
        "/..%2fsecret",
        "/sub/../../secret",
        "/sub/%2e%2e%2f%2e%2e%2fsecret",
        "/./small.txt",
        "//small.txt",
        "/small.txt/",
        "/small.txt/x",
        "/small.txt%00",
        "/%00",
        "/missing",
        "/%2Fetc%2Fpasswd",
        "/\\..\\secret",
        "/" + "a" * 5000,
    ],
)
async def test_nothing_outside_the_root(depot: Depot, root: Path, ask: Ask, target: str) -> None:
    """Whatever tries to leave the root finds nothing."""
    (root / "sub").mkdir()
    (root.parent / "secret").write_text("secret")
    assert (await ask(depot, target)).status == 404


@posix_only
async def test_links(depot: Depot, root: Path, ask: Ask) -> None:
    """Links inside the root are followed, links that leave it are not, in any place of the path."""
    (root.parent / "outside").mkdir()
    (root.parent / "outside" / "secret").write_text("secret")
    (root / "out").symlink_to(root.parent / "outside")
    (root / "file").symlink_to(root.parent / "outside" / "secret")
    (root / "in").symlink_to("small.txt")
    (root / "loop").symlink_to("loop")
    (root.parent / "root-sibling").write_text("secret")
    (root / "sibling").symlink_to(root.parent / "root-sibling")
    for target in ("/out/secret", "/out/", "/out", "/file", "/loop", "/sibling"):
        assert (await ask(depot, target)).status == 404, target
    assert (await ask(depot, "/in")).body == b"0123456789"


@posix_only
async def test_special_files(depot: Depot, root: Path, ask: Ask) -> None:
    """A named pipe or a socket is not served, and asking for it does not hang."""
    os.mkfifo(root / "pipe")
    short = os.path.relpath(root / "socket")
    with socket.socket(socket.AF_UNIX) as special:
        special.bind(short if len(short) < 100 else str(root / "socket"))
        assert (await ask(depot, "/pipe")).status == 404
        assert (await ask(depot, "/socket")).status == 404


@pytest.mark.parametrize("name", ["grüße 100%.txt", "日本語", "a+b&c=d;e", "a b#c?d", "'<b>&\""])
@posix_only
async def test_odd_names(depot: Depot, root: Path, ask: Ask, name: str) -> None:
    """Any name can be asked for, percent-encoded or, where it may stand in a target, as it is."""
    (root / name).write_bytes(b"odd")
    encoded = "/" + "".join(f"%{byte:02x}" for byte in name.encode())
    assert (await ask(depot, encoded)).body == b"odd"
    if name.isascii() and not set(name) & set(' #?%"'):
        assert (await ask(depot, f"/{name}")).body == b"odd"


@pytest.mark.skipif(sys.platform != "linux", reason="only some file systems have names that are no text")
async def test_names_that_are_no_text(depot: Depot, root: Path, ask: Ask) -> None:
    """A name of arbitrary bytes is served under those bytes."""
    (root / os.fsdecode(b"\xff\xfe")).write_bytes(b"raw")
    assert (await ask(depot, "/%ff%fe")).body == b"raw"


async def test_index(depot: Depot, root: Path, ask: Ask) -> None:
    """A directory is listed with names that cannot become markup, a scheme or another host."""
    (root / "sub").mkdir()
    (root / "sub" / "a&b").write_text("x")
    listing = await ask(depot, "/sub/")
    assert listing.field("Content-Type") == "text/html; charset=utf-8"
    assert b'<a href="./a%26b">a&amp;b</a>' in listing.body
    assert b'<a href="../">' in listing.body
    assert b'<a href="./sub/">sub/</a>' in (await ask(depot, "/")).body


async def test_directory_without_slash(depot: Depot, root: Path, ask: Ask) -> None:
    """A directory asked for like a file sends the client to its listing."""
    (root / "sub ü").mkdir()
    reply = await ask(depot, "/sub%20%c3%bc")
    assert (reply.status, reply.field("Location")) == (301, "/sub%20%c3%bc/")


async def test_absolute_form(depot: Depot, ask: Ask) -> None:
    """A target with scheme and host names the same file (RFC 9112, section 3.2.2)."""
    assert (await ask(depot, "http://depot/small.txt")).body == b"0123456789"


async def test_without_root(ask: Ask) -> None:
    """A depot without a root has no files."""
    async with Depot() as depot:
        assert (await ask(depot, "/etc/passwd")).status == 404


@pytest.mark.parametrize(
    "name",
    [b"a\\b", b"C:", b"x:stream", b"NUL", b"nul.txt", b"com1", b"LPT\xc2\xb9", b"dot.", b"space ", b"a\x01", b"\xff"],
)
def test_names_windows_would_change(name: bytes) -> None:
    """On Windows, names that mean a device, a stream or another name are refused."""
    assert safe_names([name], windows=True) is None
    assert safe_names([b"plain.txt", b"common", b"nullable"], windows=True) == ("plain.txt", "common", "nullable")


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
def test_resume_with_curl(root: Path, tmp_path: Path) -> None:
    """Curl, which knows nothing of us, resumes a download and takes one apart into ranges."""
    half = tmp_path / "half"
    half.write_bytes(BIG[:300_000])
    with Depot(root) as depot:
        curl = ["curl", "--silent", "--show-error", "--fail", "--noproxy", "*"]
        subprocess.run([*curl, "--continue-at", "-", "--output", half, f"{depot.url}/big.bin"], check=True)
        assert half.read_bytes() == BIG
        assert depot.requests[0].status == 206
        some = subprocess.run([*curl, "--range", "0-9,-10", f"{depot.url}/big.bin"], check=True, capture_output=True)
        assert BIG[:10] in some.stdout
        assert some.stdout.count(b"Content-Range") == 2
