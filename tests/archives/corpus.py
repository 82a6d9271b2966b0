"""All hostile archives by name; more than a hundred, and no two alike."""

from __future__ import annotations

import functools
import itertools

from archives.corpus_amounts import hostile_amounts
from archives.corpus_extended import hostile_extended
from archives.corpus_formats import hostile_formats
from archives.corpus_kinds import hostile_kinds
from archives.corpus_names import hostile_names
from archives.corpus_places import hostile_places
from archives.corpus_sizes import hostile_sizes
from archives.hostile import Hostile

__all__ = ["hostile_archives"]


@functools.cache
def hostile_archives() -> dict[str, Hostile]:
    """Return them by name."""
    made: dict[str, Hostile] = {}
    sources = (hostile_names, hostile_kinds, hostile_places, hostile_sizes, hostile_formats, hostile_extended)
    for name, hostile in itertools.chain.from_iterable(source() for source in (*sources, hostile_amounts)):
        assert name not in made, name
        made[name] = hostile
    return made
