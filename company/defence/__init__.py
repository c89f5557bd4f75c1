"""Defence: finds attacks in the company's web traffic and blocks where they come from.

It reads access logs, applies a table of payload and rate rules, keeps one alert a campaign and refuses addresses. It
does not judge what the company's own agents do (the governor does), and a detector here is a signal for a person or a
role, never the boundary that keeps an attack out.
"""

from company.defence.accesslog import Request, parse_line
from company.defence.alerts import SEVERITIES, Alert, Block, Kind, ScanReport, Severity
from company.defence.watch import Hit, Sighting, Watch, find_hits

__all__ = [
    "SEVERITIES",
    "Alert",
    "Block",
    "Hit",
    "Kind",
    "Request",
    "ScanReport",
    "Severity",
    "Sighting",
    "Watch",
    "find_hits",
    "parse_line",
]
