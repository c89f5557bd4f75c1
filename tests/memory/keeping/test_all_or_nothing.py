"""An erasure that was begun is finished by who opens the home next, wherever `kill -9` struck."""

import shutil
import subprocess
import sys
from pathlib import Path

from company.memory import Note
from company.memory.keeping.receipts import find
from tests.memory.keeping.dying import POINTS

SECRET = "my locker at the station opens with 4711-ALPHA"


def test_an_erasure_is_finished_after_a_kill_at_any_step(home, clock, tmp_path):
    run = home.talk("ann", SECRET, f"You said that {SECRET}.")
    home.talk("bob", "what is up?", "Nothing.")
    home.keep(
        Note(role="ceo", text=f"ann said: {SECRET}", person="ann", run_id=run),
        Note(role="ceo", text="bob asks what is up", person="bob"),
    )
    home.close()
    for place in range(len(POINTS)):
        shutil.copytree(home.state, tmp_path / "copies" / str(place))

    script = Path(__file__).with_name("dying.py")
    died = subprocess.run(
        [sys.executable, script, tmp_path / "copies"], capture_output=True, text=True, timeout=60, check=True
    )

    assert died.stdout.split() == ["-9"] * len(POINTS), died.stderr
    for place, point in enumerate(POINTS):
        state = tmp_path / "copies" / str(place)
        again = type(home)(state, clock)
        receipt = again.forgetting().finish()
        assert again.forgetting().finish() is None, point
        assert b"4711-" not in b"".join(path.read_bytes() for path in state.rglob("*") if path.is_file()), point
        assert [item.person for item in again.memory.records.where("1")] == ["bob"], point
        assert again.store.journal.verify().problems == [], point
        assert (receipt.erasure, receipt.memories, receipt.counts["company.db journal"]) == ("E1", 1, 5), point
        assert find("E1", again.store).receipt == receipt, point
        again.close()
