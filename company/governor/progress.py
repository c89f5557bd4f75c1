"""When a role goes in circles: pure functions over the last steps of its path.

A question is what was asked in canonical form, so that shuffled, restyled or renumbered arguments ask the same again,
and an answer is what came of it. A step is progress when an effect happened that this role did not make happen before
in this run, or when its path has not had this answer of this tool. Without progress in between, the same question may
get the same answer as often as `[progress] repeats` says; one effect may happen once more than that in a run, whatever
lies between. A tool that fails in one and the same way once more than that in a row is not called on, whatever it is
asked. And a role that only repeats itself may not use more of the run's budget than `[progress] share` says.

What a model proposes in one answer is one turn and counts once: it has not seen what came of it. Different questions
never trip, however often they find nothing. For a read, numbers among the arguments and bare counters in free text make
no other question, because a counter is what a model varies when it asks again; for an effect they do, because ten
pieces are not one. A loop over more steps than are compared (`store.steps.WINDOW`) is not seen; budgets end it.
"""

import hashlib
import json
import re
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, DecimalException
from typing import Any

from company.governor.verdict import Outcome
from company.store import Step

DELEGATE = "delegate"
"""Action of the chief's steps: work that was given to a role, and its report."""

FAILED = frozenset({"denied", "failed", "retryable", "unknown"})

_TIME = re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+(?:Z|[+-]\d\d:?\d\d)?")
_COUNTER = re.compile(r"\d{1,3}")
_MARKS = ".,;:!?#()[]\"'"
_LONGEST_NUMBER = 28
"""Digits up to which a decimal is exact by default."""


@dataclass(frozen=True, slots=True)
class Circle:
    """A role was found going in circles.

    Attributes:
        rule: Id of the rule, such as `progress.repeated`.
        reason: What it did, in words for a person.
        steps: How many steps the finding rests on.
    """

    rule: str
    reason: str
    steps: int


def question(arguments: Mapping[str, Any], *, exact: bool) -> str:
    """Return the hash of what was asked.

    Args:
        arguments: As the model wrote them.
        exact: Numbers make another question, as they do for an effect.
    """
    return _hash(_canonical(arguments, exact))


def answer(outcome: Outcome) -> str:
    """Return the hash of what a call came to: of a result what it says, times aside; of a refusal its kind."""
    if outcome.status == "ok":
        text = json.dumps(outcome.value, sort_keys=True, ensure_ascii=False)
        return _hash(["ok", _TIME.sub("#", text)])
    if outcome.rule == "grant.missing":  # a name that was made up is no other kind
        return _hash([outcome.status, outcome.rule])
    words = [word for word in outcome.error.casefold().split() if not any(sign.isdigit() for sign in word)]
    return _hash([outcome.status, outcome.rule, words])


def report_answer(report: Mapping[str, Any]) -> str:
    """Return the hash of what a role handed in: its figures and receipts, and what it says, restyled."""
    said = _text(report["summary"], exact=False)
    return _hash([report["status"], said, _canonical(report["figures"], exact=True), sorted(report["receipts"])])


def is_progress(step: Step, earlier: Sequence[Step], times: int) -> bool:
    """Tell whether a step brings something new.

    Args:
        step: The step.
        earlier: Those of its path before it.
        times: How often the role made the same effect happen before in this run.
    """
    if step.changed:
        return not times
    return not any(past.answer == step.answer and past.action == step.action for past in earlier)


def circle(steps: Sequence[Step], *, times: int, repeats: int) -> Circle | None:
    """Return why the role of a path is to be stopped, None when it may go on.

    Args:
        steps: Those of its path, the one that was just answered last.
        times: How often the role made the effect of the last step happen in this run, this time included.
        repeats: `[progress] repeats`.
    """
    return _undone(steps[-1], times, repeats) or _failing(steps, repeats) or _repeated(steps, repeats)


def spent_in_vain(steps: Sequence[Step], *, of_a_run: tuple[Decimal, int], share: Decimal) -> Circle | None:
    """Return why a role is to be stopped that spent too much since its last progress.

    Args:
        steps: Those of its path, the one that was just answered last.
        of_a_run: Dollars and tokens that a run may take.
        share: How much of them may be used without progress.
    """
    idle = _since_progress(steps)
    if _turns(idle) < 2 or len(idle) == len(steps):
        return None
    base, last = steps[-len(idle) - 1], steps[-1]
    usd, tokens = last.usd - base.usd, last.tokens - base.tokens
    if not (_over(usd, of_a_run[0] * share) or _over(tokens, of_a_run[1] * share)):
        return None
    reason = f"{usd.normalize():f} dollars and {tokens} tokens were spent in {len(idle)} steps that brought nothing new"
    return Circle("progress.velocity", reason, len(idle))


def _undone(step: Step, times: int, repeats: int) -> Circle | None:
    if not step.changed or times <= repeats:
        return None
    reason = f"{step.action} made the same change {times} times in one run, whatever was done in between"
    return Circle("progress.repeated", reason, times)


def _failing(steps: Sequence[Step], repeats: int) -> Circle | None:
    last = steps[-1]
    if last.status not in FAILED:
        return None
    same: list[Step] = []
    for step in (step for step in reversed(steps) if step.action == last.action):
        if step.status not in FAILED or step.answer != last.answer:
            break
        same.append(step)
    if _turns(same) <= repeats:
        return None
    reason = f"{last.action} ended with {last.status!r} in the same way {_turns(same)} times in a row"
    return Circle("progress.failing", reason, len(same))


def _repeated(steps: Sequence[Step], repeats: int) -> Circle | None:
    last = steps[-1]
    same = [step for step in _since_progress(steps) if _said(step) == _said(last)]
    if _turns(same) < repeats:
        return None
    if last.action == DELEGATE:
        reason = f"the same work was given out {len(same)} times and came back with the same report"
        return Circle("progress.delegation", reason, len(same))
    reason = f"{last.action} was asked the same {len(same)} times, had the same answer, and nothing else came of it"
    return Circle("progress.repeated", reason, len(same))


def _since_progress(steps: Sequence[Step]) -> Sequence[Step]:
    for place in range(len(steps), 0, -1):
        if steps[place - 1].progress:
            return steps[place:]
    return steps


def _said(step: Step) -> Hashable:
    return step.action, step.question, step.answer


def _turns(steps: Iterable[Step]) -> int:
    """Count the answers of the model that the steps come from; a step of which that is not known is one by itself."""
    return len({step.call_id if step.turn is None else step.turn for step in steps})


def _over(used: Decimal | int, allowed: Decimal) -> bool:
    return bool(allowed) and used > allowed


def _canonical(value: Any, exact: bool) -> Any:
    if isinstance(value, str):
        return _text(value, exact)
    if isinstance(value, Mapping):
        return {str(key): _canonical(part, exact) for key, part in value.items() if part is not None}
    if isinstance(value, list | tuple):
        parts = [_canonical(part, exact) for part in value]
        return parts if any(isinstance(part, dict | list) for part in parts) else sorted(parts, key=str)
    if value is None or isinstance(value, bool):
        return value
    return _number(str(value)) if exact else "#"


def _text(text: str, exact: bool) -> str:
    words = text.casefold().split()
    if len(words) == 1:
        return "#" if not exact and _TIME.fullmatch(text.strip()) else _number(words[0])
    words = [bare for word in words if (bare := word.strip(_MARKS)) and (exact or not _COUNTER.fullmatch(bare))]
    return " ".join(sorted(words))


def _number(text: str) -> str:
    """Return the one form of a number; what is none stays as it is."""
    try:
        return str(Decimal(text).normalize()) if len(text) <= _LONGEST_NUMBER else text
    except DecimalException:
        return text


def _hash(value: Any) -> str:
    text = json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]
