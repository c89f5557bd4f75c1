"""The governor's door for model calls: who is asked, how often, and who is asked instead.

A role's models are asked in the order of its chain. What follows from a fault is a pure table
(company/llm/recovery.py); here it is carried out: wait and ask again, make the prompt smaller, ask the next model, or
give up. Whatever stood in for something else is said in the answer and journaled. A model that keeps failing is left
alone for a while, and a provider that allows no more calls is given the time it asks for, by all roles at once. A
person's stop ends a call in the middle: the connection is closed.

All waiting is real time. Company time, which may be virtual, decides nothing here.
"""

import asyncio
import random
from collections import defaultdict
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import replace
from typing import Any

from company import events
from company.config import ProgressSettings
from company.errors import UsageError
from company.events import Json
from company.governor import tape
from company.governor.allowance import Allowance
from company.governor.answer import Question, Thought
from company.governor.asking import Asking
from company.governor.breaker import USUAL, Breaker
from company.governor.scope import Scope
from company.governor.stop import LOOK, raise_if_stopped
from company.governor.windows import Windows
from company.llm import AUTOPILOT, Gate, Mind
from company.llm.circuit import Circuit
from company.llm.conversation import human
from company.llm.faults import Fault
from company.llm.mind import AbsentMind
from company.llm.recovery import LONGEST_WAIT, TABLE, Compact, Leave, Retry, decide
from company.ports import Clock
from company.store import Store


class Thinking:
    """Calls models on behalf of roles.

    Args:
        store: Journal of words and costs, and the stop flag.
        allowance: The budget tree.
        clock: Company time, in which a model of this process speaks.
        gates: What all calls to a provider share, by its name.
        redact: Takes secrets out of what a provider says.
        answer_tokens: Longest answer a model is asked for, its thoughts included.
        progress: `[progress]` of the company.
        circuits: Makes the circuit breaker of one model.
        jitter: Source of the random part of waits.
    """

    def __init__(
        self,
        *,
        store: Store,
        allowance: Allowance,
        clock: Clock,
        gates: Callable[[str], Gate],
        redact: Callable[[str], str] = str,
        answer_tokens: int = 4_096,
        progress: ProgressSettings = USUAL,
        circuits: Callable[[], Circuit] = Circuit,
        jitter: random.Random | None = None,
    ) -> None:
        self._store, self._gates = store, gates
        self._asking = Asking(store=store, allowance=allowance, clock=clock, redact=redact, answer_tokens=answer_tokens)
        self._breaker = Breaker(store=store, allowance=allowance, settings=progress)
        self._windows = Windows(journal=store.journal, answer=answer_tokens)
        self._circuits: defaultdict[str, Circuit] = defaultdict(circuits)
        self._jitter = jitter or random.Random()

    async def think(
        self,
        scope: Scope,
        minds: Sequence[Mind],
        talk: Sequence[Json],
        *,
        message_id: str,
        tools: Sequence[dict[str, Any]] = (),
        debug: bool = False,
    ) -> Thought:
        """Ask a role's models until one answers, stream its words into the journal, and charge what it cost.

        Args:
            scope: Who asks, in which run.
            minds: The first choice, then what stands in for it.
            talk: The conversation as plain messages.
            message_id: Id of the message the words become; those of further tries begin with it.
            tools: Tools the model may propose.
            debug: True for a role's working words.

        Raises:
            Stopped: A person stopped the company.
            Held: The role, or the company, goes in circles; the model was not called.
            Tripped: The worst case does not fit the budget; the model was not called.
            UsageError: No model of the chain has what it needs: a price, a key, its package.
            Fault: No model of the chain gave an answer; the text names those that were tried, in order.
        """

        async def ask() -> Thought:
            self._breaker.admit(scope)
            asking = self._ask_in_turn(Question(scope, talk, tools, message_id, debug), minds)
            return await (self._until_stopped(asking, scope.run.id) if minds[0].provider else asking)

        return await tape.current().thought(scope, message_id, ask)

    def refuse_if_held(self, scope: Scope) -> None:
        """Refuse new work of a role that is held.

        Raises:
            Held: The role, or the company, is held.
        """
        self._breaker.refuse_if_held(scope)

    async def _ask_in_turn(self, question: Question, minds: Sequence[Mind]) -> Thought:
        notices: list[str] = []
        tried: list[tuple[str, Fault | UsageError]] = []
        following = [mind.id for mind in minds[1:]]
        for place, (mind, after) in enumerate(zip(minds, [*following, ""], strict=True)):
            try:
                thought = await self._ask_patiently(_renamed(question, "m", place), mind)
            except (Fault, UsageError) as problem:
                tried.append((mind.id, problem))
                if not after or not _moves_on(problem):
                    break
                notices.append(self._fall_back(question, mind.id, after, problem))
            else:
                return replace(thought, notices=(*notices, *thought.notices))
        raise _failure(tried)

    def _fall_back(self, question: Question, model: str, after: str, problem: Exception) -> str:
        """Journal that the next model is asked, and return what the answer has to say about it."""
        role, reason = question.scope.role, _line(problem)
        value = {"role": role.id, "model": model, "next": after, "reason": reason}
        self._asking.note(question, events.custom("model.fallback", value))
        instead = "the playbook was followed without a model" if after == AUTOPILOT else f"{after} was asked instead"
        return f"{role.title}: {model} could not be used, so {instead}. {reason}"

    async def _ask_patiently(self, question: Question, mind: Mind) -> Thought:
        """Ask one model as often as it makes sense."""
        if isinstance(mind, AbsentMind):
            raise mind.error
        if not mind.provider:
            return await self._asking.ask(question, mind, None)
        circuit, gate = self._circuits[mind.id], self._gates(mind.provider)
        if not circuit.allows():
            raise _reworded(Fault("busy", provider=mind.provider), circuit.reason)
        asked, attempt, compacted = self._windows.fit(question, mind), 0, False
        while True:
            attempt += 1
            try:
                thought = await self._asking.ask(_renamed(asked, "r", attempt - 1), mind, gate)
            except Fault as problem:
                fault = problem
            else:
                circuit.succeeded()
                return thought
            circuit.failed(fault)
            again = await self._recover(asked, mind, fault, attempt=attempt, compacted=compacted)
            if again is None:
                raise fault
            asked, compacted = again, compacted or fault.kind == "overflow"

    async def _recover(
        self, asked: Question, mind: Mind, fault: Fault, *, attempt: int, compacted: bool
    ) -> Question | None:
        """Return what to ask the same model next, once its time has come; None to leave it, and the fault says why."""
        gate = self._gates(mind.provider)
        smaller = self._windows.shrink(asked, mind) if fault.kind == "overflow" and not compacted else None
        tries = gate.settings.attempts
        step = decide(fault, attempt=attempt, attempts=tries, rng=self._jitter, compacted=smaller is None)
        if fault.kind == "rate" and (pause := _pause(fault, step)) <= LONGEST_WAIT:
            gate.limiter.hold(pause)
        match step:
            case Retry():
                return await self._wait(asked, mind, step)
            case Compact():
                return smaller
            case Leave(reason):
                _reworded(fault, reason)
        return None

    async def _wait(self, asked: Question, mind: Mind, retry: Retry) -> Question:
        value = {"role": asked.scope.role.id, "model": mind.id, "reason": retry.reason, "wait": f"{retry.wait:.1f}"}
        self._asking.note(asked, events.custom("model.retried", value))
        await asyncio.sleep(retry.wait)
        return replace(asked, talk=[*asked.talk, human(retry.note, note=True)]) if retry.note else asked

    async def _until_stopped(self, asking: Coroutine[Any, Any, Thought], run_id: str) -> Thought:
        """Wait for an answer, and hang up as soon as a person stops the company."""
        work = asyncio.create_task(asking)
        try:
            while not (await asyncio.wait([work], timeout=LOOK))[0]:
                raise_if_stopped(self._store, run_id)
        finally:
            if not work.done():
                work.cancel()
                await asyncio.wait([work])
                if not work.cancelled():
                    work.result()  # a mistake of ours in hanging up is not covered by the stop
        return work.result()


def _pause(fault: Fault, step: Retry | Compact | Leave) -> float:
    """Return the seconds for which everybody leaves a provider alone that allows no more calls for now."""
    return step.wait if isinstance(step, Retry) else fault.retry_after or 0.0


def _moves_on(problem: Fault | UsageError) -> bool:
    return isinstance(problem, UsageError) or TABLE[problem.kind].moves_on


def _failure(tried: Sequence[tuple[str, Fault | UsageError]]) -> Fault | UsageError:
    """Return what to raise when no model answered; when none could even be asked, what the first one lacks."""
    faults = [problem for _, problem in tried if isinstance(problem, Fault)]
    if not faults:
        return tried[0][1]
    models = "; then ".join(f"{model}: {_line(problem)}" for model, problem in tried)
    return _reworded(faults[-1], f"no model answered. Tried {models}")


def _reworded(fault: Fault, text: str) -> Fault:
    fault.args = (text,)
    return fault


def _line(problem: Exception) -> str:
    return " ".join(str(problem).split())


def _renamed(question: Question, mark: str, number: int) -> Question:
    """Give a further try a message of its own."""
    return replace(question, message_id=f"{question.message_id}.{mark}{number}") if number else question
