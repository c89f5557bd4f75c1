"""What a check found, and the rules that find it."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from company.toolkit.conformance.subject import Subject

Level = Literal["fault", "advice"]


@dataclass(frozen=True, slots=True)
class Remark:
    """What a rule has to say of a tool.

    Attributes:
        what: What was found.
        place: Where in the tool: an argument, a field, a call; empty for the tool as a whole.
        cure: What to do; empty for the rule's own cure.
        level: A `fault` has to be mended; an `advice` is a person's to weigh.
    """

    what: str
    place: str = ""
    cure: str = ""
    level: Level = "fault"


@dataclass(frozen=True, slots=True)
class Finding:
    """A remark with the rule and the tool it is about.

    Attributes:
        rule: Id of the rule.
        level: `fault` or `advice`.
        tool: Name of the tool; empty when nothing could be loaded.
        place: File or package, tool, and where in it.
        what: What was found.
        cure: What to do.
    """

    rule: str
    level: Level
    tool: str
    place: str
    what: str
    cure: str

    def __str__(self) -> str:
        return f"{self.level} {self.rule}: {self.place}: {self.what}\n  → {self.cure}"


@dataclass(frozen=True, slots=True)
class Rule:
    """One thing that a tool is held to.

    Attributes:
        id: What it is called, in reports and in test names.
        what: What a good tool does.
        cure: What to do when one does not.
        look: Finds what is to be said of a tool.
    """

    id: str
    what: str
    cure: str
    look: "Callable[[Subject], Iterable[Remark]]" = field(repr=False)

    def findings(self, subject: "Subject") -> list[Finding]:
        """Hold one tool to this rule."""
        name, source = subject.description.name, subject.source.shown
        return [
            Finding(
                rule=self.id,
                level=remark.level,
                tool=name,
                place=": ".join(filter(None, (source, name, remark.place))),
                what=remark.what,
                cure=remark.cure or self.cure,
            )
            for remark in self.look(subject)
        ]


RULES: dict[str, Rule] = {}
"""Every rule by id, in the order they are reported."""


def rule(
    name: str, *, what: str, cure: str
) -> "Callable[[Callable[[Subject], Iterable[Remark]]], Callable[[Subject], Iterable[Remark]]]":
    """Make a rule of the function below: it takes a tool and yields what is to be said of it."""

    def keep(look: "Callable[[Subject], Iterable[Remark]]") -> "Callable[[Subject], Iterable[Remark]]":
        RULES[name] = Rule(name, what, cure, look)
        return look

    return keep
