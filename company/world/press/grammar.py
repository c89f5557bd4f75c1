"""Stories as small grammars, and how a sentence is drawn from one.

`{name}` stands for a word of `WORDS`, `{name:2-9}` for a whole number; within one item a name always means the same,
so headline and text agree. All firms, funds, outlets and people are invented.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Story:
    """One kind of event.

    Attributes:
        titles: Headlines; each draws its own words.
        summaries: First paragraphs.
        details: Further sentences, in any order.
        cause: The event in a few words, for a report after the price moved.
    """

    titles: tuple[str, ...]
    summaries: tuple[str, ...]
    details: tuple[str, ...]
    cause: str = ""


class Telling:
    """Draws the sentences of one item; a slot once filled keeps its word.

    Args:
        number: Draws a whole number from a range, both ends included.
        facts: Slots that are already decided.
    """

    def __init__(self, number: Callable[[int, int], int], facts: Mapping[str, str]) -> None:
        self._number = number
        self._facts = dict(facts)

    def pick(self, options: Sequence[str]) -> str:
        """Return one of the options, its slots filled."""
        return self.fill(self._word(options))

    def some(self, options: Sequence[str], count: int) -> list[str]:
        """Return up to `count` different options in their order, their slots filled."""
        left = list(range(len(options)))
        while len(left) > count:
            left.pop(self._number(0, len(left) - 1))
        return [self.fill(options[index]) for index in left]

    def fill(self, template: str) -> str:
        """Return the template with its slots filled, beginning with a capital."""
        text = _SLOT.sub(self._fact, template)
        return text[:1].upper() + text[1:]

    def _fact(self, slot: re.Match[str]) -> str:
        name, low, high = slot.groups()
        if name not in self._facts:
            self._facts[name] = str(self._number(int(low), int(high))) if low else self._word(WORDS[name])
        return self._facts[name]

    def _word(self, words: Sequence[str]) -> str:
        return words[self._number(0, len(words) - 1)]


_SLOT = re.compile(r"\{(\w+)(?::(\d+)-(\d+))?\}")

WORDS: Final[Mapping[str, tuple[str, ...]]] = {
    "exchange": ("Kestrel Exchange", "Tidemark", "Orrery Markets", "Coinharbor", "Pelagos", "Nine Bridges", "Vaultix"),
    "custodian": ("Stonegate Custody", "Ironbark Trust", "Ledgerkeep", "Fjord Custody", "Paragon Vaults"),
    "bank": ("Alder & Finch", "Banco Miraluz", "Nordhavn Bank", "Castellan Group", "Union Hanse", "First Meridian"),
    "fund": ("Greywater Capital", "Longspur Partners", "Juniper Peak", "Atlas & Rowe", "Silverbirch", "Quay Street"),
    "holder": ("Monument Holdings", "Tessera Corp", "Bluefin Industries", "Arden Foods", "Kilnworth", "Solvane Group"),
    "regulator": (
        "the markets regulator", "a European regulator", "the federal securities agency", "the financial conduct board",
        "an Asian watchdog", "the central bank's supervision arm",
    ),
    "court": ("an appeals court", "a federal judge", "the commercial court", "a district court", "the high court"),
    "country": ("Brazil", "Japan", "Kenya", "Switzerland", "Canada", "South Korea", "Portugal", "Thailand", "Chile"),
    "city": ("Lisbon", "Singapore", "Toronto", "Zurich", "Seoul", "Nairobi", "Austin", "Warsaw", "Dubai", "Oslo"),
    "person": (
        "Mara Lindqvist", "Tomas Okafor", "Irene Castell", "Deepak Varma", "Yuki Tanabe", "Elif Sarr", "Jonas Wirth",
        "Noor Haddad", "Cal Brennan", "Sofia Marchetti", "Ben Achterberg", "Lena Duarte",
    ),
    "role": ("chief analyst", "head of research", "portfolio manager", "lead engineer", "spokesperson", "economist"),
    "month": ("January", "March", "May", "June", "August", "September", "November"),
    "weekday": ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday"),
    "protocol": ("Driftpool", "Lanternswap", "Cobalt Lend", "Northstar Bridge", "Reefnet", "Anvil Finance", "Halyard"),
    "release": ("Cascade", "Perihelion", "Tamarack", "Lodestar", "Marlin", "Evergreen"),
    "university": ("Uppsala", "Delft", "Coimbra", "Waterloo", "Kyoto", "Ghent"),
    "wallet": ("Pocketkey", "Saltbox", "Fernlock", "Cinder Wallet", "Quartz"),
    "opinion": (
        "patience is the only strategy I have not regretted", "we measure decentralisation the wrong way",
        "a forecast without a date is not a forecast", "the spreadsheet remains our best tool",
        "fees tell you more than prices", "nobody reads the white paper, and nobody ever did",
        "write down why you bought it", "a good process looks boring", "backups are a habit, not a product",
        "what chess players know about position size", "three questions before any trade", "sleep on every decision",
    ),
    "rival_product": (
        "trading desk agent", "treasury copilot", "autonomous research team", "compliance agent", "agent builder",
        "market monitor", "content desk",
    ),
}  # fmt: skip
