"""A turn that is taken in a process of its own, which ends by the signal that nobody can catch.

`python -m company.grading.killed` takes the turn and kills itself as soon as the run ended or waits for a person; a
tool may do that before. Nothing is closed in order, as after a loss of power.
"""

import asyncio
import json
import os
import signal
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from company.engine import Engine
from company.grading.steps import Turn
from company.home import CompanyDirectory, open_company


async def take_turn_and_die(
    turn: Turn, directory: CompanyDirectory, home: Path, environment: Mapping[str, str], seed: int
) -> None:
    """Take a turn in another process, with the models of the company's own settings, until that is killed.

    Args:
        turn: What is said.
        directory: The company, which is not open here.
        home: Its state.
        environment: Environment of the process.
        seed: Seed of its world.

    Raises:
        RuntimeError: The process ended by itself.
    """
    told = {
        "root": str(directory.root),
        "bundled": str(directory.bundled),
        "home": str(home),
        "seed": seed,
        "turn": turn.model_dump(mode="json"),
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        __name__,
        stdin=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env=dict(environment),
    )
    try:
        _, said = await process.communicate(json.dumps(told).encode())
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode != -signal.SIGKILL:
        last = said.decode(errors="replace").strip().splitlines()[-1:]
        raise RuntimeError(f"the turn was not killed but ended with {process.returncode}: {''.join(last)}")


async def _take(told: dict[str, Any], turn: Turn) -> None:
    directory = CompanyDirectory(Path(told["root"]), Path(told["bundled"]))
    company = open_company(directory, Path(told["home"]), environment=os.environ, seed=told["seed"])
    engine = Engine(company)
    run = engine.start("chat", request=turn.say, person=turn.person, thread_id=turn.thread)
    await engine.advance(run.id)
    os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    given = json.load(sys.stdin)
    asyncio.run(_take(given, Turn.model_validate(given["turn"])))
