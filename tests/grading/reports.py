"""Reports as a grading leaves them, for tests of what is done with reports."""

from decimal import Decimal

from company.grading.result import Fault, Report, Result, Subject, Trial

IDENTITY = {
    "version": "1.0.0",
    "models": {"deep": ["autopilot"], "fast": ["autopilot"], "smart": ["autopilot"]},
    "prompts": "p" * 16,
    "roles": "r" * 16,
    "tools": "t" * 16,
    "settings": "s" * 16,
    "world": "w" * 16,
    "commit": "c" * 40,
}
REMOTE = IDENTITY | {"models": {name: ["openai:gpt-6-luna"] for name in ("deep", "fast", "smart")}}
"""What is graded when the tiers are a provider's model, which answers differently each time."""


def result(name: str, passed: int = 1, trials: int = 1, *, golden: bool = False, digest: str = "d" * 64) -> Result:
    """A case that passed so many of its trials."""
    bad = Trial((Fault("orders", "0 orders filled, at least 1 wanted"),), 2.0, Decimal("0.02"), 4)
    good = Trial((), 1.0, Decimal("0.01"), 2)
    subject = Subject(name, golden, 7, (), "cases.yaml:1", digest)
    return Result(subject, (good,) * passed + (bad,) * (trials - passed))


def report(*results: Result, identity: dict = IDENTITY) -> Report:
    """A report of these cases."""
    return Report(identity, results, 3.0)
