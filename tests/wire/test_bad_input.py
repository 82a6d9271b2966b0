"""Bad input is one clear error before any byte moves, and leaves the disk as it was."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import pytest

import haulage
from haulage.depot import Depot

Check = Callable[[], None]


@pytest.mark.parametrize(
    "headers",
    [
        {"X": "a\r\nY: b"},
        {"X": "a\nb"},
        {"X": "a\0b"},
        {"X\r\nY": "a"},
        {"X:": "a"},
        {"": "a"},
        {"X Y": "a"},
        {"naïve": "a"},
        {"X": 5},
        {5: "a"},
        {"X": b"a"},
        [("X", "a", "b")],
        ["X: a"],
        [5],
    ],
    ids=str,
)
@pytest.mark.case("D11")
def test_headers(depot: Depot, headers: object) -> None:
    """A header that cannot be sent, or would become two, is refused when the downloader is made."""
    with pytest.raises(haulage.MalformedRequest):
        haulage.HttpDownloader(f"{depot.url}/_/echo", headers=headers)  # type: ignore[arg-type]
    assert depot.requests == ()


@pytest.mark.case("D11")
async def test_headers_of_the_call(depot: Depot, assert_untouched: Check) -> None:
    """Headers given at the last moment are held to the same."""
    with pytest.raises(haulage.MalformedRequest):
        await haulage.HttpDownloader(f"{depot.url}/_/echo").run({"request_kwargs": {"headers": {"X": "a\r\nY: b"}}})
    assert depot.requests == ()
    assert_untouched()


async def test_unicode_in_a_header_arrives(depot: Depot) -> None:
    """A value beyond ASCII arrives as UTF-8."""
    await haulage.HttpDownloader(f"{depot.url}/_/echo", headers={"X-Name": "naïve"}).run()
    assert depot.requests[0].header("X-Name") == "naïve"


@pytest.mark.parametrize("size", [-1, 1.5, "10", True, b"1"], ids=repr)
def test_sizes(depot: Depot, size: object) -> None:
    """A size that is no number of bytes is refused."""
    with pytest.raises(haulage.MalformedRequest):
        haulage.HttpDownloader(f"{depot.url}/_/bytes/1", expected_size=size)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "digests",
    [
        *({"sha256": ""}, {"sha256": "0" * 63}, {"sha256": "0" * 65}, {"sha256": "g" * 64}, {"sha256": None}),
        *({"sha256": "0x" + "0" * 62}, {"sha1": "0" * 64, "sha256": "0" * 64}),
    ],
    ids=str,
)
def test_digests(depot: Depot, digests: dict[str, str]) -> None:
    """A value that cannot be such a digest is refused."""
    with pytest.raises(haulage.MalformedRequest, match="hex digits"):
        haulage.HttpDownloader(f"{depot.url}/_/bytes/1", expected_digests=digests)


@pytest.mark.parametrize("name", ["crc32", "", "shake_128", "SHA-256", "sha256 ", None, 5], ids=repr)
def test_digest_names(depot: Depot, name: str) -> None:
    """A digest nobody knows, or of no fixed length, is refused by name."""
    with pytest.raises(haulage.UnsupportedDigestValidationError) as caught:
        haulage.HttpDownloader(f"{depot.url}/_/bytes/1", expected_digests={name: "0" * 64})
    assert isinstance(caught.value, ValueError)
    assert isinstance(caught.value, haulage.ValidationError)


@pytest.mark.parametrize("proxy", ["", "http://", "h:1", "socks5://127.0.0.1:1", "ftp://127.0.0.1:1", "http://h:0"])
def test_proxies(depot: Depot, proxy: str) -> None:
    """A proxy that cannot be one is refused when the downloader is made."""
    with pytest.raises(haulage.MalformedRequest):
        haulage.HttpDownloader(f"{depot.url}/_/bytes/1", proxy=proxy)


@pytest.mark.parametrize("url", ["ftp://h/", "file:///x", "https:", "http:x", "mailto:a@b"])
def test_schemes_of_a_class(url: str) -> None:
    """A class refuses what is not its scheme."""
    with pytest.raises(haulage.MalformedRequest):
        haulage.HttpDownloader(url)


def test_errors_come_before_any_byte(depot: Depot, workplace: Path) -> None:
    """None of these errors needs the server."""
    (workplace / "directory").mkdir()
    url = f"{depot.url}/_/bytes/10"
    calls: list[Callable[[], object]] = [
        lambda: haulage.fetch(url, workplace / "directory"),
        lambda: haulage.fetch(url, workplace / "missing" / "file"),
        lambda: haulage.fetch(url, io.StringIO()),  # type: ignore[arg-type]
        lambda: haulage.fetch(url, expected_digests={"sha256": "0"}),
        lambda: haulage.fetch(url, expected_size=-1),
        lambda: haulage.fetch(url, remote=haulage.Remote(ca_cert="no such file")),
        lambda: haulage.fetch(url, remote=haulage.Remote(digest_algorithms=("crc32",))),
        lambda: haulage.fetch(url.replace("http", "gopher")),
        lambda: haulage.fetch("http://"),
    ]
    for call in calls:
        with pytest.raises(haulage.DownloadError) as caught:
            call()
        assert isinstance(caught.value, ValueError)
        assert "\n" not in str(caught.value)
    assert depot.requests == ()
    assert [path.name for path in workplace.iterdir()] == ["directory"]
