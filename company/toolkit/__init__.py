"""Tools: typed functions marked `@tool`, their schemas, one registry and one loader."""

from company.toolkit.context import Context
from company.toolkit.tool import Tool, tool, tool_of

__all__ = ["Context", "Tool", "tool", "tool_of"]
