"""The server itself: what it counts, what it lists, how it runs as a process."""

import asyncio
import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from tests.wire import Fault, Reply, WireServer
from tests.wire.conftest import CLIENTS
from tests.wire.scripts import fixed, long_answer


def _ask(url: str, words: str = "hi", **more: Any) -> httpx.Response:
    body = {"model": "qwen3:8b", "messages": [{"role": "user", "content": words}], "stream": False, **more}
    return httpx.post(f"{url}/api/chat", json=body)


def test_requests_are_kept_in_order_of_arrival() -> None:
    with WireServer(fixed(Reply("one"), Reply("two"))) as server:
        said = [_ask(server.url, words).json()["message"]["content"] for words in ("first", "second")]

    assert said == ["one", "two"]
    assert [asked.messages[0]["text"] for asked in server.asked] == ["first", "second"]
    assert server.in_flight_peak == 1


def test_requests_are_answered_side_by_side() -> None:
    with WireServer(lambda _: Reply("done", delay=0.15)) as server, ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: _ask(server.url), range(4)))

    assert server.in_flight_peak == 4


def test_one_connection_serves_many_requests() -> None:
    with WireServer(lambda _: Reply("again")) as server, httpx.Client(base_url=server.url) as client:
        body = {"model": "m", "messages": [{"role": "user", "content": "x" * 100_000}], "stream": True}
        streams = [client.post("/api/chat", json=body) for _ in range(3)]

    assert all(json.loads(answer.text.splitlines()[-1])["done"] for answer in streams)


def test_the_delay_comes_before_the_first_byte() -> None:
    with WireServer(lambda _: Reply("late", delay=0.1), delay=0.1) as server:
        answer = _ask(server.url)

    assert answer.elapsed.total_seconds() >= 0.2


async def test_pieces_keep_their_pace() -> None:
    with WireServer(long_answer(5, pace=0.03)) as server:
        began = asyncio.get_running_loop().time()
        times = [asyncio.get_running_loop().time() - began async for _ in CLIENTS["chat"](server.url).astream("hi")]

    assert times[-1] - times[0] >= 0.1


def test_leaving_the_server_ends_a_silent_request_without_counting_it_as_aborted() -> None:
    with ThreadPoolExecutor(1) as pool:
        with WireServer(lambda _: Fault("silent")) as server:
            waiting = pool.submit(_ask, server.url)
            while not server.asked:
                pass
        with pytest.raises(httpx.TransportError):
            waiting.result()

    assert server.aborted == 0


def test_models_are_listed_as_each_provider_lists_them() -> None:
    with WireServer(fixed()) as server:
        of_openai = httpx.get(f"{server.url}/v1/models").json()
        of_anthropic = httpx.get(f"{server.url}/v1/models", headers={"anthropic-version": "2023-06-01"}).json()
        of_ollama = httpx.get(f"{server.url}/api/tags").json()
        shown = httpx.post(f"{server.url}/api/show", json={"model": "qwen3:8b"}).json()
        unknown = httpx.post(f"{server.url}/api/show", json={"model": "nobody"})

    assert "gpt-5-mini" in [model["id"] for model in of_openai["data"]]
    assert "claude-sonnet-5" in [model["id"] for model in of_anthropic["data"]]
    assert [model["name"] for model in of_ollama["models"]] == ["qwen3:8b", "llama3.2:3b"]
    assert shown["model_info"]["qwen3.context_length"] == 40_960
    assert (unknown.status_code, unknown.json()["error"]) == (404, "model 'nobody' not found")


def test_an_unknown_path_is_not_found() -> None:
    with WireServer(fixed()) as server:
        assert httpx.get(f"{server.url}/v2/models").status_code == 404


def test_a_request_that_is_not_understood_is_refused_and_fails_the_test() -> None:
    answers: list[httpx.Response] = []
    with pytest.raises(KeyError, match="messages"), WireServer(fixed()) as server:
        answers.append(httpx.post(f"{server.url}/v1/messages", json={"model": "m"}))

    assert answers[0].status_code == 400


def test_a_port_that_is_taken_is_an_error() -> None:
    with WireServer(fixed()) as server, pytest.raises(OSError, match="in use"):
        WireServer(fixed(), port=int(server.url.rpartition(":")[2])).__enter__()


def test_a_process_of_its_own_serves_and_counts() -> None:
    command = [sys.executable, "-m", "tests.wire", "--script", "long_answer:12", "--delay", "0.01"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        url = f"http://127.0.0.1:{int(process.stdout.readline())}"
        answer = _ask(url, "tell me " * 10).json()
        counts = httpx.get(f"{url}/asked").json()
        forgotten = httpx.delete(f"{url}/asked").json()
        process.terminate()

    assert process.returncode == 0
    assert answer["message"]["content"] == " tick" * 12
    assert counts == {"calls": 1, "prompt_tokens": answer["prompt_eval_count"], "in_flight_peak": 1, "aborted": 0}
    assert forgotten["calls"] == 0
