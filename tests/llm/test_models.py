"""From roles to the minds they think with."""

import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest

from company.config import Settings
from company.errors import UsageError
from company.llm import Models
from company.llm.mind import FREE
from company.roles import Role

MakeRole = Callable[..., Role]


def _models(staff: dict[str, Role], **models: Any) -> Models:
    return Models(settings=Settings.model_validate({"models": models}), roles=staff)


@pytest.fixture
def trader(make_role: MakeRole) -> Role:
    return make_role("playbook: [{report: Hello.}]")


def test_every_role_thinks_with_the_autopilot_at_no_cost_unless_told_otherwise(trader: Role) -> None:
    models = _models({"trader": trader})

    (mind,) = models.minds(trader)

    assert (mind.id, mind.provider, mind.capabilities.prices) == ("autopilot", "", FREE)
    assert models.offline


def test_a_role_thinks_with_the_models_of_its_tier_in_their_order(trader: Role) -> None:
    models = _models({"trader": trader}, smart=["openai:gpt-5-mini", "anthropic:claude-haiku-4-5", "autopilot"])

    minds = models.minds(trader)

    assert [mind.id for mind in minds] == ["openai:gpt-5-mini", "anthropic:claude-haiku-4-5", "autopilot"]
    assert [mind.provider for mind in minds] == ["openai", "anthropic", ""]
    assert not models.offline


def test_a_model_pinned_for_a_role_stands_above_its_tier(trader: Role) -> None:
    models = _models({"trader": trader}, smart="openai:gpt-5", roles={"trader": "ollama:qwen3"})

    assert models.chain(trader) == ("ollama:qwen3",)
    assert models.chains()["roles.trader"] == ("ollama:qwen3",)


def test_a_model_pinned_for_nobody_is_refused_with_the_nearest_role(trader: Role) -> None:
    with pytest.raises(UsageError, match="'tradre', which is no role") as caught:
        _models({"trader": trader}, roles={"tradre": "autopilot"})

    assert caught.value.cure == "did you mean 'trader'?"


def test_all_calls_to_a_provider_share_one_limiter_and_one_circuit(trader: Role) -> None:
    models = _models({"trader": trader})

    assert models.gate("openai") is models.gate("openai")
    assert models.gate("openai").limiter is not models.gate("anthropic").limiter


def test_a_broken_playbook_is_refused_at_once(make_role: MakeRole) -> None:
    with pytest.raises(UsageError, match=r"roles/trader\.md: playbook\[0\]\.report"):
        _models({"trader": make_role("playbook: [{report: '{{ nobody }}'}]")})


PLAIN = """
handles:
  - say: ['how is the portfolio doing?']
    plain: true
    do: [{report: Fine.}]
  - say: ['should we sell everything?']
    do: [{report: No.}]
"""


@pytest.mark.parametrize(
    ("request_", "plain"),
    [
        ("How is the portfolio doing", True),
        ("Why is the portfolio doing so badly since the fed spoke?", False),
        ("should we sell everything?", False),
        ("what is love?", False),
    ],
)
def test_only_plain_questions_asked_nearly_word_for_word_need_no_judgement(
    make_role: MakeRole, request_: str, plain: bool
) -> None:
    assert _models({"trader": make_role(PLAIN)}).needs_no_judgement(request_) is plain


def test_langchain_is_not_imported_before_a_model_is_made() -> None:
    code = "import sys, company.llm; print('langchain_core' in sys.modules)"

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "False"
