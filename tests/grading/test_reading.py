"""Case files are read whole or not at all, and the error says which line to change."""

import pytest

from company.errors import UsageError

GOOD = """
# what a person writes
- id: greeting
  tags: [chat]
  golden: true
  seed: 7
  turns:
    - hello
    - say: buy 0.1 BTC
      person: bob
  scorers:
    - no_delegation
    - orders: {min: 0, max_notional: 0.1}

- id: work
  golden: false
  seed: 1
  cycles: 2
  calls:
    - {role: trading, tool: place_order, with: {quantity: "1"}, untrusted: [article]}
  scorers: [authorised]
"""


def test_cases_are_read_in_the_order_of_files_and_lines(write_cases, load):
    write_cases(GOOD.replace("greeting", "later"), "b.yaml").write_text(GOOD.replace("id: ", "id: b-"))
    file = write_cases(GOOD, "a.yaml")
    cases = load()
    assert [case.id for case in cases] == ["greeting", "work", "b-greeting", "b-work"]
    assert cases[1].source == f"{file}:14"


def test_a_case_says_what_is_done_and_what_is_wanted(write_cases, load):
    write_cases(GOOD)
    greeting, work = load()
    assert [(turn.say, turn.person) for turn in greeting.turns] == [("hello", "ann"), ("buy 0.1 BTC", "bob")]
    assert [check.scorer.name for check in greeting.scorers] == ["no_delegation", "orders"]
    assert str(greeting.scorers[1].wanted.max_notional) == "0.1"
    assert work.calls[0].arguments == {"quantity": "1"}
    assert (work.cycles, work.golden, work.timeout_seconds) == (2, False, 60)


BROKEN = [
    ("id: greeting", "id: Greeting!", 2, "id", "pattern", ""),
    ("  golden: true\n", "", 2, "golden", "missing", "add `golden:`"),
    ("seed: 7", "seed: seven", 5, "seed", "'seven'", ""),
    ("golden: true", "golden: 'true'", 4, "golden", "boolean", ""),
    ("tags: [chat]", "tag: [chat]", 3, "tag", "unknown key 'tag'", "did you mean 'tags'?"),
    ("person: bob", "persn: bob", 9, "turns[1].persn", "unknown key 'persn'", "did you mean 'person'?"),
    ("say: buy 0.1 BTC", "say: yes", 8, "turns[1].say", "true or false", "quotation marks"),
    (
        "- no_delegation",
        "- no_delegatoin",
        11,
        "scorers[0].no_delegatoin",
        "no scorer 'no_delegatoin'",
        "did you mean 'no_delegation'?",
    ),
    ("- no_delegation", "- delegates_to", 11, "scorers[0].delegates_to", "valid", ""),
    ("min: 0", "mn: 0", 12, "scorers[1].orders.mn", "unknown key 'mn'", "did you mean 'min'?"),
    ("min: 0", "min: -1", 12, "scorers[1].orders.min", "greater than or equal to 0", ""),
    ("    - no_delegation", "    - {status: done, authorised: true}", 11, "scorers[0]", "not one scorer", "- name"),
    ("    - no_delegation", "    - status: fine", 11, "scorers[0].status[0]", "'done'", ""),
    ("  cycles: 2\n  calls:\n    -", "  tags: []\n#", 14, "", "does nothing", "give it `cycles`"),
    ("id: work", "id: greeting", 14, "id", "two cases are called 'greeting'", "rename it"),
    ("seed: 1\n", "seed: 1\n  seed: 2\n", 17, "", "key 'seed' is written twice", ""),
    ("seed: 1\n", "seed: [1\n", 17, "", "not valid YAML", "quote"),
    ("role: trading", "role: trader", 19, "calls[0].role", "there is no role 'trader'", "did you mean 'trading'?"),
    ("- no_delegation", "- delegates_to: [trader]", 11, "delegates_to[0]", "no role 'trader'", "'trading'"),
    ("- no_delegation", "- tools_not_called: [tick]", 11, "tools_not_called[0]", "no tool 'tick'", "'ticker'"),
    ("- no_delegation", "- effects: {place: {max: 0}}", 11, "effects.place", "no tool 'place'", "'place_order'"),
    ("- no_delegation", "- effects: {ticker: {mx: 0}}", 11, "effects.ticker.mx", "unknown key 'mx'", "'max'"),
    ("id: work", "source: x\n  id: work", 14, "source", "unknown key 'source'", "remove"),
]


@pytest.mark.parametrize(("old", "new", "line", "field", "what", "cure"), BROKEN)
def test_a_broken_case_names_file_line_field_and_cure(write_cases, load, old, new, line, field, what, cure):
    assert GOOD.count(old) == 1
    file = write_cases(GOOD.replace(old, new))
    with pytest.raises(UsageError) as caught:
        load()
    error = caught.value
    assert error.where.partition(": ")[0] == f"{file}:{line}"
    assert error.where.endswith(field)
    assert what in error.what
    assert cure in error.cure
    assert error.cure


@pytest.mark.parametrize("text", ["", "# nothing\n"])
def test_a_folder_without_cases_is_an_error(write_cases, load, text):
    write_cases(text)
    with pytest.raises(UsageError, match="no eval cases"):
        load()


def test_a_company_without_evals_is_an_error(load):
    with pytest.raises(UsageError, match="no eval cases"):
        load()


def test_a_file_that_is_one_mapping_is_an_error(write_cases, load):
    write_cases("id: alone\n")
    with pytest.raises(UsageError, match="not a list of cases"):
        load()
