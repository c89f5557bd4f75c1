"""Holds what a text claims to the receipts at hand."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any

from company.governor.claims.facts import Facts, Reader
from company.governor.claims.matching import mislabelled, objections
from company.governor.claims.phrases import Phrases, Spot
from company.governor.claims.receipts import Receipt, values_of
from company.governor.claims.sentences import Segment, clauses
from company.governor.claims.stance import is_flat
from company.toolkit import Tool, Wording

_CLIPPED = 120


@dataclass(frozen=True, slots=True)
class Claim:
    """Something a text says was done.

    Attributes:
        said: The sentence.
        tools: The tools that could have done it.
        receipt: What proves it; empty when nothing does.
        missing: What is missing to prove it, in words; empty when it is proven.
    """

    said: str
    tools: tuple[str, ...]
    receipt: str = ""
    missing: str = ""

    def __str__(self) -> str:
        return f"says “{self.said}”; {self.missing or self.receipt}"


@dataclass(frozen=True, slots=True)
class Grounds:
    """What claims are held to.

    Attributes:
        receipts: Effects that happened.
        reads: What was read, by tool: a read that names an id proves what it says of it.
        names: Assets by their other names, lower case.
        strangers: Names in strangers' documents, lower case: what they did is no claim of ours.
    """

    receipts: Sequence[Receipt] = ()
    reads: Sequence[tuple[str, Any]] = ()
    names: Mapping[str, str] = field(default_factory=dict)
    strangers: Collection[str] = ()


def check(text: str, tools: Iterable[Tool], grounds: Grounds) -> tuple[Claim, ...]:
    """Return what a text claims of the tools' effects, each with its receipt or with what is missing.

    An effect of a tool that declares no words may be what any words mean, if its result bears them out.

    Args:
        text: A report or an answer.
        tools: All tools of the company; those without an effect claim nothing.
        grounds: What proves or disproves it.
    """
    known = {tool.name: tool for tool in tools if tool.claims}
    phrases = _phrases(*known.values())
    if not phrases.may_be_in(text):
        return ()
    grounds = replace(grounds, strangers=frozenset(grounds.strangers) - phrases.words)
    names = {**{asset.lower(): asset for receipt in grounds.receipts for asset in receipt.assets}, **grounds.names}
    judge = _Judge(known, phrases, grounds, Reader(names))
    found = (judge.claim(spot) for clause in clauses(text) for spot in phrases.spots(clause))
    return tuple(dict.fromkeys(filter(None, found)))


@lru_cache(maxsize=16)
def _phrases(*tools: Tool) -> Phrases:
    return Phrases(tools)


def speaks_of(text: str, tool: Tool) -> bool:
    """Tell whether a text mentions a tool's effect at all, if only to say that it did not happen."""
    phrases = _phrases(tool)
    return any(phrases.are_in(segment) for clause in clauses(text) for segment in clause.segments)


class _Judge:
    def __init__(self, tools: Mapping[str, Tool], phrases: Phrases, grounds: Grounds, reader: Reader) -> None:
        self._tools, self._phrases, self._grounds, self._reader = tools, phrases, grounds, reader
        self._known_choices: dict[str, dict[str, frozenset[str]]] = {}

    def claim(self, spot: Spot) -> Claim | None:
        """Return what is claimed at one place; None when nothing is, or when it is not said flatly."""
        facts = self._reader.facts(spot.segment, spot.start, spot.end)
        if facts.is_zero or not is_flat(spot.clause, spot.place, spot.start, spot.end, self._grounds.strangers):
            return None
        said, tools = _clipped(spot.clause.sentence), tuple(spot.wordings)
        missing: list[str] = []
        for tool, wordings in spot.wordings.items():
            proof, problem = self._proof(spot, tool, wordings, facts)
            if proof:
                return Claim(said, tools, receipt=proof)
            missing.append(problem)
        near = [problem for problem in missing if not problem.startswith("there is no")]
        return Claim(said, tools, missing=(near or missing)[0])

    def _proof(self, spot: Spot, tool: str, wordings: Sequence[Wording], facts: Facts) -> tuple[str, str]:
        """Return what proves a claim of one tool, else what is missing."""
        receipts = [receipt for receipt in self._grounds.receipts if receipt.tool == tool]
        unworded = [receipt for receipt in self._grounds.receipts if receipt.tool not in self._tools]
        for proofs in (receipts, unworded, self._read(tool, facts.ids)):
            if not self._problem(spot, tool, wordings, facts, proofs):
                return str(_nearest(facts, proofs, _amount(wordings))), ""
        return "", self._problem(spot, tool, wordings, facts, receipts)

    def _problem(
        self, spot: Spot, tool: str, wordings: Sequence[Wording], facts: Facts, receipts: Sequence[Receipt]
    ) -> str:
        """Return why these receipts do not bear a claim out; empty when they do."""
        if not receipts:
            return f"there is no receipt of {tool}"
        fitting = [receipt for receipt in receipts if not _unshown(receipt, wordings)]
        if not fitting:
            return f"the {receipts[-1]} has {'; '.join(_unshown(receipts[-1], wordings))}"
        amount = _amount(wordings)
        if facts.amount is not None and (facts.counted or not amount) and _exceeds(facts, len(fitting)):
            return f"there {_counted(len(fitting))} of {tool}, not {facts.amount.text}"
        pinned = {name for wording in wordings for name in wording.shows}
        choices = {name: words for name, words in self._choices(tool).items() if name not in pinned}
        parts = [(facts, spot.segment), *self._continued(spot)]
        problems = [self._against(part, segment, amount, fitting, choices) for part, segment in parts]
        problems += [f"the {fitting[-1]} {problem}" for problem in mislabelled(spot.clause, fitting)]
        return next(filter(None, problems), "")

    def _against(
        self,
        facts: Facts,
        said: Segment,
        amount: str,
        receipts: Sequence[Receipt],
        choices: Mapping[str, frozenset[str]],
    ) -> str:
        """Return why neither one receipt nor all of an asset together bear facts out; empty when they do."""
        groups = [[receipt] for receipt in receipts]
        same = [receipt for receipt in receipts if not facts.asset or facts.asset in receipt.assets]
        groups += [same] if len(same) > 1 else []
        every = [
            (group, [*objections(facts, group, amount, said), *_other_choices(group, said, choices)])
            for group in groups
        ]
        nearest, problems = min(every, key=lambda each: len(each[1]))
        return f"the {' and the '.join(map(str, nearest))} {' and '.join(problems)}" if problems else ""

    def _choices(self, tool: str) -> dict[str, frozenset[str]]:
        if tool not in self._known_choices:  # a schema takes a millisecond to make
            self._known_choices[tool] = _choices(self._tools[tool])
        return self._known_choices[tool]

    def _continued(self, spot: Spot) -> Iterator[tuple[Facts, Segment]]:
        """Yield the rest of a list: "bought 0.02 BTC, 3 SOL and 1 ETH"."""
        for segment in spot.clause.segments[spot.place + 1 :]:
            facts = self._reader.continued(segment)
            if facts is None or self._phrases.are_in(segment):
                return
            yield facts, segment

    def _read(self, tool: str, ids: Sequence[str]) -> list[Receipt]:
        """Return what reads say of the things a claim names by their ids, if they say all that a receipt would.

        So an order that was read proves that it filled; the review of a draft does not prove that it was published.
        """
        fields = self._tools[tool].result_schema.get("properties", {}).keys() if ids else set()
        reads = self._grounds.reads if fields else ()
        found = ((name, value) for wanted in ids for name, data in reads for value in values_of(data, wanted))
        return [Receipt(name, "", value) for name, value in found if value.keys() >= fields]


def _amount(wordings: Sequence[Wording]) -> str:
    return next((wording.amount for wording in wordings if wording.amount), "")


def _nearest(facts: Facts, receipts: Sequence[Receipt], amount: str) -> Receipt:
    """Return the receipt that bears facts out by itself, else the first of those that do so together."""
    return min(receipts, key=lambda receipt: len(objections(facts, [receipt], amount, ())))


def _unshown(receipt: Receipt, wordings: Sequence[Wording]) -> list[str]:
    wanted = [(name, value) for wording in wordings for name, value in wording.shows.items()]
    return list(dict.fromkeys(receipt.tells(name) for name, value in wanted if not receipt.shows(name, value)))


def _exceeds(facts: Facts, receipts: int) -> bool:
    return (
        facts.amount is not None and facts.amount.value % 1 == 0 and not facts.asset and facts.amount.value > receipts
    )


def _counted(receipts: int) -> str:
    return "is 1 receipt" if receipts == 1 else f"are {receipts} receipts"


def _other_choices(group: Sequence[Receipt], said: Segment, choices: Mapping[str, frozenset[str]]) -> list[str]:
    """Return fields that hold one of a few words when another one is said: "the sell order was filled" of a buy."""
    lows = {token.low for token in said}
    return [
        f"has {receipt.tells(name)}"
        for name, words in choices.items()
        for receipt in group
        if name in receipt.fields and lows & words and str(receipt.fields[name]).lower() not in lows
    ]


def _choices(tool: Tool) -> dict[str, frozenset[str]]:
    """Return the fields of a tool's result that hold one of a few words, with the words.

    Left out are those whose words are claims themselves, such as a status.
    """
    schema = tool.result_schema
    spoken = {word for wording in tool.claims for word in wording.words}
    fields = {name: _definition(of, schema) for name, of in schema.get("properties", {}).items()}
    choices = {name: frozenset(str(word).lower() for word in of.get("enum", ())) for name, of in fields.items()}
    return {name: words for name, words in choices.items() if words and words.isdisjoint(spoken)}


def _definition(of: Mapping[str, Any], schema: Mapping[str, Any]) -> Mapping[str, Any]:
    found: Mapping[str, Any] = schema.get("$defs", {}).get(of.get("$ref", "").rpartition("/")[2], of)
    return found


def _clipped(text: str) -> str:
    return text if len(text) <= _CLIPPED else f"{text[: _CLIPPED - 1]}…"
