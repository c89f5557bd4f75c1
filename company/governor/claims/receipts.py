"""What a tool returned, as values that a sentence can be held to."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import Any

_FIGURE = re.compile(r"[-+]?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?")
_LONGEST = 120
"""Characters of a text that is an id, a name or a hash; longer ones are prose and prove nothing."""


@dataclass(frozen=True)
class Receipt:
    """What proves one effect.

    Attributes:
        tool: The tool that had the effect.
        key: Key of the effect; empty for something that was read.
        value: What the tool returned, as JSON data.
    """

    tool: str
    key: str
    value: Any

    def __str__(self) -> str:
        return f"receipt of {self.tool} {self.key[:8]}" if self.key else f"answer of {self.tool}"

    @cached_property
    def fields(self) -> dict[str, Any]:
        """Single values by the name of their field."""
        return dict(_leaves("", self.value))

    @cached_property
    def figures(self) -> tuple[Decimal, ...]:
        """All numbers."""
        return tuple(number for value in self.fields.values() if (number := figure(value)) is not None)

    @cached_property
    def names(self) -> frozenset[str]:
        """All ids, addresses, symbols and other short texts, lower case, and the effect's own key."""
        texts = {value.lower() for value in self.fields.values() if isinstance(value, str) and len(value) <= _LONGEST}
        return frozenset({*texts, self.key} - {""})

    @cached_property
    def assets(self) -> frozenset[str]:
        """What was traded, upper case: `BTC` of the symbol `BTC/USDT`."""
        pairs = (value for value in self.fields.values() if isinstance(value, str))
        return frozenset(pair.partition("/")[0].upper() for pair in pairs if re.fullmatch(r"\w{2,12}/\w{2,12}", pair))

    def shows(self, name: str, wanted: str | bool) -> bool:
        """Tell whether a field has a value; with True, whether it is neither zero nor empty."""
        value = self.fields.get(name)
        if wanted is True:
            return bool(figure(value)) if figure(value) is not None else bool(value)
        return value == wanted

    def tells(self, name: str) -> str:
        """Return what a field has, in words."""
        value = self.fields.get(name)
        return f"{name} {value}" if value not in (None, "") else f"no {name}"


def figure(value: Any) -> Decimal | None:
    """Return a number, or a text that is nothing but one, as a Decimal; else None."""
    if isinstance(value, bool):
        return None
    text = str(value) if isinstance(value, int | float | Decimal) else value
    return abs(Decimal(text)) if isinstance(text, str) and _FIGURE.fullmatch(text) else None


def values_of(data: Any, name: str) -> Iterator[dict[str, Any]]:
    """Yield the objects within data that have `name` as one of their values, ids above all."""
    if isinstance(data, dict):
        if any(isinstance(value, str) and value.lower() == name for value in data.values()):
            yield data
        data = data.values()
    if isinstance(data, Iterable) and not isinstance(data, str):
        for part in data:
            yield from values_of(part, name)


def _leaves(name: str, data: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(data, dict):
        for key, value in data.items():
            yield from _leaves(key, value)
    elif isinstance(data, list):
        for number, value in enumerate(data):
            yield from _leaves(f"{name}[{number}]", value)
    else:
        yield name, data
