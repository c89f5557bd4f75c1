"""The honest visitors of the paper company's web site, as access-log entries.

People read pages, search, sign in and mistype their password; programs poll the API; search engines crawl; a probe asks
every minute whether the site is up. Some of them look odd on purpose, because a detector that only ever sees plain
visitors and attacks learns nothing: a search for "drop earrings", links of 600 characters, dead links, a parent folder
in a path.

Everything that begins in one minute is drawn from the seed and that minute alone, so any stretch of the log can be
asked for and is always the same.
"""

from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from functools import lru_cache
from random import Random
from typing import NamedTuple
from urllib.parse import quote, quote_plus

SITE = "https://www.company.example"
LONGEST_VISIT = 900
"""Seconds after its first minute by which every visit has ended."""

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_FIRST_OCTETS = (
    5, 18, 24, 31, 37, 46, 52, 59, 62, 66, 71, 77, 82, 87, 91, 94, 101, 109, 119, 128, 134, 142, 151, 160, 178, 185,
    188, 193, 195, 212, 213, 217,
)  # fmt: skip
_RHYTHM = (2, 1, 1, 1, 1, 2, 4, 7, 10, 12, 12, 14, 18, 15, 12, 11, 10, 9, 8, 8, 8, 7, 5, 3)
"""Relative number of visits in each hour of the day, UTC, highest at lunch-time."""

_WEBKIT = "AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0"
_SAFARI = "AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.6"
BROWSERS = (
    f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {_WEBKIT} Safari/537.36",
    f"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) {_SAFARI} Safari/605.1.15",
    "Mozilla/5.0 (X11; Linux x86_64; rv:144.0) Gecko/20100101 Firefox/144.0",
    f"Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) {_SAFARI} Mobile/15E148 Safari/604.1",
    f"Mozilla/5.0 (Linux; Android 15; Pixel 9) {_WEBKIT} Mobile Safari/537.36",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:144.0) Gecko/20100101 Firefox/144.0",
)
_CRAWLERS = (
    "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
    "Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)",
    "Mozilla/5.0 (compatible; DuckDuckBot/1.1; +https://duckduckgo.com/duckduckbot)",
)
_CLIENTS = ("python-httpx/0.28.1", "okhttp/5.1.0", "axios/1.12.2", "Go-http-client/2.0", "company-sdk/2.3 (node 24)")
_ENTRANCES = ("-", "-", "https://www.google.com/", "https://duckduckgo.com/", "https://news.ycombinator.com/")
_SLUGS = (
    "what-moved-the-market", "how-we-size-a-position", "a-year-of-paper-trading", "reading-an-order-book",
    "select-the-right-timeframe", "drop-shipping-and-the-dollar", "union-of-two-signals", "why-we-say-no",
    "risk-is-a-number", "five-charts-of-the-week", "the-cost-of-a-click", "how-our-agents-argue",
)  # fmt: skip
_PAGES = ("/", "/pricing", "/about", "/blog", "/docs/api", "/docs/quickstart", "/careers", "/contact", "/status")
_SYMBOLS = ("BTC-USDT", "ETH-USDT", "SOL-USDT", "XRP-USDT", "ADA-USDT")
_SEARCHES = (
    "bitcoin", "moving average", "api key", "refund", "student discount", "order book", "how to export csv",
    "webhooks",
)  # fmt: skip
_ODD_SEARCHES = (
    "select shoes or drop earrings", "union jack mug select size", "western union select branch", "o'reilly books",
    "rock 'n' roll and 80s", "C++ && operators", "javascript: the good parts", "<b> or <strong>", "tea; coffee",
    "what is /etc/passwd", "time.sleep(5) python", "50% off & free shipping", "size 9 or 10", "drop table legs",
    "insert coin; update later", "cat food | dog food", "${price} in template", "1=1 maths joke", "python exec()",
    "where to put <script> tag", "order by phone", "char(10) in excel", "../ in links", "benchmark (index) or fund",
    "AT&T; Verizon", "L'Oréal -- best of", "rules of the assistant coach", "who is the agent of messi?",
)  # fmt: skip
_DEAD_LINKS = (
    "/favicon.png", "/blog/2019/01/welcome", "/apple-touch-icon.png", "/old/pricing.html", "/press-kit.pdf",
    "/.well-known/security.txt", "/.well-known/change-password", "/feed.xml", "/images/team-2018.jpg",
)  # fmt: skip


class Entry(NamedTuple):
    """One log line with its time in epoch seconds and its source."""

    second: int
    address: str
    line: str


class Shot(NamedTuple):
    """One request before it has a time and a source."""

    target: str
    status: int = 200
    method: str = "GET"
    referer: str = "-"
    agent: str = BROWSERS[0]


Pace = Iterator[tuple[int, Shot]]
Visit = Callable[[Random], Pace]


def address_of(seed: int, number: int) -> str:
    """Return the IPv4 address of the `number`-th stranger of this world.

    Multiplying by an odd number modulo a power of two is a bijection, so different numbers below 2^29 never share an
    address, and nothing in an address tells an honest stranger from a dishonest one.
    """
    mixed = (number * 0x1B873593 + seed * 0x2C1B3C6D) % (1 << 29)
    octet, rest = divmod(mixed, 1 << 24)
    return f"{_FIRST_OCTETS[octet]}.{rest >> 16}.{rest >> 8 & 255}.{rest & 255}"


def log_entry(second: int, address: str, shot: Shot, size: int) -> Entry:
    """Write one request in Combined Log Format, as nginx would."""
    day, time = divmod(second, 86_400)
    hour, minute, moment = time // 3600, time // 60 % 60, time % 60
    line = (
        f"{address} - - [{_date(day)}:{hour:02}:{minute:02}:{moment:02} +0000] "
        f'"{shot.method} {_logged(shot.target)} HTTP/1.1" {shot.status} {size} '
        f'"{_logged(shot.referer)}" "{_logged(shot.agent)}"'
    )
    return Entry(second, address, line)


@lru_cache(maxsize=64)
def _date(day: int) -> str:
    found = date.fromordinal(719_163 + day)
    return f"{found.day:02}/{_MONTHS[found.month - 1]}/{found.year}"


def _logged(text: str) -> str:
    if text.isascii() and text.isprintable() and '"' not in text and "\\" not in text:
        return text
    safe = (chr(byte) if 32 <= byte < 127 and byte not in b'"\\' else f"\\x{byte:02X}" for byte in text.encode())
    return "".join(safe)


@lru_cache(maxsize=2048)  # a scan of the longest stretch, a day, looks at this many minutes, and mostly twice
def visits(seed: int, minute: int) -> tuple[Entry, ...]:
    """Return the entries of every honest visit that begins in `minute` (epoch minutes), visit by visit."""
    rng = Random(f"{seed}/visits/{minute}")
    entries = [*_probe(minute), *_crawl(seed, rng, minute), *_noise(seed, rng, minute)]
    expected = _RHYTHM[minute // 60 % 24] / 10
    for _ in range(int(expected) + (rng.random() < expected % 1)):
        entries += _enter(rng, address_of(seed, int(4000 * rng.random() ** 2)), minute, _pick(rng))
    return tuple(entries)


def _enter(rng: Random, address: str, minute: int, visit: Visit) -> Iterator[Entry]:
    start = minute * 60 + rng.randrange(60)
    end = minute * 60 + LONGEST_VISIT
    for delay, shot in visit(rng):
        start += delay
        if start >= end:
            return
        yield log_entry(start, address, shot, rng.randrange(180, 24_000))


def _pick(rng: Random) -> Visit:
    return rng.choices([visit for visit, _ in _VISITS], cum_weights=_WEIGHTS)[0]


def _browse(rng: Random) -> Pace:
    agent, referer = rng.choice(BROWSERS), rng.choice(_ENTRANCES)
    for step in range(rng.randrange(1, 8)):
        target = rng.choice(_PAGES) if rng.random() < 0.5 else f"/blog/{rng.choice(_SLUGS)}"
        yield rng.randrange(4, 70), Shot(target, referer=referer, agent=agent)
        if step == 0:
            yield 0, Shot("/assets/site.css", referer=SITE + target, agent=agent)
            yield 1, Shot("/assets/site.js", referer=SITE + target, agent=agent)
        referer = SITE + target


def _search(rng: Random) -> Pace:
    agent, referer = rng.choice(BROWSERS), SITE + "/"
    for _ in range(rng.randrange(1, 4)):
        words = rng.choice(_ODD_SEARCHES if rng.random() < 0.3 else _SEARCHES)
        target = f"/search?q={quote_plus(words) if rng.random() < 0.6 else quote(words)}"
        yield rng.randrange(3, 40), Shot(target, referer=referer, agent=agent)
        referer = SITE + target
        yield rng.randrange(3, 40), Shot(f"/blog/{rng.choice(_SLUGS)}", referer=referer, agent=agent)


def _sign_in(rng: Random) -> Pace:
    """Most know their password; some need up to five attempts."""
    agent = rng.choice(BROWSERS)
    yield 0, Shot("/login", agent=agent)
    for _ in range(rng.randrange(1, 6) if rng.random() < 0.2 else 0):
        yield rng.randrange(6, 30), Shot("/login", 401, "POST", SITE + "/login", agent)
    yield rng.randrange(5, 20), Shot("/login", 302, "POST", SITE + "/login", agent)
    for page in ("/account", "/account/invoices", "/account/keys")[: rng.randrange(1, 4)]:
        yield rng.randrange(1, 30), Shot(page, referer=SITE + "/account", agent=agent)


def _poll(rng: Random) -> Pace:
    """An API client: many requests, few different ones."""
    agent, symbols = rng.choice(_CLIENTS), rng.sample(_SYMBOLS, rng.randrange(1, 4))
    pause = rng.choice((1, 5, 15, 30))
    for step in range(rng.randrange(4, 24)):
        kind = rng.choice(("ticker", "candles", "book"))
        status = rng.choices((200, 304, 429, 502), cum_weights=(92, 97, 99, 100))[0]
        target = f"/api/v1/{kind}?symbol={symbols[step % len(symbols)]}"
        yield pause, Shot(target, status, agent=agent)


def _follow_dead_links(rng: Random) -> Pace:
    agent = rng.choice(BROWSERS)
    for target in rng.sample(_DEAD_LINKS, rng.randrange(1, 6)):
        yield rng.randrange(2, 30), Shot(target, 404, referer="https://old-directory.example/links", agent=agent)


def _arrive_by_long_link(rng: Random) -> Pace:
    blob = urlsafe_b64encode(rng.randbytes(rng.randrange(150, 420))).decode()
    target = (
        f"/?utm_source=mail&utm_campaign=week%20{rng.randrange(1, 53)}&utm_content=a%2Bb%3Dc&token={blob}&r=%2Fpricing"
    )
    yield 0, Shot(target, agent=rng.choice(BROWSERS))
    yield rng.randrange(3, 60), Shot("/blog/../assets/logo.svg", referer=SITE + "/", agent=rng.choice(BROWSERS))


def _read_a_lot(rng: Random) -> Pace:
    """A keen reader: many pages, at the pace of a person."""
    agent = rng.choice(BROWSERS)
    for number in rng.sample(range(1, 400), rng.randrange(15, 40)):
        yield rng.randrange(6, 28), Shot(f"/reports/{number}", referer=SITE + "/reports", agent=agent)


_VISITS: Sequence[tuple[Visit, int]] = (
    (_browse, 52), (_search, 14), (_sign_in, 9), (_poll, 16), (_follow_dead_links, 3), (_arrive_by_long_link, 4),
    (_read_a_lot, 2),
)  # fmt: skip
_WEIGHTS = [sum(weight for _, weight in _VISITS[: end + 1]) for end in range(len(_VISITS))]


def _probe(minute: int) -> Iterator[Entry]:
    yield log_entry(minute * 60 + 7, "10.0.3.7", Shot("/health", agent="uptime-probe/1.4"), 15)


def _crawl(seed: int, rng: Random, minute: int) -> Iterator[Entry]:
    for number, agent in enumerate(_CRAWLERS):
        if rng.random() < 0.3:
            target = rng.choice((*_PAGES, "/robots.txt", f"/reports/{rng.randrange(1, 400)}"))
            shot = Shot(target, 404 if rng.random() < 0.05 else 200, agent=agent)
            yield log_entry(
                minute * 60 + rng.randrange(60), address_of(seed, 5000 + number), shot, rng.randrange(900, 9000)
            )


def _noise(seed: int, rng: Random, minute: int) -> Iterator[Entry]:
    """Now and then a line that is no request: TLS bytes on the plain port, or a line that was cut off."""
    if rng.random() < 0.01:
        second, address = minute * 60 + rng.randrange(60), address_of(seed, 6000 + rng.randrange(500))
        day, time = divmod(second, 86_400)
        stamp = f"{_date(day)}:{time // 3600:02}:{time // 60 % 60:02}:{time % 60:02} +0000"
        tls = f'{address} - - [{stamp}] "\\x16\\x03\\x01\\x02\\x00\\x01\\x00" 400 157 "-" "-"'
        yield Entry(second, address, tls if rng.random() < 0.7 else tls[: rng.randrange(20, 60)])
