"""A process that has imported all that a command needs, and forks a child for each: a start without the imports.

It opens no file of a home and starts no thread, so a child is what a fresh process would be: a process of its own, with
a number of its own, that can be killed. Commands come as lines of JSON on standard input, answers go as lines to
standard output:

    {"run": [...], "place": directory, "environment": {...}, "stdin": file, "out": file, "err": file}
        Starts a command, which adds what it says to the last two files; the answer is its process number.
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
from collections.abc import Mapping
from importlib import import_module
from typing import Any

MODULES = (
    "alembic.command",
    "chromadb",
    "company.cli.app",
    "company.cli.following",
    "company.engine.engine",
    "company.home.company",
    "company.llm.autopilot",
    "onnxruntime",
    "talib",
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
        return os.fork() or _become(asked)
    pid, status = os.waitpid(asked.get("wait") or asked["look"], 0 if "wait" in asked else os.WNOHANG)
    return os.waitstatus_to_exitcode(status) if pid else None


def _become(asked: Mapping[str, Any]) -> int:
    """Be the command that was asked for; this never returns."""
    try:
        os.chdir(asked["place"])
        os.dup2(os.open(asked["stdin"], os.O_RDONLY), 0)
        for number, file in ((1, asked["out"]), (2, asked["err"])):
            os.dup2(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND), number)
        os.environ.clear()
        os.environ.update(asked["environment"])
        sys.path[1:1] = filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep))
        code = _ended(asked["run"])
        sys.stdout.flush()
        os._exit(code)
    finally:
        os._exit(70)


def _ended(command: list[str]) -> int:
    from company.cli import main as company

    sys.argv = ["company", *command]
    try:
        company()
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else 1 if end.code else 0
    return 0


if __name__ == "__main__":
    main()
