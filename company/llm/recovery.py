"""What is done about a fault: a table, and nothing else.

`decide` is pure: it waits for nothing, asks nobody and keeps no state. The loop that carries it out is the governor's
(company/governor/thinking.py).

Decisions:
- Waits grow from one second by doubling, with full jitter (a random part of it, so that many roles do not come back at
  the same moment). A provider that names a time is taken at its word; if it is longer than a minute, another model is
  asked instead.
- An overflow is never waited for. The conversation is made smaller once, then another model is asked.
- A refusal is the provider's judgement of the content. It is not asked again, and no other model is asked either: a
  chain of models that is walked until one complies is a way around every safety rule in it, and the text that caused
  the refusal may be a stranger's. The person sees the refusal and decides.
- A cut answer that can be used is kept and marked before it gets here (company/governor/answer.py); paying for the same
  words twice helps nobody.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from random import Random

from company.llm.faults import Fault, Kind

FIRST_WAIT = 1.0
"""Seconds; the most that is waited before the second try."""
LONGEST_BACKOFF = 30.0
LONGEST_WAIT = 60.0
"""Seconds a provider may ask for before another model is asked instead."""
SHORTER = "Your last answer was cut off at its longest length. Answer again, in fewer words."


@dataclass(frozen=True, slots=True)
class Retry:
    """Ask the same model again.

    Attributes:
        wait: Seconds to wait first.
        reason: Why, for the person who watches.
        note: What to tell the model with it; empty for nothing.
    """

    wait: float
    reason: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Compact:
    """Make the conversation smaller (company/llm/compaction.py) and ask the same model at once."""

    reason: str


@dataclass(frozen=True, slots=True)
class Leave:
    """Ask this model no more; whether the next of its chain is asked is in the table.

    Attributes:
        reason: The fault and why it ends here, for the person who reads the answer.
    """

    reason: str


Decision = Retry | Compact | Leave


@dataclass(frozen=True, slots=True)
class Row:
    """What is done about one kind of fault.

    Attributes:
        tries: Times the same model is asked in all; None means the provider's `attempts`.
        moves_on: The next model of the chain is asked when the tries are used up.
        why: The reason in words.
    """

    tries: int | None
    moves_on: bool
    why: str


TABLE: Mapping[Kind, Row] = {
    "rate": Row(None, True, "a rate limit passes with time"),
    "busy": Row(None, True, "an overload passes with time"),
    "network": Row(None, True, "a connection often works the next time"),
    "silent": Row(None, True, "a call that hangs often works the next time"),
    "broken": Row(2, True, "a broken answer is rarely broken twice"),
    "empty": Row(2, True, "an empty answer is rarely empty twice"),
    "cut": Row(2, True, "an answer that breaks off may fit when it is shorter"),
    "overflow": Row(1, True, "waiting makes no prompt shorter"),
    "quota": Row(1, True, "waiting brings no credit"),
    "auth": Row(1, True, "the key will be refused again"),
    "unknown_model": Row(1, True, "the model will be missing again"),
    "rejected": Row(1, True, "the same request will be rejected again"),
    "unexplained": Row(1, True, "what nobody understands is not repeated"),
    "refused": Row(1, False, "a refusal is not taken to another model"),
}
"""By kind. An `overflow` is compacted once before its row counts."""


def decide(fault: Fault, *, attempt: int, attempts: int, rng: Random, compacted: bool = False) -> Decision:
    """Say what to do about a fault.

    Args:
        fault: What went wrong.
        attempt: How often this model was asked for this answer, from 1.
        attempts: Most times it may be asked, from the provider's settings.
        rng: Source of the jitter.
        compacted: The conversation was already made smaller, or cannot be.
    """
    row = TABLE[fault.kind]
    if fault.kind == "overflow" and not compacted:
        return Compact(f"{fault}; the conversation is made smaller")
    tries = min(attempts, attempts if row.tries is None else row.tries)
    if attempt < tries and (fault.retry_after or 0.0) <= LONGEST_WAIT:
        wait = _wait(fault.retry_after, attempt, rng)
        reason = f"{fault}; {row.why}: try {attempt + 1} of {tries} in {wait:.1f} s"
        return Retry(wait, reason, SHORTER if fault.kind == "cut" else "")
    return Leave(f"{fault}; {_why_left(fault, row, attempt)}")


def _why_left(fault: Fault, row: Row, attempt: int) -> str:
    """Say why the tries ended; a reason to try again is none to stop."""
    asked = fault.retry_after or 0.0
    if row.tries is None and asked > LONGEST_WAIT:
        return f"it asks to wait {asked:.0f} s"
    return row.why if row.tries == 1 else "it was tried once" if attempt == 1 else f"it was tried {attempt} times"


def _wait(retry_after: float | None, attempt: int, rng: Random) -> float:
    jitter = rng.uniform(0.0, min(FIRST_WAIT * 2.0 ** (attempt - 1), LONGEST_BACKOFF))
    return jitter if retry_after is None else retry_after + min(jitter, FIRST_WAIT)
