"""JSON schemas of strangers, held against data without trusting them.

A schema is a small program: it can refer to addresses, hold a regular expression that never ends, or double its work at
each of forty levels. Here nothing is fetched, the work is counted, and what cannot be bounded is not checked: patterns
(the tool itself has to) and unevaluated properties and items.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from contextvars import ContextVar
from functools import cache
from typing import Any

LONGEST = 40_000
"""Characters that a schema may have: one of arguments is offered to a model with every call."""
MOST_STEPS = 50_000
"""Steps that one check may take: it ends within half a second."""
_REFERRING = 10
"""Steps that following a reference counts for."""
_SHOWN = 300
_REFERENCES = ("$ref", "$dynamicRef")
_left: ContextVar[list[int]] = ContextVar("left")

Check = Callable[[Any, Any, Any, Any], Iterator[Any] | None]


class TooCostly(Exception):
    """A check takes more steps than it may."""


def fault_of_schema(schema: Mapping[str, Any]) -> str:
    """Say why something cannot be used as a JSON schema; empty when it can."""
    from jsonschema import Draft202012Validator, SchemaError

    try:
        if len(json.dumps(schema, ensure_ascii=False)) > LONGEST:
            return f"is longer than {LONGEST:,} characters"
        if (elsewhere := next(_references_elsewhere(schema), None)) is not None:
            return f"refers to {elsewhere[:100]!r}, which is not within it"
        Draft202012Validator.check_schema(schema)
    except SchemaError as error:
        return f"is no JSON schema: {error.message[:_SHOWN]}"
    except (RecursionError, TypeError, ValueError):
        return "is nested too deeply, or is no JSON"
    return ""


def fault_of(schema: Mapping[str, Any], data: Any) -> str:
    """Say what of `data` breaks a JSON schema first; empty when nothing does, or nothing that can be checked."""
    from referencing import Registry
    from referencing.exceptions import Unresolvable

    token = _left.set([MOST_STEPS])
    try:
        found = next(_checker()(schema, registry=Registry()).iter_errors(data), None)
    except (TooCostly, RecursionError):
        return "takes too long to check against its schema"
    except Unresolvable:
        return "cannot be checked: its schema refers to something that is not within it"
    finally:
        _left.reset(token)
    if found is None:
        return ""
    place = ".".join(map(str, found.absolute_path))
    return f"{place}: {found.message[:_SHOWN]}" if place else found.message[:_SHOWN]


def _references_elsewhere(part: Any) -> Iterator[str]:
    if isinstance(part, dict):
        for key, value in part.items():
            if key in _REFERENCES and isinstance(value, str) and not value.startswith("#"):
                yield value
            yield from _references_elsewhere(value)
    elif isinstance(part, list):
        for value in part:
            yield from _references_elsewhere(value)


@cache
def _checker() -> Any:
    """Return the class that checks: the draft's own keywords, counted, without those that cannot be bounded."""
    from jsonschema import Draft202012Validator
    from jsonschema.validators import extend

    ours: dict[str, Check] = {
        "pattern": _unchecked,
        "patternProperties": _unchecked,
        "unevaluatedProperties": _unchecked,
        "unevaluatedItems": _unchecked,
        "uniqueItems": _unique_items,
    }
    checks = {**Draft202012Validator.VALIDATORS, **ours}
    checks["additionalProperties"] = _without_patterns(checks["additionalProperties"])
    counted = {name: _counted(check, _REFERRING if name in _REFERENCES else 1) for name, check in checks.items()}
    return extend(Draft202012Validator, counted)  # type: ignore[no-untyped-call]  # jsonschema types it only in part


def _counted(check: Check, weight: int) -> Check:
    def counted(validator: Any, value: Any, instance: Any, schema: Any) -> Iterator[Any]:
        left = _left.get()
        left[0] -= weight + (len(value) if isinstance(value, list | dict) else 0)
        if left[0] < 0:
            raise TooCostly
        yield from check(validator, value, instance, schema) or ()

    return counted


def _unchecked(validator: Any, value: Any, instance: Any, schema: Any) -> Iterator[Any]:
    return iter(())


def _without_patterns(check: Check) -> Check:
    """Which properties are additional is told by the patterns, where there are any."""

    def checked(validator: Any, value: Any, instance: Any, schema: Any) -> Iterator[Any] | None:
        return None if "patternProperties" in schema else check(validator, value, instance, schema)

    return checked


def _unique_items(validator: Any, value: Any, instance: Any, schema: Any) -> Iterator[Any]:
    from jsonschema import ValidationError

    items = [json.dumps(item, sort_keys=True) for item in instance] if value and isinstance(instance, list) else []
    if len(set(items)) < len(items):
        yield ValidationError("has an item twice")
