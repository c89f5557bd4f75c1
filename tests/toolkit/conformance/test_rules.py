"""Each rule finds its fault, and finds nothing in a tool without it."""

import pytest

from company.toolkit.conformance import RULES, Finding
from company.toolkit.conformance.subject import Played

PLACE = {"place": "Porvoo"}
FINE = Played("example", PLACE, "ok", {"degrees": 4.5})
HOSTS = {"hosts": ["api.example.com"], "rate": "30/minute"}


def found(rule: str, subject) -> list[tuple[str, str]]:
    """Levels and places, without the file and the tool."""
    findings: list[Finding] = RULES[rule].findings(subject)
    assert all(each.rule == rule and each.what and each.cure for each in findings)
    head = "/acme/tools/weather.py: weather"
    assert all(each.place.startswith(head) for each in findings)
    return [(each.level, each.place.removeprefix(head).removeprefix(": ")) for each in findings]


def fields(**parts):
    return {"type": "object", "properties": parts, "additionalProperties": False}


@pytest.mark.parametrize("rule", RULES)
def test_a_good_tool_has_no_fault(rule, subject):
    assert found(rule, subject(played=[FINE])) == []


@pytest.mark.parametrize("effect", ["write", "irreversible"])
@pytest.mark.parametrize("rule", RULES)
def test_a_good_effect_has_no_fault(rule, effect, subject):
    calls = [
        FINE,
        Played("repeated", PLACE, "ok", {"degrees": 4.5}),
        Played("looked up", PLACE, "ok", {"degrees": 4.5}),
    ]
    assert found(rule, subject(played=calls, effect=effect, idempotent=True, looks_up=True)) == []


@pytest.mark.parametrize("text", ["Weather.", "TODO: say what this does for the model."])
def test_docs_finds_a_description_that_says_nothing(text, subject):
    assert found("docs", subject(description=text)) == [("fault", "docstring")]


@pytest.mark.parametrize("note", ["", "Place.", "FIXME"])
def test_docs_finds_an_argument_that_is_not_explained(note, subject):
    told = subject(parameters=fields(place={"type": "string", "description": note}))
    assert found("docs", told) == [("fault", "argument place")]


def test_schema_finds_a_description_that_a_provider_refuses(subject):
    assert found("schema", subject(description="weather " * 200)) == [("fault", "docstring")]


@pytest.mark.parametrize(
    ("field", "place"),
    [
        ({}, "argument place"),
        ({"type": "array", "items": {}}, "argument place[]"),
        ({"type": "object", "additionalProperties": True}, "argument place{}"),
        ({"type": "object", "properties": {"town": {}}}, "argument place.town"),
        ({"anyOf": [{"type": "null"}, {"type": "array"}]}, "argument place[]"),
    ],
)
def test_schema_finds_an_argument_that_may_be_anything(field, place, subject):
    assert found("schema", subject(parameters=fields(place=field))) == [("fault", place)]


def test_schema_takes_a_reason_for_an_argument_that_may_be_anything(subject):
    field = {"description": "Any JSON value, kept as it is."}
    assert found("schema", subject(parameters=fields(place=field))) == []


def test_schema_looks_into_definitions(subject):
    parameters = {**fields(place={"$ref": "#/$defs/Place"}), "$defs": {"Place": {"type": "array"}}}
    assert found("schema", subject(parameters=parameters)) == [("fault", "argument Place[]")]


@pytest.mark.parametrize(("result", "place"), [({}, "result"), ({"type": "object"}, "result {}")])
def test_result_finds_a_result_without_a_type(result, place, subject):
    assert found("result", subject(result=result)) == [("fault", place)]


def test_result_advises_to_return_something(subject):
    assert found("result", subject(result={"type": "null"})) == [("advice", "result")] or found(
        "result", subject(result={"type": "null"})
    ) == [("advice", "")]


@pytest.mark.parametrize(
    ("manifest", "finding"),
    [
        ({"hosts": ["*.com"], "rate": "1/second"}, ("fault", "hosts")),
        ({"hosts": ["*.com:8080"], "rate": "1/second"}, ("fault", "hosts")),
        ({"hosts": ["*.example.com"], "rate": "1/second"}, None),
        ({"hosts": ["api.example.com"]}, ("advice", "rate")),
        ({"files": ["/"]}, ("fault", "files")),
        ({"files": ["~/"]}, ("fault", "files")),
        ({"files": ["~/notes"]}, None),
        ({"secrets": ["key"]}, ("advice", "secrets")),
        ({"secrets": ["key"], **HOSTS}, None),
    ],
)
def test_manifest_finds_what_is_declared_too_widely(manifest, finding, subject):
    assert found("manifest", subject(manifest=manifest, trust="untrusted")) == ([finding] if finding else [])


@pytest.mark.parametrize(("seconds", "findings"), [(120, []), (121, [("fault", "timeout")])])
def test_manifest_finds_a_timeout_that_nobody_waits_for(seconds, findings, subject):
    assert found("manifest", subject(timeout=seconds)) == findings


@pytest.mark.parametrize(
    ("effect", "trust", "manifest", "findings"),
    [
        ("read", "trusted", HOSTS, [("fault", "trust")]),
        ("write", "trusted", HOSTS, [("advice", "trust")]),
        ("read", "untrusted", HOSTS, []),
        ("read", "trusted", {}, []),
    ],
)
def test_provenance_finds_strangers_words_that_are_trusted(effect, trust, manifest, findings, subject):
    assert found("provenance", subject(effect=effect, trust=trust, manifest=manifest)) == findings


def test_examples_says_that_a_tool_was_not_called(subject):
    assert found("examples", subject(called=False, effect="write")) == [("advice", "")]
    assert found("examples", subject()) == [("fault", "")]
    assert found("examples", subject(effect="write")) == [("advice", "")]
    assert found("examples", subject(misfits=("{}: 'place' is a required property",))) == [("fault", "EXAMPLES")]


@pytest.mark.parametrize(("manifest", "level"), [({}, "fault"), (HOSTS, "advice"), ({"secrets": ["key"]}, "advice")])
@pytest.mark.parametrize("ending", ["refused", "outside"])
def test_examples_finds_one_without_a_result(ending, manifest, level, subject):
    played = [Played("example", PLACE, ending, error="no such town")]
    assert found("examples", subject(played=played, manifest=manifest)) == [(level, "EXAMPLES")]


def test_an_odd_call_may_be_refused(subject):
    played = [FINE, Played("odd", {"place": ""}, "refused", error="no such town")]
    assert [each for rule in RULES for each in found(rule, subject(played=played))] == []


@pytest.mark.parametrize("value", [{"degrees": "warm"}, {"degrees": 1, "more": "x" * 32_000}])
def test_size_finds_a_result_that_is_not_as_declared_or_too_large(value, subject):
    assert found("size", subject(played=[Played("example", PLACE, "ok", value)])) == [
        ("fault", 'called with {"place": "Porvoo"}')
    ]


@pytest.mark.parametrize(("rule", "ending"), [("errors", "crashed"), ("timeout", "late"), ("reach", "undeclared")])
def test_a_call_that_ends_badly_is_found(rule, ending, subject):
    played = [Played("odd", PLACE, ending, error="KeyError: 'Porvoo'")]
    assert found(rule, subject(played=played)) == [("fault", 'called with {"place": "Porvoo"}')]


def test_reach_finds_what_was_refused_and_swallowed(subject):
    played = [Played("example", PLACE, "ok", {"degrees": 1}, denied=("undeclared file: /etc/passwd",))]
    assert found("reach", subject(played=played)) == [("fault", 'called with {"place": "Porvoo"}')]


def test_errors_finds_a_schema_that_takes_any_argument(subject):
    open_schema = {"type": "object", "properties": {}}
    assert found("errors", subject(parameters=open_schema)) == [("fault", "schema")]


def test_idempotency_advises_on_an_effect_that_nobody_can_look_up(subject):
    assert found("idempotency", subject(effect="write", played=[FINE])) == [("advice", "")]


@pytest.mark.parametrize("kind", ["repeated", "looked up"])
@pytest.mark.parametrize(("ending", "value"), [("ok", {"degrees": 5}), ("ok", None), ("refused", None)])
def test_idempotency_finds_a_key_with_two_results(kind, ending, value, subject):
    told = subject(effect="write", idempotent=True, looks_up=True, played=[FINE, Played(kind, PLACE, ending, value)])
    assert found("idempotency", told) == [("fault", 'called with {"place": "Porvoo"}')]
