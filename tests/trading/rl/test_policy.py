import io
import zipfile
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from company.cli.app import app
from company.errors import UsageError
from company.trading.backtest import Terms, over_bars
from company.trading.features import frame
from company.trading.risk import RiskLimits
from company.trading.rl import ACTIONS, NAMES, Policy, Trained
from company.trading.signals import Follower, Owned, State, Strategy

RECORDED = Path(__file__).parent / "recorded.npz"


class Standing:
    """An account that always stands the same."""

    def __init__(self, exposure=0.0):
        self.owned = Owned(equity=100_000.0, exposure=exposure, drawdown=0.01)

    def at(self, _state):
        return self.owned


def wish(policy, bars, exposure=0.0, row=-1):
    strategy, made = Trained(policy), frame(bars)
    strategy.follow(Standing(exposure))
    return strategy(State(made, len(made) + row if row < 0 else row))


def test_the_forward_pass_agrees_with_what_stable_baselines3_answered(trained):
    with np.load(RECORDED) as recorded:
        observations, actions = recorded["observations"], recorded["actions"]
        values, logits = recorded["values"], recorded["logits"]

    ours = trained.actor(observations)
    shifted = ours - np.log(np.exp(ours).sum(axis=1, keepdims=True))  # torch keeps logits that sum to one
    assert len(set(actions.tolist())) > 1
    assert trained.acts(observations).tolist() == actions.tolist()
    assert [trained.act(row) for row in observations] == actions.tolist()
    assert trained.values(observations) == pytest.approx(values, abs=1e-5)
    assert shifted == pytest.approx(logits, abs=1e-5)


def test_the_files_are_small_and_hold_no_pickled_object(trained_file):
    for path in (trained_file, RECORDED):
        assert path.stat().st_size < 100_000
        with np.load(path, allow_pickle=False) as file:
            assert all(file[name].dtype != object for name in file.files)


def test_a_policy_is_the_same_after_it_was_saved_and_loaded(trained, tmp_path):
    trained.save(tmp_path / "again.npz")
    again = Policy.load(tmp_path / "again.npz")

    observations = np.random.default_rng(1).uniform(-1, 1, (50, len(NAMES)))
    assert (again.values(observations) == trained.values(observations)).all()
    assert (again.acts(observations) == trained.acts(observations)).all()
    assert again.full == trained.full


def test_a_trained_policy_is_a_strategy_that_follows_its_account(trained):
    strategy: Strategy = Trained(trained)

    assert isinstance(strategy, Follower)
    with pytest.raises(RuntimeError, match="follow"):
        strategy(None)


def test_it_wishes_for_what_leads_to_the_position_it_wants(walk, wanting):
    bars = walk(120)
    bought, halved, left = wish(wanting(4), bars), wish(wanting(2), bars, 0.1), wish(wanting(0), bars, 0.03)

    assert (bought.side, bought.conviction, bought.at_most) == ("buy", 1, 10_000)
    assert (halved.side, float(halved.conviction)) == ("sell", 0.5)
    assert (left.side, left.conviction) == ("sell", 1)
    assert bought.reason == "the policy asks for 100% of a full position, 0% is held"


def test_it_leaves_alone_what_is_nearly_there(walk, wanting):
    assert wish(wanting(2), walk(120), 0.06) is None
    assert wish(wanting(0), walk(120), 0.0005) is None


def test_it_wishes_for_nothing_while_the_features_warm_up(walk, wanting):
    assert wish(wanting(4), walk(120), row=47) is None
    assert wish(wanting(4), walk(120), row=48) is not None


def test_a_backtest_of_a_policy_trades_and_never_holds_more_than_a_full_position(walk, wanting):
    result = over_bars(
        "policy", lambda _: Trained(wanting(4)), [walk(400)], terms=Terms(), limits=RiskLimits(), source="walk"
    )

    assert result.fills
    assert 5 < result.measures.exposure < 11


def test_a_backtest_runs_two_symbols_each_with_an_account_of_its_own_view(walk, wanting):
    histories = [walk(400), walk(400, seed=9, symbol="ETH/USDT")]
    result = over_bars(
        "policy", lambda _: Trained(wanting(2)), histories, terms=Terms(), limits=RiskLimits(), source="walk"
    )

    assert {fill.symbol for fill in result.fills} == {"BTC/USDT", "ETH/USDT"}


def test_the_command_follows_a_policy_from_a_file(trained_file):
    words = ["backtest", "policy", "--policy", str(trained_file), "--data", "paper", "--to", "2026-01-08"]
    done = CliRunner().invoke(app, words)

    assert done.exit_code == 0, done.exception
    assert done.stdout.startswith("policy on BTC/USDT, 168 bars of 1h from paper world")


@pytest.mark.parametrize("words", [["policy"], ["momentum", "--policy", "x.npz"]])
def test_the_command_wants_a_file_for_a_policy_and_for_nothing_else(words):
    done = CliRunner().invoke(app, ["backtest", *words, "--data", "paper"])

    assert isinstance(done.exception, UsageError)
    assert "belong together" in str(done.exception)


def archive(**changed):
    """The bytes of a file whose parts were changed; None leaves one out."""
    with np.load(Path(__file__).parent / "trained.npz") as file:
        parts = {name: file[name] for name in file.files} | changed
    stream = io.BytesIO()
    np.savez(stream, **{name: part for name, part in parts.items() if part is not None})
    return stream.getvalue()


def number(shape, value=0.0):
    return np.full(shape, value, dtype=np.float32)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "not a whole .npz"),
        (b"timestamp,open\n1,2\n", "not a whole .npz"),
        (archive()[:3000], "not a whole .npz"),
        (archive(format=None), "missing"),
        (archive(full=None), "missing"),
        (archive(actor_0_biases=None), "missing"),
        (archive(format=np.array("other")), "its format is 'other'"),
        (archive(full=np.array(2.0)), "do not fit together"),
        (archive(full=np.array(np.nan)), "do not fit together"),
        (archive(actor_0_weights=number((32, 3))), "do not fit together"),
        (archive(actor_0_biases=number((31,))), "do not fit together"),
        (archive(actor_1_biases=number((32,), np.nan)), "do not fit together"),
        (archive(actor_0_weights=number(())), "do not fit together"),
        (archive(actions=np.array(ACTIONS + 1)), "train it again"),
        (archive(observes=np.array(["luck", *NAMES[1:]])), "observes luck"),
    ],
)
def test_a_file_that_is_no_policy_is_refused(tmp_path, content, words):
    path = tmp_path / "p.npz"
    path.write_bytes(content)

    with pytest.raises(UsageError) as raised:
        Policy.load(path)
    assert words in str(raised.value)
    assert "p.npz" in str(raised.value)


def test_a_file_with_pickled_objects_is_refused_and_runs_nothing(tmp_path):
    path = tmp_path / "p.npz"
    with zipfile.ZipFile(path, "w") as file, file.open("format.npy", "w") as part:
        np.lib.format.write_array(part, np.array([{"an": "object"}], dtype=object), allow_pickle=True)

    with pytest.raises(UsageError, match="no policy"):
        Policy.load(path)


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(UsageError, match="there is no such file"):
        Policy.load(tmp_path / "nowhere.npz")
