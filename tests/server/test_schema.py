"""What the OpenAPI document promises, held against a real server by schemathesis: no 5xx, every answer as written."""

from collections.abc import Iterator
from typing import Any

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

STREAMING = ["/api/v1/events", "/agui"]
"""They answer with a stream that does not end; tests of their own read it."""

CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
EXAMPLES = 8


@pytest.fixture(scope="module")
def session() -> Iterator[requests.Session]:
    with requests.Session() as session:
        session.trust_env = False
        yield session


@pytest.fixture(scope="module")
def document(server: Any) -> dict[str, Any]:
    with server.client() as client:
        found: dict[str, Any] = client.get("/openapi.json").json()
    for run in ("hello", "buy some bitcoin"):
        server.run(server.say(run))
    return found


@pytest.mark.filterwarnings("ignore:Do not use the `random` module inside strategies")  # schemathesis does
@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
def test_every_operation_answers_as_documented(server, session, document, mode: GenerationMode) -> None:
    schema = schemathesis.openapi.from_dict(document).exclude(path=STREAMING)
    failures: list[str] = []
    for found in schema.get_all_operations():
        operation = found.ok()

        @settings(
            max_examples=EXAMPLES,
            deadline=None,
            derandomize=True,
            database=None,
            phases=[Phase.explicit, Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(case=operation.as_strategy(generation_mode=mode))
        def answers_as_documented(case: Case) -> None:
            case.call_and_validate(
                base_url=server.url,
                session=session,
                headers={"authorization": f"Bearer {server.token}"},
                checks=CHECKS,
            )

        try:
            answers_as_documented()
        except FailureGroup as error:  # every operation is tried, and all that is wrong is told at once
            failures.append(f"{operation.label}: {error}")
    assert not failures, "\n\n".join(failures)
