"""Personas over HTTP: who a role is, in which version, and what each version changed."""

from decimal import Decimal
from typing import Any

import pytest


@pytest.fixture
def changed(company: Any) -> Any:
    """A company whose trader was made bolder."""
    personas = company.engine.company.store.personas
    personas.set("trading", "You trade.\nYou are bold.", "Ada", "too shy")
    return company


async def test_roles_are_listed_with_the_version_each_has(changed: Any) -> None:
    lines = {line["role"]: line for line in await changed.get("/personas")}
    assert set(lines) == set(changed.engine.company.roles)
    assert (lines["ceo"]["version"]["number"], lines["ceo"]["version"]["author"]) == (1, "file")
    bold = lines["trading"]["version"]
    assert (bold["number"], bold["author"], bold["reason"], bold["stable"]) == (2, "Ada", "too shy", True)
    assert lines["trading"]["versions"] == 2
    assert lines["trading"]["trial"] is None


async def test_a_version_shows_its_text_and_what_it_changed(changed: Any) -> None:
    now = await changed.get("/personas/trading")
    before = await changed.get("/personas/trading?version=1")
    assert now["text"] == "You trade.\nYou are bold."
    assert "+You are bold." in now["diff"].splitlines()
    assert before["diff"] == ""
    assert [each["number"] for each in now["log"]] == [2, 1]
    assert now["log"][0]["parent"] == now["log"][1]["version"] == before["version"]
    assert await changed.get(f"/personas/trading?version={before['version'][:8]}") == before


async def test_a_candidate_on_trial_is_told(changed: Any) -> None:
    store = changed.engine.company.store
    candidate = store.personas.add("trading", "You trade, and wait.", "Ada", "calmer")
    rates = {"from_rate": Decimal("0.6"), "to_rate": Decimal("0.7"), "needed": 356}
    trial = store.experiments.start(candidate, weight=2_000, **rates, by="Ada", reason="calmer").id
    found = await changed.get("/personas/trading")
    assert found["trial"]["id"] == trial
    assert found["trial"]["candidate"] != found["version"]
    assert found["trial"]["percent"] == 20
    assert {line["role"] for line in await changed.get("/personas") if line["trial"]} == {"trading"}


async def test_a_role_or_version_that_is_not_there_is_404(changed: Any) -> None:
    for path in ("/personas/nobody", "/personas/trading?version=9", "/personas/trading?version=zzz"):
        answer = await changed.client.get(path)
        assert answer.status_code == 404, (path, answer.text)
