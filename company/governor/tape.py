"""The tape of a run: everything it takes from outside of its own code passes here.

While a run works, a `Recorder` keeps what came in: answers of models, what tools returned, said and looked up, what a
call would put at stake, limits and clock readings a verdict was based on, memories, the conversation. A tape that plays
(company/engine/replay) gives the same things back, and nothing outside is asked. What is computed from them, such as
prompts, plans, verdicts and events, is on no tape: it is computed again.

Which tape a run has is known to its tasks by context, like its trace: LangGraph runs each step in a task of its own,
whose context is a copy of that of the run's task. Outside of a run there is none, and things are simply done.
"""

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Generic, Protocol, TypeVar

from pydantic import TypeAdapter

from company import errors
from company.events import Json
from company.governor.allowance import Tripped
from company.governor.answer import Thought
from company.governor.scope import Scope
from company.llm.faults import Fault
from company.store import Store

T = TypeVar("T")

BEGUN = "begun"
"""Kind of the row with which each drive of a run begins: the number of the attempt, and the run's status before."""

STOPPED = "stopped"
"""Kind of the row that says where a person stopped a run."""

THOUGHT = "thought"


class Form(Generic[T]):
    """How a thing becomes JSON on the tape, and comes back.

    Args:
        kind: Its type: a dataclass, a model, or a container of them.
    """

    def __init__(self, kind: Any) -> None:
        self._adapter: TypeAdapter[T] = TypeAdapter(kind)

    def dump(self, value: T) -> Any:
        """Return the JSON form."""
        return self._adapter.dump_python(value, mode="json")

    def load(self, data: Any) -> T:
        """Return the thing; amounts and times are strings in JSON, also where a setting may not be one."""
        return self._adapter.validate_python(data, strict=False)


class Tape(Protocol):
    """Where a run gets what comes from outside."""

    async def heard(self, kind: str, key: str, make: Callable[[], Awaitable[T]], form: Form[T]) -> T:
        """Return what `make` brings, or what it brought then."""

    def seen(self, kind: str, key: str, make: Callable[[], T], form: Form[T]) -> T:
        """Return what `make` finds, or what it found then."""

    def warned(self, kind: str, key: str, make: Callable[[], T | None], form: Form[T]) -> T | None:
        """Return what stands against it, or what stood against it then; most often there is nothing, and no row."""

    async def thought(self, scope: Scope, message_id: str, make: Callable[[], Awaitable[Thought]]) -> Thought:
        """Return a model's answer; one that is played writes its words into the journal again.

        Raises:
            Exception: What `make` raises, or raised then.
        """

    async def turn(self, kind: str, key: str) -> None:
        """Wait until the run is where it was when this was taken; at once when it is not played."""


class Blank:
    """The tape of what belongs to no run: nothing is kept."""

    async def heard(self, kind: str, key: str, make: Callable[[], Awaitable[T]], form: Form[T]) -> T:
        """Return what `make` brings."""
        return await make()

    def seen(self, kind: str, key: str, make: Callable[[], T], form: Form[T]) -> T:
        """Return what `make` finds."""
        return make()

    def warned(self, kind: str, key: str, make: Callable[[], T | None], form: Form[T]) -> T | None:
        """Return what stands against it."""
        return make()

    async def thought(self, scope: Scope, message_id: str, make: Callable[[], Awaitable[Thought]]) -> Thought:
        """Return a model's answer."""
        return await make()

    async def turn(self, kind: str, key: str) -> None:
        """Go on."""


class Recorder(Blank):
    """Keeps what a run takes, each in the transaction that is open.

    Args:
        store: Where recordings are.
        run_id: The run.
        redact: Takes secrets out of what is kept.
    """

    def __init__(self, store: Store, run_id: str, *, redact: Callable[[Any], Any]) -> None:
        self._store, self._run, self._redact = store, run_id, redact

    def keep(self, kind: str, key: str, data: Any) -> None:
        """Keep one thing."""
        self._store.recordings.add(self._run, kind, key, self._redact(data))

    async def heard(self, kind: str, key: str, make: Callable[[], Awaitable[T]], form: Form[T]) -> T:
        """Return what `make` brings, and keep it."""
        value = await make()
        self.keep(kind, key, form.dump(value))
        return value

    def seen(self, kind: str, key: str, make: Callable[[], T], form: Form[T]) -> T:
        """Return what `make` finds, and keep it."""
        value = make()
        self.keep(kind, key, form.dump(value))
        return value

    def warned(self, kind: str, key: str, make: Callable[[], T | None], form: Form[T]) -> T | None:
        """Return what stands against it, and keep it when something does."""
        if (value := make()) is not None:
            self.keep(kind, key, form.dump(value))
        return value

    async def thought(self, scope: Scope, message_id: str, make: Callable[[], Awaitable[Thought]]) -> Thought:
        """Return a model's answer, and keep it with the place of its words in the journal."""
        after = self._store.journal.last_seq()
        try:
            thought = await make()
        except BaseException as error:
            self.keep(THOUGHT, message_id, {"path": scope.path, "after": after, "error": described(error)})
            raise
        answer = THOUGHTS.dump(thought)
        self.keep(THOUGHT, message_id, {"path": scope.path, "after": after, "thought": answer})
        return thought


THOUGHTS: Form[Thought] = Form(Thought)
_BLANK = Blank()
_running: ContextVar[Tape] = ContextVar("company_tape", default=_BLANK)


def current() -> Tape:
    """Return the tape of the run that is under way in this task."""
    return _running.get()


@contextmanager
def on(tape: Tape) -> Iterator[None]:
    """Make `tape` the one of what is awaited inside."""
    token = _running.set(tape)
    try:
        yield
    finally:
        _running.reset(token)


def described(error: BaseException) -> Json:
    """Return an error as JSON, so that `revived` gives one that reads and is caught alike."""
    fields = {name: value for name, value in vars(error).items() if value is None or type(value) in _PLAIN}
    return {"type": type(error).__name__, "args": [str(part) for part in error.args], "fields": fields}


def revived(data: Json) -> BaseException:
    """Return the error that `described` described; one of ours by its class, another one by its name."""
    kind: type[BaseException] = _OURS.get(data["type"]) or type(data["type"], (Exception,), {})
    error = BaseException.__new__(kind)
    error.args = tuple(data["args"])
    for name, value in data["fields"].items():
        setattr(error, name, value)
    return error


_PLAIN = frozenset({str, int, float, bool})
_OURS: dict[str, type[BaseException]] = {
    kind.__name__: kind
    for kind in (*vars(errors).values(), Fault, Tripped)
    if isinstance(kind, type) and issubclass(kind, BaseException)
}
