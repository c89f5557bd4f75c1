"""What goes wrong with a model call, by what has to be done about it.

Every provider tells its troubles in its own way: status codes, codes in a body, sentences, an event in the middle of a
stream, or an answer that simply ends. `classify` reads exceptions, `inspect` reads answers that came to an end; both
give a `Fault` of one of fourteen kinds. What follows from a kind is decided in company/llm/recovery.py.

Decisions:
- Words count before the status, because some servers send an overflow with 429 or 500. A sentence about tokens *a
  minute* or *a day* is never an overflow: it speaks of the account's rate.
- A request larger than the account's whole rate ("Request too large ... tokens per min (TPM): Limit 30000, Requested
  45000") is `rejected`: no waiting makes it fit, and it is not the context window that it exceeds. Another model has
  another limit.
- What comes up while an answer is read (a missing field, a wrong type) is a `broken` answer. What comes up while a
  request is written is a bug, and `classify` returns None for it.
- A provider's words are shown, shortened; what it echoes of the request, and what looks like a key, is not. Messages of
  parsers are not shown at all, for they quote what they could not read.
"""

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Literal

from company.errors import ProviderError
from company.llm.endings import is_whole, reason_of, refusal_of
from company.llm.evidence import Evidence, read_evidence, was_reading
from company.llm.retry_after import read_retry_after

if TYPE_CHECKING:
    from langchain_core.messages import AIMessageChunk

Kind = Literal[
    "rate",
    "quota",
    "busy",
    "network",
    "silent",
    "broken",
    "overflow",
    "auth",
    "unknown_model",
    "refused",
    "empty",
    "cut",
    "rejected",
    "unexplained",
]
SHOWN = 300
"""Characters of a provider's words that a message holds."""

_RETRYABLE = frozenset({"rate", "busy", "network", "silent", "broken", "empty"})
_SAYS: Mapping[Kind, str] = {
    "rate": "allows no more calls for now",
    "quota": "has no credit or allowance left for this key; add credit or raise its limit",
    "busy": "is overloaded or failing",
    "network": "cannot be reached; check the network and base_url",
    "silent": "did not answer in time",
    "broken": "sent an answer that breaks off or cannot be read",
    "overflow": "got a prompt that is longer than the model can read",
    "auth": "refuses the key, or what it may do; set another with `company key set`",
    "unknown_model": "knows no such model or address; check the model's name and base_url in company.toml",
    "refused": "declined to answer",
    "empty": "answered without words and without calls",
    "cut": "stopped at the longest answer it may give, before the end",
    "rejected": "does not accept the request",
    "unexplained": "failed in a way that only its package can explain",
}

_BY_NAME: tuple[tuple[frozenset[str], Kind], ...] = (
    (frozenset({"UnsupportedProtocol", "InvalidURL", "LocalProtocolError"}), "rejected"),
    (frozenset({"ConnectTimeout", "PoolTimeout", "WriteTimeout"}), "network"),
    (frozenset({"TimeoutException", "APITimeoutError", "ModelTimeoutError", "TimeoutError"}), "silent"),
    (frozenset({"RemoteProtocolError", "DecodingError", "APIResponseValidationError"}), "broken"),
    (frozenset({"JSONDecodeError", "UnicodeDecodeError", "OutputParserException"}), "broken"),
    (frozenset({"LengthFinishReasonError"}), "cut"),
    (frozenset({"ContentFilterFinishReasonError", "OpenAIRefusalError"}), "refused"),
    (frozenset({"CredentialsError", "ModelAuthenticationError", "ModelPermissionDeniedError"}), "auth"),
    (frozenset({"ModelNotFoundError"}), "unknown_model"),
    (frozenset({"ModelRateLimitError"}), "rate"),
    (frozenset({"ModelInvalidRequestError"}), "rejected"),
    (frozenset({"TransportError", "APIConnectionError", "ModelConnectionError"}), "network"),
    (frozenset({"ConnectionError", "SSLError", "gaierror"}), "network"),
)
"""What no HTTP answer came with, by the names of its classes; the first row that fits decides."""

_BY_STATUS: Mapping[int, Kind] = {
    401: "auth",
    403: "auth",
    404: "unknown_model",
    407: "auth",
    408: "busy",  # the server gave up waiting for a slow connection
    413: "rate",  # Groq's "tokens per minute"; without such words it is an overflow
    429: "rate",
}

_PER_TIME = re.compile(r"per[ -]?(?:min|hour|day)|\b[tr]p[mdh]\b|rate limit")
_OVERFLOW = re.compile(
    r"context_length_exceeded|exceed_context_size|contextwindowexceeded|request_too_large|string_above_max_length"
    r"|maximum context length|max(?:imum)? model length|maximum prompt length|model's context length"
    r"|(?:exceed(?:s|ed|ing)?|(?:larg|long|great)er than)[a-z ]* (?:context|input)[ _](?:length|window|size|limit)"
    r"|context (?:length|window|size) (?:is |was |has been )?exceed|context the overflows|context length of only"
    r"|prompt (?:is )?too long|input is too long|input tokens exceed the configured limit|input token count.*exceeds"
    r"|reduce the length of the (?:input|prompt|messages)"
)
_BILLING = re.compile(
    r"insufficient[_ ](?:quota|credits?|balance|funds)|billing_(?:error|hard_limit|not_active)"
    r"|credit balance is too low|requires more credits|reached your specified api usage limits"
)
_PLAN = re.compile(r"exceeded your current quota")
_REFUSAL = re.compile(
    r"content_filter|content_policy_violation|responsibleaipolicyviolation|content filtering policy"
    r"|content management policy|flagged|violat(?:es|ing) our usage polic"
)
_NO_MODEL = re.compile(
    r"model_not_found|not a valid model|try pulling it|no models? loaded|no endpoints found"
    r"|model[^.]{0,120}(?:not found|not exist)"
)
_KEYLESS = re.compile(r"api_key client option must be set|missing credentials|authentication (?:method|failed)")
_REQUESTED = re.compile(r"limit:? (\d+)(?=.*requested:? (\d+))")
_KEY = re.compile(
    r"bearer\s+\S+|\b(?:sk|pk|rk|key|xai|gsk|hf|org|proj)[-_][\w*-]{8,}|\b[A-Za-z0-9_-]{32,}\b", re.IGNORECASE
)
_ECHO = re.compile(
    r"""["'](?:input|messages|prompt|content|flagged_input|tools)["']\s*:|input_value=|request body:""", re.IGNORECASE
)


class Fault(ProviderError):
    """A model call that came to nothing, or to less than it should.

    Args:
        kind: What went wrong, by what has to be done about it.
        detail: The provider's words, already safe to show; may be empty.
        provider: Who failed.
        status: HTTP status; None when there was none.
        retry_after: Seconds the provider asks to wait.
        usable: A `cut` answer has words, or calls that are whole, and may be used with a mark.
        unaccounted: Nobody can tell what it took; the worst case counts as spent.
    """

    def __init__(
        self,
        kind: Kind,
        detail: str = "",
        *,
        provider: str,
        status: int | None = None,
        retry_after: float | None = None,
        usable: bool = False,
        unaccounted: bool = False,
    ) -> None:
        code = f" (HTTP {status})" if status else ""
        quote = f": “{detail}”" if detail else ""
        super().__init__(f"{provider} {_SAYS[kind]}{code}{quote}", retryable=kind in _RETRYABLE)
        self.kind, self.provider, self.status = kind, provider, status
        self.retry_after, self.usable, self.unaccounted = retry_after, usable, unaccounted


def classify(error: BaseException, *, provider: str) -> Fault | None:
    """Return what a failed call tells of the provider; None when it is not the provider's doing but a bug: raise it.

    Args:
        error: What the call raised. A Fault is returned as it is.
        provider: Name of the provider that was asked.
    """
    if isinstance(error, Fault):
        return error
    seen = read_evidence(error)
    if (seen is None or seen.status is None) and _is_keyless(error):
        return Fault("auth", "no key was given", provider=provider)
    if seen is None:
        return Fault("broken", provider=provider) if _is_unreadable(error) else None
    kind = _kind(seen)
    text = "" if seen.status == 401 or "LocalProtocolError" in seen.names else seen.text  # both quote the key
    retry_after = read_retry_after(seen.headers, seen.text, limited=kind == "rate")
    return Fault(kind, quoted(text), provider=provider, status=seen.status, retry_after=retry_after)


def inspect(answer: "AIMessageChunk", *, provider: str) -> Fault | None:
    """Return what is wrong with an answer that came to its end; None when nothing is.

    A call whose arguments are no JSON although the answer closed properly is no fault: the governor refuses it by name,
    and the model is told.

    Args:
        answer: All pieces of it, added up.
        provider: Who gave it. Empty for a model in this process, which gives no reason for its end.
    """
    reason, has_words = reason_of(answer), bool(answer.text.strip())
    if refusal := refusal_of(answer):
        return Fault("refused", quoted(refusal), provider=provider)
    if not reason and provider:
        return Fault("broken", "it ended without saying why", provider=provider)
    if reason in {"error", "failed"}:
        return Fault("broken", f"it ended with {reason!r}", provider=provider)
    if reason in {"length", "max_tokens", "max_output_tokens", "model_length", "model_context_window_exceeded"}:
        return _cut(answer, reason, has_words, provider)
    return None if has_words or answer.tool_call_chunks else Fault("empty", provider=provider)


def _cut(answer: "AIMessageChunk", reason: str, has_words: bool, provider: str) -> Fault:
    calls = answer.tool_call_chunks
    usable = all(is_whole(call) for call in calls) if calls else has_words
    if reason == "model_context_window_exceeded" and not usable:
        return Fault("overflow", "the answer did not fit behind the prompt", provider=provider)
    return Fault("cut", provider=provider, usable=usable)


def _is_keyless(error: BaseException) -> bool:
    names = {kind.__name__ for kind in type(error).__mro__}
    return bool(names & {"TypeError", "OpenAIError", "AnthropicError"} and _KEYLESS.search(str(error).lower()))


def _is_unreadable(error: BaseException) -> bool:
    if (
        type(error) is ValueError and str(error) == "No generation chunks were returned"
    ):  # langchain_core: no event came
        return True
    return isinstance(error, LookupError | TypeError | ValueError | AttributeError) and was_reading(error)


def _kind(seen: Evidence) -> Kind:
    kind = _by_name(seen) if seen.status is None else None
    return kind or _by_words(seen) or _by_status(seen.status)


def _by_name(seen: Evidence) -> Kind | None:
    if "RemoteProtocolError" in seen.names and "without sending a response" in seen.text:
        return "network"
    return next((kind for names, kind in _BY_NAME if names & seen.names), None)


def _by_words(seen: Evidence) -> Kind | None:
    """Judge by the provider's codes and sentences, which tell more than the status."""
    text = seen.text.lower()
    words = f"{seen.codes} {text}"
    if seen.status == 402 or _BILLING.search(words) or _is_out_of_plan(seen, words):
        return "quota"
    if _PER_TIME.search(text):
        return "rejected" if _never_fits(text) else None
    if _OVERFLOW.search(words) or seen.status == 413 or "ContextOverflowError" in seen.names:
        return "overflow"
    if seen.status in {None, 400, 403, 422} and _REFUSAL.search(words):
        return "refused"
    no_model = seen.status in {None, 400, 403} and _NO_MODEL.search(words)
    return "unknown_model" if no_model else None


def _by_status(status: int | None) -> Kind:
    if status is None or status >= 500:
        return "busy"
    return _BY_STATUS.get(status, "rejected")


def _never_fits(text: str) -> bool:
    """Tell whether a request is larger than all that its account may send in the time the limit speaks of."""
    found = _REQUESTED.search(text)
    return bool(found and int(found[2]) > int(found[1]))


def _is_out_of_plan(seen: Evidence, words: str) -> bool:
    """Tell OpenAI's exhausted account from Gemini's minute limit, which says the same and when to come back."""
    return bool(_PLAN.search(words)) and read_retry_after(seen.headers, seen.text) is None


def quoted(text: str) -> str:
    """Return a provider's words fit to be shown: one line, no echo of the request, nothing like a key, not long."""
    if echo := _ECHO.search(text):
        text = text[: echo.start()]
    line = _KEY.sub("…", " ".join(text.split())).rstrip(" [{(,:")
    return line if len(line) <= SHOWN else f"{line[: SHOWN - 1]}…"
