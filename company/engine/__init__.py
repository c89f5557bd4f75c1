"""The engine: starts, resumes, schedules and stops runs, embedded in one process.

It knows runs, approvals and the graph's doors; it does not know what a run does.
"""

from company.engine.engine import Engine
from company.engine.locks import Busy
from company.engine.stopping import cancel_orders, halt, pause, release

__all__ = ["Busy", "Engine", "cancel_orders", "halt", "pause", "release"]
