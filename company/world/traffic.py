"""The paper company's web traffic: a log any stretch of which can be asked for, with the truth kept aside.

Nothing is stored but the blocked addresses. Lines are made when they are asked for: each minute's visits and each
slot's campaigns are drawn from the seed alone, so two windows that meet give exactly what one window over both gives,
today and in another process. A blocked address is refused before it reaches the web server: it leaves no lines.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from company.defence import Kind
from company.ports import Books, Clock, Json
from company.world.attacks import LONGEST_CAMPAIGN, SLOT, Campaign, campaigns_of_slot
from company.world.visitors import LONGEST_VISIT, Entry, visits

_BLOCK = "traffic.block"


class PaperTraffic:
    """Web traffic with attacks hidden in it.

    Args:
        seed: The world's seed.
        clock: The company's time; the log ends now.
        books: Where blocked addresses are kept.
    """

    def __init__(self, *, seed: int, clock: Clock, books: Books) -> None:
        self._seed = seed
        self._clock = clock
        self._books = books

    async def lines(self, since: datetime, until: datetime) -> Sequence[str]:
        """Return the lines with `since` < time <= `until`, oldest first; nothing later than now."""
        first, last = since.timestamp(), min(until, self._clock.now()).timestamp()
        refused = {address: _moment(block["at"]) for address, block in self._books.items(_BLOCK)}
        entries = [
            entry
            for entry in self._entries(int(first), int(last))
            if first < entry.second <= last and entry.second <= refused.get(entry.address, last)
        ]
        entries.sort(key=lambda entry: entry.second)
        return [entry.line for entry in entries]

    async def block(self, address: str, key: str) -> Json:
        """Refuse further requests from `address`; the first block of an address stands."""
        with self._books.transaction():
            if done := self._books.get(_BLOCK, address):
                return done
            block = {"address": address, "key": key, "at": self._clock.now().isoformat()}
            self._books.put(_BLOCK, address, block)
        return block

    async def blocked(self) -> Sequence[str]:
        """Return the refused addresses in the order they were blocked."""
        return [address for address, _ in self._books.items(_BLOCK)]

    def campaigns(self, since: datetime, until: datetime) -> list[Campaign]:
        """Return the truth: the campaigns with a request in `since` < time <= `until`, blocked or not."""
        first, last = since.timestamp(), until.timestamp()
        return [
            campaign
            for campaign in self._near(int(first), int(last))
            if any(first < entry.second <= last for entry in campaign.entries())
        ]

    def truth(self, subject: str, since: datetime, until: datetime) -> Kind | None:
        """Return the kind of attack behind a log line or an address in a window; None for an honest one.

        Args:
            subject: A log line of this world, or an address.
            since: Start of the window, exclusive.
            until: End of the window, inclusive.
        """
        address = subject.split(" ", 1)[0]
        kinds = (campaign.kind for campaign in self.campaigns(since, until) if address in campaign.sources)
        return next(kinds, None)

    def _entries(self, first: int, last: int) -> Iterator[Entry]:
        for minute in range((first - LONGEST_VISIT) // 60, last // 60 + 1):
            yield from visits(self._seed, minute)
        for campaign in self._near(first, last):
            yield from campaign.entries()

    def _near(self, first: int, last: int) -> Iterator[Campaign]:
        for slot in range((first - LONGEST_CAMPAIGN) // SLOT, last // SLOT + 1):
            for campaign in campaigns_of_slot(self._seed, slot):
                if campaign.start <= last and campaign.start + campaign.seconds >= first:
                    yield campaign


def _moment(at: str) -> float:
    return datetime.fromisoformat(at).astimezone(UTC).timestamp()
