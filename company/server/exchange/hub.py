"""Who listens to what at a venue: market streams by name, accounts by theirs.

One clock ticks for all. Nothing is looked at that nobody listens to, and what is told to many is written once.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Final

from company.ports import Json
from company.server.exchange import executions, reports
from company.server.exchange.http import encoded
from company.server.exchange.sources import FAST, Source, is_stream, source
from company.server.exchange.venues import Served

Listener = Callable[[str, str], None]
"""Takes the name of a stream, or of an account, and an event as JSON text."""

_MOST_CHANGES: Final = 500


@dataclass(slots=True)
class _Channel:
    source: Source
    due: int
    listeners: list[Listener] = field(default_factory=list)


class Hub:
    """The listeners of one venue.

    Args:
        venue: The venue.
    """

    def __init__(self, venue: Served) -> None:
        self._venue = venue
        self._channels: dict[str, _Channel] = {}
        self._accounts: dict[str, list[Listener]] = {}
        self._seen = 0

    def knows(self, name: str) -> bool:
        """Tell whether there is a market stream of this name."""
        return name in self._channels or is_stream(self._venue, name)

    def subscribe(self, name: str, listener: Listener) -> None:
        """Let `listener` hear a market stream that is known."""
        if (channel := self._channels.get(name)) is None:
            self._venue.settle(self._venue.present())
            channel = self._channels[name] = _Channel(source(self._venue, name), due=0)
        channel.listeners.append(listener)
        if (first := channel.source.first()) is not None:
            listener(name, encoded(first))

    def unsubscribe(self, name: str, listener: Listener) -> None:
        """Let `listener` hear a market stream no more."""
        channel = self._channels[name]
        channel.listeners.remove(listener)
        if not channel.listeners:
            self._channels.pop(name).source.close()

    def attend(self, account: str, listener: Listener) -> None:
        """Let `listener` hear what happens to an account from now on."""
        if not self._accounts:
            self._seen = self._venue.exchange.last_change()
        self._accounts.setdefault(account, []).append(listener)

    def leave(self, account: str, listener: Listener) -> None:
        """Let `listener` hear of an account no more."""
        self._accounts[account].remove(listener)
        if not self._accounts[account]:
            del self._accounts[account]

    def tick(self, now: int) -> None:
        """Tell what has happened, of each stream as often as it is told.

        Args:
            now: Wall time in epoch ms.
        """
        if not (self._channels or self._accounts):
            return
        self._venue.settle(self._venue.present())
        self.tell_accounts()
        for name, channel in list(self._channels.items()):
            if channel.due <= now:
                channel.due = now - now % FAST + channel.source.every
                _tell(channel.listeners, name, channel.source.news())

    def tell_accounts(self) -> None:
        """Tell the accounts that listen what was committed."""
        if not self._accounts:
            return
        touched: dict[str, dict[str, int]] = {}
        while changes := self._venue.exchange.changes(self._seen, _MOST_CHANGES):
            for change in changes:
                self._seen = change.number
                if listeners := self._accounts.get(change.account):
                    order = self._venue.account(change.account).find(change.order)
                    trades = self._venue.trades_of(change.account, order)
                    _tell(listeners, change.account, executions.reports(change, order, trades))
                    assets = touched.setdefault(change.account, {})
                    assets.update(dict.fromkeys(order.symbol.split("/"), change.at))
        for account, assets in touched.items():
            event = reports.position(self._venue.balances(account), assets, max(assets.values()), self._venue.now)
            _tell(self._accounts[account], account, [event])


def _tell(listeners: Iterable[Listener], name: str, events: Iterable[Json]) -> None:
    for event in events:
        text = encoded(event)
        for listener in list(listeners):
            listener(name, text)
