"""What providers tell of themselves: their models, and what Ollama knows of one."""

import json
from typing import Any

from tests.wire.connection import Request

OPENAI = ("gpt-5.6", "gpt-5-mini")
ANTHROPIC = ("claude-sonnet-5", "claude-haiku-4-5")
OLLAMA = ("qwen3:8b", "llama3.2:3b")
_DAY = "2026-01-01T00:00:00Z"


def listing(request: Request) -> tuple[int, Any]:
    """Answer a request for models; Anthropic's is told from OpenAI's by its version header."""
    match request.method, request.path:
        case "GET", "/v1/models":
            return 200, _anthropic() if "anthropic-version" in request.headers else _openai()
        case "GET", "/api/tags":
            return 200, {"models": [_tag(name) for name in OLLAMA]}
        case "POST", "/api/show":
            return _show(json.loads(request.body))
    return 404, {"error": {"message": f"Unknown request URL: {request.method} {request.path}."}}


def _openai() -> dict[str, Any]:
    models = [{"id": name, "object": "model", "created": 1_767_225_600, "owned_by": "openai"} for name in OPENAI]
    return {"object": "list", "data": models}


def _anthropic() -> dict[str, Any]:
    models = [{"type": "model", "id": name, "display_name": name, "created_at": _DAY} for name in ANTHROPIC]
    return {"data": models, "has_more": False, "first_id": ANTHROPIC[0], "last_id": ANTHROPIC[-1]}


def _tag(name: str) -> dict[str, Any]:
    family, _, size = name.partition(":")
    details = {"format": "gguf", "family": family, "parameter_size": size.upper()}
    return {"name": name, "model": name, "modified_at": _DAY, "size": 1, "digest": "0" * 64, "details": details}


def _show(body: dict[str, Any]) -> tuple[int, Any]:
    name = body.get("model") or body.get("name") or ""
    if name not in OLLAMA:
        return 404, {"error": f"model '{name}' not found"}
    family = name.partition(":")[0]
    info = {"general.architecture": family, f"{family}.context_length": 40_960}
    shown = {"details": _tag(name)["details"], "model_info": info, "capabilities": ["completion", "tools"]}
    return 200, {"modified_at": _DAY, "template": "{{ .Prompt }}", **shown}
