"""Where a text uses the words by which tools' effects are claimed."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from company.governor.claims.sentences import Clause, Segment
from company.toolkit import Tool, Wording

_REACH = 8
"""Tokens between two words of a phrase, at most."""


@dataclass(frozen=True, slots=True)
class Spot:
    """Where a clause uses the words of tools.

    Attributes:
        clause: The clause.
        place: Number of the segment.
        start: Number of the first token of the words in it.
        end: Number of the last one.
        wordings: What is said by them, by tool.
    """

    clause: Clause
    place: int
    start: int
    end: int
    wordings: Mapping[str, tuple[Wording, ...]]

    @property
    def segment(self) -> Segment:
        """The segment they stand in."""
        return self.clause.segments[self.place]


class Phrases:
    """The words of tools, found by the first of them.

    Args:
        tools: Tools with an effect.
    """

    def __init__(self, tools: Iterable[Tool]) -> None:
        self._by_first: dict[str, list[tuple[str, Wording, tuple[str, ...]]]] = defaultdict(list)
        self.words: set[str] = set()
        for tool in tools:
            for wording in tool.claims:
                for phrase in wording.words:
                    first, *rest = phrase.split()
                    self.words |= {first, *rest}
                    for form in (first, f"{first}s") if rest else (first,):
                        self._by_first[form].append((tool.name, wording, tuple(rest)))

    def may_be_in(self, text: str) -> bool:
        """Tell whether it is worth to take a text apart: most reports of reads use no such word."""
        low = text.lower()
        return any(first in low for first in self._by_first)

    def spots(self, clause: Clause) -> Iterator[Spot]:
        """Yield where a clause uses the words of tools, each place once."""
        for place, segment in enumerate(clause.segments):
            found: dict[int, tuple[int, dict[str, tuple[Wording, ...]]]] = {}
            for start, end, tool, wording in self._uses(segment):
                first, by_tool = found.get(end, (start, {}))
                by_tool[tool] = (*by_tool.get(tool, ()), wording)
                found[end] = max(start, first), by_tool
            for end, (start, by_tool) in sorted(found.items()):
                yield Spot(clause, place, start, end, by_tool)

    def are_in(self, segment: Segment) -> bool:
        """Tell whether a segment uses the words of a tool."""
        return any(True for _ in self._uses(segment))

    def _uses(self, segment: Segment) -> Iterator[tuple[int, int, str, Wording]]:
        lows = [token.low for token in segment]
        for start, low in enumerate(lows):
            for tool, wording, rest in self._by_first.get(low, ()):
                if (end := _end(lows, start, rest)) is not None:
                    yield start, end, tool, wording


def _end(lows: Sequence[str], start: int, rest: Sequence[str]) -> int | None:
    """Return where a phrase ends whose first word stands at `start`; nouns may be in the plural."""
    end = start
    for word in rest:
        reach = range(end + 1, min(end + 2 + _REACH, len(lows)))
        found = next((number for number in reach if lows[number] in (word, f"{word}s")), None)
        if found is None:
            return None
        end = found
    return end
