"""What the server counts, for Prometheus. Nothing here names a person or holds what was said.

Each application has a registry of its own, so two servers in one process do not mix. Gauges are read from the store
when somebody asks.
"""

from collections.abc import Callable, Iterator, Mapping

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.metrics_core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from starlette.types import ASGIApp, Message, Receive, Scope, Send

LAGS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
"""Seconds, upper bounds of the histogram's buckets."""

OTHER = "other"
"""Route of requests that no route took, so that strangers cannot make up labels."""

Reading = Callable[[], float | Mapping[str, float]]
"""Gives a gauge's value now, or one value for each status."""


class Metrics:
    """Counts, and writes down.

    Attributes:
        resumes: Event streams that were taken up again with `Last-Event-ID`.
        lag: Seconds from the writing of an event to its way out to streams.
    """

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._requests = Counter(
            "company_http_requests", "HTTP requests answered.", ["route", "status"], registry=self._registry
        )
        self.resumes = Counter(
            "company_sse_resumes", "Event streams taken up again with Last-Event-ID.", registry=self._registry
        )
        self.lag = Histogram(
            "company_event_lag_seconds",
            "From the writing of an event to its way out to streams.",
            buckets=LAGS,
            registry=self._registry,
        )
        self._children: dict[tuple[str, int], Counter] = {}

    def watch(self, name: str, text: str, reading: Reading) -> None:
        """Have a gauge `company_<name>` read whenever somebody asks."""
        self._registry.register(_Gauge(f"company_{name}", text, reading))

    def count(self, route: str, status: int) -> None:
        """Count a request."""
        child = self._children.get((route, status))
        if child is None:
            child = self._children[route, status] = self._requests.labels(route, str(status))
        child.inc()

    def text(self) -> bytes:
        """Return everything in Prometheus' text format, version 0.0.4."""
        return generate_latest(self._registry)


class _Gauge(Collector):
    def __init__(self, name: str, text: str, reading: Reading) -> None:
        self._name, self._text, self._reading = name, text, reading

    def collect(self) -> Iterator[Metric]:
        value = self._reading()
        if not isinstance(value, Mapping):
            yield GaugeMetricFamily(self._name, self._text, value=value)
            return
        family = GaugeMetricFamily(self._name, self._text, labels=["status"])
        for status, number in value.items():
            family.add_metric([status], number)
        yield family

    def describe(self) -> list[Metric]:
        return [GaugeMetricFamily(self._name, self._text)]


class Counted:
    """Counts the HTTP requests that an application answers, by route and status.

    Args:
        app: The application.
        metrics: Where it counts.
    """

    def __init__(self, app: ASGIApp, *, metrics: Metrics) -> None:
        self._app, self._metrics = app, metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def counting(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._metrics.count(getattr(scope.get("route"), "path", OTHER), message["status"])
            await send(message)

        await self._app(scope, receive, counting)
