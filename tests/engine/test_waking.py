"""Zero-token idle: who works is decided by code, a quiet week costs nothing, and no event is lost."""

import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from company.defence import Watch
from company.engine import Engine, halt, release, said
from company.events import Event
from company.home import bundled_directory, find_directory, open_company, trust
from company.newsroom import Newsroom
from company.ports import Json, NewsFeed, Outbox, Traffic
from company.store import Run, Store
from company.studio import Studio
from company.trading import Desk, RiskLimits
from company.world import START, MemoryBooks, PaperNews, PaperOutbox, PaperWorld, VirtualClock

WEEK = 168
HOUR = timedelta(hours=1)
EVERYBODY = ["content", "operations", "research", "scribe", "security", "trading", "treasurer"]

MORE_ROLES = {
    "treasurer": "[orders, health]",
    "scribe": "[approvals]",
}
UNREACHABLE = """
[models.roles]
content = "nobody:m"

[providers.nobody]
kind = "openai"
base_url = "http://127.0.0.1:9/v1"
free = true
attempts = 1
"""
ROLE = """---
id: {name}
title: {name}
reports_to: ceo
summary: Keeps count.
tools: [company_report]
wakes: {{by: {signals}}}
playbook:
  - call: company_report
    as: work
  - report: "{{{{ work.cycles }}}} cycles."
---
You count.
"""


class WrittenLog:
    """An access log that a test writes."""

    def __init__(self) -> None:
        self.log: list[tuple[datetime, str]] = []

    async def lines(self, since: datetime, until: datetime) -> Sequence[str]:
        return [line for at, line in self.log if since < at <= until]

    async def block(self, address: str, key: str) -> Json:
        return {"address": address, "key": key, "at": START.isoformat()}

    async def blocked(self) -> Sequence[str]:
        return []

    def attack(self, at: datetime) -> None:
        request = '"GET /search?q=1%27+OR+%271%27%3D%271 HTTP/1.1" 200 99 "-" "curl/8"'
        self.log.append((at, f"5.4.3.2 - - [{at:%d/%b/%Y:%H:%M:%S} +0000] {request}"))


class Outside:
    """A world in which nothing happens unless a test lets it: each part has a clock of its own, which stands still."""

    def __init__(self) -> None:
        self.market = PaperWorld(seed=7, books=MemoryBooks(), clock=VirtualClock(START))
        self.press, self.post = VirtualClock(START), VirtualClock(START)
        self.log = WrittenLog()

    def services(self, clock: VirtualClock, store: Store) -> dict[type, Any]:
        feed = PaperNews(seed=7, clock=self.press, shocks=self.market.market.shocks)
        outbox = PaperOutbox(seed=7, clock=self.post, books=store.books("world"))
        return {
            Desk: Desk(venues=self.market.venues, clock=clock, books=store.books("trading"), limits=RiskLimits()),
            Newsroom: Newsroom(feed=feed, clock=clock, books=store.books("newsroom")),
            Watch: Watch(traffic=self.log, clock=clock, books=store.books("defence")),
            Studio: Studio(outbox=outbox, clock=clock, books=store.books("studio")),
            NewsFeed: feed,
            Outbox: outbox,
            Traffic: self.log,
        }


class Quiet:
    """A company of eight in a quiet world."""

    def __init__(self, engine: Engine, outside: Outside) -> None:
        self.engine, self.outside = engine, outside
        self.company, self.store = engine.company, engine.company.store

    async def ticks(self, count: int) -> list[Run]:
        """Let time go on and do the work that comes up; return the cycles."""
        done = []
        async for run in self.engine.ticks(count):
            if run is not None:
                done.append(await self.engine.advance(run.id))
        return done

    async def settle(self) -> None:
        """Let everybody work once, and forget what the first cycle left behind."""
        runs = await self.ticks(2)
        assert [run.number for run in runs] == [1]

    def woken(self, run: Run) -> dict[str, list[str]]:
        return dict(self.engine.waking.reasons(run))

    def since(self, seq: int) -> list[Event]:
        return self.store.journal.read(after=seq)


@pytest.fixture
def outside() -> Outside:
    return Outside()


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """The default roles and two more, without memory."""
    root = tmp_path / "acme"
    shutil.copytree(bundled_directory() / "roles", root / "roles")
    for name, signals in MORE_ROLES.items():
        (root / "roles" / f"{name}.md").write_text(ROLE.format(name=name, signals=signals))
    (root / "company.toml").write_text("[memory]\nenabled = false\n")
    return trust(root, os.environ)


@pytest.fixture
def quiet(directory: Path, outside: Outside, tmp_path: Path) -> Callable[[], Any]:
    """Open the company: `with quiet() as house`; a second time as after a restart."""

    @contextmanager
    def _quiet() -> Iterator[Quiet]:
        state = tmp_path / "home"
        state.mkdir(exist_ok=True)
        company = open_company(find_directory(directory, Path.cwd()), state, environment=os.environ)
        assert isinstance(company.clock, VirtualClock)
        services = {**company.services, **outside.services(company.clock, company.store)}
        engine = Engine(replace(company, services=services))
        try:
            yield Quiet(engine, outside)
        finally:
            engine.close()
            company.close()

    return _quiet


async def test_the_first_cycle_of_a_home_wakes_everybody(quiet: Callable[[], Any]) -> None:
    with quiet() as house:
        [run] = await house.ticks(1)

        assert sorted(house.woken(run)) == EVERYBODY
        assert run.as_of == START


async def test_a_quiet_week_makes_no_model_call_and_one_row(quiet: Callable[[], Any]) -> None:
    with quiet() as house:
        await house.ticks(1)
        before = house.store.journal.last_seq()

        assert await house.ticks(WEEK) == []

        written = house.since(before)
        assert [event.type for event in written] == ["company.idle"]
        assert written[0].body["value"]["since"] == (START + HOUR).isoformat()
        assert house.company.clock.now() == START + WEEK * HOUR


def _letter(house: Quiet) -> None:
    house.outside.post.advance_to(START + timedelta(hours=20))


def _attack(house: Quiet) -> None:
    house.outside.log.attack(house.company.clock.now() + timedelta(minutes=30))


def _price_jump(house: Quiet) -> None:
    house.outside.market.advance_to(START + timedelta(days=2))


def _news(house: Quiet) -> None:
    house.outside.press.advance_to(START + timedelta(hours=12))


def _due_post(house: Quiet) -> None:
    studio: Studio = house.company.services[Studio]
    draft = studio.draft("A calm week.", "blog", "the week", "content", key="d")
    assert studio.review(draft.id).ok
    studio.schedule(draft.id, house.company.clock.now() + HOUR, "s")


async def test_the_paper_world_wakes_roles_by_itself(opened: Callable[..., Any], tmp_path: Path) -> None:
    with opened(tmp_path / "home") as engine:
        house = Quiet(engine, Outside())
        runs = await house.ticks(5)

        woken = {role for run in runs[1:] for role in house.woken(run)}
        assert {"security", "research"} <= woken
        assert "operations" not in woken


def _failed_run(house: Quiet) -> None:
    run = house.engine.start("chat", request="hello", person="ann", thread_id="T1")
    house.store.runs.set_status(run.id, "failed", {"error": "no"})


@pytest.mark.parametrize(
    ("happens", "role", "reason"),
    [
        (_letter, "content", "new letter"),
        (_attack, "security", "sql injection in the web traffic"),
        (_price_jump, "trading", "% since"),
        (_news, "research", "new items in the news"),
        (_due_post, "content", "is due"),
    ],
)
async def test_one_event_wakes_only_the_concerned_role_and_then_it_is_quiet_again(
    quiet: Callable[[], Any], happens: Callable[[Quiet], None], role: str, reason: str
) -> None:
    with quiet() as house:
        await house.settle()
        happens(house)

        [run] = await house.ticks(1)
        before = house.store.journal.last_seq()

        assert list(house.woken(run)) == [role]
        assert reason in house.woken(run)[role][0]
        worked = house.store.journal.read(run_id=run.id, types={"SUBAGENT_STARTED"})
        assert [event.body["name"] for event in worked] == [role]
        assert await house.ticks(24) == []
        assert [event.type for event in house.since(before)] == ["company.idle"]


async def test_a_failure_wakes_everybody_who_waits_for_trouble_and_nobody_else(quiet: Callable[[], Any]) -> None:
    with quiet() as house:
        await house.settle()
        _failed_run(house)

        [run] = await house.ticks(1)

        assert sorted(house.woken(run)) == ["operations", "treasurer"]
        assert await house.ticks(5) == []


async def test_a_decision_wakes_the_role_that_asked(quiet: Callable[[], Any]) -> None:
    with quiet() as house:
        await house.settle()
        [asked] = [approval for approval in house.store.approvals.open() if approval.role == "content"]
        await house.engine.decide(asked.id, approved=False, by="ann")

        [run] = await house.ticks(1)

        assert house.woken(run) == {"content": [f"ann decided about {asked.id} (publish_post)"]}
        assert await house.ticks(5) == []


async def test_an_order_that_fills_wakes_who_waits_for_orders(quiet: Callable[[], Any]) -> None:
    with quiet() as house:
        await house.settle()
        desk: Desk = house.company.services[Desk]
        ticker = await desk.ticker("BTC/USDT")
        price = ticker.best_bid * Decimal("0.9999")
        await desk.place("BTC/USDT", "buy", "0.001", key="k", reason="test", type="limit", price=price)
        assert await house.ticks(1) == []
        for venue in house.outside.market.venues.values():
            for order in await venue.fetch_open_orders():
                await venue.cancel_order(order["id"], order["symbol"])

        [run] = await house.ticks(1)

        assert sorted(house.woken(run)) == ["trading", "treasurer"]
        assert "0.001 BTC/USDT" in house.woken(run)["treasurer"][0]
        assert await house.ticks(5) == []


async def test_what_a_role_was_woken_for_while_its_model_could_not_be_asked_wakes_it_again(
    quiet: Callable[[], Any], directory: Path
) -> None:
    settings = directory / "company.toml"
    healthy = settings.read_text()
    settings.write_text(healthy + UNREACHABLE)
    with quiet() as house:
        runs = await house.ticks(2)
        assert [list(house.woken(run)) for run in runs] == [EVERYBODY, ["content"]]
    settings.write_text(healthy)
    with quiet() as house:
        [run] = await house.ticks(3)
        assert list(house.woken(run)) == ["content"]


async def test_a_restart_in_the_middle_of_a_rest_writes_no_second_row_and_time_goes_on(
    quiet: Callable[[], Any],
) -> None:
    with quiet() as house:
        await house.ticks(1)
        before = house.store.journal.last_seq()
        await house.ticks(3)
    with quiet() as house:
        await house.ticks(3)

        assert [event.type for event in house.since(before)] == ["company.idle"]
        assert house.company.clock.now() == START + 6 * HOUR
        assert house.engine.waking.asleep_since == START + HOUR


async def test_a_rest_ends_with_work_and_begins_again_with_a_row_of_its_own(quiet: Callable[[], Any]) -> None:
    with quiet() as house:
        await house.settle()
        _letter(house)
        await house.ticks(1)
        assert house.engine.waking.asleep_since is None
        await house.ticks(4)

        idle = house.store.journal.read(types={"company.idle"})
        assert [event.body["value"]["since"] for event in idle] == [
            (START + HOUR).isoformat(),
            (START + 3 * HOUR).isoformat(),
        ]


async def test_a_cycle_that_a_person_asks_for_ends_the_rest_and_comes_later_than_it(quiet: Callable[[], Any]) -> None:
    with quiet() as house:
        await house.settle()
        run = house.engine.start("cycle")

        assert house.woken(run) == {}
        assert run.as_of == START + 2 * HOUR
        assert house.engine.waking.asleep_since is None


async def test_a_crash_after_the_decision_does_not_lose_the_event(quiet: Callable[[], Any]) -> None:
    with quiet() as house:
        await house.settle()
        _attack(house)
        [run] = [run async for run in house.engine.ticks(1)]  # the process ends before anybody works
        assert run is not None
    with quiet() as house:
        [finished] = await house.engine.sweep()

        assert finished.id == run.id
        assert list(house.woken(finished)) == ["security"]
        assert [alert.kind for alert in house.company.services[Watch].alerts()] == ["sql_injection"]
        assert await house.ticks(3) == []


async def test_a_crash_before_the_run_is_written_down_does_not_lose_the_event(quiet: Callable[[], Any]) -> None:
    with quiet() as house:
        await house.settle()
        _letter(house)
        assert (await house.engine.waking.decide()) is not None
    with quiet() as house:
        [run] = await house.ticks(1)

        assert list(house.woken(run)) == ["content"]


async def test_what_a_stopped_run_was_woken_for_wakes_again(quiet: Callable[[], Any]) -> None:
    with quiet() as house:
        await house.settle()
        _letter(house)
        async for run in house.engine.ticks(1):
            await house.engine.cancel(run.id, by="ann")

        [again] = await house.ticks(1)

        assert list(house.woken(again)) == ["content"]


async def test_what_a_run_was_woken_for_that_was_killed_and_ended_by_the_stop_wakes_again(
    quiet: Callable[[], Any],
) -> None:
    with quiet() as house:
        await house.settle()
        _letter(house)
        [killed] = [run async for run in house.engine.ticks(1)]  # its process ends before anybody works
    with quiet() as house:
        workers = house.engine.workers()
        halt(house.store, "ann: drill")
        await house.engine.enforce_stop(workers, by="ann", reason="drill")
        release(house.store, "ann: it is over")

        [again] = await house.ticks(1)

        assert house.store.runs.get(killed.id).status == "stopped"
        assert [row.data for row in house.store.recordings.of_run(killed.id)] == [{"reason": said("ann", "drill")}]
        assert list(house.woken(again)) == ["content"]


async def test_a_run_that_is_under_way_is_not_woken_for_twice(quiet: Callable[[], Any]) -> None:
    with quiet() as house:
        await house.settle()
        _letter(house)

        assert [run is not None async for run in house.engine.ticks(3)] == [True, False, False]


async def test_the_ceo_answers_and_its_planning_model_is_not_asked(quiet: Callable[[], Any]) -> None:
    with quiet() as house:
        await house.settle()
        _letter(house)
        [run] = await house.ticks(1)

        costs = house.store.journal.read(run_id=run.id, types={"cost"})
        assert [event.agent for event in costs][-1:] == ["ceo"]
        assert sum(event.agent == "ceo" for event in costs) == 1
        assert run.outcome["answer"].startswith("Cycle 2 is done, 1 roles reported")


async def test_a_deadline_wakes_a_role_that_nothing_else_wakes(quiet: Callable[[], Any], directory: Path) -> None:
    scribe = directory / "roles" / "scribe.md"
    scribe.write_text(scribe.read_text().replace("wakes: {by: [approvals]}", "wakes: {every: 24h}"))
    with quiet() as house:
        await house.ticks(1)

        runs = await house.ticks(50)

        assert [(run.as_of - START) / HOUR for run in runs] == [24, 48]
        assert house.woken(runs[0]) == {"scribe": ["it last worked at 2026-01-31 00:00"]}
