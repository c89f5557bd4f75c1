"""What a case does to its company, one step after the other."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, Any

from pydantic import BeforeValidator, Discriminator, Field, Tag

from company.config import parse_duration
from company.errors import UsageError
from company.grading.strict import Count, RoleName, Strict, Text, wrong

THREAD = "eval"
"""The conversation of a turn that names none."""


def _passed(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    try:
        return parse_duration(value)
    except UsageError as error:
        raise wrong(error.what, cure=error.cure) from None


Span = Annotated[timedelta, BeforeValidator(_passed, json_schema_input_type=str)]
"""A length of company time, such as `3d`."""


class Turn(Strict):
    """One message to the CEO.

    Attributes:
        say: The message.
        person: Who says it.
        thread: The conversation it belongs to.
        killed: It is taken in a process of its own, which is killed as soon as the run ended or waits for a person: as
            after a loss of power nothing is closed in order, and whatever is left is taken up where it was left.
    """

    say: Text
    person: Text = "ann"
    thread: Text = THREAD
    killed: bool = False


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


class Calls(Strict):
    """Tool calls brought straight to the governor, in a run of their own.

    Attributes:
        calls: The calls, in order.
    """

    calls: Annotated[tuple[Call, ...], Field(strict=False, min_length=1)]


class Cycles(Strict):
    """Autonomous cycles.

    Attributes:
        cycles: How many.
    """

    cycles: Annotated[Count, Field(ge=1)]


class Ticks(Strict):
    """Steps of company time, as an endless `company run` takes them: a cycle begins when code finds a reason for one.

    Attributes:
        ticks: How many.
    """

    ticks: Annotated[Count, Field(ge=1)]


class Skip(Strict):
    """Company time that passes and in which nobody works.

    Attributes:
        skip: How much, such as `3d`.
    """

    skip: Span


class Approve(Strict):
    """A person says yes to what waits.

    Attributes:
        approve: Id of the approval, `A1` for the first one.
        by: Who decides.
    """

    approve: Text
    by: Text = "ann"


class Reject(Strict):
    """A person says no to what waits.

    Attributes:
        reject: Id of the approval, `A1` for the first one.
        by: Who decides.
    """

    reject: Text
    by: Text = "ann"


class Restart(Strict):
    """The company is closed and opened again on the same home, and takes up what was left.

    Attributes:
        restart: Always true; the step may be written as the bare word.
    """

    restart: bool


_VERBS: Mapping[str, str] = {
    "say": "<say>",
    "calls": "<calls>",
    "cycles": "<cycles>",
    "ticks": "<ticks>",
    "skip": "<skip>",
    "approve": "<approve>",
    "reject": "<reject>",
    "restart": "<restart>",
}


def _verb(value: Any) -> str | None:
    """Return the tag of a step by the word that says what it does."""
    said = value if isinstance(value, dict) else type(value).model_fields if isinstance(value, Strict) else ()
    return next((tag for verb, tag in _VERBS.items() if verb in said), None)


def _word(value: Any) -> Any:
    return {"restart": True} if value == "restart" else value


Step = Annotated[
    Annotated[Turn, Tag("<say>")]
    | Annotated[Calls, Tag("<calls>")]
    | Annotated[Cycles, Tag("<cycles>")]
    | Annotated[Ticks, Tag("<ticks>")]
    | Annotated[Skip, Tag("<skip>")]
    | Annotated[Approve, Tag("<approve>")]
    | Annotated[Reject, Tag("<reject>")]
    | Annotated[Restart, Tag("<restart>")],
    Discriminator(
        _verb,
        custom_error_type="step",
        custom_error_message="not a step",
        custom_error_context={"cure": f"write `- say: ...`, or one of {', '.join(list(_VERBS)[1:])}"},
    ),
    BeforeValidator(_word),
]
