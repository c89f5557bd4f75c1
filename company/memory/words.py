"""Text in the forms the memory compares: clean, as a fingerprint, as search words, as possible names of subjects."""

import re
import unicodedata
from collections.abc import Sequence
from hashlib import sha256
from typing import Final

_WORD: Final = re.compile(r"[^\W_]+")
_MAX_WORDS: Final = 64
# fmt: off
_STOP_WORDS: Final = frozenset({
    "a", "about", "all", "an", "and", "any", "are", "as", "at", "be", "been", "but", "by", "can", "could",
    "did", "do", "does", "for", "from", "had", "has", "have", "he", "her", "him", "his", "how", "i", "if", "in",
    "is", "it", "its", "me", "my", "no", "not", "of", "on", "or", "our", "she", "should", "so", "than", "that",
    "the", "their", "them", "then", "there", "these", "they", "this", "to", "up", "us", "was", "we", "were",
    "what", "when", "where", "which", "who", "why", "will", "with", "would", "you", "your",
    "am", "being", "doing", "having", "whom", "whose", "kind", "type", "sort", "many", "much", "ever", "some", "into",
    "during", "also", "just", "might", "d", "ll", "m", "re", "s", "t", "ve",
})
_IRREGULAR: Final = """
become became
begin began begun
break broke broken
bring brought
build built
buy bought
catch caught
choose chose chosen
come came
deal dealt
draw drew drawn
drink drank drunk
drive drove driven
eat ate eaten
fall fell fallen
feel felt
fight fought
find found
fly flew flown
forget forgot forgotten
get got gotten
give gave given
go went gone
grow grew grown
hear heard
hide hid hidden
hold held
hurt
keep kept
know knew known
lead led
leave left
lend lent
lose lost
make made
mean meant
meet met
pay paid
read
ride rode ridden
rise rose risen
run ran
say said
see saw seen
sell sold
send sent
sing sang sung
sit sat
sleep slept
speak spoke spoken
spend spent
stand stood
steal stole stolen
swim swam swum
take took taken
teach taught
tell told
think thought
throw threw thrown
understand understood
wake woke woken
wear wore worn
win won
write wrote written
child children
person people
man men
woman women
foot feet
tooth teeth
mouse mice
wife wives
life lives
"""
# fmt: on
_FORMS: Final = {form: tuple(line.split()) for line in _IRREGULAR.split("\n") for form in line.split()}


def clean(text: str) -> str:
    """Return the text in composed Unicode, without control characters and broken surrogates."""
    whole = unicodedata.normalize("NFC", text.encode("utf-8", "replace").decode())
    return "".join(sign for sign in whole if sign in "\n\t" or unicodedata.category(sign) != "Cc").strip()


def fingerprint(text: str) -> str:
    """Return the sha256 of the text without regard to case and spacing: equal means the same memory."""
    return sha256(" ".join(text.casefold().split()).encode()).hexdigest()


def words(text: str) -> list[str]:
    """Return the text's first 64 words, lower case, in their order."""
    return [found[0] for found in _WORD.finditer(text.casefold())][:_MAX_WORDS]


def terms(query: Sequence[str]) -> list[str]:
    """Return the words worth searching for, each once."""
    return [word for word in dict.fromkeys(query) if word not in _STOP_WORDS]


def phrases(query: Sequence[str]) -> list[str]:
    """Return every run of one to three words: what a subject may be called in a question."""
    runs = (query[start : start + size] for start in range(len(query)) for size in (1, 2, 3))
    return list(dict.fromkeys(" ".join(run) for run in runs))


def subject_key(subject: str) -> str:
    """Return the form in which subjects are compared: their words, lower case."""
    return " ".join(words(subject))


def forms(word: str) -> tuple[str, ...]:
    """Return the forms of a word that a stemmer does not bring together, itself first."""
    return (word, *(form for form in _FORMS.get(word, ()) if form != word))
