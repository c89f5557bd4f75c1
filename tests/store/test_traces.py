"""What an erasure looks for is found in every spelling, and nothing else is touched."""

import json

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from company.store.traces import MARK, Traces, folded, is_telling

TOLD = 'Ann’s locker at "Küppers & Söhne" opens\nwith 4711-ALPHA'
SPELLINGS = {
    "as it is": TOLD,
    "upper case": TOLD.upper(),
    "other spacing": TOLD.replace(" ", "  ").replace("\n", " \t "),
    "letters taken apart": TOLD.replace("ü", "u\u0308").replace("ö", "o\u0308"),
    "JSON, ASCII": json.dumps(TOLD)[1:-1],
    "JSON, Unicode": json.dumps(TOLD, ensure_ascii=False)[1:-1],
    "JSON in JSON": json.dumps(json.dumps({"text": TOLD})),
    "JSON in JSON in JSON": json.dumps(json.dumps(json.dumps([TOLD]))),
}
words = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), min_size=1, max_size=40)


@pytest.mark.parametrize("spelling", SPELLINGS.values(), ids=SPELLINGS)
def test_a_text_is_found_in_every_spelling(spelling):
    traces = Traces([TOLD])
    assert traces.in_text(f"before {spelling} after")
    assert traces.in_bytes(f"before {spelling} after".encode())
    cleared = traces.text(f"before {spelling} after")
    assert "4711" not in cleared
    assert cleared.startswith("before ")
    assert cleared.endswith(" after")


@pytest.mark.parametrize("form", ["utf-8", "utf-16-le", "utf-16-be"])
def test_bytes_keep_their_length(form):
    raw = b"\x93\xa9\x00" + "opens with 4711-alpha today".encode(form) + b"\xff\x00"
    cleared = Traces(["opens with 4711-ALPHA"]).raw(raw)
    assert len(cleared) == len(raw)
    assert "4711".encode(form) not in cleared
    assert cleared.startswith(b"\x93\xa9\x00")
    assert "today".encode(form) in cleared


def test_a_text_that_was_streamed_is_found_across_its_pieces():
    pieces = ["You told me that the lo", "cker opens with ", "4711", "-alpha. ", "Anything else?"]
    assert Traces(["the locker opens with 4711-ALPHA"]).pieces(pieces) == [
        f"You told me that {MARK}",
        MARK,
        MARK,
        f"{MARK}. ",
        "Anything else?",
    ]


def test_a_name_that_must_stay_stays_and_goes_out_of_sentences():
    order = {"symbol": "ZANZI/USDT", "reason": "because ZANZI/USDT fell"}
    cleared = Traces(["ZANZI/USDT"]).data(order, is_name=lambda text: " " not in text)
    assert cleared == {"symbol": "ZANZI/USDT", "reason": f"because {MARK} fell"}


def test_what_is_too_short_is_not_looked_for():
    assert not Traces(["yes", "1234567890", "Berlin"])
    assert not Traces(["a locker"]).in_text("at a lockers'")


def test_many_texts_are_found_as_one_is():
    texts = [f"the {number} locker opens with {number}" for number in range(500)]
    traces = Traces(texts)
    assert [text for text in texts if not traces.in_text(f"so {text}.")] == []
    assert not traces.in_text("the 501 locker opens with 500")


@given(words, words, words)
def test_what_is_looked_for_goes_and_the_rest_stays(before, told, after):
    assume(is_telling(told) and told == told.strip())
    traces = Traces([told])
    text = f"{before} | {told} | {after}"
    cleared = traces.text(text)
    assert not traces.in_text(cleared)
    if folded(told) not in folded(f"{before} |") and folded(told) not in folded(f"| {after}"):
        assert cleared == f"{before} | {MARK} | {after}"


@given(st.recursive(words | st.integers() | st.none(), lambda inner: st.lists(inner) | st.dictionaries(words, inner)))
def test_data_in_which_nothing_is_found_is_the_same_object(data):
    assert Traces(["zanzibarex opens with 4711-alpha"]).data(data) is data
