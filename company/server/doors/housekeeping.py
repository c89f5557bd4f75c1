"""Questions that chat front ends ask behind a person's back: titles, tags, follow-ups, search queries, completions.

Front ends send them to the very model the person talks to. Here that model is a company, so each would start work that
nobody asked for. They are recognised by their form and answered by code, in the format they ask for, without a run and
without a model.

The rule, for the last user message alone:

1. **A form** (Open WebUI and its kin): it quotes the conversation in `<chat_history>` tags and, outside of the quote,
   spells out a JSON object with one of the keys of `FORMS`.
2. **A title in words** (LibreChat, Chatbox): its first lines ask for a short title or name of the conversation and
   nothing but that, and what follows is a transcript (`Conversation:`, or lines that begin with `User:`); or it is
   LibreChat's demand for a title of "5-word-or-less", which comes without one.
3. **A choice of tools** (Open WebUI): the system message lists `Available Tools:` and asks for `"tool_calls"`.

A person's message that speaks of titles, tags or queries has none of these forms. Open WebUI's `### Task:` heading
alone decides nothing: it also stands above a person's own question when documents are attached.
"""

import json
import re

FORMS = {
    "title": None,
    "tags": ["General"],
    "follow_ups": [],
    "queries": [],
    "text": "",
    "prompt": "",
}
"""Keys that forms ask for, and the answer; a title is made from the conversation."""

_QUOTED = re.compile(r"<chat_history>(.*?)</chat_history>", re.S)
_KEY = re.compile(r"\{\s*\\?\"(" + "|".join(FORMS) + r")\\?\"\s*:")
_ASKS = re.compile(
    r"\b(?:concise|short|brief|words?)\b.*\b(?:title|name)\b|\b(?:title|name)\b.*\b(?:concise|short|brief|words?)\b"
)
_ABOUT = re.compile(r"\b(?:conversation|chat)\b")
_ALONE = re.compile(r"\b(?:only|just|solely|nothing else|no (?:quotes|punctuation|additional text))\b")
_TRANSCRIPT = re.compile(r"^\W*(?:conversation|chat history|user|human)\W*:", re.I | re.M)
_SAID = re.compile(r"^\W*(?:user|human)\W*:[ \t]*(\S.*)$", re.I | re.M)
_LEAD = 600
"""Characters in which a demand for a title says what it wants."""

_WORDS, _LONGEST = 6, 60
UNTITLED = "New chat"


def housekeeping(message: str, system: str = "") -> str | None:
    """Return the answer to a front end's own question, None when a person speaks.

    Args:
        message: The last user message.
        system: The system message of the request.
    """
    if "Available Tools:" in system and '"tool_calls"' in system:
        return json.dumps({"tool_calls": []})
    if quoted := _QUOTED.search(message):
        asked = _KEY.search(_QUOTED.sub("", message))
        return _filled(asked[1], quoted[1]) if asked else None
    return _title(message) if _wants_title(message) else None


def _filled(key: str, transcript: str) -> str:
    value = _title(transcript) if key == "title" else FORMS[key]
    return json.dumps({key: value}, ensure_ascii=False)


def _wants_title(message: str) -> bool:
    lead = " ".join(message[:_LEAD].lower().split())
    if "5-word-or-less title" in lead and "title itself" in lead:
        return True
    return all(sign.search(lead) for sign in (_ASKS, _ABOUT, _ALONE)) and bool(_TRANSCRIPT.search(message))


def _title(transcript: str) -> str:
    """Return the first words a person said in a transcript."""
    said = _SAID.search(transcript)
    words = re.sub(r"[*_`#<>\"“”]", "", said[1]).split() if said else []
    return " ".join(words[:_WORDS])[:_LONGEST].rstrip(" .,;:!?") or UNTITLED
