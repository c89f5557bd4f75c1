"""What is checked: a file of tools, or an installed package with tools; nothing of either runs in this process."""

import ast
import importlib.util
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from company.errors import UsageError
from company.toolkit.conformance.arguments import Arguments, examples_in
from company.toolkit.packages import TOOLS, package

if TYPE_CHECKING:
    from company.toolkit.foreign import Description
    from company.toolkit.worker import Source


@dataclass(frozen=True, slots=True)
class Target:
    """One module with tools.

    Attributes:
        source: Where a worker finds it.
        file: Its source, in which examples are looked for; None when there is none.
    """

    source: "Source"
    file: Path | None

    def tools(self) -> "list[Description]":
        """Describe its tools in a worker.

        Raises:
            UsageError: It cannot be loaded, or a tool of it cannot be used.
        """
        from company.toolkit.worker import describe

        return describe(self.source)

    def examples(self) -> dict[str, list[Arguments]]:
        """Return the examples of its tools by name.

        Raises:
            UsageError: They cannot be read.
        """
        return examples_in(self.file) if self.file else {}

    def inside(self) -> frozenset[str]:
        """Return which of its functions take a `Context`: those work only inside the company."""
        if not self.file:
            return frozenset()
        functions = ast.FunctionDef | ast.AsyncFunctionDef
        found = (node for node in ast.walk(ast.parse(self.file.read_bytes())) if isinstance(node, functions))
        return frozenset(node.name for node in found if any(map(_is_context, _annotations(node))))


def _annotations(node: ast.FunctionDef | ast.AsyncFunctionDef) -> list[ast.expr]:
    arguments = node.args
    taken = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
    return [argument.annotation for argument in taken if argument.annotation]


def _is_context(annotation: ast.expr) -> bool:
    return ast.unparse(annotation).strip("'").rpartition(".")[2] == "Context"


def targets(asked: str) -> list[Target]:
    """Find what a person names: a Python file, or an installed distribution.

    Raises:
        UsageError: It is neither, or the distribution brings no tools.
    """
    from company.toolkit.worker import Source

    path = Path(asked)
    if path.suffix == ".py" or path.is_file():
        if not path.is_file():
            raise UsageError("is not there", where=asked, cure="name a Python file with tools")
        resolved = path.resolve()
        return [Target(Source(kind="file", name=resolved.stem, module="", path=resolved), resolved)]
    found = package(asked)
    if found is None:
        cure = "name a file, a tool of this company, or an installed package that brings tools"
        raise UsageError(f"{asked!r} is neither a file nor an installed package", where="company tool check", cure=cure)
    points = found.of(TOOLS)
    if not points:
        cure = f'add to its pyproject: [project.entry-points."{TOOLS}"]'
        raise UsageError(f"{found.name} brings no tools", where=f"installed package {found.name}", cure=cure)
    return [
        Target(Source(kind="package", name=found.name, module=point.module, path=None), _file_of(point.module))
        for point in points
    ]


def _file_of(module: str) -> Path | None:
    """Return the source of a module; only its outermost package is looked up, for a lookup below it would import it."""
    top, *inner = module.split(".")
    spec = importlib.util.find_spec(top)
    if spec is None:
        return None
    if not inner:
        return Path(spec.origin) if spec.origin else None
    for folder in spec.submodule_search_locations or ():
        place = Path(folder, *inner)
        for file in (place.with_suffix(".py"), place / "__init__.py"):
            if file.is_file():
                return file
    return None
