"""The newsroom: news, how it sounds, what an instrument's news adds up to, and what rivals do.

It parses feeds written by strangers into bounded plain text and typed figures. It fetches nothing itself (the feed is a
port), judges no claim to be true, and neither sees prices nor proposes trades.
"""

from company.newsroom.archive import item_id
from company.newsroom.competitors import RIVALS, CompetitorWatch, RivalNews
from company.newsroom.coverage import Article, AssetBrief, Bulletin, Headline, Judged, Mood, Notable
from company.newsroom.feed import Entry, parse_feed
from company.newsroom.newsroom import Newsroom
from company.newsroom.plain import plain
from company.newsroom.sentiment import Sentiment, score_text
from company.newsroom.suspicion import embedded_instructions
from company.newsroom.symbols import symbol_of, symbols_in

__all__ = [
    "RIVALS",
    "Article",
    "AssetBrief",
    "Bulletin",
    "CompetitorWatch",
    "Entry",
    "Headline",
    "Judged",
    "Mood",
    "Newsroom",
    "Notable",
    "RivalNews",
    "Sentiment",
    "embedded_instructions",
    "item_id",
    "parse_feed",
    "plain",
    "score_text",
    "symbol_of",
    "symbols_in",
]
