"""The live switch: a person turns it on under the terms of that moment, and it is off as soon as they are others."""

import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from company.config import LimitSettings, Settings
from company.errors import UsageError, VenueError
from company.home.live import LiveSwitch, phrase_of
from company.home.venues import keys_of, live_switch, mode_of, open_venues
from company.store import SecretStore, Store
from company.trading.venues import PAPER_KEYS, CcxtVenue, Keys
from company.world import MemoryBooks, PaperWorld, WallClock

NOW = datetime(2026, 1, 5, 9, 30, tzinfo=UTC)


def settings(**changed: Any) -> Settings:
    venues = {
        "kraken": {"kind": "ccxt", "symbols": ["BTC/USDT"]},
        "test": {"kind": "ccxt", "exchange": "okx", "sandbox": True, "symbols": ["BTC/USDT"]},
        "near": {"kind": "paper-http", "url": "http://127.0.0.1:8500/venues/a"},
        "gemini": {"kind": "ccxt", "symbols": ["BTC/USDT"]},
    }
    return Settings.model_validate({"venues": venues, "world": {"venues": "kraken", "clock": "wall"}, **changed})


@dataclass
class House:
    """A store, and the switch over it with settings and keys that a test changes."""

    store: Store
    settings: Settings = field(default_factory=settings)
    keys: Keys | None = field(default_factory=lambda: Keys("the-key-of-ann", "the-secret-of-ann"))

    @property
    def switch(self) -> LiveSwitch:
        return LiveSwitch(self.store, self.settings, lambda _: self.keys)

    def enable(self, venue: str = "kraken") -> None:
        self.switch.enable(venue, by="ann", phrase=phrase_of(venue))

    def sends(self, act: Any = "order") -> bool:
        before = len(self.told("live.sent"))
        with suppress(VenueError):
            self.switch.leave("kraken", act, "buy 1 BTC/USDT, market", "k1")
        return len(self.told("live.sent")) == before + 1

    def told(self, name: str) -> list[Any]:
        return [event.body["value"] for event in self.store.journal.read(types=[name])]


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    store = Store.open(tmp_path / "company.db", now=lambda: NOW, company_time=lambda: NOW)
    yield House(store)
    store.close()


def test_nothing_leaves_before_a_person_enabled_it(house: House) -> None:
    with pytest.raises(VenueError, match=r"live trading is off; nothing was sent; .*: company live enable kraken"):
        house.switch.leave("kraken", "order", "buy", "k1")
    assert not house.sends("cancel")
    assert house.told("live.sent") == []


def test_what_leaves_is_in_the_journal_before_it_is_sent(house: House) -> None:
    house.enable()

    assert house.sends("order")

    [told] = house.told("live.sent")
    assert told == {
        "venue": "kraken",
        "exchange": "kraken",
        "act": "order",
        "what": "buy 1 BTC/USDT, market",
        "clientOrderId": "k1",
        "enabledBy": "ann",
    }


def test_who_enabled_it_under_which_limits_is_in_the_journal(house: House) -> None:
    house.enable()

    [told] = house.told("live.enabled")
    assert (told["venue"], told["exchange"], told["by"]) == ("kraken", "kraken", "ann")
    assert told["limits"]["max_trade_fraction"] == "0.05"
    assert len(told["terms"]) == 64
    assert str(house.switch.standing("kraken")) == "live trading was enabled by ann at 2026-01-05T09:30:00+00:00"


@pytest.mark.parametrize("phrase", ["", "yes", "trade on Kraken with real money", "trade on okx with real money"])
def test_another_phrase_enables_nothing(house: House, phrase: str) -> None:
    with pytest.raises(UsageError, match="that is not the phrase; nothing was enabled"):
        house.switch.enable("kraken", by="ann", phrase=phrase)
    assert not house.sends()


def other_limits(house: House) -> None:
    limits = LimitSettings(max_trade_fraction=Decimal("0.06"))
    house.settings = house.settings.model_copy(update={"limits": limits})


def other_settings(house: House) -> None:
    more = house.settings.venues["kraken"].model_copy(update={"symbols": ("BTC/USDT", "ETH/USDT")})
    house.settings = house.settings.model_copy(update={"venues": {**house.settings.venues, "kraken": more}})


def other_keys(house: House) -> None:
    house.keys = Keys("the-key-of-bob", "the-secret-of-bob")


@pytest.mark.parametrize(
    ("change", "name"), [(other_limits, "limits"), (other_settings, "settings"), (other_keys, "keys")]
)
def test_the_switch_does_not_survive_a_change(house: House, change: Callable[[House], None], name: str) -> None:
    house.enable()
    change(house)

    assert house.switch.standing("kraken").changed == (name,)
    assert not house.sends("order")
    assert house.sends("cancel"), "what lowers the risk still leaves"
    house.enable()
    assert house.sends("order")


def test_a_venue_that_is_disabled_sends_nothing_in_any_process(house: House, tmp_path: Path) -> None:
    house.enable()
    other = Store.open(tmp_path / "company.db", now=lambda: NOW, company_time=lambda: NOW)

    assert LiveSwitch(other, house.settings, lambda _: house.keys).disable("kraken", by="bob", reason="enough")
    other.close()

    assert not house.sends("order")
    assert not house.sends("cancel")
    assert house.told("live.disabled") == [{"venue": "kraken", "by": "bob", "reason": "enough"}]
    assert not house.switch.disable("kraken", by="bob", reason="again")


def test_a_stopped_company_sends_cancellations_only(house: House) -> None:
    house.enable()
    house.store.flags.set("stop", "ann: fire")

    with pytest.raises(VenueError, match="the company is stopped by ann: fire; nothing was sent"):
        house.switch.leave("kraken", "order", "buy", "k1")
    assert house.sends("cancel")


def test_another_version_of_the_package_behind_a_venue_is_another_term(house: House) -> None:
    venues = {"mine": {"kind": "corner", "symbols": ["BTC/USDT"], "options": {"region": "eu"}}}
    house.settings = settings(venues=venues, world={"venues": "mine", "clock": "wall"})
    version = ["corner 1.0"]
    switch = LiveSwitch(house.store, house.settings, lambda _: house.keys, lambda _: version[0])
    switch.enable("mine", by="ann", phrase=phrase_of("mine"))
    assert switch.standing("mine").state == "on"

    version[0] = "corner 1.1"

    assert str(switch.standing("mine")).endswith("and since then changed: settings")
    with pytest.raises(VenueError, match="changed: settings; nothing was sent"):
        switch.leave("mine", "order", "buy", "k1")
    switch.leave("mine", "cancel", "cancel 7", "")


def test_a_stopped_company_is_not_made_live(house: House) -> None:
    house.store.flags.set("stop", "ann: fire")
    with pytest.raises(UsageError, match="the company is stopped by ann: fire"):
        house.enable()


def test_live_trading_needs_keys(house: House) -> None:
    house.keys = None
    with pytest.raises(
        UsageError, match=r"no keys for kraken\n.*company key set venue:kraken:key, then company key set"
    ):
        house.enable()


def test_an_exchange_that_cannot_be_asked_by_our_own_id_is_not_made_live(house: House) -> None:
    with pytest.raises(UsageError, match=r"venues\.gemini\.exchange: gemini can be read, not traded on"):
        house.enable("gemini")


@pytest.mark.parametrize("venue", ["near", "test", "paper", "nowhere"])
def test_only_a_venue_with_real_money_has_a_switch(house: House, venue: str) -> None:
    with pytest.raises(UsageError, match=f"{venue!r} is no venue with real money"):
        house.enable(venue)


@pytest.mark.parametrize("by", ["", "role:trading"])
def test_only_people_turn_it(house: House, by: str) -> None:
    with pytest.raises(UsageError, match="cannot enable live trading"):
        house.switch.enable("kraken", by=by, phrase=phrase_of("kraken"))
    with pytest.raises(UsageError, match="cannot disable live trading"):
        house.switch.disable("kraken", by=by, reason="x")


def test_disabling_needs_a_reason(house: House) -> None:
    with pytest.raises(UsageError, match="a reason is needed"):
        house.switch.disable("kraken", by="ann", reason=" ")


def test_no_key_is_in_the_switch_or_the_journal(house: House) -> None:
    house.enable()
    house.sends()

    kept = str(house.store.flags.get("live.kraken")) + str(house.store.journal.read())
    assert "the-key" not in kept
    assert "the-secret" not in kept


@pytest.fixture
def secrets(house: House, tmp_path: Path) -> SecretStore:
    environment = {"HOME": str(tmp_path), "COMPANY_MASTER_KEY": ""}
    return SecretStore(tmp_path, home_id=house.store.home_id, environment=environment, now=lambda: NOW)


def test_keys_come_from_the_secret_store_under_the_name_that_the_settings_say(
    house: House, secrets: SecretStore
) -> None:
    section = house.settings.venues["kraken"].model_copy(update={"key": "mine"})
    assert keys_of(section, secrets) is None
    secrets.set("venue:mine:key", "the-key-of-ann")
    with pytest.raises(UsageError, match="venue:mine:secret: a key and its secret belong together"):
        keys_of(section, secrets)

    secrets.set("venue:mine:secret", "the-secret-of-ann")
    secrets.set("venue:mine:passphrase", "the-passphrase")

    keys = keys_of(section, secrets)
    assert keys == Keys("the-key-of-ann", "the-secret-of-ann", "the-passphrase")
    assert "the-" not in repr(keys)


def test_the_venues_are_those_of_the_settings_in_their_order(house: House, secrets: SecretStore) -> None:
    chosen = settings(world={"venues": ["near", "paper", "test"], "clock": "wall"})
    world = PaperWorld(seed=7, books=MemoryBooks(), clock=WallClock())

    venues = open_venues(house.store, chosen, world, secrets)

    assert list(venues) == ["near", "paper-a", "paper-b", "paper-c", "test"]
    assert isinstance(venues["near"], CcxtVenue)
    assert repr(venues["test"]) == "CcxtVenue('test', 'okx', sandbox)"
    assert (mode_of(chosen), mode_of(house.settings), mode_of(Settings())) == ("sandbox", "real", "paper")


def test_a_venue_of_a_kind_that_nobody_brings_is_not_opened(house: House, secrets: SecretStore) -> None:
    venues = {"mine": {"kind": "cctx", "sandbox": True, "symbols": ["BTC/USDT"]}}
    chosen = settings(venues=venues, world={"venues": "mine", "clock": "wall"})
    world = PaperWorld(seed=7, books=MemoryBooks(), clock=WallClock())

    with pytest.raises(UsageError, match=r"venues\.mine\.kind: there is no kind 'cctx'\n.*did you mean 'ccxt'"):
        open_venues(house.store, chosen, world, secrets)
    assert mode_of(chosen) == "sandbox"


async def test_the_default_company_opens_no_venue_beyond_this_process(house: House, secrets: SecretStore) -> None:
    world = PaperWorld(seed=7, books=MemoryBooks(), clock=WallClock())
    assert open_venues(house.store, Settings(), world, secrets) == world.venues


async def test_an_order_to_a_real_exchange_stops_at_the_switch(house: House, secrets: SecretStore) -> None:
    world = PaperWorld(seed=7, books=MemoryBooks(), clock=WallClock())
    venue = open_venues(house.store, house.settings, world, secrets)["kraken"]

    with pytest.raises(VenueError, match="kraken trades with real money: live trading is off; nothing was sent"):
        await venue.create_order("BTC/USDT", "market", "buy", "1", None, {"clientOrderId": "k1"})
    assert live_switch(house.store, house.settings, secrets).standing("kraken").state == "off"


def test_the_paper_exchange_needs_no_keys_in_the_store() -> None:
    assert PAPER_KEYS.values() == ("paper-key", "paper-secret")
    assert "COMPANY_LIVE" not in os.environ
