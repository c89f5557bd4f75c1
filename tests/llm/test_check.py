"""Playbooks are checked before anything runs."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from company.errors import UsageError
from company.llm import check_playbooks
from company.llm.sandbox import FILTERS
from company.roles import Role

MakeRole = Callable[..., Role]


@pytest.mark.parametrize(
    ("front", "where", "what", "cure"),
    [
        ("playbook: [{call: a, as: market}, {report: '{{ markt }}'}]", "playbook[1].report", "'markt'", "'market'"),
        ("playbook: [{call: a, when: nobody}]", "playbook[0].when", "'nobody'", "known at this step: request"),
        ("playbook: [{call: a, with: {v: '{{ x }}'}, as: x}]", "playbook[0].with", "'x'", "request"),
        ("playbook: [{for: i in [1], do: [{call: a}]}, {report: '{{ i }}'}]", "playbook[1].report", "'i'", ""),
        ("playbook: [{for: i in [1, do: [{call: a}]}]", "", "", ""),
        ("playbook: [{call: a, as: request}]", "playbook[0].as", "'request' has a meaning", "another name"),
        ("playbook: [{report: '{{ 1 + }}'}]", "playbook[0].report", "1 +", ""),
        ("playbook: [{report: '{{ request.__class__ }}'}]", "playbook[0].report", "'__class__' is out of reach", ""),
        ("playbook: [{report: \"{% include 'x' %}\"}]", "playbook[0].report", "cannot load other files", ""),
        ("playbook: [{report: '{{ request | random }}'}]", "playbook[0].report", "random", ""),
        ("playbook: [{report: x, figures: {n: '{{ m }}'}}]", "playbook[0].figures", "'m'", ""),
        ("handles: [{say: [hi], slots: {request: text}, do: [{report: x}]}]", "handles[0].slots", "'request'", ""),
        (
            "handles: [{say: [hi], slots: {side: number}, do: [{report: '{{ sid }}'}]}]",
            "handles[0].do[0].report",
            "",
            "'side'",
        ),
        (
            "playbook: [{when: 1 > 2, do: [{call: a}], else: [{report: '{{ y }}'}]}]",
            "playbook[0].else[0].report",
            "'y'",
            "",
        ),
        ("playbook: [{report: '{{ reports }}'}]", "playbook[0].report", "'reports'", ""),
    ],
)
def test_a_broken_step_names_role_file_and_step(
    make_role: MakeRole, front: str, where: str, what: str, cure: str
) -> None:
    if not where:
        front, where = front.replace("i in [1, do", '"i in [1", do'), "playbook[0].for"
    else:
        front = front.replace("for: i in [1],", 'for: "i in [1]",')

    with pytest.raises(UsageError) as caught:
        check_playbooks([make_role(front)])

    assert caught.value.where == f"roles/trader.md: {where}"
    assert what in caught.value.what
    assert cure in caught.value.cure


def test_names_bound_in_loops_and_branches_are_known_afterwards(make_role: MakeRole) -> None:
    role = make_role("""
        playbook:
          - for: row in [1]
            do: [{call: a, as: x}]
          - when: x is ok
            do: [{call: b, as: y}]
            else: [{call: c, as: z}]
          - report: "{{ x }} {{ y }} {{ z }} {{ range(2) | list }} {% set own = 1 %}{{ own }}"
        """)

    check_playbooks([role])


def test_the_ceo_knows_more_names(make_role: MakeRole) -> None:
    known = "request, cycle, memories, reports, team, waiting"
    role = make_role(f'playbook: [{{answer: "{{{{ [{known}] }}}}"}}]', "ceo", reports_to="")

    check_playbooks([role])


DOCS = (Path(__file__).parents[2] / "docs" / "roles.md").read_text(encoding="utf-8")


def test_the_role_in_the_documentation_is_valid(make_role: MakeRole) -> None:
    example = re.search(r"```markdown\n---\n(.*?)\n---\n", DOCS, re.DOTALL)
    assert example is not None

    check_playbooks([make_role(example[1], "treasurer")])


def test_the_handle_in_the_documentation_is_valid(make_role: MakeRole) -> None:
    example = re.search(r"```yaml\n(handles:.*?)```", DOCS, re.DOTALL)
    assert example is not None
    assert yaml.safe_load(example[1])

    check_playbooks([make_role(example[1])])


def test_every_filter_is_documented() -> None:
    assert [name for name in FILTERS if f"`{name}`" not in DOCS and f"`{name}(" not in DOCS] == []
