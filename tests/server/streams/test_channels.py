"""Which channel carries which event."""

from datetime import UTC, datetime

import pytest

from company import events
from company.events import CUSTOM_NAMES, Event, Json
from company.server.faults import Refusal
from company.server.streams.channels import CHANNELS, channels_of, named


def event(body: Json, agent: str = "ceo") -> Event:
    return Event(1, datetime(2026, 1, 1, tzinfo=UTC), "R1", "main", agent, "user", body, "", "")


def test_every_event_is_in_a_channel_of_its_own_beside_all() -> None:
    for name in CUSTOM_NAMES:
        assert len(channels_of(event(events.custom(name, {})))) > 1, name


@pytest.mark.parametrize(
    ("body", "agent", "channels"),
    [
        (events.custom("trade.filled", {}), "ceo/trading", {"all", "market", "trading"}),
        (events.custom("world.clock", {}), "ceo", {"all", "market"}),
        (events.custom("approval.asked", {}), "ceo/content", {"all", "trading", "agents"}),
        (events.custom("alert.raised", {}), "ceo/security", {"all", "agents"}),
        (events.text_delta("m", "word", "ceo"), "ceo", {"all", "agents"}),
        (events.text_delta("m", "word", "ceo/trading~2"), "ceo/trading~2", {"all", "trading", "agents"}),
    ],
)
def test_an_event_is_carried_by_what_it_is_about(body: Json, agent: str, channels: set[str]) -> None:
    assert channels_of(event(body, agent)) == channels


def test_who_names_no_channel_gets_all() -> None:
    assert named([]) == {"all"}
    assert named(["market", "agents", "market"]) == {"market", "agents"}


def test_an_unknown_channel_is_refused_with_those_there_are() -> None:
    with pytest.raises(Refusal, match=", ".join(CHANNELS)):
        named(["market", "weather"])
