"""What reports and answers are held to: the results of tool calls, of one assignment or of a whole run."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from company.events import Event, Json
from company.governor.claims import Grounds, Receipt, check
from company.home import Company
from company.roles import CLAIMED, Role
from company.store import Run

_CALLS = ("TOOL_CALL_START", "TOOL_CALL_RESULT")
_MANY = 10_000
_NAME = re.compile(r"\b[A-Z][A-Za-z0-9]{2,}\b")
_PAIR = re.compile(r"[A-Z0-9]{2,12}/[A-Z0-9]{2,12}")


def grounds_of_work(messages: Sequence[Json], roles: Mapping[str, Role]) -> Grounds:
    """Return what one assignment's own tool calls prove: nobody else's receipts count."""
    return _grounds(((m["name"], m["content"]) for m in messages if m["type"] == "tool"), roles)


def unproven_of(reports: Sequence[Json]) -> list[str]:
    """Return what reports claim and no receipt shows, with who claims it."""
    return [f"{CLAIMED}: {report['role']} {line}" for report in reports for line in report.get("unproven", ())]


def unproven_of_answer(company: Company, run: Run, answer: str, *, known: Sequence[str]) -> list[str]:
    """Return what the CEO's answer claims and no receipt of the run shows.

    An effect of an earlier run of the conversation proves what is said of it by its id, and not that the same was done
    once more.

    Args:
        company: Tools, roles and the journal.
        run: The run that is answered.
        answer: The CEO's words.
        known: What its roles' reports claim without a receipt; repeating it is not told twice.
    """
    tools, read = company.registry.values(), company.store.journal.read
    if not check(answer, tools, Grounds()):
        return []
    now = _grounds(_results(read(run_id=run.id, types=_CALLS, limit=_MANY)), company.roles)
    said = read(thread_id=run.thread_id, types=_CALLS, limit=_MANY) if run.person else []
    before = _grounds(_results(event for event in said if event.run_id != run.id), company.roles)
    earlier = [(receipt.tool, receipt.value) for receipt in before.receipts]
    grounds = Grounds(
        receipts=now.receipts,
        reads=[*now.reads, *before.reads, *earlier],
        names=now.names,
        strangers={*now.strangers, *before.strangers},
    )
    found = [claim for claim in check(answer, tools, grounds) if claim.missing]
    return [f"{CLAIMED}: {company.chief.id} {claim}" for claim in found if not any(claim.missing in k for k in known)]


def _results(events: Iterable[Event]) -> Iterator[tuple[str, str]]:
    names: dict[tuple[str, str, str], str] = {}
    for event in events:
        call = event.run_id, event.agent, event.body["toolCallId"]
        if event.type == "TOOL_CALL_START":
            names[call] = event.body["toolCallName"]
        else:
            yield names.get(call, ""), event.body["content"]


def _grounds(results: Iterable[tuple[str, str]], roles: Mapping[str, Role]) -> Grounds:
    receipts: dict[str, Receipt] = {}  # an effect may be told twice: a call that was repeated after a crash
    reads: list[tuple[str, Any]] = []
    strangers: set[str] = set()
    for tool, content in results:
        result = json.loads(content)
        if "receipt" in result:
            receipts[result["receipt"]] = Receipt(tool, result["receipt"], result["value"])
        elif result["status"] == "ok":
            reads.append((tool, result["value"]))
            strangers |= {name.lower() for name in _NAME.findall(content)} if "untrusted" in result else set()
    assets = _assets(roles)
    ours = {word for role in roles.values() for word in f"{role.id} {role.title}".lower().split()}
    return Grounds(tuple(receipts.values()), reads, assets, strangers - ours - assets.keys())


def _assets(roles: Mapping[str, Role]) -> dict[str, str]:
    """Return what people call an asset, out of the slots of the roles: `bitcoin` is the BTC of `BTC/USDT`."""
    choices = {pair: words for role in roles.values() for pair, words in role.choices.items()}
    named = {pair.partition("/")[0]: words for pair, words in choices.items() if _PAIR.fullmatch(pair)}
    return {word: asset for asset, words in named.items() for word in (asset.lower(), *words)}
