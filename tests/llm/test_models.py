"""From tiers to minds."""

import subprocess
import sys
from collections.abc import Callable
from decimal import Decimal

import pytest

from company.errors import UsageError
from company.llm import Models
from company.roles import Role

MakeRole = Callable[..., Role]


def test_every_role_thinks_with_the_autopilot_at_no_cost(make_role: MakeRole) -> None:
    role = make_role("playbook: [{report: Hello.}]")
    models = Models(tiers={"smart": "autopilot"}, roles={"trader": role})

    mind = models.for_role(role)

    assert (mind.model_id, mind.price_in, mind.price_out, mind.offline) == ("autopilot", Decimal(0), Decimal(0), True)
    assert models.offline


def test_a_provider_that_is_not_there_is_refused_with_its_tier() -> None:
    with pytest.raises(UsageError) as caught:
        Models(tiers={"fast": "autopilot", "deep": "openai:gpt-9"}, roles={})

    assert caught.value.where == "company.toml [models] deep"
    assert "needs a provider extra, which is not in this version" in caught.value.what


def test_a_broken_playbook_is_refused_at_once(make_role: MakeRole) -> None:
    with pytest.raises(UsageError, match=r"roles/trader\.md: playbook\[0\]\.report"):
        Models(tiers={}, roles={"trader": make_role("playbook: [{report: '{{ nobody }}'}]")})


def test_langchain_is_not_imported_before_a_model_is_made() -> None:
    code = "import sys, company.llm; print('langchain_core' in sys.modules)"

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "False"
