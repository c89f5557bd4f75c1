"""One role that asks a local server through the governor's door, without a whole company around it."""

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from company.config import BudgetSettings, Settings
from company.events import Event, Json
from company.governor import Allowance, Scope, Thinking, Thought
from company.llm import Models, conversation
from company.llm.circuit import Circuit
from company.roles import Limits, Role
from company.roles.steps import Say
from company.store import Store
from company.world import VirtualClock
from tests.providers.companies import KEY, PROVIDERS
from tests.wire import WireServer
from tests.wire.script import Script

START = datetime(2026, 3, 2, 12, tzinfo=UTC)
DOORS = ("chat", "responses", "anthropic", "ollama")
"""The wire formats that the providers themselves speak."""
TASK = {"role": "trading", "task": "Look.", "standing": True}
QUESTION = [conversation.system("You trade."), conversation.human("How are we doing?", assignment=TASK)]
LOOK: Json = {
    "name": "look",
    "description": "Look at one price.",
    "parameters": {"type": "object", "properties": {"symbol": {"type": "string"}}, "required": ["symbol"]},
}


class Still(random.Random):
    """No jitter: a wait is what was asked for, and a back-off is nothing."""

    def uniform(self, a: float, b: float) -> float:
        return a


class Watch:
    """Seconds that a test moves."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@dataclass(frozen=True, slots=True)
class Keys:
    """Keys of providers by name."""

    known: Mapping[str, str]

    def get(self, provider: str) -> str | None:
        return self.known.get(provider)

    def origin(self, provider: str) -> str | None:
        return "environment" if provider in self.known else None


def trader(id: str = "trading", title: str = "Trader") -> Role:
    """Return a role of the smart tier whose playbook has one sentence."""
    return Role(
        id=id,
        title=title,
        reports_to="ceo",
        summary="Trades.",
        tools=(),
        limits=Limits(),
        model="smart",
        persona="You trade.",
        playbook=(Say(report="By the playbook."),),
        source="test",
    )


@dataclass
class Desk:
    """A role, its models, and the store in which everything they do is written down.

    Attributes:
        store: Journal and budgets.
        thinking: What is tested.
        models: The minds, made by settings.
        role: Who asks.
    """

    store: Store
    thinking: Thinking
    models: Models
    role: Role
    run: Any = field(init=False)

    def __post_init__(self) -> None:
        self.run = self.store.runs.create(
            kind="cycle", thread_id="T1", request="", person="", number=1, as_of=START, seed=7, identity="i"
        )

    async def ask(
        self,
        talk: Sequence[Json] = QUESTION,
        *,
        tools: Sequence[Json] = (),
        message_id: str = "m1",
        role: Role | None = None,
    ) -> Thought:
        """Ask the role's models for one answer."""
        asker = role or self.role
        scope, minds = Scope(self.run, asker, f"ceo/{asker.id}"), self.models.minds(asker)
        return await self.thinking.think(scope, minds, talk, message_id=message_id, tools=tools)

    def values(self, name: str) -> list[Json]:
        """Return the values of the company's own events of that name."""
        return [event.body["value"] for event in self.store.journal.read(types=[name])]

    @property
    def heard(self) -> list[str]:
        """What a person sees: the messages that were not withdrawn."""
        return list(standing(self.store.journal.read()).values())

    @property
    def unpaid(self) -> int:
        """How many reservations were left behind."""
        return self.store.budgets.release_run(self.run.id)

    @property
    def spent(self) -> Decimal:
        """What the budget says was spent."""
        return self.store.budgets.used_by_run(self.run.id).usd or Decimal(0)


def standing(events: Sequence[Event]) -> dict[str, str]:
    """Return the words of each message, by its id, without those that were withdrawn; every one of them was ended."""
    said: dict[str, str] = {}
    open_: set[str] = set()
    for event in events:
        match event.type:
            case "TEXT_MESSAGE_START":
                assert event.body["messageId"] not in said
                said[event.body["messageId"]] = ""
                open_.add(event.body["messageId"])
            case "TEXT_MESSAGE_CONTENT":
                said[event.body["messageId"]] += event.body["delta"]
            case "TEXT_MESSAGE_END":
                open_.remove(event.body["messageId"])
            case "message.withdrawn":
                assert event.body["value"]["messageId"] not in open_
                del said[event.body["value"]["messageId"]]
    assert not open_
    return said


def provider_section(door: str, url: str, **more: Any) -> Json:
    """Return `[providers.NAME]` of a wire format as data."""
    api = {"api": "responses"} if door == "responses" else {}
    return {"base_url": f"{url}{PROVIDERS[door].path}", **api, **more}


@contextmanager
def desk(
    directory: Path,
    chain: Sequence[str],
    providers: Mapping[str, Json],
    *,
    facts: Mapping[str, Json] | None = None,
    keys: Sequence[str] = ("openai", "anthropic"),
    budget: BudgetSettings | None = None,
    circuits: Callable[[], Circuit] = Circuit,
    roles: Sequence[Role] = (),
) -> Iterator[Desk]:
    """Open a desk.

    Args:
        directory: Where its database is put.
        chain: The models of the smart tier.
        providers: `[providers]` by name.
        facts: `[models.facts]` by model.
        keys: Providers that have a key.
        budget: What may be spent.
        circuits: Makes the circuit breakers.
        roles: Who works there; one trader when left out.
    """
    staff = roles or (trader(),)
    settings = Settings.model_validate({"models": {"smart": list(chain), "facts": facts or {}}, "providers": providers})
    models = Models(
        settings=settings,
        roles={role.id: role for role in staff},
        keys=Keys(dict.fromkeys(keys, KEY)),  # type: ignore[arg-type]
    )
    store = Store.open(directory / "state.db", now=lambda: START)
    thinking = Thinking(
        store=store,
        allowance=Allowance(budgets=store.budgets, limits=budget or BudgetSettings()),
        clock=VirtualClock(START),
        gates=models.gate,
        circuits=circuits,
        jitter=Still(),
    )
    try:
        yield Desk(store, thinking, models, staff[0])
    finally:
        store.close()


@contextmanager
def desk_at(
    directory: Path, door: str, script: Script, *, budget: BudgetSettings | None = None, **settings: Any
) -> Iterator[tuple[Desk, WireServer]]:
    """Open a server, and a desk whose one model answers there, for one and two dollars a million tokens.

    Args:
        directory: Where the desk's database is put.
        door: The wire format.
        script: What the server answers.
        budget: What may be spent.
        settings: Further settings of the provider.
    """
    provider = PROVIDERS[door]
    facts = {provider.id: {"context": 128_000, "price_in": Decimal(1), "price_out": Decimal(2)}}
    with WireServer(script) as server:
        sections = {provider.name: provider_section(door, server.url, **settings)}
        with desk(directory, [provider.id], sections, facts=facts, budget=budget) as opened:
            yield opened, server


def bill(costs: Sequence[Json]) -> Decimal:
    """Return what the tokens of cost events come to at that price."""
    return Decimal(sum(cost["inputTokens"] + 2 * cost["outputTokens"] for cost in costs)) / 1_000_000


CHIEF = """
---
id: ceo
title: Chief
summary: Leads.
playbook:
  - delegate: all
    task: Do your work.
    standing: true
  - answer: "{% for r in reports.values() %}{{ r.title }}: {{ r.summary }} {% endfor %}"
---
You lead.
"""
CLERK = """
---
id: {id}
title: {title}
reports_to: ceo
summary: Keeps notes.
tools: [look, note]
playbook:
  - call: note
    with: {{text: by the playbook}}
  - report: "{title} kept a note."
---
You keep notes.
"""
TOOLS = '''
"""Notes in a file beside the tools."""

from pathlib import Path

from company import Context, tool

NOTES = Path(__file__).parent.parent / "notes.txt"


@tool(effect="read")
async def look(symbol: str) -> str:
    """Look at one price.

    Args:
        symbol: Which.
    """
    return f"{symbol} costs 5"


@tool(effect="write", idempotent=True)
async def note(text: str, context: Context, copies: int = 1) -> str:
    """Keep a note.

    Args:
        text: What.
        copies: How often.
    """
    with NOTES.open("a") as file:
        file.write(f"{text}\\n" * copies)
    return text
'''


def small_company(chain: Sequence[str], providers: str, roles: Sequence[str] = ("clerk",)) -> Mapping[str, str]:
    """Return the files of a company whose roles keep notes in `notes.txt`.

    Args:
        chain: The models of every tier.
        providers: TOML of `[providers.*]` and what else there is to say.
        roles: Ids of the roles below the chief.
    """
    tiers = "\n".join(f"{tier} = {list(chain)}" for tier in ("fast", "smart", "deep"))
    files = {
        "company.toml": f"[memory]\nenabled = false\n[models]\n{tiers}\n{providers}\n",
        "roles/ceo.md": CHIEF,
        "tools/notes.py": TOOLS,
    }
    return files | {f"roles/{name}.md": CLERK.format(id=name, title=name.title()) for name in roles}


def section(door: str, url: str, *lines: str, name: str = "") -> str:
    """Return `[providers.NAME]` of a wire format as TOML."""
    known = provider_section(door, url)
    text = "\n".join(f'{key} = "{value}"' for key, value in known.items())
    return "\n".join([f"[providers.{name or PROVIDERS[door].name}]", text, *lines])
