"""A stand-in for the providers' token counts: an estimate of cl100k, without its vocabulary.

Text is split as cl100k splits it before it looks anything up; nearly every piece of English is then one token. The
rest is rules, fitted to our prompts: a long word, a word behind a sign other than a blank, a run of signs and a letter
outside of ASCII cost more.
"""

import json
import re
from functools import lru_cache
from typing import Any

from tests.wire.script import Asked

_PIECES = re.compile(
    r"(?i:'(?:[sdmt]|ll|ve|re))"
    r"|(?:[^\r\n\w]|_)?[^\W\d_]+"
    r"|\d{1,3}"
    r"| ?(?:[^\s\w]|_)+[\r\n]*"
    r"|\s*[\r\n]+"
    r"|\s+(?!\S)"
    r"|\s+"
)
_HUMPS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[^A-Z]+")
_LONG_WORD, _LONG_JOINED, _SIGNS = 10, 3, 3
"""Letters of a word, of a word behind a sign, and signs in a row, that one token holds as a rule."""


def estimate(asked: Asked) -> int:
    """Return the tokens of everything a provider counts: instructions, messages, calls and tool schemas."""
    said = sum(count(message["text"]) + _calls(message) for message in asked.messages)
    return count(asked.system) + said + sum(count(_compact(schema)) for schema in asked.tool_schemas)


@lru_cache(maxsize=4096)
def count(text: str) -> int:
    """Return about how many cl100k tokens a text has."""
    return sum(_size(piece) for piece in _PIECES.findall(text))


@lru_cache(maxsize=65536)
def _size(piece: str) -> int:
    if not piece[-1].isalpha():
        foreign = sum(not sign.isascii() for sign in piece)
        return max(1, -(-len(piece.strip()) // _SIGNS)) + foreign // 3
    word = piece if piece[0].isalpha() else piece[1:]
    foreign = sum(not letter.isascii() for letter in word)
    longest = _LONG_WORD if piece[0].isalpha() or piece[0] == " " else _LONG_JOINED
    return sum(-(-len(hump) // longest) for hump in _HUMPS.findall(word)) + foreign


def _calls(message: dict[str, Any]) -> int:
    return sum(count(call["name"]) + count(_compact(call["arguments"])) for call in message["calls"])


def _compact(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, separators=(",", ":"))
