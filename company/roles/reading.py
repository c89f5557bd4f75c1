"""Reads role files: markdown with YAML front matter.

A broken file is never skipped: every fault is a `UsageError` that names file, field and cure.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from company.errors import UsageError
from company.roles.role import Handle, Limits, Role
from company.roles.steps import EVERYONE, STEPS, TAG, Delegate, Frozen
from company.roles.wakes import Wakes


def load_roles(folder: Path, hired: Iterable[Path] = ()) -> dict[str, Role]:
    """Read every `*.md` in `folder`, and the files of roles that are hired.

    Args:
        folder: The company directory's roles.
        hired: Files of further roles; one that names nobody reports to the role at the top.

    Returns:
        Roles by id, the one at the top first, then by id.

    Raises:
        UsageError: A file is broken, two are of one role, or the roles do not form one tree.
    """
    roles = [read_role(path) for path in sorted(folder.glob("*.md"))]
    if not roles:
        raise UsageError("there are no roles", where=str(folder), cure="add ceo.md; docs/roles.md shows how")
    top, own = _top(roles, folder), {role.id: role.source for role in roles}
    for path in hired:
        if path.stem in own:
            cure = "take it out of company.hires, or remove the file of your own"
            raise UsageError(f"there are two roles {path.stem!r}", where=f"{own[path.stem]} and {path}", cure=cure)
        roles.append(read_role(path, above=top))
    by_id = {role.id: role for role in sorted(roles, key=lambda role: (bool(role.reports_to), role.id))}
    _check_tree(by_id)
    return by_id


def read_role(path: Path, *, above: str = "") -> Role:
    """Read one role file.

    Args:
        path: The file.
        above: Whom it reports to when the file does not say; left out, it is then at the top.

    Raises:
        UsageError: The file is not a valid role; the message names field and cure.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise UsageError(f"byte {error.start} is not UTF-8", where=str(path), cure="save the file as UTF-8") from None
    front, body = _split(text, path)
    fields = _read_front(front, path)
    if above:
        fields["reports_to"] = fields.get("reports_to") or above
    for key in ("persona", "source"):
        if key in fields:
            raise UsageError(f"unknown key {key!r}", where=f"{path}: {key}", cure="the persona is the markdown body")
    try:
        role = Role.model_validate({**fields, "persona": body, "source": str(path)})
    except ValidationError as error:
        raise _fault(error, path) from None
    if role.id == EVERYONE:
        raise UsageError(f"{EVERYONE!r} means every role", where=f"{path}: id", cure="choose another id")
    if role.id != path.stem:
        raise UsageError(f"{role.id!r} is not the file's name", where=f"{path}: id", cure=f"write `id: {path.stem}`")
    return role


def _split(text: str, path: Path) -> tuple[str, str]:
    found = re.match(r"\A---\s*\n(.*?)^---\s*$\n?(.*)\Z", text, re.DOTALL | re.MULTILINE)
    if not found:
        raise UsageError("no front matter", where=f"{path}: line 1", cure="begin with `---`, YAML, and `---` again")
    if not found[2].strip():
        raise UsageError("no persona", where=str(path), cure="write who the role is below the front matter")
    return found[1], found[2].strip()


class _StrictLoader(yaml.SafeLoader):
    """Refuses a key that is written twice; plain YAML would keep the last one silently."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[Any] = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if isinstance(key, str) and key in seen:
                raise yaml.MarkedYAMLError(problem=f"key {key!r} is written twice", problem_mark=key_node.start_mark)
            seen.add(str(key))
        return super().construct_mapping(node, deep)


def _read_front(front: str, path: Path) -> dict[str, Any]:
    try:
        fields = yaml.load(front, Loader=_StrictLoader)  # noqa: S506  # a SafeLoader
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 2 if error.problem_mark else 1
        raise UsageError(
            f"not valid YAML: {error.problem}",
            where=f"{path}: line {line}",
            cure="quote text with `: `, `{` or `?` in it",
        ) from None
    if not isinstance(fields, dict):
        raise UsageError("the front matter is not a mapping", where=f"{path}: line 2", cure="write `key: value` lines")
    return fields


def _fault(error: ValidationError, path: Path) -> UsageError:
    """Turn one complaint into file, field and cure; an unknown key goes first, for it often explains the others."""
    first = min(error.errors(include_url=False), key=lambda complaint: complaint["type"] != "extra_forbidden")
    location = first["loc"]
    where = f"{path}: {_dotted(location)}" if location else str(path)
    if first["type"] == "extra_forbidden":
        return UsageError(f"unknown key {location[-1]!r}", where=where, cure=_nearest(str(location[-1]), location))
    if first["type"] == "union_tag_not_found":
        keys = "call, for, when + do, report, delegate, answer"
        return UsageError(f"{first['input']!r} is no step", where=where, cure=f"a step has one of: {keys}")
    if first["type"] == "missing":
        return UsageError("missing", where=where, cure=f"add `{location[-1]}:`")
    if first["type"] == "string_type" and isinstance(first["input"], bool):
        return UsageError("YAML reads this word as true or false", where=where, cure="put it in quotation marks")
    what, _, cure = first["msg"].removeprefix("Value error, ").partition("; ")
    shown = "" if first["type"] == "value_error" else f" (found {first['input']!r})"
    return UsageError(what + shown, where=where, cure=cure or "docs/roles.md describes every field")


def _dotted(location: Sequence[str | int]) -> str:
    text = ""
    for part in location:
        if isinstance(part, int):
            text += f"[{part}]"
        elif not part.startswith((TAG, "literal[", "dict[")):
            text += f".{part}" if text else part
    return text


def _nearest(key: str, location: Sequence[str | int]) -> str:
    allowed = _keys(_model_at(location[:-1]))
    near = get_close_matches(key, allowed, n=1)
    return f"did you mean {near[0]!r}?" if near else f"allowed here: {', '.join(allowed)}"


def _model_at(location: Sequence[str | int]) -> type[Frozen]:
    nested: dict[str, type[Frozen]] = {"limits": Limits, "wakes": Wakes, "handles": Handle}
    for part in reversed(location):
        if isinstance(part, str):
            if part.startswith(TAG):
                return STEPS[part.removeprefix(TAG)]
            return nested.get(part, Role)
    return Role


def _keys(model: type[Frozen]) -> list[str]:
    hidden = {"persona", "source"}
    return [field.alias or name for name, field in model.model_fields.items() if name not in hidden]


def _top(roles: Iterable[Role], folder: Path) -> str:
    top = [role.id for role in sorted(roles, key=lambda role: role.id) if not role.reports_to]
    if len(top) != 1:
        raise UsageError(
            f"exactly one role has no `reports_to`, here: {', '.join(top) or 'none'}",
            where=str(folder),
            cure="give the others `reports_to`",
        )
    return top[0]


def _check_tree(roles: Mapping[str, Role]) -> None:
    for role in roles.values():
        _check_chain(role, roles)
        for path, step in role.steps():
            if isinstance(step, Delegate) and step.role not in (*roles, EVERYONE):
                raise _no_such_role(step.role, f"{role.source}: {path}.delegate", roles)


def _check_chain(role: Role, roles: Mapping[str, Role]) -> None:
    seen = [role.id]
    while above := roles[seen[-1]].reports_to:
        where = f"{roles[seen[-1]].source}: reports_to"
        if above not in roles:
            raise _no_such_role(above, where, roles)
        if above in seen:
            raise UsageError(f"{' → '.join([*seen, above])} is a circle", where=where, cure="let it end at the CEO")
        seen.append(above)


def _no_such_role(name: str, where: str, roles: Mapping[str, Role]) -> UsageError:
    near = get_close_matches(name, roles, n=1)
    cure = f"did you mean {near[0]!r}?" if near else f"roles are: {', '.join(roles)}"
    return UsageError(f"there is no role {name!r}", where=where, cure=cure)
