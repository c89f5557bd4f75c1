"""The joining of streams: nothing lost, nothing late, nothing changed that is not understood."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from company.llm.transport import Joiner, Transport, lengthened

SSE, NDJSON = "text/event-stream", "application/x-ndjson"
Event = dict[str, Any]


def _chat(text: str) -> Event:
    return {"id": "c", "choices": [{"index": 0, "delta": {"content": text}, "finish_reason": None}]}


def _chat_arguments(text: str) -> Event:
    call = {"index": 0, "function": {"arguments": text}}
    return {"id": "c", "choices": [{"index": 0, "delta": {"tool_calls": [call]}, "finish_reason": None}]}


def _chat_call(name: str) -> Event:
    call = {"index": 0, "id": name, "function": {"name": name, "arguments": ""}}
    return {"id": "c", "choices": [{"index": 0, "delta": {"tool_calls": [call]}, "finish_reason": None}]}


def _responses(text: str) -> Event:
    kind = "response.output_text.delta"
    return {"type": kind, "item_id": "m", "content_index": 0, "delta": text, "logprobs": [], "sequence_number": 4}


def _anthropic(text: str, index: int = 0) -> Event:
    return {"type": "content_block_delta", "index": index, "delta": {"type": "text_delta", "text": text}}


def _anthropic_arguments(text: str) -> Event:
    return {"type": "content_block_delta", "index": 1, "delta": {"type": "input_json_delta", "partial_json": text}}


def _ollama(text: str) -> Event:
    return {"model": "m", "created_at": text, "message": {"role": "assistant", "content": text}, "done": False}


def _other(number: int) -> Event:
    return {"type": "ping", "number": number}


def _sse(event: Event, name: str = "", end: str = "\n") -> bytes:
    head = f"event: {name}{end}" if name else ""
    return f"{head}data: {json.dumps(event, ensure_ascii=False)}{end}{end}".encode()


def _line(event: Event) -> bytes:
    return json.dumps(event, ensure_ascii=False).encode() + b"\n"


def _events(data: bytes, content_type: str) -> list[Event]:
    lines = data.replace(b"\r\n", b"\n").split(b"\n")
    if content_type == NDJSON:
        return [json.loads(line) for line in lines if line]
    return [json.loads(line.removeprefix(b"data: ")) for line in lines if line.startswith(b"data: {")]


def _told(events: Sequence[Event]) -> list[Any]:
    """Return what a stream says: texts in a row as one, by what they lengthen; everything else as it is."""
    told: list[Any] = []
    for event in events:
        copy = {name: value for name, value in json.loads(json.dumps(event)).items() if name not in {"created_at"}}
        place = lengthened(copy)
        if not place:
            told.append(copy)
            continue
        holder, key = place
        text, holder[key] = holder[key], ""
        if told and isinstance(told[-1], tuple) and told[-1][0] == copy:
            told[-1] = (copy, told[-1][1] + text)
        else:
            told.append((copy, text))
    return told


def _joined(data: bytes, cuts: Sequence[int], content_type: str, *, everything: bool = False) -> bytes:
    joiner, out, begin = Joiner(content_type), b"", 0
    for end in [*sorted(cut % (len(data) + 1) for cut in cuts), len(data)]:
        joiner.feed(data[begin:end])
        out += joiner.take(everything=everything)
        begin = end
    joiner.end()
    return out + joiner.take(everything=True)


texts = st.text(max_size=6)
sse_events = st.lists(
    st.one_of(
        texts.map(_chat),
        texts.map(_chat_arguments),
        texts.map(_chat_call),
        texts.map(_responses),
        texts.map(_anthropic),
        texts.map(_anthropic_arguments),
        st.builds(_anthropic, texts, st.integers(0, 1)),
        st.integers(0, 3).map(_other),
    ),
    max_size=12,
)
cuts = st.lists(st.integers(0, 4_000), max_size=12)


@given(events=sse_events, cuts=cuts, end=st.sampled_from(["\n", "\r\n"]), everything=st.booleans())
def test_a_joined_stream_says_what_the_stream_says_however_its_bytes_arrive(
    events: list[Event], cuts: list[int], end: str, everything: bool
) -> None:
    data = b"".join(_sse(event, event.get("type", ""), end) for event in events) + f"data: [DONE]{end}{end}".encode()

    out = _joined(data, cuts, SSE, everything=everything)

    assert _told(_events(out, SSE)) == _told(events)
    assert out.endswith(f"data: [DONE]{end}{end}".encode())


@given(
    events=st.lists(st.one_of(texts.map(_ollama), st.integers(0, 3).map(_other)), max_size=12),
    cuts=cuts,
    everything=st.booleans(),
)
def test_joined_lines_say_what_the_lines_say_however_their_bytes_arrive(
    events: list[Event], cuts: list[int], everything: bool
) -> None:
    out = _joined(b"".join(map(_line, events)), cuts, NDJSON, everything=everything)

    assert _told(_events(out, NDJSON)) == _told(events)


@given(
    data=st.lists(st.sampled_from([b"data: ", b"{", b"}", b"\r", b"\n", b"\xff", b"event: x", b": ping"])), cuts=cuts
)
def test_what_is_not_understood_passes_byte_for_byte(data: list[bytes], cuts: list[int]) -> None:
    assert _joined(b"".join(data), cuts, SSE) == b"".join(data)
    assert _joined(b"".join(data), cuts, NDJSON) == b"".join(data)
    assert _joined(b"".join(data), cuts, "application/json") == b"".join(data)


def test_texts_in_a_row_become_one_event_and_a_broken_one_stays_broken_between_them() -> None:
    broken = b'data: {"choices": [{"delta": {"content": "lo\n\n'
    data = _sse(_chat("a")) + _sse(_chat("b")) + broken + _sse(_chat("c")) + _sse(_chat("d"))

    out = _joined(data, [], SSE)

    assert out.count(b"data: ") == 3
    assert _events(out.replace(broken, b""), SSE) == [_chat("ab"), _chat("cd")]
    assert broken in out


@pytest.mark.parametrize(
    "event",
    [
        {"choices": [{"index": 0, "delta": {"content": "a"}, "finish_reason": "stop"}]},
        {"choices": [{"index": 0, "delta": {"content": "a"}, "logprobs": {"content": [1]}}]},
        {"choices": [{"index": 0, "delta": {"content": "a", "reasoning_content": "b"}}]},
        {"choices": [{"index": 0, "delta": {"content": "a"}}], "usage": {"prompt_tokens": 3}},
        {"choices": [{"index": 0, "delta": {"content": "a"}}, {"index": 1, "delta": {"content": "b"}}]},
        {"type": "response.output_text.delta", "delta": "a", "logprobs": [{"token": "a"}]},
        {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "a", "more": 1}},
        {"message": {"role": "assistant", "content": "a", "tool_calls": [{}]}, "done": False},
        {"message": {"role": "assistant", "content": "a"}, "done": True},
    ],
)
def test_an_event_that_does_more_than_lengthen_a_text_is_not_joined(event: Event) -> None:
    assert lengthened(event) is None


def test_a_character_that_two_events_share_arrives_whole() -> None:
    data = b"".join(b'data: {"choices": [{"delta": {"content": "\\u%s"}}]}\n\n' % half for half in (b"d83d", b"de42"))

    assert _events(_joined(data, [], SSE), SSE)[0]["choices"][0]["delta"]["content"] == "🙂"


class _Answer(httpx.AsyncBaseTransport):
    """Answers with a stream that the test writes, one piece at a time."""

    def __init__(self, content_type: str, pieces: AsyncIterator[bytes], **headers: str) -> None:
        self._pieces, self._headers = pieces, {"content-type": content_type, **headers}

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, headers=self._headers, content=self._pieces)


async def _read(
    pieces: AsyncIterator[bytes], *, timeout: float = 5.0, into: list[bytes] | None = None, **headers: str
) -> list[tuple[float, bytes]]:
    """Return what a client gets, with the time since it asked; `into` holds it also after a failure."""
    transport = Transport(httpx, connect=lambda: _Answer(SSE, pieces, **headers), timeout=timeout)
    clock = asyncio.get_running_loop().time
    began = clock()
    async with httpx.AsyncClient(transport=transport).stream("GET", "http://local") as response:
        got = []
        async for data in response.aiter_raw():
            got.append((clock() - began, data))
            if into is not None:
                into.append(data)
    return got


async def test_no_text_waits_for_a_provider_that_pauses() -> None:
    async def pieces() -> AsyncIterator[bytes]:
        yield _sse(_chat("a"))
        yield _sse(_chat("b"))
        await asyncio.sleep(0)
        yield _sse(_chat("c"))
        await asyncio.sleep(0.3)
        yield b"data: [DONE]\n\n"

    got = await _read(pieces())

    assert b"".join(data for _, data in got[:-1]).count(b"data: ") == 2
    assert got[-2][0] < 0.2
    assert got[-1][0] >= 0.3


async def test_an_event_that_is_no_text_takes_the_text_before_it_along_at_once() -> None:
    async def pieces() -> AsyncIterator[bytes]:
        yield _sse(_chat("a"))
        await asyncio.sleep(0.001)
        yield _sse(_chat("b")) + _sse(_chat_call("look"))
        await asyncio.sleep(0.3)

    got = await _read(pieces())

    assert got[1][0] < 0.2
    assert _events(got[1][1], SSE) == [_chat("b"), _chat_call("look")]


async def test_words_before_a_failure_arrive_before_it() -> None:
    async def pieces() -> AsyncIterator[bytes]:
        yield _sse(_chat("a"))
        await asyncio.sleep(0.001)
        yield _sse(_chat("b")) + b"data: {"
        raise httpx.ReadError("cut")

    got: list[bytes] = []
    with pytest.raises(httpx.ReadError, match="cut"):
        await _read(pieces(), into=got)

    assert b"".join(got) == _sse(_chat("a")) + _sse(_chat("b")) + b"data: {"


async def test_a_compressed_stream_is_left_alone() -> None:
    async def pieces() -> AsyncIterator[bytes]:
        yield _sse(_chat("a")) + _sse(_chat("b"))

    got = await _read(pieces(), **{"content-encoding": "gzip"})

    assert b"".join(data for _, data in got) == _sse(_chat("a")) + _sse(_chat("b"))


async def test_a_call_that_takes_too_long_is_a_read_timeout() -> None:
    async def pieces() -> AsyncIterator[bytes]:
        while True:
            yield b": still there\n\n"
            await asyncio.sleep(0.01)

    with pytest.raises(httpx.ReadTimeout, match="not over after"):
        await _read(pieces(), timeout=0.05)


def test_connections_are_closed_with_the_loop_they_belong_to() -> None:
    closed: list[int] = []

    class Connections(httpx.AsyncBaseTransport):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            return httpx.Response(200, content=b"")

        async def aclose(self) -> None:
            closed.append(1)

    transport = Transport(httpx, connect=Connections, timeout=5)
    request = httpx.Request("GET", "http://local")

    for opened in (1, 2):
        asyncio.run(transport.handle_async_request(request))
        assert len(closed) == opened
