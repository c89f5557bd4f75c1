"""A value that is not there, and says why.

The result of a failed, denied or waiting call is an `Unavailable`. It can be printed, and everything computed from it
is the same `Unavailable` again, so a report shows the reason where a figure would stand. It can never decide anything:
testing it, comparing it in a condition or looping over it raises `Undecidable`, and the step that asked is left out.
So no figure is invented after an error and no default is taken.
"""

from dataclasses import dataclass
from typing import Any, Literal, NoReturn

Fate = Literal["failed", "denied", "waiting", "unknown", "retryable", "skipped"]


class Undecidable(Exception):  # a signal inside this room, not an error of the tree
    """An expression depends on a value that is not there."""

    def __init__(self, value: "Unavailable") -> None:
        super().__init__(str(value.error))
        self.value = value


@dataclass(frozen=True, eq=False)
class Unavailable:
    """Stands for a value that a call did not give.

    Attributes:
        status: What became of the call; `skipped` when it was never made.
        error: Why, in one line.
        approval: Id of the approval it waits for, or empty.
        silent: True when even printing is a decision: the value would become part of an argument.
    """

    status: Fate
    error: str
    approval: str = ""
    silent: bool = False

    def __str__(self) -> str:
        if self.silent:
            raise Undecidable(self)
        if self.status == "waiting":
            return f"waits for approval {self.approval}".rstrip()
        return "not done" if self.status == "skipped" else f"unavailable ({self.error})"

    def __getattr__(self, name: str) -> "Unavailable":
        if name.startswith("__"):
            raise AttributeError(name)
        return self

    def _same(self, *_: Any) -> "Unavailable":
        return self

    def _refuse(self, *_: Any) -> NoReturn:
        raise Undecidable(self)

    __getitem__ = __call__ = __round__ = __neg__ = __pos__ = __abs__ = _same
    __add__ = __sub__ = __mul__ = __truediv__ = __floordiv__ = __mod__ = __pow__ = _same
    __radd__ = __rsub__ = __rmul__ = __rtruediv__ = __rfloordiv__ = __rmod__ = __rpow__ = _same
    __lt__ = __le__ = __gt__ = __ge__ = __eq__ = __ne__ = _same  # type: ignore[assignment]
    __bool__ = __iter__ = __len__ = __contains__ = __int__ = __float__ = __hash__ = _refuse


def silenced(value: Any) -> Any:
    """Return `value` with every `Unavailable` in it, also inside lists, refusing to be printed."""
    if isinstance(value, Unavailable):
        return Unavailable(value.status, value.error, value.approval, silent=True)
    return [silenced(item) for item in value] if isinstance(value, list) else value


def insist(value: Any) -> Any:
    """Return `value` if nothing is missing in it.

    Raises:
        Undecidable: It is, or holds, an `Unavailable`.
    """
    if isinstance(value, Unavailable):
        raise Undecidable(value)
    for item in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        insist(item)
    return value
