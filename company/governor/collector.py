"""Where spans go: a tracer provider that sends them to an OpenTelemetry collector over OTLP.

Spans wait in a bounded queue and are sent in batches from a thread of their own, so a slow collector never holds up a
run; spans that find the queue full are dropped. The gRPC exporter comes with chromadb, the HTTP one is a package more.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from company import __version__
from company.errors import UsageError

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider

HTTP_PORT = 4318
"""OTLP's port for HTTP; every other port is spoken to over gRPC."""

EXPORT_SECONDS = 3
"""Longest time one export may take."""

QUEUE, BATCH = 4_096, 2_048
"""Spans that may wait, and that one export takes: a dead collector delays the end of the program by two exports."""

WHERE = "company.toml [telemetry] otlp"


def provider_for(endpoint: str) -> "TracerProvider":
    """Return a tracer provider that sends to the collector at `endpoint`.

    Raises:
        UsageError: It is no http or https address, or the exporter for it is not installed.
    """
    exporter = _exporter(endpoint)
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    resource = Resource.create({"service.name": "the-ai-company", "service.version": __version__})
    provider = TracerProvider(resource=resource)
    provider.add_span_processor(BatchSpanProcessor(exporter, max_queue_size=QUEUE, max_export_batch_size=BATCH))
    return provider


def _exporter(endpoint: str) -> Any:
    protocol, address = _protocol(endpoint)
    package = f"opentelemetry-exporter-otlp-proto-{protocol}"
    try:
        module = import_module(f"opentelemetry.exporter.otlp.proto.{protocol}.trace_exporter")
    except ModuleNotFoundError as error:
        other = "" if protocol == "grpc" else ", or write the collector's gRPC address, such as http://127.0.0.1:4317"
        raise UsageError(
            f"{endpoint!r} needs {package}, which is not installed", where=WHERE, cure=f"pip install {package}{other}"
        ) from error
    return module.OTLPSpanExporter(endpoint=address, timeout=EXPORT_SECONDS)


def _protocol(endpoint: str) -> tuple[str, str]:
    """Return `http` or `grpc`, and the address as that exporter wants it."""
    try:
        parts = urlsplit(endpoint)
        port, valid = parts.port, parts.scheme in {"http", "https"} and bool(parts.hostname)
    except ValueError:
        port, valid = None, False
    if not valid:
        cure = 'write it like "http://127.0.0.1:4317"'
        raise UsageError(f"{endpoint!r} is not the address of a collector", where=WHERE, cure=cure)
    if parts.path.strip("/"):
        return "http", endpoint
    return ("http", f"{endpoint.rstrip('/')}/v1/traces") if port == HTTP_PORT else ("grpc", endpoint)
