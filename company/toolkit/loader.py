"""Finds and loads tools: those shipped with the framework, those of the directory, those of confirmed packages.

The directory lies over the bundle by file name: `tools/news.py` of a directory replaces the `news.py` below it, whole,
so it is always plain which file a tool comes from. A package or an MCP server replaces nothing: an entry point of the
group `company.tools` with the name of a file, or a tool with the name of another, is refused. Their tools are made from
what a person confirmed (`company.toolkit.isolated`); only files are imported here.

Files are imported as members of a private package made for their folder. They are therefore in `sys.modules` before
they run, may import a sibling as `from ._shared import ...`, and can never shadow a module of the standard library.
Nothing is skipped silently: a file that does not load, or holds no tool, is an error. Names that begin with `_` or
`.` are not looked at.
"""

import hashlib
import importlib
import importlib.util
import sys
import traceback
from collections.abc import Iterable, Mapping
from dataclasses import replace
from importlib.machinery import ModuleSpec
from importlib.metadata import EntryPoint
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Literal

from company.errors import UsageError
from company.toolkit.files import python_files
from company.toolkit.registry import Registry
from company.toolkit.tool import Tool, tool_of

if TYPE_CHECKING:
    from company.toolkit.lock import Lock


def load_tools(
    bundled: Path, own: Path | None = None, *, lock: "Lock | None" = None, others: Iterable[Tool] = ()
) -> Registry:
    """Load every tool that a company has.

    Args:
        bundled: Folder of the tools shipped with the framework.
        own: Folder of the company directory's tools, if it is not the bundled one; need not exist.
        lock: What a person confirmed; left out, no package takes part.
        others: Tools of MCP servers.

    Raises:
        UsageError: A file cannot be loaded or holds no tool, two define the same tool, or a confirmed package is gone,
            is not the one that was confirmed, or takes a name that is taken.
    """
    shipped = python_files(bundled)
    files = {**shipped, **(python_files(own) if own is not None else {})}
    kinds: dict[str, Literal["bundled", "file"]] = {
        stem: "bundled" if shipped.get(stem) == file else "file" for stem, file in files.items()
    }
    modules = zip(sorted(files), import_all(files), strict=True)
    tools = [_kept(tool, kinds[stem]) for stem, module in modules for tool in _tools_in(module)]
    brought = [*(_brought(lock, files) if lock is not None else ()), *others]
    _require_free(tools, brought)
    return Registry([*tools, *brought])


def import_all(files: Mapping[str, Path | EntryPoint]) -> list[ModuleType]:
    """Import files and modules of installed packages, in the order of their names.

    Args:
        files: Each by the name that stands for its file name; a file becomes a member of the private package of its
            folder.

    Raises:
        UsageError: One cannot be imported.
    """
    packages = {
        folder: _private_package(folder) for folder in {f.parent for f in files.values() if isinstance(f, Path)}
    }
    return [  # an entry point may be of another class: `importlib_metadata` brings its own
        _import_file(file, packages[file.parent]) if isinstance(file, Path) else _import_point(file)
        for _, file in sorted(files.items())
    ]


def _kept(tool: Tool, kind: Literal["bundled", "file"]) -> Tool:
    from company.toolkit.isolated import file_tool

    tool = replace(tool, kind=kind)
    return file_tool(tool) if tool.isolated else tool


def _brought(lock: "Lock", files: Mapping[str, Path]) -> list[Tool]:
    """Return the tools of confirmed packages, none of which may stand for a file."""
    from company.toolkit.isolated import package_tools

    found = package_tools(lock)
    for name, tools in found.items():
        if name in files:
            raise UsageError(
                f"the entry point {name!r} has the name of a file of tools, and a package replaces none",
                where=f"{tools[0].source if tools else 'an installed package'} and {files[name]}",
                cure=_without(tools),
            )
    return [tool for tools in found.values() for tool in tools]


def _require_free(tools: Iterable[Tool], brought: Iterable[Tool]) -> None:
    """Refuse tools of packages and servers whose names are taken, by a tool or by the company itself."""
    from company.roles import DELEGATE

    taken = {DELEGATE: "the company itself", **{tool.name: tool.source for tool in tools}}
    for tool in brought:
        if tool.name in taken:
            raise UsageError(
                f"the name {tool.name!r} is taken",
                where=f"{taken[tool.name]} and {tool.source}",
                cure=_without([tool]),
            )
        taken[tool.name] = tool.source


def _without(tools: Iterable[Tool]) -> str:
    """Say how a person does without tools of a package or a server."""
    tool = next(iter(tools), None)
    if tool is None or tool.kind != "package":
        return "rename the server in company.toml, or take the tool from its allow-list"
    return f"do without the package: company plugins remove {tool.source.split()[1]}"


def _private_package(folder: Path) -> str:
    """Register an empty package whose members are the files of `folder`, freshly: loading again reads again."""
    name = f"_company_tools_{hashlib.sha256(str(folder).encode()).hexdigest()[:12]}"
    for stale in [known for known in sys.modules if known == name or known.startswith(f"{name}.")]:
        del sys.modules[stale]
    importlib.invalidate_caches()
    spec = ModuleSpec(name, None, is_package=True)
    spec.submodule_search_locations = [str(folder)]
    sys.modules[name] = importlib.util.module_from_spec(spec)
    return name


def _import_file(path: Path, package: str) -> ModuleType:
    try:
        return importlib.import_module(f"{package}.{path.stem}")
    except UsageError:
        raise
    except (Exception, SystemExit) as error:
        cure = "correct the file, or begin its name with '_' to leave it out"
        if isinstance(error, ModuleNotFoundError):
            cure = f"install {error.name!r}, or begin the file's name with '_' to leave it out"
        raise UsageError(f"cannot be loaded: {_told(error)}", where=_line_of(error, path), cure=cure) from error


def _import_point(point: EntryPoint) -> ModuleType:
    from company.toolkit.texts import broken_point

    try:
        module = point.load()
    except UsageError:
        raise
    except (Exception, SystemExit) as error:
        raise broken_point(point, f"cannot be loaded: {_told(error)}") from error
    if not isinstance(module, ModuleType):
        raise broken_point(point, "is not a module")
    return module


def _told(error: BaseException) -> str:
    text = error.msg if isinstance(error, SyntaxError) else str(error)
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def _line_of(error: BaseException, path: Path) -> str:
    if isinstance(error, SyntaxError) and error.filename:
        return f"{error.filename}:{error.lineno}"
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == str(path)]
    return f"{path}:{lines[-1]}" if lines else str(path)


def _tools_in(module: ModuleType) -> list[Tool]:
    """Return the tools a module shows, each once, with the file they were found in."""
    tools = {tool.function: tool for value in vars(module).values() if (tool := tool_of(value))}
    if not tools:
        cure = "mark a function with @tool(effect=...), or begin the file's name with '_'"
        raise UsageError("holds no tool", where=str(module.__file__), cure=cure)
    return [replace(tool, source=str(module.__file__)) for tool in tools.values()]
