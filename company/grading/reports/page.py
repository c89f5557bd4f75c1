"""A report as one HTML file: verdicts and transcripts, no script, nothing that is loaded from elsewhere.

Whatever a model, a tool or a stranger said stands in it escaped, and the page forbids itself, by its own content
security policy, to run or to load anything.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from html import escape
from typing import Any

from company.grading.result import Report, Result, Trial
from company.grading.story import RunStory, ToolCall

_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
_STYLE = """
:root{color-scheme:light dark;--ink:#1b1f24;--soft:#667;--line:#d8dce2;--back:#fff;--bad:#b3261e;--good:#1e7a43}
@media(prefers-color-scheme:dark){:root{--ink:#e6e8eb;--soft:#99a;--line:#333a44;--back:#14171c;
--bad:#f0776a;--good:#6bcf8e}}
body{font:14px/1.5 system-ui,sans-serif;color:var(--ink);background:var(--back);
max-width:1080px;margin:2rem auto;padding:0 1rem}
h1{font-size:1.4rem;margin:0}h2{font-size:1rem;margin:2rem 0 .5rem}p{margin:.3rem 0}.soft{color:var(--soft)}
.bad{color:var(--bad)}.good{color:var(--good)}
details{border-top:1px solid var(--line);padding:.35rem 0}details details{margin-left:1rem}
summary{cursor:pointer}pre,.said{white-space:pre-wrap;overflow-wrap:anywhere;margin:.2rem 0}
pre{font:12px/1.4 ui-monospace,monospace}.wide{overflow-x:auto}
table{border-collapse:collapse;width:100%}th{color:var(--soft);font-weight:500}
th,td{text-align:left;padding:.25rem .6rem .25rem 0;border-bottom:1px solid var(--line);vertical-align:top}
""".strip()


def page(report: Report, *, verdict: Sequence[str] = ()) -> str:
    """Return a report as an HTML document.

    Args:
        report: The report.
        verdict: What the gate said of it, one line each.
    """
    passed = sum(result.ok for result in report.results)
    parts = [
        "<!doctype html>",
        '<html lang="en"><head><meta charset="utf-8">',
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">',
        f"<title>Evals: {passed} of {len(report.results)} passed</title><style>{_STYLE}</style></head>",
        "<body>",
        f"<h1>Evals: {passed} of {len(report.results)} passed</h1>",
        f'<p class="soft">{_opening(report)}</p>',
        *(f"<p>{escape(line)}</p>" for line in verdict),
        *(f"<p>{_verdict(each.ok)} {escape(str(each))}</p>" for each in report.instruments),
        "<h2>What was graded</h2>",
        _table(("part", "value"), _identity(report.identity)),
        "<h2>Cases</h2>",
        *(_result(result) for result in report.results),
        "</body></html>",
    ]
    return "\n".join(parts) + "\n"


def _opening(report: Report) -> str:
    golden = [result for result in report.results if result.case.golden]
    held = sum(result.ok for result in golden)
    calls = sum(trial.model_calls for result in report.results for trial in result.trials)
    return (
        f"{held} of {len(golden)} golden cases passed, {report.seconds:.1f} s, {calls:,} model calls,"
        f" ${report.cost_usd:f}."
    )


def _identity(identity: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for name, value in identity.items():
        if isinstance(value, Mapping):
            yield name, "; ".join(f"{key}: {_listed(item)}" for key, item in value.items())
        else:
            yield name, _listed(value)


def _listed(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)


def _result(result: Result) -> str:
    case, trials = result.case, len(result.trials)
    lower, upper = result.interval
    verdict = _verdict(result.ok)
    counted = f"{result.passed} of {trials} trials" if trials > 1 else ""
    heading = [verdict, f"<b>{escape(case.id)}</b>", escape("golden" if case.golden else "not golden"), counted]
    about = [
        case.source,
        f"seed {case.seed}",
        ", ".join(case.tags),
        f"{result.seconds:.1f} s",
        f"${result.cost_usd:f}",
        f"pass^{trials} {result.pass_hat(trials):.3f}",
        f"pass rate {lower:.3f} to {upper:.3f} (95 %)",
    ]
    body = "\n".join(_trial(number, trial) for number, trial in enumerate(result.trials, 1))
    return _folded(
        " · ".join(filter(None, heading)),
        f'<p class="soft">{escape(" · ".join(filter(None, about)))}</p>\n{body}',
        unfolded=not result.ok,
    )


def _trial(number: int, trial: Trial) -> str:
    faults = "".join(f"<li>{escape(fault.scorer)}: {escape(fault.what)}</li>" for fault in trial.faults)
    took = escape(f"{trial.seconds:.1f} s, {trial.model_calls} model calls, ${trial.cost_usd:f}")
    runs = "\n".join(_run(run) for run in trial.transcript) or '<p class="soft">It came to no transcript.</p>'
    body = (f'<ul class="bad">{faults}</ul>' if faults else "") + runs
    return _folded(f"{_verdict(trial.ok)} trial {number} · {took}", body, unfolded=not trial.ok)


def _run(run: RunStory) -> str:
    said = [("asked by " + run.person, run.request)] if run.person else []
    said += [("plan", "\n".join(f"{step.role}: {step.task}" for step in run.plan))] if run.plan else []
    said += [("problem", problem) for problem in run.problems]
    said += [("answer", run.answer)] if run.answer else []
    words = "".join(
        f'<p class="soft">{escape(who)}</p><p class="said">{escape(what)}</p>' for who, what in said
    )  # the calls stand below the words: they are looked up, the words are read
    calls = _table(("role", "tool", "arguments", "status", "verdict", "result"), map(_call, run.calls))
    return _folded(escape(f"{run.id}, {run.kind}, {run.status}"), words + calls, unfolded=False)


def _call(call: ToolCall) -> tuple[str, ...]:
    arguments = ", ".join(f"{name}={json.dumps(value, ensure_ascii=False)}" for name, value in call.arguments.items())
    judged = call.verdict
    verdict = f"{judged.decision} by {judged.rule}: {judged.reason}" if judged else ""
    return call.agent.rsplit("/", 1)[-1], call.tool, arguments, call.status, verdict, call.result


def _verdict(ok: bool) -> str:
    return '<span class="good">passed</span>' if ok else '<span class="bad">FAILED</span>'


def _folded(heading: str, body: str, *, unfolded: bool) -> str:
    return f"<details{' open' if unfolded else ''}><summary>{heading}</summary>\n{body}\n</details>"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    body = "".join(f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>\n" for row in rows)
    if not body:
        return ""
    heading = "".join(f"<th>{escape(cell)}</th>" for cell in head)
    return f'<div class="wide"><table>\n<tr>{heading}</tr>\n{body}</table></div>'
