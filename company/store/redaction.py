"""Takes secrets out of texts before they are kept, shown or sent.

A secret is found as it is, in base64 at each of the three alignments (standard and URL-safe), in hex, reversed, as JSON
escapes it, percent-encoded in whole or in part, and partly masked as providers do in their errors: `sk-ab***yz`. It is
not found when it was split over two texts or lines, encoded twice, compressed or encrypted: this is the second line of
defence. The first is that no key is ever given to a prompt or a tool.
"""

import base64
import json
import re
from collections import defaultdict
from collections.abc import Callable, Mapping
from functools import partial
from itertools import chain
from typing import Any, TypeVar
from urllib.parse import quote

from company.store.secrets import SHORTEST

_Data = TypeVar("_Data")
_Source = Callable[[], Mapping[str, str]]

_MASKS = ("**", "...", "…", "••")
_MASK = re.compile(r"\*\*+|\.\.+|••+|…+")
_ESCAPE = re.compile(r"%[0-9A-Fa-f]{2}")
_VISIBLE = 4
"""Characters around a mask that must fit a secret: fewer are as likely chance."""

_PASSES = 3
"""A secret that begins or ends like `[secret NAME]` may arise at the edge of one; a further pass takes it out."""


class Redactor:
    """Replaces every appearance of a secret by `[secret NAME]`.

    Args:
        sources: Each returns secrets by name, and the same object as before while they do not change:
            `SecretStore.values`, `ProviderKeys.values`. Nothing is asked before the first text. A secret that was known
            once stays known after it was replaced or removed. No secrets are values shorter than 8 characters, and
            what the name itself spells out: `lm-studio` as `LM_STUDIO_API_KEY` is a placeholder.
    """

    def __init__(self, *sources: _Source) -> None:
        self._sources = sources
        self._seen: list[Mapping[str, str]] = []
        self._names: dict[str, str] = {}
        self._finder: _Finder | None = None

    def text(self, text: str) -> str:
        """Return a text without secrets; the same object when it holds none.

        Raises:
            UsageError: The secret store cannot be read, so nobody can tell what to take out.
        """
        finder = self._current()
        return finder.replaced(text) if finder else text

    def data(self, data: _Data) -> _Data:
        """Return JSON data without secrets, in keys and values, at any depth; the same object when it holds none.

        Raises:
            UsageError: The secret store cannot be read, so nobody can tell what to take out.
        """
        finder = self._current()
        return _walked(data, finder.replaced) if finder else data

    def settled(self) -> "Redactor":
        """Return one that takes out what this one would now, and never asks its sources again."""
        self._current()
        known = [{name: value} for value, name in self._names.items()]  # a name may have had several values
        return Redactor(*(partial(_given, secret) for secret in known))

    def _current(self) -> "_Finder | None":
        seen = [source() for source in self._sources]
        if len(seen) != len(self._seen) or any(new is not old for new, old in zip(seen, self._seen, strict=True)):
            self._names.update({value: name for known in seen for name, value in known.items()})
            secret = {value: name for value, name in self._names.items() if _is_secret(name, value)}
            self._finder = _Finder(secret) if secret else None
            self._seen = seen
        return self._finder


def _given(secrets: Mapping[str, str]) -> Mapping[str, str]:
    return secrets


class _Finder:
    """Finds the secrets it was made for."""

    def __init__(self, names: Mapping[str, str]) -> None:
        marks = {value: f"[secret {name}]" for value, name in names.items()}
        self._marks = {form: mark for value, mark in marks.items() for form in _forms(value)}
        self._forms = tuple(sorted(self._marks, key=len, reverse=True))
        self._literal = re.compile("|".join(map(re.escape, self._forms)))
        self._escaped_marks = list(marks.values())
        self._escaped = re.compile("|".join(f"({_escapable(value)})" for value in marks))
        self._masked = [_Masked(value, mark) for value, mark in marks.items()]
        self._heads = frozenset(chain.from_iterable(secret.heads for secret in self._masked))
        self._tails = frozenset(chain.from_iterable(secret.tails for secret in self._masked))

    def replaced(self, text: str) -> str:
        for _ in range(_PASSES):
            before, text = text, self._once(text)
            if text is before:
                break
        return text

    def _once(self, text: str) -> str:
        for form in self._forms:  # searching one after the other takes a third of the time of the pattern
            if form in text:
                text = self._literal.sub(lambda found: self._marks[found[0]], text)
                break
        if "%" in text and _ESCAPE.search(text) and self._escaped.search(text):
            text = self._escaped.sub(lambda found: self._escaped_marks[(found.lastindex or 0) - 1], text)
        if any(mask in text for mask in _MASKS):
            text = self._without_masked(text)
        return text

    def _without_masked(self, text: str) -> str:
        parts, done = [], 0
        for found in _MASK.finditer(text):
            start, end = found.span()
            if start < done or (text[start - 2 : start] not in self._heads and text[end : end + 2] not in self._tails):
                continue
            before, after, mark = self._likeliest(text, start, end)
            if before + after >= _VISIBLE:
                parts += [text[done : max(start - before, done)], mark]
                done = end + after
        return "".join([*parts, text[done:]]) if parts else text

    def _likeliest(self, text: str, start: int, end: int) -> tuple[int, int, str]:
        around = [(*secret.around(text, start, end), secret.mark) for secret in self._masked]
        return max(around, key=lambda fit: fit[0] + fit[1])


class _Masked:
    """Recognises what a mask left of a secret, by the two characters next to the mask."""

    def __init__(self, value: str, mark: str) -> None:
        self.mark = mark
        self._value = value
        self.heads, self.tails = defaultdict[str, list[int]](list), defaultdict[str, list[int]](list)
        for length in range(len(value) - 1, 1, -1):
            self.heads[value[length - 2 : length]].append(length)
            self.tails[value[-length:][:2]].append(length)

    def around(self, text: str, start: int, end: int) -> tuple[int, int]:
        """How many characters before `start` begin the secret, and how many from `end` on end it; 0, or 2 and more."""
        heads = self.heads.get(text[max(start - 2, 0) : start], ())
        tails = self.tails.get(text[end : end + 2], ())
        before = next((length for length in heads if text.endswith(self._value[:length], 0, start)), 0)
        return before, next((length for length in tails if text.startswith(self._value[-length:], end)), 0)


def _is_secret(name: str, value: str) -> bool:
    return len(value) >= SHORTEST and value.lower().replace("-", "_") not in name.lower().replace("-", "_")


def _forms(value: str) -> set[str]:
    """The spellings that are searched for letter by letter."""
    raw = value.encode("utf-8", "surrogatepass")
    aligned = [_aligned(raw, offset) for offset in range(3)]
    url_safe = [text.translate(str.maketrans("+/", "-_")) for text in aligned]
    in_json = [json.dumps(value, ensure_ascii=ascii_only)[1:-1] for ascii_only in (True, False)]
    in_url = [quote(text, safe="") for text in aligned]
    return {value, value[::-1], raw.hex(), raw.hex().upper(), *aligned, *url_safe, *in_url, *in_json}


def _aligned(raw: bytes, offset: int) -> str:
    """The characters of base64 that `raw` alone decides when `offset` bytes, modulo 3, stand before it."""
    text = base64.b64encode(bytes(offset) + raw).decode().rstrip("=")
    mixed_end = 1 if (offset + len(raw)) % 3 else 0
    return text[(0, 2, 3)[offset] : len(text) - mixed_end]


def _escapable(value: str) -> str:
    """A pattern of the value with any of its characters percent-encoded."""
    return "".join(f"(?:{re.escape(character)}|{_percent(character)})" for character in value)


def _percent(character: str) -> str:
    code = "".join(f"%{byte:02X}" for byte in character.encode("utf-8", "surrogatepass"))
    return f"(?i:{code})" + (r"|\+" if character == " " else "")


def _walked(data: Any, replaced: Callable[[str], str]) -> Any:
    if isinstance(data, str):
        return replaced(data)
    if isinstance(data, dict):
        parts = [_walked(part, replaced) for pair in data.items() for part in pair]
        same = all(new is old for new, old in zip(parts, chain.from_iterable(data.items()), strict=True))
        return data if same else dict(zip(parts[::2], parts[1::2], strict=True))
    if isinstance(data, list | tuple):
        items = [_walked(item, replaced) for item in data]
        return data if all(new is old for new, old in zip(items, data, strict=True)) else type(data)(items)
    return data
