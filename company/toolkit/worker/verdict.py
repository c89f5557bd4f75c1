"""What the host makes of a worker's words: it is held against what was confirmed, and its faults become errors."""

from company.errors import ProviderError, RequestTimeout, ToolError, Undeclared, VenueError
from company.toolkit.foreign import Description
from company.toolkit.worker.describing import usage_error
from company.toolkit.worker.process import WorkerFailure
from company.toolkit.worker.source import Source
from company.toolkit.worker.terms import Fault, Ready, Refusals


def require_confirmed(ready: Ready, source: Source, description: Description) -> None:
    """Hold what a worker says of its tool against what was confirmed.

    Raises:
        ToolError: It is another tool, or there is none.
        Undeclared: The module could not be imported without what it does not declare.
    """
    name = description.name
    if ready.fault is not None:
        if ready.fault.kind == "memory":
            raise Undeclared("memory", f"{description.manifest.memory_mb} MB while it was imported")
        if ready.refused:
            raise Undeclared(*ready.refused[0])
        raise ToolError(f"{name} cannot be started: {usage_error(ready.fault, ready, source)}")
    found = next((tool for tool in ready.tools if tool.name == name), None)
    cure = f"company plugins confirm {source.name}" if source.kind == "package" else "start the company again"
    if found is None:
        raise ToolError(f"{name} is not in {source.shown} any more; nothing was called. A person has to: {cure}")
    theirs, confirmed = (each.model_dump(exclude={"trust", "asks"}) for each in (found, description))
    if changed := sorted(part for part in confirmed if theirs[part] != confirmed[part]):
        what = f"{name} of {source.shown} is not as it was confirmed: its {', '.join(changed)} changed"
        raise ToolError(f"{what}; nothing was called. A person has to look at it: {cure}")


_ERRORS: dict[str, type[Exception]] = {"tool": ToolError, "late": RequestTimeout, "crash": WorkerFailure}


def error_of(fault: Fault, refused: Refusals) -> Exception:
    """Return what a call raises that has no result; a tool that was refused something fails by that, whatever it says.

    Args:
        fault: What the worker says of it.
        refused: What the tool reached for in this call.
    """
    if fault.kind == "memory":
        return Undeclared("memory", fault.what)
    if refused:
        return Undeclared(*refused[0])
    if fault.kind in {"venue", "provider"}:
        kind = VenueError if fault.kind == "venue" else ProviderError
        return kind(fault.what, retryable=fault.retryable)
    return _ERRORS.get(fault.kind, WorkerFailure)(fault.what)
