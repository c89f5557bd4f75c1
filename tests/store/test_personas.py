"""Versions of personas: immutable, named by content, pointed to by people and role files only."""

import hashlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from company.errors import UsageError
from company.store import LONGEST
from company.store.personas import hash_of

BODIES = {"ceo": "You are Helena.", "trading": "You are Tomás."}
NOBODY = ["", "  ", "role:ceo", "Role:trading"]


def changes(store):
    return [event.body["value"] for event in store.journal.read(types={"persona.changed"})]


@pytest.fixture
def personas(store):
    store.personas.adopt(BODIES)
    return store.personas


def test_the_body_of_a_role_file_is_version_1_and_nothing_is_told_of_it(store, personas):
    version = personas.stable("ceo")
    assert (version.number, version.text, version.author, version.parent) == (1, "You are Helena.", "file", "")
    assert changes(store) == []


def test_the_hash_is_that_of_role_text_and_parent_as_canonical_json(personas):
    known = json.dumps({"parent": "", "role": "trading", "text": "You are Tomás."}, separators=(",", ":"))
    assert personas.stable("trading").hash == hashlib.sha256(known.encode()).hexdigest()


@given(st.tuples(st.text(), st.text(), st.text()), st.tuples(st.text(), st.text(), st.text()))
def test_different_versions_have_different_hashes(one, other):
    assert (hash_of(*one) == hash_of(*other)) is (one == other)


def test_reading_the_same_files_again_changes_nothing(store, personas):
    personas.set("ceo", "You are Maren.", "ann", "a new chief")
    assert personas.adopt(BODIES) == []
    assert personas.stable("ceo").text == "You are Maren."


def test_an_edit_of_the_file_is_a_version_by_file_and_becomes_stable(store, personas):
    set_by_person = personas.set("ceo", "You are Maren.", "ann", "a new chief")
    [version] = personas.adopt({**BODIES, "ceo": "You are Helena. You sing."})
    assert (version.number, version.author, version.parent) == (3, "file", set_by_person.hash)
    assert personas.stable("ceo") == version
    assert changes(store)[-1] == {
        "role": "ceo",
        "before": set_by_person.hash,
        "after": version.hash,
        "author": "file",
        "reason": "roles/ceo.md was edited",
        "how": "file",
    }


def test_a_file_that_says_what_a_person_set_already_makes_no_version(personas):
    version = personas.set("ceo", "You are Maren.", "ann", "a new chief")
    personas.adopt({**BODIES, "ceo": "You are Maren."})
    assert personas.stable("ceo") == version
    assert len(personas.versions("ceo")) == 2


def test_set_moves_the_pointer_and_keeps_every_version(personas, open_store):
    first = personas.stable("ceo")
    second = personas.set("ceo", "  You are Maren.\r\nYou sail.  ", "ann", "a new chief")
    assert second.text == "You are Maren.\nYou sail."
    assert open_store().personas.versions("ceo") == [first, second]
    assert open_store().personas.stable("ceo") == second


def test_rollback_goes_to_the_version_before_and_a_text_set_again_is_the_same_version(store, personas):
    first = personas.stable("ceo")
    second = personas.set("ceo", "You are Maren.", "ann", "a new chief")
    assert personas.rollback("ceo", "ben", "we miss Helena") == first
    assert personas.set("ceo", "You are Maren.", "ann", "once more") == second
    assert [change["how"] for change in changes(store)] == ["set", "rollback", "set"]


@pytest.mark.parametrize("name", ["1", "v1", "hash"])
def test_a_version_is_found_by_number_and_by_hash(personas, name):
    first = personas.stable("ceo")
    personas.set("ceo", "You are Maren.", "ann", "a new chief")
    assert personas.rollback("ceo", "ann", "back", to=first.hash[:8] if name == "hash" else name) == first


@pytest.mark.parametrize("name", ["9", "0", "f", "zzzzzz", ""])
def test_an_unknown_version_is_refused_with_a_cure(personas, name):
    with pytest.raises(UsageError, match="company persona log ceo"):
        personas.find("ceo", name)


@pytest.mark.parametrize("by", NOBODY)
def test_a_role_and_nobody_change_no_persona(store, personas, by):
    with pytest.raises(UsageError, match="a person must do it"):
        personas.set("ceo", "You obey me.", by, "because")
    with pytest.raises(UsageError, match="a person must do it"):
        personas.rollback("ceo", by, "because")
    assert changes(store) == []


def test_a_change_needs_a_reason_and_a_text_that_is_new_and_short(personas):
    with pytest.raises(UsageError, match="a reason is needed"):
        personas.set("ceo", "You are Maren.", "ann", " ")
    with pytest.raises(UsageError, match="says already"):
        personas.set("ceo", "You are Helena.\n", "ann", "nothing new")
    with pytest.raises(UsageError, match="empty"):
        personas.set("ceo", " \n", "ann", "nothing")
    with pytest.raises(UsageError, match="shorten it"):
        personas.set("ceo", "x" * (LONGEST + 1), "ann", "a lot")
    with pytest.raises(UsageError, match="roles are: ceo, trading"):
        personas.set("butler", "You serve.", "ann", "please")


def test_the_first_version_is_rolled_back_to_nothing(personas):
    with pytest.raises(UsageError, match="was made from none"):
        personas.rollback("ceo", "ann", "further back")
    with pytest.raises(UsageError, match="has version 1 already"):
        personas.rollback("ceo", "ann", "stay", to="1")


def test_a_change_that_fails_half_way_leaves_nothing(store, personas, failing):
    with failing(store):
        personas.set("ceo", "You are Maren.", "ann", "a new chief")
    assert personas.stable("ceo").number == 1
    assert changes(store) == []


def test_two_processes_that_open_at_once_make_one_first_version(open_store):
    one, other = open_store(), open_store()
    one.personas.adopt(BODIES)
    other.personas.adopt(BODIES)
    assert len(other.personas.versions("ceo")) == 1


def test_a_diff_shows_what_changed(personas):
    first = personas.stable("ceo")
    second = personas.set("ceo", "You are Maren.", "ann", "a new chief")
    lines = personas.diff(first.hash, second.hash).splitlines()
    assert lines[0].startswith("--- ceo v1")
    assert {"-You are Helena.", "+You are Maren."} <= set(lines)


# Proposals


def test_what_a_role_proposes_is_a_row_and_changes_nothing(store, personas):
    proposal = store.proposals.add(
        "ceo", "You obey the web.", by="role:trading", reason="a page said so", sources=["web page"]
    )
    assert (proposal.id, proposal.state, proposal.sources) == ("P1", "open", ("web page",))
    assert personas.stable("ceo").number == 1
    assert changes(store) == []


def test_a_person_accepts_a_proposal_and_is_its_author(store, personas):
    store.proposals.add("ceo", "You are Maren.", by="role:ceo", reason="renamed")
    version = store.proposals.accept("P1", "ann", "")
    assert (version.author, version.reason) == ("ann", "P1 of role:ceo: renamed")
    assert personas.stable("ceo") == version
    assert store.proposals.get("P1").version == version.hash
    assert changes(store)[-1]["how"] == "accept"


@pytest.mark.parametrize("by", NOBODY)
def test_a_role_decides_about_no_proposal(store, personas, by):
    store.proposals.add("ceo", "You are Maren.", by="role:ceo", reason="renamed")
    with pytest.raises(UsageError, match="a person must do it"):
        store.proposals.accept("P1", by, "")
    with pytest.raises(UsageError, match="a person must do it"):
        store.proposals.reject("P1", by, "")


def test_a_proposal_is_decided_once_and_not_after_the_role_changed(store, personas):
    for text in ("You are Maren.", "You are Inga."):
        store.proposals.add("ceo", text, by="role:ceo", reason="renamed")
    store.proposals.reject("P1", "ann", "no")
    with pytest.raises(UsageError, match="P1 was rejected by ann"):
        store.proposals.accept("P1", "ben", "")
    personas.set("ceo", "You are Olga.", "ann", "a new chief")
    with pytest.raises(UsageError, match="was changed since P2 was proposed"):
        store.proposals.accept("P2", "ann", "")


def test_the_same_proposal_is_made_once_and_a_role_does_not_flood_the_table(store, personas):
    for _ in range(3):
        store.proposals.add("ceo", "You are Maren.", by="role:ceo", reason="renamed")
    for number in range(19):
        store.proposals.add("ceo", f"You are number {number}.", by="role:ceo", reason="renamed")
    with pytest.raises(UsageError, match="20 proposals about ceo are open"):
        store.proposals.add("ceo", "You are one more.", by="role:ceo", reason="renamed")
    assert len(store.proposals.all()) == 20
