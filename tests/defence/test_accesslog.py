import time
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from company.defence import parse_line

PLAIN = '5.4.3.2 - - [20/Nov/2026:14:07:09 +0200] "GET /a%20b?x=1 HTTP/1.1" 200 512 "https://a.example/" "curl/8"'


def test_line_is_read_into_a_request_with_utc_time():
    request = parse_line(PLAIN + "\n")
    assert request is not None
    assert (request.address, request.method, request.target, request.status) == ("5.4.3.2", "GET", "/a%20b?x=1", 200)
    assert request.at == datetime(2026, 11, 20, 12, 7, 9, tzinfo=UTC)
    assert (request.path, request.referer, request.agent) == ("/a%20b", "https://a.example/", "curl/8")


def test_quotes_and_bytes_the_server_escaped_come_back():
    line = PLAIN.replace("curl/8", r"a \"b\" \x22c\x22 \xC3\xA9").replace("/a%20b", r"/\x22><b>")
    request = parse_line(line)
    assert request is not None
    assert request.agent == 'a "b" "c" é'
    assert request.target == '/"><b>?x=1'


def test_spaces_and_ipv6_are_part_of_the_request():
    request = parse_line(PLAIN.replace("5.4.3.2", "2a02:26f0::17").replace("/a%20b", "/a b c"))
    assert request is not None
    assert (request.address, request.target) == ("2a02:26f0::17", "/a b c?x=1")


@pytest.mark.parametrize(
    "line",
    [
        "",
        "nonsense",
        PLAIN[:70],
        PLAIN.replace("20/Nov", "31/Nov"),
        PLAIN.replace("Nov", "Nop"),
        PLAIN.replace("14:07", "25:07"),
        PLAIN.replace("+0200", "+9900"),
        PLAIN.replace("GET /a%20b?x=1 HTTP/1.1", r"\x16\x03\x01"),
        PLAIN.replace("GET /a%20b?x=1 HTTP/1.1", "-"),
        PLAIN.replace("/a%20b", "/" + "a" * 20_000),
    ],
)
def test_line_without_a_request_gives_none(line):
    assert parse_line(line) is None


@given(st.text() | st.binary().map(lambda raw: raw.decode("latin-1")))
def test_no_text_stops_the_reader(text):
    assert parse_line(text) is None
    parse_line(PLAIN.replace("curl/8", text))
    parse_line(PLAIN.replace("/a%20b", text))


@pytest.mark.parametrize("piece", ["\\", '"', '\\"', "[", " ", "a ", '" "', "\\x"])
def test_hostile_line_is_read_in_bounded_time(piece):
    started = time.process_time()
    parse_line(piece * (16_000 // len(piece)))
    parse_line(PLAIN.replace("curl/8", piece * (15_000 // len(piece))))
    parse_line(PLAIN.replace("/a%20b", piece * (15_000 // len(piece))))
    assert time.process_time() - started < 0.1
