"""The steps a playbook is made of: six forms, told apart by the key that opens them.

This module knows the form only. What an expression may say, and how steps are walked, is `company.llm`'s business, so
reading a role costs neither Jinja nor LangChain.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag

Identifier = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
Line = Annotated[str, Field(min_length=1, pattern=r"^[^\n]+$")]
Text = Annotated[str, Field(min_length=1)]


class Frozen(BaseModel):
    """Data between rooms: unchangeable, and nothing unknown in it."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Call(Frozen):
    """`call:` runs a tool and keeps its result under a name.

    Attributes:
        tool: The tool; the role must be granted it.
        arguments: Values by argument name; text may hold `{{ expressions }}`.
        name: What the result is called in later steps; empty when nothing needs it.
        when: Expression; the step is left out unless it is true.
    """

    tool: Identifier = Field(alias="call")
    arguments: dict[str, Any] = Field(default_factory=dict, alias="with")
    name: Identifier | Literal[""] = Field(default="", alias="as")
    when: str = ""


class Each(Frozen):
    """`for:` repeats steps; the turns do not wait for each other.

    Attributes:
        clause: `name in expression`.
        do: Steps of one turn.
        when: Expression; no turn is made unless it is true.
    """

    clause: str = Field(alias="for", pattern=r"(?s)^[a-z][a-z0-9_]* in .+$")
    do: tuple["Step", ...] = Field(min_length=1)
    when: str = ""

    @property
    def variable(self) -> str:
        """The name one item goes by."""
        return self.clause.partition(" in ")[0]

    @property
    def items(self) -> str:
        """The expression that gives the items."""
        return self.clause.partition(" in ")[2]


class Branch(Frozen):
    """`when:` with `do:` chooses between steps.

    Attributes:
        when: Expression.
        do: Steps when it is true.
        otherwise: Steps when it is false; neither runs when it cannot be known.
    """

    when: Text
    do: tuple["Step", ...] = Field(min_length=1)
    otherwise: tuple["Step", ...] = Field(default=(), alias="else")


class Say(Frozen):
    """`report:` adds a section to the role's report.

    Attributes:
        text: Template of the section.
        figures: Named numbers the CEO may quote; name to template.
        when: Expression; the section is left out unless it is true.
    """

    text: Text = Field(alias="report")
    figures: dict[Identifier, str] = Field(default_factory=dict)
    when: str = ""


class Delegate(Frozen):
    """`delegate:` gives a task to another role; only the CEO does.

    Attributes:
        role: Who does it; `all` is every role with a playbook that has nothing to do yet.
        task: Template of the task.
        expects: Template of what the report must hold.
        standing: True to have the role work through its playbook; false to have it find the handle nearest to the task.
        when: Expression; nothing is delegated unless it is true.
    """

    role: Identifier = Field(alias="delegate")
    task: Text
    expects: str = ""
    standing: bool = False
    when: str = ""


class Answer(Frozen):
    """`answer:` adds a section to what the CEO tells the person.

    Attributes:
        text: Template; sees `reports`, `waiting`, `request` and `cycle`.
        when: Expression; the section is left out unless it is true.
    """

    text: Text = Field(alias="answer")
    when: str = ""


STEPS: dict[str, type[Frozen]] = {
    "call": Call,
    "for": Each,
    "report": Say,
    "delegate": Delegate,
    "answer": Answer,
    "do": Branch,
}
TAG = "step:"
EVERYONE = "all"


def _kind(step: Any) -> str | None:
    if isinstance(step, Mapping):
        return next((TAG + key for key in STEPS if key in step), None)
    return TAG + next(key for key, model in STEPS.items() if isinstance(step, model))


Step = Annotated[
    Annotated[Call, Tag(TAG + "call")]
    | Annotated[Each, Tag(TAG + "for")]
    | Annotated[Say, Tag(TAG + "report")]
    | Annotated[Delegate, Tag(TAG + "delegate")]
    | Annotated[Answer, Tag(TAG + "answer")]
    | Annotated[Branch, Tag(TAG + "do")],
    Discriminator(_kind),
]


def walk_steps(steps: Sequence[Step], path: str) -> Iterator[tuple[str, Step]]:
    """Yield `steps` and the steps inside them in reading order, each with its dotted path."""
    for number, step in enumerate(steps):
        here = f"{path}[{number}]"
        yield here, step
        if isinstance(step, Each | Branch):
            yield from walk_steps(step.do, f"{here}.do")
        if isinstance(step, Branch):
            yield from walk_steps(step.otherwise, f"{here}.else")
