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

With the path of a socket as argument it serves scripts: `tests/shim.py` stands for `company` there, hands over its
arguments and descriptors, and gets back how the command ended. It goes on until standard input is closed.
"""

import gc
import json
import os
import select
import signal
import socket
import sys
import threading
from collections.abc import Mapping, Sequence
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
    if sys.argv[1:]:
        _serve(sys.argv[1])
        return
    for line in sys.stdin:
        print(json.dumps(_answer(json.loads(line))), flush=True)


def _answer(asked: Mapping[str, Any]) -> int | None:
    if "run" in asked:
        return os.fork() or _become(asked)
    pid, status = os.waitpid(asked.get("wait") or asked["look"], 0 if "wait" in asked else os.WNOHANG)
    return os.waitstatus_to_exitcode(status) if pid else None


def _serve(path: str) -> None:
    """Fork a process for each connection, until standard input is closed."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for those that attend
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(path)
        listener.listen()
        print("ready", flush=True)
        while sys.stdin not in (found := select.select([sys.stdin, listener], [], [])[0]):
            assert found
            connection, _ = listener.accept()
            with connection:
                if not os.fork():
                    _attend(connection)


def _attend(connection: socket.socket) -> None:
    """Start the command that a connection asks for, wait for it and say how it ended; this never returns."""
    try:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        _, descriptors, _, _ = socket.recv_fds(connection, 1, 3)
        with connection.makefile("r") as said:
            asked = json.loads(said.read())
        if not (pid := os.fork()):
            _become(asked, descriptors)
        connection.sendall(str(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])).encode())
    finally:
        os._exit(0)


def _become(asked: Mapping[str, Any], descriptors: Sequence[int] = ()) -> int:
    """Be the command that was asked for; this never returns."""
    try:
        os.chdir(asked["place"])
        for number, descriptor in enumerate(descriptors or _opened(asked)):
            os.dup2(descriptor, number)
        os.environ.clear()
        os.environ.update(asked["environment"])
        sys.path[1:1] = filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep))
        code = _ended(asked["run"])
        sys.stdout.flush()
        os._exit(code)
    finally:
        os._exit(70)


def _opened(asked: Mapping[str, Any]) -> list[int]:
    written = os.O_WRONLY | os.O_CREAT | os.O_APPEND
    return [os.open(asked["stdin"], os.O_RDONLY), *(os.open(asked[name], written) for name in ("out", "err"))]


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
