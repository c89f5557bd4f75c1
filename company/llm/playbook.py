"""Walks a playbook: which calls can be made now, and what the report says when none is left.

The walk is a pure function of the steps and of the results that are there. It starts at the first step every time,
binds what is known, and collects the calls whose results are missing; so it needs no memory, and a run continued after
a crash asks for the same calls under the same ids.

Steps are taken in order. A step that reads a missing result ends the walk for now: calls that need nothing from each
other go out together, and no later step overtakes. The turns of a `for` are independent of each other.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from company.errors import UsageError
from company.events import plain
from company.llm.missing import Unavailable, Undecidable
from company.llm.phrases import mentions
from company.llm.sandbox import decide, evaluate, fill, names_in, show
from company.roles import EVERYONE, Answer, Assignment, Branch, Call, Delegate, Each, Role, Say, Step, walk_steps

_NOT_CHOSEN = Unavailable("skipped", "not done")
_UNNAMED = "_"
_LINE = 200


@dataclass(frozen=True, slots=True)
class Invocation:
    """A tool call to make.

    Attributes:
        id: Path of its step, with the turn's number inside loops: `trading.playbook[4].do[0]#2`.
        tool: The tool's name.
        arguments: JSON values by argument name.
    """

    id: str
    tool: str
    arguments: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Position:
    """Where a walk stands.

    Attributes:
        calls: What to call now; empty when nothing is missing.
        assignments: What the CEO has delegated so far.
        text: The report or answer; empty as long as there are `calls`.
        figures: Named numbers of the report.
    """

    calls: tuple[Invocation, ...]
    assignments: tuple[Assignment, ...]
    text: str
    figures: dict[str, str]


@dataclass(slots=True)
class _Scope:
    values: dict[str, Any]
    pending: set[str] = field(default_factory=set)

    def inner(self, name: str, value: Any) -> "_Scope":
        return _Scope({**self.values, name: value}, set(self.pending))

    def skip(self, steps: Sequence[Step], missing: Unavailable) -> None:
        """Give the names of steps that are not taken a value that says so, unless they have one.

        A loop that was left out on purpose made no turns: its names are empty lists.
        """
        if missing is _NOT_CHOSEN:
            loops = [inner for _, inner in walk_steps(tuple(steps), "") if isinstance(inner, Each)]
            for name in _names_bound(loops):
                self.values.setdefault(name, [])
        for name in _names_bound(steps):
            self.values.setdefault(name, missing)


def walk(
    role: Role,
    steps: Sequence[Step],
    path: str,
    *,
    results: Mapping[str, Any],
    names: Mapping[str, Any],
    team: Sequence[str] = (),
    reported: bool = False,
) -> Position:
    """Walk `steps` as far as the results allow.

    Args:
        role: Whose steps they are.
        steps: The playbook, or what a handle does.
        path: Where they stand in the role file; call ids begin with it.
        results: Bound values of the calls made so far, by call id.
        names: What expressions may read besides results.
        team: Roles that `delegate: all` reaches.
        reported: Delegated work is done: `names` holds `reports` and `waiting`.

    Raises:
        UsageError: An expression does not fit its values; the message names role file and step.
    """
    walker = _Walk(role, results, team, reported)
    walker.take(steps, path, "", _Scope(dict(names)))
    text = "" if walker.calls else walker.text()
    return Position(tuple(walker.calls), tuple(walker.assignments), text, walker.figures)


class _Walk:
    def __init__(self, role: Role, results: Mapping[str, Any], team: Sequence[str], reported: bool) -> None:
        self.role, self.results, self.team, self.reported = role, results, team, reported
        self.calls: list[Invocation] = []
        self.assignments: list[Assignment] = []
        self.sections: list[str] = []
        self.figures: dict[str, str] = {}
        self.outcomes: list[tuple[str, Any]] = []

    def take(self, steps: Sequence[Step], path: str, turn: str, scope: _Scope) -> bool:
        """Take steps in order; False when one needs a result that is missing."""
        return all(self._step(step, f"{path}[{number}]", turn, scope) for number, step in enumerate(steps))

    def text(self) -> str:
        sections = self.sections or [f"{tool}: {_brief(value)}" for tool, value in self.outcomes]
        missing = [(tool, value) for tool, value in self.outcomes if isinstance(value, Unavailable)]
        said = " ".join(sections)
        troubles = [_trouble(tool, value) for tool, value in missing if not mentions(said, value.approval)]
        return "\n\n".join([*sections, *(["\n".join(dict.fromkeys(troubles))] if troubles else [])])

    def _step(self, step: Step, path: str, turn: str, scope: _Scope) -> bool:
        where = f"{self.role.source}: {path}"
        if _reads(step, where) & scope.pending:
            return False
        try:
            chosen = not step.when or decide(step.when, scope.values, f"{where}.when")
            return self._taken(step, path, turn, scope) if chosen else self._passed(step, path, turn, scope)
        except Undecidable as signal:
            missing = Unavailable("skipped", f"not done, {signal.value.error}".removeprefix("not done, not done, "))
            scope.skip([step], missing)
            if isinstance(step, Call | Delegate):
                self.outcomes.append((step.tool if isinstance(step, Call) else step.role, missing))
            return True

    def _passed(self, step: Step, path: str, turn: str, scope: _Scope) -> bool:
        done = self.take(step.otherwise, f"{path}.else", turn, scope) if isinstance(step, Branch) else True
        scope.skip([step], _NOT_CHOSEN)
        return done

    def _taken(self, step: Step, path: str, turn: str, scope: _Scope) -> bool:
        where = f"{self.role.source}: {path}"
        match step:
            case Call():
                self._call(step, f"{self.role.id}.{path}{turn}", f"{where}.with", scope)
            case Each():
                return self._each(step, path, turn, scope)
            case Branch():
                done = self.take(step.do, f"{path}.do", turn, scope)
                scope.skip(step.otherwise, _NOT_CHOSEN)
                return done
            case Say() | Answer():
                self._say(step, where, scope)
            case Delegate():
                self._delegate(step, where, scope)
        return True

    def _call(self, step: Call, call_id: str, where: str, scope: _Scope) -> None:
        arguments = plain(fill(step.arguments, scope.values, where))
        if call_id in self.results:
            scope.values[step.name or _UNNAMED] = self.results[call_id]
            self.outcomes.append((step.tool, self.results[call_id]))
        else:
            self.calls.append(Invocation(call_id, step.tool, arguments))
            scope.pending.add(step.name or _UNNAMED)

    def _each(self, step: Each, path: str, turn: str, scope: _Scope) -> bool:
        where = f"{self.role.source}: {path}.for"
        items = evaluate(step.items, scope.values, where)
        if isinstance(items, Unavailable):
            raise Undecidable(items)
        if not isinstance(items, list | tuple | range):
            raise UsageError(f"{step.items!r} gives {items!r}", where=where, cure="`for` goes over a list")
        turns = [scope.inner(step.variable, item) for item in items]
        done = [self.take(step.do, f"{path}.do", f"{turn}#{number}", inner) for number, inner in enumerate(turns)]
        for name in _names_bound(step.do):
            scope.values[name] = [inner.values.get(name) for inner in turns]
            scope.pending |= {name for inner in turns if name in inner.pending}
        return all(done)

    def _say(self, step: Say | Answer, where: str, scope: _Scope) -> None:
        key = "report" if isinstance(step, Say) else "answer"
        self.sections.append(_section(step.text, scope.values, f"{where}.{key}"))
        if isinstance(step, Say):
            for name, source in step.figures.items():
                self.figures[name] = _section(source, scope.values, f"{where}.figures.{name}")

    def _delegate(self, step: Delegate, where: str, scope: _Scope) -> None:
        task = str(fill(step.task, scope.values, f"{where}.task"))
        expects = str(fill(step.expects, scope.values, f"{where}.expects"))
        busy = {assignment.role for assignment in self.assignments}
        roles = [name for name in self.team if name not in busy] if step.role == EVERYONE else [step.role]
        self.assignments += [
            Assignment(role=name, task=task, expects=expects, standing=step.standing) for name in roles
        ]
        if not self.reported:
            scope.pending |= {"reports", "waiting"}


def _section(source: str, values: Mapping[str, Any], where: str) -> str:
    """Render a section; one that decides on a missing value is replaced by the reason, whole."""
    try:
        return show(source, values, where)
    except Undecidable as signal:
        return str(signal.value)


def _reads(step: Step, where: str) -> frozenset[str]:
    """Names a step reads before its inner steps are taken."""
    names = names_in(step.when, f"{where}.when", bare=True) if step.when else frozenset[str]()
    match step:
        case Call():
            names |= names_in(step.arguments, f"{where}.with")
        case Each():
            names |= names_in(step.items, f"{where}.for", bare=True)
        case Say():
            names |= names_in(step.text, f"{where}.report") | names_in(dict(step.figures), f"{where}.figures")
        case Answer():
            names |= names_in(step.text, f"{where}.answer")
        case Delegate():
            names |= names_in(step.task, f"{where}.task") | names_in(step.expects, f"{where}.expects")
    return names


def _names_bound(steps: Iterable[Step]) -> tuple[str, ...]:
    found = (step.name for _, step in walk_steps(tuple(steps), "") if isinstance(step, Call) and step.name)
    return tuple(dict.fromkeys(found))


def _trouble(tool: str, missing: Unavailable) -> str:
    if missing.status == "waiting":
        return f"Waits for approval {missing.approval}: {tool}."
    return f"{missing.status.capitalize()}: {tool} ({missing.error[:_LINE]})."


def _brief(value: Any) -> str:
    text = show("{{ value }}", {"value": value}, "result")
    return text if len(text) <= _LINE else text[: _LINE - 1] + "…"
