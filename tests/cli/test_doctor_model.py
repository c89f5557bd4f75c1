"""`company doctor`: what it says of the models without calling them, and what it prints of one that it asks."""

import json
import os
import shutil
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest
from langchain_core.messages import AIMessageChunk, BaseMessage
from typer.testing import CliRunner, Result

from company.cli import doctor as command
from company.cli.app import app
from company.cli.doctor import examine, named
from company.config import load_settings
from company.errors import UsageError
from company.home import bundled_directory, trust
from company.llm import Models
from company.llm.mind import FREE, Capabilities, Prices
from tests import wire

PRICED = Capabilities(
    context=272_000,
    max_output=128_000,
    tools=False,
    parallel_tools=False,
    prices=Prices(Decimal("0.10"), Decimal("0.50"), Decimal("0.01"), as_of=date(2026, 11, 18)),
)


@dataclass(frozen=True)
class Parrot:
    """A mind that says one word to everything, for 100 tokens in and 10 out."""

    capabilities: Capabilities = PRICED
    word: str = "PELICAN 48217.35"
    id: str = "acme:parrot"
    provider: str = "acme"

    async def stream(
        self, messages: Sequence[BaseMessage], *, tools: Sequence[dict[str, Any]] = (), max_output: int
    ) -> AsyncIterator[AIMessageChunk]:
        usage = {"input_tokens": 100, "output_tokens": 10, "total_tokens": 110}
        reason = {"finish_reason": "length" if max_output < 100 else "stop"}
        for piece in self.word.split():
            yield AIMessageChunk(content=f"{piece} ")
        yield AIMessageChunk(content="", usage_metadata=usage, response_metadata=reason)


@pytest.fixture
def run(tmp_path: Path):
    """Run `company doctor` in this process, on the default company with settings of the test's own."""

    def invoke(*arguments: str, settings: str = "") -> Result:
        root = tmp_path / "acme"
        for part in ("roles", "tools", "prompts"):
            shutil.copytree(bundled_directory() / part, root / part, ignore=shutil.ignore_patterns("__pycache__"))
        (root / "company.toml").write_text(dedent(settings), "utf-8")
        trust(root, os.environ)
        return CliRunner().invoke(app, ["doctor", *arguments, "--dir", str(root), "--home", str(tmp_path / "home")])

    return invoke


def models(tmp_path: Path, settings: str = "") -> Models:
    file = tmp_path / "company.toml"
    file.write_text(dedent(settings), "utf-8")
    return Models(settings=load_settings(file), roles={})


CHAINS = """
    [models]
    fast = "openai:gpt-6-luna"
    smart = ["anthropic:claude-sonnet-5-5", "autopilot"]
    deep = "house:big"
    roles = { trading = "ollama:qwen3:8b" }

    [models.facts."house:big"]
    context = 32000

    [providers.house]
    kind = "openai"
    base_url = "http://127.0.0.1:8000/v1"
"""


def test_without_models_every_tier_is_the_autopilot_and_all_is_well(run) -> None:
    done = run("--json")
    rows = {row["id"]: row for row in json.loads(done.stdout)}
    assert done.exit_code == 0
    assert {rows[tier]["detail"] for tier in ("fast", "smart", "deep")} == {
        "autopilot (offline, follows the playbooks)"
    }


def test_every_chain_is_shown_with_what_is_missing(run) -> None:
    done = run("--json", settings=CHAINS)
    rows = {row["id"]: row for row in json.loads(done.stdout)}
    assert done.exit_code == 1
    assert rows["fast"]["detail"].startswith("openai:gpt-6-luna (no key: company key set openai; prices of 2026-")
    assert rows["smart"]["detail"].endswith(", then autopilot (offline, follows the playbooks)")
    assert 'no price: set price_in and price_out in [models.facts."house:big"]' in rows["deep"]["detail"]
    assert rows["roles.trading"] == {"id": "roles.trading", "ok": True, "detail": "ollama:qwen3:8b (no key; free)"}
    assert [rows[name]["ok"] for name in ("fast", "smart", "deep")] == [False, False, False]


def test_a_provider_that_is_not_installed_is_named_with_its_cure(run, monkeypatch) -> None:
    monkeypatch.setattr(command, "find_spec", lambda name: None)
    done = run(settings='[models]\nfast = "ollama:qwen3"\n')
    assert "look  fast     ollama:qwen3 (not installed: pip install 'the-ai-company[ollama]'; no key;" in done.stdout


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("fast", "openai:gpt-6-luna"),
        ("smart", "anthropic:claude-sonnet-5-5"),
        ("deep", "house:big"),
        ("ollama:qwen3:8b", "ollama:qwen3:8b"),
    ],
)
def test_a_model_is_meant_by_its_name_or_by_a_tier(text, name, tmp_path) -> None:
    assert named(models(tmp_path, CHAINS.replace("roles =", "# roles =")), text) == name


@pytest.mark.parametrize("text", ["quick", "gpt-5", ":x", "openai:", "roles.trading"])
def test_what_is_no_model_is_refused_with_what_one_looks_like(text, tmp_path) -> None:
    with pytest.raises(UsageError, match=repr(text)) as refused:
        named(models(tmp_path), text)
    assert refused.value.cure == "write provider:model or fast, smart, deep"


def test_an_unknown_provider_is_a_usage_error(run) -> None:
    done = run("--model", "opnai:gpt-5")
    assert isinstance(done.exception, UsageError)
    assert "'opnai'" in str(done.exception)


async def test_a_model_is_shown_with_its_row_its_findings_and_their_cost(capsys) -> None:
    code = await examine(Parrot(), as_json=False)
    lines = capsys.readouterr().out.splitlines()
    assert code == 0
    assert lines[:5] == [
        "        model     acme:parrot",
        "        limits    272,000 tokens of prompt and answer together, 128,000 of answer",
        "        can       answers held to a schema, streaming",
        "        cannot    tools, several calls in one answer",
        "        prices    $0.10 in, $0.01 cached, $0.50 out for a million tokens; prices of 2026-11-18",
    ]
    assert lines[5].startswith("  ok    answers   “PELICAN 48217.35”")
    assert lines[5].endswith(" ms, 110 tokens)") or lines[5].endswith("”")
    assert lines[9].startswith("  ok    tool      no call, but “PELICAN 48217.35”; as the table says")
    assert lines[-1].startswith("  10 checks, 0 to look at; 1100 tokens, $0.000150, ")


async def test_a_declared_ability_that_is_not_found_ends_with_one(capsys) -> None:
    code = await examine(Parrot(Capabilities(context=9_000, max_output=900, prices=FREE)), as_json=False)
    out = capsys.readouterr().out
    assert code == 1
    assert "  look  tool      no call, but “PELICAN 48217.35”; the table says it can" in out
    assert "        prices    free" in out


async def test_an_unknown_model_is_shown_as_a_careful_guess_without_a_price(capsys) -> None:
    await examine(Parrot(Capabilities(context=8_192, max_output=4_096, known=False)), as_json=False)
    out = capsys.readouterr().out
    assert "acme:parrot, which is not in the table: what follows is a careful guess" in out
    assert "        prices    unknown" in out
    assert "1100 tokens, at a price nobody gave, " in out


async def test_for_machines_there_is_one_object_with_exact_dollars(capsys) -> None:
    code = await examine(Parrot(), as_json=True)
    printed = json.loads(capsys.readouterr().out)
    assert code == 0
    assert printed["id"] == "acme:parrot"
    assert printed["capabilities"]["prices"]["input"] == "0.10"
    assert printed["capabilities"]["prices"]["as_of"] == "2026-11-18"
    assert len(printed["findings"]) == 10
    assert printed["findings"][4]["declared"] is False
    assert (printed["tokens"], Decimal(printed["usd"])) == (1100, Decimal("0.000150"))


@pytest.mark.parametrize("text", ["autopilot", "fast"])
def test_the_autopilot_is_no_model_to_ask(run, text) -> None:
    done = run("--model", text)
    assert isinstance(done.exception, UsageError)
    assert "there is no model to ask" in str(done.exception)


def test_a_server_in_the_settings_is_asked_over_http(run) -> None:
    with wire.WireServer(lambda _: wire.Reply("PELICAN")) as server:
        settings = f"""
            [models]
            fast = "house:one"
            [models.facts."house:one"]
            tools = false
            price_in = 1
            price_out = 10
            [providers.house]
            kind = "ollama"
            base_url = "{server.url}"
        """
        done = run("--model", "fast", "--json", settings=settings)
    printed = json.loads(done.stdout)
    findings = {finding["id"]: finding for finding in printed["findings"]}
    assert done.exit_code == 1
    assert len(server.asked) == 10
    assert findings["system"]["found"] == "“PELICAN”"
    assert findings["tool"]["found"] == "no call, but “PELICAN”; as the table says"
    assert [name for name in findings if not findings[name]["ok"]] == ["streams", "limit"]
    assert Decimal(printed["usd"]) > 0


def test_a_provider_without_a_key_is_a_usage_error_before_anything_is_sent(run) -> None:
    done = run("--model", "openai:gpt-6-luna")
    assert isinstance(done.exception, UsageError)
    assert "'openai' has no key" in str(done.exception)
    assert done.stdout == ""
