"""Words of a message are printed as they come, and nothing in them steers the terminal."""

from datetime import UTC, datetime
from typing import Any

import pytest

from company import events
from company.cli.lines import Lines
from company.events import Event


class Screen:
    """What a terminal would hold."""

    def __init__(self) -> None:
        self.text = ""
        self.lines = Lines(out=lambda line: self._add(f"{line}\n"), piece=self._add)

    def show(self, body: dict[str, Any], *, agent: str = "ceo", visibility: Any = "user") -> None:
        at = datetime(2026, 1, 1, tzinfo=UTC)
        self.lines.show(Event(1, at, "R1", "", agent, visibility, body, "", ""))

    def _add(self, text: str) -> None:
        self.text += text


@pytest.fixture
def screen() -> Screen:
    return Screen()


def test_the_words_of_a_message_are_printed_piece_by_piece(screen: Screen) -> None:
    screen.show(events.text_delta("m1", "We are "))
    assert screen.text == "  │  We are "

    screen.show(events.text_delta("m1", "fine.\nAll of us."))
    screen.show(events.text_end("m1"))
    assert screen.text == "  │  We are fine.\n  │  All of us.\n"


def test_a_line_that_comes_in_between_does_not_run_into_the_words(screen: Screen) -> None:
    screen.show(events.text_delta("m1", "We are "))
    screen.show(events.custom("run.stopped", {"reason": "ann"}), agent="ceo")
    screen.show(events.text_delta("m1", "fine."))

    assert [line.strip() for line in screen.text.split("\n")] == ["│  We are", "ceo         stopped by ann", "│  fine."]


def test_working_words_of_a_role_are_not_printed(screen: Screen) -> None:
    screen.show(events.text_delta("m1", "hm"), agent="ceo/trading", visibility="debug")

    assert screen.text == ""


def test_words_that_came_to_nothing_are_taken_back(screen: Screen) -> None:
    screen.show(events.text_delta("m1", "We are"))
    screen.show(events.text_end("m1"))
    screen.show(events.custom("message.withdrawn", {"messageId": "m1", "reason": "openai broke off"}))

    assert "never mind the words above: openai broke off" in screen.text


@pytest.mark.parametrize("steering", ["\x1b[2J", "\x1b]0;title\x07", "\x9b31m", "\r", "\x08"])
def test_control_characters_do_not_reach_the_terminal(screen: Screen, steering: str) -> None:
    screen.show(events.text_delta("m1", f"calm{steering}text"))
    screen.show(events.custom("run.stopped", {"reason": f"ann{steering}"}))

    assert not set(steering) & set("\x1b\x07\x9b\r\x08") & set(screen.text)
