"""Real processes, killed in the middle of writing."""

import subprocess
import sys
from pathlib import Path

WRITER = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from company import events
from company.events import Draft
from company.store import Store

store = Store.open(Path(sys.argv[1]), now=lambda: datetime.now(UTC))
drafts = [Draft("R1", "T1", "ceo", "user", events.text_delta("m1", f"word {n}")) for n in range(3)]
for turn in range(int(sys.argv[2])):
    with store.transaction():
        store.journal.append(drafts)
        store.books("crash").next_number("turn")
    if turn % 5 == 0:
        store.journal.sign_head()
    print(turn, flush=True)
store.close()
"""


def writing(path: Path, turns: int) -> subprocess.Popen[str]:
    return subprocess.Popen([sys.executable, "-c", WRITER, str(path), str(turns)], stdout=subprocess.PIPE, text=True)


def test_a_journal_verifies_after_its_writers_were_killed(home, open_store):
    survivor = writing(home / "state.db", 60)
    for turns in (1, 8, 20):
        victim = writing(home / "state.db", 100_000)
        for _ in range(turns):
            assert victim.stdout.readline()
        victim.kill()
        victim.communicate()
    survivor.communicate(timeout=60)
    assert survivor.returncode == 0
    store = open_store()
    turns = store.books("crash").next_number("turn") - 1
    found = store.journal.verify()
    assert found.problems == []
    assert found.rows == store.journal.last_seq() == 3 * turns
    assert turns >= 60 + 29
    assert found.head_seq > 0
