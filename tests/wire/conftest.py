"""The real LangChain clients, pointed at a local server."""

from collections.abc import Callable
from typing import Any

import pytest
from langchain_core.language_models import BaseChatModel

CLOSE = {"connection": "close"}
"""The clients of LangChain outlive a test; their connections shall not."""

Client = Callable[..., BaseChatModel]


def _chat(url: str, **options: Any) -> BaseChatModel:
    from langchain_openai import ChatOpenAI

    return ChatOpenAI(
        model="gpt-5-mini",
        base_url=f"{url}/v1",
        api_key="sk-test-key",
        max_retries=0,
        stream_usage=True,
        default_headers=CLOSE,
        **options,
    )


def _responses(url: str, **options: Any) -> BaseChatModel:
    return _chat(url, use_responses_api=True, **options)


def _anthropic(url: str, **options: Any) -> BaseChatModel:
    from langchain_anthropic import ChatAnthropic

    return ChatAnthropic(
        model="claude-sonnet-5", base_url=url, api_key="sk-ant-key", max_retries=0, default_headers=CLOSE, **options
    )


def _ollama(url: str, timeout: float | None = None) -> BaseChatModel:
    from langchain_ollama import ChatOllama

    return ChatOllama(model="qwen3:8b", base_url=url, client_kwargs={"timeout": timeout, "headers": CLOSE})


CLIENTS: dict[str, Client] = {"chat": _chat, "responses": _responses, "anthropic": _anthropic, "ollama": _ollama}


@pytest.fixture(params=CLIENTS)
def door(request: pytest.FixtureRequest) -> str:
    """Name of a wire format; the test runs once for each."""
    return str(request.param)


@pytest.fixture
def client(door: str) -> Client:
    """Make a client of `door`: `client(url, timeout=seconds)`."""
    return CLIENTS[door]
