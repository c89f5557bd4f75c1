"""Reaches into the results of tools: `mood.score`, `items.id`."""

from collections.abc import Sequence
from typing import Any


def found_at(value: Any, field: str) -> list[Any]:
    """Return what stands at a dotted place of JSON data; a list on the way stands for each of its items."""
    return _at(value, field.split("."))


def _at(value: Any, path: Sequence[str]) -> list[Any]:
    if isinstance(value, list):
        return [found for item in value for found in _at(item, path)]
    if not path:
        return [] if value is None else [value]
    return _at(value[path[0]], path[1:]) if isinstance(value, dict) and path[0] in value else []
