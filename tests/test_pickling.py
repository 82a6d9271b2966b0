"""What goes through a pickle and comes out the same: settings, results, events, errors, URLs."""

from __future__ import annotations

import pickle
import subprocess
import sys
from typing import Any

import pytest
from multidict import CIMultiDict

from haulage import DownloadResult, HttpStatusError, Remote, RemoteArtifact, events
from haulage.settings import RemoteSettings
from haulage.urls import parse

URL = "https://host/a%2fb?sig=canary"

VALUES: list[Any] = [
    Remote(url="https://user:pw@host/x", max_speed=5, headers={"A": "1"}, allowed_paths=("/srv",)),
    Remote(),
    RemoteSettings(total_timeout=float("inf"), trusted_digests=("sha512",)),
    RemoteArtifact(url=URL, size=0, sha256="ab" * 32),
    DownloadResult(URL, {"size": 3, "sha256": "ab"}, "/tmp/x", CIMultiDict({"ETag": '"1"'}), attempts=2, seconds=0.5),
    parse(URL),
    events.AttemptStarted("key", URL, 1),
    events.BytesReceived("key", URL, 1, 2),
]


@pytest.mark.parametrize("value", VALUES, ids=lambda value: type(value).__name__)
@pytest.mark.parametrize("protocol", range(2, pickle.HIGHEST_PROTOCOL + 1))
def test_a_value_comes_out_the_same(value: Any, protocol: int) -> None:
    """Equal, of the same class, with the same words."""
    again = pickle.loads(pickle.dumps(value, protocol))
    assert type(again) is type(value)
    assert again == value
    assert repr(again) == repr(value)


def test_a_remote_leaves_its_factory_behind() -> None:
    """A remote that has built downloaders is pickled as the plain data it is."""
    remote = Remote(download_concurrency=2)
    remote.get_downloader("http://127.0.0.1:9/x")
    again = pickle.loads(pickle.dumps(remote))
    assert again == remote
    assert again.download_factory is not remote.download_factory


def test_a_remote_with_a_factory_equals_one_without() -> None:
    """What was made on first use is no setting."""
    remote = Remote(name="a")
    assert remote.download_factory
    assert remote == Remote(name="a")
    assert repr(remote) == repr(Remote(name="a"))
    assert hash(remote) == hash(Remote(name="a"))


THERE = """
import pickle, sys
from haulage import HttpStatusError, errors
remote = pickle.load(sys.stdin.buffer)
url = "https://host/a?sig=canary"
made = [
    HttpStatusError(503, "Busy", {"Retry-After": "3"}, url=url, retry_after=3.0),
    errors.StorageFull("cannot write", errno=28, filename="/x", url=url),
    errors.DigestValidationError("aa", "bb", url=url, algorithm="sha256"),
]
pickle.dump([made, (remote.url, remote.username, remote.password, remote.headers)], sys.stdout.buffer)
"""


def test_errors_and_settings_cross_to_another_process() -> None:
    """Another process takes our settings, and its errors arrive here, facts and all."""
    remote = Remote(url="https://user:pw@host/", headers={"A": "1"})
    command = [sys.executable, "-c", THERE]
    output = subprocess.run(command, input=pickle.dumps(remote), stdout=subprocess.PIPE, check=True).stdout
    (status, storage, digest), settings = pickle.loads(output)
    assert (status.status, status.retry_after, status.headers["retry-after"]) == (503, 3.0, "3")
    assert (storage.errno, storage.filename) == (28, "/x")
    assert digest.algorithm == "sha256"
    assert settings == ("https://host/", "user", "pw", (("A", "1"),))
    with pytest.raises(HttpStatusError, match="503"):
        raise status
