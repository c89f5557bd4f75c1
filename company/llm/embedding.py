"""A provider's embedding model: texts to vectors, in the format of OpenAI's `/embeddings` or Ollama's `/api/embed`.

The provider is one of `[providers]`, with its address, key and time-outs. It is asked over a plain HTTP client, because
neither SDK adds anything to one POST, and synchronously, because the memory asks from threads of its own. As for chat
models, no environment variable decides where texts and keys go and redirects are not followed. Every call is opened and
closed in an account, so that what it costs is reserved before and counted after.
"""

import hashlib
import json
import time
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Protocol

from company.config import ModelFacts, ProviderSettings
from company.llm.capabilities import capabilities
from company.llm.faults import Fault, classify
from company.llm.providers import address_of

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_PRICES: Mapping[tuple[str, str], Decimal] = {
    ("openai", "text-embedding-3-small"): Decimal("0.02"),
    ("openai", "text-embedding-3-large"): Decimal("0.13"),
    ("openai", "text-embedding-ada-002"): Decimal("0.10"),
}
"""Dollars for a million tokens, from https://platform.openai.com/docs/pricing."""
_MILLION = 1_000_000
_QUESTION_SECONDS = 10.0
"""Longest wait of a single text: somebody waits for the answer that it is needed for."""
_CONNECT_SECONDS = 5.0


class Account(Protocol):
    """Where calls to an embedding model are charged."""

    def open(self, *, tokens: int, usd: Decimal) -> object:
        """Reserve the worst case of one call.

        Raises:
            ProviderError: It does not fit the budget.
        """

    def close(self, charge: object, *, tokens: int, usd: Decimal, seconds: float, outcome: str) -> None:
        """Replace the worst case by what the call took."""


class ProviderEmbedder:
    """An embedding model of a provider, as the memory's `Embedder`.

    Args:
        name: The provider's name in `[providers]`.
        model: The model's name there.
        settings: The provider's settings.
        key: Returns the provider's key; None when it has none.
        price: Dollars for a million tokens.
        account: Where calls are charged.
        redact: Takes secrets out of texts before they are sent, and out of what the provider says.

    Attributes:
        id: Provider, model, and a trace of the address: another address may have another model of that name.
        local: False: it is asked over the network.
    """

    local = False

    def __init__(
        self,
        name: str,
        model: str,
        *,
        settings: ProviderSettings,
        key: Callable[[], str | None],
        price: Decimal,
        account: Account,
        redact: Callable[[str], str],
    ) -> None:
        self._name, self._model, self._settings, self._key = name, model, settings, key
        self._price, self._account, self._redact = price, account, redact
        self._address = address_of(settings)
        self._client: Any = None
        self.id = f"{name}/{model}@{hashlib.sha256(self._address.encode()).hexdigest()[:8]}"

    def load(self) -> None:
        """Do nothing: the model is elsewhere."""

    def embed(self, texts: Sequence[str]) -> "NDArray[np.float32]":
        """Return one unit vector a text, float32 of shape (texts, width).

        Raises:
            ProviderError: The provider failed, its key cannot be read, or the budget does not allow the call.
        """
        sent = [self._redact(text) for text in texts]
        worst = sum(
            len(text.encode()) + 8 for text in sent
        )  # no tokenizer makes more tokens than bytes, and a few marks
        charge = self._account.open(tokens=worst, usd=self._cost(worst))
        began, tokens, outcome = time.perf_counter(), 0, "broken"
        try:
            answer = self._ask(sent)
            tokens, outcome = _tokens(answer, worst), "ok"
            return _vectors(answer, len(sent), self._name)
        except Fault as fault:
            outcome = fault.kind
            raise
        finally:
            seconds = time.perf_counter() - began
            self._account.close(charge, tokens=tokens, usd=self._cost(tokens), seconds=seconds, outcome=outcome)

    def close(self) -> None:
        """Close the connections; the next call opens new ones."""
        client, self._client = self._client, None
        if client is not None:
            client.close()

    def _ask(self, texts: Sequence[str]) -> Any:
        import httpx

        key = self._key()
        headers = {"authorization": f"Bearer {key}"} if key else {}
        path = "/api/embed" if self._settings.kind == "ollama" else "/embeddings"
        body = {"model": self._model, "input": list(texts)}
        if self._settings.kind == "openai":
            body["encoding_format"] = "float"
        longest = self._settings.timeout.total_seconds()
        seconds = min(longest, _QUESTION_SECONDS) if len(texts) == 1 else longest
        if self._client is None:
            self._client = httpx.Client(trust_env=False, follow_redirects=False)
        try:
            response = self._client.post(
                self._address + path,
                json=body,
                headers=headers,
                timeout=httpx.Timeout(seconds, connect=min(seconds, _CONNECT_SECONDS)),
            )
            response.raise_for_status()
            return response.json()
        except (httpx.HTTPError, httpx.InvalidURL, json.JSONDecodeError, UnicodeError) as error:
            fault = classify(error, provider=self._name) or Fault("broken", provider=self._name)
        fault.args = (self._redact(str(fault)),)
        raise fault  # outside the handler: the client's own error holds the request, and that the key

    def _cost(self, tokens: int) -> Decimal:
        return tokens * self._price / _MILLION


def embedding_price(name: str, model: str, settings: ProviderSettings, facts: ModelFacts | None) -> Decimal | None:
    """Return the dollars a million tokens cost; None when nobody knows.

    Args:
        name: The provider's name.
        model: The model's name there.
        settings: The provider's settings.
        facts: What a person says of the model in `[models.facts]`; stands above the table.
    """
    prices = capabilities(settings.kind, model, facts=facts, free=settings.free).prices
    return prices.input if prices is not None else _PRICES.get((name, model))


def _vectors(answer: Any, count: int, provider: str) -> "NDArray[np.float32]":
    import numpy as np

    try:
        vectors = np.array(_rows(answer), dtype=np.float32)
        lengths = np.sqrt((vectors * vectors).sum(axis=1, keepdims=True))
    except (LookupError, TypeError, ValueError) as error:
        raise Fault("broken", f"no vectors in it ({type(error).__name__})", provider=provider) from None
    if len(vectors) != count or not np.isfinite(lengths).all() or not lengths.all():
        raise Fault(
            "broken",
            f"it holds {len(vectors)} vectors for {count} texts, or some that point nowhere",
            provider=provider,
        )
    unit: NDArray[np.float32] = vectors / lengths
    return unit


def _rows(answer: Any) -> list[Any]:
    if "embeddings" in answer:
        return list(answer["embeddings"])
    return [row["embedding"] for row in sorted(answer["data"], key=lambda row: int(row["index"]))]


def _tokens(answer: Any, worst: int) -> int:
    """Return what the provider counted; the worst case when it does not say."""
    if not isinstance(answer, dict):
        return worst
    usage = answer.get("usage")
    counted = usage.get("prompt_tokens") if isinstance(usage, dict) else answer.get("prompt_eval_count")
    return counted if isinstance(counted, int) and counted >= 0 else worst
