"""One model call: wait for a turn, reserve the worst case, stream the answer into the journal, settle.

The worst case is the prompt, estimated high, plus the longest answer the model is allowed, at the model's price. It is
reserved when the call's turn has come, so what waits in line takes nothing from the budget of what runs. A model
without a price is refused: what cannot be priced cannot be capped. A call that failed before its first piece costs
nothing; one that broke off costs what the provider counted, and no less than what was heard of it; one of which nobody
can tell what it cost (company/llm/plugged.py) costs the worst case.
"""

import asyncio
import contextlib
from collections.abc import Callable
from decimal import Decimal

from company import events
from company.events import Json
from company.governor import tracing
from company.governor.allowance import Allowance, Tripped
from company.governor.answer import Answer, Question, Thought
from company.governor.speech import Speech
from company.governor.stop import raise_if_stopped
from company.llm import Gate, Mind, Prices
from company.llm.faults import Fault, classify
from company.llm.mind import unpriced
from company.ports import Clock
from company.store import Reservation, Store
from company.world import WallClock

_WALL = WallClock()
"""A provider's words come in real time, also where company time stands still."""


class Asking:
    """Asks a model once.

    Args:
        store: Journal of words and costs.
        allowance: The budget tree.
        clock: Company time, in which a model of this process speaks.
        redact: Takes secrets out of what a provider says.
        answer_tokens: Longest answer a model is asked for; the provider is told.
    """

    def __init__(
        self, *, store: Store, allowance: Allowance, clock: Clock, redact: Callable[[str], str], answer_tokens: int
    ) -> None:
        self._store, self._allowance, self._clock, self._redact = store, allowance, clock, redact
        self._answer_tokens = answer_tokens

    async def ask(self, question: Question, mind: Mind, gate: Gate | None) -> Thought:
        """Ask once.

        Args:
            question: What to ask.
            mind: Whom.
            gate: What the calls to its provider share; None for a model of this process.

        Raises:
            Stopped: A person stopped the company while the call waited for its turn; the model was not called.
            Tripped: The worst case does not fit the budget; the model was not called.
            UsageError: The model has no price.
            Fault: The provider failed, or what it answered is of no use.
        """
        longest = self._longest_answer(question, mind)
        tokens, worst = question.tokens + longest, _worst_case(question, mind, longest)
        answer = Answer(question, mind, self._speech(question, mind))
        async with gate.limiter.slot(tokens) if gate else contextlib.nullcontext():
            raise_if_stopped(self._store, question.scope.run.id)  # its turn may have come late
            charge = self._reserve(question, tokens, worst)
            try:
                fault = await self._listen(answer, longest)
            finally:
                self._close(answer, charge, worst)
        if fault is not None:
            raise fault
        return answer.thought()

    def note(self, question: Question, body: Json, *, debug: bool = True) -> None:
        """Write what happened on the way to an answer into the journal."""
        self._store.journal.append([question.scope.draft(body, debug=debug)])

    async def _listen(self, answer: Answer, longest: int) -> Fault | None:
        """Hear an answer; return what the provider did wrong, and raise what is not its doing.

        The fault is returned, so that it does not carry the client's exception with it: that holds the request, and the
        request holds the key.
        """
        question, mind = answer.question, answer.mind
        with tracing.model_call(question.scope, mind.id, provider=mind.provider, max_output=longest) as span:
            try:
                fault = await answer.listen(longest)
            except asyncio.CancelledError:
                answer.outcome = "stopped"
                raise
            except Exception as error:
                fault = classify(error, provider=mind.provider) if mind.provider else None
                if fault is None:
                    raise
                answer.unaccounted = fault.unaccounted
            finally:
                answer.trace(span)
            answer.outcome = fault.kind if fault else "ok"
            if fault:
                span.failed(fault.kind)
                self._withdraw(answer, fault)
        return fault

    def _withdraw(self, answer: Answer, fault: Fault) -> None:
        """Take back what was said of an answer that is of no use."""
        fault.args = (self._redact(str(fault)),)
        if answer.is_heard:
            value = {"messageId": answer.question.message_id, "reason": str(fault)}
            withdrawn = events.custom("message.withdrawn", value)
            answer.speech.end(answer.question.scope.draft(withdrawn, debug=answer.question.debug))

    def _reserve(self, question: Question, tokens: int, usd: Decimal) -> Reservation:
        try:
            return self._allowance.reserve_model(question.scope.run.id, question.scope.role, tokens=tokens, usd=usd)
        except Tripped as trip:
            self.note(question, trip.event, debug=False)
            raise

    def _close(self, answer: Answer, charge: Reservation, worst: Decimal) -> None:
        """End the message, and replace the worst case by what was used."""
        usage = answer.usage
        usd = worst if answer.unaccounted else _prices(answer.mind).cost(usage)
        bill = answer.question.scope.draft(events.custom("cost", answer.bill(usd)), debug=True)
        with self._store.transaction():
            answer.speech.end(bill)
            self._allowance.settle(charge, elapsed=answer.elapsed, tokens=usage.total, usd=usd)

    def _longest_answer(self, question: Question, mind: Mind) -> int:
        """Return how long an answer may be: our limit, the model's, and what the prompt leaves of its window."""
        able = mind.capabilities
        left = able.context - question.tokens
        return max(min(self._answer_tokens, able.max_output, left), min(256, able.max_output))

    def _speech(self, question: Question, mind: Mind) -> Speech:
        return Speech(
            journal=self._store.journal,
            scope=question.scope,
            clock=_WALL if mind.provider else self._clock,
            message_id=question.message_id,
            debug=question.debug,
            eager=bool(mind.provider) and not question.debug,
        )


def _worst_case(question: Question, mind: Mind, longest: int) -> Decimal:
    prices = _prices(mind)
    dearest = max(prices.input, prices.cache_written or prices.input)
    return (dearest * question.tokens + prices.output * longest) / 1_000_000


def _prices(mind: Mind) -> Prices:
    if (prices := mind.capabilities.prices) is None:
        raise unpriced(mind.id, mind.provider)
    return prices
