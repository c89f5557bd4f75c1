"""A process that plays trials, one after the other, until its input ends; company/grading/pool.py starts it.

It reads lines of JSON and answers each with one. The first says which company it is about and is answered when the
suite was read and everything heavy is imported; each of the others names a case. What a tool prints goes to standard
error. When the input ends the process ends at once, in the middle of a trial too: nobody is there to hear about it.
"""

import asyncio
import gc
import json
import os
import queue
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Thread
from typing import IO, Any

from company.errors import UsageError

Json = dict[str, Any]


def main() -> None:
    """Answer the lines of standard input."""
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    lines = _lines()
    try:
        play = _opened(next(lines))
    except UsageError as error:
        _say(answers, _usage(error))
        return
    gc.freeze()  # what was imported stays; looking for garbage as often as usual took a fifth of a long trial
    gc.set_threshold(50_000, 50, 100)
    _say(answers, {})
    for line in lines:
        _say(answers, play(line["case"], line["digest"], line["player"]))


def _opened(setup: Json) -> Callable[[str, str, str], Json]:
    """Read the suite, and return what plays a case of it."""
    from company.engine import Engine
    from company.grading.instruments.staffing import arranged
    from company.grading.result import digest, trial_data
    from company.grading.suite import open_suite
    from company.grading.trial import run_trial, thinking_with
    from company.home import CompanyDirectory

    directory = CompanyDirectory(Path(setup["root"]), Path(setup["bundled"]))
    environment, model = dict(os.environ), setup["model"]
    cases = {case.id: case for case in open_suite(directory, environment, model=model).cases}

    def played(id: str, wanted: str, player: str) -> Json:
        if id not in cases or digest(cases[id]) != wanted:
            what, where = f"case {id!r} was changed while the cases were run", str(directory.evals)
            return _usage(UsageError(what, where=where, cure="run them again"))
        case = cases[id]
        arrange, engine = arranged(player) if player else (thinking_with(model, case), Engine)
        trial = asyncio.run(run_trial(case, directory, environment, arrange=arrange, engine=engine))
        return {"trial": trial_data(trial)}

    return played


def _lines() -> Iterator[Json]:
    """Yield the lines of the input; its end ends the process."""
    read: queue.SimpleQueue[Json] = queue.SimpleQueue()

    def listen() -> None:
        for line in sys.stdin:
            read.put(json.loads(line))
        os._exit(0)

    Thread(target=listen, daemon=True).start()
    while True:
        yield read.get()


def _usage(error: UsageError) -> Json:
    return {"usage": {"what": error.what, "where": error.where, "cure": error.cure}}


def _say(answers: IO[str], answer: Json) -> None:
    answers.write(json.dumps(answer, ensure_ascii=False) + "\n")
    answers.flush()
