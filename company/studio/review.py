"""The review: what may not leave the house, as a table of rules.

A rule looks at a draft and says what is wrong in words a writer can act on. The table is the company's published
policy in code: it cannot be talked round, and it holds for every author. It reads the text after Unicode
normalisation, so that full-width letters or invisible characters do not slip a key past it.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from unicodedata import normalize

from company.studio.drafts import LONGEST_TEXT, Draft, Finding

_PROFIT = re.compile(
    r"(?<!not )(?<!no )(?<!n't )(?<!never )\bguarantee[ds]?\b.{0,30}\b(?:profit|return|gain|income|yield)s?\b"
    r"|\b(?:profit|return|gain|income)s?\b.{0,20}(?<!not )(?<!never )\bguaranteed?\b"
    r"|\brisk[- ]?free\b(?! rate)|\bno risk\b(?! (?:limit|rule|event|alert|check|breach))|\bwithout (?:any )?risk\b"
    r"|\bsure (?:thing|bet|win)\b|\beasy money\b|\bget rich\b|\b(?:can(?:no|')t|never) lose\b|\bto the moon\b"
    r"|\b(?:double|triple) your (?:money|investment|capital|savings)\b|\bcertain to (?:rise|gain|win)\b"
    r"|\bwill (?:\w{4,10}ly )?(?:rise|rally|soar|moon|double|triple|go up|outperform|hit new highs)\b",
    re.IGNORECASE,
)
_ADVICE = re.compile(
    r"\byou (?:\w{2,12} )?(?:should|must|ought to|need to|have to)\b.{0,20}\b(?:buy|sell|invest|short|hold|trade)\b"
    r"|\b(?:we|i) (?:recommend|advise|suggest)\b.{0,30}\b(?:buy|sell|invest|short|hold)(?:ing)?\b"
    r"|\b(?:time|moment|chance) to (?:buy|sell|invest|short|get in)\b|\bstrong (?:buy|sell)\b|\bdon't miss\b"
    r"|\b(?:buy|sell|invest) (?:now|today|immediately)\b"
    r"|(?:^|[.!?:]\s)(?:buy|sell|short|invest in) "
    r"(?!(?:orders?|side|volume|pressure|signals?|walls?|interest|limits?|market|and|or|fills?)\b)\w+",
    re.IGNORECASE | re.MULTILINE,
)
_SECRET = re.compile(
    r"\b(?:sk|pk|rk)[-_](?:[a-z]{2,10}[-_])?[A-Za-z0-9_-]{16,}|\bAKIA[0-9A-Z]{16}\b|\bgh[pousr]_[A-Za-z0-9]{20,}"
    r"|\bxox[abprs]-[A-Za-z0-9-]{10,}|\beyJ[\w-]{8,}\.[\w-]{8,}|-----BEGIN [A-Z ]{0,20}PRIVATE KEY"
    r"|(?i:\b(?:password|passwd|api[ _-]?key)\s?(?:is|[:=])\s?(?=\S{0,60}\d)\S{6,})"
    r"|(?i:\b(?:secret|token)\s?[:=]\s?(?=\S{0,60}\d)\S{6,})"
    r"|\b(?=[A-Za-z0-9+_]{0,200}\d)(?=[A-Za-z0-9+_]{0,200}[A-Za-z])[A-Za-z0-9+_]{32,}"
)
_MAIL = re.compile(r"[\w.+-]{1,64}\s?(?:@|\(at\)|\[at\])\s?[\w-]{1,63}(?:\.[\w-]{2,63})+", re.IGNORECASE)
_SCHEME = re.compile(r"\b[a-z][a-z0-9+.-]{1,20}://(?:[^\s/@]{0,100}@)?([^\s/:?#)\]>\"']+)", re.IGNORECASE)
_BARE = re.compile(
    r"(?<![\w@.-])((?:[\w-]{1,63}\.){1,6}(?:com|net|org|io|ai|xyz|info|co|me|app|dev|eu|de|uk|ru|cn|top|link|ly"
    r"|finance|trade|exchange|example))(?![\w-])",
    re.IGNORECASE,
)
_SCRIPTED = re.compile(r"\b(?:javascript|data|vbscript):\S", re.IGNORECASE)
_DATE = re.compile(r"\b\d{4}-\d{2}-\d{2}\b")
_NUMBER = re.compile(r"(?<![\w.,])\d+(?:[,']\d{3})*(?:\.\d+)?")
_SHOUTED = re.compile(r"(?<![\w/-])[A-Z]{4,}(?![\w/-])")


@dataclass(frozen=True, slots=True)
class Reading:
    """What a rule looks at.

    Attributes:
        draft: The draft as written.
        text: Its text after Unicode normalisation (NFKC).
        domains: The company's own domains; links may only lead there.
    """

    draft: Draft
    text: str
    domains: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Rule:
    """One row of the table.

    Attributes:
        id: Stable id, quoted in findings.
        objections: What the rule holds against a text, one sentence each.
    """

    id: str
    objections: Callable[[Reading], Iterable[str]]


def find_faults(draft: Draft, domains: Sequence[str]) -> tuple[Finding, ...]:
    """Apply every rule to a draft.

    Args:
        draft: The draft.
        domains: The company's own domains; links may only lead there.

    Returns:
        What has to change, in the order of the table; empty when the draft may go out.
    """
    reading = Reading(draft, normalize("NFKC", draft.text), tuple(domain.lower() for domain in domains))
    return tuple(Finding(rule=rule.id, text=fault) for rule in RULES for fault in rule.objections(reading))


def figures_in(text: str) -> Iterator[tuple[str, Decimal]]:
    """Yield the figures of a text as written and as amounts, both without sign.

    A figure is a number that does not continue a word: "Q3" and "S1" are names. ISO dates are no figures.
    """
    for found in _NUMBER.finditer(_DATE.sub(" ", text)):
        yield found[0], Decimal(re.sub("[,']", "", found[0]))


def _bad_length(reading: Reading) -> Iterator[str]:
    length, channel = len(reading.draft.text), reading.draft.channel
    longest = LONGEST_TEXT[channel]
    if length > longest:
        yield f"{length} characters; {channel} takes {longest}: cut {length - longest}"
    if not reading.text.strip():
        yield "the text is empty"


def _hidden(reading: Reading) -> Iterator[str]:
    text = reading.draft.text
    hidden = sorted({f"U+{ord(char):04X}" for char in text if not char.isprintable() and char not in "\n\t"})
    if hidden:
        yield f"invisible or control characters ({', '.join(hidden[:5])}); take them out"


def _unsourced(reading: Reading) -> Iterator[str]:
    sourced = {amount for figure in reading.draft.figures for _, amount in figures_in(normalize("NFKC", figure))}
    unsourced = dict.fromkeys(written for written, amount in figures_in(reading.text) if amount not in sourced)
    for written in unsourced:
        yield f"the figure {written!r} is not among the draft's figures; name its source there or take it out"


def _shouting(reading: Reading) -> Iterator[str]:
    shouted, marks = _SHOUTED.findall(reading.text), reading.text.count("!")
    if len(shouted) >= 3 and len(shouted) * 2 > len(reading.text.split()):
        yield f"it shouts ({' '.join(shouted[:3])}); capitals are for names and symbols"
    if marks > 1:
        yield f"{marks} exclamation marks; one is the most"


def _foreign_links(reading: Reading) -> Iterator[str]:
    bare = _BARE.finditer(_MAIL.sub(" ", reading.text))
    hosts = [found[1].lower().rstrip(".") for found in (*_SCHEME.finditer(reading.text), *bare)]
    for host in dict.fromkeys(hosts):
        if not any(host == domain or host.endswith(f".{domain}") for domain in reading.domains):
            yield f"a link to {host!r}; only {', '.join(reading.domains)} may be linked"
    if _SCRIPTED.search(reading.text):
        yield "a link that runs code; take it out"


def _forbids(pattern: re.Pattern[str], why: str) -> Callable[[Reading], Iterable[str]]:
    """Object to each different thing the pattern finds, quoting it."""

    def objections(reading: Reading) -> Iterator[str]:
        for words in dict.fromkeys(found[0].strip() for found in pattern.finditer(reading.text)):
            yield f"{words[:80]!r}: {why}"

    return objections


def _hides(pattern: re.Pattern[str], why: str) -> Callable[[Reading], Iterable[str]]:
    """Object once, without quoting what must not be repeated."""
    return lambda reading: [why] if pattern.search(reading.text) else []


RULES: tuple[Rule, ...] = (
    Rule("length", _bad_length),
    Rule("hidden", _hidden),
    Rule("profit", _forbids(_PROFIT, "no promises of profit; say what happened, not what will")),
    Rule("advice", _forbids(_ADVICE, "no financial advice; report, do not tell readers to trade")),
    Rule("secret", _hides(_SECRET, "something that looks like a key or password; take it out")),
    Rule("mail", _hides(_MAIL, "an e-mail address; take it out")),
    Rule("links", _foreign_links),
    Rule("figures", _unsourced),
    Rule("tone", _shouting),
)
