"""Every seed passes its target, so that targets and readers stay together; and what is long does not take long."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from fuzz.targets import NAMES, target

CORPUS = Path(__file__).parent / "corpus"
SEEDS = sorted(path for path in CORPUS.glob("*/*") if path.is_file())

LONG = 1 << 16  # bytes: no header and no URL that gets past aiohttp has as many
PATIENCE = 2.0  # seconds of processor time; a reader that looks at every byte takes a few hundredths


def test_every_target_has_seeds() -> None:
    """And every directory of seeds has a target."""
    assert {path.parent.name for path in SEEDS} == set(NAMES)
    assert not [path for path in CORPUS.iterdir() if not path.is_dir()]


@pytest.mark.parametrize("seed", SEEDS, ids=lambda path: f"{path.parent.name}-{path.name}")
def test_a_seed_passes(seed: Path) -> None:
    """The laws hold for it."""
    target(seed.parent.name)(seed.read_bytes())


@pytest.mark.parametrize("name", NAMES)
def test_time_is_bounded(name: str) -> None:
    """Seeds repeated to a length that no server can send are read, or refused, in no time."""
    run = target(name)
    for seed in SEEDS:
        if seed.parent.name == name:
            data = seed.read_bytes()
            for piece in (data, data.rstrip(b"\n")):
                since = time.process_time()
                run(piece * (LONG // len(piece) if piece else 0))
                assert time.process_time() - since < PATIENCE, seed.name


@pytest.mark.parametrize("name", NAMES)
def test_any_bytes_are_an_input(name: str) -> None:
    """Neither nothing nor what is no text stops a target."""
    run = target(name)
    for data in (b"", b"\n", b"\n\n\n\n", b"\xff\xfe\n\xed\xa0\x80\n", bytes(range(256)), bytes(range(256)) * 20):
        run(data)
