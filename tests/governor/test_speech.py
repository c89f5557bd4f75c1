"""Words on their way into the journal: few rows for a fast speaker, no delay for a slow one."""

from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from company.governor.speech import MAX_PIECE, MAX_WAIT, Speech


class Watch:
    """A clock whose seconds a test moves."""

    def __init__(self):
        self.seconds = 0.0

    def now(self):
        return datetime(2026, 3, 2, 12, tzinfo=UTC)

    def monotonic(self):
        return self.seconds


@pytest.fixture
def watch():
    return Watch()


@pytest.fixture
def speech(house):
    def made(clock=None, **options):
        return Speech(
            journal=house.store.journal, scope=house.scope(), clock=clock or house.clock, message_id="m1", **options
        )

    return made


def pieces(house):
    return [body["delta"] for body in house.bodies("TEXT_MESSAGE_CONTENT")]


def test_a_message_is_its_start_its_pieces_and_its_end(house, speech):
    talk = speech()
    for word in ("We ", "are ", "open."):
        talk.feed(word)
    talk.end()

    assert house.types() == ["TEXT_MESSAGE_START", "TEXT_MESSAGE_CONTENT", "TEXT_MESSAGE_END"]
    assert pieces(house) == ["We are open."]
    assert {body["messageId"] for body in house.bodies()} == {"m1"}
    assert {body["subagentRunId"] for body in house.bodies()} == {"R1/ceo/trading"}


def test_a_message_without_words_leaves_no_trace(house, speech):
    talk = speech()
    talk.feed("")
    talk.end()

    assert house.types() == []


def test_ending_twice_ends_once(house, speech):
    talk = speech()
    talk.feed("yes")
    talk.end()
    talk.end()

    assert house.types().count("TEXT_MESSAGE_END") == 1


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.text(st.characters(codec="ascii", categories=["L", "Zs"]), max_size=400), max_size=12))
def test_in_virtual_time_words_are_joined_by_size_only_and_none_is_lost(house, speech, words):
    before = len(pieces(house))
    talk = speech()
    for word in words:
        talk.feed(word)
    talk.end()
    said = pieces(house)[before:]

    assert "".join(said) == "".join(words)
    assert all(len(piece) >= MAX_PIECE for piece in said[:-1])
    assert len(said) <= len("".join(words)) // MAX_PIECE + 1


def test_a_slow_speaker_is_heard_every_fifty_milliseconds(house, speech, watch):
    talk = speech(watch)
    for word in ("a", "b", "c", "d", "e", "f"):
        talk.feed(word)
        watch.seconds += 0.02

    assert MAX_WAIT == 0.05
    assert pieces(house) == ["abcd"], "60 ms after the a"
    talk.end()
    assert pieces(house) == ["abcd", "ef"]


def test_a_piece_waits_from_its_first_word_not_from_the_last_piece(house, speech, watch):
    talk = speech(watch)
    talk.feed("a" * MAX_PIECE)
    watch.seconds += 60
    talk.feed("b")

    assert pieces(house) == ["a" * MAX_PIECE]


def test_the_start_is_written_with_the_first_piece(house, speech, watch):
    talk = speech(watch)
    talk.feed("W")
    before = house.types()
    watch.seconds += MAX_WAIT
    talk.feed("e")

    assert before == []
    assert house.types() == ["TEXT_MESSAGE_START", "TEXT_MESSAGE_CONTENT"]


@pytest.mark.parametrize(("debug", "visibility"), [(True, "debug"), (False, "user")])
def test_working_words_are_kept_apart_from_what_a_person_sees(house, speech, debug, visibility):
    talk = speech(debug=debug)
    talk.feed("hm")
    talk.end()

    assert {event.visibility for event in house.store.journal.read()} == {visibility}


def test_the_first_words_of_an_eager_speaker_are_there_at_once(house, speech):
    talk = speech(eager=True)
    talk.feed("We ")
    at_once = house.types(), pieces(house)
    talk.feed("are ")
    talk.feed("open.")
    talk.end()

    assert at_once == (["TEXT_MESSAGE_START", "TEXT_MESSAGE_CONTENT"], ["We "])
    assert pieces(house) == ["We ", "are open."]
