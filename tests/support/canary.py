"""A secret that is put in comes out nowhere: what to put in, how to look for it, and a look at every test.

Tests that need a password, a token or a cookie take `CANARY`. The plugin then holds each of them to silence: all that
is logged down to DEBUG, written to standard output and standard error, or said by an error that the test expected, its
chain, its copies and its traceback among it, and the names of all files that are left. Warnings are errors anyway.

What is promised and looked for: user information, headers, keys and queries. Not secret is a URL's path, which people
have to be shown; a user's name in settings; and what the caller has handed in himself: a `Remote` and its pickle,
`result.url`, the local variables of a traceback's frames.
"""

from __future__ import annotations

import logging
import os
import pickle
import re
import traceback
import types
from collections.abc import Generator
from contextlib import AbstractContextManager
from typing import Any

import pytest

from haulage import DownloadError

__all__ = ["CANARY", "CanaryWatch", "assert_silent", "inspect_error", "with_secrets"]

CANARY = "c4nary-7f3a"

# In clear, percent-encoded beyond need, and as the base64 of basic authentication has it, at its three offsets.
_TRACES = re.compile("c4nary(?:-|%2d)7f3a|YzRuYXJ5LTdmM2|M0bmFyeS03ZjNh|jNG5hcnktN2Yz", re.IGNORECASE)


def with_secrets(url: str) -> str:
    """Return *url* with the canary in its user information and in its query."""
    mark = "&" if "?" in url else "?"
    return url.replace("://", f"://bob:{CANARY}@") + f"{mark}sig={CANARY}"


def assert_silent(text: object, where: str) -> None:
    """Fail when *text* has a trace of the canary."""
    shown = text.decode("latin-1") if isinstance(text, bytes) else str(text)
    found = _TRACES.search(shown)
    assert found is None, f"the secret is in {where}: …{shown[max(0, found.start() - 80) : found.end()]}"


def inspect_error(error: BaseException) -> None:
    """Look for the canary in all that can be got out of *error*."""
    seen: set[int] = set()
    queue: list[tuple[BaseException, str]] = [(error, type(error).__name__)]
    while queue:
        one, name = queue.pop()
        if id(one) in seen:
            continue
        seen.add(id(one))
        assert_silent(str(one), f"str of {name}")
        assert_silent(repr(one), f"repr of {name}")
        assert_silent(repr(one.args), f"args of {name}")
        assert_silent(repr(vars(one)), f"attributes of {name}")
        # What exceptions of Python and of aiohttp keep outside of their dictionary; `object` is that of Unicode errors.
        for attribute in ("request_info", "history", "headers", "strerror", "filename", "filename2", "object"):
            assert_silent(repr(getattr(one, attribute, None)), f"{attribute} of {name}")
        for link in ("__cause__", "__context__"):
            other = getattr(one, link)
            queue += [] if other is None else [(other, f"{link} of {name}")]
        queue += [(part, f"a part of {name}") for part in getattr(one, "exceptions", ())]
    assert_silent("".join(traceback.format_exception(error)), "its traceback")
    copy = _pickled(error)
    assert_silent(copy, "its pickle")
    assert_silent(repr(pickle.loads(copy)), "the repr of its copy")


def _pickled(error: BaseException) -> bytes:
    """Return *error* as a pickle; one of a class that is local to a test has none, and None is in its place."""
    try:
        return pickle.dumps(error)
    except (pickle.PicklingError, AttributeError):
        return pickle.dumps(None)


class CanaryWatch(logging.Handler):
    """A plugin of this project's own tests, and the handler of all that is logged during one."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self._found: list[str] = []
        self._raises = pytest.raises

    def pytest_configure(self) -> None:
        """Look at every error that a test expects."""
        pytest.raises = self._watched_raises

    def pytest_unconfigure(self) -> None:
        """Leave pytest as it was."""
        pytest.raises = self._raises

    def emit(self, record: logging.LogRecord) -> None:
        """Look at what was logged, in words and as values."""
        said = f"{self.format(record)} {record.args!r}"
        self._note(said, f"a log of {record.name}")

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self) -> Generator[None, object, object]:
        """Listen while a test and its fixtures run."""
        root = logging.getLogger()
        level = root.level
        root.addHandler(self)
        root.setLevel(logging.DEBUG)
        try:
            return (yield)
        finally:
            root.setLevel(level)
            root.removeHandler(self)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Fail a test that was not silent."""
        report = yield
        for title, said in report.sections:
            if title.endswith(call.when):  # earlier ones were looked at
                self._note(said, title.lower())
        if call.when == "teardown" and "tmp_path" in getattr(item, "funcargs", {}):
            for _, directories, files in os.walk(item.funcargs["tmp_path"]):
                self._note("\n".join([*directories, *files]), "the name of a file")
        found, self._found = self._found, []
        if found and report.passed:
            report.outcome = "failed"
            report.longrepr = "\n".join(found)
        return report

    def _note(self, said: str, where: str) -> None:
        try:
            assert_silent(said, where)
        except AssertionError as error:
            self._found.append(str(error))

    def _watched_raises(self, *args: Any, **kwargs: Any) -> Any:
        raised = self._raises(*args, **kwargs)
        if isinstance(raised, AbstractContextManager):
            return _Watched(raised)
        _inspect_expected(raised.value)
        return raised


class _Watched:
    """What ``pytest.raises`` returns, with a look at the error at its end."""

    def __init__(self, raises: AbstractContextManager[Any, bool]) -> None:
        self._raises = raises

    def __enter__(self) -> Any:
        return self._raises.__enter__()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: types.TracebackType | None
    ) -> bool:
        expected = self._raises.__exit__(kind, error, trace)
        if expected:
            _inspect_expected(error)
        return expected


def _inspect_expected(error: BaseException | None) -> None:
    if isinstance(error, DownloadError):
        inspect_error(error)
