"""`company tool new`: a tool to start from, with its test, in the company's own directory.

What is written is one of the files beside this module with another name in it: a tool that works, is tested and passes
`company tool check` as it stands, and makes up nothing. No role can call it until a role's file names it.
"""

import ast
import builtins
import keyword
import re
from dataclasses import dataclass
from pathlib import Path

from company.errors import UsageError
from company.home.directory import CompanyDirectory
from company.home.granting import grant
from company.roles import read_role
from company.toolkit import load_tools
from company.toolkit.tool import Effect

_STARTERS = Path(__file__).parent / "starters"
_WHERE = "company tool new"


@dataclass(frozen=True, slots=True)
class Started:
    """A tool that was written.

    Attributes:
        tool: Its file.
        test: The file of its test.
        role: File of the role it was granted to; None when it was granted to nobody.
        question: A sentence by which that role is asked for it.
    """

    tool: Path
    test: Path
    role: Path | None
    question: str


def start_tool(directory: CompanyDirectory, name: str, *, effect: Effect, role: str = "") -> Started:
    """Write a tool, its test, and what grants it to a role; either all of it or nothing.

    Args:
        directory: The company.
        name: What it is called: the file, the function and the tool.
        effect: What a call of it changes.
        role: Id of the role that is granted it and learns how it is asked for; empty for none.

    Raises:
        UsageError: The directory is nobody's own, the name cannot be used, a file is there already, or the role's file
            cannot be changed.
    """
    if not directory.owned:
        what = "this is the company that came with the framework, and the next version would replace your tool"
        raise UsageError(what, where=str(directory.root), cure="make one of your own: company init DIR")
    starter = _STARTERS / effect
    _check_name(name, starter, directory)
    texts = {
        directory.tools / f"{name}.py": _named((starter / "tool.py").read_text("utf-8"), name),
        directory.root / "tests" / f"test_{name}.py": _named((starter / "test.py").read_text("utf-8"), name),
    }
    for file in texts:
        if file.exists():
            raise UsageError("exists already", where=str(file), cure="choose another name, or remove it")
    handle = _named((starter / "handle.yaml").read_text("utf-8"), name)
    role_file = _role_file(directory, role)
    granted = grant(role_file, name, handle) if role_file else ""
    _write(texts)
    if role_file:
        _replace(role_file, granted)
    tool, test = texts
    question = re.findall(r'"(.+?)"', handle)[0]
    return Started(tool=tool, test=test, role=role_file, question=question)


def _check_name(name: str, starter: Path, directory: CompanyDirectory) -> None:
    if not re.fullmatch(r"[a-z][a-z0-9_]{0,62}", name) or keyword.iskeyword(name):
        cure = "use up to 63 lower-case letters, digits and '_', a letter first"
        raise UsageError(f"{name!r} cannot be the name of a tool", where=_WHERE, cure=cure)
    tree = ast.parse((starter / "tool.py").read_text("utf-8"))
    if {name, _class_of(name)} & {*dir(builtins), *_names_in(tree)} or name in keyword.softkwlist:
        raise UsageError(
            f"{name!r} is a word of Python or of the file itself", where=_WHERE, cure="choose another name"
        )
    bundled = load_tools(directory.bundled / "tools")
    files = {Path(tool.source).stem for tool in bundled.values()}
    if name in bundled or name in files:
        what = f"the framework has {'a tool' if name in bundled else 'a file of tools'} of the name {name!r}"
        raise UsageError(what, where=_WHERE, cure="choose another name; company tools lists those that are taken")
    for file in sorted(directory.tools.glob("*.py")):
        if re.search(rf"^(async )?def {name}\(", file.read_text("utf-8"), flags=re.MULTILINE):
            raise UsageError(f"a tool {name!r} is there already", where=str(file), cure="choose another name")


def _names_in(tree: ast.Module) -> set[str]:
    """Return what a file calls by name, but what a new tool replaces."""
    names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    names |= {node.arg for node in ast.walk(tree) if isinstance(node, ast.arg)}
    names |= {node.name for node in ast.walk(tree) if isinstance(node, ast.alias)}
    return names - {"sketch", "Sketch"}


def _class_of(name: str) -> str:
    return "".join(word.capitalize() for word in name.split("_"))


def _named(text: str, name: str) -> str:
    """Return the text of a starter for a tool of another name."""
    text = text.replace("{words}", name.replace("_", " ").strip())
    text = re.sub(r"(?<![A-Za-z])sketch(?![A-Za-z])", name, text)
    return re.sub(r"\bSketch\b", _class_of(name), text)


def _role_file(directory: CompanyDirectory, role: str) -> Path | None:
    if not role:
        return None
    file = directory.roles / f"{role}.md"
    if not file.is_file():
        known = ", ".join(sorted(path.stem for path in directory.roles.glob("*.md")))
        raise UsageError(f"there is no role {role!r}", where="--role", cure=f"choose one of {known}")
    if not read_role(file).reports_to:
        what = f"{role!r} is at the top: it delegates, and calls no tools by itself"
        raise UsageError(what, where="--role", cure="name the role that is to use the tool")
    return file


def _write(texts: dict[Path, str]) -> None:
    """Write files that are not there yet; when one cannot be written, none is left."""
    written: list[Path] = []
    try:
        for file, text in texts.items():
            file.parent.mkdir(parents=True, exist_ok=True)
            with file.open("x", encoding="utf-8") as out:
                written.append(file)
                out.write(text)
    except OSError as error:
        for done in written:
            done.unlink()
        what = f"cannot be written: {error.strerror}"
        raise UsageError(what, where=str(file), cure="look at the permissions of the folder") from error


def _replace(file: Path, text: str) -> None:
    draft = file.with_name(f".{file.name}.new")
    draft.write_bytes(text.encode("utf-8"))
    draft.chmod(file.stat().st_mode & 0o777)
    draft.replace(file)
