"""Asks a weather station, and keeps a log of what it said."""

import json
from pathlib import Path
from urllib.parse import quote
from urllib.request import Request, urlopen

from pydantic import BaseModel

from company import Reach, ToolError, tool

HOST = json.loads(Path(__file__).with_name("station.json").read_text("utf-8"))["host"]
SCHEME = "http" if HOST.startswith("127.0.0.1:") else "https"


class Forecast(BaseModel):
    """What a station says of tomorrow."""

    city: str
    words: str
    degrees: int


@tool(effect="read", trust="untrusted", hosts=(HOST,), secrets=("station-key",), rate="60/minute", timeout=10)
def forecast(city: str, reach: Reach) -> Forecast:
    """Return tomorrow's weather at a city: words and degrees Celsius.

    Args:
        city: The city.
    """
    asked = Request(f"{SCHEME}://{HOST}/{quote(city)}", headers={"X-Station-Key": reach.secret("station-key")})
    with urlopen(asked, timeout=5) as answer:
        said = json.load(answer)
    if "words" not in said:
        raise ToolError(f"the station knows no city {city!r}")
    return Forecast(city=city, words=said["words"], degrees=said["degrees"])


async def _logged(reach: Reach) -> str | None:
    file = reach.folder / f"{reach.key}.txt"
    return file.read_text("utf-8") if file.exists() else None


@tool(effect="write", idempotent=True, lookup=_logged, timeout=10)
def log_weather(words: str, reach: Reach) -> str:
    """Keep a line about the weather and return it.

    Args:
        words: The line.
    """
    (reach.folder / f"{reach.key}.txt").write_text(words, "utf-8")
    return words
