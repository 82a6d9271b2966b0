"""The tree of errors: what each class is, knows, shows and survives."""

from __future__ import annotations

import copy
import errno
import pickle
from typing import TYPE_CHECKING, Any

import aiohttp
import pytest

from haulage import errors
from haulage.errors import DownloadError
from haulage.transport import status
from haulage.transport.status import (
    AuthorizationFailure,
    HttpFileNotFound,
    HttpProxyAuthorizationFailure,
    HttpStatusError,
    RemoteServerError,
)

if TYPE_CHECKING:
    from collections.abc import Callable

URL = "https://user:s3cret@host.example:8443/path/file.bin?sig=canary#frag"
SHOWN = "https://host.example:8443/path/file.bin?…"

CLASSES: dict[str, type[DownloadError]] = {
    **{name: getattr(errors, name) for name in errors.__all__},
    **{
        kind.__name__: kind
        for kind in (
            AuthorizationFailure,
            HttpFileNotFound,
            HttpProxyAuthorizationFailure,
            HttpStatusError,
            RemoteServerError,
        )
    },
}


def _timeout(kind: Any) -> DownloadError:
    return kind("too late", phase="connect", limit=2.5, url=URL)  # type: ignore[no-any-return]


def _storage(kind: Any) -> DownloadError:
    return kind("cannot write", errno=errno.ENOSPC, filename="/tmp/x", url=URL)  # type: ignore[no-any-return]


def _status(kind: Any) -> DownloadError:
    headers = {"Retry-After": "7", "Set-Cookie": "canary", "Content-Type": "text/html"}
    return kind(503, "Busy", headers, url=URL, retry_after=7.0)  # type: ignore[no-any-return]


MAKERS: dict[type[Any], Callable[[Any], DownloadError]] = {
    errors.UnsupportedProtocol: lambda kind: kind("gopher", ("file", "http"), url=URL),
    errors.SettingsError: lambda kind: kind("bad value", field="max_speed"),
    errors.AddressNotAllowed: lambda kind: kind("private", address="10.0.0.1", url=URL),
    errors.PartialFile: lambda kind: kind("cut", received=3, expected=9, url=URL),
    errors.TooLarge: lambda kind: kind("too large", limit=10, url=URL),
    errors.DigestValidationError: lambda kind: kind("aa", "bb", url=URL, algorithm="sha256"),
    errors.SizeValidationError: lambda kind: kind(3, 4, url=URL),
    errors.ValidationError: lambda kind: kind("PLP0000", "not valid", url=URL),
    errors.UnsupportedDigestValidationError: lambda kind: kind("none trusted", url=URL),
    errors.TimeoutException: _timeout,
    errors.StagingTimedOut: lambda kind: kind("not ready", limit=120.0, url=URL),
    errors.MalformedCart: lambda kind: kind("hashsum is missing", entry="files['67']", url=URL),
    errors.ArchiveError: lambda kind: kind("unsafe name", member="../x\n", url=URL),
    errors.ArchiveIncomplete: lambda kind: kind("files are missing", missing=("a", "b"), url=URL),
    errors.MemberDigestError: lambda kind: kind("aa", "bb", url=URL, algorithm="sha1", member="a/b"),
    errors.StorageError: _storage,
    HttpStatusError: _status,
}


def make(kind: type[DownloadError]) -> DownloadError:
    """Return an error of *kind* with all its facts."""
    for base in kind.__mro__:
        if base in MAKERS:
            return MAKERS[base](kind)
    return kind("it went wrong", url=URL, transient=True, retry_after=1.5)


def facts(error: DownloadError) -> dict[str, Any]:
    """Return what *error* knows, also what OSError keeps elsewhere."""
    known = dict(vars(error))
    if isinstance(error, OSError):
        known |= {"errno": error.errno, "filename": error.filename, "strerror": error.strerror}
    return known


EACH = pytest.mark.parametrize("kind", CLASSES.values(), ids=CLASSES)


@EACH
def test_every_error_belongs_to_the_tree(kind: type[DownloadError]) -> None:
    """Whatever goes wrong is caught by the one root."""
    assert issubclass(kind, DownloadError)


def test_no_error_is_left_out_of_the_door() -> None:
    """Every class in the two modules stands in the lists of names."""
    here = {
        value.__name__
        for module in (errors, status)
        for value in vars(module).values()
        if isinstance(value, type) and issubclass(value, DownloadError)
    }
    assert here == set(CLASSES)


@pytest.mark.parametrize(
    ("names", "builtin"),
    [
        (["RequestError", "MalformedRequest", "UnsupportedProtocol", "SettingsError", "DestinationError"], ValueError),
        (["MalformedCart"], ValueError),
        (["UnsupportedDigestValidationError"], ValueError),
        (["DownloaderMisuseError"], RuntimeError),
        (["PolicyError", "AddressNotAllowed"], PermissionError),
        (["NetworkError", "ConnectionFailed", "PartialFile", "TlsError", "ProxyConnectionFailed"], ConnectionError),
        (["ServerSSLVerificationFailure", "ClientSSLAuthorizationFailure"], ConnectionError),
        (["RemoteServerResolutionError", "ProxyResolutionError", "ProxyAuthorizationFailure"], ConnectionError),
        (["TimeoutException", "ServerTimedOut", "ProxyConnectionTimedOut", "TooSlow", "StagingTimedOut"], TimeoutError),
        (["StorageError", "StorageFull", "DestinationError", "LocalResourceError", "ReadError"], OSError),
        (["FileNotFound", "HttpFileNotFound"], FileNotFoundError),
        (["HttpStatusError", "AuthorizationFailure", "RemoteServerError"], aiohttp.ClientResponseError),
    ],
)
def test_an_error_is_the_fitting_builtin(names: list[str], builtin: type[BaseException]) -> None:
    """Handlers for builtins, and for aiohttp's status error, catch ours."""
    for name in names:
        assert issubclass(CLASSES[name], builtin), name


@pytest.mark.parametrize(
    ("child", "parent"),
    [
        ("MalformedRequest", "RequestError"),
        ("UnsupportedProtocol", "RequestError"),
        ("SettingsError", "RequestError"),
        ("AddressNotAllowed", "PolicyError"),
        ("PartialFile", "NetworkError"),
        ("ProxyResolutionError", "ProxyConnectionFailed"),
        ("ProxyAuthorizationFailure", "ProxyConnectionFailed"),
        ("ServerSSLVerificationFailure", "TlsError"),
        ("ServerTimedOut", "TimeoutException"),
        ("TooSlow", "TimeoutException"),
        ("ProxyConnectionTimedOut", "TimeoutException"),
        ("TooManyRedirects", "RedirectError"),
        ("DigestValidationError", "ValidationError"),
        ("SizeValidationError", "ValidationError"),
        ("UnsupportedDigestValidationError", "ValidationError"),
        ("StorageFull", "StorageError"),
        ("DestinationError", "StorageError"),
        ("FileNotFound", "ReadError"),
        ("HttpStatusError", "ResponseError"),
        ("RemoteServerError", "HttpStatusError"),
        ("MalformedCart", "RequestError"),
        ("CartError", "ResponseError"),
        ("CartNotFound", "CartError"),
        ("CartNotReady", "CartError"),
        ("NotACartService", "CartError"),
        ("StagingFailed", "CartError"),
        ("StagingTimedOut", "TimeoutException"),
        ("ArchiveError", "ResponseError"),
        ("ArchiveUnsafe", "ArchiveError"),
        ("ArchiveCorrupt", "ArchiveError"),
        ("ArchiveIncomplete", "ArchiveError"),
        ("MemberDigestError", "DigestValidationError"),
    ],
)
def test_branches_follow_what_the_caller_can_do(child: str, parent: str) -> None:
    """A narrower error is caught where the wider one is."""
    assert issubclass(CLASSES[child], CLASSES[parent])


@pytest.mark.parametrize(
    "name", ["TlsError", "ServerSSLVerificationFailure", "ClientSSLAuthorizationFailure", "StorageError", "StorageFull"]
)
def test_what_does_not_pass_by_itself_is_not_transient(name: str) -> None:
    """Certificate errors and local disk errors are never retried."""
    assert not CLASSES[name].transient


@pytest.mark.parametrize(
    "name",
    [
        *("ConnectionFailed", "PartialFile", "ServerTimedOut", "TooSlow", "RemoteServerResolutionError"),
        *("DigestValidationError", "SizeValidationError", "LocalResourceError"),
        *("ArchiveCorrupt", "ArchiveIncomplete", "MemberDigestError", "CartNotReady"),
    ],
)
def test_what_may_pass_by_itself_is_transient(name: str) -> None:
    """Lost connections, timeouts, cut bodies and failed digests and sizes are worth another attempt."""
    assert CLASSES[name].transient


@pytest.mark.parametrize(
    "name",
    [
        *("MalformedRequest", "PolicyError", "ProxyAuthorizationFailure", "TooLarge", "UnknownResponse", "ReadError"),
        *("MalformedCart", "CartNotFound", "NotACartService", "StagingFailed", "StagingTimedOut", "ArchiveUnsafe"),
    ],
)
def test_what_would_fail_again_is_not_transient(name: str) -> None:
    """Wrong requests, policy, credentials and useless answers are given up on at once."""
    assert not CLASSES[name].transient


@EACH
def test_pickling_keeps_class_text_and_facts(kind: type[DownloadError]) -> None:
    """An error that went to another process is the same error there, by every protocol."""
    error = make(kind)
    error.attempts = 4
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        _assert_same(pickle.loads(pickle.dumps(error, protocol)), error)


def _assert_same(again: DownloadError, error: DownloadError) -> None:
    assert type(again) is type(error)
    assert str(again) == str(error)
    assert again.args == error.args
    assert facts(again) == facts(error)
    assert (again.transient, again.throttled, again.retry_after) == (
        error.transient,
        error.throttled,
        error.retry_after,
    )


@EACH
def test_copying_keeps_class_text_and_facts(kind: type[DownloadError]) -> None:
    """Copies, shallow and deep, are the same error."""
    error = make(kind)
    for again in (copy.copy(error), copy.deepcopy(error)):
        assert type(again) is kind
        assert (str(again), facts(again)) == (str(error), facts(error))


@EACH
def test_notes_survive_pickling(kind: type[DownloadError]) -> None:
    """What a caller added with add_note is still there."""
    error = make(kind)
    error.add_note("in chapter three")
    assert pickle.loads(pickle.dumps(error)).__notes__ == ["in chapter three"]


@EACH
def test_no_secret_is_shown_or_kept(kind: type[DownloadError]) -> None:
    """Query, user information and credentials in headers are in no text, attribute or pickle of an error."""
    error = make(kind)
    for text in (str(error), repr(error), repr(error.args), repr(facts(error)), repr(pickle.dumps(error))):
        assert "canary" not in text
        assert "s3cret" not in text
    assert error.url in (SHOWN, None)


@EACH
def test_the_text_is_one_line_with_the_url(kind: type[DownloadError]) -> None:
    """What is printed for an error is one line, and says which URL it was."""
    error = make(kind)
    assert str(error)
    assert len(str(error).splitlines()) == 1
    if kind is not errors.SettingsError:
        assert str(error).endswith(f" [{SHOWN}]")


@pytest.mark.parametrize("mark", ["\n", "\r", "\x0b", "\x1b[2J", "\x7f", "\x85", "\x9b31m", "\u2028", "\u2029"])
def test_a_url_cannot_break_the_line_or_speak_to_the_terminal(mark: str) -> None:
    """Control characters and line separators in a URL do not reach the text."""
    text = str(errors.MalformedRequest("bad URL", url=f"http://host/a{mark}b"))
    assert len(text.splitlines()) == 1
    assert mark[0] not in text


def test_without_a_url_the_text_is_the_message() -> None:
    """An error without a URL shows only its message."""
    assert str(DownloadError("it went wrong")) == "it went wrong"
    assert DownloadError("it went wrong").url is None


def test_defaults_of_the_root() -> None:
    """A plain error is final, was not asked to wait and counts no attempts."""
    error = DownloadError()
    assert (error.transient, error.throttled, error.retry_after, error.attempts) == (False, False, None, 0)


def test_what_the_maker_says_wins_over_the_class() -> None:
    """The place that makes an error decides whether it may pass."""
    assert errors.NetworkError("x").transient
    assert not errors.NetworkError("x", transient=False).transient
    assert errors.ReadError("x", transient=True, retry_after=3.0).retry_after == 3.0
    assert not errors.ReadError.transient


@pytest.mark.parametrize(
    ("error", "known"),
    [
        (make(errors.UnsupportedProtocol), {"scheme": "gopher", "known": ("file", "http")}),
        (make(errors.SettingsError), {"field": "max_speed"}),
        (make(errors.AddressNotAllowed), {"address": "10.0.0.1"}),
        (make(errors.PartialFile), {"received": 3, "expected": 9}),
        (make(errors.TooSlow), {"phase": "connect", "limit": 2.5}),
        (make(errors.TooLarge), {"limit": 10}),
        (make(errors.ValidationError), {"error_code": "PLP0000"}),
        (make(errors.DigestValidationError), {"actual": "aa", "expected": "bb", "algorithm": "sha256"}),
        (make(errors.SizeValidationError), {"actual": 3, "expected": 4}),
        (make(errors.StorageFull), {"errno": errno.ENOSPC, "filename": "/tmp/x"}),
        (make(HttpStatusError), {"status": 503, "retry_after": 7.0, "transient": True}),
        (make(errors.StagingTimedOut), {"phase": "staging", "limit": 120.0}),
        (make(errors.MalformedCart), {"entry": "files['67']"}),
        (make(errors.ArchiveUnsafe), {"member": "../x\n"}),
        (make(errors.ArchiveIncomplete), {"missing": ("a", "b"), "member": None}),
        (make(errors.MemberDigestError), {"actual": "aa", "expected": "bb", "member": "a/b"}),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, DownloadError) else "",
)
def test_an_error_keeps_its_facts(error: DownloadError, known: dict[str, Any]) -> None:
    """Facts are attributes, not only words in a text."""
    assert {name: getattr(error, name) for name in known} == known


def test_the_facts_are_in_the_text() -> None:
    """Who reads the text learns what was expected and what came, and which schemes there are."""
    assert "aa" in str(make(errors.DigestValidationError))
    assert "bb" in str(make(errors.DigestValidationError))
    assert "3 bytes, expected 4" in str(make(errors.SizeValidationError))
    assert "file, http" in str(make(errors.UnsupportedProtocol))


def test_the_seeds_constructors_work() -> None:
    """Code written for Pulp makes these errors with positional values."""
    assert errors.ValidationError("PLP0001").error_code == "PLP0001"
    assert errors.DigestValidationError("aa", "bb", url=URL).expected == "bb"
    assert errors.SizeValidationError(1, 2, url=URL).actual == 1
    assert errors.UnsupportedDigestValidationError("no").error_code
    codes = {kind.code for kind in (errors.DigestValidationError, errors.SizeValidationError)}
    assert len(codes) == 2
