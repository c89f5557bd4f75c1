"""A real Chroma server that several workers use."""

import os
import socket
import subprocess
import sysconfig
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic, sleep

import numpy as np
import pytest

from company.errors import ProviderError
from company.memory import Note
from company.memory.index import SharedIndex
from company.memory.places import Server
from company.memory.records import Records, number_of

AT = datetime(2026, 3, 1, tzinfo=UTC)
MODEL = "random/16"
CHROMA = Path(sysconfig.get_path("scripts")) / "chroma"


@contextmanager
def chroma_server(directory: Path, port: int) -> Iterator[None]:
    """Run `chroma run` until it answers; end it hard, as machines do."""
    environment = {"PATH": os.environ["PATH"], "HOME": str(directory)}
    command = [str(CHROMA), "run", "--path", str(directory), "--port", str(port)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment)
    try:
        deadline = monotonic() + 60
        while not answers(port):
            assert process.poll() is None
            assert monotonic() < deadline, "the Chroma server does not answer"
            sleep(0.02)
        yield
    finally:
        process.kill()
        process.wait()


def answers(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/api/v2/heartbeat", timeout=5) as answer:
            return answer.status == 200
    except OSError:
        return False


def free_port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return listening.getsockname()[1]


@pytest.mark.skipif(not CHROMA.exists(), reason="this chromadb has no `chroma run`")
def test_workers_share_a_chroma_server_that_may_go_and_come_back(tmp_path: Path) -> None:
    vectors = np.random.default_rng(7).standard_normal((90, 16)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    port = free_port()
    stores = [Records(tmp_path / "memory.db") for _ in range(2)]
    with stores[0].transaction():
        for number, vector in enumerate(vectors[:80]):
            item = stores[0].add(Note(role="ops", text=f"note {number}", person=("", "", "bob")[number % 3]), AT)
            stores[0].add_vectors({number_of(item.id): vector.tobytes()}, MODEL)
    first, second = (
        SharedIndex(tmp_path / "index", store, MODEL, server=f"http://127.0.0.1:{port}", exact_below=1)
        for store in stores
    )
    exact = SharedIndex(tmp_path / "other", stores[0], MODEL)

    def right() -> bool:
        return all(
            index.nearest("ops", person, "", query, 5) == exact.nearest("ops", person, "", query, 5)
            for index in (first, second)
            for person in ("", "bob")
            for query in vectors[80:84]
        )

    def work() -> None:
        for index, store in zip((first, second), stores, strict=True):
            index.work(store, lambda: False)

    with chroma_server(tmp_path / "server", port):
        assert (first.name, second.name) == ("chroma", "chroma")
        work()
        assert right()
        assert (first.failure, second.failure, stores[0].waiting(MODEL)) == ("", "", 0)
        assert not first.behind
    assert right()
    assert "Chroma cannot answer" in first.failure
    work()
    assert first.failure == f"the Chroma server at http://127.0.0.1:{port} cannot be reached"
    generation = stores[0].db.execute("SELECT * FROM generation").fetchall()
    with pytest.raises(ProviderError, match="cannot be reached"):
        first.rebuild()
    with chroma_server(tmp_path / "server", port):
        work()
        assert right()
        assert (first.failure, second.failure) == ("", "")
        assert stores[0].db.execute("SELECT * FROM generation").fetchall() == generation, "what it held is still used"
        first.rebuild()
        assert collections(port) == []
        assert right()
        work()
        assert right()
        assert len(collections(port)) == 2
        assert (first.failure, second.failure) == ("", "")
    for index in (first, second, exact):
        index.close()
    for store in stores:
        store.close()


def collections(port: int) -> list[str]:
    place = Server(f"http://127.0.0.1:{port}", MODEL)
    client = place.connect(0)
    names = [collection.name for collection in client.list_collections()]
    place.release(client)
    return names
