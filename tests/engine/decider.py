"""A process of its own: opens the company, finishes what others left, and decides what it is told, line by line.

    decider.py DIRECTORY HOME

A line is `A3 yes ann`; what came of it is printed as `A3 done`, or `A3 refused: ...`.
"""

import asyncio
import os
import sys
from pathlib import Path

from company.engine import Engine
from company.errors import UsageError
from company.home import find_directory, open_company


async def decide(engine: Engine) -> None:
    await engine.sweep()
    print("ready", flush=True)
    while line := (await asyncio.to_thread(sys.stdin.readline)).split():
        name, said, by = line
        try:
            approval, _ = await engine.decide(name, approved=said == "yes", by=by)
            print(name, approval.state, flush=True)
        except UsageError as error:
            print(name, f"refused: {error}".replace("\n", " "), flush=True)


def main() -> None:
    directory, home = map(Path, sys.argv[1:])
    company = open_company(find_directory(directory, directory), home, environment=os.environ)
    engine = Engine(company)
    try:
        asyncio.run(decide(engine))
    finally:
        engine.close()
        company.close()


if __name__ == "__main__":
    main()
