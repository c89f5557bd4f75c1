"""What is taken of a model's answer: what was asked for, with evidence that it was shown, and nothing else."""

import json

import pytest

from company.memory.reflecting import MOST, proposals_in

GOOD = {
    "kind": "semantic",
    "text": "Bob keeps his boat in Porvoo in summer.",
    "subject": "boat",
    "predicate": "summer berth",
    "value": "Porvoo",
    "evidence": ["m1"],
}


def test_a_proposal_names_its_evidence() -> None:
    (proposal,) = proposals_in(f"Here is what I think:\n{json.dumps(GOOD)}\nThat is all.", {"m1", "m2"})
    assert (proposal.subject, proposal.value, proposal.evidence) == ("boat", "Porvoo", ("m1",))


@pytest.mark.parametrize(
    "change",
    [
        {"evidence": ["m9"]},
        {"evidence": []},
        {"kind": "persona"},
        {"status": "active"},
        {"trust": 3},
        {"role": "trading"},
        {"person": "carol"},
        {"text": "x" * 400},
        {"value": ""},
    ],
    ids=lambda change: next(iter(change)),
)
def test_what_was_not_asked_for_is_dropped(change: dict[str, object]) -> None:
    assert proposals_in(json.dumps(GOOD | change), {"m1"}) == []


def test_words_are_no_proposal_and_at_most_three_are_taken() -> None:
    assert proposals_in("NOTHING", {"m1"}) == []
    assert proposals_in('{"kind": broken', {"m1"}) == []
    assert len(proposals_in("\n".join([json.dumps(GOOD)] * 9), {"m1"})) == MOST
