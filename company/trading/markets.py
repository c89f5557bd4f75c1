"""The market side of the desk: which symbols trade where, and at what prices.

Prices are read from every venue that lists a symbol, one call after the other: the order of calls is then the same in
every run, and a venue that does not answer is an error, never a silent omission. The price of a symbol is the median
of the venues' mid prices, which one odd venue cannot move; what an order would pay is read by walking the book.

Quotes are kept while the clock stands still and dropped when the desk itself trades. Candles are kept until the next
bar closes. Only closed bars count: a bar still forming would make every indicator change within the bar.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from itertools import islice, permutations
from statistics import median
from typing import Any, Literal

from company.errors import ToolError, VenueError
from company.ports import Clock, Json, Venue
from company.trading.answers import answer, number, optional
from company.trading.features import Bars, timeframe_seconds
from company.trading.figures import Figure, Report, figure, significant, whole_steps

Side = Literal["buy", "sell"]

RECENT = 120  # bars for indicators: twice what the slowest needs
HISTORY = 300  # bars for risk; the most that every large exchange returns in one answer
DEPTH = 100  # book levels walked for an order
BOOK_LEVELS = 10  # most levels a book report shows a side
FEE_WHEN_UNTOLD = Decimal("0.001")  # a venue that does not tell its taker fee is taken to charge a common one
STEP_WHEN_UNTOLD = Decimal("0.00000001")
LATE_BARS = 2  # a history that ends further back than this is refused as stale
_BPS = Decimal(10_000)


@dataclass(frozen=True, slots=True)
class Market:
    """One symbol on one venue, with the venue's rules for orders.

    Attributes:
        venue: Name of the venue.
        symbol: Unified symbol, `BTC/USDT`.
        base: What is bought and sold, `BTC`.
        step: Quantities are multiples of it, in base units.
        tick: Prices are multiples of it, in quote units.
        minimum_quantity: Smallest order, in base units.
        minimum_notional: Smallest order, in quote units.
        fee: Taker fee as a fraction of the notional.
    """

    venue: str
    symbol: str
    base: str
    step: Decimal = STEP_WHEN_UNTOLD
    tick: Decimal = STEP_WHEN_UNTOLD
    minimum_quantity: Decimal = Decimal(0)
    minimum_notional: Decimal = Decimal(0)
    fee: Decimal = FEE_WHEN_UNTOLD

    @classmethod
    def read(cls, venue: str, raw: Json) -> "Market":
        """Read a ccxt market of a venue in TICK_SIZE precision mode."""
        where = f"{venue} {raw['symbol']} market"
        precision, limits = raw.get("precision") or {}, raw.get("limits") or {}
        return cls(
            venue=venue,
            symbol=raw["symbol"],
            base=raw["base"],
            step=optional(precision, "amount", where) or STEP_WHEN_UNTOLD,
            tick=optional(precision, "price", where) or STEP_WHEN_UNTOLD,
            minimum_quantity=optional(limits.get("amount") or {}, "min", where) or Decimal(0),
            minimum_notional=optional(limits.get("cost") or {}, "min", where) or Decimal(0),
            fee=FEE_WHEN_UNTOLD if (taker := optional(raw, "taker", where)) is None else taker,
        )

    def tradable(self, quantity: Decimal, price: Decimal) -> Decimal:
        """Return `quantity` cut to whole steps; 0 when the venue would refuse it as too small."""
        cut = whole_steps(quantity, self.step)
        return cut if cut >= self.minimum_quantity and cut * price >= self.minimum_notional else Decimal(0)

    def on_tick(self, side: Side, price: Decimal) -> Decimal:
        """Return a limit price on the venue's grid, never worse than `price`: down for a buy, up for a sell."""
        down = whole_steps(price, self.tick)
        return down if side == "buy" or down == price else down + self.tick


@dataclass(frozen=True, slots=True)
class Quote:
    """What one venue bids and asks for a symbol; `change` is its own 24 h change in per cent, if it tells one."""

    market: Market
    bid: Decimal
    ask: Decimal
    change: Decimal | None

    @property
    def mid(self) -> Decimal:
        """Middle between bid and ask: the price positions are marked at."""
        return (self.bid + self.ask) / 2

    def price(self, side: Side) -> Decimal:
        """What a small market order pays."""
        return self.ask if side == "buy" else self.bid

    def net(self, side: Side) -> Decimal:
        """What a small market order pays or brings after the taker fee."""
        return self.ask * (1 + self.market.fee) if side == "buy" else self.bid * (1 - self.market.fee)


class VenueQuote(Report):
    """Best bid and ask of one venue."""

    venue: str
    bid: Figure
    ask: Figure


class Arbitrage(Report):
    """The best pair of venues to buy at one and sell at the other.

    Attributes:
        buy: Venue with the ask.
        sell: Venue with the bid.
        spread_bps: Bid over ask in basis points; negative when the books do not cross.
        after_fees_bps: The same after both taker fees; only a positive number is a profit.
    """

    buy: str
    sell: str
    spread_bps: Figure
    after_fees_bps: Figure


class Ticker(Report):
    """A symbol's price now.

    Attributes:
        price: Median of the venues' mid prices, in quote units.
        change_24h: Change over 24 hours in per cent; None when no venue tells it.
    """

    symbol: str
    price: Figure
    change_24h: Figure | None
    best_bid: Figure
    bid_venue: str
    best_ask: Figure
    ask_venue: str
    venues: list[VenueQuote]
    arbitrage: Arbitrage | None


class OrderBook(Report):
    """A venue's book, best levels first; a level is (price, quantity).

    Attributes:
        spread_bps: Ask over bid in basis points of the mid price.
        imbalance: (bid quantity - ask quantity) / (their sum) over the shown levels, from -1 to 1.
    """

    symbol: str
    venue: str
    bids: list[tuple[Figure, Figure]]
    asks: list[tuple[Figure, Figure]]
    spread_bps: Figure
    imbalance: Figure


@dataclass(slots=True)
class _Kept:
    """What is remembered between calls: quotes of one moment, bars until the next one closes."""

    at: datetime | None = None
    orders: int = 0
    quotes: dict[str, list[Quote]] = field(default_factory=dict)
    bars: dict[tuple[str, str, int], Bars] = field(default_factory=dict)


class Markets:
    """Symbols, quotes, books and candles over all venues.

    Args:
        venues: Venues by name; the first that lists a symbol is the reference for its candles.
        clock: The company's time.
        quote: Currency everything is priced in; symbols quoted in another one are not traded.
    """

    def __init__(self, *, venues: Mapping[str, Venue], clock: Clock, quote: str) -> None:
        self.venues = dict(venues)
        self.clock = clock
        self.quote = quote
        self._listed: dict[str, dict[str, Market]] = {}
        self._kept = _Kept()

    async def listed(self) -> Mapping[str, Mapping[str, Market]]:
        """Return the markets by symbol, then by venue name, in the venues' own order.

        Raises:
            VenueError: A venue does not answer.
        """
        if not self._listed:
            listed, silent = await self._read_listings()
            if silent is not None:
                raise silent
            self._listed = listed
        return self._listed

    async def _read_listings(self) -> tuple[dict[str, dict[str, Market]], VenueError | None]:
        """Read the markets of the venues that answer, and why one does not."""
        listed: dict[str, dict[str, Market]] = {}
        silent: VenueError | None = None
        for name, venue in self.venues.items():
            try:
                found = await answer(name, venue.load_markets())
            except VenueError as error:
                silent = silent or error
                continue
            for raw in found.values():
                if trades_spot(raw, self.quote):
                    listed.setdefault(raw["symbol"], {})[name] = Market.read(name, raw)
        return listed, silent

    async def _reachable(self) -> Mapping[str, Mapping[str, Market]]:
        """Return the markets as `listed` does, but for those of venues that do not answer.

        Raises:
            VenueError: None of them answers.
        """
        if self._listed:
            return self._listed
        listed, silent = await self._read_listings()
        if silent is not None and not listed:
            raise silent
        return listed

    async def resolve(self, text: str, *, exiting: bool = False) -> str:
        """Return the unified symbol meant by `text`: "BTC", "btc/usdt", "BTC-USDT" and "BTCUSDT" are all `BTC/USDT`.

        Args:
            text: What somebody wrote.
            exiting: It is to be sold: venues that do not answer are left out.

        Raises:
            ToolError: No venue lists such a symbol.
            VenueError: A venue does not answer, and nobody wants out.
        """
        listed = await (self._reachable() if exiting else self.listed())
        plain = text.strip().upper().replace("-", "/").replace("_", "/")
        for symbol in (plain, f"{plain}/{self.quote}", f"{plain.removesuffix(self.quote)}/{self.quote}"):
            if symbol in listed:
                return symbol
        known = ", ".join(list(listed)[:20])
        raise ToolError(f"no venue lists the symbol {text!r}; the desk trades {known}")

    async def market(self, symbol: str, venue: str = "") -> Market:
        """Return the market of `symbol` on `venue`, or on the symbol's reference venue.

        Raises:
            ToolError: The venue is unknown or does not list the symbol.
        """
        markets = (await self.listed())[symbol]
        name = venue or next(iter(markets))
        if name not in markets:
            raise ToolError(f"venue {venue!r} does not list {symbol}; it trades at {', '.join(markets)}")
        return markets[name]

    def forget_quotes(self, symbol: str) -> None:
        """Drop remembered quotes of a symbol, because an order of ours changed its books."""
        self._kept.quotes.pop(symbol, None)
        self._kept.orders += 1

    async def quotes(self, symbol: str) -> list[Quote]:
        """Return the quotes of every venue that lists `symbol`.

        Raises:
            VenueError: A venue does not answer, or quotes no usable bid and ask.
        """
        if self._kept.at != (now := self.clock.now()):
            self._kept.at = now
            self._kept.quotes.clear()
        if (kept := self._kept.quotes.get(symbol)) is None:
            asked = self._kept.orders
            kept = [await self._quote(market) for market in (await self.listed())[symbol].values()]
            if (self._kept.at, self._kept.orders) == (now, asked):  # else the desk traded, or time went on, meanwhile
                self._kept.quotes[symbol] = kept
        return kept

    async def answering(self, symbol: str) -> list[Quote]:
        """Return the quotes of the venues that answer now; nothing is kept.

        This is for exits: whoever wants to get out does not wait for a venue that is silent.

        Raises:
            VenueError: None of them answers.
        """
        quotes: list[Quote] = []
        silent: VenueError | None = None
        for market in (await self._reachable())[symbol].values():
            try:
                quotes.append(await self._quote(market))
            except VenueError as error:
                silent = error
        if not quotes and silent is not None:
            raise silent
        return quotes

    async def _quote(self, market: Market) -> Quote:
        where = f"{market.venue} {market.symbol} ticker"
        venue = self.venues[market.venue]
        raw = await answer(market.venue, venue.fetch_ticker(market.symbol))
        bid, ask = optional(raw, "bid", where), optional(raw, "ask", where)
        if bid is None or ask is None:  # some exchanges leave them out of the ticker
            book = await answer(market.venue, venue.fetch_order_book(market.symbol, DEPTH))
            bid, ask = _best(book, "bids", where), _best(book, "asks", where)
        if not 0 < bid <= ask:
            raise VenueError(f"{where}: bid {bid} and ask {ask} cannot be right")
        return Quote(market, bid, ask, optional(raw, "percentage", where))

    async def fill_price(self, market: Market, side: Side, quantity: Decimal) -> Decimal | None:
        """Return the average price a market order would get, by walking the book; None when the book is too thin."""
        book = await answer(market.venue, self.venues[market.venue].fetch_order_book(market.symbol, DEPTH))
        left, paid = quantity, Decimal(0)
        for price, offered in levels(book, "asks" if side == "buy" else "bids", f"{market.venue} {market.symbol} book"):
            taken = min(left, offered)
            left -= taken
            paid += taken * price
            if not left:
                return paid / quantity
        return None

    async def route(
        self, symbol: str, side: Side, quantity: Decimal, among: Iterable[Market]
    ) -> tuple[Market, Decimal]:
        """Find the venue where a market order gets the best average price after fees.

        Args:
            symbol: Unified symbol.
            side: `buy` or `sell`.
            quantity: In base units.
            among: The markets of the symbol that come into question; other venues are not asked.

        Returns:
            The market and the average price before fees.

        Raises:
            ToolError: No book is deep enough.
        """
        best: tuple[Decimal, Market, Decimal] | None = None
        for market in among:
            if (price := await self.fill_price(market, side, quantity)) is not None:
                cost = price * (1 + market.fee) if side == "buy" else -price * (1 - market.fee)
                if best is None or cost < best[0]:
                    best = cost, market, price
        if best is None:
            raise ToolError(f"no venue's book can fill {side} {quantity} {symbol} at once; ask for less or use a limit")
        return best[1], best[2]

    async def ticker(self, symbol: str) -> Ticker:
        """Return price, best bid and ask and every venue's quote."""
        quotes = await self.quotes(symbol)
        top, low = max(quotes, key=lambda quote: quote.bid), min(quotes, key=lambda quote: quote.ask)
        changes = [quote.change for quote in quotes if quote.change is not None]
        return Ticker(
            symbol=symbol,
            price=significant(median(quote.mid for quote in quotes)),
            change_24h=figure(median(changes), 2) if changes else None,
            best_bid=significant(top.bid, 8),
            bid_venue=top.market.venue,
            best_ask=significant(low.ask, 8),
            ask_venue=low.market.venue,
            venues=[
                VenueQuote(venue=quote.market.venue, bid=significant(quote.bid, 8), ask=significant(quote.ask, 8))
                for quote in quotes
            ],
            arbitrage=best_arbitrage(quotes),
        )

    async def prices(self) -> dict[str, Decimal]:
        """Return every symbol's price: the median of the venues' mid prices, in quote units."""
        return {
            symbol: significant(median(quote.mid for quote in await self.quotes(symbol)))
            for symbol in await self.listed()
        }

    async def order_book(self, symbol: str, venue: str, depth: int) -> OrderBook:
        """Return the best `depth` levels of a venue's book, at most 10 a side."""
        market = await self.market(symbol, venue)
        where = f"{market.venue} {symbol} book"
        book = await answer(market.venue, self.venues[market.venue].fetch_order_book(symbol, DEPTH))
        shown = max(1, min(depth, BOOK_LEVELS))
        bid, ask = _best(book, "bids", where), _best(book, "asks", where)
        bids, asks = (list(islice(levels(book, side, where), shown)) for side in ("bids", "asks"))
        bought, sold = sum(level[1] for level in bids), sum(level[1] for level in asks)
        return OrderBook(
            symbol=symbol,
            venue=market.venue,
            bids=[(significant(price, 8), significant(amount)) for price, amount in bids],
            asks=[(significant(price, 8), significant(amount)) for price, amount in asks],
            spread_bps=figure((ask - bid) / (ask + bid) * 2 * _BPS, 2),
            imbalance=figure((bought - sold) / (bought + sold), 3),
        )

    async def bars(self, symbol: str, timeframe: str, count: int = RECENT) -> Bars:
        """Return up to `count` closed bars from the symbol's reference venue, oldest first.

        Raises:
            ToolError: The timeframe is unknown, or the venue's bars are malformed or stale.
        """
        seconds = timeframe_seconds(timeframe)
        current = int(self.clock.now().timestamp()) // seconds * seconds * 1000  # opening time of the forming bar
        kept = self._kept.bars.get((symbol, timeframe, count))
        if kept is not None and kept.closes_at == current:
            return kept
        venue = (await self.market(symbol)).venue
        call = self.venues[venue].fetch_ohlcv(symbol, timeframe, None, count + 1)
        bars = Bars.read(await answer(venue, call), symbol=symbol, timeframe=timeframe, source=venue).closed(current)
        if bars.closes_at < current - LATE_BARS * seconds * 1000:
            raise ToolError(
                f"candles of {symbol} {timeframe} from {venue} are stale: the last bar closed at "
                f"{bars.at(-1).isoformat()}, now is {self.clock.now().isoformat()}; try again later"
            )
        self._kept.bars[symbol, timeframe, count] = bars
        return bars


def trades_spot(market: Json, quote: str) -> bool:
    """Tell whether a ccxt market is an active spot market against `quote`; what it does not tell counts as yes."""
    return market.get("quote") == quote and market.get("spot") is not False and market.get("active") is not False


def best(quotes: Iterable[Quote], side: Side) -> Quote:
    """Return the quote at which a small market order does best after fees, the first of equals."""
    return min(quotes, key=lambda quote: quote.net(side) if side == "buy" else -quote.net(side))


def best_arbitrage(quotes: Iterable[Quote]) -> Arbitrage | None:
    """Return the pair of different venues with the best edge after both taker fees; None with a single venue.

    The edge of buying at ask `a` with fee `f` and selling at bid `b` with fee `g` is `b(1 - g) / (a(1 + f)) - 1`.
    """
    pairs = list(permutations(quotes, 2))
    if not pairs:
        return None

    def edge(pair: tuple[Quote, Quote]) -> Decimal:
        return pair[1].net("sell") / pair[0].net("buy") - 1

    buy, sell = max(pairs, key=edge)
    return Arbitrage(
        buy=buy.market.venue,
        sell=sell.market.venue,
        spread_bps=figure((sell.bid / buy.ask - 1) * _BPS, 2),
        after_fees_bps=figure(edge((buy, sell)) * _BPS, 2),
    )


def levels(book: Json, side: str, where: str) -> Iterator[tuple[Decimal, Decimal]]:
    """Yield the price and quantity of every level of one side of a book.

    Args:
        book: As a venue tells it.
        side: `bids` or `asks`.
        where: The venue and the book, for messages.

    Raises:
        VenueError: A price is not above 0, or a quantity below it.
    """
    for level, (told, offered, *_) in enumerate(book.get(side) or ()):
        price, amount = (number({side: figure}, side, f"{where} level {level}") for figure in (told, offered))
        if price <= 0 or amount < 0:
            raise VenueError(f"{where}: level {level} of {side} is not positive, it cannot be right")
        yield price, amount


def _best(book: Mapping[str, Any], side: str, where: str) -> Decimal:
    if not book.get(side):
        raise VenueError(f"{where}: there are no {side}")
    return number({"price": book[side][0][0]}, "price", where)
