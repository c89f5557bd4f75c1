"""Measures the figures the project promises and prints each beside its bar."""

import asyncio
import gc
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from itertools import chain
from pathlib import Path

from company.cli.app import COLLECT
from tests.bench import (
    backtest,
    desk,
    evals,
    exchange,
    features,
    governor,
    matching,
    memory,
    provider,
    replay,
    risk,
    serving,
    web,
)

RUNS = 5


def main() -> None:
    """Print every figure."""
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ.setdefault(name, "1")
    gc.set_threshold(*COLLECT)
    show("cli.help_cpu_s", statistics.median(_help_cpu() for _ in range(RUNS)), 0.35)
    for name, value, bar, least in provider.figures():
        show(name, value, bar, least=least)
    for name, value, bar in chain(asyncio.run(_cycles()), replay.figures()):
        show(name, value, bar)
    show("governor.decide_p50_ms", _decide_ms(), 0.2)
    show("governor.check_p50_ms", governor.check_ms(), 0.2)
    for name, value, bar, least in chain(
        desk.figures(),
        backtest.figures(),
        features.figures(),
        matching.figures(),
        exchange.figures(),
        risk.figures(),
        serving.figures(),
        web.figures(),
        evals.figures(),
        memory.figures(),
    ):
        show(name, value, bar, least=least)


def show(figure: str, value: float, bar: float, *, least: bool = False) -> None:
    """Print one figure; it is good when at most `bar`, or with `least` when at least."""
    ok = value >= bar if least else value <= bar
    print(json.dumps({"figure": figure, "value": round(value, 4), "bar": bar, "ok": ok}), flush=True)


def _help_cpu() -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-m", "company", "--help"], check=True, stdout=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (after.ru_utime + after.ru_stime) - (before.ru_utime + before.ru_stime)


async def _cycles() -> list[tuple[str, float, float]]:
    """A cycle of the default company: CPU after start, and wall time."""
    from company.engine import Engine
    from company.home import CompanyDirectory, bundled_directory, open_company

    bundled = bundled_directory()
    cpu, wall = [], []
    with tempfile.TemporaryDirectory() as home:
        company = open_company(CompanyDirectory(bundled, bundled), Path(home), environment=os.environ)
        company.warm()
        engine = Engine(company)
        for _ in range(RUNS):
            cpu_before, wall_before = time.process_time(), time.perf_counter()
            await engine.advance(engine.start("cycle").id)
            cpu.append(time.process_time() - cpu_before)
            wall.append(time.perf_counter() - wall_before)
        engine.close()
        company.close()
    return [
        ("cycle.first_cpu_s", cpu[0], 2.0),
        ("cycle.cpu_s", statistics.median(cpu), 2.0),
        ("cycle.wall_s", statistics.median(wall), 20.0),
    ]


def _decide_ms() -> float:
    """One decision of the rule table, a mandate looked at and refused."""
    from datetime import UTC, datetime
    from decimal import Decimal

    from company.config import Mandate
    from company.governor import Case, Standing, decide
    from company.home import bundled_directory
    from company.toolkit import Stakes, load_tools

    mandate = Mandate(id="small", tools=("place_order",), max_notional=Decimal(10))
    case = Case(
        tool=load_tools(bundled_directory() / "tools")["place_order"],
        role="trading",
        granted=True,
        now=datetime(2026, 1, 1, tzinfo=UTC),
        stakes=Stakes(symbol="BTC/USDT", notional=Decimal(100)),
        standings=(Standing(mandate, 0, Decimal(0)),),
    )
    return _median_ms(lambda: decide(case), 2_000)


def _median_ms(work: Callable[[], object], times: int) -> float:
    taken = []
    for _ in range(times):
        began = time.perf_counter()
        work()
        taken.append((time.perf_counter() - began) * 1000)
    return statistics.median(taken)


if __name__ == "__main__":
    main()
