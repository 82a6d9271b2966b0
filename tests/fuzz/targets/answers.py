"""Heads of answers: status and reason, then what Range was asked for, then ``Name: value`` on a line each."""

from __future__ import annotations

import pickle
from collections.abc import Mapping

from multidict import CIMultiDict

from fuzz.data import CANARY, lines_of, value_of
from fuzz.laws import check_refusal
from haulage.errors import ResponseError
from haulage.rules.answers import judge
from haulage.transport.status import HttpStatusError, status_error
from haulage.urls import parse

_URL = f"http://host/file.bin?{CANARY}"
_GOOD = 400  # below it there is no error status


def test_one(data: bytes) -> None:
    """A head is good enough for the file that was asked for, or there is an error that can be kept."""
    line, asked, *rest = lines_of(data, 3)
    number, _, reason = line.partition(" ")
    status = value_of(number)
    if type(status) is not int:
        status = 200
    headers: CIMultiDict[str] = CIMultiDict()
    for field in rest[0].split("\n"):
        name, _, value = field.partition(":")
        headers.add(name, value.strip(" \t"))
    headers["Set-Cookie"] = CANARY
    if status < _GOOD:
        _check_good(status, headers, asked)
    else:
        _check_bad(status_error(status, reason, headers, _URL))


def _check_good(status: int, headers: CIMultiDict[str], asked: str) -> None:
    request: Mapping[str, str] = {"Accept-Encoding": "identity", **({"Range": asked} if asked else {})}
    length = value_of(headers.get("Content-Length", ""))
    try:
        judge(status, headers, request, length=length if type(length) is int else None, url=parse(_URL))
    except ResponseError as error:
        check_refusal(error)
        return
    assert status not in (204, 205, 304)
    assert status != 206 or asked
    codings = {
        coding.strip().lower() for field in headers.getall("Content-Encoding", []) for coding in field.split(",")
    }
    assert codings <= {"", "identity"}


def _check_bad(error: HttpStatusError) -> None:
    check_refusal(error)
    assert str(error).isprintable()
    assert error.retry_after is None or error.retry_after > 0
    copied = pickle.loads(pickle.dumps(error))
    assert (copied.status, copied.headers) == (error.status, error.headers)
    assert error.request_info.url.query_string == ""
