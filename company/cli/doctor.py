"""`company doctor`: is everything in order, and if not, what to do.

Without `--model` nobody is called: what is checked lies on this machine. With it, one model is asked what the company
needs of it (company/llm/conformance.py); that costs what ten short questions cost, and is in no run and no budget.
"""

import asyncio
import json
import platform
import sqlite3
import time
from collections.abc import Iterator
from dataclasses import asdict
from importlib.util import find_spec
from typing import TYPE_CHECKING, Annotated, Any

import typer

from company import __version__
from company.cli import live, telling, tool
from company.cli.opening import AsJson, Directory, Home, opened
from company.errors import UsageError

if TYPE_CHECKING:
    from company.home import Company
    from company.llm import Capabilities, Mind, Models, Prices
    from company.llm.conformance import Finding

ABILITIES = {
    "tools": "tools",
    "parallel_tools": "several calls in one answer",
    "structured": "answers held to a schema",
    "streaming": "streaming",
}


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command("doctor")(doctor)


def doctor(
    model: Annotated[
        str, typer.Option(metavar="MODEL", help="Ask this model: provider:model, fast, smart or deep.")
    ] = "",
    as_json: AsJson = False,
    directory: Directory = None,
    home: Home = None,
) -> None:
    """Check the installation, the state and the models, and say what is degraded."""
    with opened(directory, home) as engine:
        if model:
            models = engine.company.models
            name = named(models, model)
            raise typer.Exit(asyncio.run(examine(models.mind(name), as_json=as_json)))
        checks = list(_checks(engine.company))
    if as_json:
        typer.echo(json.dumps([{"id": name, "ok": ok, "detail": detail} for name, ok, detail in checks]))
    else:
        width = max(len(name) for name, _, _ in checks)
        for name, ok, detail in checks:
            typer.echo(_line(name, ok, detail, width))
    raise typer.Exit(0 if all(ok for _, ok, _ in checks) else 1)


def named(models: "Models", text: str) -> str:
    """Return the model that a person means: by name, or the first choice of a tier.

    Raises:
        UsageError: It is neither, no provider has that name, or it is the autopilot, which nobody can ask.
    """
    from company.llm import AUTOPILOT

    tiers = {name: chain for name, chain in models.chains().items() if "." not in name}
    name = tiers[text][0] if text in tiers else text
    provider, _, model = name.partition(":")
    if name == AUTOPILOT:
        raise UsageError(
            f"{text!r} is the autopilot, which follows playbooks: there is no model to ask",
            where="--model",
            cure="name one as provider:model, or give the tier one in company.toml [models]",
        )
    if provider and model:
        models.capabilities(name)
        return name
    raise UsageError(f"{text!r} is no model", where="--model", cure=f"write provider:model or {', '.join(tiers)}")


async def examine(mind: "Mind", *, as_json: bool) -> int:
    """Ask a model what the company needs of it, and print what the table says and what was found.

    Returns:
        Exit code: 0 when everything that is needed or declared was found, else 1.
    """
    from company.llm.conformance import conformance

    if not as_json:
        for name, detail in _row(mind):
            typer.echo(f"        {name:<8}  {detail}")
    began, findings = time.perf_counter(), list["Finding"]()
    async for finding in conformance(mind):
        findings.append(finding)
        if not as_json:
            typer.echo(_line(finding.id, finding.ok, f"{finding.found}{_effort(finding)}"))
    _print_sum(mind, findings, time.perf_counter() - began, as_json=as_json)
    return 0 if all(finding.ok for finding in findings) else 1


def _line(name: str, ok: bool, detail: str, width: int = 8) -> str:
    return f"  {'ok  ' if ok else 'look'}  {name:<{width}}  {detail}"


def _row(mind: "Mind") -> Iterator[tuple[str, str]]:
    """What the table says of a model."""
    can = mind.capabilities
    yield "model", mind.id if can.known else f"{mind.id}, which is not in the table: what follows is a careful guess"
    yield "limits", f"{can.context:,} tokens of prompt and answer together, {can.max_output:,} of answer"
    yield "can", ", ".join(words for name, words in ABILITIES.items() if getattr(can, name)) or "none of what is listed"
    if lacking := [words for name, words in ABILITIES.items() if not getattr(can, name)]:
        yield "cannot", ", ".join(lacking)
    yield "prices", _prices(can.prices)


def _prices(prices: "Prices | None") -> str:
    if prices is None:
        return "unknown"
    parts = {
        "in": prices.input,
        "cached": prices.cached,
        "into the cache": prices.cache_written,
        "out": prices.output,
    }
    said = ", ".join(f"${price} {name}" for name, price in parts.items() if price is not None)
    return f"{said} for a million tokens; {_origin(prices)}" if any(parts.values()) else _origin(prices)


def _origin(prices: "Prices") -> str:
    if prices.as_of:
        return f"prices of {prices.as_of}"
    return "prices from company.toml" if prices.input or prices.output else "free"


def _effort(finding: "Finding") -> str:
    return f" ({finding.elapsed_ms} ms, {finding.usage.total} tokens)" if finding.elapsed_ms else ""


def _print_sum(mind: "Mind", findings: "list[Finding]", seconds: float, *, as_json: bool) -> None:
    from company.llm.conformance import cost

    usd, tokens = cost(findings, mind.capabilities.prices), sum(finding.usage.total for finding in findings)
    if as_json:
        found = [asdict(finding) for finding in findings]
        sums = {"tokens": tokens, "usd": usd, "seconds": round(seconds, 3)}
        typer.echo(_json({"id": mind.id, "capabilities": asdict(mind.capabilities), "findings": found, **sums}))
        return
    price = "at a price nobody gave" if usd is None else f"${usd:.6f}"
    look = sum(not finding.ok for finding in findings)
    typer.echo(f"  {len(findings)} checks, {look} to look at; {tokens} tokens, {price}, {seconds:.1f} s")


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, default=str)


def _checks(company: "Company") -> Iterator[tuple[str, bool, str]]:
    from company.store import Records

    yield (
        "version",
        True,
        f"the-ai-company {__version__}, Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}",
    )
    yield "company", True, f"{company.directory.root}: {len(company.roles)} roles, {len(company.registry)} tools"
    yield "home", True, f"{company.state}, paper world with seed {company.seed}"
    yield from live.checks(company)
    yield from telling.checks(company)
    yield from tool.checks(company)
    for name, chain in company.models.chains().items():
        standings = [_standing(company, model) for model in chain]
        yield name, all(ok for ok, _ in standings), ", then ".join(text for _, text in standings)
    yield _memory(company)
    found = company.store.journal.verify()
    yield "journal", found.ok, f"{found.rows} rows, signed to {found.head_seq}" if found.ok else found.problems[0]
    left = [run.id for run in company.store.runs.unfinished()]
    yield "runs", not left, f"unfinished: {', '.join(left)}; company resume {left[0]}" if left else "none unfinished"
    records: Records = company.services[Records]
    unknown = records.health().unknown_effects
    yield "effects", not unknown, f"{unknown} of unknown outcome" if unknown else "every outcome is known"


def _standing(company: "Company", name: str) -> tuple[bool, str]:
    """Say whether a model could be asked, as far as this machine knows."""
    from company.llm import AUTOPILOT

    if name == AUTOPILOT:
        return True, "autopilot (offline, follows the playbooks)"
    provider = name.partition(":")[0]
    settings, can = company.settings.providers[provider], company.models.capabilities(name)
    brought = settings.kind in company.models.kinds
    package = (True, f"kind {settings.kind} of a package") if brought else _package(settings.kind)
    notes = [package, _key(company, provider, free=settings.free or brought), _priced(name, can)]
    return all(ok for ok, _ in notes), f"{name} ({'; '.join(text for _, text in notes if text)})"


def _package(kind: str) -> tuple[bool, str]:
    if find_spec(f"langchain_{kind}") is None:
        return False, f"not installed: pip install 'the-ai-company[{kind}]'"
    return True, ""


def _key(company: "Company", provider: str, *, free: bool) -> tuple[bool, str]:
    try:
        origin = company.models.key_origin(provider)
    except UsageError as error:
        return False, " ".join(str(error).split())
    if origin is None:
        return (True, "no key") if free else (False, f"no key: company key set {provider}")
    return True, f"key from the {origin}"


def _priced(name: str, can: "Capabilities") -> tuple[bool, str]:
    if can.prices is None:
        return False, f"no price: set price_in and price_out in [models.facts.{json.dumps(name)}]"
    return True, _origin(can.prices)


def _memory(company: "Company") -> tuple[str, bool, str]:
    if company.memory is None:
        return "memory", True, "switched off in company.toml"
    status = company.memory.status()
    ok = status.state == "ok"
    return "memory", ok, f"{status.items} memories, {status.state}" + (f": {status.reason}" if status.reason else "")
