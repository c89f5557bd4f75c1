"""How a text sounds: VADER with the words of the market press.

A word list agrees with human readers on about six financial sentences of ten, so confidence never goes above that, and
no order may be sized by this figure alone. Shouting is not evidence: capitals and exclamation marks are taken out
before VADER, which would reward them.
"""

from functools import cache
from typing import Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from company.newsroom.lexicon import LEXICON, PHRASES

CEILING: Final = 0.6  # highest confidence a word list deserves
_NEUTRAL = 0.1  # scores nearer to zero are no opinion
_MAX_TEXT = 4_000

Label = Literal["positive", "neutral", "negative"]


class Sentiment(BaseModel):
    """How a text sounds.

    Attributes:
        score: From -1 (bad news) to 1 (good news).
        confidence: From 0 (no known word) to 0.6; low when good and bad words contradict each other.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    score: float = Field(ge=-1, le=1)
    confidence: float = Field(ge=0, le=CEILING)

    @property
    def label(self) -> Label:
        """The score in one word."""
        return label_of(self.score)


def label_of(score: float) -> Label:
    """Return the word for a score; within 0.1 of zero it is neutral."""
    if abs(score) < _NEUTRAL:
        return "neutral"
    return "positive" if score > 0 else "negative"


def score_text(text: str) -> Sentiment:
    """Score a text of up to 4,000 characters; the rest is not read.

    The score is VADER's compound value. Confidence is `0.6 x agreement x (1 + evidence) / 2`, where agreement is
    `|positive - negative| / (positive + negative)` and evidence grows with the share of words that carry an opinion.
    """
    words = text[:_MAX_TEXT].lower().replace("!", ".")
    for pattern, word in PHRASES:
        words = pattern.sub(word, words)
    shares = _vader().polarity_scores(words)
    good, bad = shares["pos"], shares["neg"]
    agreement = abs(good - bad) / (good + bad) if good + bad else 0.0
    evidence = min(1.0, (good + bad) / 0.4)
    return Sentiment(score=round(shares["compound"], 2), confidence=round(CEILING * agreement * (1 + evidence) / 2, 2))


@cache
def _vader() -> Any:
    from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

    analyser = SentimentIntensityAnalyzer()
    analyser.lexicon.update(LEXICON)
    return analyser
