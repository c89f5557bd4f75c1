"""The decisions of a run, numbered: each answer of a model and each call of a tool, in the order in which they came."""

from collections import defaultdict, deque
from collections.abc import Iterator
from dataclasses import dataclass

from company.engine.replay.reel import Reel
from company.events import Json
from company.governor import tape
from company.governor.taped import CASE, place_of
from company.store import Recording

_WORDS = 80
"""Characters of an answer that name it."""


@dataclass(frozen=True, slots=True)
class Step:
    """One decision.

    Attributes:
        number: Its number, from 1.
        agent: Path of who decided, or wanted the call.
        kind: `thought` or `call`.
        what: What it was, in a few words.
    """

    number: int
    agent: str
    kind: str
    what: str


def steps(reel: Reel) -> list[Step]:
    """Return the decisions of a run."""
    return [Step(number, *parts) for number, parts in enumerate(_decisions(reel), start=1)]


def is_step(row: Recording) -> bool:
    """Tell whether a row of a recording is a decision."""
    return row.kind in {tape.THOUGHT, CASE}


def _decisions(reel: Reel) -> Iterator[tuple[str, str, str]]:
    verdicts: defaultdict[tuple[str, str], deque[Json]] = defaultdict(deque)
    for event in reel.events:
        if event.type == "verdict":
            value = event.body["value"]
            verdicts[event.agent, value["toolCallId"]].append(value)
    for row in filter(is_step, reel.given):
        if row.kind == tape.THOUGHT:
            yield row.data["path"], "thought", _said(row.data)
        else:
            place = place_of(row.key)
            yield place[0], "call", _judged(verdicts[place], place[1])


def _said(data: Json) -> str:
    if "error" in data:
        return f"no answer: {data['error']['type']}"
    calls = [call["tool"] for call in data["thought"]["calls"]]
    words = " ".join(data["thought"]["text"].split())
    return f"proposes {', '.join(calls)}" if calls else f"says {words[:_WORDS]!r}"


def _judged(verdicts: deque[Json], call_id: str) -> str:
    """Say what was decided about a call; one that is asked about is decided once more when a person answered."""
    if not verdicts:
        return call_id
    verdict = verdicts.popleft()
    return f"{verdict['tool']}: {verdict['decision']} by {verdict['rule']}"
