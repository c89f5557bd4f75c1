"""Which embedder the memory gets, as `[memory]` says, and what its calls are charged to.

A provider's embedding model counts in the company's budget of the day and the month as the role `embedder` of the
department `memory`, and its calls are in the journal and in `company costs` like those of chat models. Like them it is
not asked when nobody knows its price.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from company import events
from company.config import Settings
from company.errors import ProviderError, UsageError
from company.events import Draft
from company.home.directory import data_directory
from company.llm.embedding import ProviderEmbedder, embedding_price
from company.memory import Embedder, SimilaritySetup, find_embedder
from company.store import Amounts, ProviderKeys, Redactor, Reservation, Store, Trip

_NODE = "company/memory/embedder"
_OFF = "switched off by embedder = 'none' in company.toml [memory]; only memories that share words are found"
_LOCAL = "all-MiniLM-L6-v2@"


@dataclass(frozen=True, slots=True)
class EmbedderChoice:
    """The embedder of a company.

    Attributes:
        embedder: The one that `[memory]` names; None when there is none.
        setup: What else similarity needs to know.
    """

    embedder: Embedder | None
    setup: SimilaritySetup


def choose_embedder(
    settings: Settings,
    state: Path,
    environment: Mapping[str, str],
    *,
    store: Store,
    keys: ProviderKeys,
    redactor: Redactor,
) -> EmbedderChoice:
    """Return the embedder that `[memory]` names; nothing is loaded and nobody is asked.

    Args:
        settings: The company's settings.
        state: Its state directory.
        environment: Environment of the process: where a person's data lies.
        store: Where calls are charged.
        keys: The providers' keys.
        redactor: Takes secrets out of texts.
    """
    offer = _Offer(settings, state, environment, store, keys, redactor)
    chroma, former = settings.memory.chroma, offer.former
    if settings.memory.embedder == "none":
        return EmbedderChoice(None, SimilaritySetup(missing=_OFF, former=former, chroma=chroma))
    if settings.memory.remote is None:
        return EmbedderChoice(offer.minilm(), SimilaritySetup(former=former, chroma=chroma))
    provider, model = settings.memory.remote
    return EmbedderChoice(
        offer.remote(provider, model),
        SimilaritySetup(missing=_unpriced(provider, model), former=former, chroma=chroma),
    )


@dataclass(frozen=True, slots=True)
class _Offer:
    settings: Settings
    state: Path
    environment: Mapping[str, str]
    store: Store
    keys: ProviderKeys
    redactor: Redactor

    def minilm(self) -> Embedder | None:
        try:
            data = data_directory(self.environment)
        except UsageError:  # nobody's home: a service account has the package or nothing
            data = None
        return find_embedder(self.state, data=data)

    def remote(self, provider: str, model: str) -> Embedder | None:
        section = self.settings.providers.get(provider)
        if section is None:
            return None
        price = embedding_price(provider, model, section, self.settings.models.facts.get(f"{provider}:{model}"))
        if price is None:
            return None
        return ProviderEmbedder(
            provider,
            model,
            settings=section,
            key=lambda: self.keys.get(provider),
            price=price,
            account=EmbeddingAccount(self.store, self.settings, f"{provider}:{model}"),
            redact=self.redactor.text,
        )

    def former(self, embedder_id: str) -> Embedder | None:
        """Return the embedder of an id, if its weights or its provider are still there."""
        if embedder_id.startswith(_LOCAL):
            found = self.minilm()
        else:
            provider, _, model = embedder_id.rpartition("@")[0].partition("/")
            found = self.remote(provider, model)
        return found if found is not None and found.id == embedder_id else None


class EmbeddingAccount:
    """Charges calls to an embedding model to the company's day and month.

    Args:
        store: Budgets and journal.
        settings: `[budget]`.
        model: `provider:model`.
        now: Wall time in seconds, for the run that the calls of a process are charged to.
    """

    def __init__(self, store: Store, settings: Settings, model: str, *, now: Callable[[], float] = time.time) -> None:
        self._store, self._model = store, model
        self._run = f"embedding-{int(now())}"
        self._limits = {
            "company@day": Amounts(usd=settings.budget.day_usd),
            "company@month": Amounts(usd=settings.budget.month_usd),
        }

    def open(self, *, tokens: int, usd: Decimal) -> Reservation:
        """Reserve the worst case of one call.

        Raises:
            ProviderError: It does not fit the budget.
        """
        amounts = Amounts(calls=1, tokens=tokens, usd=usd)
        found = self._store.budgets.reserve(f"{_NODE}/{self._run}", amounts, self._limits)
        if isinstance(found, Trip):
            raise ProviderError(
                f"{self._model} was not asked: the {found.window} budget of {found.limit} {found.kind} is used up",
                retryable=True,
            )
        return found

    def close(self, charge: object, *, tokens: int, usd: Decimal, seconds: float, outcome: str) -> None:
        """Replace the worst case by what the call took, and write it into the journal."""
        assert isinstance(charge, Reservation)
        spent = Amounts(calls=1, tokens=tokens, usd=usd, seconds=Decimal(f"{seconds:.3f}"))
        with self._store.transaction():
            self._store.budgets.settle(charge, spent)
            self._store.journal.append([Draft("", "", "memory", "debug", self._bill(tokens, usd, seconds, outcome))])

    def _bill(self, tokens: int, usd: Decimal, seconds: float, outcome: str) -> events.Json:
        value = {
            "role": "memory",
            "model": self._model,
            "provider": self._model.partition(":")[0],
            "inputTokens": tokens,
            "cachedTokens": 0,
            "cacheWrittenTokens": 0,
            "outputTokens": 0,
            "reasoningTokens": 0,
            "usd": usd,
            "elapsedMs": round(seconds * 1000),
            "firstTokenMs": None,
            "outcome": outcome,
            "tool": "",
        }
        return events.custom("cost", value)


def _unpriced(provider: str, model: str) -> str:
    fact = f'[models.facts."{provider}:{model}"]'
    return f"nobody knows the price of {provider}/{model}, so it is not asked: set price_in and price_out in {fact}"
