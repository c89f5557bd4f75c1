"""The company a case is played on: the graded one, with what the case lays over it.

The result is a company directory like any other, in the case's own temporary folder, opened by the same code; nothing
reaches into the product. The graded directory has to be trusted before anything is laid over it, and it is never
written to.
"""

import ast
import json
import shutil
import tomllib
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path, PurePosixPath
from typing import Annotated, Any

from pydantic import BeforeValidator, Discriminator, Field, Tag, ValidationError, ValidationInfo, field_validator

from company.config import Settings, problem_of
from company.errors import UsageError
from company.grading.strict import Strict, Text, wrong
from company.home import CompanyDirectory, require_trust, trust
from company.toolkit.lock import FILE as LOCK

FOLDERS = {"roles": ".md", "tools": ".py", "prompts": ".md"}
"""What may be laid over, and how its files end."""


class Edit(Strict):
    """A change of a file's text.

    Attributes:
        old: Words that the file holds exactly once.
        new: What stands there instead.
    """

    old: Text
    new: str


_File = Annotated[
    Annotated[str, Tag("<text>")] | Annotated[tuple[Edit, ...], Field(strict=False, min_length=1), Tag("<edits>")],
    Discriminator(lambda value: "<text>" if isinstance(value, str) else "<edits>"),
]


def _plain(value: Any) -> Any:
    """Read numbers as TOML is read here: 0.05 means five hundredths."""
    if isinstance(value, float):
        return Decimal(str(value))
    if isinstance(value, Mapping):
        return {name: _plain(item) for name, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, list) else value


def merged(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """Return settings with others laid over them: sections are merged, everything else is replaced."""
    return {**below, **{name: _over(below.get(name), value) for name, value in above.items()}}


def _over(below: Any, above: Any) -> Any:
    return merged(below, above) if isinstance(below, Mapping) and isinstance(above, Mapping) else above


class World(Strict):
    """What a case lays over the company it is played on.

    Attributes:
        settings: Settings by their names in `company.toml`, such as `{budget: {run_calls: 20}}`.
        files: Files of the company: `roles/NAME.md`, `tools/NAME.py` or `prompts/NAME.md`, each with its whole text or
            with changes `{old, new}` of the text it has.
        environment: Variables of the environment, such as the key of a provider.
    """

    settings: Annotated[dict[str, Any], BeforeValidator(_plain, json_schema_input_type=dict[str, Any])] = Field({})
    files: dict[str, _File] = Field({})
    environment: dict[str, str] = Field({})

    @field_validator("settings")
    @classmethod
    def _can_be_set(cls, value: dict[str, Any], info: ValidationInfo) -> dict[str, Any]:
        try:
            Settings.model_validate(merged(getattr(info.context, "settings", {}), value))
        except ValidationError as error:
            place, what, cure = problem_of(error)
            raise wrong(what, *place, cure=cure) from None
        return value

    @field_validator("files")
    @classmethod
    def _are_content(cls, value: dict[str, Any]) -> dict[str, Any]:
        for name in value:
            path = PurePosixPath(name)
            if len(path.parts) != 2 or FOLDERS.get(path.parts[0]) != path.suffix or path.stem.startswith((".", "_")):
                cure = "name roles/NAME.md, tools/NAME.py or prompts/NAME.md"
                raise wrong(f"{name!r} is no file of a company", name, cure=cure)
        return value

    def made(
        self, directory: CompanyDirectory, folder: Path, environment: Mapping[str, str]
    ) -> tuple[CompanyDirectory, Mapping[str, str]]:
        """Return the company to open, and the environment to open it in.

        Args:
            directory: The graded company.
            folder: An empty folder of the case.
            environment: Says where the list of trusted directories is kept.

        Raises:
            UsageError: The graded directory is not trusted, or a text to change is not in its file.
        """
        environment = {**environment, **self.environment}
        if not self.settings and not self.files:
            return directory, environment
        require_trust(directory, environment)
        root = folder / "company"
        _copy(directory, root)
        for name, text in self.files.items():
            file = root / name
            file.parent.mkdir(exist_ok=True)
            file.write_text(text if isinstance(text, str) else _edited(directory, name, text), "utf-8")
        if self.settings:
            (root / "company.toml").write_text(_toml(merged(raw_settings(directory), self.settings)), "utf-8")
        environment["XDG_CONFIG_HOME"] = str(folder / "config")
        trust(root, environment)
        return CompanyDirectory(root.resolve(), directory.bundled), environment


def tools_in(text: str) -> list[str]:
    """Return the names of the tools that a Python file defines; none when it cannot be read."""
    try:
        body = ast.parse(text).body
    except SyntaxError:
        return []
    functions = [part for part in body if isinstance(part, ast.FunctionDef | ast.AsyncFunctionDef)]
    return [function.name for function in functions if any(map(_is_tool, function.decorator_list))]


def _is_tool(decorator: ast.expr) -> bool:
    return isinstance(decorator, ast.Call) and isinstance(decorator.func, ast.Name) and decorator.func.id == "tool"


def raw_settings(directory: CompanyDirectory) -> dict[str, Any]:
    """Return what `company.toml` says, as it stands there; nothing when there is none."""
    file = directory.config_file
    return tomllib.loads(file.read_text("utf-8"), parse_float=Decimal) if file else {}


def _copy(directory: CompanyDirectory, root: Path) -> None:
    """Copy what a case may change; of a person's company, the rest is linked, so that paths in its settings hold."""
    root.mkdir()
    for folder in ("roles",) if directory.is_default else FOLDERS:
        if (directory.root / folder).is_dir():
            shutil.copytree(directory.root / folder, root / folder, ignore=shutil.ignore_patterns("__pycache__"))
    for file in (directory.config_file, directory.root / LOCK):
        if file is not None and file.is_file():
            shutil.copy(file, root)
    for path in () if directory.is_default else directory.root.iterdir():
        if not path.name.startswith(".") and not (root / path.name).exists():
            (root / path.name).symlink_to(path)


def _edited(directory: CompanyDirectory, name: str, edits: Sequence[Edit]) -> str:
    file = next((root / name for root in (directory.root, directory.bundled) if (root / name).is_file()), None)
    if file is None:
        raise UsageError(f"there is no file {name!r} to change", where="world.files", cure="give its whole text")
    text = file.read_text("utf-8")
    for edit in edits:
        if (times := text.count(edit.old)) != 1:
            cure = "quote words that it holds exactly once"
            raise UsageError(f"{edit.old!r} stands {times} times in {name}", where="world.files", cure=cure)
        text = text.replace(edit.old, edit.new)
    return text


def _toml(settings: Mapping[str, Any]) -> str:
    """Write settings as TOML, one top-level key a line."""
    return "".join(f"{_key(name)} = {_value(value)}\n" for name, value in settings.items())


def _value(value: Any) -> str:
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_key(name)} = {_value(item)}" for name, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_value, value)) + "]"
    if isinstance(value, date | datetime):
        return value.isoformat()
    if isinstance(value, str | bool):
        return json.dumps(value, ensure_ascii=False)
    return str(value)


def _key(name: str) -> str:
    return json.dumps(name, ensure_ascii=False)
