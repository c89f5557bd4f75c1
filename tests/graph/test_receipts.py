"""Whoever says that something was done has a receipt of it, or the person who reads the answer is told otherwise."""

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from company.engine import Engine
from company.events import Json

Opened = Callable[..., Any]
Scripted = Callable[..., Any]
WriteCompany = Callable[[Mapping[str, str]], Path]

CEO = "---\nid: ceo\ntitle: Chief\nsummary: Leads.\n---\nYou lead.\n"
ROLE = "---\nid: {0}\ntitle: {1}\nreports_to: ceo\nsummary: Works.\ntools: [look, write_file, sign]\n---\nYou work.\n"
TOOLS = '''
"""Tools of an office."""

from company import Context, ToolError, tool


@tool(effect="read")
async def look(context: Context) -> list[str]:
    """Return the files that are there."""
    return ["old.txt"]


@tool(effect="write", idempotent=True, claims=("written", "wrote", "saved"))
async def write_file(name: str, context: Context) -> str:
    """Write a file.

    Args:
        name: Its name.
    """
    if name == "locked.txt":
        raise ToolError("the disk is full")
    return name


@tool(effect="irreversible", claims=("signed",))
async def sign(paper: str, context: Context) -> str:
    """Sign a paper.

    Args:
        paper: Which one.
    """
    return paper
'''


def _plan(*roles: str, **more: Any) -> list[tuple[str, dict[str, Any]]]:
    return [("delegate", {"assignments": [{"role": role, "task": "Write notes.txt.", **more} for role in roles]})]


def _write(name: str) -> list[tuple[str, dict[str, Any]]]:
    return [("write_file", {"name": name})]


@pytest.fixture
def office(write_company: WriteCompany) -> Path:
    """A company with a clerk and a smith who write files and ask before they sign."""
    roles = {f"roles/{name}.md": ROLE.format(name, name.title()) for name in ("clerk", "smith")}
    settings = "[memory]\nenabled = false\n"
    return write_company({"company.toml": settings, "roles/ceo.md": CEO, "tools/office.py": TOOLS, **roles})


async def _cycle(engine: Engine) -> Any:
    return await engine.advance(engine.start("cycle").id)


def _reports(engine: Engine) -> dict[str, Json]:
    """Return the last report of each role."""
    return {e.body["value"]["role"]: e.body["value"] for e in engine.company.store.journal.read(types={"report"})}


LIES: dict[str, tuple[Sequence[Any], str]] = {
    "nothing was called": (["I wrote notes.txt."], "there is no receipt of write_file"),
    "it was only looked": ([[("look", {})], "notes.txt is saved."], "there is no receipt of write_file"),
    "the call failed": ([_write("locked.txt"), "Saved: locked.txt"], "there is no receipt of write_file"),
    "the call waits": ([[("sign", {"paper": "lease"})], "The lease is SIGNED."], "there is no receipt of sign"),
    "another file": (
        [_write("old.txt"), "| File | State |\n|--|--|\n| notes.txt | written |"],
        "does not have notes.txt",
    ),
}


@pytest.mark.parametrize(("script", "missing"), LIES.values(), ids=LIES)
async def test_a_report_that_claims_what_no_receipt_shows_is_claimed_and_the_person_is_told(
    script: Sequence[Any], missing: str, office: Path, opened: Opened, scripted: Scripted, tmp_path: Path
) -> None:
    _, models = scripted(clerk=script, ceo=[_plan("clerk"), "All is well."])
    with opened(tmp_path / "home", office, models=models) as engine:
        run = await _cycle(engine)
        report = _reports(engine)["clerk"]
    assert report["completion"] == "claimed"
    assert missing in report["unproven"][0]
    assert run.outcome["answer"].startswith("All is well.\n\n(claimed, no receipt: clerk says “")
    assert any(line.startswith("claimed, no receipt: clerk says “") for line in run.outcome["degraded"])
    assert run.status in {"degraded", "waiting"}


async def test_a_report_whose_claims_have_receipts_is_done(
    office: Path, opened: Opened, scripted: Scripted, tmp_path: Path
) -> None:
    answers = [_plan("clerk", proof=["write_file"]), "The clerk has written notes.txt."]
    _, models = scripted(clerk=[_write("notes.txt"), "I wrote notes.txt. Nothing was signed."], ceo=answers)
    with opened(tmp_path / "home", office, models=models) as engine:
        run = await _cycle(engine)
        report = _reports(engine)["clerk"]
    assert (report["completion"], report["unproven"]) == ("done", [])
    assert (run.status, run.outcome["answer"]) == ("done", "The clerk has written notes.txt.")


async def test_a_receipt_proves_nothing_of_another_role(
    office: Path, opened: Opened, scripted: Scripted, tmp_path: Path
) -> None:
    said = "I wrote notes.txt."
    _, models = scripted(clerk=[_write("notes.txt"), said], smith=[said], ceo=[_plan("clerk", "smith"), "Good."])
    with opened(tmp_path / "home", office, models=models) as engine:
        run = await _cycle(engine)
        reports = _reports(engine)
    assert [reports[role]["completion"] for role in ("clerk", "smith")] == ["done", "claimed"]
    assert run.outcome["degraded"] == [
        "claimed, no receipt: smith says “I wrote notes.txt.”; there is no receipt of write_file"
    ]


async def test_a_receipt_proves_nothing_of_a_later_run(
    office: Path, opened: Opened, scripted: Scripted, tmp_path: Path
) -> None:
    said = "I wrote notes.txt."
    _, models = scripted(
        clerk=[_write("notes.txt"), said, said], ceo=[_plan("clerk"), "Good.", _plan("clerk"), "Good."]
    )
    with opened(tmp_path / "home", office, models=models) as engine:
        first = await _cycle(engine)
        second = await _cycle(engine)
    assert [first.status, second.status] == ["done", "degraded"]


async def test_a_task_that_names_its_proof_is_not_done_by_saying_so(
    office: Path, opened: Opened, scripted: Scripted, tmp_path: Path
) -> None:
    _, models = scripted(clerk=["All done!"], ceo=[_plan("clerk", proof=["write_file"]), "Good."])
    with opened(tmp_path / "home", office, models=models) as engine:
        await _cycle(engine)
        report = _reports(engine)["clerk"]
    assert report["completion"] == "claimed"
    assert report["unproven"] == ["says “All done!”; there is no receipt of write_file"]


async def test_a_plan_may_name_as_proof_only_what_the_role_can_do(
    office: Path, opened: Opened, scripted: Scripted, tmp_path: Path
) -> None:
    wrong, right = _plan("clerk", proof=["look"]), _plan("clerk", proof=["write_file"])
    scripts, models = scripted(clerk=[_write("notes.txt"), "Done."], ceo=[wrong, right, "Good."])
    with opened(tmp_path / "home", office, models=models) as engine:
        run = await _cycle(engine)
    assert run.status == "done"
    sent_back = json.dumps([str(message.content) for message in scripts["ceo"].asked[1]])
    assert "'clerk' has no tool 'look' with an effect; choose from write_file, sign" in sent_back


async def test_the_ceo_reads_what_is_unproven_in_the_report(
    office: Path, opened: Opened, scripted: Scripted, tmp_path: Path
) -> None:
    scripts, models = scripted(clerk=["Signed."], ceo=[_plan("clerk"), "Good."])
    with opened(tmp_path / "home", office, models=models) as engine:
        await _cycle(engine)
    assert '"unproven": ["says “Signed.”; there is no receipt of sign"]' in scripts["ceo"].asked[1][-1].content


async def test_the_ceos_own_claims_are_held_to_the_receipts_of_the_run(
    office: Path, opened: Opened, scripted: Scripted, tmp_path: Path
) -> None:
    answers = [_plan("clerk"), "The clerk wrote notes.txt, and we signed the lease."]
    _, models = scripted(clerk=[_write("notes.txt"), "Wrote notes.txt."], ceo=answers)
    with opened(tmp_path / "home", office, models=models) as engine:
        run = await _cycle(engine)
    claimed = f"claimed, no receipt: ceo says “{answers[1]}”; there is no receipt of sign"
    assert run.outcome["degraded"] == [claimed]
    assert run.outcome["answer"] == f"{answers[1]}\n\n({claimed})"


async def test_a_claim_that_the_ceo_repeats_is_told_once(
    office: Path, opened: Opened, scripted: Scripted, tmp_path: Path
) -> None:
    _, models = scripted(clerk=["We signed the lease."], ceo=[_plan("clerk"), "The lease was signed."])
    with opened(tmp_path / "home", office, models=models) as engine:
        run = await _cycle(engine)
    assert run.outcome["answer"].count("claimed, no receipt") == 1


async def test_claims_are_told_when_the_ceos_model_cannot_answer(
    office: Path, opened: Opened, scripted: Scripted, tmp_path: Path
) -> None:
    from company.errors import ProviderError

    _, models = scripted(clerk=["Signed."], ceo=[_plan("clerk"), ProviderError("the model is overloaded")])
    with opened(tmp_path / "home", office, models=models) as engine:
        run = await _cycle(engine)
    assert "(claimed, no receipt: clerk says “Signed.”; there is no receipt of sign)" in run.outcome["answer"]


async def test_an_earlier_order_of_the_conversation_is_known_by_its_id_and_is_no_second_one(
    opened: Opened, scripted: Scripted, tmp_path: Path
) -> None:
    trade = [("delegate", {"assignments": [{"role": "trading", "task": "buy 0.02 BTC"}]})]
    _, models = scripted(ceo=[trade, "Done.", "Order O1 was filled: 0.02 BTC.", "Bought 0.02 BTC once more."])
    with opened(tmp_path / "home", models=models, seed=7) as engine:
        runs = [
            await engine.advance(engine.start("chat", person="ann", thread_id="T9", request=said).id)
            for said in ("please buy 0.02 BTC", "did my order go through?", "buy 0.02 BTC again")
        ]
    assert [run.status for run in runs] == ["done", "done", "degraded"]
    assert (
        runs[2]
        .outcome["answer"]
        .endswith("(claimed, no receipt: ceo says “Bought 0.02 BTC once more.”; there is no receipt of place_order)")
    )


async def test_no_honest_word_of_the_default_company_is_called_claimed(opened: Opened, tmp_path: Path) -> None:
    with opened(tmp_path / "home", seed=7) as engine:
        runs = [await _cycle(engine) for _ in range(2)]
        events = engine.company.store.journal.read(types={"report"})
    reports = [event.body["value"] for event in events]
    assert [line for run in runs for line in run.outcome["degraded"]] == []
    assert [report for report in reports if report["unproven"]] == []
    assert {report["completion"] for report in reports if report["status"] == "ok"} == {"done"}
    assert sum(len(report["receipts"]) for report in reports) >= 4


async def test_the_command_line_and_the_api_show_what_is_claimed(
    office: Path, opened: Opened, scripted: Scripted, tmp_path: Path
) -> None:
    from company.cli.lines import Lines
    from company.server.native.runs import ReportView
    from company.store import Lanes

    _, models = scripted(clerk=["Signed."], ceo=[_plan("clerk"), "Good."])
    printed: list[str] = []
    with opened(tmp_path / "home", office, models=models) as engine:
        run = await _cycle(engine)
        lines = Lines(out=printed.append, piece=lambda _: None)
        for event in engine.company.store.journal.read():
            lines.show(event)
        (lane,) = Lanes(engine.company.store).of_run(run.id)
        report = ReportView.of(lane)
    missing = "says “Signed.”; there is no receipt of sign"
    assert any(line.split() == f"clerk claimed, no receipt: {missing}".split() for line in printed)
    assert report is not None
    assert (report.completion, report.unproven) == ("claimed", [missing])
