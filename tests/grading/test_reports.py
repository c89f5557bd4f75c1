"""A report in the forms that others read: whole, escaped, and with nothing of the outside."""

import re
from datetime import UTC, datetime
from html.parser import HTMLParser
from importlib import import_module
from xml.etree import ElementTree

import pytest

from company.errors import UsageError
from company.grading.reports import inspect_log, junit, page, require_folder, require_inspect, save, write_inspect
from tests.grading.stories import REPORT

NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)
VOID = {"meta"}


class Reader(HTMLParser):
    """Reads a page and refuses tags that do not fit together."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words, self._above = "", list[str]()
        self.feed(text)
        assert self._above == []

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        self._above += [] if tag in VOID else [tag]

    def handle_endtag(self, tag):
        assert self._above.pop() == tag

    def handle_data(self, data):
        self.words += data


def test_junit_says_which_cases_failed_and_why():
    (suite,) = ElementTree.fromstring(junit(REPORT))
    assert (suite.get("tests"), suite.get("failures"), suite.get("skipped")) == ("2", "2", "0")
    order, tone = suite
    assert (order.get("classname"), order.get("name"), order.get("time")) == ("evals.trading", "order-asks", "2.500")
    failure = order.find("failure")
    assert failure.get("type") == "golden"
    assert failure.get("message").startswith("orders: 1 orders filled </pre><script")
    assert tone.find("failure").get("type") == "not golden"
    told = {prop.get("name"): prop.get("value") for prop in order.iter("property")}
    assert told == {
        "golden": "true",
        "seed": "7",
        "tags": "trading ASI09",
        "trials": "2",
        "passed": "1",
        "cost_usd": "0.04",
    }


def test_junit_replaces_what_xml_cannot_hold():
    text = junit(REPORT)
    assert "\x00" not in text
    assert "\x1b" not in text
    assert "\ufffd[2J" in text


def test_the_page_shows_verdicts_and_transcripts():
    words = Reader(page(REPORT, verdict=["gate: order-asks failed"])).words
    for said in (
        "Evals: 0 of 2 passed",
        "0 of 1 golden cases passed",
        "gate: order-asks failed",
        "models",
        "deep: autopilot",
        "order-asks",
        "1 of 2 trials",
        "pass^2 0.000",
        "not done after 60 s",
        "asked by ann",
        "hello, buy 0.1 BTC",
        "trading: buy 0.1 BTC",
        "place_order",
        "ask by effect.irreversible: cannot be taken back",
        "waits for a person: A1",
        "trading: late",
    ):
        assert said in words


def test_the_page_runs_nothing_and_loads_nothing_whatever_was_said():
    text = page(REPORT)
    read = Reader(text)
    assert {tag for tag, _ in read.tags} <= {
        *("html", "head", "meta", "title", "style", "body", "h1", "h2", "p", "div", "table", "tr", "th", "td"),
        *("details", "summary", "b", "span", "ul", "li"),
    }
    assert {name for _, attributes in read.tags for name in attributes} <= {
        *("lang", "charset", "http-equiv", "content", "class", "open")
    }
    assert "default-src 'none'" in text
    assert not re.search(r"url\(|@import", text)
    assert "<script src='https://evil.example/x.js'>alert(1)</script>" in read.words


def test_a_file_is_written_whole_or_not_at_all(tmp_path):
    save(tmp_path / "report.html", "first")
    save(tmp_path / "report.html", "second")
    assert [(file.name, file.read_text()) for file in tmp_path.iterdir()] == [("report.html", "second")]
    (tmp_path / "folder").mkdir()
    with pytest.raises(UsageError, match="cannot be written"):
        save(tmp_path / "folder", "text")
    assert [file.name for file in (tmp_path / "folder").parent.iterdir() if file.name.startswith(".")] == []


def test_a_missing_folder_is_said_before_anything_runs(tmp_path):
    with pytest.raises(UsageError, match="no folder") as caught:
        require_folder(tmp_path / "nowhere" / "report.xml", option="--junit")
    assert caught.value.where == "--junit"


def test_without_the_optional_package_the_error_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setattr(inspect_log, "find_spec", lambda name: None)
    with pytest.raises(UsageError, match="inspect-ai is not installed") as caught:
        require_inspect(tmp_path / "log.eval")
    assert "the-ai-company[inspect]" in caught.value.cure


def test_a_log_whose_form_nobody_can_tell_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(inspect_log, "find_spec", lambda name: object())
    with pytest.raises(UsageError, match="is no name of a log"):
        require_inspect(tmp_path / "log.txt")


@pytest.mark.parametrize("name", ["log.eval", "log.json"])
def test_an_inspect_log_is_read_back_by_inspect_itself(tmp_path, name):
    pytest.importorskip("inspect_ai")
    write_inspect(REPORT, tmp_path / name, at=NOON)
    log = import_module("inspect_ai.log").read_eval_log(str(tmp_path / name))
    assert (log.status, log.eval.model, log.eval.config.epochs) == ("success", "company/autopilot", 2)
    assert sorted((sample.id, sample.epoch, sample.scores["company"].value) for sample in log.samples) == [
        ("order-asks", 1, "I"),
        ("order-asks", 2, "C"),
        ("tone", 1, "I"),
    ]
    assert log.results.scores[0].metrics["accuracy"].value == pytest.approx(1 / 3)
    user, plan, asked, waiting, *_ = log.samples[0].messages
    assert (user.role, user.text) == ("user", "hello, buy 0.1 BTC")
    assert plan.text == "Plan:\ntrading: buy 0.1 BTC"
    assert asked.tool_calls[0].function == "place_order"
    assert (waiting.role, waiting.error.type, waiting.metadata["rule"]) == ("tool", "approval", "effect.irreversible")
