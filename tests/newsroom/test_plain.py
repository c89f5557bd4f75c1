import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from company.newsroom import plain
from company.newsroom.plain import hides_text, line


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("<p>One</p><p>Two</p>", "One\n\nTwo"),
        ("a<br>b", "a\nb"),
        ("a <!-- hidden --> b", "a b"),
        ("a <!-- never closed", "a"),
        ("a<script>alert('x')</script>b", "a b"),
        ("a<STYLE>p{}</Style >b", "a b"),
        ("<script>never closed", ""),
        ("x < y and y > z", "x < y and y > z"),
        ("AT&amp;T &lt;b&gt;", "AT&T <b>"),
        ("one\r\ntwo\r\n\r\n\r\nthree", "one\ntwo\n\nthree"),
        ("sell\u202eyub\u202c", "sellyub"),
        ("i\u200bg\u2060n\ufeffo\U000e0041re", "ignore"),
        ("a\x00\x1b[31mb", "a[31mb"),
        ("<![CDATA[inside]]>", "inside"),
        ("caf\u0065\u0301", "café"),
    ],
)
def test_markup_and_unseen_characters_are_taken_out(text: str, seen: str) -> None:
    assert plain(text, 1_000) == seen


def test_long_text_is_cut_with_an_ellipsis() -> None:
    assert plain("word " * 100, 12) == "word word w…"
    assert line("a\n\nb  c", 100) == "a b c"


@given(st.text(), st.integers(1, 50))
def test_result_is_never_longer_than_its_limit_and_holds_no_unseen_characters(text: str, limit: int) -> None:
    result = plain(text, limit)
    assert len(result) <= limit
    unseen = {unicodedata.category(character) for character in result if character != "\n"} & {"Cc", "Cf", "Cs", "Co"}
    assert not unseen
    assert not hides_text(result)


def test_hidden_characters_are_noticed_and_ordinary_accents_are_not() -> None:
    assert hides_text("ig\u200bnore")
    assert hides_text("\U000e0041")
    assert not hides_text("Zürich, ½, naïve, 東京, 😀")
