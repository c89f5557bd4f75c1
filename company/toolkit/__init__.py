"""Tools: typed functions marked `@tool`, their schemas, one registry and one loader."""

from company.toolkit.context import Context
from company.toolkit.files import python_files
from company.toolkit.loader import import_all, load_tools
from company.toolkit.manifest import Manifest
from company.toolkit.prompts import Prompt, Prompts, load_prompts
from company.toolkit.reach import Reach
from company.toolkit.registry import Registry
from company.toolkit.tool import Denial, Stakes, Tool, tool, tool_of
from company.toolkit.wording import Wording, says

__all__ = [
    "Context",
    "Denial",
    "Manifest",
    "Prompt",
    "Prompts",
    "Reach",
    "Registry",
    "Stakes",
    "Tool",
    "Wording",
    "import_all",
    "load_prompts",
    "load_tools",
    "python_files",
    "says",
    "tool",
    "tool_of",
]
