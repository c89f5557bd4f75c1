"""Finds texts wherever they stand, in whatever spelling: how an erasure knows what to take out.

A text is found without regard to case, to spacing and to how its letters are composed, and as JSON escapes it, also
several times over, because arguments of tools are JSON inside of JSON. What is found is replaced letter by letter or
token by token, so that the rest of a text stays as it was and JSON stays JSON. Not found is a text that was translated,
compressed, encrypted or said in other words; for those an erasure names whole runs.
"""

import json
import re
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Final

MARK: Final = "[erased]"
"""What stands where something was erased."""

SHORTEST: Final = 8
"""Letters and signs a text needs to be looked for everywhere: what is shorter is in many texts by chance."""

_LETTERS: Final = 3
_BY_CHANCE: Final = 12
"""A text shorter than this is found as whole words only."""

_ESCAPED: Final = r"""
    \\+u[dD][89abAB][0-9a-fA-F]{2}\\+u[dD][c-fC-F][0-9a-fA-F]{2}  # a surrogate pair as JSON escapes it
    | \\+u[0-9a-fA-F]{4} | \\+[bfnrt"/] | \\+"""
_ESCAPE: Final = re.compile(_ESCAPED, re.VERBOSE)
_TOKEN: Final = re.compile(rf"{_ESCAPED} | \s+ | .", re.VERBOSE | re.DOTALL)
_CODE: Final = re.compile(r"u([0-9a-fA-F]{4})")
_CONTROLS: Final = {code: None for code in (*range(9), *range(14, 28), *range(127, 160)) if code != 0x85}
_LARGE: Final = 4_000_000


class Traces:
    """Texts that are looked for.

    Args:
        texts: The texts; those with fewer than 8 signs or 3 letters are left out.
    """

    def __init__(self, texts: Iterable[str]) -> None:
        needles = {folded(text) for text in texts if is_telling(text)}
        self._needles = frozenset(needles)
        self._anchored: defaultdict[str, list[str]] = defaultdict(list)
        self._bare: list[str] = []
        for needle in sorted(needles, key=lambda needle: (-len(needle), needle)):
            if inner := needle.split(" ")[1:-1]:
                self._anchored[max(inner, key=len)].append(needle)
            else:
                self._bare.append(needle)
        self._wide = [needle.encode(form) for needle in sorted(needles) for form in ("utf-16-le", "utf-16-be")]
        self._forms = [form for needle in sorted(needles) for form in _forms(needle)] + self._wide

    def __bool__(self) -> bool:
        return bool(self._needles)

    def in_text(self, text: str) -> bool:
        """Tell whether one of the texts is in `text`."""
        plain = folded(text)
        return any(True for needle in self._possible(plain) for _ in _places(needle, plain))

    def in_bytes(self, raw: bytes) -> bool:
        """Tell whether one of the texts is in the bytes of a file, as UTF-8, as JSON escapes it or as UTF-16.

        In more than 4 MB that are no text it is looked for without regard to case only.
        """
        lower = raw.lower()
        if any(form in lower for form in self._forms):
            return True
        try:
            return self.in_text(raw.decode())
        except UnicodeDecodeError:
            return len(raw) <= _LARGE and self.in_text(raw.decode("utf-8", "surrogateescape"))

    def text(self, text: str) -> str:
        """Return a text with `[erased]` for what is found; the same object when nothing is."""
        return self._without(text, lambda found: MARK) if self.in_text(text) else text

    def data(self, data: Any, *, is_name: Callable[[str], bool] = lambda text: False) -> Any:
        """Return JSON data without what is found, in keys and values at any depth, also in JSON inside of a text.

        Args:
            data: The data; the same object comes back when nothing is found in it.
            is_name: Says of a text which is found whole whether it is a name that must stay, such as a symbol.
        """
        return walked(data, lambda leaf: leaf if is_name(leaf) and folded(leaf) in self._needles else self.text(leaf))

    def pieces(self, pieces: Sequence[str]) -> list[str]:
        """Return the pieces of a text, such as a streamed answer, without what is found in them together."""
        text = "".join(pieces)
        spans = self._spans(text) if self.in_text(text) else []
        kept, start = [], 0
        for piece in pieces:
            end = start + len(piece)
            mine = [(max(a, start) - start, min(b, end) - start) for a, b in spans if a < end and b > start]
            kept.append(_replaced(piece, mine, lambda found: MARK))
            start = end
        return kept

    def raw(self, raw: bytes) -> bytes:
        """Return bytes of another format with stars for what is found: as long as before, so the format holds."""
        text = raw.decode("utf-8", "surrogateescape")
        if self.in_text(text):
            text = self._without(text, lambda found: "*" * len(found.encode("utf-8", "surrogateescape")))
            raw = text.encode("utf-8", "surrogateescape")
        for wide in self._wide:
            while (place := raw.lower().find(wide)) >= 0:
                raw = raw[:place] + b"*" * len(wide) + raw[place + len(wide) :]
        return raw

    def _possible(self, plain: str) -> Iterator[str]:
        """Yield the texts that may be in a folded one: those of which it has the longest inner word."""
        yield from self._bare
        if self._anchored:
            for word in self._anchored.keys() & set(plain.split(" ")):
                yield from self._anchored[word]

    def _without(self, text: str, instead: Callable[[str], str]) -> str:
        return _replaced(text, self._spans(text), instead)

    def _spans(self, text: str) -> list[tuple[int, int]]:
        """Return where something stands, in order and without overlaps."""
        plain, starts, ends = _mapped(text)
        found = [
            (starts[place], ends[place + len(needle) - 1])
            for needle in self._possible(plain)
            for place in _places(needle, plain)
        ]
        merged: list[tuple[int, int]] = []
        for start, end in sorted(found):
            if merged and start <= merged[-1][1]:
                merged[-1] = merged[-1][0], max(end, merged[-1][1])
            else:
                merged.append((start, end))
        return merged


def is_telling(text: str) -> bool:
    """Tell whether a text is long enough to be looked for everywhere."""
    plain = folded(text)
    return len(plain) >= SHORTEST and sum(sign.isalpha() for sign in plain) >= _LETTERS


def folded(text: str) -> str:
    """Return the form in which texts are compared: one case, single spaces, letters taken apart, nothing escaped."""
    if "\\" in text:
        text = _ESCAPE.sub(lambda found: _unescaped(found[0]), text)
    if not text.isascii():
        text = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    return " ".join(text.lower().translate(_CONTROLS).split())


def walked(data: Any, change: Callable[[str], str]) -> Any:
    """Return JSON data with every text changed, keys and values and JSON inside of a text; the same if none is."""
    if isinstance(data, str):
        return _walked_text(data, change)
    if isinstance(data, dict):
        pairs = {walked(key, change): walked(value, change) for key, value in data.items()}
        same = len(pairs) == len(data) and all(
            key is old and value is data[old] for old, (key, value) in zip(data, pairs.items(), strict=True)
        )
        return data if same else pairs
    if isinstance(data, list):
        items = [walked(item, change) for item in data]
        return data if all(new is old for new, old in zip(items, data, strict=True)) else items
    return data


def _walked_text(text: str, change: Callable[[str], str]) -> str:
    if text[:1] in ("{", "["):
        try:
            inner = json.loads(text)
        except ValueError:
            return change(text)
        new = walked(inner, change)
        return text if new is inner else json.dumps(new)
    return change(text)


def _places(needle: str, plain: str) -> Iterator[int]:
    place = plain.find(needle)
    while place >= 0:
        if len(needle) >= _BY_CHANCE or _stands_alone(plain, place, place + len(needle)):
            yield place
        place = plain.find(needle, place + 1)


def _stands_alone(plain: str, start: int, end: int) -> bool:
    before, after = plain[start - 1 : start], plain[end : end + 1]
    return not (before.isalnum() and plain[start].isalnum()) and not (after.isalnum() and plain[end - 1].isalnum())


def _mapped(text: str) -> tuple[str, list[int], list[int]]:
    """Return the folded text, and of each of its signs where that begins and ends in the text."""
    signs: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    for token in _TOKEN.finditer(text):
        for sign in _sign(token[0]):
            if sign == " " and (not signs or signs[-1] == " "):
                continue
            signs.append(sign)
            starts.append(token.start())
            ends.append(token.end())
    return "".join(signs), starts, ends


def _sign(token: str) -> str:
    """Return a token as it is compared."""
    if token.isspace():
        return " "
    letters = _unescaped(token) if token[0] == "\\" else token
    letters = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", letters).casefold())
    return "".join(" " if sign.isspace() else sign for sign in letters.translate(_CONTROLS))


def _unescaped(token: str) -> str:
    rest = token.lstrip("\\")
    if rest[:1] == "u":
        return _decoded(token)
    return " " if rest and rest in "bfnrt" else rest or "\\"


def _forms(needle: str) -> Iterator[bytes]:
    yield needle.encode("utf-8", "surrogatepass")
    if not needle.isascii():
        composed = unicodedata.normalize("NFC", needle)
        yield composed.encode("utf-8", "surrogatepass")
        yield json.dumps(composed)[1:-1].encode()


def _decoded(escapes: str) -> str:
    units = b"".join(int(code, 16).to_bytes(2, "big") for code in _CODE.findall(escapes))
    return units.decode("utf-16-be", "replace")


def _replaced(text: str, spans: Sequence[tuple[int, int]], instead: Callable[[str], str]) -> str:
    parts, done = [], 0
    for start, end in spans:
        parts += [text[done:start], instead(text[start:end])]
        done = end
    return "".join([*parts, text[done:]]) if spans else text
