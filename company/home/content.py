"""What a company directory holds: its roles, tools and prompts, read together and checked against each other.

Each kind is checked for itself where it is read. Here it is checked that they fit: every tool a role is granted or a
mandate or a quorum covers exists, every playbook calls its tools with arguments they have, every mandate names roles
there are, every department that is given a budget has a role.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from types import MappingProxyType

from company.config import Settings, suggest
from company.errors import UsageError
from company.home.directory import CompanyDirectory
from company.home.trusting import require_trust
from company.llm import check_playbooks
from company.roles import Call, Role, load_roles, walk_steps
from company.toolkit import Prompts, Registry, Tool, load_prompts, load_tools


@dataclass(frozen=True, slots=True)
class Content:
    """The content of a company directory.

    Attributes:
        roles: Roles by id, the one at the top first.
        tools: Every tool, the bundled ones included.
        prompts: Every prompt, the bundled ones included.
    """

    roles: Mapping[str, Role]
    tools: Registry
    prompts: Prompts


def load_content(directory: CompanyDirectory, settings: Settings, environment: Mapping[str, str]) -> Content:
    """Read a company's roles, tools and prompts; this imports its tools, so it has to be trusted.

    Args:
        directory: The company.
        settings: Its settings; what its mandates, quorums and budgets name is checked too.
        environment: Says where the list of trusted directories is kept.

    Raises:
        UsageError: The directory is not trusted, a file is broken, or two parts do not fit.
    """
    require_trust(directory, environment)
    own_tools, own_prompts = (None, None) if directory.is_default else (directory.tools, directory.prompts)
    roles = load_roles(directory.roles)
    check_playbooks(roles.values())
    tools = load_tools(directory.bundled / "tools", own_tools)
    prompts = load_prompts(directory.bundled / "prompts", own_prompts)
    faults = chain(
        _role_faults(roles.values(), tools),
        _mandate_faults(directory, settings, roles, tools),
        _quorum_faults(directory, settings, tools),
        _department_faults(directory, settings, roles),
    )
    if fault := next(faults, None):
        raise fault
    return Content(MappingProxyType(roles), tools, prompts)


def _role_faults(roles: Iterable[Role], tools: Registry) -> Iterator[UsageError]:
    for role in roles:
        for name in role.tools:
            if name not in tools:
                yield _unknown("tool", name, f"{role.source}: tools", tools)
        for path, step in role.steps():
            if isinstance(step, Call) and step.tool in tools:
                yield from _call_faults(step, tools[step.tool], f"{role.source}: {path}")
        yield from _plain_faults(role, tools)


def _plain_faults(role: Role, tools: Registry) -> Iterator[UsageError]:
    """What is done without a model's judgement may only read."""
    for number, handle in enumerate(role.handles):
        called = (
            {step.tool for _, step in walk_steps(handle.do, "do") if isinstance(step, Call)} if handle.plain else ()
        )
        for name in sorted(name for name in called if name in tools and tools[name].effect != "read"):
            yield UsageError(
                f"a plain handle only reads, but {name!r} has effects",
                where=f"{role.source}: handles[{number}].plain",
                cure="take `plain: true` away",
            )


def _call_faults(step: Call, tool: Tool, where: str) -> Iterator[UsageError]:
    fields = tool.arguments.model_fields
    for name in step.arguments:
        if name not in fields:
            what = f"tool {tool.name!r} has no argument {name!r}"
            yield UsageError(what, where=f"{where}.with", cure=suggest(name, fields))
    for name, field in fields.items():
        if field.is_required() and name not in step.arguments:
            what = f"tool {tool.name!r} needs the argument {name!r}"
            yield UsageError(what, where=where, cure=f"add `{name}:` to the step's `with:`")


def _mandate_faults(
    directory: CompanyDirectory, settings: Settings, roles: Mapping[str, Role], tools: Registry
) -> Iterator[UsageError]:
    for number, mandate in enumerate(settings.mandates):
        where = f"{directory.config_file}: mandates[{number}]"
        for name in mandate.tools:
            if name not in tools:
                yield _unknown("tool", name, f"{where}.tools", tools)
        for name in mandate.roles:
            if name not in roles:
                yield _unknown("role", name, f"{where}.roles", roles)


def _quorum_faults(directory: CompanyDirectory, settings: Settings, tools: Registry) -> Iterator[UsageError]:
    for number, quorum in enumerate(settings.approvals.quorums):
        for name in quorum.tools:
            if name not in tools:
                yield _unknown("tool", name, f"{directory.config_file}: approvals.quorums[{number}].tools", tools)


def _department_faults(
    directory: CompanyDirectory, settings: Settings, roles: Mapping[str, Role]
) -> Iterator[UsageError]:
    known = {role.department for role in roles.values()}
    for name in settings.budget.departments:
        if name not in known:
            yield _unknown("department", name, f"{directory.config_file}: budget.departments.{name}", known)


def _unknown(kind: str, name: str, where: str, known: Iterable[str]) -> UsageError:
    return UsageError(f"there is no {kind} {name!r}", where=where, cure=suggest(name, known))
