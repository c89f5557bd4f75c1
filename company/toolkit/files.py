"""The files of a folder by stem: tools, prompts, and the texts of installed packages are all found so."""

from pathlib import Path

from company.errors import UsageError


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
