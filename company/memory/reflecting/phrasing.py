"""How people put a fact: the patterns by which a sentence is taken for one.

Each pattern holds for a whole clause, from its first word to its last, so that a question, a condition or somebody
else's opinion is no fact. What no pattern fits is kept as it was said.
"""

import re
from typing import Final

_I = re.IGNORECASE
_THING: Final = r"(?P<thing>[\w'’&/.+-]+(?: [\w'’&/.+-]+){0,4}?)"
_VALUE: Final = r"(?P<value>\S.*?)"
_NOW: Final = r"(?:(?:now|actually|currently|really|in fact) )?"
_OLD: Final = r"(?:not (?P<old>.+?),? but (?:rather )?)?"
_BE: Final = r"(?:['’]m| am|['’]re| are)"
_PLACE: Final = r"(?:(?P<place>in|at|on|near|from|with|under|by) )?"

LEAD: Final = re.compile(
    r"""(?:please|ok(?:ay)?|well|so|and|but|also|hi|hello|hey|yes|oh|by\ the\ way|btw|fyi|for\ your\ information
        |just\ so\ (?:that\ )?you\ know|for\ the\ record|helena|let\ me\ add)\b[\s,:.!-]*""",
    _I | re.VERBOSE,
)
"""Words before a statement that say nothing."""

ASKED: Final = re.compile(
    r"""(?:(?:please\ |always\ )?(?:remember|keep\ in\ mind|bear\ in\ mind|make\ a\ note|take\ note|note
        |do(?:n['’]t|\ not)\ forget|know)(?:\ for\ (?:the\ future|later|next\ time))?(?:,?\ that)?)\b[\s,:-]*
      | for\ the\ record[\s,:-]*""",
    _I | re.VERBOSE,
)
"""A person asks to remember what follows."""

CORRECTS: Final = re.compile(
    r"(?:no|nope|actually|correction|sorry|in fact|i meant|i mean|update|that(?:['’]s| is) wrong|not any ?more)\b"
    r"[\s,:.!-]*",
    _I,
)
"""A person takes something back before saying it anew."""

LATELY: Final = re.compile(r",?\s+(?:now|these days|nowadays|from now on|instead|currently|at the moment)$", _I)
"""Words at the end that say: not as before."""

NOT_OLD: Final = re.compile(r",? (?:and )?(?:not|no longer|instead of|rather than) (?P<old>[^,]+)$", _I)

QUESTION: Final = re.compile(
    r"(?:what|who|whom|whose|when|where|which|why|how|is|are|was|were|do|does|did|can|could|will|would|shall|should|may"
    r"|has|have|if|unless|suppose|imagine|let['’]s|tell|show|give)\b",
    _I,
)
"""First words of what is asked, supposed or ordered."""

# fmt: off
NOT_A_THING: Final = frozenset({
    "my", "our", "your", "his", "her", "their", "its", "i", "you", "he", "she", "we", "they", "it", "that", "this",
    "there", "who", "which", "what", "and", "or", "but", "if", "is", "are", "was", "were", "be", "been", "said", "says",
    "say", "thinks", "think", "told", "claims", "because", "when", "while", "not", "no", "only",
})
"""Words that no name of a thing holds; they begin another clause."""

PATTERNS: Final[tuple[tuple[str, str, re.Pattern[str]], ...]] = tuple(
    (subject, predicate, re.compile(f"{pattern}$", _I))
    for subject, predicate, pattern in (
        ("person", "name", rf"my name(?:['’]s| is) {_NOW}{_OLD}{_VALUE}"),
        ("person", "is called", rf"(?:you (?:can|may|should) )?(?:just )?call me {_VALUE}"),
        ("person", "lives in",
         rf"(?:i|we){_BE}? {_NOW}(?:live|living|reside|residing|based) {_NOW}(?:in|at|on) {_OLD}{_VALUE}"),
        ("person", "lives in",
         rf"(?:i|we)(?:['’]ve| have)? {_NOW}(?:just )?moved (?:house )?(?:from (?P<old>.+?) )?to {_VALUE}"),
        ("person", "works at", rf"(?:i|we){_BE}? {_NOW}(?:work|working) {_NOW}(?:at|for) {_OLD}{_VALUE}"),
        ("person", "works as", rf"i{_BE}? {_NOW}(?:work|working) {_NOW}as {_OLD}{_VALUE}"),
        ("thing", "preferred", rf"(?:i|we) {_NOW}prefer {_OLD}{_VALUE} for {_THING}"),
        ("thing", "used", rf"we {_NOW}use {_OLD}{_VALUE} for {_THING}"),
        ("thing", "",
         rf"(?:my|our) {_THING} (?:has |have )?(?:been )?(?:changed|switched) (?:from (?P<old>.+?) )?to {_VALUE}"),
        ("thing", "is in", rf"(?:my|our) {_THING} (?:has |have )?(?:been )?moved (?:from (?P<old>.+?) )?to {_VALUE}"),
        ("thing", "called", rf"(?:my|our) {_THING} (?:is|are) {_NOW}(?:called|named) {_OLD}{_VALUE}"),
        ("thing", "is", rf"(?:my|our) {_THING}(?:['’]s| is| are) {_NOW}{_OLD}{_PLACE}{_VALUE}"),
    )
)
"""Whose property it is, its predicate (empty: the one that is known) and how it is said; the first that fits counts."""

SAID_OF: Final = re.compile(rf"the {_THING}(?: is| are) {_NOW}{_OLD}{_PLACE}{_VALUE}$", _I)
"""A fact about something that is nobody's own; taken for one only when a person asks to remember it."""

BEFORE: Final = re.compile(rf"(?:my|our) {_THING} (?:was|were|used to be) {_PLACE}{_VALUE}$", _I)
"""What was the case: no fact, but it says what a correction right after it is about."""

IT: Final = re.compile(
    rf"(?:it|that|this|he|she|they)(?:['’]s|['’]re| is| are| has (?:changed|moved) to) {_NOW}{_OLD}{_PLACE}{_VALUE}$",
    _I,
)
RATHER: Final = re.compile(rf"not (?P<old>.+?),? but (?:rather )?{_PLACE}{_VALUE}$", _I)
MEANT: Final = re.compile(rf"{_PLACE}(?P<value>(?-i:[A-Z0-9])\S*(?: \S+){{0,4}})$", _I)
"""What a correction consists of: "it is X", "not X but Y", and after "no" a bare name or number."""

LIKES: Final = re.compile(
    r"(?:i|we) (?:(?:really|do not|don['’]t|still|strongly) )?"
    r"(?:prefer|like|love|hate|dislike|adore|avoid|never|always)\b.+$",
    _I,
)
"""A preference. Nobody has only one, so a new one takes no other's place."""
# fmt: on
