"""File names that servers choose: a line with the path of the URL, then the Content-Disposition."""

from __future__ import annotations

import re
import unicodedata

from fuzz.data import CANARY, lines_of
from fuzz.laws import check_refusal
from haulage.errors import UnknownResponse
from haulage.rules.filenames import disposition_names, offered_name, safe_name
from haulage.urls import UrlError, parse

_MOST_BYTES = 255
_DEVICE = re.compile(r"(con|prn|aux|nul|com[0-9]|lpt[0-9]) *(\.|\Z)", re.IGNORECASE)


def test_one(data: bytes) -> None:
    """Whatever is sent becomes one harmless component of a path, or there is no name; the URL's query never is one."""
    path, disposition = lines_of(data, 2)
    for text in (path, disposition, *disposition_names(disposition)):
        name = safe_name(text)
        if name is not None:
            _check_name(name)
            assert safe_name(name) == name
    try:
        url = parse(f"https://user:{CANARY}@host/{path}?{CANARY}")
    except UrlError:
        url = parse(f"https://host/?{CANARY}")
    for sent in (disposition, None):
        try:
            name = offered_name(sent, url)
        except UnknownResponse as error:
            check_refusal(error)
        else:
            _check_name(name)
            assert CANARY not in name


def _check_name(name: str) -> None:
    assert 0 < len(name.encode()) <= _MOST_BYTES
    assert not set(name) & set('/\\:*?"<>|')
    assert not {unicodedata.category(sign) for sign in name} & {"Cc", "Cf", "Cs", "Zl", "Zp"}
    assert name[0] not in " .-~"
    assert name[-1] not in " ."
    assert not _DEVICE.match(name)
