"""How long a provider asks to be left alone: read from its headers, else from its words.

`retry-after` and `retry-after-ms` say it outright. When they are missing, the headers of the exhausted limits tell when
they are full again: OpenAI's `x-ratelimit-reset-*` as a duration ("6m0s"), Anthropic's `anthropic-ratelimit-*-reset` as
a moment (RFC 3339). An error inside a stream has no headers of its own; there OpenAI says "try again in 1.2s".
"""

import math
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

_DURATION = re.compile(
    r"(?:(?P<days>\d+)d)?(?:(?P<hours>\d+)h)?(?:(?P<minutes>\d+)m(?!s))?"
    r"(?:(?P<seconds>\d+(?:\.\d+)?)s)?(?:(?P<milliseconds>\d+(?:\.\d+)?)ms)?"
)
_UNITS = {"days": 86_400.0, "hours": 3_600.0, "minutes": 60.0, "seconds": 1.0, "milliseconds": 0.001}
_SPOKEN = re.compile(r"(?:try again|retry) in ((?:\d+(?:\.\d+)?(?:ms|[dhms]))+)", re.IGNORECASE)
_OPENAI = ("requests", "tokens")
_ANTHROPIC = ("requests", "tokens", "input-tokens", "output-tokens")


def read_retry_after(headers: Mapping[str, str], text: str = "", *, limited: bool = True) -> float | None:
    """Return the seconds a provider asks to wait, from 0; None when it does not say.

    Args:
        headers: Headers of its answer.
        text: Its words, read when the headers say nothing.
        limited: A limit was hit. Only then do the limits' own headers count: they come with every answer.
    """
    known = {name.lower(): value.strip() for name, value in headers.items()}
    now = _moment(known.get("date", "")) or datetime.now(UTC)  # its clock, so that a wrong one of ours does no harm
    asked = [_milliseconds(known), _plain(known, now), _resets(known, now) if limited else None, _spoken(text)]
    for found in asked:
        if found is not None:
            return max(found, 0.0)
    return None


def _milliseconds(headers: Mapping[str, str]) -> float | None:
    found = _number(headers.get("retry-after-ms", ""))
    return None if found is None else found / 1000


def _plain(headers: Mapping[str, str], now: datetime) -> float | None:
    text = headers.get("retry-after", "")
    found = _number(text)
    return found if found is not None else _until(text, now)


def _resets(headers: Mapping[str, str], now: datetime) -> float | None:
    """Read the limits' own headers: the longest wait of those used up, else the shortest of all."""
    openai = [(f"x-ratelimit-remaining-{name}", f"x-ratelimit-reset-{name}") for name in _OPENAI]
    anthropic = [(f"anthropic-ratelimit-{name}-remaining", f"anthropic-ratelimit-{name}-reset") for name in _ANTHROPIC]
    pairs = [(headers.get(left), _wait(headers.get(reset, ""), now)) for left, reset in openai + anthropic]
    used_up = _known(wait for left, wait in pairs if left == "0")
    every = _known(wait for _, wait in pairs)
    return max(used_up) if used_up else min(every, default=None)


def _known(waits: Iterable[float | None]) -> list[float]:
    return [wait for wait in waits if wait is not None]


def _wait(text: str, now: datetime) -> float | None:
    found = _duration(text)
    return found if found is not None else _until(text, now)


def _spoken(text: str) -> float | None:
    found = _SPOKEN.search(text)
    return _duration(found[1]) if found else None


def _duration(text: str) -> float | None:
    found = _DURATION.fullmatch(text)
    if not text or found is None:
        return None
    return sum(float(value) * _UNITS[unit] for unit, value in found.groupdict().items() if value)


def _number(text: str) -> float | None:
    try:
        found = float(text)
    except ValueError:
        return None
    return found if math.isfinite(found) else None


def _until(text: str, now: datetime) -> float | None:
    moment = _moment(text)
    return (moment - now).total_seconds() if moment else None


def _moment(text: str) -> datetime | None:
    """Read an HTTP date or an RFC 3339 time; one without a zone is UTC, as HTTP has it."""
    for read in (datetime.fromisoformat, parsedate_to_datetime):
        try:
            moment = read(text)
        except ValueError:
            continue
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return None
