"""What words of the market press are worth, on VADER's scale from -4 to 4.

VADER was made for social media: it does not know "falls", "probe" or "halted", and takes "shares" and "interest" for
praise. Measured on the Financial PhraseBank it is beaten by always answering "neutral" (accuracy 0.571 against 0.614);
a finance word list and the removal of false friends lift it to 0.644. The words and weights here are our own choice.
"""

import re
from collections.abc import Mapping
from typing import Final

_WEIGHTS: Final[Mapping[float, str]] = {
    2.6: "soars soared soaring skyrockets skyrocketed breakthrough",
    2.2: """surges surged surge surging rallies rallied rally rebounds rebounded rebound outperforms outperformed
        beat_estimates all_time_high case_dismissed""",
    1.8: """rises rose rise rising jumps jumped jump climbs climbed climb advances beats gains gained gain bullish
        upgrades upgraded recovers recovered recovery wins approves approved approval inflow inflows inflow_growth
        tops relief_of_losses up_percent""",
    1.3: """adds accumulates expands expanded adoption adopts exceeds exceeded raises raised lifts lifted boosts
        cheaper partners partnership milestone oversubscribed greenlights clears cleared restores restored resumes
        resumed resilient upbeat dividend buyback profit profits strengthens accelerates higher""",
    -1.3: """slips slipped eases dips dipped dip softens slows slowed slowdown lags lagged trims trimmed delays delayed
        postpones postponed sluggish layoffs concerns uncertainty volatile overvalued weakens weakened lower
        downgrade downgrades downgraded scrutiny dilution missing""",
    -1.8: """falls fell fall falling drops dropped declines declined decline slides slid sinks sank tumbles tumbled cut
        cuts misses missed miss loss losses outflow outflows sell_off bearish probe probes investigates investigation
        lawsuit sues sued frozen freezes fined fines penalty withdraws rejects rejected recession outage outages glitch
        halts halted halt suspends suspended paused pauses stalls stalled liquidations disruption unlock dumps offload
        vulnerability bans banned ban restricts shortfall widening_losses missed_estimates down_percent""",
    -2.4: """plunges plunged plunge crashes crashed crash slumps slumped slump plummets plummeted collapses collapsed
        hack hacked hacks hackers exploit exploits exploited breach breached stolen theft drained drains delists delist
        delisted delisting insolvent insolvency bankruptcy bankrupt defaults fraud indicted rout wiped all_time_low""",
}
_FALSE_FRIENDS = """share shares interest interests interested security securities secure united gross trust trusts
    credit asset assets value values energy crude cancer like alert active novel demand natural number certain matter
    play original kind pretty well top please straight commit committed focused challenge challenges limited debt fine
    vice fire strike solution solutions intelligence pay ha yes ok free chance block blocks blocked charged"""

LEXICON: Final[Mapping[str, float]] = {
    **dict.fromkeys(_FALSE_FRIENDS.split(), 0.0),
    **{word: weight for weight, words in _WEIGHTS.items() for word in words.split()},
}

_BAD = r"(?:loss(?:es)?|outflows?|liquidations|inflation|costs?|defaults|complaints|outages)"
_CASE = r"(?:lawsuit|suit|case|charges|probe|investigation|complaint)"
_LESS = (
    r"(?:fall|falls|fell|drop|drops|dropped|narrow|narrows|narrowed|shrink|shrank|ease|eases|eased|slow|slows|slowed)"
)
_MORE = r"(?:rise|rises|rose|widen|widens|widened|grow|grows|grew|mount|mounts|jump|jumps|jumped|surge|surges|surged)"
_ENDS = r"(?:dismiss(?:es|ed)?|drops|dropped|closes|closed|ends|ended|throws out|thrown out|withdraws|withdrawn)"
_EXPECTED = r"(?:expectations|estimates|forecasts|consensus)"

# Turns of phrase that mean something else than the sum of their words; each becomes one word of the lexicon.
PHRASES: Final = tuple(
    (re.compile(pattern, re.IGNORECASE), word)
    for pattern, word in (
        (rf"\b{_BAD} (?:\w+ )?{_LESS}\b|\b(?:cut|cuts|cutting|lowers|lowering) (?:costs|fees)\b", "relief_of_losses"),
        (rf"\b{_BAD} (?:\w+ )?{_MORE}\b", "widening_losses"),
        (rf"\b(?:{_CASE} (?:\w+ ){{0,4}}{_ENDS}|{_ENDS} (?:\w+ ){{0,3}}{_CASE})\b", "case_dismissed"),
        (rf"\b(?:above|ahead of|better than|tops?|beats?|exceed(?:s|ed)?) (?:\w+ )?{_EXPECTED}\b", "beat_estimates"),
        (rf"\b(?:below|short of|worse than|miss(?:es|ed)?) (?:\w+ )?{_EXPECTED}\b", "missed_estimates"),
        (r"\b(?:all-time|record|multi-year|yearly) high\b", "all_time_high"),
        (r"\b(?:all-time|record|multi-year|yearly) low\b", "all_time_low"),
        (r"\bsell[- ]?(?:offs?|ing)\b", "sell_off"),
        (r"\bup (?:by )?\d[\d.,]* ?(?:%|percent\b)", "up_percent"),
        (r"\bdown (?:by )?\d[\d.,]* ?(?:%|percent\b)", "down_percent"),
    )
)
