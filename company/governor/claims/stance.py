"""Whether words are said flatly, as something that we did: not denied, planned, wished, asked, or of somebody else.

The lists are English grammar, not the trade's: they name what takes a past tense back.
"""

from collections.abc import Collection, Sequence
from itertools import pairwise

from company.governor.claims.sentences import Clause, Segment, words

_NO = words("not no never nothing nobody none neither nor cannot unable fail failed fails refused without")
_NOTHING = words("nothing none nobody no not")
_MODAL = words("will would shall should could can may might must")
_WISH = words("want wants wanted wish wishes")
_ASKS = words("ask asks asked asking wonder wonders wondered complain complains complained")
_WHAT = words("why whether if that who when how about")
_TELLS = words("say says said tell tells told write writes wrote report reports reported announce announced")
_UNTIL = words("if unless until till before whether lest")
_ONCE = words("once when whenever after as")
_DOUBT = words(
    "perhaps maybe possibly probably presumably reportedly allegedly supposedly hopefully almost nearly claims "
    "claimed claim claiming unproven unverified unconfirmed rumour rumours rumor rumors according"
)
_OTHER_TIMES = words("yesterday ago previously")
_OTHER_SPANS = frozenset(
    (which, span)
    for which in ("last", "previous")
    for span in ["night", "week", "month", "year", "quarter", "cycle", "run", "day"]
)
_APART = _OTHER_SPANS | {
    ("so", "far"),
    ("to", "date"),
    ("no", "receipt"),
    ("no", "receipts"),
    ("without", "receipt"),
    ("without", "receipts"),
}
"""Pairs of words by which a sentence tells of another time, or owns up that nothing proves it."""

_BREAKS = words("that which who i we when where why how")
_FINITE = words("was were had did has")
_AUXILIARY = words(
    "is are was were be been being am has have had having get gets got now just already then also successfully "
    "fully partially partly completely finally only both since thereby duly immediately automatically"
)
_PASSIVE = words("is are was were be been being get gets got")
_DETERMINERS = words("the a an any every our my its of newly most best least")
_FOLLOWS = words(
    "at on in for to from by with via as of under into onto after before through per out over off up the a an our "
    "your its their this that these those all some both another more about around only just today now successfully "
    "yesterday again twice already immediately it them itself so too"
)
_FINITE_AFTER = words("is are was were waits wait stays stay remains remain will")
_OTHERS = words(
    "trader traders investor investors whale whales miner miners fund funds exchange exchanges rival rivals "
    "competitor competitors analyst analysts buyer buyers seller sellers outlet outlets attacker attackers hacker "
    "hackers press people customer customers user users insider insiders holder holders bulls bears market markets "
    "stranger strangers regulator rule rules limit limits governor policy engine mandate firewall somebody someone "
    "others"
)
_WRITINGS = words("article articles story stories headline headlines item items paper study")


def is_flat(clause: Clause, place: int, start: int, end: int, strangers: Collection[str] = ()) -> bool:
    """Tell whether words are said as something that we did.

    Args:
        clause: Where they stand.
        place: Number of their segment.
        start: Number of their first token in it.
        end: Number of their last token in it.
        strangers: Names in documents of strangers, lower case: who bought there is not us.
    """
    segment = clause.segments[place]
    before = _since_colon(segment[:end])
    return not (
        clause.question
        or _is_apart(clause)
        or _takes_back(before)
        or _is_denied_after(segment[end + 1 :])
        or _is_attribute(segment, start, end)
        or _is_listed(clause, place, start)
        or _is_conditional(clause, place, before)
        or _is_others(segment, start, end, strangers)
    )


def _is_apart(clause: Clause) -> bool:
    """Tell whether a clause is in doubt by its own words, or tells of another time."""
    lows = [token.low for segment in clause.segments for token in segment]
    return bool((_DOUBT | _OTHER_TIMES).intersection(lows) or _APART.intersection(pairwise(lows)))


def _since_colon(tokens: Segment) -> list[str]:
    lows = [token.low for token in tokens]
    first = max((number + 1 for number, low in enumerate(lows) if low in {":", "|"}), default=0)
    return lows[first:]


def _takes_back(before: Sequence[str]) -> bool:
    """Tell whether the words before a claim deny, plan or wish it."""
    asked = any(one in _ASKS and other in _WHAT for one, other in pairwise(before))
    return asked or any(_governs(before, number) for number in _in_reach(before))


def _in_reach(before: Sequence[str]) -> range:
    """Return the places of the words that no new subject separates from the end."""
    broken = [number for number, low in enumerate(before) if low in _BREAKS and not _is_under(before, number)]
    first = max(broken, default=-1)
    return range(first if first >= 0 and before[first] in _ONCE else first + 1, len(before))


def _is_under(before: Sequence[str], number: int) -> bool:
    """Tell whether an "I" or "we" is the subject of an "if" or "before", which then reaches over it."""
    return before[number] in {"i", "we"} and bool(_UNTIL.intersection(before[max(0, number - 1) : number]))


def _governs(before: Sequence[str], number: int) -> bool:
    low, between = before[number], before[number + 1 :]
    if low in _UNTIL or (_is_no(low) and _denies(before, number)):
        return True
    if low in _ONCE:
        return not between or between[-1] in {"is", "are", "gets"} or list(between[-2:]) in _PERFECT
    if low in {"be", "being"}:
        return _AUXILIARY.issuperset(between)
    planned = low in _MODAL | _WISH or low.endswith("'ll") or (low == "to" and before[number + 1 :][:1] in _INFINITIVES)
    return planned and not _FINITE.intersection(between)


_PERFECT = (["has", "been"], ["have", "been"])
_INFINITIVES = (["be"], ["have"], ["get"], ["see"])


def _is_no(low: str) -> bool:
    return low in _NO or low.endswith("n't")


def _denies(before: Sequence[str], number: int) -> bool:
    """Tell whether a "no" is about the verb: "not only bought" and "with no delay bought" deny nothing."""
    low, after = before[number], before[number + 1] if number + 1 < len(before) else ""
    if low == "without":
        return after.endswith("ing")
    if low in {"fail", "fails", "failed", "refused", "unable"}:
        return after == "to"
    return after not in {"only", "doubt"} and before[max(0, number - 1)] != "with"


def _is_denied_after(after: Segment) -> bool:
    lows = [token.low for token in after if token.text != "="]
    behind = lows[lows.index(":") + 1 :] if ":" in lows[:3] else []  # "Scheduled posts: none"
    return any(each[:1] and each[0] in _NOTHING for each in (lows, behind)) or behind[:1] in (
        ["0"],
        ["-"],
        ["–"],
        ["—"],
    )


def _is_attribute(segment: Segment, start: int, end: int) -> bool:
    """Tell whether the words only say which one is meant: "the blocked source", "Scheduled draft D1 is out"."""
    after = segment[end + 1 :]
    if start != end or not after or after[0].kind != "word" or after[0].low in _FOLLOWS | _AUXILIARY | _NOTHING:
        return False
    if start and segment[start - 1].low in _DETERMINERS:
        return True
    near = [token.low for token in after[1:5]]
    first = start == 0 or (start == 1 and segment[0].kind == "number")
    return first and after[0].text.islower() and bool(_FINITE_AFTER.intersection(near)) and _BREAKS.isdisjoint(near)


def _is_listed(clause: Clause, place: int, start: int) -> bool:
    """Tell whether what a verb before takes back goes for this one too: "nothing was bought, sold or published"."""
    if start or not place:
        return False
    lows = _since_colon(next((each for each in clause.segments[place - 1 :: -1] if len(each) > 1), ()))
    if _is_planned(lows):
        return True
    if any(token.kind in {"number", "address"} for token in clause.segments[place]):
        return False
    denied = any(_is_no(low) and _denies(lows, number) for number, low in enumerate(lows))
    infinitive = {"did", "do", "does", "didn't", "don't", "doesn't"}.intersection(lows)
    return bool((denied and not infinitive) or (lows and lows[0] in _UNTIL | _ONCE and _PASSIVE.intersection(lows)))


def _is_planned(lows: Sequence[str]) -> bool:
    """Tell whether a participle that follows is planned too: "will be reviewed and published"."""
    planned = any(low in _MODAL or low.endswith("'ll") or low == "to" for low in lows)
    return planned and bool({"be", "have"}.intersection(lows))


def _is_conditional(clause: Clause, place: int, before: Sequence[str]) -> bool:
    """Tell whether it is what happens once something else has: "once approved, it is published"."""
    opens = {segment[0].low for segment in clause.segments[:place]}
    return bool(opens & (_UNTIL | _ONCE)) and list(before[-1:]) in (["is"], ["are"], ["gets"], ["be"])


def _is_others(segment: Segment, start: int, end: int, strangers: Collection[str]) -> bool:
    """Tell whether somebody else did it: "Kraken bought 500 BTC", "blocked by the rule"."""
    lows = [token.low for token in segment]
    if "by" in lows[end + 1 : end + 4]:
        agents = lows[lows.index("by", end + 1) + 1 :][:3]
        return any(low in _OTHERS or low in strangers for low in agents)
    if any((one in _OTHERS or one in strangers) and other in _TELLS for one, other in pairwise(lows[:start])):
        return True
    subject = [token.low for token in segment[:start] if token.kind == "word" and not _is_filler(token.low)][-1:]
    if lows[end + 1 : end + 2] == ["off"] and subject and not _BREAKS.intersection(subject):  # "BTC sold off"
        return True
    if _PASSIVE.intersection(lows[max(0, start - 3) : start]):
        return bool(_WRITINGS.intersection(subject))
    named = any(
        low in strangers and token.text[0].isupper() for low in subject for token in segment if token.low == low
    )
    return named or bool(_OTHERS.intersection(subject))


def _is_filler(low: str) -> bool:
    return low in _AUXILIARY or low.endswith("ly")
