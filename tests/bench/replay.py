"""How long it takes to play a run again, as part of the time it took, and what recording it costs."""

import asyncio
import os
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

CYCLES = 20


def figures() -> Iterator[tuple[str, float, float]]:
    """Yield figure, value and bar."""
    worked, played = asyncio.run(_measure())
    yield "replay.ratio", played / worked, 0.10
    yield "replay.cycle_ms", played / CYCLES * 1000, 100.0


async def _measure() -> tuple[float, float]:
    """Return the CPU seconds of twenty cycles, and of playing them again without a difference."""
    from company.engine import Engine
    from company.engine.replay import replay
    from company.home import CompanyDirectory, bundled_directory, open_company

    bundled = bundled_directory()
    with tempfile.TemporaryDirectory() as home:
        company = open_company(CompanyDirectory(bundled, bundled), Path(home), environment=os.environ)
        company.warm()
        engine = Engine(company)
        began = time.process_time()
        for _ in range(CYCLES):
            await engine.advance(engine.start("cycle").id)
        worked = time.process_time() - began
        engine.close()
        began = time.process_time()
        async for played in replay(company, company.store.recordings.runs()):
            assert not played.differences, played
        took = time.process_time() - began
        company.close()
    return worked, took
