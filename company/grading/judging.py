"""Asks a model what it thinks of an answer, as the last and weakest kind of evidence.

The prompt is a file of the company, `prompts/judge.md`, so its hash is part of the identity that a report tells and a
change of it is seen. The judge is a tier of `company.toml`, also where a case or `--model` lets the company think with
another model: who is graded does not grade. Its calls are priced, budgeted and journaled like every other one.
"""

import re

from company.errors import ProviderError, UsageError
from company.governor import Allowance, Scope, Thinking, Tripped
from company.grading.case import Case
from company.grading.evidence import Opinion
from company.grading.words import JudgedWanted
from company.home import Company
from company.llm import AUTOPILOT, render
from company.llm.conversation import human
from company.store import Run

PROMPT = "judge"
"""Name of the prompt part."""

_VERDICT = re.compile(r"\W*(yes|no)\b\W*(.*)", re.IGNORECASE | re.DOTALL)


async def opinions(case: Case, company: Company, run: Run) -> tuple[Opinion, ...]:
    """Return what a model says of the answer of a run, for each criterion of the case.

    Args:
        case: Which criteria, and which tiers are asked.
        company: The company, with the models of its settings.
        run: The case's last run.
    """
    wanted = [check.wanted for check in case.scorers if isinstance(check.wanted, JudgedWanted)]
    return tuple([await _opinion(question, company, run, number) for number, question in enumerate(wanted)])


async def _opinion(question: JudgedWanted, company: Company, run: Run, number: int) -> Opinion:
    model = next((name for name in company.models.chains()[question.model] if name != AUTOPILOT), "")
    if not model:
        return _unasked(question, f"no model; tier {question.model!r} thinks with the autopilot")
    prompt = company.prompts[PROMPT]
    answer = str(run.outcome.get("answer", ""))
    text = render(prompt.text, where=prompt.source, request=run.request, answer=answer, criterion=question.criterion)
    try:
        said = (await _ask(company, model, run, text, number)).strip()
    except (UsageError, ProviderError, Tripped) as error:
        return _unasked(question, f"no model; {error}")
    verdict = _VERDICT.fullmatch(said)
    if verdict is None:
        return _unasked(question, f"{model} said neither yes nor no: {said[:200]!r}")
    return Opinion(question.criterion, verdict[1].lower() == "yes", verdict[2].strip(), model, prompt.hash)


async def _ask(company: Company, model: str, run: Run, text: str, number: int) -> str:
    thinking = Thinking(
        store=company.store,
        allowance=Allowance(budgets=company.store.budgets, limits=company.settings.budget),
        clock=company.clock,
        gates=company.models.gate,
        redact=company.redactor.text,
        answer_tokens=company.settings.models.answer_tokens,
    )
    scope = Scope(run, company.chief, f"{company.chief.id}/{PROMPT}")
    minds = [company.models.mind(model)]
    thought = await thinking.think(scope, minds, [human(text)], message_id=f"{run.id}/{PROMPT}{number}", debug=True)
    return thought.text


def _unasked(question: JudgedWanted, why: str) -> Opinion:
    return Opinion(question.criterion, None, why)
