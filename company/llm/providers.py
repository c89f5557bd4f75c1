"""From `[providers.NAME]` to minds: LangChain's chat models over SDK clients that do what the settings say, no more.

The SDKs read a good dozen environment variables (addresses, organisations, headers, proxies, gateways). None of them
may decide where prompts and keys go, so every client is made here with all of it stated. They do not retry either:
retries, fallback and limits are the governor's (company/llm/recovery.py). Redirects are not followed, for they would
carry the key to another host.

A provider has one HTTP client and one chat model per model name, whatever the event loop (company/llm/transport.py).
The packages are extras, imported when the first model of their kind is made.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property
from importlib import import_module
from importlib.metadata import EntryPoint
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, cast

from company.config import MODEL_KINDS, ProviderSettings, suggest
from company.errors import UsageError
from company.llm.connections import Connections
from company.llm.mind import Capabilities, Mind, ProviderRequest
from company.llm.openai_client import chat_class, completions_class, responses_class
from company.llm.plugged import Maker, PluggedMind
from company.llm.remote import RemoteMind
from company.llm.transport import Transport
from company.llm.wire import Kind

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel

_ADDRESS = {
    "openai": "https://api.openai.com/v1",
    "anthropic": "https://api.anthropic.com",
    "ollama": "http://127.0.0.1:11434",
}
_HEADERS = {"accept-encoding": "identity"}
"""A compressed stream could not be joined."""
_CONNECT_SECONDS = 10.0
_IDLE_SECONDS = 60.0
_OURS = frozenset(
    {"model", "messages", "input", "system", "instructions", "tools", "stream", "stream_options", "n"}
    | {"max_tokens", "max_completion_tokens", "max_output_tokens", "num_predict"}
)
"""What a request is made of; as an option it would get past the budget."""


class Providers:
    """The addresses that models answer at.

    Args:
        settings: `[providers.NAME]` by name.
        key: Returns the key of a provider by its name; None when there is none.
        kinds: Factories of confirmed packages, by the kind of provider that they make.
    """

    def __init__(
        self,
        settings: Mapping[str, ProviderSettings],
        key: Callable[[str], str | None],
        kinds: Mapping[str, EntryPoint] = MappingProxyType({}),
    ) -> None:
        self._settings, self._key, self._kinds = settings, key, kinds
        self._lines: dict[str, _Line] = {}
        self._models: dict[str, BaseChatModel] = {}
        self._makers: list[Maker] = []

    def mind(self, name: str, *, capabilities: Capabilities, options: Mapping[str, Any]) -> Mind:
        """Return the mind behind a name.

        Args:
            name: `provider:model`.
            capabilities: What it can do, and what it costs.
            options: Further settings of the provider's API, sent as they are.

        Raises:
            UsageError: There is no such provider, its package or its key is missing, or an option is not one.
        """
        provider, _, model = name.partition(":")
        for option in _OURS.intersection(options):
            raise UsageError(
                f"options may not set {option!r}: each request sets it",
                where=f"company.toml [models.facts.{name!r}] options",
                cure="leave it out; max_output of the model's facts limits the answer",
            )
        settings = self._provider(provider)
        if point := self._kinds.get(settings.kind):
            return self._plugged(name, point, capabilities, _sendable(dict(options)))
        if settings.kind not in MODEL_KINDS:
            cure = suggest(settings.kind, (*MODEL_KINDS, *self._kinds))
            where = f"company.toml [providers.{provider}]"
            raise UsageError(f"there is no kind of provider {settings.kind!r}", where=where, cure=cure)
        return RemoteMind(
            id=name,
            provider=provider,
            capabilities=capabilities,
            model=self.chat_model(provider, model),
            kind=cast("Kind", settings.kind),
            api=_api(settings),
            own_address=address_of(settings) == _ADDRESS[settings.kind],
            options=_sendable(dict(options)),
        )

    def chat_model(self, name: str, model: str) -> "BaseChatModel":
        """Return the LangChain chat model of one model, without tools and options; always the same one.

        Args:
            name: The provider.
            model: The model's name there.

        Raises:
            UsageError: There is no such provider, or its package or key is missing.
        """
        known = f"{name}:{model}"
        if known not in self._models:
            if name not in self._lines:
                self._lines[name] = _line(name, self._provider(name), self._key(name))
            self._models[known] = self._lines[name].chat_model(model)
        return self._models[known]

    def _plugged(
        self, name: str, point: EntryPoint, capabilities: Capabilities, options: Mapping[str, Any]
    ) -> PluggedMind:
        provider, _, model = name.partition(":")
        settings = self._provider(provider)
        timeout, silence = settings.timeout.total_seconds(), settings.silence.total_seconds()
        request = ProviderRequest(provider, settings.base_url, timeout, silence, settings.max_parallel, options)
        maker = Maker(point, request, model, self._key(provider))
        self._makers.append(maker)
        return PluggedMind(name, provider, capabilities, maker, timeout, silence)

    async def aclose(self) -> None:
        """Close the connections of this event loop."""
        for line in self._lines.values():
            await line.transport.aclose()
        for maker in self._makers:
            await maker.aclose()

    def _provider(self, name: str) -> ProviderSettings:
        if name not in self._settings:
            cure = suggest(name, self._settings)
            raise UsageError(f"no provider is called {name!r}", where="company.toml [providers]", cure=cure)
        return self._settings[name]


def _line(name: str, settings: ProviderSettings, key: str | None) -> "_Line":
    where = f"company.toml [providers.{name}]"
    try:
        for package in ("httptools", f"langchain_{settings.kind}"):
            import_module(package)
    except ModuleNotFoundError as error:
        missing = (error.name or "").partition(".")[0]
        if missing not in {"httptools", f"langchain_{settings.kind}", settings.kind}:
            raise  # its own parts are missing: an installation that is broken, not one that was left out
        raise UsageError(
            f"provider {name!r} needs {missing.replace('_', '-')}, which is not installed",
            where=where,
            cure=f"pip install 'the-ai-company[{settings.kind}]'",
        ) from error
    if not key and settings.kind != "ollama" and address_of(settings) == _ADDRESS[settings.kind]:
        raise UsageError(
            f"provider {name!r} has no key",
            where=where,
            cure=f"set {settings.key_env or 'key_env'} in the environment, or run `company key set {name}`",
        )
    return {"openai": _OpenAI, "anthropic": _Anthropic, "ollama": _Ollama}[settings.kind](settings, key)


def address_of(settings: ProviderSettings) -> str:
    """Return the address that a provider's API begins with, without a slash at its end."""
    return (settings.base_url or _ADDRESS[settings.kind]).rstrip("/")


def _api(settings: ProviderSettings) -> str:
    if settings.api != "auto":
        return settings.api
    return "responses" if settings.kind == "openai" and address_of(settings) == _ADDRESS["openai"] else "chat"


def _sendable(value: Any) -> Any:
    """Return a value of TOML as JSON knows it: company.toml is read with exact decimals."""
    match value:
        case Decimal():
            return float(value)
        case dict():
            return {key: _sendable(item) for key, item in value.items()}
        case list() | tuple():
            return [_sendable(item) for item in value]
    return value


@dataclass(frozen=True)
class _Line:
    """The connection to one provider."""

    settings: ProviderSettings
    key: str | None = field(repr=False)

    def chat_model(self, model: str) -> "BaseChatModel":
        raise NotImplementedError

    @cached_property
    def http(self) -> Any:
        """The HTTP library that the SDK is built on: newer ones took httpx2."""
        bases = import_module(self.settings.kind).DefaultAsyncHttpxClient.__mro__
        roots = (base.__module__.partition(".")[0] for base in bases)
        return import_module(next(root for root in roots if root in {"httpx", "httpx2"}))

    @cached_property
    def transport(self) -> Transport:
        return Transport(self.http, connect=self._connect, timeout=self.settings.timeout.total_seconds())

    @cached_property
    def timeout(self) -> Any:
        """`silence` is the time without a byte; how long all may take is held by the transport."""
        return self.http.Timeout(self.settings.silence.total_seconds(), connect=_CONNECT_SECONDS)

    @cached_property
    def client(self) -> Any:
        return self.http.AsyncClient(
            transport=self.transport,
            timeout=self.timeout,
            trust_env=False,
            headers=_HEADERS,
            event_hooks={"request": [self._sign]},
        )

    async def _sign(self, request: Any) -> None:
        """Have the last word on credentials: the SDKs insist on a key, or find one in the environment."""
        if not self.key:
            for name in ("authorization", "x-api-key"):
                request.headers.pop(name, None)

    @cached_property
    def _certificates(self) -> Any:
        tls = self.http.create_ssl_context(trust_env=False)
        tls.set_alpn_protocols(["http/1.1"])
        return tls

    def _connect(self) -> Connections:
        return Connections(self.http, tls=self._certificates, limit=self.settings.max_parallel, idle=_IDLE_SECONDS)


class _OpenAI(_Line):
    def chat_model(self, model: str) -> "BaseChatModel":
        responses = _api(self.settings) == "responses"
        return chat_class()(
            model=model,
            base_url=address_of(self.settings),
            api_key=_held_back,
            async_client=completions_class()(self._sdk),
            root_async_client=self._sdk,
            use_responses_api=responses,
            output_version="responses/v1" if responses else "v0",
            stream_usage=True,
            stream_chunk_timeout=None,
            openai_proxy=None,
            http_socket_options=(),
        )

    @cached_property
    def _sdk(self) -> Any:
        from openai import AsyncOpenAI

        sdk = AsyncOpenAI(
            api_key=self.key or "none",
            base_url=address_of(self.settings),
            max_retries=0,
            timeout=self.timeout,
            http_client=self.client,
        )
        sdk.organization = sdk.project = None  # what the environment said; the SDK knows no other way to say no
        sdk._custom_headers = {}
        sdk.__dict__["responses"] = responses_class()(sdk)  # a cached property, which LangChain asks for
        return sdk


async def _held_back() -> str:
    """Stand for the key in a chat model, which never needs it; being a coroutine, it gets no second client."""
    raise NotImplementedError


class _Anthropic(_Line):
    def chat_model(self, model: str) -> "BaseChatModel":
        from langchain_anthropic import ChatAnthropic

        chat = ChatAnthropic(
            model=model,
            base_url=address_of(self.settings),
            api_key="held back",
            anthropic_proxy=None,
            stream_usage=True,
        )
        chat.__dict__["_async_client"] = self._sdk  # a cached property, which would be made with the SDK's own HTTP
        return chat

    @cached_property
    def _sdk(self) -> Any:
        from anthropic import AsyncAnthropic

        sdk = AsyncAnthropic(
            api_key=self.key or "none",
            base_url=address_of(self.settings),
            max_retries=0,
            timeout=self.timeout,
            http_client=self.client,
            open_telemetry=False,  # its spans can hold prompts, and tell Anthropic the trace; company/governor has ours
        )
        sdk._custom_headers = {}  # those of the environment
        return sdk


class _Ollama(_Line):
    @cached_property
    def http(self) -> Any:
        return import_module("httpx")

    def chat_model(self, model: str) -> "BaseChatModel":
        from langchain_ollama import ChatOllama

        return ChatOllama(
            model=model,
            base_url=address_of(self.settings),
            client_kwargs={"trust_env": False, "follow_redirects": False, "timeout": self.timeout},
            async_client_kwargs={
                "transport": self.transport,
                "headers": _HEADERS,
                "event_hooks": {"request": [self._sign]},
            },
            sync_client_kwargs={"transport": self.http.BaseTransport()},  # none: we never block
        )

    async def _sign(self, request: Any) -> None:
        request.headers.pop("authorization", None)
        if self.key:
            request.headers["authorization"] = f"Bearer {self.key}"
