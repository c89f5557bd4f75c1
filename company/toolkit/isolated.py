"""Tools whose code runs in a worker process: those of confirmed packages, and files of the directory that declare it.

A tool of a package is made from `company.lock` alone: neither opening a company nor listing its tools runs a line of
the package. A call finds the workers through its context, as any tool finds a department.
"""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from pydantic import ValidationError

from company.errors import UsageError
from company.toolkit.context import Context
from company.toolkit.lock import FILE, Confirmed, Lock
from company.toolkit.packages import TOOLS, named, points_of
from company.toolkit.tool import Tool

if TYPE_CHECKING:
    from company.toolkit.foreign import Description
    from company.toolkit.worker.source import Source


def package_tools(lock: Lock) -> dict[str, list[Tool]]:
    """Return the tools of confirmed packages, by the name of the entry point they came with.

    Args:
        lock: What a person confirmed.

    Raises:
        UsageError: A confirmed package is gone or is not the one that was confirmed, or two use one entry point.
    """
    if not (points := points_of(TOOLS, lock)):
        return {}
    from company.toolkit.worker.source import Source

    found: dict[str, list[Tool]] = {}
    for name, point in points.items():
        package = named(point)
        locked = lock.packages[package]
        source = Source(kind="package", name=package, module=point.module, path=None)
        shown = f"package {package} {locked.version}"
        found[name] = [_made(each, source, shown, "package") for each in _came_with(locked, name, package)]
    return found


def file_tool(tool: Tool) -> Tool:
    """Return an isolated tool of a file so that a call runs it in a worker.

    Raises:
        UsageError: Its texts or schemas cannot be passed on.
    """
    from company.toolkit.foreign import described, refused
    from company.toolkit.worker.source import Source

    file = Path(tool.source)
    source = Source(kind="file", name=file.stem, module="", path=file)
    try:
        description = described(tool)
    except ValidationError as error:
        raise refused(ValueError(error.errors()[0]["msg"]), f"{tool.source}: {tool.name}") from error
    return replace(_made(description, source, tool.source, "file"), claims=tool.claims, kind=tool.kind)


def _came_with(locked: Confirmed, point: str, package: str) -> "list[Description]":
    if stray := sorted(tool.name for tool in locked.tools if locked.names.get(tool.name) is None):
        what = f"{stray[0]!r} names no entry point"
        raise UsageError(
            what, where=f"{FILE}: packages.{package}.names", cure=f"confirm again: company plugins confirm {package}"
        )
    return [tool for tool in locked.tools if locked.names[tool.name] == point]


def _made(description: "Description", source: "Source", shown: str, kind: Literal["file", "package"]) -> Tool:
    from company.toolkit.foreign import made_of

    async def call(arguments: Mapping[str, Any], context: Context) -> Any:
        from company.toolkit.worker import Workers

        return await context.get(Workers).call(source, description, arguments, context)

    async def find(context: Context) -> Any:
        from company.toolkit.worker import Workers

        return await context.get(Workers).find(source, description, context)

    made = made_of(description, call, find=find if description.looks_up else None, source=shown, kind=kind)
    return replace(made, isolated=True)
