"""Does what people command, each command once.

A client that did not hear the answer repeats its request with the same `Idempotency-Key` and gets what it began the
first time, also after a restart: the key is written in the transaction that writes what it began. Where a command
waits for a run, the key is written first, and a repetition looks at what the command was to bring about: if that is
so, it is done; if a crash came between, it is done now.
"""

from collections.abc import Callable, Mapping

from company.engine import Engine, cancel_orders, halt, release
from company.errors import ProviderError, ToolError, UsageError
from company.events import Json
from company.server.driving import Driver
from company.server.faults import Refusal
from company.server.native.views import Decision, Message
from company.server.principal import Principal
from company.store import FINISHED, Approval, Requests, Run, digest_of


class Commands:
    """Turns requests into what the company does.

    Args:
        engine: Runs the company.
        driver: Drives runs in the background.
    """

    def __init__(self, engine: Engine, driver: Driver) -> None:
        self._engine, self._driver, self._store = engine, driver, engine.company.store
        self._requests = Requests(self._store, now=engine.company.wall.now)

    def say(self, who: Principal, message: Message, key: str | None) -> Run:
        """Begin a chat turn in a person's name, or return the one that `key` began.

        Raises:
            Refusal: The company is stopped, or the key belongs to another request.
        """
        return self._start(who, key, kind="chat", request=message.text, thread_id=message.thread, person=who.person)

    def cycle(self, who: Principal, key: str | None) -> Run:
        """Begin a cycle, or return the one that `key` began.

        Raises:
            Refusal: The company is stopped, or the key belongs to another request.
        """
        return self._start(who, key, kind="cycle")

    async def cancel(self, who: Principal, run: Run, key: str | None) -> Run:
        """Stop one run.

        Raises:
            Refusal: It ended already, or the key belongs to another request.
        """
        is_new = self._note(who, key, {"command": "cancel", "run": run.id})
        if not is_new and run.status in FINISHED:
            return run
        try:
            return await self._engine.cancel(run.id, by=who.person)
        except UsageError as error:
            raise Refusal(409, str(error)) from error

    async def decide(
        self, who: Principal, approval: Approval, decision: Decision, key: str | None
    ) -> tuple[Approval, Run]:
        """Approve or reject one call, and return when its run has acted on it.

        Raises:
            Refusal: It was decided before, or the key belongs to another request.
        """
        asked = {"command": "decide", "approval": approval.id, **decision.model_dump()}
        is_new = self._note(who, key, asked)
        if not is_new and _is_decided(approval, who, decision):
            return approval, self._store.runs.get(approval.run_id)
        try:
            return await self._driver.decide(approval.id, approved=decision.approved, by=who.person, note=decision.note)
        except UsageError as error:
            found = self._store.approvals.get(approval.id)
            if approval.state == "open" and _is_decided(found, who, decision):  # what failed is the run, which says so
                return found, self._store.runs.get(found.run_id)
            raise Refusal(409, str(error)) from error

    async def stop(self, who: Principal, reason: str, key: str | None) -> None:
        """Stop every run at its next call, and take open orders off the venues.

        Raises:
            Refusal: The company is stopped, but a venue did not cancel an order; or the key belongs to another request.
        """
        said = f"{who.person}: {self._engine.company.redactor.text(reason) or 'no reason given'}"
        self._once(who, key, {"command": "stop", "reason": reason}, lambda: halt(self._store, said))
        try:
            await cancel_orders(self._engine.company)
        except (ProviderError, ToolError) as error:
            what = f"the company is stopped, but not every open order could be cancelled: {error}"
            raise Refusal(502, what) from error

    def start(self, who: Principal, reason: str, key: str | None) -> None:
        """Let a stopped company work again.

        Raises:
            Refusal: The key belongs to another request.
        """
        said = f"{who.person}: {self._engine.company.redactor.text(reason)}"
        self._once(who, key, {"command": "start", "reason": reason}, lambda: release(self._store, said))

    def _start(self, who: Principal, key: str | None, **asked: str) -> Run:
        begun: list[Run] = []

        def begin() -> Json:
            begun.append(self._begin(asked))
            return {"run": begun[0].id}

        answer = self._once(who, key, asked, begin)
        for run in begun:
            self._driver.drive(run.id)
        return begun[0] if begun else self._store.runs.get(answer["run"])

    def _begin(self, asked: Mapping[str, str]) -> Run:
        try:
            return self._engine.start(**asked)  # type: ignore[arg-type]  # the names are those of `start`
        except UsageError as error:
            raise Refusal(409, str(error)) from error

    def _note(self, who: Principal, key: str | None, asked: Mapping[str, object]) -> bool:
        """Write a command's key down; False when it was there."""
        noted: list[bool] = []
        self._once(who, key, asked, lambda: noted.append(True))
        return bool(noted)

    def _once(
        self, who: Principal, key: str | None, asked: Mapping[str, object], act: Callable[[], Json | None]
    ) -> Json:
        """Do `act` in one transaction with its key, unless it was done; return what it came to."""
        with self._store.transaction():
            known = self._requests.find(who.person, key) if key else None
            if known is None:
                answer = act() or {}
                if key:
                    self._requests.keep(who.person, key, digest_of(asked), answer)
                return answer
        if known.digest != digest_of(asked):
            raise Refusal(422, f"Idempotency-Key {key!r} was used for another request; give each request its own")
        return known.answer


def _is_decided(approval: Approval, who: Principal, decision: Decision) -> bool:
    said = approval.state in {"approved", "done"} if decision.approved else approval.state == "rejected"
    return said and approval.decided_by == who.person
