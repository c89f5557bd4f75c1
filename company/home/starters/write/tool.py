"""The company's own tool `sketch`: it keeps notes in its own folder, one file a note."""

from pydantic import BaseModel

from company import Reach, ToolError, tool

LONGEST = 4_000
"""Characters a note may have."""

EXAMPLES = {"sketch": [{"text": "the lift is inspected on the first of the month"}]}
"""What `company tool check --call` calls it with; each has to give a result."""


class Sketch(BaseModel):
    """The note that is kept."""

    file: str
    characters: int


@tool(
    effect="write",  # "irreversible" when it cannot be taken back
    trust="trusted",  # "untrusted" when strangers can write what it returns, as whatever a host answers
    idempotent=True,  # the file is called after the call's key, so a repeated call keeps no second note
    hosts=(),  # whom it may connect to, such as ("api.example.com",); nobody else can be reached
    secrets=(),  # what a person keeps for it: reach.secret("name")
    files=(),  # what it may read besides its own folder `reach.folder`, such as ("~/notes",)
    timeout=20.0,  # seconds that one call may take
    rate="",  # how often it may be called, such as "30/minute"
)
def sketch(text: str, reach: Reach) -> Sketch:
    """Keep a note among the notes of `sketch`, and return its file and length.

    Args:
        text: What to keep, at most 4,000 characters.
    """
    if not text.strip() or len(text) > LONGEST:
        raise ToolError(f"a note has from 1 to {LONGEST:,} characters")
    file = reach.folder / f"{reach.key}.txt"
    file.write_text(text, "utf-8")
    return Sketch(file=file.name, characters=len(text))
