"""Redaction: no form of a secret is left in a text, and a text without one is not touched.

`forms` is made without the code it tests; whoever searches files for a secret can use it too.
"""

import base64
import json
import string
from collections.abc import Iterator, Mapping
from itertools import pairwise
from pathlib import Path
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from company.errors import UsageError
from company.store import Redactor

OPENAI = "sk-proj-Ab3_dE6-gH9jKlMnOpQrStUvWxYz0123456789abcd"
ANTHROPIC = "sk-ant-api03-zYxWvUtSrQ+oNmLkJ/hGfEdCbA9876543210=="
SECRETS = {"provider:openai": OPENAI, "provider:anthropic": ANTHROPIC}

KEY = st.text(string.ascii_letters + string.digits + "-_+/=.~:!$%&", min_size=8, max_size=60)
REAL_KEY = st.text(string.ascii_letters + string.digits + "-_", min_size=8, max_size=60)
"""What masks are tried on: providers mask with characters that their keys do not have."""


def forms(secret: str) -> dict[str, str]:
    """Spellings of a secret, by name; no text may hold any of them, whatever stands around it."""
    raw = secret.encode()
    aligned = {f"base64 after {offset} bytes": _core(raw, offset) for offset in range(3)}
    return {
        "plain": secret,
        "reversed": secret[::-1],
        "hex": raw.hex(),
        "HEX": raw.hex().upper(),
        "percent": quote(secret, safe=""),
        "percent, path": quote(secret),
        "percent, form": quote_plus(secret),
        "percent, all of it": "".join(f"%{byte:02X}" for byte in raw),
        "percent, all of it, small": "".join(f"%{byte:02x}" for byte in raw),
        "JSON": json.dumps(secret)[1:-1],
        **aligned,
        **{f"{name}, URL-safe": text.translate(str.maketrans("+/", "-_")) for name, text in aligned.items()},
    }


def masked(secret: str, head: int, tail: int, mask: str) -> str:
    """A secret as providers show it in an error."""
    return f"{secret[:head]}{mask}{secret[-tail:]}"


def _core(raw: bytes, offset: int) -> str:
    """What base64 of `raw` has in common whatever stands before and after it."""
    ones, zeros = (base64.b64encode(side * offset + raw + side * 3).decode() for side in (b"\xff", b"\x00"))
    differ = [-1, *(at for at, pair in enumerate(zip(ones, zeros, strict=True)) if len(set(pair)) == 2)]
    start, end = max(pairwise([*differ, len(ones)]), key=lambda gap: gap[1] - gap[0])
    return ones[start + 1 : end]


def redactor(secrets: Mapping[str, str]) -> Redactor:
    return Redactor(lambda: secrets)


def embeddings(secret: str, before: bytes, after: bytes) -> Iterator[str]:
    """The secret inside something longer, encoded as a whole."""
    whole = before + secret.encode() + after
    yield base64.b64encode(whole).decode()
    yield base64.urlsafe_b64encode(whole).decode()
    yield whole.hex()
    yield whole.hex().upper()
    yield quote(whole, safe="")
    yield quote(base64.b64encode(whole), safe="")


@given(st.lists(KEY, min_size=1, max_size=3, unique=True), st.text(), st.data())
def test_no_form_of_a_secret_is_left_in_any_text(keys, text, data) -> None:
    secret = data.draw(st.sampled_from(keys))
    form = data.draw(st.sampled_from(list(forms(secret).values())))
    at = data.draw(st.integers(0, len(text)))
    left = redactor({f"#{n}": key for n, key in enumerate(keys)}).text(text[:at] + form + text[at:])
    assert [name for name, form in forms(secret).items() if form in left] == []


@given(KEY, st.binary(max_size=9), st.binary(max_size=9), st.text())
def test_a_secret_encoded_together_with_its_surroundings_is_found(key, before, after, text) -> None:
    for embedded in embeddings(key, before, after):
        left = redactor({"#": key}).text(text + embedded + text)
        assert "[secret #]" in left
        assert [name for name, form in forms(key).items() if form in left] == []


@given(REAL_KEY, st.data(), st.text(), st.text())
def test_a_partly_masked_secret_is_found(key, data, before, after) -> None:
    head = data.draw(st.integers(2, len(key) - 4))
    tail = data.draw(st.integers(2, len(key) - head - 1))
    shown = masked(key, head, tail, data.draw(st.sampled_from(["**", "*" * 40, "...", "…", "••••"])))
    assert shown not in redactor({"#": key}).text(f"{before} {shown} {after}")


@given(KEY.filter(lambda key: "%" not in key), st.data())
def test_any_mixture_of_percent_escapes_is_found(key, data) -> None:
    escape = data.draw(st.lists(st.sampled_from([str, "%{:02x}".format, "%{:02X}".format]), min_size=1))
    mixed = "".join(
        letter if (how := escape[at % len(escape)]) is str else how(ord(letter)) for at, letter in enumerate(key)
    )
    assert redactor({"#": key}).text(f"https://x.example/?q={mixed}&r=1") == "https://x.example/?q=[secret #]&r=1"


@given(st.text())
def test_a_text_without_a_secret_comes_back_as_the_same_object(text) -> None:
    assert redactor(SECRETS).text(text) is text


def test_the_text_around_a_secret_stays_and_its_name_is_told() -> None:
    shown = redactor(SECRETS).text(f"Bearer {OPENAI}, x-api-key: {ANTHROPIC}.")
    assert shown == "Bearer [secret provider:openai], x-api-key: [secret provider:anthropic]."


@pytest.mark.parametrize(
    "shown",
    [
        "sk-proj-********************************abcd",
        "sk-pr***cd",
        "sk-p****",
        "****abcd",
        "sk-proj-Ab3...9abcd",
    ],
)
def test_what_providers_echo_in_errors_is_found(shown: str) -> None:
    error = f"Incorrect API key provided: {shown}. You can find your API key at https://platform.openai.com"
    assert redactor(SECRETS).text(error) == error.replace(shown, "[secret provider:openai]")


def test_a_masked_secret_is_named_by_the_best_fit_of_several() -> None:
    secrets = {"one": "sk-proj-aaaaaaaaaaaaaaaa1111", "two": "sk-proj-bbbbbbbbbbbbbbbb2222"}
    assert redactor(secrets).text("sk-proj-****2222 sk-proj-****1111") == "[secret two] [secret one]"


@pytest.mark.parametrize(
    "text",
    ["**bold** and so on...", "a table | *** | ---", "sk-***", "the desk... sk- is a prefix", "up 5 % to %d, 100%25"],
)
def test_ordinary_text_with_stars_dots_and_percent_signs_stays(text: str) -> None:
    assert redactor(SECRETS).text(text) is text


def test_a_secret_with_quotes_lines_and_letters_beyond_ascii_is_found_in_json_too() -> None:
    secret = 'pass "phrase"\nwith ünïcode\\'
    for text in (secret, json.dumps(secret), json.dumps(secret, ensure_ascii=False), quote(secret), quote_plus(secret)):
        left = redactor({"venue": secret}).text(f"<{text}>")
        assert left.strip('<">') == "[secret venue]"


def test_nested_data_is_cleaned_in_keys_and_values_and_the_rest_is_kept() -> None:
    data = {"a": [1, None, {"k": f"x{OPENAI}"}], OPENAI: True, "same": {"b": ["c"]}, "pair": ("d", OPENAI)}
    clean = redactor(SECRETS).data(data)
    assert clean == {
        "a": [1, None, {"k": "x[secret provider:openai]"}],
        "[secret provider:openai]": True,
        "same": {"b": ["c"]},
        "pair": ("d", "[secret provider:openai]"),
    }
    assert clean["same"] is data["same"]


def test_data_without_a_secret_comes_back_as_the_same_object() -> None:
    data = {"a": [1, {"b": "text"}], "c": ()}
    assert redactor(SECRETS).data(data) is data


@pytest.mark.parametrize("secrets", [{}, {"short": "hunter2"}, {"LM_STUDIO_API_KEY": "lm-studio"}])
def test_without_a_value_worth_hiding_everything_comes_back_as_it_is(secrets: Mapping[str, str]) -> None:
    text = "hunter2 at lm-studio **hunter2**"
    assert redactor(secrets).text(text) is text
    assert redactor(secrets).data(data := {"a": text}) is data


def test_nothing_is_asked_before_the_first_text() -> None:
    asked: list[int] = []
    lazy = Redactor(lambda: asked.append(1) or SECRETS)
    assert asked == []
    lazy.text("hello")
    assert asked == [1]


def test_a_secret_that_was_replaced_stays_known() -> None:
    current = {"provider:openai": OPENAI}
    finds = Redactor(lambda: current)
    finds.text("")
    current = {"provider:openai": ANTHROPIC}
    assert finds.text(f"{OPENAI} {ANTHROPIC}") == "[secret provider:openai] [secret provider:openai]"


def test_a_secret_is_still_taken_out_where_the_mark_of_another_completes_it() -> None:
    secrets = {"one": "0123456789", "two": "]abcdefgh"}
    left = redactor(secrets).text("0123456789abcdefgh")
    assert "]abcdefgh" not in left


def test_secrets_that_cannot_be_read_stop_the_text() -> None:
    def unreadable() -> Mapping[str, str]:
        raise UsageError("its master key is missing")

    with pytest.raises(UsageError, match="master key is missing"):
        Redactor(unreadable).text("anything")


def test_the_forms_of_this_test_are_right() -> None:
    whole = base64.b64encode(b"header" + OPENAI.encode() + b"rest").decode()
    assert forms(OPENAI)["base64 after 0 bytes"] in whole
    assert forms(OPENAI)["base64 after 2 bytes"] in base64.b64encode(b"xx" + OPENAI.encode()).decode()
    assert all(len(form) >= len(OPENAI) for form in forms(OPENAI).values())


def test_forms_can_be_searched_for_in_files(tmp_path: Path) -> None:
    (tmp_path / "log").write_text(redactor(SECRETS).text(" ".join(forms(OPENAI).values())))
    assert not any(form in (tmp_path / "log").read_text() for form in forms(OPENAI).values())
