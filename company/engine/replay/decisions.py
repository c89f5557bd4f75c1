"""What a run decided, one line a decision, so that two runs can be laid side by side."""

import json
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import zip_longest

from company.events import Event, Json

CHIEF = "ceo"

EFFECTS = frozenset(
    {
        "order.cancelled",
        "order.placed",
        "post.published",
        "post.scheduled",
        "source.blocked",
        "trade.filled",
    }
)
"""Events that tell of what was done."""

_TOLD = ("side", "quantity", "symbol", "venue", "channel", "address")
"""What is told of it; ids and times are other ones in every run."""


@dataclass(frozen=True, slots=True)
class Row:
    """One decision of the original beside one of the fork; empty where there is none.

    Attributes:
        agent: Path of who decided.
        then: What the original decided.
        now: What the fork decided.
    """

    agent: str
    then: str
    now: str


def side_by_side(then: Sequence[Event], now: Sequence[Event], names: Mapping[str, str]) -> list[Row]:
    """Return the decisions of two runs agent by agent, like beside like.

    Args:
        then: Events of the original.
        now: Events of the fork.
        names: What the original calls the things that have another id in the fork.
    """
    old, new = _by_agent(then), _by_agent(now)
    renamed = {agent: [_renamed(line, names) for line in lines] for agent, lines in new.items()}
    agents = dict.fromkeys([*old, *new])
    return [row for agent in agents for row in _paired(agent, old[agent], renamed.get(agent, []))]


def _renamed(line: str, names: Mapping[str, str]) -> str:
    return re.sub(r"\bA\d+\b", lambda found: names.get(found[0], found[0]), line)


def _paired(agent: str, then: list[str], now: list[str]) -> list[Row]:
    rows: list[Row] = []
    for _, low, high, now_low, now_high in SequenceMatcher(None, then, now, autojunk=False).get_opcodes():
        pairs = zip_longest(then[low:high], now[now_low:now_high], fillvalue="")
        rows += [Row(agent, *pair) for pair in pairs]
    return rows


def _by_agent(events: Sequence[Event]) -> defaultdict[str, list[str]]:
    found: defaultdict[str, list[str]] = defaultdict(list)
    arguments: dict[tuple[str, str], Json] = {}
    for event in events:
        if event.type == "TOOL_CALL_ARGS":
            arguments[event.agent, event.body["toolCallId"]] = json.loads(event.body["delta"])
        elif event.type == "verdict":
            value = event.body["value"]
            found[event.agent].append(_judged(value, arguments[event.agent, value["toolCallId"]]))
        elif line := _line(event):
            found[event.agent].append(line)
    ends = [event.body["result"].get("answer", "") for event in events if event.type == "RUN_FINISHED"]
    found[CHIEF] += [f"answer: {answer}" for answer in ends[-1:] if answer]
    return found


def _judged(verdict: Json, arguments: Json) -> str:
    given = ", ".join(f"{name}={value}" for name, value in arguments.items())
    return f"{verdict['tool']}({given}): {verdict['decision']} by {verdict['rule']}"


def _line(event: Event) -> str:
    if event.type == "ACTIVITY_SNAPSHOT":
        return "plan: " + "; ".join(f"{step['role']}: {step['task']}" for step in event.body["content"]["steps"])
    if event.type in EFFECTS:
        value = event.body["value"]
        return f"{event.type}: {' '.join(str(value[name]) for name in _TOLD if name in value)}"
    return ""
