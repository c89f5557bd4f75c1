"""Which arm of an experiment a conversation is of.

Nothing is drawn and nothing is stored: the hash of the two names decides, so that a conversation is of the same arm
after a restart and on every host.
"""

from hashlib import sha256
from typing import Literal

from company.store import WHOLE


def arm_of(experiment: str, thread_id: str, weight: int) -> Literal["a", "b"]:
    """Return the arm of a conversation.

    Args:
        experiment: Id of the experiment.
        thread_id: The conversation.
        weight: How many of 10,000 conversations are of arm `b`.
    """
    number = int(sha256(f"{experiment}|{thread_id}".encode()).hexdigest(), 16)
    return "b" if number % WHOLE < weight else "a"
