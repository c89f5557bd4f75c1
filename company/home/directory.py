"""Which company is meant, and where its state is kept.

A company is a directory. The one shipped with the framework is the default: in a wheel it lies inside the import
package as `company/_default`, in a checkout it is the repository root itself. Nothing here runs code of a directory or
reads the environment; the caller passes the working directory and the environment in.

A person who works in a folder of a company means that company, as with git. A folder above the working directory counts
only when it holds `company.toml`: `roles/` alone is a common name. What another user of the machine put there is not
walked into, because its files would decide what runs under the name of whoever happens to work below it.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from company.errors import UsageError

SHIPPED = "_default"
CONFIG = "company.toml"


@dataclass(frozen=True, slots=True)
class CompanyDirectory:
    """A company's directory.

    Attributes:
        root: The directory, absolute and without symbolic links.
        bundled: The default company that came with this framework; its tools and prompts lie under those of `root`.
        above: Nobody named it and nobody stands in it: it was found above the working directory.
    """

    root: Path
    bundled: Path
    above: bool = False

    @property
    def is_default(self) -> bool:
        """It is the default company itself."""
        return self.root == self.bundled

    @property
    def owned(self) -> bool:
        """A person works in it: everything but the default company inside an installed package."""
        return not (self.is_default and self.root.name == SHIPPED)

    @property
    def config_file(self) -> Path | None:
        """Its `company.toml`, if it has one."""
        file = self.root / CONFIG
        return file if file.is_file() else None

    @property
    def roles(self) -> Path:
        """Folder of its roles."""
        return self.root / "roles"

    @property
    def tools(self) -> Path:
        """Folder of its own tools; need not exist."""
        return self.root / "tools"

    @property
    def prompts(self) -> Path:
        """Folder of its own prompts; need not exist."""
        return self.root / "prompts"

    @property
    def evals(self) -> Path:
        """Folder of its eval cases; need not exist."""
        return self.root / "evals"


def find_directory(explicit: Path | None, cwd: Path, *, home: Path | None = None) -> CompanyDirectory:
    """Decide which company is meant.

    Args:
        explicit: The directory a person named, if any; relative to `cwd`.
        cwd: The working directory; it is the company when it holds `roles/` or `company.toml`.
        home: The person's home directory; above it no company is looked for.

    Returns:
        The named directory, else the working directory, else the nearest folder above it that holds `company.toml`,
        else the bundled default.

    Raises:
        UsageError: The named directory holds no company, or the one above the working directory is another user's.
    """
    bundled = bundled_directory()
    if explicit is None:
        return _unnamed(cwd.resolve(), bundled, home)
    root = (cwd / explicit).resolve()
    if not _holds_company(root):
        what = "holds neither roles/ nor company.toml" if root.is_dir() else "is not a directory"
        raise UsageError(f"{str(root)!r} {what}", where="--dir", cure=f"make a company there: company init {root}")
    return CompanyDirectory(root, bundled)


def bundled_directory() -> Path:
    """Return the default company that came with this framework.

    Raises:
        UsageError: The installation is incomplete.
    """
    package = Path(__file__).resolve().parents[1]
    for candidate in (package / SHIPPED, package.parent):
        if (candidate / "roles").is_dir():
            return candidate
    raise UsageError("the default company is missing", where=str(package / SHIPPED), cure="install the package again")


def state_directory(directory: CompanyDirectory, explicit: Path | None, environment: Mapping[str, str]) -> Path:
    """Return where the company's state is kept, made if need be, readable by its owner only.

    Args:
        directory: The company.
        explicit: The state directory a person named, if any.
        environment: `COMPANY_HOME`, `XDG_DATA_HOME` and `HOME` are looked at.

    Raises:
        UsageError: It cannot be made.
    """
    state = (explicit or _state_place(directory, environment)).absolute()
    try:
        state.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(
            f"the state directory cannot be made: {error.strerror}",
            where=str(state),
            cure="name another with --home or COMPANY_HOME",
        ) from error
    return state


def base_directory(variable: str, fallback: str, environment: Mapping[str, str]) -> Path:
    """Return a base directory of the XDG specification; a relative path in the variable is ignored, as it demands.

    Raises:
        UsageError: Neither the variable nor `HOME` is set.
    """
    if (base := Path(environment.get(variable, ""))).is_absolute():
        return base
    if not (home := environment.get("HOME")):
        raise UsageError("there is no home directory", where=f"environment {variable}, HOME", cure="set one of them")
    return Path(home, fallback)


def data_directory(environment: Mapping[str, str]) -> Path:
    """Return where a person's data lies that belongs to no company, such as weights of an embedder.

    Raises:
        UsageError: Neither `XDG_DATA_HOME` nor `HOME` is set.
    """
    return base_directory("XDG_DATA_HOME", ".local/share", environment) / "company"


def _unnamed(cwd: Path, bundled: Path, home: Path | None) -> CompanyDirectory:
    if _holds_company(cwd):
        return CompanyDirectory(cwd, bundled)
    end = None if home is None else home.resolve().parent
    for folder in cwd.parents:
        if folder == end:
            break
        if _is_file(folder / CONFIG):
            _require_own(folder)
            return CompanyDirectory(folder, bundled, above=True)
    return CompanyDirectory(bundled, bundled)


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # a folder above that may not be looked into
        return False


def _require_own(folder: Path) -> None:
    """Refuse a company above the working directory that is neither this user's nor root's, as git does."""
    if not hasattr(os, "getuid"):  # Windows
        return
    for path in (folder, folder / CONFIG):  # anybody may put a file into a shared folder of root's, such as /tmp
        if (owner := path.stat().st_uid) not in {os.getuid(), 0}:
            raise UsageError(
                f"the company above the working directory belongs to another user (uid {owner}): nothing of it is used",
                where=str(path),
                cure=f"name it if you mean it: --dir {folder}; or name another one",
            )


def _holds_company(folder: Path) -> bool:
    return (folder / "roles").is_dir() or (folder / CONFIG).is_file()


def _state_place(directory: CompanyDirectory, environment: Mapping[str, str]) -> Path:
    if chosen := environment.get("COMPANY_HOME"):
        return Path(chosen)
    if directory.owned:
        return directory.root / ".company"
    return data_directory(environment)
