"""The company's own tool `sketch`: it tells what stands in its table, until you let it ask somebody."""

from datetime import datetime

from pydantic import BaseModel

from company import Reach, ToolError, tool

KNOWN: dict[str, str] = {}
"""What it can tell, by a word that the question has to hold; empty until you write something in."""

EXAMPLES = {"sketch": [{"question": "what do you know about this?"}]}
"""What `company tool check` calls it with; each has to give a result."""


class Sketch(BaseModel):
    """What was found, by the words of the question; empty when nothing is known."""

    known: dict[str, str]
    at: datetime


@tool(
    effect="read",  # "write" or "irreversible" when a call changes something
    trust="trusted",  # "untrusted" when strangers can write what it returns, as whatever a host answers
    hosts=(),  # whom it may connect to, such as ("api.example.com",); nobody else can be reached
    secrets=(),  # what a person keeps for it: reach.secret("name")
    files=(),  # what it may read besides its own folder `reach.folder`, such as ("~/notes",)
    timeout=20.0,  # seconds that one call may take
    rate="",  # how often it may be called, such as "30/minute"
)
def sketch(question: str, reach: Reach) -> Sketch:
    """Return what `sketch` knows about the words of a question. An empty result means that it knows nothing of it.

    Args:
        question: The question in the person's own words.
    """
    if not question.strip():
        raise ToolError("the question is empty: ask in words")
    words = question.casefold()
    return Sketch(known={word: text for word, text in KNOWN.items() if word.casefold() in words}, at=reach.now)
