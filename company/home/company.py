"""Opens a company directory: reads it, wires the world's adapters to the ports, returns one frozen `Company`.

A state directory belongs to one world: the seed it was made with is kept, another one is refused. What a run was
started with is its identity, the hash of roles, prompts, tools and settings; a run is not continued under another
identity.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from company import __version__, events
from company.config import Settings, load_settings
from company.defence import Watch
from company.errors import UsageError
from company.events import Draft, Json
from company.home.brought import Points
from company.home.casting import Casting
from company.home.content import Content, load_content
from company.home.desk import SEED_FLAG, company_clock, desk_of
from company.home.directory import CompanyDirectory
from company.home.embedding import EmbedderChoice, choose_embedder
from company.home.opening import open_secrets, open_store
from company.home.reflection import Kept, Reflection
from company.home.reminding import reminded
from company.home.venues import venue_points
from company.llm import Models
from company.memory import Memory, Recalled, VectorMemory
from company.memory.keeping.forgetting import Forgetting, is_pending
from company.memory.keeping.retention import Retention
from company.memory.reflecting import Proposal
from company.newsroom import Newsroom
from company.ports import Clock, NewsFeed, Outbox, Traffic
from company.roles import Role
from company.store import MASTER_KEY_VARIABLE, Approval, ProviderKeys, Records, Redactor, Run, SecretStore, Store
from company.studio import Studio
from company.toolkit import Prompts, Registry
from company.toolkit.lock import read_lock
from company.toolkit.mcp import McpServers
from company.toolkit.worker import Workers
from company.trading import Desk
from company.trading.feeds import DataKeys, Feeds, open_feeds
from company.world import START, PaperNews, PaperOutbox, PaperTraffic, PaperWorld, WallClock

TURNS = 12
"""Earlier messages of a conversation that the CEO sees again."""


@dataclass(frozen=True, slots=True)
class Company:
    """An opened company; close it when done.

    Attributes:
        directory: Where its content lies.
        state: Where its state lies.
        settings: What `company.toml` says.
        roles: Roles by id, the CEO first.
        registry: All tools.
        prompts: All prompt parts.
        store: Journal, effects, approvals, budgets, runs.
        clock: Company time.
        wall: Wall-clock time, in which people answer and money is spent.
        world: The paper world.
        services: Departments and ports by type, for tools.
        models: Chat models by role.
        redactor: Takes keys out of what people, tools and providers say.
        memory: What roles remember; None when switched off.
        seed: Seed of the world.
        identity: Hash of everything that decides how a run goes, with the personas that the role files hold.
        casting: Which version of each persona a run has.
    """

    directory: CompanyDirectory
    state: Path
    settings: Settings
    roles: Mapping[str, Role]
    registry: Registry
    prompts: Prompts
    store: Store
    clock: Clock
    wall: Clock
    world: PaperWorld
    services: Mapping[type, Any]
    models: Models
    redactor: Redactor
    memory: Memory | None
    seed: int
    identity: str
    casting: Casting

    @property
    def chief(self) -> Role:
        """The role that reports to nobody."""
        return next(role for role in self.roles.values() if not role.reports_to)

    def warm(self) -> None:
        """Load what the first run would load anyway: models, memory, market.

        Raises:
            UsageError: A role has no model that can be asked.
        """
        self.models.check()
        if self.memory is not None:
            self.memory.warm()

    def next_time(self, last: datetime | None, *, step: bool) -> datetime:
        """Return company time of the next run, given that of the last one."""
        if self.settings.world.clock == "wall":
            return self.clock.now()
        if last is None:
            return max(START, self.clock.now())
        reached = max(last, self.clock.now())  # time also goes on when nobody is woken
        return reached + self.settings.run.step if step else reached

    def advance_to(self, at: datetime) -> None:
        """Move the paper world to `at`, or settle it where it is when it is there already."""
        if self.settings.world.clock == "virtual" and at > self.clock.now():
            self.world.advance_to(at)
        else:
            self.world.settle()

    async def reconcile(self) -> None:
        """Hold the desk's books against its venues, and tell what happened while nobody looked."""
        journal = self.store.journal

        def tell(name: str, value: Mapping[str, Any]) -> None:
            body = self.redactor.data(events.custom(name, value))
            journal.append([Draft("", "", "desk", "user", body)])

        await self.services[Desk].reconcile(tell)

    async def recall(self, role: Role, query: str, run: Run) -> Sequence[Recalled]:
        """Return what a role is reminded of before it does what `query` says."""
        limit = self.settings.memory.recall
        if self.memory is None or not limit:
            return ()
        return await reminded(self.memory, role, query, run, limit=limit, branch=self.casting.of(run).branch)

    async def reflect(self, run: Run, reports: Sequence[Json], answer: str) -> list[Kept]:
        """Let every role remember what it did, what a person told, and what came of earlier work."""
        if self.memory is None:
            return []
        kept = await self._reflection(self.memory).of_run(run, self.casting.of(run), reports, answer)
        if not run.person:
            self._retain()
        return kept

    async def keep_decisions(self, run: Run, approvals: Sequence[Approval]) -> list[Kept]:
        """Remember what people decided about what a person had asked for."""
        if self.memory is None:
            return []
        return await self._reflection(self.memory).of_decisions(run, self.casting.of(run), approvals)

    async def propose(self, run: Run, role: str, proposals: Sequence[Proposal]) -> list[Kept]:
        """Keep what a model concludes from a run as proposals."""
        if self.memory is None:
            return []
        return await self._reflection(self.memory).propose(run, self.casting.of(run), role, proposals)

    def _retain(self) -> None:
        """Archive what is old and unused, once on a company day."""
        if isinstance(self.memory, VectorMemory):
            rules = self.settings.memory.retention
            Retention(self.memory.records, self.memory.past, rules, self.clock).once_a_day()

    def _reflection(self, memory: Memory) -> Reflection:
        return Reflection(
            memory=memory,
            store=self.store,
            roles=self.roles,
            chief=self.chief,
            services=self.services,
            said_before=self._said_before,
        )

    def _said_before(self, run: Run) -> list[str]:
        """Return what the person said in the run's conversation before it, oldest first."""
        before = self.store.journal.conversation(run.thread_id, before=run.id, limit=TURNS) if run.thread_id else []
        return [message["content"] for message in before if message["role"] == "user"]

    def conversation(self, run: Run) -> list[Json]:
        """Return the last messages of the run's conversation before it, oldest first.

        Each answer names in `sources` the documents of strangers that the CEO had read when it gave it; one of a
        version that kept none, or of a run that failed, names itself.
        """
        if not run.thread_id:
            return []
        messages = self.store.journal.conversation(run.thread_id, before=run.id, limit=TURNS)
        return [message | {"sources": self._sources(message)} for message in messages]

    def _sources(self, message: Json) -> list[str]:
        if message["role"] == "user":
            return []
        kept: list[str] = self.store.runs.get(message["run"]).outcome.get("sources", [f"answer of {message['run']}"])
        return kept

    def close(self) -> None:
        """Close every file and connection, and end every process that was started."""
        self.services[Workers].close()
        self.services[McpServers].close()
        if self.memory is not None:
            self.memory.close()
        self.store.close()


def open_company(
    directory: CompanyDirectory, state: Path, *, environment: Mapping[str, str], seed: int | None = None
) -> Company:
    """Open a company.

    Args:
        directory: Its content.
        state: Its state; made when missing.
        environment: Environment of the process: which directories are trusted, keys of providers.
        seed: Seed of the paper world; default: the one the state was made with, else the settings'.

    Raises:
        UsageError: A file of the company is wrong, or the state belongs to another world.
    """
    settings = load_settings(directory.config_file)
    content = load_content(directory, settings, environment)
    points = venue_points(directory, settings, environment)
    clock = company_clock(settings)
    store = open_store(state, clock)
    try:
        chosen = _seed(store, settings, seed)
        world = PaperWorld(seed=chosen, books=store.books("world"), clock=clock)
        secrets = open_secrets(state, store, environment)
        keys, redactor = _keys(secrets, settings, environment)
        choice = choose_embedder(settings, state, environment, store=store, keys=keys, redactor=redactor)
        memory = _memory(state, settings, clock, choice)
        _finish_forgetting(state, store, memory, clock)
    except BaseException:
        store.close()
        raise
    return Company(
        directory=directory,
        state=state,
        settings=settings,
        roles=content.roles,
        registry=content.tools,
        prompts=content.prompts,
        store=store,
        clock=clock,
        wall=WallClock(),
        world=world,
        services={
            **_services(store, settings, world, clock, memory, chosen, secrets, state, points),
            Feeds: _feeds(settings, directory, world, clock, DataKeys(environment, secrets)),
            McpServers: _servers(settings, directory, state, environment, store, secrets, redactor),
            Workers: Workers(state=state, secrets=secrets, closed_to=[directory.root]),
        },
        models=Models(settings=settings, roles=content.roles, keys=keys, kinds=content.kinds),
        redactor=redactor,
        memory=memory,
        seed=chosen,
        identity=fingerprint(identity_parts(content, settings)),
        casting=Casting.open(
            store, content.roles, lambda roles: fingerprint(identity_parts(replace(content, roles=roles), settings))
        ),
    )


def open_redactor(state: Path, store: Store, settings: Settings, environment: Mapping[str, str]) -> Redactor:
    """Return what takes the home's keys out of texts, for a command that does not open the whole company."""
    return _keys(open_secrets(state, store, environment), settings, environment)[1]


def _keys(secrets: SecretStore, settings: Settings, environment: Mapping[str, str]) -> tuple[ProviderKeys, Redactor]:
    keys = ProviderKeys(environment, settings.providers, secrets)
    master = {MASTER_KEY_VARIABLE: environment.get(MASTER_KEY_VARIABLE, "")}
    return keys, Redactor(keys.values, DataKeys(environment, secrets).values, secrets.values, lambda: master)


def _seed(store: Store, settings: Settings, seed: int | None) -> int:
    with store.transaction():
        kept = store.flags.get(SEED_FLAG)
        if kept is None:
            kept = str(settings.run.seed if seed is None else seed)
            store.flags.set(SEED_FLAG, kept)
    if seed is not None and seed != int(kept):
        raise UsageError(
            f"the world of this home has seed {kept}, not {seed}", where="--seed", cure="choose another --home for it"
        )
    return int(kept)


def _memory(state: Path, settings: Settings, clock: Clock, choice: EmbedderChoice) -> VectorMemory | None:
    if not settings.memory.enabled:
        return None
    return VectorMemory(directory=state, clock=clock, embedder=choice.embedder, setup=choice.setup)


def _finish_forgetting(state: Path, store: Store, memory: VectorMemory | None, clock: Clock) -> None:
    """Finish an erasure that a process before this one began and did not live to finish."""
    if is_pending(state):
        kept = memory or VectorMemory(directory=state, clock=clock, embedder=None)
        Forgetting(state, store, kept.records, kept.similarity, clock).finish()


def _services(
    store: Store,
    settings: Settings,
    world: PaperWorld,
    clock: Clock,
    memory: Memory | None,
    seed: int,
    secrets: SecretStore,
    state: Path,
    points: Points,
) -> dict[type, Any]:
    """Wire adapters to ports and ports to departments."""
    books = store.books("world")
    feed = PaperNews(seed=seed, clock=clock, shocks=world.market.shocks)
    traffic = PaperTraffic(seed=seed, clock=clock, books=books)
    outbox = PaperOutbox(seed=seed, clock=clock, books=books)
    services: dict[type, Any] = {
        Desk: desk_of(store, settings, world, clock, secrets, state, points),
        Newsroom: Newsroom(feed=feed, clock=clock, books=store.books("newsroom")),
        Watch: Watch(traffic=traffic, clock=clock, books=store.books("defence")),
        Studio: Studio(outbox=outbox, clock=clock, books=store.books("studio")),
        Records: Records(
            store, day_usd=settings.budget.day_usd, month_usd=settings.budget.month_usd, now=WallClock().now
        ),
        NewsFeed: feed,
        Traffic: traffic,
        Outbox: outbox,
    }
    return services | ({Memory: memory} if memory else {})


def _feeds(settings: Settings, directory: CompanyDirectory, world: PaperWorld, clock: Clock, keys: DataKeys) -> Feeds:
    paper = next(iter(world.venues.values()))
    return open_feeds(settings.data, paper=paper, clock=clock, wall=WallClock(), keys=keys, root=directory.root)


def _servers(
    settings: Settings,
    directory: CompanyDirectory,
    state: Path,
    environment: Mapping[str, str],
    store: Store,
    secrets: SecretStore,
    redactor: Redactor,
) -> McpServers:
    """Return the MCP servers that tools of theirs are called through; none is started or reached before a call."""

    def tell(name: str, value: Mapping[str, Any]) -> None:
        store.journal.append([Draft("", "", "company", "user", redactor.data(events.custom(name, value)))])

    return McpServers(
        settings.mcp,
        secrets,
        read_lock(directory.root),
        environment=environment,
        root=directory.root,
        state=state,
        tell=tell,
    )


def identity_parts(content: Content, settings: Settings) -> dict[str, Any]:
    """Return everything that decides how a run goes, by part: version, settings, roles, prompts and tools."""
    return {
        "version": __version__,
        "settings": settings.model_dump_json(exclude={"telemetry", "server", "notifiers"}),
        "roles": {role.id: role.model_dump_json(exclude={"source"}, by_alias=True) for role in content.roles.values()},
        "prompts": {prompt.name: prompt.hash for prompt in content.prompts.values()},
        "tools": {tool.name: tool.schema for tool in content.tools.values()},
    }


def fingerprint(part: Any) -> str:
    """Return the SHA-256 of JSON data, hex; the order of its keys does not count."""
    return hashlib.sha256(json.dumps(part, sort_keys=True, default=str).encode()).hexdigest()
