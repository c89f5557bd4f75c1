"""Role files: what a good one gives, and that a broken one is named with file, field and cure."""

import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from textwrap import dedent

import pytest
from pydantic import ValidationError

from company.errors import UsageError
from company.roles import SUMMARY_LIMIT, Assignment, Call, Each, Plan, Report, Role, load_roles, read_role

CEO = """
    ---
    id: ceo
    title: Chief
    summary: Leads.
    ---
    A calm person.
    """
TRADER = """
    ---
    id: trader
    title: Trader
    reports_to: ceo
    summary: Trades.
    tools: [overview, place]
    limits: {calls: 5, usd: "0.50"}
    handles:
      - say: [buy 1 BTC]
        slots: {quantity: number, "symbol?": {BTC/USDT: [btc]}}
        do:
          - report: Bought.
    playbook:
      - call: overview
        as: market
      - for: row in market
        do:
          - call: place
            with: {symbol: "{{ row.symbol }}"}
            as: order
      - when: market is ok
        do:
          - report: Fine.
            figures: {rows: "{{ market | length }}"}
        else:
          - report: Not fine.
    ---
    A dry person.
    """


def write(folder: Path, name: str, text: str) -> Path:
    path = folder / f"{name}.md"
    path.write_text(dedent(text).lstrip(), encoding="utf-8")
    return path


def changed(old: str, new: str, text: str = TRADER) -> str:
    assert old in text
    return text.replace(old, new)


def test_a_role_file_gives_every_field(tmp_path: Path) -> None:
    role = read_role(write(tmp_path, "trader", TRADER))

    assert (role.id, role.title, role.reports_to, role.model) == ("trader", "Trader", "ceo", "smart")
    assert role.tools == ("overview", "place")
    assert str(role.limits.usd) == "0.50"
    assert role.persona == "A dry person."
    assert role.source == str(tmp_path / "trader.md")
    assert isinstance(role.playbook[0], Call)
    assert isinstance(role.playbook[1], Each)
    assert (role.playbook[1].variable, role.playbook[1].items) == ("row", "market")


def test_a_role_is_a_department_of_its_own_unless_its_file_names_one(tmp_path: Path) -> None:
    own = read_role(write(tmp_path, "trader", TRADER))
    shared = read_role(write(tmp_path, "trader", changed("title: Trader", "title: Trader\n    department: desk")))

    assert (own.department, shared.department) == ("trader", "desk")


def test_a_role_file_limits_a_run_a_day_and_a_month(tmp_path: Path) -> None:
    text = changed("calls: 5, usd", "tokens: 9000, day_usd: 2, month_usd: 20, usd")
    limits = read_role(write(tmp_path, "trader", text)).limits

    assert (limits.tokens, limits.day_usd, limits.month_usd, str(limits.usd)) == (9000, 2, 20, "0.50")
    assert (limits.calls, limits.seconds) == (None, None)


def test_steps_come_with_their_path_inner_ones_included(tmp_path: Path) -> None:
    role = read_role(write(tmp_path, "trader", TRADER))

    assert [path for path, _ in role.steps()] == [
        "playbook[0]",
        "playbook[1]",
        "playbook[1].do[0]",
        "playbook[2]",
        "playbook[2].do[0]",
        "playbook[2].else[0]",
        "handles[0].do[0]",
    ]
    assert role.playbook_tools() == ("overview", "place")


def test_a_role_says_what_wakes_it(tmp_path: Path) -> None:
    text = changed("limits:", "wakes: {by: [market, orders], every: 12h, move: 1.5}\n    limits:")
    wakes = read_role(write(tmp_path, "trader", text)).waking

    assert wakes is not None
    assert (wakes.by, wakes.every, str(wakes.move)) == (("market", "orders"), timedelta(hours=12), "1.5")


def test_a_role_that_does_not_say_what_wakes_it_works_by_its_playbook_once_a_day(tmp_path: Path) -> None:
    wakes = read_role(write(tmp_path, "trader", TRADER)).waking

    assert wakes is not None
    assert (wakes.by, wakes.every) == ((), timedelta(days=1))


def test_the_ceo_and_a_role_without_a_playbook_are_not_woken(tmp_path: Path) -> None:
    idle = "---\nid: clerk\ntitle: Clerk\nreports_to: ceo\nsummary: Waits.\n---\nPatient."

    assert read_role(write(tmp_path, "ceo", CEO)).waking is None
    assert read_role(write(tmp_path, "clerk", idle)).waking is None
    with pytest.raises(UsageError, match="the CEO answers for whoever is woken"):
        read_role(write(tmp_path, "ceo", changed("summary: Leads.", "summary: Leads.\n    wakes: {every: 1h}", CEO)))


def test_a_role_cannot_be_changed(tmp_path: Path) -> None:
    role = read_role(write(tmp_path, "trader", TRADER))

    with pytest.raises(ValidationError):
        role.title = "Boss"  # type: ignore[misc]


def test_roles_are_ordered_with_the_one_at_the_top_first(tmp_path: Path) -> None:
    write(tmp_path, "trader", TRADER)
    write(tmp_path, "ceo", CEO)
    write(tmp_path, "analyst", TRADER.replace("trader", "analyst"))

    assert list(load_roles(tmp_path)) == ["ceo", "analyst", "trader"]


@pytest.mark.parametrize(
    ("text", "where", "what", "cure"),
    [
        (changed("title: Trader", "titel: Trader"), "titel", "unknown key 'titel'", "did you mean 'title'"),
        (changed("calls: 5", "cals: 5"), "limits.cals", "unknown key 'cals'", "did you mean 'calls'"),
        (changed("say: [buy 1 BTC]", "says: [buy 1 BTC]"), "handles[0].says", "'says'", "'say'"),
        (changed("summary: Trades.", ""), "summary", "missing", "add `summary:`"),
        (changed("            as: order", "            ass: order"), "playbook[1].do[0].ass", "'ass'", "'as'"),
        (changed("- call: overview", "- cal: overview"), "playbook[0]", "is no step", "a step has one of"),
        (changed("as: market", "as: the market"), "playbook[0].as", "the market", ""),
        (changed("row in market", "each row of market"), "playbook[1].for", "each row of market", ""),
        (changed("calls: 5", "calls: 0"), "limits.calls", "greater than 0", ""),
        (changed("tools: [overview, place]", "tools: [overview]"), "", "playbook[1].do[0] calls 'place'", "`tools`"),
        (changed("tools: [overview,", "tools: [place,"), "tools", "'place' is listed twice", "once"),
        (changed("- report: Not", "- answer: Not"), "", "playbook[2].else[0] is not a step", "use `report`"),
        (changed("limits:", "wakes: {by: [marke]}\n    limits:"), "wakes.by", "'marke' is no signal", "mean 'market'"),
        (
            changed("limits:", "wakes: {bye: [news]}\n    limits:"),
            "wakes.bye",
            "unknown key 'bye'",
            "did you mean 'by'",
        ),
        (changed("limits:", "wakes: {on: [news]}\n    limits:"), "wakes", "YAML reads `on` as true", "by:"),
        (changed("limits:", "wakes: {by: [news, news]}\n    limits:"), "wakes.by", "listed twice", "once"),
        (
            changed("limits:", "wakes: {every: 24}\n    limits:"),
            "wakes.every",
            "24 is not a length of time",
            "90s, 5m, 1h or 2d",
        ),
        (changed("limits:", "wakes: {by: [news], move: 2}\n    limits:"), "wakes", "`move` is about prices", "market"),
        (changed("limits:", "wakes: {by: [market], move: 0}\n    limits:"), "wakes.move", "greater than 0", ""),
        (changed("limits:", "wakes: {}\n    limits:"), "wakes", "nothing here wakes anybody", "every: 24h"),
        (changed("id: trader", "id: other"), "id", "'other' is not the file's name", "id: trader"),
        (changed("title: Trader\n", "title: Trader\n    title: Boss\n"), "line 4", "'title' is written twice", ""),
        (changed("title: Trader", "title: no"), "title", "true or false", "quotation marks"),
        (changed("title: Trader", "title: {a"), "line", "not valid YAML", "quote"),
        (changed("title: Trader", "persona: x"), "persona", "unknown key 'persona'", "markdown body"),
        (changed("A dry person.", ""), "", "no persona", "below the front matter"),
        ("Only text.", "line 1", "no front matter", "---"),
        ("---\n- a\n---\nText", "line 2", "not a mapping", "key: value"),
    ],
)
def test_a_broken_file_names_field_and_cure(tmp_path: Path, text: str, where: str, what: str, cure: str) -> None:
    path = write(tmp_path, "trader", text)

    with pytest.raises(UsageError) as caught:
        read_role(path)

    assert caught.value.where.startswith(str(path))
    assert where in caught.value.where
    assert what in caught.value.what
    assert cure in caught.value.cure
    assert caught.value.cure


def test_a_file_that_is_not_utf8_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "trader.md"
    path.write_bytes(b"---\nid: tr\xff\n---\nText")

    with pytest.raises(UsageError, match="not UTF-8"):
        read_role(path)


def test_a_broken_file_is_not_skipped(tmp_path: Path) -> None:
    write(tmp_path, "ceo", CEO)
    write(tmp_path, "notes", "Just notes.")

    with pytest.raises(UsageError, match=r"notes\.md"):
        load_roles(tmp_path)


def test_an_empty_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no roles"):
        load_roles(tmp_path)


def test_two_roles_at_the_top_are_refused(tmp_path: Path) -> None:
    write(tmp_path, "ceo", CEO)
    write(tmp_path, "boss", CEO.replace("id: ceo", "id: boss"))

    with pytest.raises(UsageError, match="boss, ceo"):
        load_roles(tmp_path)


def test_a_superior_that_does_not_exist_is_refused_with_the_nearest_name(tmp_path: Path) -> None:
    write(tmp_path, "ceo", CEO)
    write(tmp_path, "trader", changed("reports_to: ceo", "reports_to: coe"))

    with pytest.raises(UsageError, match="did you mean 'ceo'"):
        load_roles(tmp_path)


def test_a_circle_of_superiors_is_refused(tmp_path: Path) -> None:
    write(tmp_path, "ceo", CEO)
    write(tmp_path, "trader", changed("reports_to: ceo", "reports_to: helper"))
    write(tmp_path, "helper", changed("reports_to: ceo", "reports_to: trader").replace("id: trader", "id: helper"))

    with pytest.raises(UsageError, match="circle"):
        load_roles(tmp_path)


def test_delegating_to_a_role_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    write(
        tmp_path, "ceo", changed("summary: Leads.", "summary: Leads.\n    playbook: [{delegate: tradr, task: x}]", CEO)
    )
    write(tmp_path, "trader", TRADER)

    with pytest.raises(UsageError) as caught:
        load_roles(tmp_path)

    assert "playbook[0].delegate" in caught.value.where
    assert caught.value.cure == "did you mean 'trader'?"


def test_the_ceo_answers_and_does_not_report(tmp_path: Path) -> None:
    text = changed("summary: Leads.", "summary: Leads.\n    playbook: [{report: x}]", CEO)

    with pytest.raises(UsageError, match="the CEO uses `answer`"):
        read_role(write(tmp_path, "ceo", text))


def test_the_word_for_everybody_is_no_role(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="means every role"):
        read_role(write(tmp_path, "all", CEO.replace("id: ceo", "id: all")))


def test_a_plan_gives_a_role_one_assignment() -> None:
    task = Assignment(role="trader", task="trade")

    with pytest.raises(ValidationError, match="two assignments"):
        Plan(assignments=(task, task))


def test_a_report_has_a_budget_of_characters() -> None:
    with pytest.raises(ValidationError, match="1200"):
        Report(role="trader", task="trade", status="ok", summary="x" * (SUMMARY_LIMIT + 1))


def test_reading_roles_imports_neither_templates_nor_models() -> None:
    code = "import sys, company.roles; print([m for m in ('jinja2', 'langchain_core') if m in sys.modules])"

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "[]"


def test_a_step_survives_a_round_trip_through_data(tmp_path: Path) -> None:
    role = read_role(write(tmp_path, "trader", TRADER))

    assert Role.model_validate(role.model_dump(by_alias=True)) == role
