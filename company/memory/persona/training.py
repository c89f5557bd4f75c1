"""A provider's fine-tuning set of what a role said and people approved.

One line is one conversation in the form providers share: `{"messages": [{"role", "content"}, ...]}`, the persona as the
system message. Nothing is taken that nobody approved, and of what was approved everything is left out that must not be
learned: words of strangers, secrets, what was erased, what failed, what somebody refused. Each turn that is looked at
is either taken or counted under the first reason against it, so the counts add up.
"""

import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Final

from company.memory.screen import masked
from company.store import Lanes, Run, Store
from company.store.traces import MARK

LONGEST: Final = 32_000
"""Characters of one conversation, 8,000 tokens at four characters each: providers cut longer examples."""

MOST_TURNS: Final = 20
"""Turns of one conversation; what follows begins another."""

_ASIDE: Final = re.compile(r"(?:\n\n|\A)(?:\([^\n]*\)\n?)+\Z")
"""The note with which an answer says what stood in for what: it is the program's, not the role's."""


@dataclass(frozen=True, slots=True)
class Turn:
    """One thing a role was asked, and what it said.

    Attributes:
        run: The run it belongs to.
        asked: What it was asked.
        said: What it said.
        persona: Who it was then.
        strangers: Words of strangers were in what it read.
        failed: It did not end well.
    """

    run: Run
    asked: str
    said: str
    persona: str
    strangers: bool
    failed: bool


@dataclass(slots=True)
class Account:
    """What was looked at and what became of it.

    Attributes:
        role: The role.
        looked_at: Turns.
        taken: Turns that are in the set.
        conversations: Lines of the set.
        characters: Size of the texts.
        left_out: Turns by the first reason against them.
    """

    role: str
    looked_at: int = 0
    taken: int = 0
    conversations: int = 0
    characters: int = 0
    left_out: Counter[str] = field(default_factory=Counter)


class Training:
    """Makes fine-tuning sets.

    Args:
        store: The company's store.
        chief: Id of the role that people talk with.
        redact: Returns a text without the keys that the home knows.
    """

    def __init__(self, store: Store, *, chief: str, redact: Callable[[str], str]) -> None:
        self._store, self._chief, self._redact = store, chief, redact

    def lines(self, role: str) -> tuple[list[str], Account]:
        """Return the lines of a role's set, and the account of it.

        Raises:
            UsageError: There is no such role.
        """
        self._store.personas.stable(role)
        account, known = Account(role), set[str]()
        turns = self._of_chief() if role == self._chief else self._of_role(role)
        lines = [_line(talk) for talk in _conversations(self._judged(turns, account, known))]
        account.conversations, account.characters = len(lines), sum(map(len, lines))
        return lines, account

    def _judged(self, turns: Iterable[Turn], account: Account, known: set[str]) -> Iterator[Turn | None]:
        """Yield the turns that may be learned from, and None where one is left out."""
        for turn in turns:
            account.looked_at += 1
            reason = next(self._reasons(turn, known), "")
            account.left_out[reason] += bool(reason)
            account.taken += not reason
            yield None if reason else turn
        del account.left_out[""]

    def _reasons(self, turn: Turn, known: set[str]) -> Iterator[str]:
        """Yield what is against learning from a turn."""
        words = f"{turn.asked}\n{turn.said}"
        opinions = {opinion.verdict for opinion in self._store.feedback.of_run(turn.run.id)}
        digest = sha256(" ".join(words.casefold().split()).encode()).hexdigest()
        checks = {
            "a person refused it": "down" in opinions or self._was_rejected(turn.run),
            "nobody approved it": "up" not in opinions and not self._was_approved(turn.run),
            "it did not end well": turn.failed or turn.run.status != "done",
            "words of strangers": turn.strangers,
            "erased": MARK in words,
            "a secret": masked(words) != words or self._redact(words) != words,
            "empty": not (turn.asked and turn.said),
            "too long": len(words) + len(turn.persona) > LONGEST,
            "said before": digest in known,
        }
        yield from (reason for reason, holds in checks.items() if holds)
        known.add(digest)

    def _of_chief(self) -> Iterator[Turn]:
        runs = [run for run in self._store.runs.all() if run.kind == "chat"]
        for run in sorted(runs, key=lambda run: (run.thread_id, run.created_at)):
            strangers, answer = bool(run.outcome.get("sources")), str(run.outcome.get("answer", ""))
            said = _ASIDE.sub("", answer).strip()
            yield Turn(run, run.request.strip(), said, self._persona(run, self._chief), strangers, not answer)

    def _of_role(self, role: str) -> Iterator[Turn]:
        lanes = Lanes(self._store)
        for run in self._store.runs.all():
            for lane in lanes.of_run(run.id):
                if lane.role == role and (report := lane.report) is not None:
                    strangers = bool(report["tainted"] or report["sources"])
                    persona = self._persona(run, role)
                    said = str(report["summary"]).strip()
                    yield Turn(run, lane.task.strip(), said, persona, strangers, report["status"] != "ok")

    def _persona(self, run: Run, role: str) -> str:
        version = self._store.casts.of(run.id).versions.get(role) or self._store.personas.stable(role).hash
        return self._store.personas.text(version)

    def _was_approved(self, run: Run) -> bool:
        asked = self._store.approvals.for_run(run.id)
        return bool(asked) and all(approval.state in {"approved", "done"} for approval in asked)

    def _was_rejected(self, run: Run) -> bool:
        return any(approval.state == "rejected" for approval in self._store.approvals.for_run(run.id))


def _conversations(turns: Iterable[Turn | None]) -> Iterator[Sequence[Turn]]:
    """Put turns that follow each other in one conversation together; one that is left out cuts it."""
    talk: list[Turn] = []
    for turn in turns:
        if talk and (turn is None or not _goes_on(talk, turn)):
            yield talk
            talk = []
        if turn is not None:
            talk = [*talk, turn]
    if talk:
        yield talk


def _goes_on(talk: Sequence[Turn], turn: Turn) -> bool:
    last, size = talk[-1], sum(len(each.asked) + len(each.said) for each in (*talk, turn))
    together = bool(turn.run.thread_id) and last.run.thread_id == turn.run.thread_id and last.run.id != turn.run.id
    alike = last.persona == turn.persona and last.run.person == turn.run.person
    return together and alike and len(talk) < MOST_TURNS and size + len(turn.persona) <= LONGEST


def _line(talk: Sequence[Turn]) -> str:
    said = [{"role": "system", "content": talk[0].persona}]
    for turn in talk:
        said += [{"role": "user", "content": turn.asked}, {"role": "assistant", "content": turn.said}]
    return json.dumps({"messages": said}, ensure_ascii=False)
