"""The AI company you can talk to, that cannot overspend, cannot double-trade, and can prove what it did.

What a tool or role author needs is here; everything else is reached through the rooms (docs/architecture.md).
"""

from company.errors import ProviderError, ToolError, UsageError
from company.toolkit import Context, Denial, Stakes, tool

__all__ = ["Context", "Denial", "ProviderError", "Stakes", "ToolError", "UsageError", "__version__", "tool"]

__version__ = "0.1.0"
