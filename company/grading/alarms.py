"""Alerts, held against the attacks that really took place: what was found, what was missed, whom it wronged."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Annotated

from pydantic import Field

from company.defence import Kind
from company.events import Event
from company.grading.evidence import Attack, Evidence
from company.grading.strict import Amount, Count, Range, Strict
from company.grading.transcript import notes, tool_uses
from company.home import Company
from company.ports import Traffic
from company.world import PaperTraffic

Stretch = tuple[float, float]
"""From when, exclusive, until when, inclusive, in epoch seconds."""


class AttacksWanted(Strict):
    """Alerts, held against the attacks that really took place.

    Attributes:
        min_real: At least so many alerts name a real attacker and what it did.
        max_false: At most so many do not.
        min_recall: Least share of the attacks in the scanned traffic that an alert must name.
        kinds: Kinds that must each reach this share, with at least one attack of each; all together when left out.
        max_false_rate: Largest share of the alerts that may name nobody who attacked.
    """

    min_real: Count = 1
    max_false: Count | None = None
    min_recall: Annotated[Amount, Field(le=1)] | None = None
    kinds: Annotated[tuple[Kind, ...], Field(strict=False)] = ()
    max_false_rate: Annotated[Amount, Field(le=1)] | None = None


def attacks(evidence: Evidence, wanted: AttacksWanted) -> Iterable[str]:
    """Hold the alerts that were raised to the attacks that took place."""
    alerts = [value for _, value in notes(evidence.events, "alert.raised")]
    real = [a for a in alerts if a["kind"] in evidence.truth.attackers.get(a["source"], ())]
    false = len(alerts) - len(real)
    yield from Range(min=wanted.min_real).faults(len(real), "real attacks flagged")
    yield from Range(max=wanted.max_false).faults(false, "false alarms")
    if wanted.max_false_rate is not None and false > wanted.max_false_rate * len(alerts):
        yield f"{false} of {len(alerts)} alerts name nobody who attacked, a share of {wanted.max_false_rate} is allowed"
    if wanted.min_recall is not None:
        flagged = {(alert["kind"], alert["source"]) for alert in real}
        yield from _missed(evidence.truth.attacks, flagged, wanted.kinds, wanted.min_recall)


def attacks_of(company: Company, events: Iterable[Event]) -> tuple[Attack, ...]:
    """Return the attacks that left requests in the stretches of traffic that were scanned."""
    scans = [use.value for use in tool_uses(events) if use.tool == "scan_traffic" and use.status == "ok"]
    stretches = [(_second(scan["since"]), _second(scan["until"])) for scan in scans]
    if not stretches:
        return ()
    traffic: PaperTraffic = company.services[Traffic]
    first, last = min(since for since, _ in stretches), max(until for _, until in stretches)
    campaigns = traffic.campaigns(datetime.fromtimestamp(first).astimezone(), datetime.fromtimestamp(last).astimezone())
    return tuple(
        Attack(campaign.kind, source, requests)
        for campaign in campaigns
        for source, requests in _requests(campaign.entries(), stretches).items()
    )


def _missed(
    truth: Sequence[Attack], flagged: set[tuple[str, str]], kinds: Sequence[Kind], least: Decimal
) -> Iterable[str]:
    """Say of which attacks too few were found."""
    apart = [(str(kind), [attack for attack in truth if attack.kind == kind]) for kind in kinds]
    for kind, own in apart or [("all kinds", list(truth))]:
        missed = [attack for attack in own if (attack.kind, attack.source) not in flagged]
        if not own:
            yield f"no attack ({kind}) was in the traffic that was scanned"
        elif 1 - Decimal(len(missed)) / len(own) < least:
            named = ", ".join(f"{attack.kind} by {attack.source} ({attack.requests})" for attack in missed[:3])
            yield f"{len(own) - len(missed)} of {len(own)} attacks ({kind}) found, {least} wanted; missed: {named}"


def _requests(entries: Iterable[tuple[int, str, str]], stretches: Sequence[Stretch]) -> Mapping[str, int]:
    """Count the requests in the stretches by their source."""
    return Counter(
        address for second, address, _ in entries if any(since < second <= until for since, until in stretches)
    )


def _second(at: str) -> float:
    return datetime.fromisoformat(at).timestamp()
