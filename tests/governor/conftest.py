"""A governor over a real store, in virtual time. Tests bring tools of their own, which act on a street of paper."""

import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from company.config import ApprovalSettings, BudgetSettings, Mandate
from company.events import Json
from company.governor import Allowance, Call, Governor, Outcome, Scope
from company.roles import Limits, Role
from company.store import Run, Store
from company.toolkit import Registry, Tool, tool_of
from company.world import VirtualClock

START = datetime(2026, 3, 2, 12, tzinfo=UTC)


class CrashError(BaseException):
    """The process ends here: nothing after it is written."""


@dataclass
class Street:
    """The outside: a file to which every effect adds a line, `key text`."""

    file: Path

    def shout(self, key: str, text: str) -> str:
        with self.file.open("a") as out:
            out.write(f"{key} {text}\n")
        return text

    def heard(self, key: str) -> str | None:
        return dict(line.split(" ", 1) for line in self.lines).get(key)

    @property
    def lines(self) -> list[str]:
        return self.file.read_text().splitlines() if self.file.exists() else []


@dataclass
class House:
    """One company's store, clock and street.

    Attributes:
        mandates: What the next governor is given.
        budget: The same.
        cut_off: Writing ends in a crash from now on.
    """

    directory: Path
    mandates: Sequence[Mandate] = ()
    budget: BudgetSettings = field(default_factory=BudgetSettings)
    limits: Limits = field(default_factory=Limits)
    approvals: ApprovalSettings = field(default_factory=lambda: ApprovalSettings(expires=timedelta(hours=1)))
    clock: VirtualClock = field(default_factory=lambda: VirtualClock(START))
    cut_off: bool = False

    def __post_init__(self) -> None:
        self.street = Street(self.directory / "street.txt")
        self.store = Store.open(self.directory / "state.db", now=self.now)
        self.run = self.start_run()

    def now(self) -> datetime:
        if self.cut_off:
            raise CrashError
        return self.clock.now()

    def start_run(self) -> Run:
        return self.store.runs.create(
            kind="cycle", thread_id="T1", request="", person="", number=1, as_of=START, seed=7, identity="i"
        )

    def allowance(self) -> Allowance:
        return Allowance(budgets=self.store.budgets, limits=self.budget)

    def governor(self, *functions: Callable[..., Any] | Tool, allowance: Allowance | None = None) -> Governor:
        tools = (each if isinstance(each, Tool) else tool_of(each) for each in functions)
        return Governor(
            store=self.store,
            registry=Registry(tool for tool in tools if tool),
            mandates=self.mandates,
            allowance=allowance or self.allowance(),
            clock=self.clock,
            services={},
            approvals=self.approvals,
        )

    def scope(self, *granted: str, role: str = "trading", taint: Sequence[str] = (), path: str = "") -> Scope:
        employee = Role(
            id=role,
            title="Trader",
            reports_to="ceo",
            summary="Trades.",
            tools=granted,
            limits=self.limits,
            persona="You trade.",
            source="test",
        )
        return Scope(self.run, employee, path or f"ceo/{role}", tuple(taint))

    async def perform(
        self, function: Callable[..., Any] | Tool, *, id: str = "c1", taint: Sequence[str] = (), **arguments: Any
    ) -> Outcome:
        """Perform one call of a tool that is granted."""
        name = function.name if isinstance(function, Tool) else function.__name__
        return await self.governor(function).perform(self.scope(name, taint=taint), Call(id, name, arguments))

    async def perform_and_crash(self, function: Callable[..., Any], **arguments: Any) -> None:
        """Perform a call whose tool, or whose governor, dies on the way."""
        with pytest.raises(CrashError):
            await self.perform(function, **arguments)
        self.cut_off = False
        self.store.budgets.release_run(self.run.id)

    def bodies(self, *types: str) -> list[Json]:
        """Event bodies in order; of CUSTOM events, their values."""
        found = self.store.journal.read(types=types or None)
        return [event.body.get("value", event.body) for event in found]

    def types(self) -> list[str]:
        return [event.type for event in self.store.journal.read()]

    def used(self) -> Any:
        return self.store.budgets.used_by_run(self.run.id)


@pytest.fixture(scope="session")
def pristine(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("pristine")
    Store.open(directory / "state.db", now=lambda: START).close()
    return directory


@pytest.fixture
def house(pristine: Path, tmp_path: Path) -> Iterator[House]:
    house = House(Path(shutil.copytree(pristine, tmp_path / "house")))
    yield house
    house.store.close()


@pytest.fixture
def crash() -> type[CrashError]:
    return CrashError


@pytest.fixture
def mandate() -> Callable[..., Mandate]:
    """Write a mandate for one tool: `mandate("buy", max_notional=5)`."""

    def written(tool: str, *, id: str = "m", **limits: Any) -> Mandate:
        exact = {name: Decimal(value) if isinstance(value, str) else value for name, value in limits.items()}
        return Mandate.model_validate({"id": id, "tools": (tool,), **exact})

    return written
