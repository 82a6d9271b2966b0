"""Laws of all that reads foreign text, as the fuzzer's targets state them: no input brings up another error than ours.

A fuzzer finds what it takes minutes to find; this finds, in every run, what is a few changes away from a known input.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from fuzz.targets import NAMES, target
from hypothesis import given
from hypothesis import strategies as st

from properties.strategies import mutated

CORPUS = Path(__file__).parents[1] / "fuzz" / "corpus"
SCRAPS = [
    *(
        b"\n",
        b"\r\n",
        b"\x00",
        b"\t",
        b" ",
        b"=",
        b":",
        b";",
        b",",
        b"/",
        b"\\",
        b"@",
        b"?",
        b"#",
        b"%",
        b'"',
        b"[",
        b"]",
    ),
    *(b"..", b"//", b"%2f", b"%00", b"%zz", b"\xff", b"\xed\xa0\x80", b"\xc2\x85", b"\xe2\x80\xae", "ü".encode(), b"-"),
    *(
        b"0",
        b"99999999999999999999",
        b"null",
        b"true",
        b"NaN",
        b"[]",
        b"{}",
        b"http:",
        b"file:",
        b"127.1",
        b"::1",
        b"xn--",
    ),
]


@pytest.mark.parametrize("name", NAMES)
@given(data=st.data())
def test_a_reader_keeps_its_laws(name: str, data: st.DataObject) -> None:
    """A value of the promised kind or the promised error comes of any bytes, and of whatever is near a seed."""
    seeds = sorted(path.read_bytes() for path in (CORPUS / name).iterdir())
    target(name)(data.draw(st.one_of(mutated(seeds, SCRAPS), st.binary(max_size=50), st.text().map(str.encode))))
