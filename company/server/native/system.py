"""How the company and its server are: `/api/v1/status` and `/health` for people, the rest for machines that watch.

Status is what every page and tool asks for again and again. Its body is made once for each state of the journal and
answered as ready bytes; asking which state that is takes one small query, so what another process wrote shows at once.
What the journal does not tell (a reservation of money, say) shows within a second.
"""

from collections.abc import Collection
from datetime import datetime
from hashlib import sha256
from typing import Any, Literal, NamedTuple, Self

from fastapi import APIRouter
from starlette.requests import HTTPConnection, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from company import __version__
from company.engine import Engine
from company.governor import STOP_FLAG
from company.home import mode_of
from company.server.doors.followers import FollowerState
from company.server.doors.notifiers import Notifiers
from company.server.doors.webhooks import Webhooks
from company.server.driving import Driver
from company.server.faults import Refusal
from company.server.native.memory import MemoryState
from company.server.native.views import RunView, View
from company.server.principal import principal_of
from company.server.streams.direct import Plain
from company.server.streams.metrics import Metrics
from company.server.streams.tail import Tail
from company.store import Costs, Health, Records

STATUS, HEALTH = "/api/v1/status", "/api/v1/health"
LIVES, READY, METRICS = "/healthz", "/readyz", "/metrics"


class RoleLine(View):
    """One role."""

    id: str
    title: str
    summary: str


class Counts(View):
    """Cycles finished so far, chat turns among the last runs, open approvals, and effects so far by tool."""

    cycles: int
    chats: int
    approvals_open: int
    effects: dict[str, int]


class Status(View):
    """How the company is.

    Attributes:
        company: Its name.
        mode: `live` when the venues have real money, else `paper`.
        mind: "autopilot", or the models that think.
        offline: It thinks with the autopilot, without a model key.
        stopped: Why the company stands still; empty when it works.
        asleep_since: Company time since which nothing concerned any role; null while something does.
        running: Runs that are being driven now, here or by another process.
        health: A run that is being driven does not count as unfinished.
    """

    company: str
    version: str
    mode: Literal["paper", "live"]
    mind: str
    offline: bool
    seed: int
    stopped: str
    asleep_since: datetime | None
    roles: list[RoleLine]
    counts: Counts
    running: list[str]
    last_run: RunView | None
    costs: Costs
    memory: MemoryState
    health: Health


class HookLine(View):
    """One webhook.

    Attributes:
        url: Host it posts to.
        seq: Number of the last event that is done with.
        failures: Tries of the present event that failed.
        error: Why the last one failed; empty when none did.
        parked: It gave up until the next start.
    """

    url: str
    seq: int
    failures: int
    error: str
    parked: bool


class NotifierLine(View):
    """One notifier.

    Attributes:
        name: What the settings call it.
        seq: Number of the last event that is done with.
        failures: Tries of the present notice that failed.
        error: Why the last one failed; empty when none did.
        parked: It gave up until the next start.
    """

    name: str
    seq: int
    failures: int
    error: str
    parked: bool


class HealthView(View):
    """Health in detail.

    Attributes:
        company: Failed and unfinished runs, effects of unknown outcome, length of the journal.
        ready: The server can work.
        why: What keeps it from working; empty when it can.
        epoch: Name of this home's journal in the ids of events.
        sse_clients: Open event streams.
        ws_clients: Open WebSockets.
        webhooks: How each hook is doing.
        notifiers: How each notifier is doing.
    """

    company: Health
    ready: bool
    why: str
    version: str
    epoch: str
    running: list[str]
    sse_clients: int
    ws_clients: int
    webhooks: list[HookLine]
    notifiers: list[NotifierLine]


class Ready(NamedTuple):
    """An answer as bytes, what names it in `If-None-Match`, and its headers."""

    body: bytes
    etag: bytes
    headers: list[tuple[bytes, bytes]]

    @classmethod
    def of(cls, body: bytes) -> Self:
        """Return JSON as an answer."""
        etag = f'"{sha256(body).hexdigest()[:32]}"'.encode()
        length = (b"content-length", str(len(body)).encode())
        kind = (b"content-type", b"application/json")
        return cls(body, etag, [(b"etag", etag), (b"cache-control", b"no-cache"), kind, length])


class System:
    """Endpoints about the company and its server.

    Args:
        engine: Runs the company.
        driver: Knows what is being worked on.
        tail: Knows who listens.
        metrics: What is counted.
        webhooks: Knows what was posted.
        notifiers: Knows what people were told.
    """

    def __init__(
        self,
        engine: Engine,
        driver: Driver,
        tail: Tail,
        metrics: Metrics,
        webhooks: Webhooks,
        notifiers: Notifiers,
    ) -> None:
        self._engine, self._driver, self._tail, self._metrics = engine, driver, tail, metrics
        self._webhooks, self._notifiers = webhooks, notifiers
        self._store = engine.company.store
        self._records: Records = engine.company.services[Records]
        self._state: tuple[int, frozenset[str], int] | None = None
        self._ready = Ready.of(b"")
        self._watch()

    def router(self) -> APIRouter:
        """Return the routes."""
        router = APIRouter()
        same: dict[int | str, dict[str, Any]] = {304: {"description": "It is as you know it."}}
        router.add_api_route(
            STATUS, self.status, methods=["GET"], summary="How the company is", response_model=Status, responses=same
        )
        router.add_api_route(HEALTH, self.health, methods=["GET"], summary="Whether anything is wrong")
        for path, endpoint in ((LIVES, self.lives), (READY, self.readiness), (METRICS, self.counted)):
            router.add_api_route(path, endpoint, methods=["GET"], include_in_schema=False)
        return router

    async def status(self, request: Request) -> Response:
        """Return how the company is; with the `ETag` of the last answer as `If-None-Match` only whether it changed."""
        return Plain(self.answer_status)

    async def answer_status(self, scope: Scope, _receive: Receive, send: Send) -> None:
        """Answer `GET /api/v1/status` as plain ASGI.

        Raises:
            Refusal: 403, the client may not read.
        """
        principal_of(HTTPConnection(scope)).require("read")
        ready = self._current()
        if (b"if-none-match", ready.etag) in scope["headers"]:
            await send({"type": "http.response.start", "status": 304, "headers": ready.headers[:2]})
            await send({"type": "http.response.body", "body": b""})
        else:
            await send({"type": "http.response.start", "status": 200, "headers": ready.headers})
            await send({"type": "http.response.body", "body": ready.body})

    async def health(self, request: Request) -> HealthView:
        """Return whether anything is wrong, in detail."""
        principal_of(request).require("read")
        why, running = self._obstacle(), _running(self._engine, self._driver.running)
        return HealthView(
            company=_health(self._records.health(), running),
            ready=not why,
            why=why,
            version=__version__,
            epoch=self._tail.epoch,
            running=running,
            sse_clients=self._tail.count("sse"),
            ws_clients=self._tail.count("ws"),
            webhooks=[HookLine(url=state.name, **_line(state)) for state in self._webhooks.state],
            notifiers=[NotifierLine(name=state.name, **_line(state)) for state in self._notifiers.state],
        )

    async def lives(self) -> Response:
        """Answer that the server lives; says nothing about the company, so it needs no token."""
        return Response('{"status":"ok"}', media_type="application/json")

    async def readiness(self) -> Response:
        """Answer whether the server can work; like `lives` it says nothing about the company."""
        if why := self._obstacle():
            raise Refusal(503, why)
        return Response('{"status":"ok"}', media_type="application/json")

    async def counted(self, request: Request) -> Response:
        """Return what is counted, in Prometheus' text format."""
        principal_of(request).require("read")
        return Response(self._metrics.text(), media_type="text/plain; version=0.0.4; charset=utf-8")

    def _current(self) -> Ready:
        second = int(self._engine.company.wall.now().timestamp())
        state = self._store.journal.last_seq(), self._driver.running, second
        if state != self._state:
            body = status_of(self._engine, self._driver.running).model_dump_json().encode()
            self._state, self._ready = state, Ready.of(body)
        return self._ready

    def _obstacle(self) -> str:
        """Return what keeps the server from working, empty when nothing does."""
        if self._driver.closing:
            return "the server is ending"
        if not self._driver.is_tending:
            return "the server's background work has ended; its log says why"
        try:
            self._store.journal.last_seq()
        except Exception:  # noqa: BLE001 - whatever it is, the server cannot work
            return "the store cannot be read"
        return ""

    def _watch(self) -> None:
        store, watch = self._store, self._metrics.watch
        watch("sse_clients", "Open event streams.", lambda: self._tail.count("sse"))
        watch("ws_clients", "Open WebSockets.", lambda: self._tail.count("ws"))
        watch("runs", "Runs by status.", lambda: {str(status): n for status, n in store.runs.counts().items()})
        watch("approvals_open", "Calls that wait for a person.", lambda: len(store.approvals.open()))
        watch("usd_today", "Dollars spent or reserved this UTC day.", lambda: float(self._records.costs().usd_today))
        watch("journal_rows", "Events in the journal.", store.journal.last_seq)


def status_of(engine: Engine, running: frozenset[str]) -> Status:
    """Return how the company is.

    Args:
        engine: Runs the company.
        running: Names of the work under way here; a run is driven under its id.
    """
    company = engine.company
    records: Records = company.services[Records]
    driven = _running(engine, running)
    activity, last = records.activity(), company.store.runs.last()
    return Status(
        company=company.settings.company.name,
        version=__version__,
        mode="live" if mode_of(company.settings) == "real" else "paper",
        mind="autopilot" if company.models.offline else company.models.summary,
        offline=company.models.offline,
        seed=company.seed,
        stopped=company.store.flags.get(STOP_FLAG) or "",
        asleep_since=engine.waking.asleep_since,
        roles=[RoleLine(id=role.id, title=role.title, summary=role.summary) for role in company.roles.values()],
        counts=Counts(**{name: getattr(activity, name) for name in Counts.model_fields}),
        running=driven,
        last_run=RunView.of(last) if last else None,
        costs=records.costs(),
        memory=MemoryState.of(company.memory),
        health=_health(records.health(), driven),
    )


def _line(state: FollowerState) -> dict[str, Any]:
    return {"seq": state.cursor, "failures": state.failures, "error": state.error, "parked": state.parked}


def _running(engine: Engine, names: frozenset[str]) -> list[str]:
    """Return the runs that are being driven, those that begin here in a moment among them."""
    left = [run.id for run in engine.company.store.runs.unfinished()]
    return [run_id for run_id in left if run_id in names or engine.is_driven(run_id)]


def _health(health: Health, running: Collection[str]) -> Health:
    left = [run_id for run_id in health.unfinished_runs if run_id not in running]
    return health.model_copy(
        update={"ok": not (left or health.failed_runs or health.unknown_effects), "unfinished_runs": left}
    )
