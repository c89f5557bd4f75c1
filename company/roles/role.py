"""A role: what it may do, how it works without a model, and who it is."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

from company.roles.steps import Answer, Call, Delegate, Frozen, Identifier, Line, Say, Step, Text, walk_steps
from company.roles.wakes import DAILY, Wakes

Tier = Literal["fast", "smart", "deep"]
SlotName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*\??$")]
Choices = dict[Text, tuple[Text, ...]]
Slot = Literal["number", "money", "text"] | Choices


class Handle(Frozen):
    """A kind of request a role can answer, known by samples.

    Attributes:
        say: Sample sentences; the nearest sample of all roles decides who gets a request.
        slots: What to read from the sentence: `number`, `money`, `text`, or canonical values with their other words.
            A slot whose name ends in `?` may be absent.
        unless: Words that make a sentence something else ("don't", "should").
        plain: It needs no judgement: asked nearly word for word, it is answered by its steps and no model is called.
        do: What to do.
    """

    say: tuple[Line, ...] = Field(min_length=1)
    slots: dict[SlotName, Slot] = Field(default_factory=dict)
    unless: tuple[Line, ...] = ()
    plain: bool = False
    do: tuple[Step, ...] = Field(min_length=1)


class Limits(Frozen):
    """What a role may spend; None sets no limit of its own, those of its department and the company hold.

    Attributes:
        calls: Model and tool calls of one run.
        seconds: Wall-clock seconds of one run.
        usd: Dollars of one run.
        tokens: Tokens of one run.
        day_usd: Dollars of a UTC day.
        month_usd: Dollars of a UTC month.
    """

    calls: int | None = Field(default=None, gt=0)
    seconds: int | None = Field(default=None, gt=0)
    usd: Decimal | None = Field(default=None, ge=0)
    tokens: int | None = Field(default=None, gt=0)
    day_usd: Decimal | None = Field(default=None, ge=0)
    month_usd: Decimal | None = Field(default=None, ge=0)


class Role(Frozen):
    """One employee.

    Attributes:
        id: The file's name without `.md`.
        title: Job title.
        reports_to: Id of the role above; empty for the one at the top.
        department: Whose budget it shares; its own id unless the file says otherwise.
        summary: One line from which the CEO decides whether to delegate.
        tools: Names of granted tools.
        model: Tier of model it thinks with.
        limits: What it may spend.
        handles: Requests it answers.
        playbook: Its steps in an autonomous cycle.
        persona: The markdown body: who it is, and its standing orders.
        source: The file it was read from.
    """

    id: Identifier
    title: Line
    reports_to: Identifier | Literal[""] = ""
    department: Identifier = Field(default_factory=lambda role: role["id"])
    summary: Line
    tools: tuple[Identifier, ...] = ()
    model: Tier = "smart"
    limits: Limits = Limits()
    wakes: Wakes | None = None
    handles: tuple[Handle, ...] = ()
    playbook: tuple[Step, ...] = ()
    persona: Text
    source: str

    @field_validator("tools")
    @classmethod
    def _named_once(cls, tools: tuple[str, ...]) -> tuple[str, ...]:
        if twice := sorted({name for name in tools if tools.count(name) > 1}):
            raise ValueError(f"{twice[0]!r} is listed twice; name each tool once")
        return tools

    @model_validator(mode="after")
    def _somebody_is_woken(self) -> "Role":
        if self.wakes and not self.reports_to:
            raise ValueError("the CEO answers for whoever is woken; take `wakes` out, or give it to the roles below")
        return self

    @model_validator(mode="after")
    def _steps_fit_the_role(self) -> "Role":
        forbidden = (Delegate, Answer) if self.reports_to else (Say,)
        cure = "only the CEO delegates and answers, use `report`" if self.reports_to else "the CEO uses `answer`"
        for path, step in self.steps():
            if isinstance(step, Call) and step.tool not in self.tools:
                raise ValueError(f"{path} calls {step.tool!r}, which is not granted; add it to `tools`")
            if isinstance(step, forbidden):
                raise ValueError(f"{path} is not a step of this role; {cure}")
        return self

    def steps(self) -> Iterator[tuple[str, Step]]:
        """Yield every step of playbook and handles, the inner ones too, each with its dotted path."""
        yield from walk_steps(self.playbook, "playbook")
        for number, handle in enumerate(self.handles):
            yield from walk_steps(handle.do, f"handles[{number}].do")

    @property
    def choices(self) -> dict[str, tuple[str, ...]]:
        """Canonical values that its requests can name, with their other words: `BTC/USDT` is also `bitcoin`."""
        slots = [slot for handle in self.handles for slot in handle.slots.values()]
        return {value: tuple(words) for slot in slots if not isinstance(slot, str) for value, words in slot.items()}

    @property
    def waking(self) -> Wakes | None:
        """What wakes it when code decides; None for a role that works only when it is given a task."""
        return self.wakes or (DAILY if self.playbook and self.reports_to else None)

    @property
    def figures(self) -> frozenset[str]:
        """Names of the figures its steps report: the only ones whose values are handed on to roles that act."""
        return frozenset(name for _, step in self.steps() if isinstance(step, Say) for name in step.figures)

    def playbook_tools(self) -> tuple[str, ...]:
        """Return the tools its steps call, each once, in order of first use."""
        return tuple(dict.fromkeys(step.tool for _, step in self.steps() if isinstance(step, Call)))
