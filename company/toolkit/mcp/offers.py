"""What a server offers: its list of tools, read to the end of its pages and no further."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from company.toolkit.mcp.line import Unsent

if TYPE_CHECKING:
    from mcp.client import Client
    from mcp_types import Tool, ToolAnnotations

MOST_PAGES = 20
"""Pages of tools that are asked for."""
MOST_TOOLS = 1_000


@dataclass(frozen=True, slots=True)
class Offer:
    """A tool as a server offers it.

    Attributes:
        name: The server's own name of it.
        description: What a model would read.
        parameters: JSON schema of the arguments.
        result: JSON schema of the structured result; None when it declares none.
        hints: What the server says of itself, in words for people: `readOnlyHint true`.
    """

    name: str
    description: str
    parameters: Mapping[str, Any]
    result: Mapping[str, Any] | None = None
    hints: tuple[str, ...] = ()


async def offers_of(client: "Client") -> tuple[Offer, ...]:
    """Return a server's tools, of all pages.

    Raises:
        Unsent: It lists too many, or one twice.
    """
    found: dict[str, Offer] = {}
    cursor: str | None = None
    for _ in range(MOST_PAGES):
        page = await client.list_tools(cursor=cursor)
        for tool in page.tools:
            if tool.name in found:
                raise Unsent(f"it lists the tool {tool.name[:80]!r} twice")
            found[tool.name] = _offer(tool)
        cursor = page.next_cursor
        if cursor is None or len(found) > MOST_TOOLS:
            break
    if cursor is not None or len(found) > MOST_TOOLS:
        raise Unsent(f"it lists more than {MOST_TOOLS} tools, or more than {MOST_PAGES} pages of them")
    return tuple(found.values())


def _offer(tool: "Tool") -> Offer:
    return Offer(
        name=tool.name,
        description=tool.description or "",
        parameters=tool.input_schema,
        result=tool.output_schema,
        hints=_hints(tool.annotations) if tool.annotations else (),
    )


def _hints(said: "ToolAnnotations") -> tuple[str, ...]:
    named = {
        "readOnlyHint": said.read_only_hint,
        "destructiveHint": said.destructive_hint,
        "idempotentHint": said.idempotent_hint,
        "openWorldHint": said.open_world_hint,
    }
    return tuple(f"{name} {str(value).lower()}" for name, value in named.items() if value is not None)
