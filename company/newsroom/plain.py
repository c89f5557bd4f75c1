"""Strangers' text becomes plain text: no markup, no control characters, no invisible ones, no surprise in length.

Invisible characters matter twice. Bidirectional controls make a line read differently from what it says, and zero-width
or tag characters carry words a person does not see but a model does. They are dropped here; `hides_text` tells that
they were there. Every expression below runs in linear time, on input that was cut first.
"""

import html
import re
import unicodedata
from typing import Final

_MAX_INPUT = 100_000
_DROPPED: Final = re.compile(
    r"<!--.*?(?:-->|\Z)|<!\[CDATA\[|\]\]>|<(script|style|template|noscript)\b.*?(?:</\1\s*>|\Z)",
    re.IGNORECASE | re.DOTALL,
)
_BREAK: Final = re.compile(r"</?(?:p|br|div|li|ul|ol|tr|h[1-6]|blockquote|article|section)\b[^<>]*>", re.IGNORECASE)
_TAG: Final = re.compile(r"</?[a-zA-Z][^<>]*>|<[!?][^<>]*>")
_INVISIBLE: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn"})
_SPACES: Final = re.compile(r"[^\S\n]+")
_BLANK_LINES: Final = re.compile(r" ?\n ?(?:\s*\n)?")
_HIDING: Final = re.compile(
    "[\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufe00-\ufe0e\U000e0000-\U000e01ef]"  # zero-width, bidi, tags, variants
)


def plain(text: str, limit: int) -> str:
    """Return readable text with paragraphs kept as blank lines.

    Args:
        text: Plain text or HTML.
        limit: Greatest length of the result in characters; a longer one ends in an ellipsis.
    """
    bare = _TAG.sub("", _BREAK.sub("\n", _DROPPED.sub(" ", text[:_MAX_INPUT])))
    seen = visible(html.unescape(bare))
    return _cut(_BLANK_LINES.sub(_as_paragraph, _SPACES.sub(" ", seen)).strip(), limit)


def line(text: str, limit: int) -> str:
    """Return readable text on a single line, cut to `limit` characters."""
    return _cut(" ".join(plain(text, _MAX_INPUT).split()), limit)


def visible(text: str) -> str:
    """Return `text` without control, format, private and unassigned characters (line breaks stay)."""
    kept = (_shown(character) for character in unicodedata.normalize("NFC", text))
    return "".join(kept)


def hides_text(text: str) -> bool:
    """Tell whether characters are in it that hide or reorder words: zero-width, bidirectional, tags."""
    return _HIDING.search(text) is not None


def _shown(character: str) -> str:
    if character in "\n\t\r":
        return "\n" if character == "\n" else " "
    if _HIDING.match(character) or unicodedata.category(character) in _INVISIBLE:
        return ""
    return character


def _as_paragraph(found: re.Match[str]) -> str:
    return "\n\n" if found[0].count("\n") > 1 else "\n"


def _cut(text: str, limit: int) -> str:
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"
