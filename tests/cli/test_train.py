"""`company train`: what is said before minutes are spent, and the real thing where the extra is installed."""

import json
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from company.cli.app import app
from company.errors import UsageError
from company.trading.rl import Policy
from tests.cli.test_backtest import write

HAS_RL = find_spec("stable_baselines3") is not None


def call(*words: str) -> Result:
    return CliRunner().invoke(app, ["train", *words])


def refusal(*words: str) -> str:
    done = call(*words)
    assert isinstance(done.exception, UsageError), done.output
    assert done.stdout == ""
    return str(done.exception)


@pytest.mark.skipif(HAS_RL, reason="the extra is installed")
def test_without_the_extra_the_person_is_told_what_to_install(tmp_path: Path) -> None:
    out = tmp_path / "policy.npz"

    said = refusal("--data", str(write(tmp_path / "btc.csv", 800)), "--out", str(out))

    assert "training needs stable_baselines3" in said
    assert "pip install 'the-ai-company[rl]'" in said
    assert list(tmp_path.glob("*policy*")) == []


def test_bad_candles_are_named_with_their_place_before_anything_is_trained(tmp_path: Path) -> None:
    file = write(tmp_path / "btc.csv", 800)
    file.write_text(file.read_text().replace(",9000\n", ",nan\n", 1))

    said = refusal("--data", str(file), "--out", str(tmp_path / "policy.npz"))

    assert str(file) in said
    assert "nan" in said
    assert not (tmp_path / "policy.npz").exists()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--symbol", "BTC"), "'BTC' is no symbol"),
        (("--from", "soon"), "'soon' is not a time"),
        (("--from", "2031-01-01"), "no bar lies in the asked time"),
        (("--out", "nowhere/policy.npz"), "is no file in a folder that is there"),
    ],
)
def test_what_cannot_be_done_is_told(tmp_path: Path, words: tuple[str, ...], said: str) -> None:
    out = () if "--out" in words else ("--out", str(tmp_path / "policy.npz"))

    assert said in refusal("--data", str(write(tmp_path / "btc.csv")), *out, *words)


@pytest.mark.skipif(not HAS_RL, reason="stable-baselines3 is not installed")
def test_the_same_bars_steps_and_seed_write_the_same_file(tmp_path: Path) -> None:
    data = str(write(tmp_path / "btc.csv", 800))
    told = []
    for name in ("a.npz", "b.npz"):
        done = call("--data", data, "--steps", "1024", "--seed", "5", "--out", str(tmp_path / name), "--json")
        told.append(json.loads(done.stdout))

    assert told[0]["sha256"] == told[1]["sha256"] == sha256((tmp_path / "a.npz").read_bytes()).hexdigest()
    assert (told[0]["seed"], told[0]["steps"], told[0]["histories"][0]["bars"]) == (5, 1024, 800)
    assert Policy.load(tmp_path / "a.npz").full == 0.1
