"""Prompts: shared texts in `prompts/*.md`, known by name and by the hash of their content.

They overlay as tools do, one file replacing another of the same name: bundled, then installed packages (an entry point
of the group `company.prompts` names a package whose folder holds `*.md`), then the directory. This module only reads;
templates are filled in where a conversation is built.
"""

import hashlib
from dataclasses import dataclass
from importlib.metadata import EntryPoint
from importlib.util import find_spec
from pathlib import Path

from company.errors import UsageError
from company.toolkit.loader import broken_point, files_in, installed
from company.toolkit.registry import Catalogue

GROUP = "company.prompts"


@dataclass(frozen=True, slots=True)
class Prompt:
    """One prompt text.

    Attributes:
        name: The file's name without `.md`.
        text: The text as written.
        source: The file it was read from.
        hash: SHA-256 of the text, in hex: its version.
    """

    name: str
    text: str
    source: str
    hash: str


class Prompts(Catalogue[Prompt]):
    """The prompts of a company by name."""

    kind = "prompt"


def load_prompts(bundled: Path, own: Path | None = None) -> Prompts:
    """Read every prompt that a company has.

    Args:
        bundled: Folder of the prompts shipped with the framework.
        own: Folder of the company directory's prompts, if it is not the bundled one; need not exist.

    Raises:
        UsageError: A file is not UTF-8 text or is empty, or two installed packages bring the same prompt.
    """
    files = {**files_in(bundled, ".md"), **_installed_files(), **(files_in(own, ".md") if own is not None else {})}
    return Prompts(_read(path) for path in files.values())


def _installed_files() -> dict[str, Path]:
    found: dict[str, Path] = {}
    for point in installed(GROUP).values():
        for stem, path in files_in(_folder_of(point), ".md").items():
            if stem in found:
                where = f"{found[stem]} and {path}"
                raise UsageError(f"two packages bring the prompt {stem!r}", where=where, cure="uninstall one of them")
            found[stem] = path
    return found


def _folder_of(point: EntryPoint) -> Path:
    try:
        spec = find_spec(point.module)
    except ImportError as error:
        raise broken_point(point, f"cannot be found: {error}") from error
    if spec is None or not spec.submodule_search_locations:
        raise broken_point(point, "is not a package")
    return Path(spec.submodule_search_locations[0])


def _read(path: Path) -> Prompt:
    try:
        text = path.read_text("utf-8")
    except UnicodeDecodeError as error:
        raise UsageError(f"byte {error.start} is not UTF-8", where=str(path), cure="save the file as UTF-8") from error
    if not text.strip():
        raise UsageError(
            "the prompt is empty", where=str(path), cure="write it, or remove the file to use the one below"
        )
    return Prompt(path.stem, text, str(path), hashlib.sha256(text.encode()).hexdigest())
