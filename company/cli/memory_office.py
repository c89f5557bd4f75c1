"""What the commands about memories work with: the opened company and its memory."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from company.cli.opening import calm_numpy, locate
from company.errors import UsageError

if TYPE_CHECKING:
    from company.home import Company
    from company.memory import VectorMemory
    from company.memory.keeping.forgetting import Forgetting
    from company.store import Store


@dataclass(frozen=True, slots=True)
class Office:
    """What a command about memories works with."""

    company: "Company"
    memory: "VectorMemory"

    @property
    def store(self) -> "Store":
        """The company's store."""
        return self.company.store

    def note(self, name: str, value: dict[str, Any]) -> None:
        """Write down what a person did."""
        from company import events
        from company.events import Draft

        self.store.journal.append([Draft.of_person(events.custom(name, value))])

    def forgetting(self) -> "Forgetting":
        """Return what erases from this home."""
        from company.memory.keeping.forgetting import Forgetting

        memory = self.memory
        return Forgetting(self.company.state, self.store, memory.records, memory.similarity, self.company.clock)


@contextmanager
def opened_office(directory: Path | None, home: Path | None) -> Iterator[Office]:
    """Open a company without its engine, for a command about memories; close it afterwards.

    Raises:
        UsageError: Memory is switched off.
    """
    import os

    calm_numpy()
    from company.home import open_company
    from company.memory import VectorMemory

    found, state = locate(directory, home)
    company = open_company(found, state, environment=os.environ)
    try:
        if not isinstance(company.memory, VectorMemory):
            raise UsageError("memory is switched off", where="company.toml [memory]", cure="set enabled = true")
        yield Office(company, company.memory)
    finally:
        company.close()
