"""The scripted model behind the companies of these tests: each test plays a part of its own, told apart by a word."""

import itertools
import re
from collections.abc import Callable, Sequence
from dataclasses import replace

from tests.wire import Asked, Fault, Reply, ToolUse
from tests.wire.reading import outcomes, reports
from tests.wire.scripts import default_company

_WORD = re.compile(r"scene\d+x")

Part = Callable[[Asked], Reply | Fault]


class Mind:
    """Follows the part whose word stands last in what it is asked; without one, thinks as the default company does.

    Attributes:
        pause: Seconds that it takes to think as the default company does.
    """

    def __init__(self) -> None:
        self._parts: dict[str, Part] = {}
        self._numbers = itertools.count(1)
        self.pause = 0.0

    def __call__(self, asked: Asked) -> Reply | Fault:
        said = " ".join(message["text"] for message in asked.messages)
        words = _WORD.findall(said)
        return self._parts[words[-1]](asked) if words else replace(default_company(asked), delay=self.pause)

    def play(self, part: Part) -> str:
        """Take up a part; return what to say for it."""
        word = f"scene{next(self._numbers):03}x"
        self._parts[word] = part
        return f"Please play {word} for us"


def saying(reply: Reply) -> Part:
    """Let the CEO answer at once."""
    return lambda asked: reply


def delegating(roles: Sequence[str], work: Part, answer: Callable[[list[dict]], Reply]) -> Part:
    """Let the CEO hand the request to roles, and answer from what they report.

    Args:
        roles: Who gets it; the task says `part 1` to the first, and so on.
        work: What a role does.
        answer: What the CEO makes of the reports.
    """

    def _part(asked: Asked) -> Reply | Fault:
        if "# Your team" not in asked.system:
            return work(asked)
        if said := reports(asked):
            return answer(said)
        word = _WORD.findall(" ".join(message["text"] for message in asked.messages))[-1]
        plan = [
            {"role": role, "task": f"Do part {number} of {word}.", "expects": "What you found."}
            for number, role in enumerate(roles, 1)
        ]
        return Reply(calls=(ToolUse("delegate", {"assignments": plan, "note": "Who fits."}),))

    return _part


def calling(use: ToolUse, report: Reply) -> Part:
    """Let a role make one tool call, then report."""
    return lambda asked: report if outcomes(asked) else Reply(calls=(use,))


def prose(words: int) -> str:
    """Return markdown of about so many words: paragraphs, a list, a table and code among them."""
    blocks: list[str] = []
    number = 0
    while len(" ".join(blocks).split()) < words:
        number += 1
        blocks += [
            f"## Part {number}",
            f"Paragraph {number} says **what happened**, why it happened, and what to `do` about it next week.",
            f"- first of {number}\n- second of {number}\n- third of {number}",
            f"| name | value |\n| --- | ---: |\n| row {number} | {number * 7} |",
            f"```python\nanswer = {number}\n```",
        ]
    return "\n\n".join(blocks)
