"""The doors: a line with a URL, then an expected digest; what is refused there is refused before any I/O."""

from __future__ import annotations

import os

from fuzz.data import CANARY, lines_of
from fuzz.laws import check_refusal
from haulage import DownloaderFactory, FileDownloader, HttpDownloader, MalformedRequest
from haulage.urls import parse

# For schemes that nobody serves a factory looks for entry points, which takes far longer than all the rest.
_DOORS = (HttpDownloader, FileDownloader, lambda url, **rest: DownloaderFactory().build(f"http:{url}", **rest))


def test_one(data: bytes) -> None:
    """A downloader is made, or there is an error that shows no secret; a local path is what the URL says."""
    url, digest = lines_of(data, 2)
    expected = {"sha256": digest} if digest else None
    for given in (url, f"{url}?{CANARY}", f"//{CANARY}@{url}", f"http://{CANARY}@{url}", f"file://{url}"):
        for door in _DOORS:
            try:
                downloader = door(given, expected_digests=expected)
            except MalformedRequest as error:
                check_refusal(error)
                continue
            assert CANARY not in repr(downloader)
            assert parse(downloader.url).user is None
            if isinstance(downloader, FileDownloader):
                _check_source(downloader._source)


def _check_source(path: str) -> None:
    assert os.path.isabs(path)
    assert b"\0" not in os.fsencode(path)
    assert CANARY not in path
