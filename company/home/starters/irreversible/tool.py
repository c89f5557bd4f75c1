"""The company's own tool `sketch`: it hands a message to whoever empties the outbox in its folder.

What lies in the outbox may be sent at any moment, so it cannot be taken back. Replace the two lines that write the file
by the request that sends the message; send `reach.key` along, so that a repeated request is known as one.
"""

from pydantic import BaseModel

from company import Reach, ToolError, tool

LONGEST = 4_000
"""Characters a message may have."""

EXAMPLES = {"sketch": [{"text": "the lift is inspected on the first of the month"}]}
"""What `company tool check --call` calls it with; each has to give a result."""


class Sketch(BaseModel):
    """The message that was handed over."""

    file: str
    characters: int


async def find_sketch(reach: Reach) -> Sketch | None:
    """Find what an earlier call with this key handed over; None when there was none."""
    file = reach.folder / f"{reach.key}.txt"
    return Sketch(file=file.name, characters=len(file.read_text("utf-8"))) if file.exists() else None


@tool(
    effect="irreversible",  # a person is asked before each call, unless a mandate in company.toml covers it
    trust="trusted",  # "untrusted" when strangers can write what it returns, as whatever a host answers
    idempotent=True,  # the file is called after the call's key, so a repeated call sends nothing twice
    lookup=find_sketch,  # asked instead of a person when nobody knows whether a call happened
    hosts=(),  # whom it may connect to, such as ("api.example.com",); nobody else can be reached
    secrets=(),  # what a person keeps for it: reach.secret("name")
    files=(),  # what it may read besides its own folder `reach.folder`, such as ("~/notes",)
    timeout=20.0,  # seconds that one call may take
    rate="",  # how often it may be called, such as "30/minute"
)
def sketch(text: str, reach: Reach) -> Sketch:
    """Hand a message to the outbox of `sketch`, and return its file and length.

    Args:
        text: The message, at most 4,000 characters.
    """
    if not text.strip() or len(text) > LONGEST:
        raise ToolError(f"a message has from 1 to {LONGEST:,} characters")
    file = reach.folder / f"{reach.key}.txt"
    file.write_text(text, "utf-8")
    return Sketch(file=file.name, characters=len(text))
