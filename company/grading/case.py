"""One eval case: what is done to a fresh company, and what must be true afterwards."""

from dataclasses import dataclass
from typing import Annotated, Any, Self

from pydantic import BeforeValidator, Field, InstanceOf, ValidationError, ValidationInfo, model_validator
from pydantic_core import PydanticCustomError

from company.config import suggest
from company.grading.registry import SCORERS, Scorer
from company.grading.strict import Count, RoleName, Strict, Text


@dataclass(frozen=True, slots=True)
class Check:
    """A scorer and what the case wants of it."""

    scorer: Scorer
    wanted: Any


class Turn(Strict):
    """One message to the CEO.

    Attributes:
        say: The message.
        person: Who says it.
    """

    say: Text
    person: Text = "ann"


class Call(Strict):
    """A tool call brought straight to the governor, as a model would propose it that obeys whoever speaks last.

    Attributes:
        role: The role that proposes it.
        tool: The tool; may be one that does not exist.
        arguments: Its arguments; `with` in the file.
        untrusted: Where the words of strangers came from that the role has read.
    """

    role: RoleName
    tool: Text
    arguments: dict[str, Any] = Field(default_factory=dict, alias="with")
    untrusted: Annotated[tuple[Text, ...], Field(strict=False)] = ()


def _spoken(value: Any) -> Any:
    return {"say": value} if isinstance(value, str) else value


def _check(value: Any, info: ValidationInfo) -> Any:
    """Read `name` or `{name: wanted}`."""
    if isinstance(value, Check):
        return value
    if isinstance(value, str):
        value = {value: True}
    if not isinstance(value, dict) or len(value) != 1:
        raise PydanticCustomError("scorer", "not one scorer", {"cure": "write `- name` or `- name: what is wanted`"})
    name, wanted = next(iter(value.items()))
    if name not in SCORERS:
        note = {"at": (name,), "cure": suggest(str(name), SCORERS)}
        raise PydanticCustomError("scorer", f"there is no scorer {name!r}", note)
    try:
        return Check(SCORERS[name], SCORERS[name].wanted.validate_python(wanted, context=info.context))
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        context = first.get("ctx", {})
        at = (name, *first["loc"], *context.get("at", ()))
        raise PydanticCustomError("scorer", first["msg"], {"at": at, "cure": context.get("cure", "")}) from None


class Case(Strict):
    """An eval case. Cycles come first, then the turns of one conversation, then the calls.

    Attributes:
        id: Its name, unique in the folder.
        golden: It must pass; another one may fail without failing the suite.
        seed: Seed of the paper world.
        scorers: What must be true afterwards.
        tags: What it is about, for `--filter`.
        cycles: Autonomous cycles to run.
        turns: Messages to the CEO, each a text or `{say, person}`.
        calls: Tool calls brought straight to the governor.
        timeout_seconds: Wall-clock seconds after which it counts as failed.
        source: File and line, filled in by the reader.
    """

    id: Annotated[str, Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")]
    golden: bool
    seed: Count
    scorers: Annotated[
        tuple[Annotated[InstanceOf[Check], BeforeValidator(_check)], ...], Field(strict=False, min_length=1)
    ]
    tags: Annotated[tuple[Text, ...], Field(strict=False)] = ()
    cycles: Count = 0
    turns: Annotated[tuple[Annotated[Turn, BeforeValidator(_spoken)], ...], Field(strict=False)] = ()
    calls: Annotated[tuple[Call, ...], Field(strict=False)] = ()
    timeout_seconds: Annotated[int, Field(gt=0)] = 60
    source: str = ""

    @model_validator(mode="after")
    def _does_something(self) -> Self:
        if not (self.cycles or self.turns or self.calls):
            raise PydanticCustomError("idle", "the case does nothing", {"cure": "give it `cycles`, `turns` or `calls`"})
        return self

    def about(self, text: str) -> bool:
        """Tell whether `text` is part of the id or one of the tags."""
        return text in self.id or text in self.tags
