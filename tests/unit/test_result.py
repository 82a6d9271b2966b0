"""What a finished download says of itself."""

from __future__ import annotations

import copy
import pickle

import pytest
from multidict import CIMultiDict

from haulage.result import DownloadResult

ATTRIBUTES = {"size": 5, "sha256": "ab"}


@pytest.fixture
def result() -> DownloadResult:
    """Return a result with all its facts."""
    headers = CIMultiDict({"Content-Type": "text/plain"})
    return DownloadResult("http://host/a?sig=canary", ATTRIBUTES, "/tmp/a", headers, attempts=3, seconds=1.25)


def test_it_unpacks_as_the_seeds_four_fields(result: DownloadResult) -> None:
    """URL, attributes, path and headers, in this order."""
    url, attributes, path, headers = result
    assert (url, attributes, path) == ("http://host/a?sig=canary", ATTRIBUTES, "/tmp/a")
    assert headers is not None
    assert headers["content-type"] == "text/plain"
    assert len(result) == 4


def test_further_facts_are_attributes(result: DownloadResult) -> None:
    """Attempts and seconds stand beside the tuple, with defaults of their own."""
    assert (result.attempts, result.seconds) == (3, 1.25)
    plain = DownloadResult("file:///a", {}, None)
    assert (plain.attempts, plain.seconds, plain.headers) == (1, 0.0, None)


def test_fields_have_names(result: DownloadResult) -> None:
    """The four fields are reached by name as well."""
    assert result.url == result[0]
    assert result.artifact_attributes is result[1]
    assert result.path == result[2]
    assert result.headers is result[3]


def test_its_repr_has_no_query(result: DownloadResult) -> None:
    """A signed URL's signature is not shown, nor are headers."""
    assert "canary" not in repr(result)
    assert "http://host/a?…" in repr(result)
    assert "attempts=3" in repr(result)


@pytest.mark.parametrize("again", [lambda it: pickle.loads(pickle.dumps(it)), copy.copy, copy.deepcopy])
def test_it_survives_pickling_and_copying(result: DownloadResult, again: object) -> None:
    """The facts beside the tuple travel too."""
    other = again(result)  # type: ignore[operator]
    assert type(other) is DownloadResult
    assert (other, other.attempts, other.seconds) == (result, 3, 1.25)


def test_a_changed_copy_is_a_whole_result(result: DownloadResult) -> None:
    """What the tuple's own _replace returns can be shown like any other."""
    other = result._replace(path="/tmp/b")
    assert other.path == "/tmp/b"
    assert "/tmp/b" in repr(other)


def test_results_compare_by_their_fields(result: DownloadResult) -> None:
    """How long it took is not part of what arrived."""
    assert result == DownloadResult(*result, attempts=1, seconds=9.0)
