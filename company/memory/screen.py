"""What may be remembered: text that is clean, short and no secret.

A memory is shown to models again and again, so a key written into it would leak for ever. The patterns are the public
formats of common credentials plus "name: value" phrases. They err on the side of refusing; a refusal tells the model
what to write instead and never repeats the text.
"""

import re
from typing import Final

from company.errors import ToolError
from company.memory.item import Note
from company.memory.words import clean

MAX_BYTES: Final = 4096
UNVERIFIED: Final = 1
"""The most a stranger's words are trusted."""

_SECRETS: Final = re.compile(
    r"""
      -----BEGIN[ A-Z]*PRIVATE\ KEY
    | \b(?:sk|rk|pk)[-_](?:[a-z]+[-_])*[A-Za-z0-9]{16,}   # OpenAI, Anthropic, Stripe
    | \b(?:AKIA|ASIA)[0-9A-Z]{16}\b                       # AWS
    | \b(?:gh[pousr]|github_pat|glpat)[-_]\w{20,}         # GitHub, GitLab
    | \bxox[abeprs]-[\w-]{10,}                            # Slack
    | \bAIza[\w-]{30,}                                    # Google
    | \beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]{8,}                # JSON web token
    | (?i:\b(?:password|passwd|passphrase|secret|(?:api|access|private|secret)[ _-]?(?:key|token)|seed\ phrase)
        (?: ["']?\s*[:=]\s*\S{8,} | \s+is\s+(?=\S*\d)\S{8,} ))
    """,
    re.VERBOSE,
)


def masked(text: str) -> str:
    """Return a text with `[secret]` for whatever looks like one: for what is kept without a model having chosen it."""
    return _SECRETS.sub("[secret]", text)


def screened(note: Note) -> Note:
    """Return the note as it is stored: clean text, tainted when it comes from the web or names sources.

    What the web says is unverified, whatever trust it was given.

    Raises:
        ToolError: The text is empty, a part is longer than 4 KB, or looks like a secret.
    """
    parts = {name: clean(getattr(note, name)) for name in ("text", "subject", "predicate", "value")}
    if not parts["text"]:
        raise ToolError("nothing to remember: the text is empty; write what you want to know later")
    for name, part in parts.items():
        if (size := len(part.encode())) > MAX_BYTES:
            raise ToolError(
                f"the {name} has {size} bytes and a memory holds {MAX_BYTES}; remember a summary of it instead"
            )
        if _SECRETS.search(part):
            raise ToolError("the text looks like it holds a secret (key, token or password); leave the secret out")
    strange = note.source == "web"
    origin = {
        "tainted": note.tainted or bool(note.sources) or strange,
        "trust": min(note.trust, UNVERIFIED) if strange else note.trust,
    }
    return note.model_copy(update=parts | origin)
