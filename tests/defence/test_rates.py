from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from company.defence import Request, find_hits
from company.defence.rates import LONGEST_WINDOW

START = datetime(2026, 11, 20, tzinfo=UTC)


def requests(count, pause, *, target="/login", method="POST", status=401, address="5.4.3.2"):
    return [
        Request(address, START + n * timedelta(seconds=pause), method, target.format(n), status, "-", "x")
        for n in range(count)
    ]


def rules(found):
    return [hit.rule for hit in find_hits(found)]


def test_eighth_failed_login_in_ten_minutes_is_the_first_hit():
    assert rules(requests(7, 10)) == []
    assert rules(requests(10, 10)) == ["LOGIN-1"] * 3


def test_request_leaves_the_window_when_it_is_ten_minutes_old():
    early = requests(7, 1)[:1] * 7
    late = requests(2, 600)[1:]
    assert rules([*early, *late]) == []
    assert rules([*early, *requests(2, 599)[1:]]) == ["LOGIN-1"]


def test_slow_or_spread_failed_logins_are_no_stuffing():
    assert rules(requests(40, 90)) == []
    assert rules([r for n in range(9) for r in requests(4, 10, address=f"5.4.3.{n}")]) == []


def test_successful_logins_do_not_count():
    assert rules(requests(30, 5, status=302)) == []


def test_forty_different_pages_in_two_minutes_are_scraping():
    assert rules(requests(40, 2, target="/reports/{}", method="GET", status=200)) == ["SCRAPE-1"]


def test_one_page_polled_fast_is_not_scraping():
    assert rules(requests(300, 1, target="/api/v1/ticker", method="GET", status=200)) == []


def test_third_scanner_path_is_a_hit_and_the_same_path_again_is_not():
    assert rules(requests(9, 1, target="/.env", method="GET", status=404)) == []
    paths = ("/.env", "/wp-login.php", "/.git/config")
    probes = [Request("5.4.3.2", START, "GET", path, 404, "-", "x") for path in paths]
    assert rules(probes) == ["SCAN-1"]


def test_many_missing_pages_are_a_scan():
    assert rules(requests(16, 2, target="/guess{}", method="GET", status=404)) == ["SCAN-2"] * 2


@given(
    st.lists(st.tuples(st.integers(0, 4000), st.integers(0, 2), st.integers(0, 60)), max_size=150), st.integers(0, 4000)
)
def test_log_read_in_pieces_gives_the_hits_of_the_whole(rows, cut):
    def one(second, source, page):
        at = START + timedelta(seconds=second)
        if page < 20:
            return Request(f"5.4.3.{source}", at, "POST", "/login", 401, "-", "x")
        return Request(f"5.4.3.{source}", at, "GET", f"/.env{page}" if page > 50 else f"/{page}", 404, "-", "x")

    log = sorted((one(*row) for row in rows), key=lambda request: request.at)
    middle = START + timedelta(seconds=cut)
    before = list(find_hits([r for r in log if r.at <= middle]))
    after = [hit for hit in find_hits([r for r in log if r.at > middle - LONGEST_WINDOW]) if hit.request.at > middle]
    assert before + after == list(find_hits(log))
