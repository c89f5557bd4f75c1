"""What a person told: their words, taken apart into facts with keys and the rest.

A correction ("no, it is Porvoo") is given the key of what it corrects: the fact whose value is taken back, or what the
person told or asked for last. One that fits nothing is kept as it was said.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Final

from company.memory import Memory, MemoryItem, Note, masked
from company.memory.reflecting import RECENT, Statement, about, asked_about, completed, known_in, read
from company.roles import Role
from company.store import Run

TOLD: Final = 1_000
"""Characters of a person's words that the CEO remembers; a memory holds 4 KB, and a character takes up to 4 bytes."""

_LOOKED_UP: Final = 20


class Telling:
    """Reads what people tell.

    Args:
        memory: What they told before.
        chief: The role that people talk to.
        said_before: Returns what the person of a run said before it in the same conversation, the newest last.
    """

    def __init__(self, *, memory: Memory, chief: Role, said_before: Callable[[Run], Sequence[str]]) -> None:
        self._memory, self._chief, self._said_before = memory, chief, said_before

    def notes(self, run: Run) -> Iterator[Note]:
        """Take the words of a run's person apart: a note for each fact, and one for the rest."""
        told = read(run.request)
        rest = [told.rest] if told.rest else []
        for statement in told.statements:
            fact = self._settled(statement, run)
            if fact is None or masked(f"{fact.subject} {fact.value}") != f"{fact.subject} {fact.value}":
                rest.append(statement.words)
            else:
                yield _fact(self._chief, run, fact)
        if rest:
            yield _of_person(self._chief, run, f"{run.person} said: {' '.join(rest)}"[:TOLD])

    def _settled(self, statement: Statement, run: Run) -> Statement | None:
        """Give a correction its key: by the value that it takes back, else by what the person told last."""
        if statement.open == "no":
            return statement
        if statement.open == "predicate":
            return completed(statement, self._of_subject(run.person, statement.subject))
        known = self._of_value(run.person, statement.old, statement.value) if statement.old else None
        return completed(statement, known or self._talked_of(run))

    def _talked_of(self, run: Run) -> Statement | None:
        """Return the fact that the person told, or asked for, last."""
        for words in reversed(self._said_before(run)[-RECENT:]):
            if known := known_in(words):
                return known
            if asked := asked_about(words):
                return next((fact for fact in self._own(run.person, " ".join(asked), asked)), None)
        return None

    def _of_value(self, person: str, *values: str) -> Statement | None:
        """Find the person's fact with the value that is taken back, or, after a crash, with the new one already."""
        facts = [fact for value in values for fact in self._own(person, value)]
        return next((fact for value in values for fact in facts if _same(fact.value, value)), None)

    def _of_subject(self, person: str, subject: str) -> Statement | None:
        return next((fact for fact in self._own(person, subject) if _same(fact.subject, subject)), None)

    def _own(self, person: str, query: str, asked: Sequence[str] = ()) -> Iterator[Statement]:
        """Yield the person's facts with a key, the most relevant first; with `asked` those that tell of it."""
        for found in self._memory.browse([self._chief.id], query, person=person, limit=_LOOKED_UP):
            told = not asked or about([{"text": found.item.text}], tuple(asked))
            if found.item.person == person and found.item.predicate and told:
                yield _statement(found.item)


def _of_person(chief: Role, run: Run, text: str) -> Note:
    return Note(role=chief.id, text=text, person=run.person, source="user", importance=0.7)


def _fact(chief: Role, run: Run, fact: Statement) -> Note:
    """What a person told, in their own words; with its key where the words alone do not name it."""
    subject = fact.subject or run.person
    said = fact.words.casefold()
    named = (fact.subject.casefold() or "i ") in said and fact.predicate.split(" ")[0][:4].casefold() in said
    key = "" if not fact.predicate or named else f" ({subject} {fact.predicate}: {fact.value})"
    note = _of_person(chief, run, f"{run.person} said: {fact.words}{key}"[:TOLD])
    about = {"kind": fact.kind, "subject": subject, "predicate": fact.predicate, "value": fact.value}
    return note.model_copy(update={**about, "importance": 0.8})


def _same(one: str, other: str) -> bool:
    return one.casefold() == other.casefold()


def _statement(item: MemoryItem) -> Statement:
    kind = "relationship" if item.kind == "relationship" else "semantic"
    known = Statement(item.text, subject=item.subject, predicate=item.predicate, value=item.value)
    return replace(known, kind=kind, subject="" if item.subject == item.person else item.subject)  # type: ignore[arg-type]
