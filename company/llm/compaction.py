"""Makes a conversation smaller when it does not fit into a model's context.

It works on plain messages (company/graph/messages.py). What is cut, in this order, and no further than needed:

1. results of tools before the last two exchanges, the largest first: the value becomes its own beginning as text, with
   a note of how much was cut;
2. turns of the conversation before the present one, the oldest first, but not the last two;
3. results of tools in the last two exchanges, first to a page, then to a few lines.

Never cut: standing instructions, the message that opens the present turn and what came after it, calls a model made,
and that a call had a result, with its status and receipt. A step that was forgotten might be taken twice. Memories are
part of the opening message and stay; how many there are is a setting.

Cut results are for real models. The autopilot finds its place by whole results, so a fall-back to it takes the
conversation as it was before.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

Json = dict[str, Any]

KEPT_TURNS = 2
"""Last exchanges that are cut only when nothing else is left to cut."""
FEW_LINES, PAGE = 400, 3_000
"""Characters that are kept of a result."""

_MESSAGE, _CALL = 6, 12
_EASY = re.compile(r"[A-Za-z\s]+")


@dataclass(frozen=True, slots=True)
class Compacted:
    """A smaller conversation.

    Attributes:
        messages: The conversation.
        before: Tokens it had, by `estimate_tokens`.
        after: Tokens it has; may still be above the limit when nothing more can be cut.
        what: What was cut, a line each.
    """

    messages: list[Json]
    before: int
    after: int
    what: tuple[str, ...]


def compact(messages: Sequence[Json], *, limit_tokens: int) -> Compacted | None:
    """Cut a conversation down to a number of tokens, or as near to it as may be.

    A provider that reports an overflow has counted for itself: give it a limit well below the present estimate.

    Args:
        messages: The conversation; it is not changed.
        limit_tokens: Tokens it may have, by `estimate_tokens`, tools not counted.

    Returns:
        The smaller conversation; None when it fits already or nothing can be cut.
    """
    work = _Work(messages, limit_tokens)
    recent = _recent(messages)
    work.shorten([n for n in work.results() if n < recent], FEW_LINES)
    work.drop(_earlier_turns(messages))
    work.shorten([n for n in work.results() if n >= recent], PAGE)
    work.shorten([n for n in work.results() if n >= recent], FEW_LINES)
    return work.result() if work.what else None


def estimate_tokens(messages: Sequence[Json], tools: Sequence[Mapping[str, Any]] = ()) -> int:
    """Return tokens of a prompt, estimated from above.

    Args:
        messages: Plain messages; data in `extra` is not sent and not counted.
        tools: Tools that are offered: `{"name", "description", "parameters"}`.
    """
    offered = sum(_CALL + estimate_text(json.dumps(tool, ensure_ascii=False)) for tool in tools)
    return offered + sum(_size(message) for message in messages)


def estimate_text(text: str) -> int:
    """Return tokens of a text, estimated from above for the tokenizers in use.

    Three letters or blanks are a token, two digits or signs, two bytes of anything that is not ASCII.
    """
    rest = _EASY.sub("", text)
    dense = len(rest.encode("utf-8", "surrogatepass"))
    return -(-(len(text) - len(rest)) // 3) + -(-dense // 2)


class _Work:
    """A conversation that is being cut; messages are replaced, never changed."""

    def __init__(self, messages: Sequence[Json], limit: int) -> None:
        self._messages: dict[int, Json] = dict(enumerate(messages))
        self._sizes = {number: _size(message) for number, message in self._messages.items()}
        self._before, self._limit = sum(self._sizes.values()), limit
        self.what: list[str] = []

    def results(self) -> list[int]:
        """Return the numbers of tool messages, the largest first, the oldest first among equals."""
        found = (n for n, message in self._messages.items() if message["type"] == "tool")
        return sorted(found, key=lambda n: (-self._sizes[n], n))

    def shorten(self, numbers: Sequence[int], kept: int) -> None:
        for number in numbers:
            if self._fits():
                return
            old = self._messages[number]
            new = {**old, "content": _shortened(old["content"], kept)}
            if _size(new) < self._sizes[number]:
                lengths = f"from {len(old['content']):,} to {len(new['content']):,} characters"
                self.what.append(f"result of {old.get('name') or old['call_id']} cut {lengths}")
                self._messages[number], self._sizes[number] = new, _size(new)

    def drop(self, turns: Sequence[range]) -> None:
        dropped = 0
        for turn in turns:
            if self._fits():
                break
            for number in turn:
                del self._messages[number], self._sizes[number]
            dropped += 1
        if dropped:
            self.what.append(f"{dropped} earlier turn{'s' * (dropped > 1)} of the conversation left out")

    def result(self) -> Compacted:
        return Compacted(list(self._messages.values()), self._before, sum(self._sizes.values()), tuple(self.what))

    def _fits(self) -> bool:
        return sum(self._sizes.values()) <= self._limit


def _size(message: Json) -> int:
    calls = (_CALL + estimate_text(json.dumps(call, ensure_ascii=False)) for call in message.get("calls") or ())
    return _MESSAGE + estimate_text(message["content"]) + sum(calls)


def _shortened(content: str, kept: int) -> str:
    """Cut the value and the error of a tool message; all else of it, and its being JSON, stays."""
    result = json.loads(content)
    cut = {name: _beginning(result[name], kept) for name in ("value", "error") if result.get(name) is not None}
    if all(result[name] is value for name, value in cut.items()):
        return content
    return json.dumps({**result, **cut}, ensure_ascii=False, separators=(",", ":"))


def _beginning(value: Any, kept: int) -> Any:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    if len(text) <= kept:
        return value
    return f"{text[:kept]} … [{len(text) - kept:,} of {len(text):,} characters were cut to fit your context]"


def _recent(messages: Sequence[Json]) -> int:
    """Return where the last two exchanges begin: a model's calls with their results, or what it said."""
    spoken = [number for number, message in enumerate(messages) if message["type"] == "ai"]
    return spoken[-KEPT_TURNS] if len(spoken) >= KEPT_TURNS else 0


def _earlier_turns(messages: Sequence[Json]) -> list[range]:
    """Return the turns before the present one that may go, the oldest first."""
    starts = [number for number, message in enumerate(messages) if message["type"] == "human"]
    present = next((n for n in reversed(starts) if _opens(messages[n])), 0)
    earlier = [number for number in starts if number < present]
    turns = [range(start, end) for start, end in pairwise([*earlier, present])]
    return [turn for turn in turns[:-KEPT_TURNS] if not any(messages[n]["type"] == "system" for n in turn)]


def _opens(message: Json) -> bool:
    """Tell whether a human message opens a turn, as company/llm/talk.py does."""
    extra = message.get("extra") or {}
    return "brief" in extra or "assignment" in extra or not ("reports" in extra or "note" in extra)
