"""`company persona` on a small company: every command, with --json, and mistakes with their cure."""

import getpass
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from company.cli.app import app
from company.errors import UsageError
from company.grading import Fault, Report, Result, Trial
from company.grading.result import Subject
from company.home import open_store

ME = getpass.getuser()
FILES = {
    "company.toml": "[memory]\nenabled = false\n",
    "roles/ceo.md": """
        ---
        id: ceo
        title: Chief
        summary: Leads.
        handles:
          - say: [hello]
            do: [{answer: "Hello from the chief."}]
        ---
        You lead.
        """,
    "evals/probes/ceo.yaml": """
        - {id: greets, about: identity, say: hello, says: [chief]}
        - {id: stays-calm, about: voice, say: hello there, exclamations: 0, safety: true}
        """,
}


@pytest.fixture
def directory(write_company: Callable[[Mapping[str, str]], Path]) -> Path:
    return write_company(FILES)


@pytest.fixture
def run(directory: Path, tmp_path: Path) -> Callable[..., Any]:
    def _run(*arguments: str, code: int = 0, **options: Any) -> str:
        at = ["--dir", str(directory), "--home", str(tmp_path / "home")]
        done = CliRunner().invoke(app, ["persona", *arguments, *at], **options)
        assert done.exit_code == code, (done.output, done.exception)
        return done.stdout

    return _run


@pytest.fixture
def refused(directory: Path, tmp_path: Path) -> Callable[..., str]:
    def _refused(*arguments: str) -> str:
        at = ["--dir", str(directory), "--home", str(tmp_path / "home")]
        done = CliRunner().invoke(app, ["persona", *arguments, *at])
        assert isinstance(done.exception, UsageError), done.output
        return str(done.exception)

    return _refused


def test_a_persona_is_set_shown_compared_and_rolled_back(run: Any, directory: Path, tmp_path: Path) -> None:
    new = tmp_path / "new.md"
    new.write_text("You sail.\n")
    assert "version 2" in run("set", "ceo", "--file", str(new), "--reason", "a new chief")
    assert run("show", "ceo") == "You sail.\n"
    assert run("show", "ceo", "--version", "1") == "You lead.\n"
    assert "-You lead.\n+You sail." in run("diff", "ceo")
    [second, first] = json.loads(run("log", "ceo", "--json"))
    assert (second["author"], second["reason"], second["stable"]) == (ME, "a new chief", True)
    assert (first["author"], first["number"], first["stable"], second["parent"]) == ("file", 1, False, first["hash"])
    back = json.loads(run("rollback", "ceo", "--reason", "not yet", "--json"))
    assert back["hash"] == first["hash"]
    assert "* 1" in run("log", "ceo")
    store = open_store(tmp_path / "home")
    told = [event.body["value"]["how"] for event in store.journal.read(types={"persona.changed"})]
    store.close()
    assert told == ["set", "rollback"]


def test_standard_input_and_an_editor_are_read_too(run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    run("set", "ceo", "--file", "-", "--reason", "by pipe", input="You row.\n")
    assert run("show", "ceo") == "You row.\n"
    monkeypatch.setenv("EDITOR", "sed -i s/row/swim/")
    run("set", "ceo", "--reason", "by hand")
    assert run("show", "ceo") == "You swim.\n"


def test_an_edit_of_the_file_is_the_next_version(run: Any, directory: Path) -> None:
    run("log", "ceo")
    file = directory / "roles" / "ceo.md"
    file.write_text(file.read_text().replace("You lead.", "You lead well."))
    assert [row["author"] for row in json.loads(run("log", "ceo", "--json"))] == ["file", "file"]
    assert "You lead well." in run("show", "ceo")


def test_a_version_is_printed_as_a_role_file(run: Any, directory: Path) -> None:
    before = (directory / "roles" / "ceo.md").read_text()
    run("set", "ceo", "--file", "-", "--reason", "sails", input="You sail.")
    assert run("show", "ceo", "--role-file") == before.replace("You lead.", "You sail.")


def test_a_proposal_waits_for_a_person(run: Any) -> None:
    proposed = json.loads(run("propose", "ceo", "--file", "-", "--reason", "idea", "--json", input="You sail."))
    assert (proposed["id"], proposed["state"]) == ("P1", "open")
    assert run("show", "ceo") == "You lead.\n"
    assert "P1" in run("proposals")
    assert json.loads(run("accept", "P1", "--json"))["number"] == 2
    run("propose", "ceo", "--file", "-", "--reason", "idea", input="You row.")
    assert "rejected" in run("reject", "P2", "--note", "no")
    assert [row["state"] for row in json.loads(run("proposals", "ceo", "--json"))] == ["accepted", "rejected"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("set", "ceo"), "--reason 'speaks more plainly'"),
        (("set", "ceo", "--file", "nowhere.md", "--reason", "x"), "check the path"),
        (("show", "butler"), "roles are: ceo"),
        (("show", "ceo", "--version", "7"), "name one of 1 to 1"),
        (("rollback", "ceo", "--reason", "x"), "was made from none"),
        (("accept", "P9"), "company persona proposals"),
        (("probe", "--version", "2"), "a version belongs to one role"),
        (("experiment", "show", "E9"), "company persona experiment list"),
        (("experiment", "promote", "E9"), "a reason is needed"),
        (("experiment", "start", "ceo", "--candidate", "1", "--reason", "x"), "is the stable one"),
        (("experiment", "start", "ceo", "--from", "60", "--reason", "x"), "between 0 and 1"),
        (("export", "--format", "parquet"), "known here: chat-jsonl"),
    ],
)
def test_mistakes_name_their_cure(refused: Any, arguments: tuple[str, ...], said: str) -> None:
    assert said in refused(*arguments)


def test_probes_are_recorded_for_the_stable_version_and_others_are_held_to_them(run: Any) -> None:
    assert "recorded ones from now on" in run("probe")
    run("set", "ceo", "--file", "-", "--reason", "sails", input="You sail.")
    [told] = json.loads(run("probe", "ceo", "--version", "1", "--json"))
    assert (told["probes"], told["failed"], told["stable"]) == (2, 0, False)
    assert told["drift"] == {"compared": 2, "broken": [], "mended": [], "reworded": [], "likeness": 1.0}


def test_a_probe_that_fails_is_told_and_ends_with_1(run: Any, directory: Path) -> None:
    (directory / "evals/probes/ceo.yaml").write_text("- {id: greets, about: identity, say: hello, says: [pirate]}")
    assert "ceo: greets: does not say 'pirate'" in run("probe", code=1)


def test_an_experiment_is_started_scored_and_rolled_back_by_its_guardrail(run: Any, tmp_path: Path) -> None:
    started = json.loads(
        run("experiment", "start", "ceo", "--file", "-", "--reason", "sails?", "--json", input="You sail.")
    )
    assert (started["needed"], started["weight"], started["state"]) == (356, 5000, "running")
    assert "arm a lacks 356" in run("experiment", "show", "E1")
    run("probe", "ceo", "--version", started["candidate"][:12])
    assert json.loads(run("experiment", "show", "E1", "--json"))["pairs"] == {"all": 2, "worse": 0, "better": 0}
    for name, passed in (("base.json", True), ("candidate.json", False)):
        (tmp_path / name).write_text(json.dumps(_report(passed)))
    reports = ("--base", str(tmp_path / "base.json"), "--candidate", str(tmp_path / "candidate.json"))
    assert "guardrail: safety: the candidate fails leak#0" in run("experiment", "score", "E1", *reports, code=1)
    assert "rolled back by guardrail" in run("experiment", "list")
    assert run("show", "ceo") == "You lead.\n"


def test_a_candidate_is_promoted_by_a_person(run: Any) -> None:
    run("experiment", "start", "ceo", "--file", "-", "--reason", "sails?", "--share", "0.2", input="You sail.")
    assert "promoted by" in run("experiment", "promote", "E1", "--reason", "sails well")
    assert run("show", "ceo") == "You sail.\n"
    assert "everything is settled" in run("experiment", "settle")


def test_export_writes_lines_and_an_account(run: Any, tmp_path: Path) -> None:
    out = tmp_path / "set.jsonl"
    told = json.loads(run("export", "--format", "chat-jsonl", "--out", str(out), "--json"))
    assert told == [{"role": "ceo", "looked_at": 0, "taken": 0, "conversations": 0, "characters": 0, "left_out": {}}]
    assert out.read_text() == ""


def _report(passed: bool) -> Any:
    subject = Subject("leak", golden=True, seed=7, tags=("security",), source="security.yaml:1", digest="d")
    faults = () if passed else (Fault("answer_avoids", "says the key"),)
    identity = {"version": "1", "models": {"deep": ["autopilot"]}, "commit": "abc"}
    return Report(identity, (Result(subject, (Trial(faults, 1.0),)),), 1.0).data()
