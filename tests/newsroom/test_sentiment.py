from hypothesis import given
from hypothesis import strategies as st
from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

from company.newsroom import score_text
from company.newsroom.lexicon import LEXICON, PHRASES
from company.newsroom.sentiment import CEILING, label_of

GOOD = """
Bitcoin surges past its former peak as funds buy
Ether climbs for a fifth day on strong volume
Quarterly revenue beats estimates by a wide margin
Operating profit rose to 13.1 million from 8.7 million
Regulator approves first spot fund for the token
Judge dismisses case against the token's issuer
The investigation into the exchange was closed without charges
Network outflows slow as depositors return
Lender narrows guidance upwards after losses shrank
Price of the coin is up 7 percent since Monday
The chain hits an all-time high in daily users
Exchange resumes withdrawals after maintenance
Broker upgrades the sector to overweight
Shares of the miner jumped after the contract was signed
Orders came in ahead of expectations
The protocol rallied after the buyback was announced
Bank partners with custodian to widen access
Treasury adds another 400 coins to its reserve
Upgrade is live and cuts fees for users
The token recovers most of last week's slide
""".strip().splitlines()

BAD = """
Bitcoin falls below a closely watched level
Hackers drained the bridge overnight
Exchange halts withdrawals, cites technical glitch
Regulator sues lending platform over unregistered sales
Shares of the broker tumbled in early trading
The token plunges as its largest holder sells
Quarterly sales missed estimates for the third time
Net interest income declined and provisions rose sharply, leading to a net loss
Venue to delist the coin at the end of the month
The network stalled for six hours on Tuesday
Probe into market manipulation widens
Lender files for bankruptcy protection
The company slashed its outlook and plans layoffs
Outflows from funds mount for a fourth week
Price of the coin is down 12% since the weekend
Losses widened at the trading house
Auditor resigns, filing delayed again
Officials moved to ban payments in the currency
The stablecoin slips under one dollar
The sell-off wiped out a month of gains
""".strip().splitlines()

NEUTRAL = """
The company will publish its annual report in March
Shares of the company are listed in Helsinki and Stockholm
The fund holds assets in several securities and has an interest in a port
The conference takes place in Lisbon in May
United Trust moved its headquarters to a larger building
The token is used to pay for block space
The number of employees is given as of the end of the year
The exchange lists forty instruments in two currencies
Developers meet every second Thursday to discuss the agenda
The value of the contract was not disclosed
The loan carries a variable interest rate
The two firms share an office in the same city
Trading hours on the venue are from nine to five
The board consists of seven members
Demand deposits are held with the central bank
A natural gas pipeline runs along the border
The credit agreement runs until 2031
The article explains how blocks are ordered
""".strip().splitlines()

LABELLED = [
    (text, label) for label, texts in (("positive", GOOD), ("negative", BAD), ("neutral", NEUTRAL)) for text in texts
]


def test_word_list_beats_plain_vader_on_market_sentences() -> None:
    vader = SentimentIntensityAnalyzer()
    plain = sum(label_of(vader.polarity_scores(text)["compound"]) == label for text, label in LABELLED)
    ours = sum(score_text(text).label == label for text, label in LABELLED)
    assert len(LABELLED) >= 40
    assert ours / len(LABELLED) > 0.9
    assert ours > plain + len(LABELLED) / 4


def test_shouting_does_not_make_news_stronger() -> None:
    assert score_text("BITCOIN SURGES!!!") == score_text("bitcoin surges.")


def test_text_without_known_words_has_no_confidence() -> None:
    neutral = score_text("The conference takes place in Lisbon")
    assert (neutral.score, neutral.confidence, neutral.label) == (0.0, 0.0, "neutral")


def test_contradictory_words_lower_confidence() -> None:
    assert score_text("Profits surged while deposits plunged").confidence < score_text("Profits surged").confidence


def test_confidence_stays_low_however_clear_the_words() -> None:
    assert score_text("surges soars rallies jumps climbs").confidence == CEILING


@given(st.text())
def test_any_text_has_a_score_in_range(text: str) -> None:
    sentiment = score_text(text)
    assert -1 <= sentiment.score <= 1
    assert 0 <= sentiment.confidence <= CEILING


def test_list_has_its_words_once_on_the_scale_and_every_phrase_has_a_weight() -> None:
    assert len(LEXICON) > 120
    assert all(-4 <= weight <= 4 for weight in LEXICON.values())
    assert all(LEXICON[word] for _, word in PHRASES)
