"""Whose code may run: a company directory is trusted once, by a person.

Entering a directory is no consent. Its tools are Python that would run with all rights of the person, and its
mandates let roles act without asking, so nothing of a directory is loaded before `company trust` (or `company init`,
which makes it) put its path on the list. The list holds absolute paths without symbolic links. A path stays trusted
when its content changes; folders inside it do not inherit. The default company needs no entry, it came with the
framework.
"""

import json
import os
from collections.abc import Mapping, Set
from pathlib import Path

from company.errors import UsageError
from company.home.directory import CompanyDirectory, base_directory

_CURE = "correct the file, or remove it and run `company trust` again"


def trust_file(environment: Mapping[str, str]) -> Path:
    """Return the file that lists trusted directories.

    Raises:
        UsageError: The environment names no home directory.
    """
    return base_directory("XDG_CONFIG_HOME", ".config", environment) / "company" / "trusted.json"


def trusted_directories(environment: Mapping[str, str]) -> tuple[Path, ...]:
    """Return the directories on the list, in order of path.

    Raises:
        UsageError: The list cannot be read.
    """
    file = trust_file(environment)
    try:
        listed = json.loads(file.read_text("utf-8"))
    except FileNotFoundError:
        return ()
    except (OSError, ValueError) as error:
        raise UsageError(
            f"the list of trusted directories cannot be read: {error}", where=str(file), cure=_CURE
        ) from error
    if not isinstance(listed, list) or not all(isinstance(path, str) for path in listed):
        raise UsageError("the list of trusted directories is not a list of paths", where=str(file), cure=_CURE)
    return tuple(sorted(map(Path, listed)))


def is_trusted(directory: CompanyDirectory, environment: Mapping[str, str]) -> bool:
    """Tell whether the directory's code may run."""
    return directory.is_default or directory.root in trusted_directories(environment)


def require_trust(directory: CompanyDirectory, environment: Mapping[str, str]) -> None:
    """Let a trusted directory pass.

    Raises:
        UsageError: A person has not trusted the directory yet.
    """
    if not is_trusted(directory, environment):
        which = "the company found above the working directory" if directory.above else "this directory"
        other = "name another with --dir, or " if directory.above else ""
        raise UsageError(
            f"{which} is not trusted, so nothing of it was run",
            where=str(directory.root),
            cure=f"{other}look through its roles, tools and mandates, then: company trust {directory.root}",
        )


def trust(root: Path, environment: Mapping[str, str]) -> Path:
    """Put a directory on the list.

    Args:
        root: The directory.
        environment: Says where the list is kept.

    Returns:
        The path that is now trusted, absolute and without symbolic links.

    Raises:
        UsageError: `root` is not a directory, or the list cannot be read or written.
    """
    resolved, file = root.resolve(), trust_file(environment)
    if not resolved.is_dir():
        raise UsageError(f"{str(root)!r} is not a directory", where="company trust", cure="name an existing one")
    _write(file, {*trusted_directories(environment), resolved})
    return resolved


def distrust(root: Path, environment: Mapping[str, str]) -> Path:
    """Take a directory off the list; it need not exist any more.

    Args:
        root: The directory.
        environment: Says where the list is kept.

    Returns:
        The path that is no longer trusted.

    Raises:
        UsageError: It is not on the list, or the list cannot be read or written.
    """
    resolved, listed = root.resolve(), trusted_directories(environment)
    if resolved not in listed:
        raise UsageError(f"{str(resolved)!r} is not trusted", where="company trust", cure="see company trust --list")
    _write(trust_file(environment), set(listed) - {resolved})
    return resolved


def _write(file: Path, paths: Set[Path]) -> None:
    """Replace the list at once."""
    listed = sorted(paths)
    text = json.dumps([str(path) for path in listed], indent=2, ensure_ascii=False) + "\n"
    draft = file.with_suffix(f".{os.getpid()}")
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft.touch(mode=0o600)
        draft.write_text(text, "utf-8")
        draft.replace(file)
    except OSError as error:
        raise UsageError(
            f"cannot be written: {error.strerror}", where=str(file), cure="check its permissions"
        ) from error
