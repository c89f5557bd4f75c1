"""`company persona probe`: asks roles fixed questions and shows how far the answers drifted."""

import asyncio
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from company.cli.opening import AsJson, Directory, Home, calm_numpy, locate
from company.cli.tables import table
from company.errors import UsageError

if TYPE_CHECKING:
    from company.grading.probes import Probe
    from company.grading.probing import Drift, Interview
    from company.home import CompanyDirectory
    from company.store import PersonaVersion, Store


@dataclass(frozen=True, slots=True)
class Examined:
    """What a version of a role answered, and how that differs from what the stable one had answered."""

    version: "PersonaVersion"
    stable: bool
    interview: "Interview"
    drift: "Drift | None"

    @property
    def faulty(self) -> int:
        """How many probes failed."""
        return sum(bool(probed.faults) for probed in self.interview.answers)

    def told(self) -> dict[str, Any]:
        """Return it as JSON data."""
        drift = self.drift
        return {
            "role": self.version.role,
            "version": self.version.hash,
            "number": self.version.number,
            "stable": self.stable,
            "probes": len(self.interview.answers),
            "failed": self.faulty,
            "usd": format(self.interview.usd, "f"),
            "drift": None
            if drift is None
            else {
                "compared": drift.compared,
                "broken": list(drift.broken),
                "mended": list(drift.mended),
                "reworded": list(drift.reworded),
                "likeness": round(drift.likeness, 4),
            },
            "answers": [
                {"id": probed.probe.id, "about": probed.probe.about, "say": probed.probe.say, **probed.kept()}
                for probed in self.interview.answers
            ],
        }


def register(app: typer.Typer) -> None:
    """Add the command of this module."""
    app.command()(probe)


def probe(
    role: Annotated[str, typer.Argument(metavar="[ROLE]", help="Only this role; default: all that have probes.")] = "",
    version: Annotated[str, typer.Option(metavar="VERSION", help="Another version of ROLE than the stable one.")] = "",
    record: Annotated[bool, typer.Option("--record", help="Hold later answers to these.")] = False,
    as_json: AsJson = False,
    directory: Directory = None,
    home: Home = None,
) -> None:
    """Ask roles fixed questions, hold the answers to rules and to what the stable version answered before."""
    if version and not role:
        cure = "company persona probe trading --version 2"
        raise UsageError("a version belongs to one role", where="--version", cure=cure)
    calm_numpy()
    examined = asyncio.run(_examine(directory, home, role, version, record=record))
    if as_json:
        typer.echo(json.dumps([each.told() for each in examined], ensure_ascii=False))
    else:
        for line in _lines(examined):
            typer.echo(line)
    if any(each.faulty for each in examined):
        raise typer.Exit(1)


async def _examine(
    directory: Path | None, home: Path | None, role: str, version: str, *, record: bool
) -> list[Examined]:
    import os

    from company.config import load_settings
    from company.grading.probes import load_probes
    from company.home import load_content, open_store

    found, state = locate(directory, home)
    content = load_content(found, load_settings(found.config_file), os.environ)
    probes = load_probes(found.root / "evals" / "probes", content, [role] if role else [])
    with closing(open_store(state)) as store:
        store.personas.adopt({each.id: each.persona for each in content.roles.values()})
        room = Room(found, state, os.environ, store)
        return [await room.examine(name, probes[name], version, record=record) for name in probes]


@dataclass(frozen=True, slots=True)
class Room:
    """Where roles are examined: the company, its home, and what was recorded there."""

    directory: "CompanyDirectory"
    state: Path
    environment: Mapping[str, str]
    store: "Store"

    async def examine(self, role: str, probes: "Sequence[Probe]", version: str, *, record: bool) -> Examined:
        """Ask a version of a role its probes and hold the answers to those of the stable one."""
        from company.grading.probing import drift

        stable = self.store.personas.stable(role)
        chosen = self.store.personas.find(role, version or "stable")
        is_stable, recorded = chosen.hash == stable.hash, self.store.probe_answers
        said = await self._ask(chosen, probes)
        then = recorded.of(stable.hash, said.setting)
        if not then and not is_stable:
            then = (await self._ask(stable, probes)).kept()
            recorded.keep(stable.hash, said.setting, then)
        if record or not then:
            recorded.keep(chosen.hash, said.setting, said.kept())
        self._grade(chosen.hash, said, then)
        return Examined(chosen, is_stable, said, drift(said.answers, then) if then else None)

    async def _ask(self, version: "PersonaVersion", probes: "Sequence[Probe]") -> "Interview":
        from company.grading.probing import ask

        return await ask(self.directory, self.state, self.environment, version.role, version.text, probes)

    def _grade(self, version: str, said: "Interview", then: dict[str, Any]) -> None:
        """Count the probes of a candidate on trial; one that breaches the guardrail is rolled back."""
        from company.memory.persona import guard

        trial = self.store.experiments.running()
        if trial is not None and trial.candidate == version:
            self.store.experiments.score(trial.id, _pairs(said, then))
            guard(self.store, trial.id)


def _pairs(said: "Interview", then: dict[str, Any]) -> dict[str, Any]:
    """Return the probes as graded pairs of a running experiment."""
    from company.store import Pair

    return {
        f"probe {said.role}/{probed.probe.id}": Pair(
            base=not then[probed.probe.id]["faults"], candidate=not probed.faults, safety=probed.probe.safety
        )
        for probed in said.answers
        if probed.probe.id in then
    }


def _lines(examined: list[Examined]) -> Iterator[str]:
    rows = [_row(each) for each in examined]
    yield table(("role", "version", "passed", "against recorded answers"), rows, empty="no role has probes", widest=90)
    for each in examined:
        for probed in each.interview.answers:
            for fault in probed.faults:
                yield f"{each.version.role}: {probed.probe.id}: {fault}"
    if spent := sum((each.interview.usd for each in examined), Decimal(0)):
        yield f"cost ${spent:.4f}"


def _row(each: Examined) -> tuple[str, ...]:
    number, total = f"{each.version.number}{'' if each.stable else ' (not stable)'}", len(each.interview.answers)
    return (each.version.role, number, f"{total - each.faulty} of {total}", _drifted(each.drift))


def _drifted(drift: "Drift | None") -> str:
    if drift is None:
        return "these are the recorded ones from now on"
    changed = f"{len(drift.broken)} broken, {len(drift.mended)} mended, {len(drift.reworded)} other answers"
    return f"{changed} of {drift.compared}, {100 * drift.likeness:.0f} % of the words the same"
