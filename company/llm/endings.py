"""How a model's answer ended, read from what the three LangChain adapters make of it.

OpenAI chat gives a `finish_reason`, Anthropic a `stop_reason`, Ollama a `done_reason`, OpenAI responses a `status`, all
in `response_metadata`. A refusal is a reason, a content block, or words in `additional_kwargs`.
"""

import json
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from langchain_core.messages import AIMessageChunk
    from langchain_core.messages.tool import ToolCallChunk


def reason_of(answer: "AIMessageChunk") -> str:
    """Return why an answer ended, lower case, in its provider's word; empty when it never said."""
    data = answer.response_metadata
    reason = data.get("finish_reason") or data.get("stop_reason") or data.get("done_reason")
    if not reason and data.get("status") == "incomplete":
        reason = (data.get("incomplete_details") or {}).get("reason") or "length"
    elif not reason and data.get("status") in {"completed", "failed"}:
        reason = data["status"]
    once = re.fullmatch(r"(.+?)\1*", str(reason or "").lower())  # LangChain adds up text: closed twice is "stopstop"
    return once[1] if once else ""


def refusal_of(answer: "AIMessageChunk") -> str:
    """Return the words of a refusal, else the reason that stands for one; empty when there is none."""
    blocks = answer.content if isinstance(answer.content, list) else []
    said = [str(block.get("refusal", "")) for block in blocks if isinstance(block, dict)]
    words = str(answer.additional_kwargs.get("refusal") or "") or "".join(said)
    reason = reason_of(answer)
    return words or (reason if reason in {"content_filter", "refusal"} else "")


def is_whole(call: "ToolCallChunk") -> bool:
    """Tell whether a call arrived to the last brace; a JSON object that was cut off does not parse."""
    try:
        return bool(call["name"]) and isinstance(json.loads(call["args"] or ""), dict)
    except (json.JSONDecodeError, RecursionError):
        return False
