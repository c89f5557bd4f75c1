"""The table of models: the file is complete, a name finds its row and no other, a person's word stands above."""

import importlib.util
import re
from datetime import date
from decimal import Decimal
from itertools import chain

import pytest

from company.config import ModelFacts
from company.llm.capabilities import TABLE, Family, capabilities, read_table
from company.llm.mind import FREE

FAMILIES = read_table().families
MODELS = [(family, name) for family in FAMILIES for name in family.models]
SOLD = [(family, name) for family, name in MODELS if family.kind != "ollama"]
ids = [f"{family.kind}:{name}" for family, name in MODELS]


def look_up(name: str, *, free: bool = False, **facts: object):
    kind, _, model = name.partition(":")
    return capabilities(kind, model, facts=ModelFacts.model_validate(facts) if facts else None, free=free)


def test_every_name_stands_once_in_the_table() -> None:
    names = [(family.kind, name) for family, name in MODELS]
    assert len(names) == len(set(names))


def test_every_family_belongs_to_a_source_with_a_date_that_has_come() -> None:
    sources = read_table().sources
    assert {family.kind for family in FAMILIES} == set(sources)
    assert all(date(2026, 1, 1) <= source.as_of <= date.today() for source in sources.values())  # noqa: DTZ011


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: next(iter(family.models)))
def test_an_answer_and_a_window_fit_into_the_context(family: Family) -> None:
    assert family.max_output <= family.context
    assert family.window is None or family.window < family.context
    assert family.tools or not family.parallel_tools


@pytest.mark.parametrize(("family", "name"), SOLD, ids=lambda value: value if isinstance(value, str) else "")
def test_every_model_that_is_sold_has_its_prices(family: Family, name: str) -> None:
    cost = family.models[name]
    assert cost.price_in is not None
    assert cost.price_out is not None
    assert 0 < cost.price_in <= cost.price_out
    assert cost.price_cached is None or cost.price_cached <= cost.price_in
    assert cost.price_cache_write is None or cost.price_cache_write >= cost.price_in


def test_prices_are_written_as_text_so_that_no_binary_fraction_enters() -> None:
    assert not re.search(r"price_\w+ = [^\"]", TABLE.read_text("utf-8"))


@pytest.mark.parametrize("name", ids)
def test_every_name_finds_its_own_row(name: str) -> None:
    assert look_up(name).known


@pytest.mark.parametrize(
    ("snapshot", "name"),
    [
        ("openai:gpt-5-mini-2025-08-07", "openai:gpt-5-mini"),
        ("openai:gpt-6.1-sol-2026-09-29", "openai:gpt-6.1-sol"),
        ("openai:gpt-4o-2024-11-20", "openai:gpt-4o"),
        ("anthropic:claude-haiku-4-5-20251001", "anthropic:claude-haiku-4-5"),
        ("ollama:qwen3:8b", "ollama:qwen3"),
        ("ollama:llama3.1:8b-instruct-q4_K_M", "ollama:llama3.1"),
        ("ollama:llama3:latest", "ollama:llama3"),
    ],
)
def test_a_snapshot_is_known_by_its_name(snapshot: str, name: str) -> None:
    assert look_up(snapshot) == look_up(name)


def test_the_longest_name_that_fits_wins() -> None:
    assert look_up("openai:gpt-4o-2024-05-13").prices.input == Decimal(5)
    assert look_up("openai:gpt-4o-2024-08-06").prices.input == Decimal("2.50")


@pytest.mark.parametrize(
    "name",
    [
        "openai:gpt-5-pro",  # twelve times the price of gpt-5
        "openai:gpt-5-mini-next",
        "openai:gpt-5.10",
        "openai:ft:gpt-4o-mini-2024-07-18:acme::1",
        "anthropic:claude-opus-5-5-fast",
        "anthropic:gpt-5",
        "ollama:llama3.10",
        "ollama:qwen3-coder:30b",
        "ollama:someone/qwen3",
        "vertex:gemini-3.8-flash",
    ],
)
def test_a_name_that_only_begins_like_a_known_one_has_no_price(name: str) -> None:
    found = look_up(name)
    assert not found.known
    assert found.prices is None
    assert (found.context, found.max_output) == (8_192, 4_096)
    assert found.tools
    assert not found.parallel_tools
    assert not found.structured


def test_a_known_model_has_exact_prices_with_their_date() -> None:
    prices = look_up("anthropic:claude-sonnet-5-5").prices
    assert (prices.input, prices.output) == (Decimal(2), Decimal(10))
    assert (prices.cached, prices.cache_written) == (Decimal("0.10"), Decimal("2.50"))
    assert prices.as_of == read_table().sources["anthropic"].as_of


def test_the_context_ends_where_the_prices_end() -> None:
    assert look_up("openai:gpt-6-luna").context == 272_000
    assert look_up("anthropic:claude-haiku-5-5").context == 100_000
    assert look_up("anthropic:claude-haiku-5-5").max_output == 100_000


def test_a_context_beyond_the_window_needs_prices_of_its_own() -> None:
    beyond = look_up("openai:gpt-6-luna", context=500_000)
    priced = look_up("openai:gpt-6-luna", context=500_000, price_in=1, price_out=2)
    assert beyond.context == 500_000
    assert beyond.prices is None
    assert priced.prices.input == 1


def test_a_smaller_context_keeps_the_prices_and_shortens_the_answer() -> None:
    found = look_up("openai:gpt-6-luna", context=20_000)
    assert found.prices == look_up("openai:gpt-6-luna").prices
    assert (found.context, found.max_output) == (20_000, 20_000)


def test_a_larger_context_of_a_local_model_lengthens_its_answer_and_stays_free() -> None:
    found = look_up("ollama:llama3.1:8b", free=True, context=64_000)
    assert (found.context, found.max_output, found.prices) == (64_000, 64_000, FREE)


def test_a_persons_word_stands_above_the_table() -> None:
    found = look_up("ollama:gemma3:12b", tools=True, parallel_tools=True, structured=False, max_output=2_000)
    assert (found.tools, found.parallel_tools, found.structured) == (True, True, False)
    assert found.max_output == 2_000
    assert look_up("ollama:gemma3:12b").tools is False


def test_a_persons_prices_replace_those_of_the_table_and_have_no_date() -> None:
    prices = look_up("openai:gpt-5", price_in=3, price_out=4).prices
    assert (prices.input, prices.output, prices.cached, prices.as_of) == (3, 4, None, None)


def test_a_persons_price_of_cached_tokens_alone_joins_those_of_the_table() -> None:
    prices = look_up("openai:gpt-5", price_cached=Decimal("0.5")).prices
    assert (prices.input, prices.cached) == (Decimal("1.25"), Decimal("0.5"))


def test_a_free_provider_costs_nothing_unless_a_person_gave_a_price() -> None:
    assert look_up("openai:gpt-5", free=True).prices == FREE
    assert look_up("openai:anything", free=True).prices == FREE
    assert look_up("openai:anything", free=True, tools=True).prices == FREE
    assert look_up("openai:anything", free=True, price_in=1, price_out=1).prices.input == 1
    assert look_up("ollama:llama3.1").prices is None


def test_the_table_agrees_with_the_profiles_that_langchain_ships() -> None:
    if importlib.util.find_spec("langchain_openai") is None or importlib.util.find_spec("langchain_anthropic") is None:
        pytest.skip("the providers' packages are not installed")
    from langchain_anthropic import ChatAnthropic
    from langchain_openai import ChatOpenAI

    def profile(family: Family, name: str):
        made = ChatOpenAI if family.kind == "openai" else ChatAnthropic
        return made(model=name, api_key="none").profile or {}

    seen = 0
    for family, name in SOLD:
        said = profile(family, name)
        if not said.get("max_output_tokens"):
            continue
        seen += 1
        assert said["max_output_tokens"] == family.max_output, name
        assert family.context in {said["max_input_tokens"], said["max_input_tokens"] + family.max_output}, name
        assert said["tool_calling"] == family.tools, name
        assert family.structured <= said["structured_output"], name
    assert seen > 30, "the profiles have moved, and this test compares nothing"


def test_the_table_lies_inside_the_package_and_so_in_the_wheel() -> None:
    import company

    assert TABLE.is_relative_to(next(chain(company.__path__)))
