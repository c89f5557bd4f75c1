"""What a person wants to know of what they told: "what is my boat called?", "what did I tell you about Salo?".

The answer is a memory or nothing: a memory answers only when it holds every telling word of what is asked about.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

from company.memory.words import terms, words

MYSELF: Final = ("me",)
"""What is asked about when somebody asks for everything that is known of them."""

_LEAD: Final = r"(?:(?:please|can you tell me|tell me|so|and|do you (?:still )?(?:know|remember)),? )?"
_QUESTIONS: Final = tuple(
    re.compile(f"{_LEAD}{rest}$", re.IGNORECASE)
    for rest in (
        r"what (?:do|did) you (?:know|remember|keep|learn) (?:about|of) (?P<about>.+)",
        r"what (?:did|have|had) (?:i|we) (?:ever )?(?:tell|told|said?|say)(?: to)? you (?:about|of|on) (?P<about>.+)",
        r"(?:what|who|where|when|which)(?:['’]s| is| are| was| were) (?:my|our) (?P<about>.+)",
        r"(?:what|who|where|when) (?:my|our) (?P<about>.+?) (?:is|are|was)(?: called| named)?",
        r"(?:where|what|whom|who|when) (?:do|did) (?:i|we) (?P<about>.+)",
        r"(?:where|what|whom|who) (?:i|we) (?P<about>.+)",
        r"do you (?:still )?(?:know|remember) (?:my|our) (?P<about>.+)",
    )
)
# fmt: off
_IDLE: Final = frozenset({
    "called", "named", "now", "again", "please", "today", "tell", "told", "said", "know", "remember", "right",
    "currently",
})
# fmt: on


def asked_about(request: str) -> tuple[str, ...]:
    """Return the telling words of what a person asks their memories for; empty when they ask for something else.

    Args:
        request: What the person said.
    """
    text = " ".join(request.split()).strip(" .!?")
    for question in _QUESTIONS:
        if found := question.match(text):
            asked = words(found["about"])
            if asked in (["me"], ["us"], ["myself"]):
                return MYSELF
            return tuple(term for term in terms(asked) if term not in _IDLE)
    return ()


def about(memories: Iterable[Mapping[str, Any]], asked: tuple[str, ...]) -> list[Mapping[str, Any]]:
    """Return the memories that tell of something, in their order; all of them for `MYSELF`.

    Args:
        memories: Recalled memories as JSON.
        asked: The telling words, as `asked_about` returns them.
    """
    if asked == MYSELF:
        return list(memories)
    wanted = {_stem(word) for word in asked}
    return [item for item in memories if wanted and wanted <= {_stem(word) for word in words(item["text"])}]


def _stem(word: str) -> str:
    """Cut the endings by which a noun or verb of a question differs from the one of the answer."""
    for ending in ("ing", "ed", "es", "s"):
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            word = word[: -len(ending)]
            break
    return word.removesuffix("e")
