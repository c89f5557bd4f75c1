"""Local servers that speak the wire formats of the model providers.

One `WireServer` answers on all paths at once: OpenAI's `/v1/chat/completions`, `/v1/responses` and `/v1/models`,
Anthropic's `/v1/messages` and `/v1/models`, Ollama's `/api/chat`, `/api/tags` and `/api/show`. The real SDKs talk to
it over HTTP on loopback, changed in nothing but their base URL:

    with WireServer(lambda asked: Reply("hello")) as server:
        ChatOpenAI(base_url=f"{server.url}/v1", ...)
        ChatAnthropic(base_url=server.url, ...)
        ChatOllama(base_url=server.url, ...)

What it answers is decided by a script, a function from what was asked to a `Reply` or a `Fault`. Ready scripts are in
tests/wire/scripts.py; `python -m tests.wire` runs a server as a process of its own.
"""

from tests.wire.script import Asked, Fault, Reply, Script, ToolUse
from tests.wire.server import WireServer

__all__ = ["Asked", "Fault", "Reply", "Script", "ToolUse", "WireServer"]
