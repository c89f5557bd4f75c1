"""Structured output, step by step down."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from company.errors import ProviderError
from company.llm.ladder import PROBLEMS, Rung, StructuredFailure, plan_rungs, read_arguments, structured
from company.roles import Plan

Json = dict[str, Any]
ROLES = ("trading", "security")
RUNGS = plan_rungs(ROLES)
GOOD: Json = {"assignments": [{"role": "trading", "task": "Look", "expects": "prices"}], "note": "why"}
SMALL: Json = {"assignments": [{"role": "security", "task": "Check"}]}


class Model:
    """Answers in turn, and remembers what it was asked."""

    def __init__(self, *answers: Json | str) -> None:
        self.answers = list(answers)
        self.schemas: list[Json] = []
        self.notes: list[str | None] = []

    async def __call__(self, schema: Json, note: str | None) -> Json | str:
        self.schemas.append(schema)
        self.notes.append(note)
        return self.answers[len(self.notes) - 1]


def roles(plan: Plan) -> list[str]:
    return [assignment.role for assignment in plan.assignments]


async def test_data_that_fits_is_taken_at_once() -> None:
    model = Model(GOOD)

    plan = await structured(model, RUNGS)

    assert roles(plan) == ["trading"]
    assert plan.note == "why"
    assert model.notes == [None]


async def test_data_that_does_not_fit_is_asked_for_once_more_with_what_was_wrong() -> None:
    model = Model({"assignments": [{"role": "trading"}], "budget": 3}, GOOD)

    plan = await structured(model, RUNGS)

    assert roles(plan) == ["trading"]
    assert model.schemas == [RUNGS[0].schema] * 2
    assert model.notes[1] is not None
    assert "assignments[0].task: is missing" in model.notes[1]
    assert "budget: is not a field; leave it out" in model.notes[1]


async def test_after_the_repair_a_smaller_schema_is_asked_for() -> None:
    model = Model({}, {"assignments": 5}, SMALL)

    plan = await structured(model, RUNGS)

    assert roles(plan) == ["security"]
    assert model.schemas == [RUNGS[0].schema, RUNGS[0].schema, RUNGS[1].schema]
    assert len(json.dumps(RUNGS[1].schema)) < len(json.dumps(RUNGS[0].schema))


async def test_the_smaller_plan_overlooks_what_it_does_not_ask_for() -> None:
    more = {"assignments": [{**GOOD["assignments"][0], "budget": 3}], "note": 5}

    plan = await structured(Model(more, more, more), RUNGS)

    assert plan == Plan.model_validate({"assignments": [{"role": "trading", "task": "Look"}]})


async def test_arguments_that_are_no_json_are_no_data() -> None:
    model = Model({"unreadable": '{"assignments": [{"role": "tra'}, GOOD)

    await structured(model, RUNGS)

    assert model.notes[1] == (
        "This does not fit: there was no data: call the tool, or answer with its arguments as one JSON object. "
        "Hand it in again, complete."
    )


def test_the_plan_is_asked_for_in_few_words() -> None:
    full, small = (json.dumps(rung.schema) for rung in RUNGS)

    assert "$" not in full
    assert "title" not in full
    assert '"enum": ["trading", "security"]' in full
    assert len(full) < 700
    assert len(small) < 300


def test_what_a_plan_may_hold_is_read_though_it_is_not_asked_for() -> None:
    step = {"role": "trading", "task": "Look", "slots": {"symbol": "BTC"}, "deadline_seconds": 9}

    plan = RUNGS[0].parse({"assignments": [step]})

    assert plan.assignments[0].slots == {"symbol": "BTC"}
    assert plan.assignments[0].deadline_seconds == 9


async def test_when_nothing_fits_the_failure_says_what_was_tried() -> None:
    model = Model({}, {}, {"assignments": [{"role": "nobody", "task": "x"}]})

    with pytest.raises(StructuredFailure) as raised:
        await structured(model, RUNGS)

    assert isinstance(raised.value, ProviderError)
    assert raised.value.tried == ("a plan", "a plan again", "roles and tasks")
    assert raised.value.problems == ("assignments.role: there is no role 'nobody'; choose from trading, security",)
    assert str(raised.value) == (
        "the model handed in no usable data (asked for a plan, then a plan again, then roles and tasks): "
        "assignments.role: there is no role 'nobody'; choose from trading, security"
    )


@pytest.mark.parametrize(
    "words",
    [
        json.dumps(GOOD),
        f"\n {json.dumps(GOOD, indent=2)}\n",
        f"I delegate:\n```json\n{json.dumps(GOOD, indent=2)}\n```\nThat is all.",
        f"```\n{json.dumps(GOOD)}\n```",
        f'Like ```json\n{{"x": 1}}\n``` but\n```json\n{json.dumps(GOOD)}\n```',
        json.dumps({"name": "delegate", "arguments": GOOD}),
        json.dumps({"name": "delegate", "parameters": GOOD}),
        json.dumps({"name": "delegate", "arguments": json.dumps(GOOD)}),
    ],
)
async def test_a_plan_written_out_in_words_is_taken(words: str) -> None:
    plan = await structured(Model(words), RUNGS, words=lambda text: Plan(assignments=(), note=text))

    assert roles(plan) == ["trading"]


@pytest.mark.parametrize(
    "words",
    [
        "Hello.",
        "",
        'Your file should hold ```json\n{"fee": 1}\n```',
        '{"fee": 1}',
        "```json\n{oops\n```",
        "[1]",
        "[" * 9999,
    ],
)
async def test_words_without_such_data_mean_what_the_caller_says(words: str) -> None:
    plan = await structured(Model(words), RUNGS, words=lambda text: Plan(assignments=(), note=text))

    assert plan.note == words


async def test_words_are_a_mistake_when_they_mean_nothing() -> None:
    model = Model("Hello.", GOOD)

    await structured(model, RUNGS)

    assert model.notes[1] is not None
    assert "call the tool" in model.notes[1]


async def test_a_plan_for_nobody_or_twice_for_one_role_is_sent_back() -> None:
    twice = {"assignments": [{"role": "trading", "task": "a"}, {"role": "trading", "task": "b"}]}
    model = Model({"assignments": []}, twice, SMALL)

    await structured(model, RUNGS)

    assert "at least one is expected" in str(model.notes[1])
    assert "'trading' has two assignments" in str(model.notes[2])


async def test_a_repair_names_at_most_five_problems() -> None:
    bad = {"assignments": [{"role": "trading", "task": ""} for _ in range(30)]}
    model = Model(bad, GOOD)

    await structured(model, RUNGS)

    note = str(model.notes[1])
    assert note.count("must not be empty") == PROBLEMS - 1
    assert "and 26 more problems like these" in note


async def test_a_mistake_in_the_parser_is_not_the_models_fault() -> None:
    rung: Rung[Plan] = Rung("x", {}, lambda data: data["nowhere"])

    with pytest.raises(KeyError):
        await structured(Model({}), [rung])


@given(st.text())
def test_any_words_are_read_without_an_error(words: str) -> None:
    found = read_arguments(words, RUNGS[0].schema)

    assert found is None or "assignments" in found
