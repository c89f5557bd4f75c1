"""One line of a web server's access log, read back into a request.

The format is the Combined Log Format that Apache httpd and nginx write. A log is evidence, and strangers write half of
each line: nothing in it may stop the reader. A line that is no HTTP request (TLS bytes on a plain port, a line cut off
by log rotation) gives None, which the scan counts.
"""

import re
from datetime import UTC, datetime, timedelta, timezone
from functools import lru_cache
from typing import NamedTuple

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
LONGEST_LINE = 16_384

_QUOTED = r'"([^"\\]*(?:\\.[^"\\]*)*)"'
_TIME = r"([0-9]{2}/[A-Z][a-z]{2}/[0-9]{4}):([0-9]{2}):([0-9]{2}):([0-9]{2}) ([+-][0-9]{4})"
_LINE = re.compile(rf"(\S{{2,45}}) \S+ \S+ \[{_TIME}\] {_QUOTED} (\d{{3}}) (?:\d{{1,15}}|-) {_QUOTED} {_QUOTED}\s*")
_REQUEST = re.compile(r"([A-Z]{3,10}) (\S(?:.*\S)?) HTTP/\d(?:\.\d)?", re.DOTALL)
_SECONDS = tuple(timedelta(seconds=number) for number in range(61))
_ESCAPE = re.compile(r"\\(?:x([0-9a-fA-F]{2})|(.))", re.DOTALL)


class Request(NamedTuple):
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
    address, *time, request, status, referer, agent = parts.groups()
    at, words = _moment(*time), _REQUEST.fullmatch(_unescape(request))
    if at is None or words is None:
        return None
    return Request(address, at, words[1], words[2], int(status), _unescape(referer), _unescape(agent))


def _moment(day: str, hour: str, minute: str, second: str, zone: str) -> datetime | None:
    begun = _minute(day, int(hour), int(minute), zone)
    return None if begun is None or int(second) > 60 else begun + _SECONDS[int(second)]


@lru_cache(maxsize=128)
def _minute(day: str, hour: int, minute: int, zone: str) -> datetime | None:
    """Return when a minute began in its zone, as UTC; None when there is no such minute."""
    number, month, year = day.split("/")
    if month not in MONTHS:
        return None
    try:
        offset = timezone(int(zone[0] + "1") * timedelta(hours=int(zone[1:3]), minutes=int(zone[3:])))
        begun = datetime(int(year), MONTHS.index(month) + 1, int(number), hour, minute, tzinfo=offset)
        return begun.astimezone(UTC)
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
