"""Asks a role its probes, in a home that is thrown away.

The company is the real one: its graph, prompts, governor and models over its own role files, with the persona that is
probed. What the roles remember comes along, because memories are what a character would drift by. The world is paper,
and nothing of the home is written. Each role has a home of its own and each probe a conversation and a person of its
own, so no answer depends on what was asked before.
"""

import re
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

from company.config import load_settings
from company.engine import Engine
from company.engine.replay.copying import back_up, contained, require_paper
from company.events import Event, Json
from company.grading.probes import Probe, Reply
from company.home import Company, CompanyDirectory, Content, fingerprint, identity_parts, open_company
from company.store import Run

MEMORY_FILE = "memory.db"
_FIGURE = re.compile(r"[0-9]+(?:[.,][0-9]+)*")
_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Probed:
    """What came of a probe.

    Attributes:
        probe: The probe.
        reply: What the role did.
        faults: What is wrong with it, in words.
    """

    probe: Probe
    reply: Reply
    faults: tuple[str, ...]

    def kept(self) -> Json:
        """Return it as it is recorded."""
        reply = self.reply
        calls = {"calls": list(reply.calls), "asked": list(reply.asked), "done": list(reply.done)}
        return {"text": reply.text, **calls, "faults": list(self.faults)}


@dataclass(frozen=True, slots=True)
class Interview:
    """What a role answered.

    Attributes:
        role: The role.
        setting: Fingerprint of everything but personas and memories that decides an answer.
        answers: One for each probe.
        usd: What its model calls cost.
    """

    role: str
    setting: str
    answers: tuple[Probed, ...]
    usd: Decimal

    def kept(self) -> dict[str, Json]:
        """Return the answers as they are recorded, by probe."""
        return {probed.probe.id: probed.kept() for probed in self.answers}


@dataclass(frozen=True, slots=True)
class Drift:
    """How a version's answers differ from recorded ones.

    Attributes:
        compared: Probes that both answered.
        broken: Probes that passed then and fail now.
        mended: Probes that failed then and pass now.
        reworded: Probes whose answer is not the same; figures do not count, they are the world's.
        likeness: Mean share of words that both answers have, 0 to 1; 1 of nothing.
    """

    compared: int
    broken: tuple[str, ...]
    mended: tuple[str, ...]
    reworded: tuple[str, ...]
    likeness: float


async def ask(
    directory: CompanyDirectory,
    state: Path,
    environment: Mapping[str, str],
    role: str,
    text: str,
    probes: Sequence[Probe],
) -> "Interview":
    """Ask a role its probes.

    Args:
        directory: The company.
        state: Its home; only what it remembers is read.
        environment: Environment of the process, with the keys of providers.
        role: The role.
        text: The persona it has.
        probes: What to ask.

    Raises:
        UsageError: The company is wired to something that is not the paper world, or a file of it is wrong.
    """
    require_paper(load_settings(directory.config_file).world, what="a probe")
    with tempfile.TemporaryDirectory() as scratch:
        home = Path(scratch)
        if (state / MEMORY_FILE).is_file():
            back_up(state / MEMORY_FILE, home / MEMORY_FILE)
        with closing(open_company(directory, home, environment=environment)) as company:
            company.store.personas.adopt({role: text})
            with closing(Engine(contained(company))) as engine:
                answers = tuple([await _asked(engine, role, probe) for probe in probes])
            used = company.store.budgets.used("company", _LONG_AGO)
            return Interview(role, setting_of(company), answers, used.usd)


def setting_of(company: Company) -> str:
    """Return a fingerprint of everything but personas and memories that decides what a role answers."""
    roles = {role.id: role.model_copy(update={"persona": "-"}) for role in company.roles.values()}
    parts = identity_parts(Content(roles, company.registry, company.prompts), company.settings)
    return fingerprint([parts, {role.id: company.models.minds(role)[0].id for role in company.roles.values()}])


def drift(now: Sequence[Probed], then: Mapping[str, Json]) -> Drift:
    """Compare answers with recorded ones."""
    both = [(probed, then[probed.probe.id]) for probed in now if probed.probe.id in then]
    likeness = [_likeness(probed.reply.text, kept["text"]) for probed, kept in both]
    return Drift(
        compared=len(both),
        broken=tuple(probed.probe.id for probed, kept in both if probed.faults and not kept["faults"]),
        mended=tuple(probed.probe.id for probed, kept in both if kept["faults"] and not probed.faults),
        reworded=tuple(probed.probe.id for probed, kept in both if _bare(probed.kept()) != _bare(kept)),
        likeness=sum(likeness) / len(likeness) if likeness else 1.0,
    )


async def _asked(engine: Engine, role: str, probe: Probe) -> Probed:
    company = engine.company
    request = probe.say if role == company.chief.id else f"@{role}: {probe.say}"
    run = engine.start("chat", request=request, person=f"visitor {probe.id}", thread_id=f"probe-{probe.id}")
    reply = _reply(company, await engine.advance(run.id), role)
    return Probed(probe, reply, probe.faults(reply))


def _reply(company: Company, run: Run, role: str) -> Reply:
    events = company.store.journal.read(run_id=run.id, limit=10_000)
    started = [event.body for event in events if event.type == "SUBAGENT_STARTED"]
    paths = {body["subagentRunId"] for body in started if body["name"] == role}
    calls = [event for event in events if event.type == "TOOL_CALL_START"]
    mine = calls if role == company.chief.id else [call for call in calls if f"{run.id}/{call.agent}" in paths]
    done = {effect.tool for effect in company.store.effects.in_state("done") if effect.run_id == run.id}
    return Reply(
        text=_words(company, run, events, role),
        calls=tuple(event.body["toolCallName"] for event in mine),
        asked=tuple(dict.fromkeys(body["name"] for body in started)),
        done=tuple(sorted(done)),
    )


def _words(company: Company, run: Run, events: Sequence[Event], role: str) -> str:
    """Return what a role said: the chief in its answer, another one in its report."""
    reports = [event.body["value"] for event in events if event.type == "report"]
    own = [report for report in reports if report["role"] == role]
    if role == company.chief.id or not own:
        return str(run.outcome.get("answer") or run.outcome.get("error", ""))
    return "\n".join("\n".join([report["summary"], *report["notices"], *report["failures"]]) for report in own)


def _bare(kept: Json) -> Json:
    """Return a recorded answer without its figures: how many rows a journal has is no trait of anybody."""
    return {**kept, "text": _FIGURE.sub("#", kept["text"])}


def _likeness(first: str, second: str) -> float:
    one, two = (set(_FIGURE.sub("#", text).casefold().split()) for text in (first, second))
    return len(one & two) / len(one | two) if one | two else 1.0
