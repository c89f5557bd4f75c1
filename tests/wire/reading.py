"""What a scripted mind understands of a prompt: who it is, who works for it, what came back."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from tests.wire.script import Asked

_TEAM = re.compile(r"^- `([\w-]+)`, ", re.MULTILINE)
_TITLE = re.compile(r"^# Who you are: (.+)$", re.MULTILINE)
_FIGURE = re.compile(r"-?\d+(?:[.,]\d+)*")
_REPORTS = "# Reports\n"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a tool call came to, as its message tells."""

    tool: str
    content: str

    @property
    def fields(self) -> dict[str, Any]:
        """The message as an object, fractions exact; empty when it is none."""
        try:
            value = json.loads(self.content, parse_float=Decimal)
        except ValueError:
            return {}
        return value if isinstance(value, dict) else {}

    @property
    def ok(self) -> bool:
        """The call succeeded."""
        return self.fields.get("status") == "ok"

    @property
    def value(self) -> Any:
        """What it returned; None when it did not succeed."""
        return self.fields.get("value") if self.ok else None


def title(asked: Asked) -> str:
    """Return the title of the role that is asked; empty when the prompt names none."""
    found = _TITLE.search(asked.system)
    return found[1].strip() if found else ""


def team(asked: Asked) -> list[str]:
    """Return the ids of the roles the CEO can delegate to, in the order of its prompt."""
    _, _, rest = asked.system.partition("# Your team\n")
    return _TEAM.findall(re.split(r"^# ", rest, maxsplit=1, flags=re.MULTILINE)[0])


def request(asked: Asked) -> str:
    """Return what the last turn asks for; what is said with it later, such as reports, left out."""
    said = [message["text"] for message in asked.messages if message["role"] == "user"]
    asking = [text.partition(_REPORTS)[0].strip() for text in said]
    return next((text for text in reversed(asking) if text), "")


def reports(asked: Asked) -> list[dict[str, Any]]:
    """Return the reports the CEO was given in this turn."""
    said = [message["text"] for message in asked.messages[-2:] if _REPORTS in message["text"]]
    return list(_objects(said[-1].partition(_REPORTS)[2])) if said else []


def outcomes(asked: Asked) -> list[Outcome]:
    """Return what the calls of the conversation came to, in order."""
    names: dict[str, str] = {}
    waiting: list[str] = []
    found = []
    for message in asked.messages:
        for call in message["calls"]:
            names |= {call["id"]: call["name"]} if call["id"] else {}
            waiting.append(call["name"])
        if message["role"] == "tool":  # Ollama is sent no ids of calls: results come in the order of the calls
            in_order = waiting.pop(0) if waiting else ""
            found.append(Outcome(names.get(message["call_id"], in_order), message["text"]))
    return found


def first_figure(text: str) -> str:
    """Return the first number in a text as it stands there; "nothing" when there is none."""
    found = _FIGURE.search(text)
    return found[0] if found else "nothing"


def _objects(text: str) -> Iterator[dict[str, Any]]:
    """Yield the JSON objects of a text: in a list, or each on a line."""
    decoder, at = json.JSONDecoder(), 0
    while (found := re.compile(r"[\[{]").search(text, at)) is not None:
        try:
            value, at = decoder.raw_decode(text, found.start())
        except ValueError:
            at = found.end()
            continue
        yield from (item for item in (value if isinstance(value, list) else [value]) if isinstance(item, dict))
