"""A role's file gains a tool and nothing else about it changes."""

import itertools

import pytest

from company.errors import UsageError
from company.home.granting import grant
from company.roles import read_role

HANDLE = """\
- say: ["what is the weather?"]
  do:
    - call: weather
      with: {question: "{{ request }}"}
      as: told
    - report: "{{ told.text }}"
"""
HEAD = "---\nid: clerk\ntitle: Clerk  # who else\nreports_to: ceo\nsummary: Looks things up.\n"
TAIL = "limits:\n  calls: 3  # few\n---\nYou look things up.\n\n---\nReally.\n"
TOOLS = [
    "",
    "tools: []\n",
    "tools: [a, b]  # two\n",
    "tools: [a,  # one\n  b,  # two\n ]\n",
    "tools:\n  - a\n  - b  # last\n",
    "tools:\n- a\n- b\n",
    "tools:  # why\n  - a\n\n  # the end\n",
    "tools: &granted ['a', \"b\"]\n",
]
HANDLES = [
    "",
    "handles:\n  - say: [x]\n    do:\n      - report: hi  # friendly\n",
    "handles:\n  - say: [x]\n    do: &count\n      - report: |\n          hi\n          ho\n\nplaybook: *count\n",
    "handles: [{say: [x], do: [{report: hi}]}]\n",
    "handles:\n- say: [x]\n  do: &hi\n  - report: hi\n- say:\n  - y\n  do: *hi\n",
    "handles:\n    - do:\n      - report: >-\n          hi\n          ho\n      say: [x, y]\n",
]


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize(("tools", "handles"), list(itertools.product(TOOLS, HANDLES)))
def test_a_tool_and_a_handle_are_added_and_every_other_byte_stays(tools, handles, newline, tmp_path):
    for front in (tools + handles, handles + tools):
        before = (HEAD + front + TAIL).replace("\n", newline)
        (file := tmp_path / "clerk.md").write_bytes(before.encode())
        old = read_role(file)

        after = grant(file, "weather", HANDLE)

        file.write_bytes(after.encode())
        new = read_role(file)
        assert new.tools == (*old.tools, "weather")
        assert new.handles[:-1] == old.handles
        assert new.handles[-1].say == ("what is the weather?",)
        assert is_within(before, after)
        assert newline == "\n" or "\n" not in after.replace("\r\n", "")


def is_within(short: str, long: str) -> bool:
    """Every line of one text stands in the other, in order, as it was or with something put in."""
    left = iter(long)
    return all(char in left for char in short)


def test_a_tool_that_is_granted_is_not_granted_twice(tmp_path):
    (file := tmp_path / "clerk.md").write_text(f"{HEAD}tools: [weather]\n{TAIL}")
    assert grant(file, "weather") == file.read_text()


def test_a_list_that_stands_elsewhere_is_left_alone_and_the_error_says_what_to_write(tmp_path):
    text = HEAD + "handles:\n  - say: &words [a, b]\n    do: [{report: hi}]\ntools: *words\n" + TAIL
    (file := tmp_path / "clerk.md").write_text(text)
    with pytest.raises(UsageError) as caught:
        grant(file, "weather", HANDLE)
    assert caught.value.where == str(file)
    assert "call: weather" in caught.value.cure
    assert file.read_text() == text
