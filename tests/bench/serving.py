"""The server under load: a real one in a process of its own, the load generator in this one.

Times are of `CLOCK_MONOTONIC`, which both processes share. A client here is a socket and an epoll entry, so that what
is measured is the server. Everything goes through the whole application: gate, rates, counting, routing.
"""

import asyncio
import resource
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from textwrap import dedent
from typing import TYPE_CHECKING

from tests.bench.clients import Clients, Request, rate

if TYPE_CHECKING:
    from company.store import Journal

FILES = {
    "company.toml": """
        [memory]
        enabled = false

        [server]
        reads_per_minute = 100000000
        commands_per_minute = 100000000
    """,
    "roles/ceo.md": """
        ---
        id: ceo
        title: Chief executive
        summary: Leads.
        handles:
          - say: [hello]
            do:
              - answer: Hello, nice to see you.
        playbook:
          - answer: Nothing to do.
        ---
        You lead.
    """,
}
EVENT = b'"type":"RUN_STARTED"'
END = b'"type":"RUN_FINISHED"'
DELTAS = 50
"""Pieces of text a second while clients are streamed to."""
TRIES = 15


def figures() -> Iterator[tuple[str, float, float, bool]]:
    """Yield each figure with its bar, and whether more is better."""
    allow_files()
    with serving() as server:
        yield "serving.first_event_p50_ms", statistics.median(server.first_events(1)), 20, False
        yield "serving.status_per_second", server.status_per_second(), 3000, True
    with serving() as server:
        server.tell(f"stream {DELTAS}")
        yield "serving.first_event_p95_ms_500", _p95(server.first_events(500)), 250, False
    with serving() as server:
        yield "serving.sse_fanout_ms_1000", server.fan_out(server.sse, 1_000)[0], 60, False
    with serving() as server:
        fan_out, kilobytes = server.fan_out(server.ws, 10_000)
        yield "serving.ws_idle_kb", kilobytes, 40, False
        yield "serving.ws_fanout_ms_10000", fan_out, 300, False
    with serving() as server:
        yield "serving.ctrl_c_s", server.ctrl_c(), 3, False


def _p95(values: Sequence[float]) -> float:
    return sorted(values)[int(len(values) * 0.95)]


def allow_files() -> None:
    """Let this process, and those it starts, open as many files as the machine allows."""
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


@contextmanager
def serving() -> Iterator["Served"]:
    """Run a server in a process of its own."""
    with tempfile.TemporaryDirectory() as home:
        for path, text in FILES.items():
            file = Path(home) / "acme" / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(dedent(text).lstrip("\n"), "utf-8")
        command = [sys.executable, "-m", "tests.bench.serving", home]
        process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2]
        )
        try:
            yield Served(process)
        finally:
            process.kill()
            process.wait()


class Served:
    """A server in another process."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process
        port, token = self._line().split()
        self._port = int(port)
        shown = f"host: 127.0.0.1:{port}\r\nauthorization: Bearer {token}\r\n"
        upgrade = "connection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\n"
        upgrade += "sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
        body = '{"text":"hello","thread":"bench"}'
        self.sse = Request(f"GET /api/v1/events?after=0 HTTP/1.1\r\n{shown}\r\n", ready=b"\nid: ")
        self.ws = Request(f"GET /api/v1/ws HTTP/1.1\r\n{shown}{upgrade}\r\n", ready=b"subscribed")
        self.status = Request(f"GET /api/v1/status HTTP/1.1\r\n{shown}\r\n", ready=b"}}")
        head = f"{shown}content-type: application/json\r\ncontent-length: {len(body)}\r\n"
        self.hello = Request(f"POST /api/v1/messages HTTP/1.1\r\n{head}\r\n{body}", ready=b"}")

    def tell(self, command: str) -> str:
        """Have the server's process do something, and return what it says."""
        assert self._process.stdin is not None
        self._process.stdin.write(command + "\n")
        self._process.stdin.flush()
        return self._line()

    def first_events(self, clients: int) -> list[float]:
        """Return the milliseconds from asking to the first event of the answer, of each client and each try."""
        found: list[float] = []
        with Clients(self._port) as streams, Clients(self._port) as asking:
            streams.open(self.sse, clients)
            asking.open(self.hello, 1)
            streams.until(END)
            for _ in range(TRIES):
                asked = time.monotonic()
                asking.send(self.hello)
                found += [(at - asked) * 1000 for at in streams.until(EVENT)]
                streams.until(END)
        return found

    def fan_out(self, request: Request, clients: int) -> tuple[float, float]:
        """Return the milliseconds until all idle clients have an event, and the kilobytes each of them takes."""
        with Clients(self._port) as streams:
            streams.open(request, 10)
            before = int(self.tell("memory"))
            streams.open(request, clients - 10)
            time.sleep(2)
            kilobytes = (int(self.tell("memory")) - before) / (clients - 10)
            taken = []
            for _ in range(7):
                written = float(self.tell("event"))
                taken.append((max(streams.until(EVENT)) - written) * 1000)
                time.sleep(0.5)
            return statistics.median(taken), kilobytes

    def status_per_second(self) -> float:
        """Return how often a second the company's status is answered to clients that ask again at once."""
        return max(rate(self._port, self.status, connections=16, seconds=2.0) for _ in range(3))

    def ctrl_c(self) -> float:
        """Return the seconds from Ctrl+C to the end of the process, with open streams of both kinds."""
        with Clients(self._port) as streams:
            streams.open(self.sse, 100)
            streams.open(self.ws, 100)
            began = time.monotonic()
            self._process.send_signal(signal.SIGINT)
            self._process.wait(30)
            return time.monotonic() - began

    def _line(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline().strip()


def main(home: str) -> None:
    """Serve a company until a signal ends it, and do what the lines of the standard input say."""
    from company.engine import Engine
    from company.home import find_directory, open_company, trust
    from company.server.principal import SCOPES
    from company.server.serving import opened_door

    allow_files()
    root, environment = Path(home), {"HOME": home}
    directory = trust(root / "acme", environment)
    (root / "state").mkdir()
    company = open_company(find_directory(directory, root), root / "state", environment=environment)
    token = company.store.access.make("token", person="Ada", scopes=SCOPES).secret

    def ready() -> None:
        orders = Orders(company.store.journal)
        asyncio.get_running_loop().add_reader(sys.stdin.fileno(), orders.obey)
        print(door.site.port, token, flush=True)

    with opened_door(Engine(company), port=0, person="Ada", ready=ready) as door, suppress(KeyboardInterrupt):
        door.server.run(sockets=[door.listener])


class Orders:
    """Does in the server's process what the load generator asks for."""

    def __init__(self, journal: "Journal") -> None:
        self._journal = journal
        self._task: asyncio.Task[None] | None = None

    def obey(self) -> None:
        """Read an order, do it, and say that it is done."""
        order, *arguments = sys.stdin.readline().split()
        print(getattr(self, order)(*arguments), flush=True)

    def memory(self) -> int:
        """Return the kilobytes this process holds."""
        return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize() // 1024

    def event(self) -> float:
        """Append an event as a run that begins does, and return when."""
        from company import events
        from company.events import Draft

        at = time.monotonic()
        self._journal.append([Draft("R0", "", "ceo", "user", events.run_started("R0", ""))])
        return at

    def stream(self, rate: str) -> str:
        """Begin to append pieces of a message, as a model that writes does."""
        self._task = asyncio.create_task(self._stream(float(rate)))
        return "streaming"

    async def _stream(self, rate: float) -> None:
        from company import events
        from company.events import Draft

        while True:
            await asyncio.sleep(1 / rate)
            body = events.text_delta("R0/ceo/m1", "some words of an answer ", "ceo")
            self._journal.append([Draft("R0", "main", "ceo", "user", body)])


if __name__ == "__main__":
    main(sys.argv[1])
