"""The roles at work: what each is doing, what it handed in last, what its models took today."""

from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter

from company.engine import Engine
from company.governor import COMPANY, all_holds
from company.home import Company
from company.roles import CLAIMED, Role
from company.server.faults import Refusal
from company.server.native.routing import RoleId, Routes, limit
from company.server.native.runs import ReportView
from company.server.native.views import Money, View
from company.store import FINISHED, CostRow, Lane, Lanes, Run, Tally

CHIEF_PATH = "ceo"
"""Agent path of the role at the top, whatever its id."""

SHOWN = 400
"""Characters of an answer that stand for it in a list."""

Activity = Literal["idle", "working", "waiting", "held"]


class Spent(View):
    """What model calls took."""

    usd: Money
    tokens: int
    calls: int


class AgentView(View):
    """A role at work.

    Attributes:
        reports_to: RoleId of the role above; empty at the top.
        state: `held` when it went in circles and a person has to let it go on; else `working` in a run under way; else
            `waiting` when something it asked waits for a person.
        held: Why it is held; empty when it is not.
        task: What it works on, else its last task; empty before the first.
        run: The run of that task.
        model: The model asked first.
        tools: Names of the tools it was granted.
        today: What its model calls took this UTC day.
    """

    id: str
    title: str
    summary: str
    reports_to: str
    state: Activity
    held: str
    task: str
    run: str
    model: str
    tools: list[str]
    today: Spent
    last_report: ReportView | None


class TaskView(View):
    """One assignment of a role.

    Attributes:
        path: The agent's path in the run, `ceo/trading` or `ceo/trading~2`.
        status: That of the report; before there is one `working`, or how the run ended.
        completion: That of the report, computed from receipts: `done`, `claimed` or `open`.
        unproven: What the report claims and no receipt shows.
    """

    run: str
    path: str
    task: str
    status: str
    completion: str
    summary: str
    unproven: list[str]
    begun_at: datetime
    finished_at: datetime | None


class Agents:
    """Endpoints about roles.

    Args:
        engine: Runs the company.
        tally: Sums of model calls.
    """

    def __init__(self, engine: Engine, tally: Tally) -> None:
        self._company, self._store, self._tally = engine.company, engine.company.store, tally
        self._lanes = Lanes(self._store)

    def router(self) -> APIRouter:
        """Return the routes."""
        routes = Routes("agents")
        routes.door("GET", "/agents", self.agents, "read")
        routes.door("GET", "/agents/{role}", self.agent, "read", refuses=(404,))
        routes.door("GET", "/agents/{role}/tasks", self.tasks, "read", refuses=(404,))
        return routes

    async def agents(self) -> list[AgentView]:
        """List the roles with what each is doing, the CEO first."""
        floor = _Floor(self._company, self._lanes, self._tally)
        return [floor.view(role) for role in self._company.roles.values()]

    async def agent(self, role: RoleId) -> AgentView:
        """Return one role with what it is doing."""
        return _Floor(self._company, self._lanes, self._tally).view(self._role(role))

    async def tasks(self, role: RoleId, most: Annotated[int, limit(100)] = 20) -> list[TaskView]:
        """List a role's last assignments, newest first; those of the CEO are the runs."""
        found = self._role(role)
        if not found.reports_to:
            return [_led(run) for run in self._store.runs.recent(most)]
        return [_task(lane, self._store.runs.get(lane.run_id)) for lane in self._lanes.newest(found.id, limit=most)]

    def _role(self, name: str) -> Role:
        if name not in self._company.roles:
            raise Refusal(404, f"there is no role {name!r}; there are {', '.join(self._company.roles)}")
        return self._company.roles[name]


class _Floor:
    """What all roles are doing at one moment."""

    def __init__(self, company: Company, lanes: Lanes, tally: Tally) -> None:
        self._company, self._lanes = company, lanes
        self._running = company.store.runs.unfinished()
        lanes_now = [lane for run in self._running for lane in lanes.of_run(run.id)]
        self._at_work = {lane.role for lane in lanes_now if lane.report is None}
        self._asking = {approval.role for approval in company.store.approvals.open()}
        self._held = {hold.role: str(hold) for hold in all_holds(company.store)}
        self._today = {row.key: row for row in tally.by("role", company.wall.now(), day=True)}

    def view(self, role: Role) -> AgentView:
        """Return what one role is doing."""
        lanes = self._lanes.newest(role.id, limit=10)
        task, run = self._led() if not role.reports_to else _given(lanes)
        reports = (ReportView.of(lane) for lane in lanes)
        return AgentView(
            id=role.id,
            title=role.title,
            summary=role.summary,
            reports_to=role.reports_to,
            state=self._state(role),
            held=self._why_held(role),
            task=task,
            run=run,
            model=self._company.models.chain(role)[0],
            tools=list(role.tools),
            today=_spent(self._today.get(role.id)),
            last_report=next((report for report in reports if report), None),
        )

    def _state(self, role: Role) -> Activity:
        if self._why_held(role):
            return "held"
        if role.id in self._at_work or (self._running and not role.reports_to):
            return "working"
        return "waiting" if role.id in self._asking else "idle"

    def _why_held(self, role: Role) -> str:
        return self._held.get(role.id) or self._held.get(COMPANY, "")

    def _led(self) -> tuple[str, str]:
        run = self._running[-1] if self._running else self._company.store.runs.last()
        return (_subject(run), run.id) if run else ("", "")


def _given(lanes: list[Lane]) -> tuple[str, str]:
    return (lanes[0].task, lanes[0].run_id) if lanes else ("", "")


def _spent(row: CostRow | None) -> Spent:
    row = row or CostRow(key="")
    return Spent(usd=row.usd, tokens=row.input + row.output, calls=row.calls)


def _task(lane: Lane, run: Run) -> TaskView:
    report = lane.report or {}
    ended = run.status in FINISHED
    return TaskView(
        run=lane.run_id,
        path=lane.path,
        task=lane.task,
        status=report.get("status", run.status if ended else "working"),
        completion=report.get("completion", "open"),
        summary=report.get("summary", ""),
        unproven=report.get("unproven", []),
        begun_at=lane.begun_at,
        finished_at=lane.finished_at or (run.finished_at if ended else None),
    )


def _led(run: Run) -> TaskView:
    """The role at the top is given runs."""
    degraded = run.outcome.get("degraded", [])
    unproven = [line for line in degraded if line.startswith(CLAIMED)]
    return TaskView(
        run=run.id,
        path=CHIEF_PATH,
        task=_subject(run),
        status="working" if run.status in {"created", "running"} else run.status,
        completion="claimed" if unproven else "done" if run.status == "done" else "open",
        unproven=unproven,
        summary=str(run.outcome.get("answer") or run.outcome.get("error", ""))[:SHOWN],
        begun_at=run.created_at,
        finished_at=run.finished_at,
    )


def _subject(run: Run) -> str:
    return run.request or f"cycle {run.number}"
