"""Trees as people have them, and worse; and good archives with something changed in them."""

from __future__ import annotations

import random

from hypothesis import strategies as st

from archives.making import BLOCK, checksum
from haulage.archives.names import fold

__all__ = ["broken", "contents", "names", "short_names", "trees"]

Tree = dict[str, bytes | None]

_MOST_BYTES = 255
_LENGTHS = (0, 0, 1, 5, 511, 512, 513, 1024, 3000, 20_000)

# Any sign that is not a control, half of a character, or a slash; and often signs that fold or compose.
_letters = st.one_of(
    st.characters(exclude_categories=["Cc", "Cs"], exclude_characters="/"),
    st.sampled_from(
        [*"aAbBéÉßẞſKİıσςΣﬁ각", "e\u0301", "\u0345", "\u200d", "\u202e", "\ufeff", "👩\u200d🚀", "\\", " ", ".", "-"]
    ),
)
_short = st.lists(_letters, min_size=1, max_size=12).map("".join)
_long = st.builds(lambda piece, count: piece * count, _short, st.integers(1, 250))


def _cut(name: str, most: int) -> str:
    name = name.encode()[:most].decode(errors="ignore")
    return "x" if name in ("", ".", "..") else name


short_names = _short.map(lambda name: _cut(name, 18))
"""Names of files of which ustar has room for five above each other."""
names = st.one_of(_short, _short, _long).map(lambda name: _cut(name, _MOST_BYTES))
"""Names of files, of up to 255 bytes."""

contents = st.builds(
    lambda seed, length: random.Random(seed).randbytes(length), st.integers(0, 9), st.sampled_from(_LENGTHS)
)
"""Contents of files, mostly around the length of a block."""


@st.composite
def trees(draw: st.DrawFn, parts: st.SearchStrategy[str] = names, most: int = 8) -> Tree:
    """A tree in which no two names are one for any file system: path → content, None for a directory."""
    tree: Tree = {}
    taken: dict[tuple[str, ...], tuple[str, ...]] = {}  # as names count → as they are spelt
    for path in draw(st.lists(st.lists(parts, min_size=1, max_size=5), max_size=most)):
        place = tuple(path)
        if len("/".join(path).encode()) > 3000 or fold(place) in taken:
            continue
        above = [place[:depth] for depth in range(1, len(place))]
        if any(taken.get(fold(upper), upper) != upper or tree.get("/".join(upper)) is not None for upper in above):
            continue
        for upper in above:
            taken[fold(upper)] = upper
            tree["/".join(upper)] = None
        taken[fold(place)] = place
        tree["/".join(place)] = draw(st.none() | contents)
    return tree


_FIELDS = [
    (0, 100),
    (100, 108),
    (108, 116),
    (124, 136),
    (136, 148),
    (156, 157),
    (157, 257),
    (257, 265),
    (329, 337),
    (345, 500),
]
_SCRAPS = [
    *(
        b"",
        b"\0",
        b" ",
        b"/",
        b"../",
        b"/..",
        b"0",
        b"7",
        b"8",
        b"-1",
        b"_",
        b"\x80",
        b"\xff",
        b"x",
        b"L",
        b"5",
        b"0\0",
        b"\n",
    ),
    *(
        b"ustar\x0000",
        b"ustar  \0",
        b"00000001000\0",
        b"00000000000\0",
        b"\x80\0\0\0\0\0\0\0\0\0\x02\0",
        b"path=",
        b"size=1\n",
    ),
]


@st.composite
def broken(draw: st.DrawFn, data: bytes) -> bytes:
    """*data* with fields of blocks changed, blocks moved, and the checksums of what look like headers made right."""
    found = bytearray(data)
    for _ in range(draw(st.integers(1, 4))):
        block = draw(st.integers(0, max(0, len(found) // BLOCK - 1))) * BLOCK
        what = draw(st.sampled_from(("field", "field", "byte", "swap", "drop", "repeat", "tail")))
        if what == "field":
            start, end = draw(st.sampled_from(_FIELDS))
            piece = draw(st.sampled_from(_SCRAPS) | st.binary(max_size=end - start))
            offset = draw(st.integers(0, max(0, end - start - len(piece))))
            found[block + start + offset : block + start + offset + len(piece)] = piece
        elif what == "byte":
            place = draw(st.integers(0, max(0, len(found) - 1)))
            found[place : place + 1] = bytes([draw(st.integers(0, 255))])
        elif what == "swap":
            other = draw(st.integers(0, max(0, len(found) // BLOCK - 1))) * BLOCK
            one, two = bytes(found[block : block + BLOCK]), bytes(found[other : other + BLOCK])
            found[block : block + BLOCK], found[other : other + BLOCK] = two, one
        elif what == "drop":
            del found[block : block + BLOCK]
        elif what == "repeat":
            found[block:block] = found[block : block + BLOCK]
        else:
            del found[block + draw(st.integers(0, BLOCK)) :]
        if draw(st.booleans()):
            repair(found)
    return bytes(found)


def repair(data: bytearray) -> None:
    """Make the checksums right of all blocks that have the mark of a header."""
    for place in range(0, len(data) - BLOCK + 1, BLOCK):
        block = bytes(data[place : place + BLOCK])
        if block[257:262] == b"ustar":
            data[place + 148 : place + 156] = b"%06o\0 " % checksum(block)
