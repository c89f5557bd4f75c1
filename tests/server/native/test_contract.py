"""The web is built to `wire/types.ts`, so what the server answers is held against it, field by field.

The part of TypeScript that the contract is written in is read here: aliases and interfaces of names, literals, unions,
intersections, arrays, tuples, records, nested objects, optional fields and index signatures.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

import pytest

TYPES = Path(__file__).parents[3] / "company/server/web/src/wire/types.ts"

ANSWERS = {
    "/agents": "Agent[]",
    "/agents/{role}": "Agent",
    "/agents/{role}/tasks": "Task[]",
    "/approvals": "Approval[]",
    "/approvals/{approval_id}": "Approval",
    "/config": "Config",
    "/costs": "CostReport",
    "/mandates": "Mandate[]",
    "/market": "Market",
    "/market/candles": "Candles",
    "/memory": "Memories",
    "/memory/{memory_id}": "MemoryTrail",
    "/news": "News",
    "/orders": "Orders",
    "/personas": "PersonaLine[]",
    "/personas/{role}": "Persona",
    "/portfolio": "Portfolio",
    "/portfolio/equity": "EquityCurve",
    "/push/key": "{key: string | null}",
    "/report": "CycleReport",
    "/risk": "Risk",
    "/runs": "Run[]",
    "/runs/{run_id}": "Run",
    "/session": "Session",
    "/status": "Status",
    "/threads": "Thread[]",
    "/threads/{thread_id}/messages": "Message[]",
    "/threats": "Threats",
    "/timeline": "Timeline",
    "/why/{subject}": "Why",
}
"""What each path of `/api/v1` answers, in the words of the contract."""

APART = {"/events", "/health"}
"""Events are held against the contract in the timeline; health is for machines that watch, not for the web."""

NAMES = {
    "role": "trading",
    "thread_id": "main",
    "run_id": "R1",
    "approval_id": "A1",
    "memory_id": "m1",
    "subject": "R1",
}
"""What stands for the parameters of paths; each list of the company is asked through them."""

_TOKEN = re.compile(r'"[^"]*"|\w+|[^\w\s]')
_COMMENT = re.compile(r"/\*.*?\*/|//[^\n]*", re.DOTALL)


@dataclass(frozen=True)
class Name:
    """A type by its name, with arguments; a literal is a name in quotes."""

    name: str
    of: tuple[Any, ...] = ()


@dataclass(frozen=True)
class Union:
    """One of several types."""

    parts: tuple[Any, ...]


@dataclass(frozen=True)
class Array:
    """Any number of one type, or with `places` exactly these."""

    of: Any = None
    places: tuple[Any, ...] = ()


@dataclass(frozen=True)
class Shape:
    """An object: its fields, which of them may be missing, and what further ones hold."""

    fields: Mapping[str, Any] = field(default_factory=dict)
    optional: frozenset[str] = frozenset()
    further: Any = None

    def joined(self, other: "Shape") -> "Shape":
        """Return an object that is both."""
        fields, optional = {**self.fields, **other.fields}, self.optional | other.optional
        return Shape(fields, optional, self.further if other.further is None else other.further)


class Contract:
    """The types of the contract by name.

    Args:
        source: TypeScript.
    """

    def __init__(self, source: str) -> None:
        self._tokens = _TOKEN.findall(_COMMENT.sub(" ", source))
        self.types: dict[str, Any] = {}
        while self._tokens:
            self._declare()

    def of(self, text: str) -> Any:
        """Read one type."""
        self._tokens = _TOKEN.findall(text)
        return self._type()

    def problems(self, kind: Any, value: Any, place: str = "") -> list[str]:
        """Say where a value is not of a type."""
        match kind:
            case Name():
                return self._problems_of_name(kind, value, place)
            case Union(parts):
                tried = [self.problems(part, value, place) for part in parts]
                return min(tried, key=lambda found: (len(found), -max(map(len, found), default=0)))
            case Array():
                return self._problems_of_list(kind, value, place)
        return self._problems_of_shape(kind, value, place)

    def _problems_of_list(self, kind: Array, value: Any, place: str) -> list[str]:
        if not isinstance(value, list) or len(value) != len(kind.places or value):
            return [f"{place}: {value!r} is no list of {len(kind.places) or 'those'}"]
        pairs = enumerate(zip(kind.places or [kind.of] * len(value), value, strict=True))
        return [found for n, (part, item) in pairs for found in self.problems(part, item, f"{place}[{n}]")]

    def _problems_of_name(self, kind: Name, value: Any, place: str) -> list[str]:
        if kind.name == "Record":
            return self.problems(Shape(further=kind.of[1]), value, place)
        if kind.name == "Json":
            return []
        if kind.name in _FITS:
            return [] if _FITS[kind.name](value) else [f"{place}: {value!r} is no {kind.name}"]
        if kind.name.startswith('"'):
            return [] if value == kind.name.strip('"') else [f"{place}: {value!r} is not {kind.name}"]
        return self.problems(self.types[kind.name], value, place)

    def _problems_of_shape(self, shape: Shape, value: Any, place: str) -> list[str]:
        if not isinstance(value, dict):
            return [f"{place}: {value!r} is no object"]
        found = [f"{place}.{name}: missing" for name in shape.fields if name not in {*value, *shape.optional}]
        for name, part in value.items():
            kind = shape.fields.get(name, shape.further)
            found += self.problems(kind, part, f"{place}.{name}") if kind else [f"{place}.{name}: not in the contract"]
        return found

    def _declare(self) -> None:
        self._take("export")
        word, name = self._next(), self._next()
        if word == "type":
            self._take("=")
            self.types[name] = self._type()
        else:
            above = self.types[self._next()] if self._taken("extends") else Shape()
            self.types[name] = above.joined(self._shape())
        self._taken(";")

    def _type(self) -> Any:
        self._taken("|")
        parts = [self._both()]
        while self._taken("|"):
            parts.append(self._both())
        return parts[0] if len(parts) == 1 else Union(tuple(parts))

    def _both(self) -> Any:
        found = self._several()
        while self._taken("&"):
            found = self._resolved(found).joined(self._resolved(self._several()))
        return found

    def _resolved(self, kind: Any) -> Any:
        return self.types[kind.name] if isinstance(kind, Name) else kind

    def _several(self) -> Any:
        found = self._one()
        while self._tokens[:2] == ["[", "]"]:
            del self._tokens[:2]
            found = Array(found)
        return found

    def _one(self) -> Any:
        if self._tokens[0] == "{":
            return self._shape()
        if self._taken("["):
            return Array(places=tuple(self._listed("]")))
        name = self._next()
        return Name(name, tuple(self._listed(">")) if self._taken("<") else ())

    def _listed(self, end: str) -> Iterator[Any]:
        while not self._taken(end):
            yield self._type()
            self._taken(",")

    def _shape(self) -> Shape:
        self._take("{")
        fields, optional, further = dict[str, Any](), set[str](), None
        while not self._taken("}"):
            if self._taken("["):
                del self._tokens[: self._tokens.index("]") + 1]
                self._take(":")
                further = self._type()
            else:
                name = self._next()
                if self._taken("?"):
                    optional.add(name)
                self._take(":")
                fields[name] = self._type()
            self._taken(";")
        return Shape(fields, frozenset(optional), further)

    def _next(self) -> str:
        return str(self._tokens.pop(0))

    def _taken(self, token: str) -> bool:
        return bool(self._tokens[:1] == [token] and self._tokens.pop(0))

    def _take(self, token: str) -> None:
        assert self._taken(token), f"{token!r} expected before {' '.join(self._tokens[:8])}"


def _is_decimal(value: Any) -> bool:
    try:
        return isinstance(value, str) and "e" not in value.lower() and Decimal(value).is_finite()
    except InvalidOperation:
        return False


def _is_time(value: Any) -> bool:
    try:
        return isinstance(value, str) and datetime.fromisoformat(value).tzinfo is not None
    except ValueError:
        return False


_FITS = {
    "string": lambda value: isinstance(value, str),
    "number": lambda value: isinstance(value, int | float) and not isinstance(value, bool),
    "boolean": lambda value: isinstance(value, bool),
    "null": lambda value: value is None,
    "undefined": lambda value: False,
    "Money": _is_decimal,
    "Time": _is_time,
}


@pytest.fixture(scope="module")
def contract() -> Contract:
    """The contract as the web has it."""
    return Contract(TYPES.read_text("utf-8"))


async def test_every_answer_is_what_the_web_expects(company: Any, contract: Contract) -> None:
    await company.cycle()
    await company.chat("buy 0.01 BTC")
    asked = {"/market/candles": "?symbol=BTC/USDT", "/approvals": "?state=all", "/memory": "?query=bitcoin"}

    answers = {path: await company.get(path.format(**NAMES) + asked.get(path, "")) for path in ANSWERS}

    wrong = [
        f"{path}{found}"
        for path, kind in ANSWERS.items()
        for found in contract.problems(contract.of(kind), answers[path])
    ]
    assert wrong == []
    empty = {path for path, answer in answers.items() if answer in ([], {})}
    assert empty == set()
    for path, name in (("/portfolio", "positions"), ("/orders", "trades"), ("/market/candles", "fills")):
        assert answers[path][name] != []


async def test_before_the_first_run_every_answer_is_what_the_web_expects_too(company: Any, contract: Contract) -> None:
    for path, kind in ANSWERS.items():
        if "{" not in path and path not in {"/report", "/market/candles"}:
            assert contract.problems(contract.of(kind), await company.get(path)) == [], path


async def test_the_contract_names_every_path_that_is_read(company: Any) -> None:
    document = (await company.client.get("/../../openapi.json")).json()
    paths = {path.removeprefix("/api/v1") for path, item in document["paths"].items() if "get" in item}
    assert {path for path in paths if path.startswith("/")} - APART == set(ANSWERS)


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        ({"id": "T1", "n": 1, "kind": "a"}, None),
        ({"id": "T1", "n": None, "kind": "b", "more": ["x"]}, None),
        ({"id": "T1", "kind": "a"}, ".n: missing"),
        ({"id": "T1", "n": 1, "kind": "a", "new": 1}, ".new: not in the contract"),
        ({"id": 1, "n": 1, "kind": "a"}, ".id: 1 is no string"),
        ({"id": "T1", "n": "1", "kind": "a"}, ".n: '1' is no number"),
        ({"id": "T1", "n": True, "kind": "a"}, ".n: True is no number"),
        ({"id": "T1", "n": 1, "kind": "c"}, ".kind: 'c' is not"),
        ({"id": "T1", "n": 1, "kind": "a", "more": [None]}, ".more[0]: None is no string"),
        ([], ": [] is no object"),
    ],
)
def test_an_answer_that_drifts_is_found(value: Any, problem: str | None) -> None:
    small = Contract(
        'export type Kind = "a" | "b";\n'
        "export interface T { id: string; n: number | null; kind: Kind; more?: string[] }"
    )

    found = small.problems(small.of("T"), value)

    assert found == [] if problem is None else found and found[0].startswith(problem)


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("Money", 1.5),
        ("Money", "1e5"),
        ("Money", ""),
        ("Time", "2026-01-31T00:00:00"),
        ("Scope", "root"),
        ("Event", {}),
    ],
)
def test_money_is_decimal_text_and_times_have_a_zone(contract: Contract, kind: str, value: Any) -> None:
    assert contract.problems(contract.of(kind), value) != []
