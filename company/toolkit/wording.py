"""Words by which people claim that a tool did its work, and what its result must show for them to be true.

A department knows what its effects are called: that an order "filled" needs a quantity that traded, and that "sold" is
the other side of "bought". The check itself (company/governor/claims) knows no department.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Wording:
    """Some ways to claim one thing.

    Attributes:
        words: Verbs in the past tense and short phrases, lower case: `bought`, `order placed`. Between the words of a
            phrase there may be others: `order placed` is found in "the order for 2 BTC was placed".
        shows: What the result must show: a field with its value, or with True when it must not be zero or empty.
        amount: Field of the result that holds how much was done; empty when an effect has no amount.
    """

    words: tuple[str, ...]
    shows: Mapping[str, str | bool] = field(default_factory=dict)
    amount: str = ""


def says(*words: str, amount: str = "", **shows: str | bool) -> Wording:
    """Return a wording: `says("bought", "purchased", amount="filled", side="buy", filled=True)`.

    Args:
        words: Verbs in the past tense and short phrases, lower case.
        amount: Field of the result that holds how much was done.
        shows: Fields of the result with the value they must have; True for any but zero and empty.
    """
    return Wording(words, shows, amount)


def wordings(claims: Iterable[str | Wording]) -> tuple[Wording, ...]:
    """Return wordings; plain words become one that any result bears out."""
    given = tuple(claims)
    words = tuple(each for each in given if isinstance(each, str))
    return (*((Wording(words),) if words else ()), *(each for each in given if isinstance(each, Wording)))
