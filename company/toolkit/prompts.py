"""Prompts: shared texts in `prompts/*.md`, known by name and by the hash of their content.

They overlay as tools do: a file of the directory replaces one of the same name. A confirmed package adds prompts of its
own (`company.toolkit.texts`) and replaces none of the bundled ones. This module only reads; templates are filled in
where a conversation is built.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from company.errors import UsageError
from company.toolkit.files import files_in
from company.toolkit.registry import Catalogue

if TYPE_CHECKING:
    from company.toolkit.lock import Lock


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


def load_prompts(bundled: Path, own: Path | None = None, *, lock: "Lock | None" = None) -> Prompts:
    """Read every prompt that a company has.

    Args:
        bundled: Folder of the prompts shipped with the framework.
        own: Folder of the company directory's prompts, if it is not the bundled one; need not exist.
        lock: What a person confirmed; left out, no package takes part.

    Raises:
        UsageError: A file is not UTF-8 text or is empty, a package brings a prompt that there is, or a confirmed
            package is gone or not the one that was confirmed.
    """
    shipped = files_in(bundled, ".md")
    brought = _brought(lock, shipped) if lock is not None else {}
    files = {**shipped, **brought, **(files_in(own, ".md") if own is not None else {})}
    return Prompts(_read(path) for path in files.values())


def _brought(lock: "Lock", shipped: Mapping[str, Path]) -> dict[str, Path]:
    from company.toolkit.packages import PROMPTS
    from company.toolkit.texts import package_texts

    brought = package_texts(PROMPTS, lock)
    for stem in brought:
        if stem in shipped:
            package = next(name for name, locked in lock.packages.items() if f"{PROMPTS}:{stem}" in locked.texts)
            what = f"{package} brings the prompt {stem!r}, which there is, and a package replaces none"
            cure = f"do without the package: company plugins remove {package}"
            raise UsageError(what, where=f"{brought[stem]} and {shipped[stem]}", cure=cure)
    return brought


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
