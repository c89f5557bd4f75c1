"""One trial of a case: played in a home of its own, held to what is wanted, told as plain data.

An exception or a time-out is a failure of the trial, never a skip. The time-out here takes effect where a run waits;
one that computes for ever is ended by the process above (company/grading/pool.py).
"""

import asyncio
import tempfile
import time
from collections.abc import Mapping
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from company.engine import Engine
from company.grading.case import Case
from company.grading.evidence import Evidence
from company.grading.playing import Arrange, play
from company.grading.registry import SCORERS
from company.grading.result import Fault, Trial, late
from company.grading.telling import Told, tell
from company.home import Company, CompanyDirectory, open_store

HOME = "company-eval-"
"""How the name of a folder begins in which a trial keeps its home; it is thrown away."""

_RANK = {name: rank for rank, name in enumerate(SCORERS)}


async def run_trial(
    case: Case,
    directory: CompanyDirectory,
    environment: Mapping[str, str],
    *,
    arrange: Arrange = lambda company: company,
    engine: type[Engine] = Engine,
) -> Trial:
    """Play a case once, in this process, and judge what it left.

    Args:
        case: What is done and what is wanted.
        directory: The company.
        environment: Which directories are trusted, and keys of providers.
        arrange: Changes the company each time it is opened, such as what its roles think with.
        engine: What runs it.
    """
    began, limit = time.perf_counter(), asyncio.timeout(case.timeout_seconds)
    with tempfile.TemporaryDirectory(prefix=HOME) as folder:
        try:
            async with limit:
                faults = judge(
                    case, await play(case, directory, Path(folder), environment, arrange=arrange, engine=engine)
                )
        except Exception as error:  # noqa: BLE001  # whatever goes wrong is the failure of this trial
            said = f"{type(error).__name__}: {error}".replace(folder, "HOME")
            faults = (late(case) if limit.expired() else Fault("run", said),)
        told = _told(Path(folder, "home"))
    return Trial(faults, time.perf_counter() - began, told.cost_usd, told.model_calls, told.runs)


def judge(case: Case, evidence: Evidence) -> tuple[Fault, ...]:
    """Return what is wrong with the evidence, end state first."""
    checks = sorted(case.scorers, key=lambda check: _RANK.get(check.scorer.name, len(_RANK)))
    return tuple(
        Fault(check.scorer.name, what) for check in checks for what in check.scorer.judge(evidence, check.wanted)
    )


def thinking_with(model: str, case: Case) -> Arrange:
    """Return what lets every role of a company think with one model, unless the case says itself what they think with.

    Args:
        model: `provider:model` or `autopilot`; the company's own models when empty.
        case: The case.
    """

    def arrange(company: Company) -> Company:
        own = not model or "models" in case.world.settings
        return company if own else replace(company, models=company.models.only(model))

    return arrange


def _told(home: Path) -> Told:
    """Read the journal of a trial, also of one that came to no end."""
    if not (home / "company.db").is_file():
        return Told()
    with closing(open_store(home)) as store:
        return tell(store)
