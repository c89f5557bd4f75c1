"""A text as sentences, clauses and segments of tokens, without what it quotes.

A sentence is what the reader is shown. A clause is how far a "not" or an "if" reaches at most, a segment how far it
reaches for certain, and where the object of a verb is looked for.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from itertools import chain

_QUOTED = re.compile(
    r'"(?:[^"\\\n]|\\.)*"|“[^”\n]*(?:”|$)|«[^»\n]*»|„[^“”\n]*[“”]|‘[^’\n]*’(?!\w)|(?<!\w)\'[^\'\n]+\'(?!\w)',
    re.MULTILINE,
)
"""Words between quotation marks are somebody else's. An apostrophe opens nothing inside a word."""

_MARKUP = re.compile(r"\*\*|__|`|~~")
_BULLET = re.compile(r"^\s*(?:[-*•–]|\d+[.)]|#{1,6})\s+")
_RULE = re.compile(r"\s*\|?[\s:|-]*-{2,}[\s:|-]*\|?\s*")
_END = re.compile(r"(?<=[.!?])[)\]]*\s+(?=[^a-z])")
_CLAUSE = re.compile(r";|\s[—–]\s|\s--\s|\s→\s|[,\s]\s*(?:but|however|because|while|whereas|although|though)\s", re.I)
_SEGMENT = re.compile(r",(?!\d)|[()\[\]]|(?<=\s)(?:and|then|&)(?=\s)", re.I)

_TOKEN = re.compile(
    r"""
    (?P<time>\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d\S*)?|\d{1,2}:\d\d(?::\d\d)?)
  | (?P<address>\d{1,3}(?:\.\d{1,3}){3}(?:/\d+)?|(?:[0-9a-f]{0,4}:){2,7}[0-9a-f]{0,4})
  | (?P<number>[$€£]?[-+−]?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?(?:(?:k|m|bn)\b|(?![\w-]))\s?%?)
  | (?P<word>\w[\w-]*(?:[/.'’][\w-]+)*)
  | (?P<mark>[:=@?|]|(?<!\w)[-–—](?!\w))
    """,
    re.VERBOSE | re.IGNORECASE,
)
_SCALE = {"k": 10**3, "m": 10**6, "bn": 10**9}
_SPELLED = {
    name: Decimal(number)
    for number, name in enumerate(
        ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"]
    )
}


@dataclass(frozen=True, slots=True)
class Token:
    """A word, number, address, time or mark.

    Attributes:
        kind: `word`, `number`, `address`, `time` or `mark`.
        text: As written.
        value: Of a number.
        unit: Worth of the last digit that was written.
        sign: `$` or the like, `%`, else empty.
    """

    kind: str
    text: str
    value: Decimal = Decimal(0)
    unit: Decimal = Decimal(0)
    sign: str = ""

    @property
    def low(self) -> str:
        """The text in lower case with plain apostrophes."""
        return self.text.lower().replace("’", "'")


Segment = tuple[Token, ...]


def words(text: str) -> frozenset[str]:
    """Return the words of a list that is written as a text."""
    return frozenset(text.split())


@dataclass(frozen=True, slots=True)
class Clause:
    """A part of a sentence that stands on its own.

    Attributes:
        sentence: The whole sentence as written, for the reader.
        segments: Its parts between commas, brackets and "and".
        question: The sentence asks.
    """

    sentence: str
    segments: tuple[Segment, ...]
    question: bool


def clauses(text: str) -> Iterator[Clause]:
    """Return the clauses of a text in order."""
    return chain.from_iterable(map(_of_line, _lines(text)))


@lru_cache(maxsize=2_000)
def _of_line(line: str) -> tuple[Clause, ...]:
    """Return the clauses of a line; an answer repeats those of the reports it rests on."""
    return tuple(_clauses(line))


def _clauses(line: str) -> Iterator[Clause]:
    for sentence in _END.split(line):
        heard = _QUOTED.sub(" … ", sentence)
        question = heard.rstrip(" )…").endswith("?")
        for clause in _CLAUSE.split(heard):
            segments = tuple(filter(None, (tuple(_tokens(part)) for part in _SEGMENT.split(clause))))
            if segments:
                yield Clause(sentence.strip(), segments, question)


def _lines(text: str) -> Iterator[str]:
    """Yield lines without markup: wrapped ones joined, quoted ones left out, table rows with the names of columns."""
    columns: list[str] = []
    pending = ""
    rows = text.splitlines()
    for number, row in enumerate(rows):
        plain = _MARKUP.sub("", row)
        is_row = plain.count("|") > 1 or bool(columns and "|" in plain)
        if pending and not _goes_on(pending, plain):
            yield pending
            pending = ""
        if not is_row:
            columns = []
            pending = f"{pending} {plain.strip()}" if pending else _BULLET.sub("", plain, count=1).strip()
            pending = "" if plain.lstrip().startswith(">") else pending
        elif _RULE.fullmatch(plain):
            continue
        elif number + 1 < len(rows) and _RULE.fullmatch(rows[number + 1]):
            columns = _cells(plain)
        else:
            yield _row(columns, _cells(plain))
    yield pending


def _goes_on(line: str, following: str) -> bool:
    """Tell whether a line was only wrapped: it has no end and the next one begins in the middle."""
    return line[-1] not in ".!?:;|" and following[:1].islower()


def _cells(row: str) -> list[str]:
    return [cell.strip() for cell in row.strip().strip("|").split("|")]


def _row(columns: list[str], cells: list[str]) -> str:
    names = [*columns, *[""] * len(cells)]
    return " | ".join(f"{name}: {cell}" if name else cell for name, cell in zip(names, cells, strict=False))


def _tokens(part: str) -> Iterator[Token]:
    for found in _TOKEN.finditer(part):
        kind, text = str(found.lastgroup), found[0].strip()
        if kind == "number":
            yield _number(text)
        elif text.lower() in _SPELLED:
            yield Token("number", text, _SPELLED[text.lower()], Decimal(1))
        else:
            yield Token(kind, text)


def _number(text: str) -> Token:
    digits = re.sub(r"[^\d.]", "", text)
    scale = Decimal(next((_SCALE[end] for end in ("bn", "k", "m") if text.lower().endswith(end)), 1))
    places = len(digits.partition(".")[2])
    sign = "%" if text.endswith("%") else text[0] if text[0] in "$€£" else ""
    return Token("number", text, Decimal(digits) * scale, Decimal(1).scaleb(-places) * scale, sign)
