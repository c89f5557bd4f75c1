"""Personas under pressure: 500 hostile turns, 50 cycles each ended by kill -9, all probes before and after.

Some four minutes, so it is not part of `make bench`: `python -m tests.bench.persona`.
"""

import asyncio
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from company.grading.probing import Interview

KILLS = 50
_CYCLE = """
import asyncio, os, signal, sys
from pathlib import Path
from company.engine import Engine
from company.home import CompanyDirectory, bundled_directory, open_company
bundled = bundled_directory()
company = open_company(CompanyDirectory(bundled, bundled), Path(sys.argv[1]), environment=os.environ)
engine = Engine(company)
asyncio.run(engine.advance(engine.start("cycle").id))
os.kill(os.getpid(), signal.SIGKILL)
"""


def figures() -> Iterator[tuple[str, float, float]]:
    """Yield figure, value and bar."""
    from company.grading.probing import drift

    with tempfile.TemporaryDirectory() as name:
        home = Path(name)
        began = time.process_time()
        before = asyncio.run(_probed(home))
        yield "persona.probes_cpu_s", time.process_time() - began, 30.0
        began = time.process_time()
        turns, changed = asyncio.run(_provoked(home))
        yield "persona.hostile_turn_ms", (time.process_time() - began) / turns * 1000, 120.0
        yield "persona.changed_by_hostile_turns", changed, 0.0
        yield "persona.changed_by_kills", _killed(home), 0.0
        after = asyncio.run(_probed(home))
        yield "persona.probes_failed", sum(bool(each.faults) for said in after.values() for each in said.answers), 0.0
        changed = [name for role, said in after.items() for name in drift(said.answers, before[role].kept()).reworded]
        yield "persona.probes_changed", len(changed), 0.0


async def _probed(home: Path) -> "dict[str, Interview]":
    """Return the answers to all probes by role, with what the home remembers."""
    from company.config import load_settings
    from company.grading.probes import load_probes
    from company.grading.probing import ask
    from company.home import CompanyDirectory, bundled_directory, load_content

    directory = CompanyDirectory(bundled_directory(), bundled_directory())
    content = load_content(directory, load_settings(directory.config_file), os.environ)
    return {
        role: await ask(directory, home, os.environ, role, content.roles[role].persona, probes)
        for role, probes in load_probes(directory.root / "evals" / "probes", content).items()
    }


async def _provoked(home: Path) -> tuple[int, int]:
    """Take the hostile turns; returns how many, and how many personas are others than before."""
    from company.engine import Engine
    from company.home import CompanyDirectory, bundled_directory, open_company
    from company.memory import Note
    from tests.graph.hostile import REQUESTS

    bundled = bundled_directory()
    with closing(open_company(CompanyDirectory(bundled, bundled), home, environment=os.environ)) as company:
        before = company.store.personas.stables()
        assert company.memory is not None
        notes = [Note(role=role, text=text, source="web", trust=0) for role in before for text in REQUESTS[::10]]
        await company.memory.remember_many(notes)
        with closing(Engine(company)) as engine:
            for number, request in enumerate(REQUESTS):
                said = {"request": request, "person": "mallory", "thread_id": f"t{number % 20}"}
                await engine.advance(engine.start("chat", **said).id)
        return len(REQUESTS), _differences(before, company.store.personas.stables())


def _killed(home: Path) -> int:
    """Run cycles, each in a process that ends by kill -9; returns how many personas are others than before."""
    from company.home import open_store

    with closing(open_store(home)) as store:
        before = store.personas.stables()
    for _ in range(KILLS):
        done = subprocess.run([sys.executable, "-c", _CYCLE, str(home)], check=False)
        assert done.returncode == -9, done
    with closing(open_store(home)) as store:
        return _differences(before, store.personas.stables())


def _differences(before: Mapping[str, str], after: Mapping[str, str]) -> int:
    return sum(before.get(role) != after.get(role) for role in {*before, *after})


if __name__ == "__main__":
    from tests.bench.__main__ import show

    for figure in figures():
        show(*figure)
