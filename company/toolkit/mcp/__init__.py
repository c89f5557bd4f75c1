"""MCP client: tools of MCP servers, used as a person confirmed them; nothing of the SDK is imported before a call."""

from company.toolkit.mcp.describing import Server, describe_server, look_at
from company.toolkit.mcp.mapping import our_name, server_tools, unconfirmed
from company.toolkit.mcp.offers import Offer
from company.toolkit.mcp.servers import McpServers

__all__ = ["McpServers", "Offer", "Server", "describe_server", "look_at", "our_name", "server_tools", "unconfirmed"]
