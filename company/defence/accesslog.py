"""One line of a web server's access log, read back into a request.

The format is the Combined Log Format that Apache httpd and nginx write. A log is evidence, and strangers write half of
each line: nothing in it may stop the reader. A line that is no HTTP request (TLS bytes on a plain port, a line cut off
by log rotation) gives None, which the scan counts.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from functools import lru_cache

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
LONGEST_LINE = 16_384

_QUOTED = r'"([^"\\]*(?:\\.[^"\\]*)*)"'
_LINE = re.compile(rf"(\S{{2,45}}) \S+ \S+ \[([^\]]{{26}})\] {_QUOTED} (\d{{3}}) (\d{{1,15}}|-) {_QUOTED} {_QUOTED}\s*")
_REQUEST = re.compile(r"([A-Z]{3,10}) (\S(?:.*\S)?) HTTP/\d(?:\.\d)?", re.DOTALL)
_TIME = re.compile(r"(\d\d/[A-Z][a-z]{2}/\d{4}):(\d\d):(\d\d):(\d\d) ([+-]\d{4})", re.ASCII)
_ESCAPE = re.compile(r"\\(?:x([0-9a-fA-F]{2})|(.))", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Request:
    """A request as the server logged it.

    Attributes:
        address: Where it came from, as written in the log.
        at: When the server answered, UTC, whole seconds.
        method: HTTP method.
        target: Path and query, still percent-encoded.
        status: HTTP status of the answer.
        referer: The Referer header; `-` when there was none.
        agent: The User-Agent header; `-` when there was none.
    """

    address: str
    at: datetime
    method: str
    target: str
    status: int
    referer: str
    agent: str

    @property
    def path(self) -> str:
        """The target without its query."""
        return self.target.partition("?")[0]


def parse_line(line: str) -> Request | None:
    """Read one Combined Log Format line.

    Args:
        line: The line, with or without its line end.

    Returns:
        The request, or None when the line holds none.
    """
    if len(line) > LONGEST_LINE or not (parts := _LINE.fullmatch(line)):
        return None
    address, time, request, status, _, referer, agent = parts.groups()
    at, words = _moment(time), _REQUEST.fullmatch(_unescape(request))
    if at is None or words is None:
        return None
    return Request(address, at, words[1], words[2], int(status), _unescape(referer), _unescape(agent))


def _moment(text: str) -> datetime | None:
    if not (found := _TIME.fullmatch(text)):
        return None
    day, hour, minute, second, zone = found.groups()
    midnight = _midnight(day, zone)
    if midnight is None or int(hour) > 23 or int(minute) > 59 or int(second) > 60:
        return None
    return midnight + timedelta(hours=int(hour), minutes=int(minute), seconds=int(second))


@lru_cache(maxsize=128)
def _midnight(day: str, zone: str) -> datetime | None:
    """Return when the day began in its zone, as UTC; None when there is no such day."""
    number, month, year = day.split("/")
    if month not in MONTHS:
        return None
    try:
        offset = timezone(int(zone[0] + "1") * timedelta(hours=int(zone[1:3]), minutes=int(zone[3:])))
        return datetime(int(year), MONTHS.index(month) + 1, int(number), tzinfo=offset).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _unescape(text: str) -> str:
    r"""Undo the server's `\xHH` and `\"`; the bytes behind are UTF-8."""
    if "\\" not in text:
        return text
    plain = _ESCAPE.sub(lambda found: chr(int(found[1], 16)) if found[1] else found[2], text)
    try:
        return plain.encode("latin-1").decode("utf-8")
    except UnicodeError:
        return plain
