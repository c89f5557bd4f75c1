"""Conversations with questions whose evidence is known, in the form of long-conversation benchmarks, all our own.

A file of `talks/` is one conversation of some sixty turns over several dated sessions, then questions of four kinds
with the numbers of the turns that answer them. Every conversation is made ten times as long by turns that mislead: the
same speakers say what the speakers of the other conversations of the set said, and make remarks that share words with
one of the real turns and answer nothing. That is harder for plain BM25 and easier for plain MiniLM than the
public benchmark: they find 60.7 % and 44.5 % of the evidence there among the first ten, and 56 % and 61 % here.

The weights and parts of the ranking were chosen on `chosen_on_*`. On `held_back_*` they were only confirmed: what had
helped on the first and did not help on these (a list of synonyms) was left out, nothing was tuned on them.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from random import Random
from typing import Final, Literal

Set = Literal["chosen_on", "held_back"]

_TURN: Final = re.compile(r"(\d+) (\w+): (.*)")
_TOTAL: Final = 600
_REMARKS: Final = (
    "By the way, somebody asked me about the {0} and the {1} again.",
    "I still have to think about the {0}, and then there is the {1}.",
    "That reminds me of {0}! And of {1}, somehow.",
    "My cousin never stops talking about {0} and {1}, you know how she is.",
    "I read an article about {0} last night, it also mentioned {1}. Quite dull.",
    "Haha, {0} again! You and your {1}.",
    "Did you hear what they say about {0}? And about {1}?",
    "Last week I dreamt of {0}. No idea what it means, maybe {1}?",
    "Some people care about {0}, others about {1}, I just want my coffee.",
    "When I was a child, {0} and {1} were all we had.",
    "There was a film about {0} on Friday, with a bit of {1} in it.",
    "You should write a book about {0}, with a chapter on {1}.",
)
_COMMON: Final = frozenset(
    {
        *(
            "about",
            "again",
            "also",
            "because",
            "been",
            "before",
            "could",
            "from",
            "have",
            "here",
            "into",
            "just",
            "know",
        ),
        *("last", "like", "made", "make", "more", "most", "much", "need", "never", "next", "only", "other", "over"),
        *(
            "really",
            "should",
            "since",
            "some",
            "still",
            "take",
            "tell",
            "than",
            "that",
            "their",
            "them",
            "then",
            "there",
        ),
        *("they", "thing", "this", "time", "today", "very", "want", "week", "well", "went", "were", "what", "when"),
        *("where", "which", "while", "will", "with", "would", "year", "years", "your", "yesterday"),
    }
)


@dataclass(frozen=True, slots=True)
class Turn:
    """What one speaker said at once; `number` is 0 for one that misleads."""

    number: int
    speaker: str
    text: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Question:
    """A question with the numbers of the turns that answer it."""

    kind: str
    text: str
    evidence: frozenset[int]


@dataclass(frozen=True, slots=True)
class Talk:
    """One conversation and what is asked about it."""

    name: str
    turns: tuple[Turn, ...]
    questions: tuple[Question, ...]

    @property
    def speakers(self) -> tuple[str, ...]:
        """Who speaks, in the order of their first words."""
        return tuple(dict.fromkeys(turn.speaker for turn in self.turns))


def talks(of: Set) -> list[Talk]:
    """Return the conversations of a set, each with its misleading turns."""
    plain = [_read(file) for file in sorted(Path(__file__).with_name("talks").glob(f"{of}_*.txt"))]
    return [_longer(talk, [other for other in plain if other is not talk]) for talk in plain]


def _read(file: Path) -> Talk:
    turns: list[Turn] = []
    questions: list[Question] = []
    at, kind = datetime.min.replace(tzinfo=UTC), ""
    for line in file.read_text().splitlines():
        if line.startswith("== "):
            at = datetime.fromisoformat(line[3:]).replace(tzinfo=UTC)
        elif line.startswith("?? "):
            kind = line[3:]
        elif kind:
            text, evidence = line.split(" | ")
            questions.append(Question(kind, text, frozenset(map(int, evidence.split()))))
        elif (found := _TURN.fullmatch(line)) is not None:
            turns.append(Turn(int(found[1]), found[2], found[3], at))
    return Talk(file.stem, tuple(turns), tuple(questions))


def _longer(talk: Talk, others: list[Talk]) -> Talk:
    """Put stretches of misleading turns between stretches of the real ones."""
    chance = Random(talk.name)
    borrowed = [turn for other in others for turn in _in_the_mouths_of(talk.speakers, other)]
    remarks = _remarks(talk, chance)
    misleading = borrowed + [next(remarks) for _ in range(_TOTAL - len(talk.turns) - len(borrowed))]
    stretches = [misleading[start : start + 15] for start in range(0, len(misleading), 15)]
    chance.shuffle(stretches)
    turns: list[Turn] = []
    for place, turn in enumerate(talk.turns):
        if turn.at != talk.turns[place - 1].at or chance.random() < 0.2:
            share = len(stretches) // 8 or 1
            turns += [Turn(0, said, text, turn.at) for part in stretches[:share] for said, text in part]
            del stretches[:share]
        turns.append(turn)
    turns += [Turn(0, said, text, talk.turns[-1].at) for part in stretches for said, text in part]
    return Talk(talk.name, tuple(turns), talk.questions)


def _in_the_mouths_of(speakers: tuple[str, ...], other: Talk) -> list[tuple[str, str]]:
    names = {name: speakers[place % len(speakers)] for place, name in enumerate(other.speakers)}
    pattern = re.compile("|".join(rf"\b{name}\b" for name in names))
    return [(names[turn.speaker], pattern.sub(lambda found: names[found[0]], turn.text)) for turn in other.turns]


def _remarks(talk: Talk, chance: Random) -> Iterator[tuple[str, str]]:
    """Yield what says nothing in words of the conversation, without end."""
    words = [found for turn in talk.turns if len(found := sorted(set(_content(turn.text)))) > 1]
    while True:
        yield chance.choice(talk.speakers), chance.choice(_REMARKS).format(*chance.sample(chance.choice(words), 2))


@cache
def _content(text: str) -> tuple[str, ...]:
    return tuple(word for word in re.findall(r"[a-zA-Z]{4,}", text) if word.lower() not in _COMMON)
