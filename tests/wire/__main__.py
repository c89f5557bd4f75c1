"""Runs a server as a process of its own, until it is ended: `python -m tests.wire --script board_meeting`.

The first line it prints is its port. `GET /asked` counts what it was asked; `DELETE /asked` forgets it.
"""

import argparse
import signal

from tests.wire.scripts import named
from tests.wire.server import WireServer


def main() -> None:
    """Serve until SIGTERM or SIGINT."""
    parser = argparse.ArgumentParser(prog="python -m tests.wire")
    parser.add_argument("--port", type=int, default=0, help="port to listen on; 0 takes a free one")
    parser.add_argument("--delay", type=float, default=0.0, help="seconds before the first byte of an answer")
    parser.add_argument("--script", type=named, default="default_company", help="script that decides the answers")
    arguments = parser.parse_args()
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM, signal.SIGINT})
    with WireServer(arguments.script, delay=arguments.delay, port=arguments.port) as server:
        print(server.url.rpartition(":")[2], flush=True)
        signal.sigwait({signal.SIGTERM, signal.SIGINT})


if __name__ == "__main__":
    main()
