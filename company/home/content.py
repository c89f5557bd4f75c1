"""What a company directory holds: its roles, tools and prompts, read together and checked against each other.

Each kind is checked for itself where it is read. Here it is checked that they fit: every tool a role is granted or a
mandate or a quorum covers exists, every playbook calls its tools with arguments they have, every mandate names roles
there are, every department that is given a budget has a role, every provider is of a kind there is.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from importlib.metadata import EntryPoint
from itertools import chain
from types import MappingProxyType

from company.config import McpSettings, Settings, suggest
from company.errors import UsageError
from company.home.directory import CompanyDirectory
from company.home.hiring import packages_of, roles_of
from company.home.kinds import kind_faults, kinds_of
from company.home.trusting import require_trust
from company.llm import check_playbooks
from company.roles import Call, Role, walk_steps
from company.toolkit import Prompts, Registry, Tool, load_prompts, load_tools
from company.toolkit.lock import Lock, read_lock
from company.toolkit.packages import unconfirmed


@dataclass(frozen=True, slots=True)
class Content:
    """The content of a company directory.

    Attributes:
        roles: Roles by id, the one at the top first.
        tools: Every tool, the bundled ones included.
        prompts: Every prompt, the bundled ones included.
        packages: The packages that hired roles come from, by id of the role.
        kinds: Kinds of model providers that confirmed packages bring.
    """

    roles: Mapping[str, Role]
    tools: Registry
    prompts: Prompts
    packages: Mapping[str, str] = field(default_factory=dict)
    kinds: Mapping[str, EntryPoint] = field(default_factory=dict)


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
    lock = read_lock(directory.root)
    own_prompts = None if directory.is_default else directory.prompts
    roles = roles_of(directory, lock, settings.company.hires)
    kinds = kinds_of(directory, lock)
    check_playbooks(roles.values())
    tools = tools_of(directory, lock, settings.mcp)
    prompts = load_prompts(directory.bundled / "prompts", own_prompts, lock=lock)
    faults = chain(
        _role_faults(directory, settings, roles.values(), tools),
        _mandate_faults(directory, settings, roles, tools),
        _quorum_faults(directory, settings, tools),
        _department_faults(directory, settings, roles),
        kind_faults(directory, settings, kinds),
    )
    if fault := next(faults, None):
        raise fault
    return Content(MappingProxyType(roles), tools, prompts, packages_of(directory, lock, roles), kinds)


def tools_of(
    directory: CompanyDirectory, lock: Lock, servers: Mapping[str, McpSettings] = MappingProxyType({})
) -> Registry:
    """Load a company's tools: files, and what a person confirmed.

    Args:
        directory: The company.
        lock: What was confirmed.
        servers: The MCP servers that it names.

    Raises:
        UsageError: As `load_tools`, or a section lists a tool of a server that was not confirmed.
    """
    own = None if directory.is_default else directory.tools
    return load_tools(directory.bundled / "tools", own, lock=lock, others=_of_servers(servers, lock))


def _of_servers(servers: Mapping[str, McpSettings], lock: Lock) -> list[Tool]:
    if not servers:
        return []
    from company.toolkit.mcp.mapping import server_tools

    return server_tools(servers, lock)


def _role_faults(
    directory: CompanyDirectory, settings: Settings, roles: Iterable[Role], tools: Registry
) -> Iterator[UsageError]:
    for role in roles:
        for name in role.tools:
            if name not in tools:
                yield _unknown("tool", name, f"{role.source}: tools", tools, hint=_hint(directory, settings))
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
        known = [tools[name] for name in sorted(called) if name in tools]
        for name in (tool.name for tool in known if tool.effect != "read" or tool.asks):
            yield UsageError(
                f"a plain handle only reads, but {name!r} has effects, or asks a person",
                where=f"{role.source}: handles[{number}].plain",
                cure="take `plain: true` away",
            )


def _call_faults(step: Call, tool: Tool, where: str) -> Iterator[UsageError]:
    parameters = tool.schema["parameters"]
    fields = parameters.get("properties", {})
    for name in step.arguments:
        if name not in fields and not parameters.get("additionalProperties", False):
            what = f"tool {tool.name!r} has no argument {name!r}"
            yield UsageError(what, where=f"{where}.with", cure=suggest(name, fields))
    for name in parameters.get("required", ()):
        if name not in step.arguments:
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


def _unknown(kind: str, name: str, where: str, known: Iterable[str], *, hint: str = "") -> UsageError:
    return UsageError(f"there is no {kind} {name!r}", where=where, cure=suggest(name, known) + hint)


def _hint(directory: CompanyDirectory, settings: Settings) -> str:
    """Say what waits for a person's word, as the end of a sentence; empty when nothing does."""
    names = waiting(directory, settings)
    return f"; not confirmed yet: {', '.join(names)} (company plugins confirm {names[0]})" if names else ""


def waiting(directory: CompanyDirectory, settings: Settings) -> list[str]:
    """Return the installed packages and configured servers that nobody confirmed, and that are therefore not used.

    Raises:
        UsageError: The lock cannot be read.
    """
    known = read_lock(directory.root).servers
    return [*unconfirmed(directory.root), *(name for name in settings.mcp if name not in known)]
