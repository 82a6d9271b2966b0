"""Archives: a tar as it comes, and the same with the sums of its headers made right, so that more of it is read."""

from __future__ import annotations

import io
import os
import tarfile

from fuzz.laws import check_refusal
from haulage.archives.contents import Contents, End, Start
from haulage.archives.names import fold
from haulage.cart import CartFile, Manifest
from haulage.errors import DownloadError

_BLOCK = 512
_MOST_MEMBERS, _MOST_BYTES = 100, 1 << 20
_ASKED = Manifest([CartFile(1, "x", "11f6ad8ec52a2984abaafd7c3b516503785c2072", "sha1")])  # of an x
_PIECES = (1, 511, 512, 513, 100)

Members = list[tuple[tuple[str, ...], bool, bytes]]


def test_one(data: bytes) -> None:
    """An archive is read as others read it, or refused; in one piece or in many, with or without a manifest."""
    for archive in (data, _repaired(data)):
        at_once = _read([archive], None)
        assert str(at_once) == str(_read(_cut(archive), None))
        asked = _read([archive], _ASKED)
        if isinstance(at_once, list):
            _check_members(at_once)
            assert at_once == _second_opinion(archive)
        if isinstance(asked, list):
            assert [(parts, content) for parts, is_directory, content in asked if not is_directory] == [(("x",), b"x")]
            assert asked == at_once


def _repaired(data: bytes) -> bytes:
    """Make the sums right of all blocks that have the mark of a header."""
    blocks = [data[place : place + _BLOCK] for place in range(0, len(data), _BLOCK)]
    for number, block in enumerate(blocks):
        if len(block) == _BLOCK and block[257:262] == b"ustar":
            total = sum(block[:148]) + 8 * ord(" ") + sum(block[156:])
            blocks[number] = block[:148] + b"%06o\0 " % total + block[156:]
    return b"".join(blocks)


def _cut(data: bytes) -> list[bytes]:
    found, place = [], 0
    while place < len(data):
        length = _PIECES[len(found) % len(_PIECES)]
        found.append(data[place : place + length])
        place += length
    return found


def _read(pieces: list[bytes], manifest: Manifest | None) -> Members | DownloadError:
    contents = Contents(manifest, max_size=_MOST_BYTES, most_members=_MOST_MEMBERS)
    found: Members = []
    content = bytearray()
    try:
        for piece in pieces:
            for step in contents.feed(piece):
                if isinstance(step, Start):
                    begun, content = step.parts, bytearray()
                    if step.is_directory:
                        found.append((step.parts, True, b""))
                elif isinstance(step, End):
                    assert len(content) == step.member.size
                    found.append((begun, False, bytes(content)))
                else:
                    content += step
        contents.close()
    except DownloadError as error:
        check_refusal(error)
        return error
    return found


def _check_members(members: Members) -> None:
    """What is accepted lies below one directory, nothing on anything else."""
    places = [fold(parts) for parts, _, _ in members]
    assert len(set(places)) == len(places) <= _MOST_MEMBERS
    files = {fold(parts) for parts, is_directory, _ in members if not is_directory}
    for parts, is_directory, _ in members:
        assert parts or is_directory
        for part in parts:
            assert 0 < len(os.fsencode(part)) <= 255
            assert part not in (".", "..")
            assert not set(part) & set("/\0\n\r\x1b\x7f")
        assert not {fold(parts[:depth]) for depth in range(1, len(parts))} & files


def _second_opinion(data: bytes) -> Members:
    """Return what Python's tarfile sees."""
    found: Members = []
    with tarfile.open(fileobj=io.BytesIO(data), mode="r:", encoding="utf-8") as tar:
        for member in tar:
            _, *parts = (part for part in member.name.split("/") if part not in ("", "."))
            content = tar.extractfile(member)
            assert member.isdir() or member.isreg()
            found.append((tuple(parts), member.isdir(), b"" if content is None else content.read()))
    return found
