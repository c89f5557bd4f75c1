"""Words on their way out: who listens reads the beginning of an answer while the model still thinks of its end."""

import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.providers.companies import KEY, PROVIDERS, settings, write_default
from tests.server.conftest import Served
from tests.wire import Reply, WireServer

ANSWER = "Good morning. The book is quiet, the site is up, and nobody asked for anything."
PIECES, PACE = 20, 0.05
SPEAKING = PIECES * PACE


@pytest.fixture
def speaker() -> Iterator[WireServer]:
    """A provider that takes a second for its answer."""
    with WireServer(lambda _: Reply(ANSWER, pieces=PIECES, pace=PACE)) as server:
        yield server


@pytest.fixture
def served(speaker: WireServer, tmp_path: Path) -> Iterator[Served]:
    """The HTTP server of a company that thinks with it."""
    environment = {"HOME": str(tmp_path), PROVIDERS["anthropic"].key_variable: KEY}
    directory = write_default(tmp_path / "acme", settings(PROVIDERS["anthropic"], speaker.url), environment)
    (tmp_path / "home").mkdir()
    found = Served(directory, tmp_path / "home", environment)
    yield found
    found.stop()


def test_a_subscriber_reads_the_words_while_they_are_spoken(served: Served) -> None:
    heard: list[tuple[float, Any]] = []

    def listen() -> None:
        with served.frames() as frames:
            next(frames)
            for frame in frames:
                heard.append((time.monotonic(), frame.data))
                if frame.data["type"] == "RUN_FINISHED":
                    return

    listener = threading.Thread(target=listen, daemon=True)
    listener.start()
    run = served.say("good evening, Helena")
    served.run(run, until="done")
    listener.join(5)
    spoken = [(at, data) for at, data in heard if data.get("subagentRunId") == f"{run}/ceo" and "delta" in data]
    assert "".join(data["delta"] for _, data in spoken) == ANSWER
    assert len(spoken) >= 5
    assert heard[-1][0] - spoken[0][0] > SPEAKING / 2
    assert spoken[-1][0] - spoken[0][0] > SPEAKING / 2


def test_the_command_line_prints_the_words_while_they_are_spoken(
    pointed: Callable[..., Path],
    start_company: Callable[..., subprocess.Popen[bytes]],
    speaker: WireServer,
    tmp_path: Path,
) -> None:
    directory = pointed(speaker.url)
    process = start_company(
        "chat", "good evening, Helena", "--dir", str(directory), home=tmp_path / "home", text=False, bufsize=0
    )
    assert process.stdout
    heard = [(time.monotonic(), piece) for piece in iter(lambda: process.stdout.read(4096), b"")]
    printed = b"".join(piece for _, piece in heard).decode()
    assert process.wait(timeout=20) == 0
    assert printed.replace("│", "").strip() == ANSWER
    assert len(heard) >= 5
    assert heard[-1][0] - heard[0][0] > SPEAKING / 2
