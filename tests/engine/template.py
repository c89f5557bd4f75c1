"""A process that has imported all that a command needs, and forks a child for each: a start without the imports.

It opens no file of a home and starts no thread, so a child is what a fresh process would be: a process of its own, with
a number of its own, that can be killed. Commands come as lines of JSON on standard input, answers go as lines to
standard output:

    {"run": [...], "in": directory, "environment": {...}}
        Starts a command, which adds what it says to the file `said` there; the answer is its process number.
    {"wait": pid}
        The answer is how it ended, as a `Popen` says it.
    {"look": pid}
        The same at once; null while it runs.
"""

import gc
import json
import os
import sys
import threading
from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Any

MODULES = (
    "alembic.command",
    "company.cli.app",
    "company.cli.following",
    "company.engine.engine",
    "company.home.company",
    "company.llm.autopilot",
    "vaderSentiment.vaderSentiment",
)


def main() -> None:
    from company.cli.opening import calm_numpy

    calm_numpy()
    for module in MODULES:
        import_module(module)
    assert threading.active_count() == 1, threading.enumerate()
    gc.freeze()  # children share what is imported, and do not look for garbage in it
    for line in sys.stdin:
        print(json.dumps(_answer(json.loads(line))), flush=True)


def _answer(asked: Mapping[str, Any]) -> int | None:
    if "run" in asked:
        return _started(asked["run"], asked["in"], asked["environment"])
    pid, status = os.waitpid(asked.get("wait") or asked["look"], 0 if "wait" in asked else os.WNOHANG)
    return os.waitstatus_to_exitcode(status) if pid else None


def _started(command: Sequence[str], directory: str, environment: Mapping[str, str]) -> int:
    if pid := os.fork():
        return pid
    try:
        os.chdir(directory)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        said = os.open("said", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        os.dup2(said, 1)
        os.dup2(said, 2)
        os.environ.clear()
        os.environ.update(environment)
        code = _ended(command)
        sys.stdout.flush()
        os._exit(code)
    finally:
        os._exit(70)


def _ended(command: Sequence[str]) -> int:
    from company.cli import main as company

    sys.argv = ["company", *command]
    try:
        company()
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else 1 if end.code else 0
    return 0


if __name__ == "__main__":
    main()
