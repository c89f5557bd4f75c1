"""The playbook in words."""

from collections.abc import Callable
from pathlib import Path

import pytest

from company.llm import procedure
from company.roles import Role, load_roles

ROLES = load_roles(Path(__file__).parents[2] / "roles")
MakeRole = Callable[..., Role]


def test_a_playbook_is_told_step_by_step(make_role: MakeRole) -> None:
    role = make_role("""
        playbook:
          - {call: overview, as: market}
          - for: row in market
            do:
              - {call: place, when: row.score > 0, with: {symbol: "{{ row.symbol }}"}}
          - when: market is ok
            do: [{report: "All {{ market | length }}."}]
            else: [{report: Nothing.}]
        """)

    assert procedure(role) == (
        "1. Call `overview`; call the result `market`.\n"
        "2. For each `row` of `market`:\n"
        "  2.1. If `row.score > 0`: Call `place` with symbol = {{ row.symbol }}.\n"
        "3. If `market is ok`:\n"
        "  3.1. Report along these lines:\n"
        "       > All {{ market | length }}.\n"
        "3. Otherwise:\n"
        "  3.1. Report along these lines:\n"
        "       > Nothing."
    )


def test_a_role_without_a_playbook_has_no_procedure(make_role: MakeRole) -> None:
    assert procedure(make_role("{}")) == ""


@pytest.mark.parametrize("role", ROLES.values(), ids=ROLES)
def test_the_procedure_of_a_bundled_role_names_every_tool_of_its_playbook(role: Role) -> None:
    text = procedure(role)

    used = {step.tool for path, step in role.steps() if path.startswith("playbook") and hasattr(step, "tool")}
    assert all(f"`{name}`" in text for name in used)
