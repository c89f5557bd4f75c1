"""`company train`: a policy of one's own, learnt from bars that have been, for `company backtest policy`.

Training needs the extra `rl`; following what it wrote needs numpy only. The same bars, steps and seed give the same
policy on the same machine. The file is written whole when training is over, or not at all.
"""

import json
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from company.cli.opening import AsJson, Directory, calm_numpy, find_company, tell
from company.errors import UsageError

if TYPE_CHECKING:
    from company.trading.rl import Policy

STEPS = 50_000


def register(app: typer.Typer) -> None:
    """Add the command of this module."""
    app.command("train")(train)


def train(
    data: Annotated[list[str], typer.Option(metavar="FILE", help="A file of candles, once a symbol.")],
    symbol: Annotated[list[str] | None, typer.Option(help="Symbol, once a file; BTC/USDT.")] = None,
    timeframe: Annotated[str, typer.Option(help="Length of a bar: 1m, 5m, 15m, 1h, 4h or 1d.")] = "1h",
    since: Annotated[str, typer.Option("--from", metavar="TIME", help="Only bars from then on (UTC).")] = "",
    until: Annotated[str, typer.Option("--to", metavar="TIME", help="Only bars that closed by then.")] = "",
    steps: Annotated[int, typer.Option(min=1, help="Bars to live through; a round of 1,024 is finished.")] = STEPS,
    seed: Annotated[int, typer.Option(min=0, help="One seed, one policy.")] = 7,
    out: Annotated[Path, typer.Option(metavar="FILE.npz", help="Where the policy is written.")] = Path("policy.npz"),
    as_json: AsJson = False,
    directory: Directory = None,
) -> None:
    """Train a policy on history, under the company's own limits, fees and exchange; needs the extra rl."""
    calm_numpy()
    from company.cli.backtest import histories_of, time_of
    from company.config import load_settings
    from company.trading import RiskLimits
    from company.trading.rl import train as trained

    _require_place(out)
    histories = histories_of(
        data, symbol or ["BTC/USDT"], timeframe, (time_of(since, "--from"), time_of(until, "--to"))
    )
    found = find_company(directory)
    tell(found)
    limits = RiskLimits.of(load_settings(found.config_file).limits)
    digest = _write(trained(histories, steps=steps, seed=seed, limits=limits), out)
    told = {
        "policy": str(out),
        "sha256": digest,
        "seed": seed,
        "steps": steps,
        "histories": [
            {"symbol": bars.symbol, "bars": len(bars), "from": bars.at(0).isoformat(), "to": bars.at(-1).isoformat()}
            for bars in histories
        ],
    }
    if as_json:
        typer.echo(json.dumps(told, ensure_ascii=False))
        return
    over = ", ".join(f"{len(bars):,} bars of {bars.symbol}" for bars in histories)
    typer.echo(f"wrote {out}: trained for {steps:,} steps on {over}, seed {seed} (sha256 {digest[:12]})")
    typer.echo(f"try it on later bars: company backtest policy --policy {out} --data FILE")


def _require_place(out: Path) -> None:
    """Refuse a place that cannot be written before minutes are spent."""
    if out.is_dir() or not out.absolute().parent.is_dir():
        raise UsageError(
            f"{out} is no file in a folder that is there", where="--out", cure="name a file, as policy.npz"
        )


def _write(policy: "Policy", out: Path) -> str:
    """Write a policy whole or not at all, and return the digest of the file."""
    part = out.with_name(f".{out.name}.part")
    try:
        policy.save(part)
        digest = sha256(part.read_bytes()).hexdigest()
        part.replace(out)
    except OSError as error:
        with suppress(OSError):
            part.unlink()
        what = f"the policy cannot be written: {error.strerror}"
        raise UsageError(what, where=str(out), cure="name a file in a folder you may write") from error
    return digest
