"""What a tool does: rules over calls that were made in a worker process."""

import json
from collections.abc import Iterator

from company.toolkit.conformance.arguments import NAME
from company.toolkit.conformance.finding import Level, Remark, rule
from company.toolkit.conformance.subject import Played, Subject
from company.toolkit.schemas import fault_of
from company.toolkit.tool import MAX_RESULT


@rule(
    "examples",
    what="can be called with the arguments its author gives",
    cure=f'add {NAME} = {{"tool": [{{"argument": "value"}}]}} to its file',
)
def examples(subject: Subject) -> Iterator[Remark]:
    """Without arguments nothing of what a tool does can be checked."""
    for misfit in subject.misfits:
        yield Remark(misfit, place=NAME, cure="make the example fit the arguments")
    if subject.inside:
        what = "was not called: it takes a `Context`, so only the company can call it"
        yield Remark(what, cure="test it in the company, or take `reach: Reach`", level="advice")
    elif not subject.called:
        what = "was not called: it changes something, asks a host or costs money"
        yield Remark(what, cure="check it with --call where that does no harm", level="advice")
    elif not subject.played and not subject.misfits:
        if subject.description.effect == "read":
            yield Remark("was not called: nobody gave arguments, and its schema suggests none")
        else:
            yield Remark("was not called: what has effects is called with examples only", level="advice")
    outside = bool(subject.description.manifest.hosts or subject.description.manifest.secrets)
    for played in subject.played:
        if played.kind == "example" and played.ending in {"refused", "outside"}:
            level: Level = "advice" if outside else "fault"
            cure = "give an example that has a result" + ("; a check has no secrets, and perhaps no network" * outside)
            yield Remark(f"{played}: {played.error}", place=NAME, cure=cure, level=level)


@rule(
    "size",
    what=f"returns what it declares, in at most {MAX_RESULT:,} bytes",
    cure="return fewer rows, or take an argument that limits them",
)
def size(subject: Subject) -> Iterator[Remark]:
    """A result has to fit its type, and the context of the role that asked."""
    for played in _ended(subject, "ok"):
        if played.kind == "looked up" and played.value is None:
            continue
        length = len(json.dumps(played.value, ensure_ascii=False, separators=(",", ":")).encode())
        if length > MAX_RESULT:
            yield Remark(f"{length:,} bytes, {MAX_RESULT:,} are allowed", place=_call(played))
        if fault := fault_of(subject.description.result, played.value):
            cure = "return what is declared, or declare what is returned"
            yield Remark(f"broke its declared result: {fault}", place=_call(played), cure=cure)


@rule(
    "errors",
    what="refuses what it cannot do with a ToolError, and accepts no argument it does not have",
    cure="raise ToolError with words that tell the model what to send instead",
)
def errors(subject: Subject) -> Iterator[Remark]:
    """A ToolError goes back to the role; anything else is a crash, of which a role learns little."""
    if subject.description.parameters.get("additionalProperties", True) is not False:
        yield Remark(
            "accepts arguments it does not have", place="schema", cure="forbid them: additionalProperties: false"
        )
    for played in _ended(subject, "crashed"):
        yield Remark(played.error, place=_call(played))


@rule(
    "timeout",
    what="answers within its own timeout",
    cure="pass a shorter timeout to whatever it waits for, or declare a longer one",
)
def timeout(subject: Subject) -> Iterator[Remark]:
    """A call that is late is abandoned, and its worker ended."""
    for played in _ended(subject, "late"):
        yield Remark(played.error, place=_call(played))


@rule(
    "idempotency",
    what="can be repeated or looked up by its key",
    cure="send reach.key along and declare idempotent=True, or find an earlier call by it and declare lookup=",
)
def idempotency(subject: Subject) -> Iterator[Remark]:
    """An effect of which nobody knows whether it happened is looked up or repeated, else a person is asked."""
    described, calls = subject.description, iter(subject.played)
    if described.effect == "read":
        return
    if not described.idempotent and not described.looks_up:
        yield Remark("a person is asked each time nobody knows whether a call happened", level="advice")
    before: Played | None = None
    for played in calls:
        if played.kind not in {"repeated", "looked up"}:
            before = played
        elif before is not None and (played.ending, played.value) != (before.ending, before.value):
            what = (
                "the same key gave another result" if played.kind == "repeated" else "the look-up found another result"
            )
            cure = (
                f"return for a key what its first call returned; now {played.error or json.dumps(played.value)[:200]}"
            )
            yield Remark(what, place=_call(played), cure=cure)


@rule(
    "reach",
    what="reaches for nothing that it does not declare",
    cure="declare it in @tool(hosts=, secrets=, files=), or do without",
)
def reach(subject: Subject) -> Iterator[Remark]:
    """What is not declared is denied, in a check as in the company."""
    for played in subject.played:
        for what in (played.error,) if played.ending == "undeclared" else played.denied:
            yield Remark(what, place=_call(played))


def _ended(subject: Subject, ending: str) -> Iterator[Played]:
    return (played for played in subject.played if played.ending == ending)


def _call(played: Played) -> str:
    return f"called with {played}"
