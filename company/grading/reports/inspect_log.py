"""A report as a log of Inspect (https://inspect.aisi.org.uk), so that `inspect view` shows it.

Inspect is an optional package and is imported only here. The log is made of its own models and written by its own
function, so it is always of the version that is installed. A trial is a sample: its id is the case.
"""

from collections.abc import Iterator
from datetime import datetime
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from company.errors import UsageError
from company.grading.result import Report, Result, Trial
from company.grading.story import RunStory, ToolCall

SCORER = "company"

_ERRORS = {"denied": "permission", "waiting": "approval"}
"""How Inspect calls what a call came to; it knows no other kind that fits."""


def require_inspect(file: Path) -> None:
    """Refuse a log that could not be written, before the work is done that it is to hold.

    Args:
        file: Where it shall be written.

    Raises:
        UsageError: The package is not installed, or the name of the file does not say which form is meant.
    """
    if find_spec("inspect_ai") is None:
        cure = "pip install 'the-ai-company[inspect]'"
        raise UsageError("the package inspect-ai is not installed", where="--inspect", cure=cure)
    if file.suffix not in {".json", ".eval"}:
        raise UsageError(f"{file.name!r} is no name of a log", where="--inspect", cure="end it in .eval or .json")


def write_inspect(report: Report, file: Path, *, at: datetime) -> None:
    """Write a report as an Inspect log.

    Args:
        report: The report.
        file: Where to; a name that ends in `.json` gives JSON, one in `.eval` the compressed form.
        at: When it was made, in wall-clock time.

    Raises:
        UsageError: The package is not installed, or the file cannot be written.
    """
    require_inspect(file)
    log = import_module("inspect_ai.log")
    try:
        log.write_eval_log(_log(log, report, at), str(file))
    except OSError as error:
        cure = "name a file in a folder you may write"
        raise UsageError(f"the log cannot be written: {error.strerror}", where=str(file), cure=cure) from error


def _log(log: Any, report: Report, at: datetime) -> Any:
    samples = [
        _sample(log, result, number, trial)
        for result in report.results
        for number, trial in enumerate(result.trials, 1)
    ]
    ids = [result.case.id for result in report.results]
    passed = sum(trial.ok for result in report.results for trial in result.trials)
    accuracy = log.EvalMetric(name="accuracy", value=passed / len(samples))
    return log.EvalLog(
        status="success",
        eval=log.EvalSpec(
            created=at.isoformat(),
            task="company eval",
            dataset=log.EvalDataset(name="evals", samples=len(ids), sample_ids=ids),
            model=_model(report),
            config=log.EvalConfig(epochs=max(len(result.trials) for result in report.results)),
            metadata=dict(report.identity),
        ),
        results=log.EvalResults(
            total_samples=len(samples),
            completed_samples=len(samples),
            scores=[log.EvalScore(name=SCORER, scorer=SCORER, metrics={"accuracy": accuracy})],
        ),
        stats=log.EvalStats(started_at=at.isoformat(), completed_at=at.isoformat()),
        samples=samples,
    )


def _model(report: Report) -> str:
    """Return the models in the form that Inspect has for a name: `company/NAME`."""
    chains = report.identity.get("models", {}).values()
    return f"company/{'+'.join(dict.fromkeys(chain[0] for chain in chains)) or 'unknown'}"


def _sample(log: Any, result: Result, number: int, trial: Trial) -> Any:
    score = import_module("inspect_ai.scorer").Score
    said = "\n".join(f"{fault.scorer}: {fault.what}" for fault in trial.faults)
    case = result.case
    return log.EvalSample(
        id=case.id,
        epoch=number,
        input="\n".join(run.request or run.kind for run in trial.transcript),
        target="",
        messages=[message for run in trial.transcript for message in _messages(run)],
        scores={SCORER: score(value="C" if trial.ok else "I", explanation=said or "everything wanted is true")},
        metadata={
            "golden": case.golden,
            "seed": case.seed,
            "tags": list(case.tags),
            "model_calls": trial.model_calls,
            "cost_usd": format(trial.cost_usd, "f"),
        },
        total_time=trial.seconds,
    )


def _messages(run: RunStory) -> Iterator[Any]:
    model = import_module("inspect_ai.model")
    yield model.ChatMessageUser(content=run.request or f"({run.kind} {run.id})")
    if run.plan:
        steps = "\n".join(f"{step.role}: {step.task}" for step in run.plan)
        yield model.ChatMessageAssistant(content=f"Plan:\n{steps}")
    for number, call in enumerate(run.calls):
        yield from _call(model, f"{run.id}.{number}", call)
    yield model.ChatMessageAssistant(content="\n".join(filter(None, (run.answer, *run.problems))))


def _call(model: Any, call_id: str, call: ToolCall) -> Iterator[Any]:
    tool = import_module("inspect_ai.tool")
    judged = call.verdict
    metadata = {"agent": call.agent, "status": call.status}
    metadata |= {"decision": judged.decision, "rule": judged.rule, "reason": judged.reason} if judged else {}
    asked = tool.ToolCall(id=call_id, function=call.tool, arguments=call.arguments)
    yield model.ChatMessageAssistant(content="", tool_calls=[asked], metadata=metadata)
    error = None if call.status == "ok" else tool.ToolCallError(_ERRORS.get(call.status, "unknown"), call.result)
    yield model.ChatMessageTool(
        content=call.result, tool_call_id=call_id, function=call.tool, error=error, metadata=metadata
    )
