"""`company init`: a small company to start from, which runs at once.

What is written are plain files of the package, copied as they are: a person can read them here as well as there.
Prompts and most tools are left out on purpose, they come from the bundled company underneath.
"""

import shutil
from collections.abc import Mapping
from pathlib import Path

from company.errors import UsageError
from company.home.directory import CompanyDirectory, bundled_directory
from company.home.trusting import trust

_TEMPLATES = Path(__file__).parent / "templates"


def init_company(target: Path, environment: Mapping[str, str]) -> CompanyDirectory:
    """Write a small company into a new directory, or one that holds nothing but hidden files such as `.venv`; trust it.

    Args:
        target: The directory.
        environment: Says where the list of trusted directories is kept.

    Returns:
        The new company's directory.

    Raises:
        UsageError: `target` is not empty or cannot be written.
    """
    root = target.resolve()
    try:
        root.mkdir(parents=True, exist_ok=True)
        if any(not path.name.startswith(".") or (_TEMPLATES / path.name).exists() for path in root.iterdir()):
            raise UsageError(f"{str(root)!r} is not empty", where="company init", cure="name a new directory")
        trust(root, environment)
        shutil.copytree(_TEMPLATES, root, ignore=shutil.ignore_patterns("__pycache__"), dirs_exist_ok=True)
    except OSError as error:
        what = f"{str(root)!r} cannot be written: {error.strerror or error}"
        raise UsageError(what, where="company init", cure="name another directory") from error
    return CompanyDirectory(root, bundled_directory())
