"""The watch: reads the access log piece by piece, keeps alerts, blocks addresses.

A scan continues where the last one ended, so a campaign that goes on is one alert that grows. The second that is still
running is left for the next scan, because a log has whole seconds. Alerts and the mark of the scan are written in one
transaction, and hits that an alert has already counted are not counted again; a scan that is repeated after a crash, or
that runs twice at once, changes nothing.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from company.defence.accesslog import Request, parse_line
from company.defence.alerts import SEVERITIES, Alert, Block, Kind, ScanReport, printable
from company.defence.rates import LONGEST_WINDOW, RateCounter
from company.defence.rules import GRAVITY, broken_rule
from company.errors import ToolError
from company.ports import Books, Clock, Traffic

FIRST_LOOK = timedelta(hours=6)
LONGEST_SCAN = timedelta(hours=24)
QUIET = timedelta(hours=6)
"""After this long without a hit, the same source with the same attack is a new alert."""

_ALERT, _CURRENT, _SCAN, _BLOCK = "watch.alert", "watch.current", "watch.scan", "watch.block"
_CALM = "watch.calm"


@dataclass(frozen=True, slots=True)
class Hit:
    """A request and the rule it broke."""

    request: Request
    kind: Kind
    rule: str


@dataclass(frozen=True, slots=True)
class Findings:
    """What a piece of the log holds.

    Attributes:
        requests: How many requests.
        malformed: How many lines that are none.
        hits: What breaks a rule.
    """

    requests: int
    malformed: int
    hits: tuple[Hit, ...]


@dataclass(frozen=True, slots=True)
class Sighting:
    """A source that attacks in one way, and its last request that broke a rule."""

    kind: Kind
    source: str
    last_at: datetime


def find_hits(requests: Sequence[Request]) -> Iterator[Hit]:
    """Yield what breaks a rule, one hit a request: payload rules first, then rates of what they left.

    Args:
        requests: Requests in the order of time.
    """
    rates = RateCounter()
    for request in requests:
        rule = broken_rule(request) or rates.broken_rule(request)
        if rule is not None:
            yield Hit(request, rule.kind, rule.id)


class Watch:
    """The department's service.

    Args:
        traffic: The company's web traffic.
        clock: The company's time.
        books: Where alerts, scans and blocks are kept.
        protected: Addresses or networks that are never blocked, beside everything that is not public.
    """

    def __init__(self, *, traffic: Traffic, clock: Clock, books: Books, protected: Sequence[str] = ()) -> None:
        self._traffic = traffic
        self._clock = clock
        self._books = books
        self._protected = tuple(ip_network(text) for text in protected)
        self._judged: tuple[datetime, tuple[str, ...], Findings] | None = None

    async def scan(self, key: str = "") -> ScanReport:
        """Read the log since the last scan and keep what was found as alerts.

        The first scan looks back 6 hours. A scan covers at most the last 24 hours; what an older gap held is named in
        `unseen_since`.

        Args:
            key: Idempotency key: a repeat with the same key returns the first report. Without one every call scans.
        """
        if key and (done := self._books.get(_SCAN, key)):
            return ScanReport.model_validate(done["report"])
        last = self._scanned_until()
        since, until = self._window(last)
        found = await self._look(since, until)
        with self._books.transaction():
            new, grown = self._keep(found.hits)
            report = ScanReport(
                since=since,
                until=until,
                unseen_since=self._unseen(last, since),
                requests=found.requests,
                malformed=found.malformed,
                new=len(new),
                alerts=(*sorted(new, key=_urgency), *sorted(grown, key=_urgency)),
            )
            name = key or f"scan-{self._books.next_number(_SCAN)}"
            self._books.put(_SCAN, name, {"until": until.isoformat(), "report": report.model_dump(mode="json")})
        return report

    async def glance(self) -> list[Sighting]:
        """Return who attacked since the last scan, without keeping it.

        What an earlier glance found calm is not read again; the scan itself still reads, and counts, everything.
        """
        calm = self._calm()
        ends = [at for at in (self._scanned_until(), calm and calm[1]) if at]
        since, until = self._window(max(ends, default=None))
        hits = (await self._look(since, until)).hits
        if not hits:
            begun = calm[0] if calm and calm[1] == since else since
            self._books.put(_CALM, "stretch", {"since": begun.isoformat(), "until": until.isoformat()})
        last = {(hit.kind, hit.request.address): hit.request.at for hit in hits}
        return [Sighting(kind, source, at) for (kind, source), at in last.items()]

    def alerts(self, limit: int = 10) -> list[Alert]:
        """Return up to `limit` alerts, the last raised first."""
        return [Alert.model_validate(document) for _, document in self._books.newest(_ALERT, limit)]

    async def block(self, address: str, reason: str, key: str) -> Block:
        """Have the web server refuse an address.

        Args:
            address: An IPv4 or IPv6 address.
            reason: Why, for the record.
            key: Idempotency key; a repeat returns the first block.

        Raises:
            ToolError: It is no address, not a public one, or protected.
        """
        if done := self.find_block(key):
            return done
        source = self._blockable(address)
        answer = await self._traffic.block(source, key)
        block = Block(address=source, reason=reason, key=key, at=answer["at"])
        self._books.put(_BLOCK, key, block.model_dump(mode="json"))
        return block

    def find_block(self, key: str) -> Block | None:
        """Return the block made under `key`, None when there is none."""
        document = self._books.get(_BLOCK, key)
        return None if document is None else Block.model_validate(document)

    def blocks(self, limit: int = 100) -> list[Block]:
        """Return up to `limit` blocked addresses, the last blocked first; each once, with its first reason."""
        newest = [Block.model_validate(document) for _, document in self._books.newest(_BLOCK, limit)]
        first = {block.address: block for block in newest}
        return [block for block in newest if first[block.address] is block]

    async def _look(self, since: datetime, until: datetime) -> Findings:
        """Read a piece of the log; what a glance has judged, a scan of the same lines does not judge again."""
        lines = tuple(await self._traffic.lines(since - LONGEST_WINDOW, until))
        if self._judged is None or self._judged[:2] != (since, lines):
            self._judged = since, lines, _judge(lines, since)
        return self._judged[2]

    def _window(self, last: datetime | None) -> tuple[datetime, datetime]:
        """Return the stretch to read after what was read until `last`."""
        until = self._clock.now().replace(microsecond=0) - timedelta(seconds=1)
        since = max(last or until - FIRST_LOOK, until - LONGEST_SCAN)
        return since, max(until, since)

    def _scanned_until(self) -> datetime | None:
        newest = self._books.newest(_SCAN, 1)
        return datetime.fromisoformat(newest[0][1]["until"]) if newest else None

    def _unseen(self, last: datetime | None, since: datetime) -> datetime | None:
        """Return the beginning of a stretch before `since` that neither a scan nor a glance has read; None for none."""
        if last is None:
            return None
        calm = self._calm()
        read = calm[1] if calm and calm[0] <= last else last
        return read if read < since else None

    def _calm(self) -> tuple[datetime, datetime] | None:
        """Return the last stretch that glances read, one after the other, without a hit."""
        calm = self._books.get(_CALM, "stretch")
        return (datetime.fromisoformat(calm["since"]), datetime.fromisoformat(calm["until"])) if calm else None

    def _keep(self, hits: Sequence[Hit]) -> tuple[list[Alert], list[Alert]]:
        """Put the hits into alerts; return the new alerts and those that grew."""
        campaigns: defaultdict[tuple[Kind, str], list[Hit]] = defaultdict(list)
        for hit in hits:
            campaigns[hit.kind, hit.request.address].append(hit)
        new, grown = [], []
        for (kind, source), found in campaigns.items():
            current = self._current(kind, source)
            for stretch in _stretches(found):
                if current is None or stretch[0].request.at - current.last_at > QUIET:
                    current = self._put(_raise(f"S{self._books.next_number(_ALERT)}", stretch))
                    new.append(current)
                elif fresh := [hit for hit in stretch if hit.request.at > current.last_at]:
                    current = self._put(_grow(current, fresh))
                    grown.append(current)
        return new, grown

    def _current(self, kind: Kind, source: str) -> Alert | None:
        pointer = self._books.get(_CURRENT, f"{kind} {source}")
        document = self._books.get(_ALERT, pointer["id"]) if pointer else None
        return None if document is None else Alert.model_validate(document)

    def _put(self, alert: Alert) -> Alert:
        self._books.put(_ALERT, alert.id, alert.model_dump(mode="json"))
        self._books.put(_CURRENT, f"{alert.kind} {alert.source}", {"id": alert.id})
        return alert

    def _blockable(self, address: str) -> str:
        try:
            found: IPv4Address | IPv6Address = ip_address(address.strip())
        except ValueError:
            raise ToolError(f"{address!r} is no IP address; pass an alert's `source` as it is") from None
        if isinstance(found, IPv6Address) and found.ipv4_mapped:
            found = found.ipv4_mapped
        if not found.is_global or found.is_multicast:
            raise ToolError(f"{address!r} is not a public address (private, loopback or reserved); it stays open")
        if any(_holds(network, found) for network in self._protected):
            raise ToolError(f"{address!r} is protected by this company's settings; ask a person before blocking it")
        return str(found)


def _holds(network: IPv4Network | IPv6Network, address: IPv4Address | IPv6Address) -> bool:
    return address.version == network.version and address in network


def _judge(lines: Sequence[str], since: datetime) -> Findings:
    """Judge the lines after `since`; those before only fill the windows of the rates."""
    requests, malformed = _read(lines, since)
    hits = tuple(hit for hit in find_hits(requests) if hit.request.at > since)
    return Findings(sum(request.at > since for request in requests), malformed, hits)


def _read(lines: Sequence[str], since: datetime) -> tuple[list[Request], int]:
    """Parse the lines into requests in the order of time; count the malformed ones after `since`.

    A malformed line has no time of its own: it belongs to the line before it.
    """
    requests: list[Request] = []
    malformed, inside = 0, False
    for line in lines:
        request = parse_line(line)
        if request is None:
            malformed += inside
            continue
        inside = request.at > since
        requests.append(request)
    requests.sort(key=lambda request: request.at)
    return requests, malformed


def _stretches(hits: Sequence[Hit]) -> Iterator[list[Hit]]:
    """Split one campaign's hits where it was quiet for longer than `QUIET`."""
    stretch = [hits[0]]
    for hit in hits[1:]:
        if hit.request.at - stretch[-1].request.at > QUIET:
            yield stretch
            stretch = []
        stretch.append(hit)
    yield stretch


def _raise(number: str, hits: Sequence[Hit]) -> Alert:
    first = hits[0]
    gravity = GRAVITY[first.kind]
    return Alert(
        id=number,
        kind=first.kind,
        rule=first.rule,
        severity=gravity.severity,
        owasp=gravity.owasp,
        source=first.request.address,
        count=len(hits),
        first_at=first.request.at,
        last_at=hits[-1].request.at,
        sample=_sample(first),
    )


def _grow(alert: Alert, hits: Sequence[Hit]) -> Alert:
    return alert.model_copy(update={"count": alert.count + len(hits), "last_at": hits[-1].request.at})


def _sample(hit: Hit) -> str:
    request = hit.request
    line = f"{request.method} {request.target}"
    return printable(
        f"{line} agent={request.agent} referer={request.referer}" if hit.kind == "prompt_injection" else line
    )


def _urgency(alert: Alert) -> tuple[int, int, str]:
    return SEVERITIES.index(alert.severity), -alert.count, alert.source
