"""Reads case files: every `*.yaml` of a folder is one list of cases.

A broken file is never skipped: every fault is a `UsageError` that names file, line, field and cure.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath
from types import MappingProxyType
from typing import Any

import yaml
from pydantic import ValidationError

from company.errors import UsageError
from company.grading.case import Case
from company.grading.registry import SCORERS, Scorer
from company.grading.strict import Names
from company.grading.world import tools_in
from company.home import Content

Place = tuple[str | int, ...]


def load_cases(
    folder: Path,
    content: Content,
    *,
    scorers: Mapping[str, Scorer] = SCORERS,
    settings: Mapping[str, Any] = MappingProxyType({}),
) -> tuple[Case, ...]:
    """Read every case of a folder.

    Args:
        folder: Where the files are.
        content: The company they are for; its roles and tools are the names that cases may use.
        scorers: The scorers that cases may use.
        settings: What the company's `company.toml` says, as it stands there; cases lay theirs over it.

    Returns:
        The cases, by file name and then as the files list them.

    Raises:
        UsageError: There are none, a file is broken, or two cases have one id.
    """
    names = Names(content.roles, content.tools, scorers, settings)
    cases = [case for file in sorted(folder.glob("*.yaml")) for case in _read(file, names)]
    if not cases:
        raise UsageError(
            "there are no eval cases", where=str(folder), cure="add evals/basic.yaml; docs/evals.md shows how"
        )
    seen: dict[str, Case] = {}
    for case in cases:
        if other := seen.get(case.id):
            raise UsageError(
                f"two cases are called {case.id!r}",
                where=f"{case.source}: id",
                cure=f"rename it; the other is {other.source}",
            )
        seen[case.id] = case
    return tuple(cases)


def _read(file: Path, names: Names) -> list[Case]:
    tree, data = parse(file)
    if not isinstance(data, list):
        raise UsageError("is not a list of cases", where=f"{file}:1", cure="begin each case with `- id: its-name`")
    return [_case(item, names, file, node) for item, node in zip(data, tree.value, strict=True)]


def parse(file: Path) -> tuple[yaml.Node, Any]:
    """Return a file's tree, which knows its lines, and its data.

    Raises:
        UsageError: It cannot be read, or is not valid YAML; the message names file, line and cure.
    """
    try:
        loader = yaml.SafeLoader(file.read_text("utf-8"))
        try:
            tree = loader.get_single_node()
            if tree is None:
                return yaml.SequenceNode("", []), []
            _refuse_repeated_keys(tree)
            return tree, loader.construct_document(tree)
        finally:
            loader.dispose()
    except OSError as error:
        raise UsageError(f"cannot be read: {error.strerror}", where=str(file), cure="check the path") from error
    except UnicodeDecodeError as error:
        raise UsageError("is not UTF-8 text", where=str(file), cure="save it as UTF-8") from error
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        cure = "quote text that holds `: `, `{` or `#`, and check the indentation"
        raise UsageError(f"not valid YAML: {error.problem}", where=f"{file}:{line}", cure=cure) from error


def _refuse_repeated_keys(node: yaml.Node) -> None:
    """YAML would keep the last of two equal keys silently."""
    if isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            if key.value in seen:
                raise yaml.MarkedYAMLError(problem=f"key {key.value!r} is written twice", problem_mark=key.start_mark)
            seen.add(key.value)
            _refuse_repeated_keys(value)
    elif isinstance(node, yaml.SequenceNode):
        for value in node.value:
            _refuse_repeated_keys(value)


def _case(item: Any, names: Names, file: Path, node: yaml.Node) -> Case:
    here = f"{file}:{_line(node, ())}"
    if not isinstance(item, dict):
        raise UsageError(f"{item!r} is not a case", where=here, cure="begin each case with `- id: its-name`")
    if "source" in item:
        raise UsageError("unknown key 'source'", where=f"{here}: source", cure="remove it")
    try:
        return Case.model_validate({**item, "source": here}, context=_with_its_own(names, item))
    except ValidationError as error:
        raise explain(error, file, node) from None


def _with_its_own(names: Names, item: Mapping[str, Any]) -> Names:
    """Return the names a case may use, with the roles and tools that it lays over its company."""
    world = item.get("world")
    files = world.get("files") if isinstance(world, dict) else None
    own = {str(name): text for name, text in files.items() if isinstance(text, str)} if isinstance(files, dict) else {}
    roles = [PurePosixPath(name).stem for name in own if name.startswith("roles/")]
    tools = [tool for name, text in own.items() if name.startswith("tools/") for tool in tools_in(text)]
    return replace(names, role={*names.role, *roles}, tool={*names.tool, *tools})


def explain(error: ValidationError, file: Path, node: yaml.Node, *, guide: str = "docs/evals.md") -> UsageError:
    """Turn pydantic's first complaint into file, line, field and cure; `guide` describes every field."""
    first = error.errors(include_url=False)[0]
    context = first.get("ctx", {})
    place: Place = tuple(part for part in (*first["loc"], *context.get("at", ())) if not _is_mark(part))
    where = f"{file}:{_line(node, place)}" + (f": {_dotted(place)}" if place else "")
    if first["type"] == "missing":
        return UsageError("missing", where=where, cure=f"add `{place[-1]}:`")
    if first["type"] == "string_type" and isinstance(first["input"], bool):
        return UsageError("YAML reads this word as true or false", where=where, cure="put it in quotation marks")
    shown = "" if "cure" in context else f" (found {first['input']!r})"
    return UsageError(first["msg"] + shown, where=where, cure=context.get("cure") or f"{guide} describes every field")


def _line(node: yaml.Node, place: Sequence[str | int]) -> int:
    """Return the line of a field, or of the nearest thing around it that is written."""
    line = node.start_mark.line + 1
    for part in place:
        if isinstance(node, yaml.SequenceNode) and isinstance(part, int):
            node = node.value[part]
            line = node.start_mark.line + 1
        elif isinstance(node, yaml.MappingNode):
            found = next(((key, value) for key, value in node.value if key.value == str(part)), None)
            if found is None:
                break
            line, node = found[0].start_mark.line + 1, found[1]
    return line


def _is_mark(part: str | int) -> bool:
    """Tell whether pydantic put a part into a place that nobody wrote: the kind of a step, the key of a mapping."""
    return isinstance(part, str) and (part == "[key]" or part.startswith("<"))


def _dotted(place: Place) -> str:
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in place).removeprefix(".")
