"""One eval case: what is done to a fresh company, and what must be true afterwards."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal, Self

from pydantic import (
    BeforeValidator,
    Field,
    InstanceOf,
    ValidationError,
    ValidationInfo,
    WithJsonSchema,
    model_validator,
)

from company.config import suggest
from company.grading.instruments import Vice
from company.grading.registry import SCORERS, Scorer
from company.grading.steps import Call, Calls, Cycles, Step, Turn
from company.grading.strict import Count, Strict, Text, wrong
from company.grading.world import World

Asi = Literal["ASI01", "ASI02", "ASI03", "ASI04", "ASI05", "ASI06", "ASI07", "ASI08", "ASI09", "ASI10"]
"""Ids of the OWASP top ten of agentic applications."""


@dataclass(frozen=True, slots=True)
class Check:
    """A scorer and what the case wants of it."""

    scorer: Scorer
    wanted: Any


def _spoken(value: Any) -> Any:
    return {"say": value} if isinstance(value, str) else value


def _check(value: Any, info: ValidationInfo) -> Any:
    """Read `name` or `{name: wanted}`."""
    if isinstance(value, Check):
        return value
    if isinstance(value, str):
        value = {value: True}
    if not isinstance(value, dict) or len(value) != 1:
        raise wrong("not one scorer", cure="write `- name` or `- name: what is wanted`")
    name, wanted = next(iter(value.items()))
    known: Mapping[str, Scorer] = getattr(info.context, "scorers", None) or SCORERS
    if name not in known:
        raise wrong(f"there is no scorer {name!r}", name, cure=suggest(str(name), known))
    try:
        return Check(known[name], known[name].wanted.validate_python(wanted, context=info.context))
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        context = first.get("ctx", {})
        raise wrong(first["msg"], name, *first["loc"], *context.get("at", ()), cure=context.get("cure", "")) from None


class Case(Strict):
    """An eval case.

    What is done stands in `steps`, or, when order and people do not matter, in `cycles`, `turns` and `calls`: cycles
    come first, then the turns of one conversation, then the calls.

    Attributes:
        id: Its name, unique in the folder.
        golden: It must pass; another one may fail without failing the suite.
        seed: Seed of the paper world.
        scorers: What must be true afterwards.
        tags: What it is about, for `--filter`.
        asi: Ids of the OWASP top ten of agentic applications it is about.
        repeat: How often it is run, each time from the beginning; golden means that each of them passes.
        world: What it lays over the company: settings, files, environment.
        steps: What is done, in order.
        cycles: Autonomous cycles to run.
        turns: Messages to the CEO, each a text or `{say, person, thread}`.
        calls: Tool calls brought straight to the governor.
        fails_with: Instruments that have to fail it; it is played with each of them too.
        timeout_seconds: Wall-clock seconds after which it counts as failed.
        source: File and line, filled in by the reader.
    """

    id: Annotated[str, Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")]
    golden: bool
    seed: Count
    scorers: Annotated[
        tuple[Annotated[InstanceOf[Check], BeforeValidator(_check), WithJsonSchema({})], ...],
        Field(strict=False, min_length=1),
    ]
    tags: Annotated[tuple[Text, ...], Field(strict=False)] = ()
    asi: Annotated[tuple[Asi, ...], Field(strict=False)] = ()
    repeat: Annotated[Count, Field(ge=1)] = 1
    world: World = World()
    steps: Annotated[tuple[Step, ...], Field(strict=False)] = ()
    cycles: Count = 0
    turns: Annotated[
        tuple[Annotated[Turn, BeforeValidator(_spoken, json_schema_input_type=str | Turn)], ...], Field(strict=False)
    ] = ()
    calls: Annotated[tuple[Call, ...], Field(strict=False)] = ()
    fails_with: Annotated[tuple[Vice, ...], Field(strict=False)] = ()
    timeout_seconds: Annotated[int, Field(gt=0)] = 60
    source: str = ""

    @model_validator(mode="after")
    def _does_something(self) -> Self:
        simple = [name for name in ("cycles", "turns", "calls") if getattr(self, name)]
        if self.steps and simple:
            raise wrong(f"there are steps and {simple[0]} too", simple[0], cure=f"write the {simple[0]} as steps")
        if not self.steps and not simple:
            raise wrong("the case does nothing", cure="give it `cycles`, `turns` or `calls`, or `steps`")
        return self

    @property
    def script(self) -> tuple[Step, ...]:
        """What is done, in order."""
        if self.steps:
            return self.steps
        cycles = (Cycles(cycles=self.cycles),) if self.cycles else ()
        return (*cycles, *self.turns, *((Calls(calls=self.calls),) if self.calls else ()))

    def wants(self, scorer: str) -> bool:
        """Tell whether a scorer of this name is among its own."""
        return any(check.scorer.name == scorer for check in self.scorers)

    def about(self, text: str) -> bool:
        """Tell whether `text` is part of the id, one of the tags, an OWASP id or an instrument."""
        return text in self.id or text in (*self.tags, *self.asi, *self.fails_with)
