"""Arguments to call a tool with: its examples, those its schema suggests, and odd ones that the schema allows.

Examples stand beside the tools as a plain dictionary, `EXAMPLES = {"weather": [{"place": "Porvoo"}]}`. It is read from
the source and must be written out: to look for arguments nothing is run.
"""

import ast
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from company.errors import UsageError
from company.toolkit.foreign import Description
from company.toolkit.schemas import fault_of

NAME = "EXAMPLES"
"""What the dictionary of examples is called: a list of arguments by name of tool."""
MOST = 6
"""Odd calls of one tool."""

Arguments = Mapping[str, Any]
_NOTHING = object()
_ODD: dict[str, tuple[Any, ...]] = {
    "string": ("", " ", "\u00e9\u4e2d\U0001f600'\"\\\n", "x" * 5_000),
    "integer": (0, -1, 10**12),
    "number": (0, -1.5, 10**12),
    "array": ([],),
    "object": ({},),
}


def examples_in(file: Path) -> dict[str, list[Arguments]]:
    """Return the examples of a file by name of tool; a file without any has none.

    Raises:
        UsageError: They are not written out as a dictionary of lists of arguments.
    """
    found: dict[str, list[Arguments]] = {}
    for node in ast.parse(file.read_bytes(), filename=str(file)).body:
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        named = any(isinstance(target, ast.Name) and target.id == NAME for target in targets)
        if named and isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
            found = _read(node.value, f"{file}:{node.lineno}")
    return found


def _read(node: ast.expr, where: str) -> dict[str, list[Arguments]]:
    cure = f'write it out: {NAME} = {{"tool": [{{"argument": "value"}}]}}'
    try:
        value = ast.literal_eval(node)
    except ValueError:
        raise UsageError(f"{NAME} is computed, and nothing is run to read it", where=where, cure=cure) from None
    if not isinstance(value, dict) or not all(_is_list_of_arguments(each) for each in value.values()):
        raise UsageError(f"{NAME} is no dictionary of lists of arguments", where=where, cure=cure)
    return value


def _is_list_of_arguments(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(each, dict) for each in value)


def suggested(parameters: Mapping[str, Any]) -> Arguments | None:
    """Return arguments that a schema allows, of defaults, examples and smallest values; None when none can be told."""
    value = _value(parameters, parameters)
    return value if isinstance(value, dict) and not fault_of(parameters, value) else None


def odd(description: Description, usual: Arguments) -> Iterator[Arguments]:
    """Yield arguments at the edges of what the schema allows: empty, huge, negative; one odd value at a time."""
    schema, given = description.parameters, 0
    for name, field in schema.get("properties", {}).items():
        for kind in _kinds(field, schema):
            for value in _ODD.get(kind, ()):
                arguments = {**usual, name: value}
                if given < MOST and arguments != usual and not fault_of(schema, arguments):
                    given += 1
                    yield arguments


def _kinds(field: Mapping[str, Any], root: Mapping[str, Any]) -> Iterator[str]:
    field = _resolved(field, root)
    if isinstance(kind := field.get("type"), str):
        yield kind
    for option in (*field.get("anyOf", ()), *field.get("oneOf", ())):
        yield from _kinds(option, root)


def _value(schema: Mapping[str, Any], root: Mapping[str, Any]) -> Any:
    """Return one value that a schema allows, or `_NOTHING`."""
    schema = _resolved(schema, root)
    for known in (["default"], ["const"], ["examples", 0], ["enum", 0]):
        if (value := _at(schema, known)) is not _NOTHING:
            return value
    for option in (*schema.get("anyOf", ()), *schema.get("oneOf", ())):
        if (value := _value(option, root)) is not _NOTHING:
            return value
    return _smallest(schema, root)


def _smallest(schema: Mapping[str, Any], root: Mapping[str, Any]) -> Any:
    kind = str(schema.get("type", ""))
    if kind == "string" and not {"pattern", "format"} & set(schema):
        return "example".ljust(schema.get("minLength", 0), "x")[: schema.get("maxLength", 10_000)]
    if kind in {"integer", "number"}:
        lowest = schema.get("minimum", schema.get("exclusiveMinimum", 0) + 1)
        return min(lowest, schema.get("maximum", lowest))
    if kind == "array":
        item = _value(schema.get("items", {}), root) if schema.get("minItems") else None
        return _NOTHING if item is _NOTHING else [item] * schema.get("minItems", 0)
    if kind == "object":
        fields = schema.get("properties", {})
        made = {name: _value(fields.get(name, {}), root) for name in schema.get("required", ())}
        return _NOTHING if any(value is _NOTHING for value in made.values()) else made
    return {"boolean": False, "null": None}.get(kind, _NOTHING)


def _resolved(schema: Mapping[str, Any], root: Mapping[str, Any]) -> Mapping[str, Any]:
    """Follow a reference into `$defs`."""
    name = str(schema.get("$ref", "")).removeprefix("#/$defs/")
    return root.get("$defs", {}).get(name, schema) if name else schema


def _at(schema: Mapping[str, Any], path: list[Any]) -> Any:
    value: Any = schema
    for step in path:
        try:
            value = value[step]
        except (KeyError, IndexError):
            return _NOTHING
    return value
