"""Lessons: what outcomes teach a role, counted, never guessed.

An outcome is compared with what was expected of it when it was begun; it came out as expected or it did not. The
outcomes of one situation together make one lesson, whose text is a function of the counts. One episode is an anecdote,
so a lesson waits as a proposal until a second one supports it or a person approves it.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

SUPPORT: Final = 2
"""Episodes that make a lesson one to follow."""

NAMED: Final = 8
"""Newest episodes that a lesson names; more are counted."""


@dataclass(frozen=True, slots=True)
class Rule:
    """A situation that comes again, and what follows from how it went.

    Attributes:
        role: Whose lesson it is.
        subject: What it is about.
        topic: Which of its properties; with the subject it is the key of the lesson.
        when: The situation, in the words of a condition.
        held: What to do when things mostly come out as expected.
        failed: What to do when they mostly do not.
    """

    role: str
    subject: str
    topic: str
    when: str
    held: str
    failed: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of something.

    Attributes:
        id: Where it is on record: `trade T12`, `post D3`, `alert S5`.
        rule: The situation it is an instance of.
        text: What was expected and what came, in one sentence with the figures.
        good: It came out as expected.
        sources: The documents of strangers that whoever began it had read.
    """

    id: str
    rule: Rule
    text: str
    good: bool
    sources: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Lesson:
    """What the outcomes of a situation teach.

    Attributes:
        rule: The situation.
        text: The lesson: when X do Y, with counts and evidence.
        value: Verdict and counts; another count is another value.
        supported: Enough episodes speak for it.
        evidence: Ids of its outcomes, the newest last.
        sources: The documents of strangers behind them.
    """

    rule: Rule
    text: str
    value: str
    supported: bool
    evidence: tuple[str, ...]
    sources: tuple[str, ...]


def lessons_of(outcomes: Iterable[Outcome]) -> list[Lesson]:
    """Return one lesson for each situation, in the order in which the situations first appear.

    Args:
        outcomes: All that are known, the oldest first; the same id counts once.
    """
    groups: defaultdict[Rule, dict[str, Outcome]] = defaultdict(dict)
    for outcome in outcomes:
        groups[outcome.rule].setdefault(outcome.id, outcome)
    return [_lesson(rule, list(found.values())) for rule, found in groups.items()]


def _lesson(rule: Rule, outcomes: list[Outcome]) -> Lesson:
    good = sum(outcome.good for outcome in outcomes)
    bad = len(outcomes) - good
    verdict, advice = "open", "it goes both ways, so decide each case by its own figures"
    if good != bad:
        verdict, advice = ("holds", rule.held) if good > bad else ("fails", rule.failed)
    evidence = tuple(outcome.id for outcome in outcomes)
    earlier = len(evidence) - NAMED
    named = ", ".join(evidence[-NAMED:]) + (f" and {earlier} before" if earlier > 0 else "")
    return Lesson(
        rule=rule,
        text=f"When {rule.when}: {advice}. As expected {good} of {len(outcomes)} times ({named}).",
        value=f"{verdict} {good}/{len(outcomes)}",
        supported=max(good, bad) >= SUPPORT,
        evidence=evidence,
        sources=tuple(dict.fromkeys(source for outcome in outcomes for source in outcome.sources)),
    )
