"""What a server answers, turned into a tool's result or error.

Structured content is passed on when the tool declares what it looks like; else its texts are. Pictures, sounds and
files are named and left out: no model asked for them, and a server could put anything into them.
"""

from typing import TYPE_CHECKING, Any

from company.errors import ProviderError, ToolError

if TYPE_CHECKING:
    from mcp_types import CallToolResult, InputRequiredResult

MOST_TEXT = 24_000
"""Bytes of text that are passed on; a result of more than 32,000 would be refused as a whole."""
_MOST_ERROR = 2_000


def value_of(server: str, answer: "CallToolResult | InputRequiredResult", *, structured: bool) -> Any:
    """Return the result that an answer stands for.

    Args:
        server: Who answers.
        answer: What it answers.
        structured: The tool declares a structured result.

    Raises:
        ToolError: The server says that the call failed, or wants something of us first.
        ProviderError: A structured result was declared and there is none.
    """
    from mcp_types import InputRequiredResult

    if isinstance(answer, InputRequiredResult):
        wanted = ", ".join(sorted({request.method for request in (answer.input_requests or {}).values()}))
        what = f"the server {server} wants {wanted or 'another round'} before it answers"
        raise ToolError(f"{what}, and a server is not given that")
    text, left_out = _parts(answer)
    if answer.is_error:
        raise ToolError(f"the server {server} says: {_cut(text, _MOST_ERROR) or 'that failed, and not why'}")
    if not structured:
        return {"text": _cut(text, MOST_TEXT)} | ({"left_out": left_out} if left_out else {})
    if "structured_content" not in answer.model_fields_set:
        raise ProviderError(f"the server {server} gave no structured result, which it had declared")
    return answer.structured_content


def _parts(answer: "CallToolResult") -> tuple[str, list[str]]:
    """Return the texts of an answer and what else is in it, in words."""
    from mcp_types import AudioContent, ImageContent, TextContent

    texts, others = [], []
    for block in answer.content:
        if isinstance(block, TextContent):
            texts.append(block.text)
        elif isinstance(block, ImageContent | AudioContent):
            others.append(f"{block.type} {block.mime_type[:60]}, {len(block.data) * 3 // 4:,} bytes")
        else:
            others.append(block.type.replace("_", " "))
    more = len(others) - 20
    return "\n".join(texts), [*others[:20], *([f"{more} more"] if more > 0 else [])]


def _cut(text: str, most: int) -> str:
    data = text.encode("utf-8", "replace")
    if len(data) <= most:
        return text
    return f"{data[:most].decode('utf-8', 'ignore')} [cut: {len(data):,} bytes in all]"
