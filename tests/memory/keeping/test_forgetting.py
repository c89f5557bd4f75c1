"""Forgetting: no trace of what was told, every other memory as it was, all or nothing, and it does not come back."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from hashlib import sha256
from pathlib import Path

import pytest

from company.errors import UsageError
from company.memory import Note
from company.memory.keeping.forgetting import is_pending
from company.memory.keeping.plan import Order
from company.memory.keeping.receipts import find
from company.memory.keeping.transfer import export
from company.memory.words import fingerprint

TOLD = [
    "my locker at the station opens with 4711-ALPHA",
    "The board's codename for the merger is “Blaue Möwe”",
    'she said "never call after nine" and meant it',
    "our landlord Ödön lives at Kőszeg út 12",
    "the backup\ntapes are in\nthe Tromsø vault",
    "C:\\keys\\new\\table holds the seating plan",
    "my daughter's school is Saint Zenobia's",
    "the 会社の秘密 is under the third flower pot",
    "I owe Casimir Wojtyla 730 crowns since May",
    "my doctor told me to avoid cashew nuts",
    "the emoji on my ring is 🦔🦔 and nothing else",
    "Quentin is going to be fired on the ninth",
    "I vote for the Flat Roof Party, tell nobody",
    "my second passport is from Liechtenstein",
    "I sleep badly since the Wiesbaden accident",
    "the safe word of our house is marzipan lighthouse",
    "my brother Anselm was arrested in Ghent",
    "I was offered 93,000 by the Hartmann group",
    "the dog is called Bratwurst the Second",
    "I never finished my degree in Uppsala",
]
OTHERS = [
    f"the {colour} desk of the company stands on floor {place}"
    for place, colour in enumerate(["red", "green", "blue", "white", "black", "brown", "grey", "pink"])
]


def forms(text: str) -> Iterator[bytes]:
    """The byte forms of a text that a scan of the disk would look for."""
    for spelling in (text, text.lower(), text.upper()):
        escaped = [json.dumps(spelling, ensure_ascii=ascii_only) for ascii_only in (True, False)]
        twice = [json.dumps(once)[3:-3] for once in escaped]
        yield from {form.encode() for form in (spelling, *(once[1:-1] for once in escaped), *twice)}
        yield from (spelling.encode(form) for form in ("utf-16-le", "utf-16-be"))


def found_in(state: Path, needles: list[bytes]) -> list[tuple[str, bytes]]:
    files = [(path, path.read_bytes()) for path in state.rglob("*") if path.is_file()]
    return [(path.name, needle) for path, raw in files for needle in needles if needle in raw]


def contents(state: Path) -> dict[Path, bytes]:
    """All files but those in which SQLite keeps its locks."""
    return {path: path.read_bytes() for path in state.rglob("*") if path.is_file() and path.suffix != ".db-shm"}


def slices(vector: bytes) -> Iterator[bytes]:
    """Pieces of a vector of which any 64 of its bytes hold one whole."""
    yield from (vector[start : start + 32] for start in range(0, len(vector), 32))


def vectors(home, seqs: list[int]) -> list[bytes]:
    rows = home.memory.records.db.execute("SELECT seq, value FROM vector")
    return [row["value"] for row in rows if row["seq"] in seqs]


def lines(home) -> list[str]:
    return list(export(home.memory.records, ""))[1:]


def test_a_scan_of_every_byte_finds_none_of_twenty_erased_strings_nor_their_vectors(home_with_chroma):
    home = home_with_chroma
    for said in TOLD:
        run = home.talk("ann", f"Remember: {said}.", f"You told me that {said.upper()}. I keep it.")
        home.keep(
            Note(role="ceo", text=f"ann said: Remember: {said}.", person="ann", source="user", run_id=run),
            Note(role="ceo", text=said, person="ann", kind="semantic", source="user", run_id=run),
        )
    home.keep(*(Note(role="trading", text=other, kind="semantic") for other in OTHERS))
    home.memory.similarity.nearest("ceo", "ann", "", home.memory.similarity.query("locker"), 3)
    home.memory.similarity.settle()  # which copies the vectors into Chroma
    gone = list(range(1, 41))
    needles = [form for said in TOLD for form in forms(said.rstrip("."))]
    of_vectors = [part for vector in vectors(home, gone) for part in slices(vector)]
    assert len(of_vectors) == 40 * 48
    before = lines(home)
    assert found_in(home.state, needles[:1])
    assert {name for name, _ in found_in(home.state, of_vectors[:1])} > {"chroma.sqlite3"}

    receipt = home.forget(person="ann")

    assert (receipt.memories, receipt.left) == (40, ())
    assert found_in(home.state, needles) == []
    assert found_in(home.state, of_vectors) == []
    assert lines(home) == before[40:]
    assert home.store.journal.verify().ok
    assert find(receipt.erasure, home.store).problems == ()
    assert [event.body["value"]["price"] for event in home.store.journal.all() if event.type == "order.placed"] == [
        "65320.38"
    ] * 20
    recalled = home.memory.recalling.ranked("trading", "desk of the company")
    assert {found.item.text for found in recalled} >= set(OTHERS)


def test_the_memory_is_found_by_meaning_after_an_erasure(home_with_chroma):
    home = home_with_chroma
    home.keep(
        Note(role="ceo", text="the red desk stands by the window"), Note(role="ceo", text="my locker is 4711-ALPHA")
    )
    home.memory.similarity.settle()
    home.forget(ids=("m2",))
    home.memory.similarity.settle()
    vector = home.memory.similarity.query("furniture near the glass")
    assert home.memory.similarity.nearest("ceo", "", "", vector, 5) == [1]


def test_what_was_concluded_goes_and_what_it_was_taken_from_in_the_same_run_goes(home):
    run = home.talk("ann", TOLD[0], "Noted.")
    said, other = home.keep(
        Note(role="ceo", text=f"ann said: {TOLD[0]} and the sky is blue", person="ann", run_id=run),
        Note(role="ceo", text="the desk is red", run_id=run),
    )
    fact, sky = home.keep(
        Note(role="ceo", text="Ann's locker code is 4711", person="ann", run_id=run, derived_from=(said.id,)),
        Note(role="ceo", text="Ann says that the sky is blue", person="ann", run_id=run, derived_from=(said.id,)),
    )
    (lesson,) = home.keep(
        Note(role="ceo", text="never write codes down", person="ann", run_id="R9", derived_from=(fact.id,))
    )
    (later,) = home.keep(
        Note(role="trading", text="codes are bad for trading", person="ann", derived_from=(lesson.id,))
    )

    receipt = home.forget(ids=(fact.id,))

    assert receipt.memories == 4
    left = {item.id for item in home.memory.records.where("1")}
    assert left == {other.id, sky.id}
    assert later.id not in left


def test_a_memory_of_another_role_that_quotes_the_forgotten_goes_too(home):
    (told,) = home.keep(Note(role="ceo", text=TOLD[0], person="ann"))
    home.keep(Note(role="security", text=f"report: somebody wrote {TOLD[0].upper()} on a wall"))
    home.forget(ids=(told.id,))
    assert home.memory.records.where("1") == []


def test_words_are_erased_although_no_memory_holds_them(home):
    home.talk("ann", f"Listen: {TOLD[0]}", "Yes.")
    (home.state / "server.log").write_text(f"POST /messages {TOLD[0]}\nGET /health\n")
    receipt = home.forget(query="opens with 4711-alpha")
    assert receipt.memories == 0
    assert (home.state / "server.log").read_text() == "POST /messages my locker at the station [erased]\nGET /health\n"
    assert found_in(home.state, [b"4711-"]) == []


def test_one_person_is_forgotten_and_the_other_is_not(home):
    home.talk("ann", TOLD[0], "Noted, Ann.", thread="a")
    bob = home.talk("bob", TOLD[8], "Noted, Bob.", thread="b")
    home.keep(Note(role="ceo", text=TOLD[0], person="ann"), Note(role="ceo", text=TOLD[8], person="bob"))
    home.forget(person="Ann")
    assert [item.person for item in home.memory.records.where("1")] == ["bob"]
    assert home.store.runs.get(bob).request == TOLD[8]
    assert home.store.recordings.of_run(bob)
    assert TOLD[8] in (home.state / "history").read_text()


def test_a_preview_changes_nothing(home):
    home.talk("ann", TOLD[0], "Noted.")
    home.keep(Note(role="ceo", text=TOLD[0], person="ann"))
    before = contents(home.state)
    plan = home.forgetting().preview(Order(person="ann"))
    assert plan.seqs == (1,)
    assert plan.counts["company.db journal"] == 5
    assert contents(home.state) == before


def test_a_checkpoint_of_a_run_that_waits_keeps_its_form(home):
    home.talk("ann", TOLD[0], "Noted.")
    waits = home.talk("bob", f"Why does ann say that {TOLD[0]}?", "Wait.", thread="b", status="waiting")
    home.keep(Note(role="ceo", text=TOLD[0], person="ann"))
    home.forget(ids=("m1",))
    with closing(sqlite3.connect(home.state / "checkpoints.db")) as db:
        rows = dict(db.execute("SELECT thread_id, checkpoint FROM checkpoints"))
    assert list(rows) == [waits]
    assert b"*" * len(TOLD[0]) in rows[waits]


@pytest.mark.parametrize("status", ["created", "running"])
def test_it_is_refused_while_a_run_is_under_way_unless_the_company_is_stopped(home, status):
    home.keep(Note(role="ceo", text=TOLD[0], person="ann"))
    home.talk("bob", "hello", "hello", status=status)
    with pytest.raises(UsageError, match="is under way"):
        home.forget(ids=("m1",))
    home.store.flags.set("stop", "ann: fire")
    assert home.forget(ids=("m1",)).memories == 1


def test_it_is_refused_while_a_run_waits_that_would_lose_its_words(home):
    home.talk("ann", TOLD[0], "Wait.", status="waiting")
    with pytest.raises(UsageError, match="waits for a person"):
        home.forget(person="ann")


def test_it_is_refused_while_another_process_has_the_home_open(home, clock):
    home.keep(Note(role="ceo", text=TOLD[0], person="ann"))
    other = type(home)(home.state, clock)
    try:
        with pytest.raises(UsageError, match="another process has the home open"):
            home.forget(ids=("m1",))
    finally:
        other.close()
    assert home.forget(ids=("m1",)).memories == 1


@pytest.mark.parametrize(
    ("order", "message"),
    [({"ids": ("m9",)}, "no memory 'm9'"), ({"query": "yes"}, "too short"), ({"query": "1234567890"}, "too short")],
)
def test_an_order_that_cannot_be_meant_is_refused(home, order, message):
    with pytest.raises(UsageError, match=message):
        home.forget(**order)


def test_the_reason_does_not_repeat_what_is_erased(home):
    home.keep(Note(role="ceo", text=TOLD[0]))
    receipt = home.forgetting().forget(Order(ids=("m1",)), by="ann", reason=f"wrong: {TOLD[0]}")
    assert receipt.reason == "wrong: [erased]"


def test_what_was_forgotten_is_not_remembered_again(home):
    (told,) = home.keep(Note(role="ceo", text=f"ann said: {TOLD[0]}", person="ann"))
    home.forget(ids=(told.id,))
    again, said, new = home.keep(
        Note(role="ceo", text=f"ANN said:  {TOLD[0]}", person="ann"),
        Note(role="ceo", text=TOLD[0]),
        Note(role="ceo", text="the desk is red"),
    )
    assert (again.id, again.status) == ("m0", "archived")
    assert said.id == "m0"
    assert [item.text for item in home.memory.records.where("1")] == ["the desk is red"]
    assert new.id == "m2"


def test_the_value_of_a_forgotten_key_does_not_come_back_in_other_words(home):
    fact = {"role": "ceo", "kind": "semantic", "person": "ann", "subject": "Ann", "predicate": "born", "value": "May 4"}
    (told,) = home.keep(Note(text="Ann was born on May 4", **fact))
    home.forget(ids=(told.id,))
    again, other = home.keep(
        Note(text="May 4 is when Ann was born", **fact), Note(text="Ann: June", **fact | {"value": "June"})
    )
    assert again.id == "m0"
    assert other.status == "active"


def test_a_tombstone_tells_nobody_what_it_covers(home):
    home.keep(Note(role="ceo", text=TOLD[0]))
    home.forget(ids=("m1",))
    stored = {bytes(row[0]) for row in home.memory.records.db.execute("SELECT digest FROM tombstone")}
    assert stored
    assert not stored & {sha256(TOLD[0].encode()).digest(), bytes.fromhex(fingerprint(TOLD[0]))}


def test_an_erasure_that_was_only_half_written_down_was_never_begun(home):
    (home.state / "forgetting.new").write_text('{"seqs": [1], "everywhere": ["my lock')
    assert not is_pending(home.state)
    assert found_in(home.state, [b"my lock"]) == []
