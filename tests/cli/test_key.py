"""`company key`: a key goes in by a hidden prompt or standard input, and never comes out again."""

import io
import json
import os
import pty
import select
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from company.cli import main

KEY = "sk-proj-Ab3_dE6-gH9jKlMnOpQrStUv"


class Done(NamedTuple):
    """What a command said, and its exit code."""

    code: int
    out: str
    err: str


Run = Callable[..., Done]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("COMPANY_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture
def run(home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run `company key ...` with something on standard input."""

    def _run(*arguments: str, given: bytes = b"") -> Done:
        monkeypatch.setattr(sys, "argv", ["company", "key", *arguments])
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(given)))
        with pytest.raises(SystemExit) as ended:
            main()
        said = capsys.readouterr()
        return Done(int(ended.value.code or 0), said.out, said.err)

    return _run


def rows(run: Run) -> dict[str, dict[str, object]]:
    return {row["id"]: row for row in json.loads(run("list", "--json").out)}


def test_a_key_from_standard_input_is_kept_and_never_shown(run, home) -> None:
    done = run("set", "openai", given=f"{KEY}\n".encode())
    listed, described = run("list"), run("list", "--json")
    assert (done.code, listed.code, described.code) == (0, 0, 0)
    assert KEY not in "".join([*done[1:], *listed[1:], *described[1:]])
    assert not any(KEY.encode() in path.read_bytes() for path in home.iterdir())
    assert rows(run)["openai"].items() >= {"set": True, "origin": "secret store"}.items()


def test_set_says_where_the_master_key_is_and_that_no_key_turns_on_live_trading(run) -> None:
    lines = run("set", "openai", given=KEY.encode()).out.splitlines()
    assert str(Path(os.environ["HOME"], ".config", "company", "keys")) in lines[0]
    assert lines[-1] == "A key never turns on live trading."


def test_the_journal_does_not_hear_of_keys(run, home) -> None:
    from company.home import open_store

    run("set", "openai", given=KEY.encode())
    run("remove", "openai")
    store = open_store(home)
    assert store.journal.last_seq() == 0
    store.close()


@pytest.mark.parametrize("arguments", [("openai", KEY), ("openai", "--", KEY), ("openai", KEY, "more")])
def test_a_key_as_an_argument_is_refused_and_not_repeated(run, home, arguments: tuple[str, ...]) -> None:
    done = run("set", *arguments)
    assert done.code == 2
    assert "never an argument" in done.err
    assert KEY not in done.out + done.err
    assert not (home / "secrets.json").exists()


@pytest.mark.parametrize("command", ["set", "remove"])
def test_a_key_in_the_place_of_the_provider_is_not_repeated(run, command: str) -> None:
    done = run(command, KEY)
    assert done.code == 2
    assert KEY not in done.out + done.err


@pytest.mark.parametrize("command", ["set", "remove"])
def test_an_unknown_provider_is_answered_with_the_nearest(run, command: str) -> None:
    done = run(command, "opanai", given=KEY.encode())
    assert done.code == 2
    assert "'opanai'" in done.err
    assert "did you mean 'openai'?" in done.err


@pytest.mark.parametrize(
    "given", [b"", b"  \n", b"sk-abc defghi", b"sk-abcdefgh\nsk-ijklmnop\n", b"short", b"\xff\xfe" * 9]
)
def test_what_cannot_be_a_key_is_refused(run, home, given: bytes) -> None:
    done = run("set", "openai", given=given)
    assert done.code == 2
    assert "→" in done.err
    assert not (home / "secrets.json").exists()


def test_a_byte_order_mark_before_the_key_is_no_part_of_it(run, home) -> None:
    assert run("set", "openai", given=b"\xef\xbb\xbf" + KEY.encode() + b"\r\n").code == 0


def test_a_key_of_the_environment_comes_first(run, monkeypatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    done = run("set", "openai", given=KEY.encode())
    row = rows(run)["openai"]
    assert "OPENAI_API_KEY is set in the environment and comes first" in done.out
    assert (row["origin"], row["since"], row["variable"]) == ("environment", None, "OPENAI_API_KEY")


def test_remove_forgets_the_key_and_fails_when_there_is_none(run, monkeypatch) -> None:
    run("set", "openai", given=KEY.encode())
    first, second = run("remove", "openai"), run("remove", "openai")
    assert (first.code, second.code) == (0, 1)
    assert rows(run)["openai"]["set"] is False
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    assert "unset OPENAI_API_KEY" in run("remove", "openai").err


def test_list_shows_every_provider_and_says_what_is_not_set(run) -> None:
    listed = run("list").out
    assert [line.split()[0] for line in listed.splitlines()] == ["provider", "anthropic", "ollama", "openai"]
    assert listed.count("not set") == 3


def test_providers_of_the_company_are_known_even_when_its_roles_and_tools_are_broken(
    run, tmp_path, monkeypatch
) -> None:
    root = tmp_path / "acme"
    for path, text in {
        "company.toml": '[providers.lab]\nkind = "openai"\nbase_url = "http://127.0.0.1:1/v1"\n',
        "roles/ceo.md": "no front matter",
        "tools/broken.py": "raise SystemExit(9)",
    }.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
    monkeypatch.chdir(root)
    assert run("set", "lab", given=KEY.encode()).code == 0
    assert rows(run)["lab"].items() >= {"set": True, "variable": "LAB_API_KEY"}.items()
    (root / "company.toml").write_text("")
    assert rows(run)["lab"].items() >= {"set": True, "variable": None}.items()
    assert run("remove", "lab").code == 0
    assert "lab" not in rows(run)


def test_an_unreadable_store_fails_every_command(run, home) -> None:
    run("set", "openai", given=KEY.encode())
    (home / "secrets.json").write_text("{")
    for command in (("set", "openai"), ("list",), ("list", "--json"), ("remove", "openai")):
        done = run(*command, given=KEY.encode())
        assert done.code == 2
        assert "secrets.json" in done.err
    assert (home / "secrets.json").read_text() == "{"


def test_at_a_terminal_the_key_is_asked_for_and_not_echoed(home) -> None:
    terminal, end = pty.openpty()
    command = [sys.executable, "-m", "company", "key", "set", "openai"]
    process = subprocess.Popen(command, stdin=end, stdout=end, stderr=end, start_new_session=True)
    os.close(end)
    shown = read_until(terminal, b"not shown): ")
    os.write(terminal, f"{KEY}\n".encode())
    shown += read_until(terminal, b"live trading")
    assert process.wait(timeout=30) == 0
    os.close(terminal)
    assert KEY.encode() not in shown
    assert (home / "secrets.json").exists()


def read_until(terminal: int, words: bytes) -> bytes:
    shown = b""
    while words not in shown:
        assert select.select([terminal], [], [], 30)[0], shown
        shown += os.read(terminal, 1000)
    return shown
