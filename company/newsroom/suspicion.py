"""Signs that a text speaks to the machine that reads it instead of to a person.

A signal for the reader and for the record, not a gate: pattern lists catch the careless attacker only, so nothing is
blocked or allowed because of what is found here. What untrusted text may cause is the governor's matter.
"""

import re
import unicodedata
from typing import Final

from company.newsroom.plain import hides_text, visible

_MAX_TEXT = 20_000
_GAP = r"[^.!?\n]{0,80}?"
_MACHINE = r"ais?|(?:ai )?assistants?|(?:ai )?agents?|bots?|language models?|summari[sz]ers?"

_SIGNS: Final = tuple(
    (note, re.compile(pattern, re.IGNORECASE | re.MULTILINE))
    for note, pattern in (
        (
            "tells the reader to drop its instructions",
            r"\b(?:ignore|disregard|forget|override|bypass|ignoriere\w*|ignorez|ignora)\b"
            rf"{_GAP}\b(?:instructions?|rules?|prompts?|guidelines?|anweisungen|consignes|instrucciones)\b",
        ),
        (
            "poses as a system message",
            r"(?:^\W{0,4}(?:system|developer|assistant)(?: (?:message|note|notice|prompt|override))?\s*:)"
            r"|<\|?(?:im_start|system)\|?>|\[/?inst\]|^#{1,4} *(?:system|new task|instructions?)\b"
            r"|[\"']role[\"']\s*:\s*[\"'](?:system|developer|assistant)[\"']",
        ),
        (
            "addresses an automated reader",
            r"\b(?:note|message|memo|notice|remark|attention|reminder|instructions?) (?:to|for) "
            rf"(?:\w+ ){{0,2}}(?:{_MACHINE}|automated readers?)\b"
            rf"|\b(?:{_MACHINE}) (?:\w+ ){{0,3}}(?:must|should|shall|has to|have to)\b",
        ),
        (
            "gives a trading order",
            r"(?:^|[.!?:;,\"'“”(\]]\s*|\b(?:and|then|please|must|now) )"
            r"(?:buy|sell|liquidate|transfer|withdraw|send|short|verkaufe|kaufe)\b"
            rf"{_GAP}\b(?:immediately|at market|right now|at once|sofort|all holdings|to the (?:address|wallet))\b",
        ),
        (
            "asks to publish or open a link",
            rf"\b(?:publish|post|share|tweet|open|visit|fetch|click)\b{_GAP}(?:https?://|\bth(?:e|is) (?:link|url)\b)",
        ),
        (
            "asks for secrets",
            r"\b(?:reveal|print|show|send|include|paste|repeat|post)\b"
            rf"{_GAP}\b(?:system prompt|api key|private key|seed phrase|password|credentials|account balances)\b",
        ),
        (
            "asks to skip approval or hide something",
            r"\b(?:without (?:asking|approval|confirmation)|skip the approval|no further confirmation"
            r"|do not (?:mention|tell|report)|report success)\b",
        ),
        ("names a tool to call", r"\b(?:call|invoke|use|run|execute)\b (?:the )?\W?[a-z]+_[a-z_]+\b"),
        (
            "asks to loosen limits",
            r"\b(?:turn off|disable|suspend(?:ed)?|raise|lift|remove|set)\b"
            rf"{_GAP}\b(?:loss limit|risk limits?|position limit|maximum position|mandate)\b"
            r"|\brisk limits (?:are|were) (?:suspended|lifted|off)\b",
        ),
    )
)


def embedded_instructions(text: str) -> tuple[str, ...]:
    """Return what in a text looks like instructions to a machine, in plain words; empty when nothing does.

    Args:
        text: The text as it came, markup included; the first 20,000 characters are looked at.
    """
    raw = text[:_MAX_TEXT]
    seen = unicodedata.normalize("NFKC", visible(raw)).replace("<!--", "\n").replace("<br", "\n<br")
    notes = [note for note, pattern in _SIGNS if pattern.search(seen)]
    return tuple(["contains hidden characters", *notes] if hides_text(raw) else notes)
