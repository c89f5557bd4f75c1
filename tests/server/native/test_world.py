"""News and threats as the dashboard asks for them."""

from typing import Any

from company.defence import Watch
from company.newsroom import Newsroom


async def test_a_company_that_read_nothing_shows_no_news_and_reads_nothing_for_it(company: Any) -> None:
    shown = await company.get("/news")

    assert shown == {"mood": {"score": 0.0, "label": "neutral", "confidence": 0.0, "items": 0}, "items": []}
    assert not list(company.engine.company.store.books("newsroom").items("newsroom.item"))


async def test_news_come_newest_first_with_mood_and_why_they_are_believed(company: Any) -> None:
    newsroom: Newsroom = company.engine.company.services[Newsroom]
    read = await newsroom.headlines(30)
    mood = await newsroom.mood()

    shown = await company.get("/news?limit=30")

    assert [item["id"] for item in shown["items"]] == [headline.id for headline in read]
    assert (shown["mood"]["score"], shown["mood"]["items"]) == (mood.score, mood.items)
    assert set(shown["items"][0]) == {
        *("id", "title", "source", "at", "age_minutes", "symbols", "sentiment", "confidence", "truth", "notes")
    }
    assert {item["truth"] for item in shown["items"]} <= {"corroborated", "unconfirmed", "suspicious"}
    assert all(item["notes"] for item in shown["items"])
    assert len((await company.get("/news?limit=5"))["items"]) == 5


async def test_threats_are_alerts_and_blocks_without_keys(company: Any) -> None:
    assert await company.get("/threats") == {"alerts": [], "blocks": []}
    watch: Watch = company.engine.company.services[Watch]
    await watch.scan()
    [alert, *_] = watch.alerts(50)
    await watch.block(alert.source, "an\u202eattack\x00", "secret-key")
    await company.cycle()  # answers are kept until something happens

    shown = await company.get("/threats")

    assert alert.id in {row["id"] for row in shown["alerts"]}
    assert set(shown["alerts"][0]) == set(type(alert).model_fields)
    block = next(row for row in shown["blocks"] if row["address"] == alert.source)
    assert (block["reason"], set(block)) == ("anattack", {"address", "reason", "at"})


async def test_more_news_than_are_given_is_refused(company: Any) -> None:
    assert (await company.client.get("/news?limit=101")).status_code == 422
