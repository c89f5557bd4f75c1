"""Replay: a recorded run is played again, and held to what the journal says of it.

The real graph, prompts, plans, rules and ledgers work; what came from outside then (answers of models, what tools did,
memories, people) is on the run's tape (company/governor/tape.py) and comes from there. No model is asked, no tool runs.

A fork shares a run up to a step and goes on for real from there, in a copy of the home that is thrown away.
"""

from company.engine.replay.comparing import Difference
from company.engine.replay.decisions import Row
from company.engine.replay.fork import Change, Forked, fork
from company.engine.replay.reel import Reel
from company.engine.replay.replay import Replayed, replay
from company.engine.replay.steps import Step, steps

__all__ = ["Change", "Difference", "Forked", "Reel", "Replayed", "Row", "Step", "fork", "replay", "steps"]
