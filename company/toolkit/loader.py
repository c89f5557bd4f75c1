"""Finds and loads tools: those shipped with the framework, those of installed packages, those of the directory.

The three layers overlay by file name: `tools/news.py` of a directory replaces the `news.py` below it, whole, so it is
always plain which file a tool comes from. An installed package takes part with an entry point of the group
`company.tools` that names a module; the entry point's name stands for the file name. Whatever is left after the overlay
must not define one tool name twice.

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
from collections.abc import Mapping
from dataclasses import replace
from importlib.machinery import ModuleSpec
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from types import ModuleType

from company.errors import UsageError
from company.toolkit.registry import Registry
from company.toolkit.tool import Tool, tool_of

GROUP = "company.tools"


def load_tools(bundled: Path, own: Path | None = None) -> Registry:
    """Load every tool that a company has.

    Args:
        bundled: Folder of the tools shipped with the framework.
        own: Folder of the company directory's tools, if it is not the bundled one; need not exist.

    Raises:
        UsageError: A file cannot be loaded or holds no tool, or two files define the same tool.
    """
    layers: list[Mapping[str, Path | EntryPoint]] = [python_files(bundled), installed(GROUP)]
    if own is not None:
        layers.append(python_files(own))
    files = {stem: file for layer in layers for stem, file in layer.items()}
    return Registry([tool for module in import_all(files) for tool in _tools_in(module)])


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


def files_in(folder: Path, suffix: str) -> dict[str, Path]:
    """Return the files of one layer by stem, in order of name; an absent folder has none.

    Raises:
        UsageError: A subfolder holds such files, which would be overlooked.
    """
    found: dict[str, Path] = {}
    for path in sorted(folder.iterdir()) if folder.is_dir() else ():
        if path.name.startswith(("_", ".")):
            continue
        if path.suffix == suffix and not path.is_dir():
            found[path.stem] = path
        elif path.is_dir() and any(path.rglob(f"*{suffix}")):
            raise UsageError(
                f"a folder inside {folder.name}/ is not read",
                where=str(path),
                cure=f"move its *{suffix} files into {folder}, or begin the folder's name with '_'",
            )
    return found


def installed(group: str) -> dict[str, EntryPoint]:
    """Return the entry points of installed packages in `group` by name.

    Raises:
        UsageError: Two packages use the same name.
    """
    found: dict[str, EntryPoint] = {}
    for point in sorted(entry_points(group=group), key=lambda point: (point.name, point.value)):
        if point.name in found:
            raise UsageError(
                f"two installed packages have the entry point {point.name!r}",
                where=f"{_package_of(found[point.name])} and {_package_of(point)}, group {group}",
                cure="uninstall one of them",
            )
        found[point.name] = point
    return found


def broken_point(point: EntryPoint, why: str) -> UsageError:
    """Return the error for an installed package whose entry point cannot be used."""
    return UsageError(
        f"entry point {point.name!r} = {point.value!r} {why}",
        where=f"installed package {_package_of(point)}, group {point.group}",
        cure="update the package, or uninstall it",
    )


def _package_of(point: EntryPoint) -> str:
    return point.dist.name if point.dist else "?"


def python_files(folder: Path) -> dict[str, Path]:
    """Return the Python files of a folder by stem, in order of name; an absent folder has none.

    Raises:
        UsageError: A file cannot be imported by its name, or a subfolder holds files that would be overlooked.
    """
    files = files_in(folder, ".py")
    for stem, path in files.items():
        if not stem.isidentifier():
            cure = "use letters, digits and '_' only"
            raise UsageError(f"{path.name!r} cannot be the name of a Python file", where=str(path), cure=cure)
    return files


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
