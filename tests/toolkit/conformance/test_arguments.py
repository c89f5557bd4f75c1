"""Arguments are read from the source, suggested by the schema, or odd; they always fit."""

import pytest

from company.errors import UsageError
from company.toolkit.conformance.arguments import MOST, examples_in, odd, suggested
from company.toolkit.schemas import fault_of


def an_object(required: list[str] | None = None, **fields: object) -> dict[str, object]:
    return {"type": "object", "properties": fields, "required": list(fields) if required is None else required}


def test_examples_are_read_without_running_the_file(tool_file):
    file = tool_file("""
        raise SystemExit("nobody runs this")
        EXAMPLES: dict = {"weather": [{"place": "Porvoo"}, {}], "tide": []}
    """)
    assert examples_in(file) == {"weather": [{"place": "Porvoo"}, {}], "tide": []}


def test_a_file_without_examples_has_none(tool_file):
    assert examples_in(tool_file("OTHER = {}\n")) == {}


@pytest.mark.parametrize(
    "value", ["make()", '[{"place": "Porvoo"}]', '{"weather": {"place": "Porvoo"}}', '{"weather": [1]}']
)
def test_examples_that_are_not_written_out_are_refused_with_their_line(value, tool_file):
    with pytest.raises(UsageError) as caught:
        examples_in(tool_file(f"\nEXAMPLES = {value}\n"))
    assert caught.value.where.endswith("mine.py:2")
    assert "EXAMPLES = {" in caught.value.cure


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ({"type": "string"}, "example"),
        ({"type": "string", "default": "x"}, "x"),
        ({"type": "string", "pattern": "^a$", "examples": ["a"]}, "a"),
        ({"type": "string", "minLength": 9}, "examplexx"),
        ({"type": "string", "maxLength": 2}, "ex"),
        ({"enum": ["north", "south"]}, "north"),
        ({"const": 4}, 4),
        ({"type": "integer", "minimum": 3}, 3),
        ({"type": "integer", "exclusiveMinimum": 3}, 4),
        ({"type": "number", "maximum": -2}, -2),
        ({"type": "boolean"}, False),
        ({"anyOf": [{"type": "string", "pattern": "^a$"}, {"type": "null"}]}, None),
        ({"type": "array", "items": {"type": "integer"}, "minItems": 2}, [1, 1]),
        ({"type": "array", "items": {"type": "string", "pattern": "^a$"}}, []),
        ({"$ref": "#/$defs/Side"}, "buy"),
    ],
)
def test_a_value_that_the_schema_allows_is_suggested(field, value):
    schema = {**an_object(field=field), "$defs": {"Side": {"enum": ["buy", "sell"], "type": "string"}}}
    assert suggested(schema) == {"field": value}
    assert not fault_of(schema, {"field": value})


@pytest.mark.parametrize("field", [{"type": "string", "pattern": "^a$"}, {"type": "string", "format": "date"}, {}])
def test_nothing_is_suggested_where_the_schema_tells_too_little(field):
    assert suggested(an_object(field=field)) is None


def test_what_is_not_required_is_not_suggested():
    assert suggested(an_object([], field={"type": "string"})) == {}


def test_odd_arguments_are_few_differ_from_the_usual_and_fit(subject):
    fields = {"text": {"type": "string", "minLength": 1}, "count": {"anyOf": [{"type": "integer", "minimum": 0}]}}
    tool = subject(parameters={**an_object(**fields), "additionalProperties": False}).description
    found = list(odd(tool, {"text": "a", "count": 0}))
    assert 0 < len(found) <= MOST
    assert {"text": " ", "count": 0} in found
    assert {"text": "a", "count": 10**12} in found
    assert all(not fault_of(tool.parameters, each) and each != {"text": "a", "count": 0} for each in found)
