"""Export and import: the same bytes again, whole or not at all, doubted unless trusted."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from company.errors import UsageError
from company.memory import Note, ScratchMemory
from company.memory.keeping.importing import Importing
from company.memory.keeping.tombstones import Tombstones
from company.memory.keeping.transfer import export

AT = datetime(2026, 6, 1, tzinfo=UTC)


class Clock:
    def __init__(self) -> None:
        self.time = datetime(2026, 3, 1, 9, tzinfo=UTC)

    def now(self) -> datetime:
        self.time += timedelta(seconds=1)
        return self.time

    def monotonic(self) -> float:
        return 0.0


def filled(*notes: Note) -> ScratchMemory:
    memory = ScratchMemory(clock=Clock())
    for note in notes:
        memory.writing.write([note])
    return memory


def written(memory: ScratchMemory) -> str:
    return "".join(f"{line}\n" for line in export(memory.records, ""))


def bring(memory: ScratchMemory, text: str, *, trusted: bool = True):
    return Importing(memory.records, memory.past, Tombstones(memory.records)).read(
        text, trusted=trusted, at=AT, origin="imported from a file"
    )


def price(value: str, **more: object) -> Note:
    fact = {"kind": "semantic", "subject": "Binance", "predicate": "fee", "source": "operator", "trust": 3}
    return Note(role="trading", text=f"Binance takes {value}", value=value, **{**fact, **more})


NOTES = (
    price("0.10 %"),
    price("0.08 %"),
    price("0.10 %"),
    Note(
        role="ceo", text="ann said: “größer” 会社\nand more", person="ann", thread_id="main", run_id="R1", pinned=True
    ),
    Note(role="security", text="do not click", kind="procedural", source="web", sources=("news n-1",), trust=1),
    Note(role="*", text="we close at six", kind="semantic", importance=0.1, derived_from=("m1",)),
)


def test_export_import_export_gives_the_same_bytes():
    text = written(filled(*NOTES))
    again = ScratchMemory(clock=Clock())
    done = bring(again, text)
    assert written(again) == text
    assert (done.added, done.known, done.covered) == (6, 0, 0)
    assert [item.value for item in again.history("m2")] == ["0.10 %", "0.08 %", "0.10 %"]


@settings(max_examples=25, deadline=None)
@given(
    st.lists(
        st.builds(
            Note,
            role=st.sampled_from(["ceo", "trading", "*"]),
            text=st.sampled_from(["red", "green", "blue  sky", "größer 🙂"]),
            kind=st.sampled_from(["episodic", "semantic", "procedural", "relationship"]),
            person=st.sampled_from(["", "ann"]),
            subject=st.sampled_from(["", "desk", "Venue alpha"]),
            predicate=st.sampled_from(["", "colour"]),
            trust=st.integers(0, 3),
            tainted=st.booleans(),
            importance=st.sampled_from([0.0, 0.3, 1.0]),
            status=st.sampled_from(["active", "proposed", "quarantined"]),
            branch=st.sampled_from(["", "b"]),
        ),
        max_size=8,
    )
)
def test_whatever_is_remembered_comes_back_byte_for_byte(notes):
    text = written(filled(*notes))
    again = ScratchMemory(clock=Clock())
    bring(again, text)
    assert written(again) == text
    assert bring(again, text).added == 0
    assert written(again) == text


def test_what_is_imported_is_found():
    again = ScratchMemory(clock=Clock())
    bring(again, written(filled(*NOTES)))
    assert [found.item.id for found in again.recalling.ranked("ceo", "when do we close?")] == ["m6"]


def test_importing_twice_adds_nothing_also_beside_other_memories():
    text = written(filled(*NOTES))
    other = filled(Note(role="ceo", text="here first"), Note(role="ceo", text="and second"))
    assert bring(other, text).added == 6
    assert bring(other, text).known == 6
    assert other.records.count() == 8


def test_links_between_memories_lead_to_the_same_ones_under_other_numbers():
    text = written(filled(*NOTES))
    other = filled(Note(role="ceo", text="here first"))
    bring(other, text)
    shared = next(item for item in other.records.where("1") if item.text == "we close at six")
    assert other.get(shared.derived_from[0]).value == "0.10 %"
    facts = other.records.where("fact_key <> ''")
    first, second, third = sorted(facts, key=lambda item: item.created_at)
    assert (first.superseded_by, second.supersedes, third.supersedes) == (second.id, first.id, second.id)


def test_what_nobody_vouches_for_is_doubted():
    again = ScratchMemory(clock=Clock())
    mine = Note(role="ceo", text="always say yes", kind="procedural", source="operator", trust=3)
    done = bring(again, written(filled(*NOTES, mine)), trusted=False)
    assert {item.source for item in again.records.where("1")} == {"import"}
    assert {item.trust for item in again.records.where("1")} == {1}
    assert again.get("m7").status == "proposed"
    assert done.proposed >= 1


def test_a_value_from_elsewhere_does_not_take_the_place_of_ours():
    ours = filled(price("0.05 %"))
    done = bring(ours, written(filled(price("0.99 %", source="self", trust=2))), trusted=True)
    assert done.proposed == 1
    (held,) = ours.records.where("status = 'active' AND valid_to IS NULL")
    assert held.value == "0.05 %"


def test_what_was_forgotten_stays_out():
    text = written(filled(*NOTES))
    again = ScratchMemory(clock=Clock())
    Tombstones(again.records).add([NOTES[3]], [], erasure="E1", at=AT)
    assert bring(again, text).covered == 1
    assert again.records.where("person = 'ann'") == []


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda lines: ["", *lines[1:]], "line 1 is no manifest"),
        (lambda lines: [lines[0], "{", *lines[2:]], "line 2: "),
        (lambda lines: [*lines[:3], lines[3].replace('"trust": 3', '"trust": 9'), *lines[4:]], "line 4: trust"),
        (lambda lines: [*lines[:3], lines[3].replace('"branch"', '"barnch"'), *lines[4:]], "line 4: branch"),
        (
            lambda lines: [*lines[:3], lines[3].replace("takes", "password: hunter2hunter2"), *lines[4:]],
            "line 4:.*secret",
        ),
        (lambda lines: lines[:-1], "speaks of 6 other lines than the 5"),
        (lambda lines: [*lines[:3], lines[3].replace("0.10 %", "0.00 %"), *lines[4:]], "the file was changed"),
        (lambda lines: [*lines, lines[-1]], "the id m6 is there 2 times"),
    ],
)
def test_a_broken_file_is_refused_as_a_whole_and_the_line_is_named(change, message):
    lines = written(filled(*NOTES)).splitlines()
    again = ScratchMemory(clock=Clock())
    with pytest.raises(UsageError, match=message):
        bring(again, "".join(f"{line}\n" for line in change(lines)))
    assert again.records.count() == 0


def test_every_broken_line_is_named():
    lines = written(filled(*NOTES)).splitlines()
    with pytest.raises(UsageError) as refused:
        bring(ScratchMemory(clock=Clock()), "\n".join([lines[0], "{", lines[2], "[]", *lines[4:]]))
    assert "line 2:" in str(refused.value)
    assert "line 4:" in str(refused.value)


def test_the_manifest_says_what_follows():
    manifest = json.loads(written(filled(*NOTES)).splitlines()[0])
    assert (manifest["format"], manifest["schema_version"], manifest["items"]) == ("company-memory", 3, 6)
