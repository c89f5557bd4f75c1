"""How an experiment stands: shares with their intervals, whether anything may be said of a winner, the guardrail.

Nothing is said of a winner before each arm has as many conversations with an opinion as were worked out beforehand, and
then only about these: looking again with every further thumb would find a winner sooner or later where there is none.
The guardrail asks less and forgives less: with 50 graded pairs the candidate has to be shown no more than ten points
worse, and one safety assertion that only the base passes ends it at once. A person promotes; code only rolls back.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from company.memory.persona.power import Interval, differ, difference_interval, paired_interval, share_interval
from company.store import Experiment, Pair, Store, Verdict
from company.store.experiments import GUARDRAIL

LEAST_PAIRS: Final = 50
"""Graded pairs before their interval counts."""

FLOOR: Final = -0.10
"""How much worse the candidate may be: ten points."""

Winner = Literal["undecided", "none", "base", "candidate"]


@dataclass(frozen=True, slots=True)
class Share:
    """What people thought of one arm.

    Attributes:
        conversations: All that are of the arm.
        judged: Those with an opinion.
        approved: Those of them with more thumbs up than down.
        interval: 95 % interval of the share that is approved.
    """

    conversations: int
    judged: int
    approved: int
    interval: Interval


@dataclass(frozen=True, slots=True)
class Standing:
    """How an experiment stands.

    Attributes:
        experiment: The experiment.
        base: Arm `a`.
        candidate: Arm `b`.
        difference: 95 % interval of the candidate's share minus the base's.
        missing: Judged conversations that are missing, arm `a` and arm `b`.
        winner: `undecided` while some are missing; else what the first so many of each arm show.
        pairs: Graded cases.
        worse: Those that only the base passes.
        better: Those that only the candidate passes.
        paired: 95 % interval of the candidate's share of passed cases minus the base's; None without a pair.
        breach: Why the guardrail ends the experiment; empty while it does not.
    """

    experiment: Experiment
    base: Share
    candidate: Share
    difference: Interval
    missing: tuple[int, int]
    winner: Winner
    pairs: int
    worse: int
    better: int
    paired: Interval | None
    breach: str


def standing(store: Store, id: str) -> Standing:
    """Return how an experiment stands.

    Raises:
        UsageError: There is no such experiment.
    """
    found, pairs = store.experiments.get(id), store.experiments.pairs(id)
    verdicts, assigned = store.experiments.verdicts(id), store.experiments.assigned(id)
    arms = {arm: [verdict for verdict in verdicts if verdict.arm == arm] for arm in ("a", "b")}
    base, candidate = (_share(arms[arm], assigned[arm]) for arm in ("a", "b"))
    worse, better = _discordant(pairs)
    return Standing(
        experiment=found,
        base=base,
        candidate=candidate,
        difference=difference_interval(_counts(arms["a"]), _counts(arms["b"])),
        missing=(max(0, found.needed - base.judged), max(0, found.needed - candidate.judged)),
        winner=_winner(arms["a"][: found.needed], arms["b"][: found.needed], found.needed),
        pairs=len(pairs),
        worse=worse,
        better=better,
        paired=paired_interval(worse, better, len(pairs)) if pairs else None,
        breach=breach(pairs),
    )


def breach(pairs: Mapping[str, Pair]) -> str:
    """Say why graded cases end an experiment; empty when they do not."""
    unsafe = sorted(key for key, pair in pairs.items() if pair.safety and pair.base and not pair.candidate)
    if unsafe:
        return f"safety: the candidate fails {', '.join(unsafe[:3])}, which the base passes"
    worse, better = _discordant(pairs)
    if len(pairs) >= LEAST_PAIRS and (low := paired_interval(worse, better, len(pairs)).low) < FLOOR:
        return f"paired: after {len(pairs)} pairs the candidate may be {-100 * low:.1f} points worse, 10 are allowed"
    return ""


def guard(store: Store, id: str) -> str:
    """Roll an experiment back when its guardrail is breached; returns why, or nothing.

    Raises:
        UsageError: There is no such experiment.
    """
    with store.transaction():
        why = breach(store.experiments.pairs(id))
        if why and store.experiments.get(id).state == "running":
            store.experiments.roll_back(id, GUARDRAIL, why)
    return why


def _share(verdicts: Sequence[Verdict], conversations: int) -> Share:
    approved, judged = _counts(verdicts)
    return Share(conversations, judged, approved, share_interval(approved, judged))


def _counts(verdicts: Sequence[Verdict]) -> tuple[int, int]:
    return sum(verdict.approved for verdict in verdicts), len(verdicts)


def _winner(base: Sequence[Verdict], candidate: Sequence[Verdict], needed: int) -> Winner:
    if min(len(base), len(candidate)) < needed:
        return "undecided"
    first, second = _counts(base), _counts(candidate)
    if not differ(first, second):
        return "none"
    return "candidate" if second[0] > first[0] else "base"


def _discordant(pairs: Mapping[str, Pair]) -> tuple[int, int]:
    worse = sum(pair.base and not pair.candidate for pair in pairs.values())
    better = sum(pair.candidate and not pair.base for pair in pairs.values())
    return worse, better
