"""Reads a person's words: which sentences state a fact about whom, and which only happened to be said.

By rule, without a model. Every sentence is kept exactly once: a fact as a fact with its key, so that a later value can
take its place, the rest together as what was said. A correction ("no, it is Porvoo") means what was said last; the
caller says what that is.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal

from company.memory.reflecting import phrasing as how

LONGEST_VALUE: Final = 12
"""Words of a value; what is longer is a tale and no value."""

RECENT: Final = 3
"""Turns of a person after which "it" does not mean anymore what was told then."""

_PLACES: Final = frozenset({"is in", "lives in"})
_ENDS: Final = re.compile(
    r"(?<=[.!?])(?<!\bMr\.)(?<!\bMrs\.)(?<!\bMs\.)(?<!\bDr\.)(?<!\bSt\.)(?<!\b[A-Z]\.)\s+(?=\S)|\n+|;\s+"
)
_NAMES: Final = re.compile(r"[A-Z0-9]")
_CLAUSES: Final = re.compile(
    r",?\s+(?:and|but)\s+(?=(?:my|our|i|we|it)\b)|,\s+(?=(?:my|our|i|we|it)(?:['’]s|['’]m)?\b)", re.IGNORECASE
)
_EDGES: Final = " \t.!,:;\"'“”‘’`"


@dataclass(frozen=True, slots=True)
class Statement:
    """A fact in a person's words.

    Attributes:
        words: The clause that states it, as it was said.
        subject: What it is about; empty for the person themselves.
        predicate: Which property; empty for a fact without a key.
        value: What it states; empty for a fact without a key.
        kind: `relationship` for how the person wants things, else `semantic`.
        old: The value that it takes back, when the person names it.
        place: The word that makes the value a place, such as `in`, where that is all that is known of the property.
        open: What is missing of its key and stands in what was said before: `no`, the `predicate`, or `all` of it.
        fresh: It corrects something, whatever that is.
    """

    words: str
    subject: str = ""
    predicate: str = ""
    value: str = ""
    kind: Literal["semantic", "relationship"] = "semantic"
    old: str = ""
    place: str = ""
    open: Literal["no", "predicate", "all"] = "no"
    fresh: bool = False


@dataclass(frozen=True, slots=True)
class Told:
    """What a person said, taken apart.

    Attributes:
        statements: The facts, in order.
        rest: Everything else, as it was said; empty when there is nothing else.
    """

    statements: tuple[Statement, ...]
    rest: str


def read(words: str) -> Told:
    """Take a person's words apart.

    Args:
        words: What the person said in one turn; never what was recalled, reported or said by a role.
    """
    found: list[Statement] = []
    rest: list[str] = []
    for sentence in filter(str.strip, _ENDS.split(words)):
        clauses = [(said, _placed(fact, found)) for said, fact in _read_sentence(sentence)]
        facts = [fact for _, fact in clauses if fact]
        found += facts
        rest += [said for said, fact in clauses if fact is None] if facts else [sentence.strip()]
    return Told(tuple(found), " ".join(rest))


def _placed(fact: Statement | None, found: Sequence[Statement]) -> Statement | None:
    """Give a correction the key of what was said right before it in the same breath."""
    earlier = _last(found)
    return completed(fact, earlier) if fact and fact.open == "all" and not fact.old and earlier else fact


def known_in(words: str) -> Statement | None:
    """Return the last fact with a key that a person told in one turn; what a correction in the next is about."""
    return _last(read(words).statements)


def completed(statement: Statement, known: Statement | None) -> Statement | None:
    """Give a correction the key of the fact that it corrects; None when it does not fit that fact.

    Of a thing of which nothing was told before, the property is what it is. A name or a number gives way to a name or
    a number only: "no, it is fine" corrects no address.
    """
    if statement.open == "no":
        return statement
    if statement.open == "predicate":
        return replace(statement, predicate=known.predicate if known else "is", open="no")
    if known is None or (_NAMES.search(known.value) and not _NAMES.search(statement.value)):
        return None
    if statement.place and known.predicate not in _PLACES:
        return None
    return replace(statement, subject=known.subject, predicate=known.predicate, kind=known.kind, open="no")


def _last(statements: Sequence[Statement]) -> Statement | None:
    return next((one for one in reversed(statements) if one.predicate and one.open == "no"), None)


def _read_sentence(sentence: str) -> Iterator[tuple[str, Statement | None]]:
    """Yield the clauses of a sentence with their facts."""
    core, asked, corrects = _opened(sentence)
    clauses = [core] if core.endswith("?") else _CLAUSES.split(core)
    before: Statement | None = None
    for clause in clauses:
        words = sentence.strip() if len(clauses) == 1 else clause.strip()
        text = clause.strip(_EDGES)
        fact = None if how.QUESTION.match(text) else _fact(text, asked, corrects or before is not None)
        if fact is not None and fact.open == "all" and before is not None:
            fact = completed(fact, before)
        yield words, fact and replace(fact, words=words)
        before = _context(text) or fact or before


def _opened(sentence: str) -> tuple[str, bool, bool]:
    """Cut off what only leads in, and say whether it asked to remember or took something back."""
    core, asked, corrects = sentence.strip(), False, False
    while found := how.ASKED.match(core) or how.CORRECTS.match(core) or how.LEAD.match(core):
        if found.end() == len(core):
            break
        asked = asked or found.re is how.ASKED
        corrects = corrects or found.re is how.CORRECTS
        core = core[found.end() :]
    return core, asked, corrects


def _fact(text: str, asked: bool, corrects: bool) -> Statement | None:
    fact = _keyed(text, asked) or _correction(text, corrects)
    if fact is not None:
        return replace(fact, fresh=fact.fresh or corrects)
    if how.LIKES.fullmatch(text):
        return Statement(text, kind="relationship")
    return Statement(text) if asked and " " in text else None


def _keyed(text: str, asked: bool) -> Statement | None:
    patterns = [*how.PATTERNS, ("thing", "is", how.SAID_OF)] if asked else how.PATTERNS
    for subject, predicate, pattern in patterns:
        if (found := pattern.match(text)) and (fact := _made(text, subject, predicate, found)):
            return fact
    return None


def _made(text: str, subject: str, predicate: str, found: re.Match[str]) -> Statement | None:
    parts = found.groupdict()
    thing = (parts.get("thing") or "").strip(_EDGES)
    if subject == "thing" and (not thing or not how.NOT_A_THING.isdisjoint(thing.casefold().split())):
        return None
    value, old, lately = _value(parts["value"], parts.get("old") or "")
    if not value:
        return None
    return Statement(
        text,
        subject=thing if subject == "thing" else "",
        predicate="is in" if predicate == "is" and parts.get("place") in {"in", "at", "on", "near"} else predicate,
        value=value,
        kind="relationship" if predicate in {"is called", "preferred"} else "semantic",
        old=old,
        open="no" if predicate else "predicate",
        fresh=lately or bool(old) or not predicate,
    )


def _correction(text: str, corrects: bool) -> Statement | None:
    """Read what says a new value of something that was named before."""
    lately = bool(how.LATELY.search(text))
    found = how.RATHER.match(text) or (how.IT.match(text) if corrects or lately else None)
    if found is None and (corrects or lately):
        found = how.MEANT.match(text)
        if found is not None and not corrects and not found["place"]:
            return None
    if found is None:
        return None
    value, old, _ = _value(found["value"], found.groupdict().get("old") or "")
    place = found["place"] or ""
    return Statement(text, value=value, old=old, place=place, open="all", fresh=True) if value else None


def _context(text: str) -> Statement | None:
    """Return what "my boat was in Espoo" is about."""
    found = how.BEFORE.match(text)
    return _made(text, "thing", "is", found) if found else None


def _value(value: str, old: str) -> tuple[str, str, bool]:
    """Return the value without what surrounds it, the value it takes back, and whether it is said to be new."""
    value, lately = how.LATELY.sub("", value.strip(_EDGES)), bool(how.LATELY.search(value.strip(_EDGES)))
    if not old and (found := how.NOT_OLD.search(value)):
        value, old = value[: found.start()], found["old"]
    value, old = value.strip(_EDGES), old.strip(_EDGES)
    negated = value.casefold().split()[:1] in (["not"], ["no"], ["never"])
    if negated or len(value.split()) > LONGEST_VALUE:
        return "", "", False
    return value, old, lately
