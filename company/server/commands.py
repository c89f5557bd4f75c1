"""Does what people command, each command once.

A client that did not hear the answer repeats its request with the same `Idempotency-Key` and gets what it began the
first time, also after a restart: the key is written in the transaction that writes what it began. Where a command
waits for a run, the key is written first, and a repetition looks at what the command was to bring about: if that is
so, it is done; if a crash came between, it is done now.
"""

from collections.abc import Callable, Mapping
from typing import Literal

from company import events
from company.config import Mandate
from company.engine import Engine, halt, release, said
from company.errors import UsageError
from company.events import Draft, Json
from company.governor import STOP_FLAG, Giving, clear_hold
from company.memory import Memory, MemoryItem
from company.server.driving import Driver
from company.server.faults import Refusal
from company.server.native.views import Decision, Message
from company.server.principal import Principal
from company.store import FINISHED, Approval, Opinion, Requests, Run, digest_of, has_voted


class Commands:
    """Turns requests into what the company does.

    Args:
        engine: Runs the company.
        driver: Drives runs in the background.
    """

    def __init__(self, engine: Engine, driver: Driver) -> None:
        self._engine, self._driver, self._store = engine, driver, engine.company.store
        self._requests = Requests(self._store, now=engine.company.wall.now)
        self._giving = Giving(self._store, engine.company.settings.mandates)

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
        """Approve or reject one call or a bundle, and return when its run has acted on it.

        Raises:
            Refusal: It was decided before, or the key belongs to another request.
        """
        asked = {"command": "decide", "approval": approval.id, **decision.model_dump()}
        is_new = self._note(who, key, asked)
        if not is_new and _is_decided(approval, who, decision):
            return approval, self._store.runs.get(approval.run_id)
        try:
            return await self._driver.decide(
                approval.id,
                approved=decision.approved,
                by=who.person,
                note=decision.note,
                bundle=decision.bundle,
                shown=decision.shown,
            )
        except UsageError as error:
            found = self._store.approvals.get(approval.id)
            is_taken = not _is_decided(approval, who, decision) and _is_decided(found, who, decision)
            if is_taken:  # what failed is the run, which says so
                return found, self._store.runs.get(found.run_id)
            raise Refusal(409, str(error)) from error

    async def stop(self, who: Principal, reason: str, key: str | None) -> None:
        """Stop every run in its middle, take open orders off the venues, and end other processes that drive runs.

        A repetition that finds the company started again changes nothing.

        Raises:
            Refusal: The company is stopped, but something could not be done, such as an order that a venue did not
                cancel; or the key belongs to another request.
        """
        why = self._engine.company.redactor.text(reason)
        words = said(who.person, why)
        workers = self._engine.workers()
        self._once(who, key, {"command": "stop", "reason": reason}, lambda: halt(self._store, words))
        if self._store.flags.get(STOP_FLAG) is None:
            return
        report = await self._engine.enforce_stop(workers, by=who.person, reason=why)
        if report.failures:
            raise Refusal(502, f"the company is stopped, but this could not be done: {'; '.join(report.failures)}")

    def start(self, who: Principal, reason: str, key: str | None) -> None:
        """Let a stopped company work again.

        Raises:
            Refusal: The key belongs to another request.
        """
        words = said(who.person, self._engine.company.redactor.text(reason))
        self._once(who, key, {"command": "start", "reason": reason}, lambda: release(self._store, words))

    def give(self, who: Principal, mandate: Mandate, key: str | None) -> None:
        """Give a mandate in a person's name.

        Raises:
            Refusal: Its id was used before, or the key belongs to another request.
        """
        asked = {"command": "give", "mandate": mandate.model_dump(mode="json")}
        self._change(who, key, asked, lambda: self._giving.add(mandate, who.person))

    def revoke(self, who: Principal, mandate_id: str, reason: str, key: str | None) -> None:
        """Take a mandate back in a person's name.

        Raises:
            Refusal: It was revoked before, or the key belongs to another request.
        """
        said = self._engine.company.redactor.text(reason)
        asked = {"command": "revoke", "mandate": mandate_id, "reason": reason}
        self._change(who, key, asked, lambda: self._giving.revoke(mandate_id, who.person, said))

    def clear(self, who: Principal, role: str, reason: str, key: str | None) -> None:
        """Let a role, or the `company`, go on that is held for going in circles.

        Raises:
            Refusal: It is not held, or the key belongs to another request.
        """
        said = self._engine.company.redactor.text(reason)
        asked = {"command": "clear", "role": role, "reason": reason}
        self._change(who, key, asked, lambda: clear_hold(self._store, role, by=who.person, reason=said))

    def judge_run(self, who: Principal, run: Run, value: Literal["up", "down"], note: str) -> Opinion:
        """Keep what a person thinks of a run, instead of what the same person thought before.

        Raises:
            Refusal: The run is under way.
        """
        said = self._engine.company.redactor.text(note)
        try:
            return self._store.feedback.give(run.id, who.person, value, said)
        except UsageError as error:
            raise Refusal(409, str(error)) from error

    def unjudge_run(self, who: Principal, run: Run) -> None:
        """Forget what a person thought of a run."""
        self._store.feedback.take_back(run.id, who.person)

    def judge_memory(
        self, who: Principal, memory: Memory, item: MemoryItem, accept: bool, key: str | None
    ) -> MemoryItem:
        """Accept or reject a proposed memory in a person's name.

        Raises:
            Refusal: It does not wait for a person, or the key belongs to another request.
        """
        asked = {"command": "judge memory", "memory": item.id, "accept": accept}
        is_new = self._note(who, key, asked)
        if not is_new and item.status == ("active" if accept else "archived"):
            return item
        try:
            decided = memory.decide(item.id, accept, who.person)
        except UsageError as error:
            raise Refusal(409, str(error)) from error
        told = {"memory": item.id, "accepted": accept, "by": who.person}
        self._store.journal.append([Draft.of_person(events.custom("memory.decided", told))])
        return decided

    def _change(self, who: Principal, key: str | None, asked: Mapping[str, object], act: Callable[[], None]) -> None:
        try:
            self._once(who, key, asked, act)
        except UsageError as error:
            raise Refusal(409, str(error)) from error

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
    if decision.approved and approval.needed > 1:
        return approval.state in {"open", "approved", "done"} and has_voted(approval.votes, who.person)
    said = approval.state in {"approved", "done"} if decision.approved else approval.state == "rejected"
    return said and approval.decided_by == who.person
