"""Events as frozen values."""

from __future__ import annotations

import copy
import dataclasses
import pickle
from typing import Any

import pytest

from haulage import events
from haulage.errors import ConnectionFailed
from haulage.result import DownloadResult

EVENTS: list[events.Event] = [
    events.AttemptStarted(1, "http://host/", 1),
    events.HeadersReceived(1, "http://host/", {"a": "b"}, None),
    events.BytesReceived(1, "http://host/", 10, 30),
    events.Staging(1, "http://host/", "staging", "", 0.5),
    events.MemberUnpacked(1, "http://host/", "a/b.txt", 10, 1, None),
    events.Retrying(1, "http://host/", ConnectionFailed("lost"), 0.5),
    events.Succeeded(1, "http://host/", DownloadResult("http://host/", {"size": 0}, None)),
    events.Failed(1, "http://host/", ConnectionFailed("lost")),
]

EACH = pytest.mark.parametrize("event", EVENTS, ids=lambda event: type(event).__name__)


def test_every_kind_of_event_is_in_the_list() -> None:
    """The door names all events, and this file tries all of them."""
    kinds = {kind for kind in vars(events).values() if isinstance(kind, type) and issubclass(kind, events.Event)}
    assert kinds == {*map(type, EVENTS), events.Event}
    assert {kind.__name__ for kind in kinds} <= set(events.__all__)


@EACH
def test_an_event_has_key_and_url(event: events.Event) -> None:
    """Every event says whose it is."""
    assert isinstance(event, events.Event)
    assert (event.key, event.url) == (1, "http://host/")


@EACH
def test_an_event_is_frozen_and_has_no_dictionary(event: events.Event) -> None:
    """Readers cannot change what other readers see."""
    with pytest.raises(dataclasses.FrozenInstanceError):
        event.key = 2  # type: ignore[misc]
    assert not hasattr(event, "__dict__")


@EACH
def test_an_event_survives_pickling(event: events.Event) -> None:
    """Events may be sent to another process."""
    again: Any = pickle.loads(pickle.dumps(event))
    assert type(again) is type(event)
    assert (again.key, again.url) == (event.key, event.url)


def test_events_are_values() -> None:
    """Two events with the same facts are equal."""
    assert copy.copy(EVENTS[2]) == EVENTS[2]
    assert events.BytesReceived(1, "u", 2, 3) != events.BytesReceived(1, "u", 2, 4)
