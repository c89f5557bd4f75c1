"""The live switch: whether orders may leave for an exchange with real money.

A person enables one venue, under the limits and settings of that moment. What they were is kept as digests; when the
limits, the venue's settings or its keys have changed since, the switch counts as off, and the person is asked again.
The switch is a flag of the store, so every process sees it, and each order that leaves is in the journal before it is
sent. Reading an exchange needs no switch. No setting, option or environment variable turns it on.
"""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

from company import events
from company.config import VENUE_KINDS, Settings, VenueSettings, suggest
from company.errors import UsageError, VenueError
from company.events import Draft
from company.store import Store, require_person, require_reason
from company.store.flags import STOP_FLAG
from company.trading.venues import TRADABLE, Act, Keys

FLAG = "live"
"""First part of the flags' names; the second is the venue's."""

State = Literal["off", "on", "changed"]


@dataclass(frozen=True, slots=True)
class Standing:
    """How the switch of one venue stands.

    Attributes:
        venue: The venue.
        state: `on`; `off`: nobody enabled it; `changed`: it was enabled under other terms, so nothing leaves.
        by: Who enabled it; empty when nobody did.
        at: When, ISO 8601; empty when nobody did.
        changed: What is other than it was then: `limits`, `settings`, `keys`.
    """

    venue: str
    state: State
    by: str = ""
    at: str = ""
    changed: tuple[str, ...] = ()

    def __str__(self) -> str:
        if self.state == "off":
            return "live trading is off"
        words = f"live trading was enabled by {self.by} at {self.at}"
        return words if self.state == "on" else f"{words}, and since then changed: {', '.join(self.changed)}"


class LiveSwitch:
    """Turns live trading on and off, and is the gate that orders to real exchanges pass.

    Args:
        store: Where the switch and the journal are.
        settings: What `company.toml` says now.
        keys: Returns the keys of a venue, None when there are none.
        package: Returns which package, in which version, brings a venue's kind; empty for one that is built in.
    """

    def __init__(
        self,
        store: Store,
        settings: Settings,
        keys: Callable[[str], Keys | None],
        package: Callable[[str], str] = lambda _: "",
    ) -> None:
        self._store, self._settings, self._keys, self._package = store, settings, keys, package

    def standing(self, venue: str) -> Standing:
        """Return how the switch of a venue stands.

        Raises:
            UsageError: The company has no such venue with real money.
        """
        self._venue(venue)
        if (flag := self._store.flags.get(f"{FLAG}.{venue}")) is None:
            return Standing(venue, "off")
        kept = json.loads(flag)
        now = self._digests(venue)
        changed = tuple(name for name, digest in now.items() if kept["terms"][name] != digest)
        return Standing(venue, "changed" if changed else "on", kept["by"], kept["at"], changed)

    def require_ready(self, venue: str) -> None:
        """See to it that a venue could be enabled now.

        Raises:
            UsageError: There is no such venue, it cannot be traded on, it has no keys, or the company is stopped.
        """
        section = self._venue(venue)
        where = f"venues.{venue}"
        if reason := self._store.flags.get(STOP_FLAG):
            raise UsageError(f"the company is stopped by {reason}", cure="company start --reason '...'")
        if section.kind in VENUE_KINDS and section.exchange not in TRADABLE:
            raise UsageError(
                f"{section.exchange} can be read, not traded on: it cannot be asked for an order by our own id",
                where=f"{where}.exchange",
                cure=f"choose one of {', '.join(TRADABLE)}",
            )
        if self._keys(venue) is None:
            cure = f"company key set {section.secrets[0]}, then company key set {section.secrets[1]}"
            raise UsageError(f"there are no keys for {venue}", where=where, cure=cure)

    def enable(self, venue: str, *, by: str, phrase: str) -> Standing:
        """Let orders leave for a venue from now on.

        Args:
            venue: The venue.
            by: The person who says so.
            phrase: What the person typed; it has to be `phrase_of(venue)`, letter by letter.

        Raises:
            UsageError: The phrase is another one, or `require_ready` refuses.
        """
        self.require_ready(venue)
        require_person(by, "enable live trading")
        if phrase != phrase_of(venue):
            raise UsageError("that is not the phrase; nothing was enabled", cure=f"type exactly: {phrase_of(venue)}")
        at, terms = self._store.now().isoformat(timespec="seconds"), self._digests(venue)
        with self._store.transaction():
            self._store.flags.set(f"{FLAG}.{venue}", json.dumps({"by": by, "at": at, "terms": terms}))
            limits = {name: str(value) for name, value in self._settings.limits.model_dump(mode="json").items()}
            self._note("live.enabled", {**self._named(venue), "by": by, "terms": terms["limits"], "limits": limits})
        return self.standing(venue)

    def disable(self, venue: str, *, by: str, reason: str) -> bool:
        """Let nothing leave any more; tells whether anything could.

        Raises:
            UsageError: Nobody is named, or no reason is given.
        """
        require_person(by, "disable live trading")
        require_reason(reason)
        with self._store.transaction():
            if self._store.flags.get(f"{FLAG}.{venue}") is None:
                return False
            self._store.flags.clear(f"{FLAG}.{venue}")
            self._note("live.disabled", {"venue": venue, "by": by, "reason": reason.strip()})
        return True

    def enabled(self) -> list[str]:
        """Return the venues that somebody enabled, also those that are no longer in the settings."""
        return [name.removeprefix(f"{FLAG}.") for name in self._store.flags.beginning(f"{FLAG}.")]

    def require(self, venue: str, act: Act) -> Standing:
        """Refuse what may not leave for a real exchange now, and return how the switch stands.

        A cancellation may leave while the company is stopped and under changed terms: it only lowers the risk.

        Raises:
            VenueError: It may not leave; nothing was sent.
        """
        standing = self.standing(venue)
        cure = f"nothing was sent; a person has to say: company live enable {venue}"
        if standing.state == "off" or (standing.state == "changed" and act == "order"):
            raise VenueError(f"{venue} trades with real money: {standing}; {cure}")
        if act == "order" and (reason := self._store.flags.get(STOP_FLAG)):
            raise VenueError(f"{venue} trades with real money and the company is stopped by {reason}; nothing was sent")
        return standing

    def leave(self, venue: str, act: Act, what: str, client_order_id: str) -> None:
        """Let an order or a cancellation out to a real exchange, written down before it is sent.

        Raises:
            VenueError: `require` refuses; nothing was sent.
        """
        standing = self.require(venue, act)
        told = {"act": act, "what": what, "clientOrderId": client_order_id, "enabledBy": standing.by}
        body = events.custom("live.sent", {**self._named(venue), **told})
        self._store.journal.append([Draft("", "", "desk", "user", body)])

    def _venue(self, name: str) -> VenueSettings:
        real = {name: venue for name, venue in self._settings.venues.items() if venue.is_real}
        if name not in real:
            what = f"{name!r} is no venue with real money"
            raise UsageError(what, where="VENUE", cure=suggest(name, real))
        return real[name]

    def _named(self, venue: str) -> dict[str, Any]:
        return {"venue": venue, "exchange": self._venue(venue).exchange}

    def _digests(self, venue: str) -> dict[str, str]:
        """Return what the switch holds for; of the keys only which account they open, mixed with the home's own id."""
        keys, settings = self._keys(venue), self._settings
        section = self._venue(venue).model_dump(mode="json")
        if not section["options"]:  # as before there were any: a new version of this program changes no terms
            del section["options"]
        brought = {"package": package} if (package := self._package(venue)) else {}
        terms = {
            "limits": [settings.limits.model_dump(mode="json"), settings.company.quote],
            "settings": section | brought,
            "keys": [self._store.home_id, keys.key if keys else ""],
        }
        return {name: _digest(value) for name, value in terms.items()}

    def _note(self, name: str, value: Mapping[str, Any]) -> None:
        self._store.journal.append([Draft.of_person(events.custom(name, value))])


def phrase_of(venue: str) -> str:
    """Return what a person types to enable a venue."""
    return f"trade on {venue} with real money"


def as_json(standing: Standing) -> dict[str, Any]:
    """Return a standing for machines."""
    return {**asdict(standing), "changed": list(standing.changed)}


def _digest(value: object) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()
