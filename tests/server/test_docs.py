"""What docs/server.md says is done here, word for word, and its tables are those of the code."""

import os
import re
import shutil
import signal
import subprocess
from pathlib import Path
from typing import Any

import pytest

from company.config import ServerSettings
from company.errors import UsageError
from company.server.access.binding import PORT, require_safe
from company.server.access.codes import CODE_LASTS
from company.server.access.sessions import SESSION_LASTS
from company.server.faults import CODES, SAFETY_HEADERS
from company.server.principal import SCOPES
from company.server.streams.channels import CHANNELS
from company.server.streams.socket import NOT_UNDERSTOOD, RESTARTS
from company.server.streams.tail import Pace
from company.server.streams.transport import FAILED, TOO_SLOW
from company.store.passwords import SHORTEST

TEXT = (Path(__file__).parents[2] / "docs" / "server.md").read_text()
WORDS = " ".join(TEXT.split())
REQUESTS = re.findall(r"^\| `([A-Z]+) (/\S*)` \| ([^|]+) \|", TEXT, flags=re.M)
SCOPES_OF = {(method, path): tuple(re.findall(r"`(\w+)`", scope)) for method, path, scope in REQUESTS}
GUARDED = [(*request, scopes) for request, scopes in SCOPES_OF.items() if set(scopes) <= set(SCOPES)]
NAMES = {
    "run_id": "R1",
    "approval_id": "A1",
    "memory_id": "m1",
    "mandate_id": "m1",
    "role": "ceo",
    "thread_id": "main",
    "subject": "R1",
    "model": "ceo",
}
UPGRADE = {
    "connection": "upgrade",
    "upgrade": "websocket",
    "sec-websocket-version": "13",
    "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
}


SAID = (
    r"http://127\.0\.0\.1:[0-9]+/#t=",
    "^password of .* set",
    "^T3 +prometheus",
    "^token T3 opens nothing",
    '"mode":"paper"',
    '{"run":"R1","thread":"main"}',
    "^id: [0-9a-f]{8}:1$",
    '"RUN_FINISHED"',
    '"id":"A1".*?"state":"open"',
    '"state":"approved".*?"status":"ok"',
    '{"run":"R2","thread":""}{"id":"R2"',
    "^id: [0-9a-f]{8}:17\n\nid: [0-9a-f]{8}:18$",
    '{"status":"ok"}{"status":"ok"}{"company":',
    "^company_journal_rows [0-9]",
    "^[0-9a-f]{8}:[0-9]+ {.*'BTC/USDT'",
)
"""What the commands of the page print, in this order."""


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", TEXT, flags=re.M | re.S)


def table(heading: str, columns: str) -> list[list[str]]:
    """Rows of the table below a heading that has these columns, without the marks of code."""
    found = TEXT.partition(f"\n## {heading}\n")[2].partition(f"\n| {columns} |\n")[2].partition("\n\n")[0]
    return [[cell.strip(" `") for cell in row.strip("|").split("|")] for row in found.splitlines()[1:]]


def until_the_run_ends(block: str) -> str:
    """Return a command that follows the stream as one that ends."""
    if "-sfN" not in block:
        return block
    seen = "until grep -q RUN_FINISHED followed; do sleep 0.05; done"
    return f"rm -f followed; touch followed\n(exec {block.strip()}) >> followed &\n{seen}\nkill $!\ncat followed\n"


def address_of(process: Any) -> str:
    for line in process.stdout:
        if found := re.search(r"page +(http://[0-9.:]+)/#t=\S+ +works once, for 15 minutes", line):
            return found[1]
    raise AssertionError(process.stderr.read())


@pytest.mark.skipif(shutil.which("curl") is None, reason="needs curl")
def test_every_command_runs(start_company, tmp_path: Path, scripted: dict[str, str]) -> None:
    (serve,) = blocks("sh")
    (follow,) = blocks("python")
    process = start_company(*serve.split()[1:], "--port", "0", home=tmp_path / "home")
    script = "\n".join(map(until_the_run_ends, blocks("bash"))) + f"\npython - <<'END'\n{follow}END\n"
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script.replace(f"http://127.0.0.1:{PORT}", address_of(process))],
        check=False,
        cwd=tmp_path,
        env={
            **{name: value for name, value in os.environ.items() if not name.endswith("_proxy")},
            **scripted,
            "COMPANY_HOME": str(tmp_path / "home"),
        },
        input="a sentence is easy to remember\n",
        capture_output=True,
        text=True,
        timeout=90,
    )
    process.send_signal(signal.SIGINT)
    assert done.returncode == 0, done.stdout + done.stderr
    assert process.wait(20) == 0
    place = 0
    for words in SAID:
        found = re.compile(words, re.M).search(done.stdout, place)
        assert found, f"{words!r} is not said in its turn: {done.stdout}"
        place = found.end()


def test_the_table_of_requests_is_the_openapi_document(server) -> None:
    with server.client() as client:
        paths = client.get("/openapi.json").json()["paths"]
    documented = {
        (method.upper(), path): (operation["x-scope"],)
        for path, operations in paths.items()
        for method, operation in operations.items()
        if "x-scope" in operation
    }
    assert len(REQUESTS) == len(SCOPES_OF)
    assert {request: scopes for request, scopes in SCOPES_OF.items() if request in documented} == documented
    api = {request for request in SCOPES_OF if request[1].startswith("/api/")} - set(documented)
    assert api == {("GET", "/api/v1/ws"), *((method, "/api/v1/session") for method in ("GET", "POST", "DELETE"))}


def asked(server, method: str, path: str, token: str | None) -> tuple[int, str]:
    headers = UPGRADE if path.endswith("/ws") else {}
    body = {} if method == "GET" else {"json": {}}
    with (
        server.client(token=token, **headers) as client,
        client.stream(method, path.format_map({**NAMES, "id": "resp_1"}), **body) as answer,
    ):
        text = "" if answer.is_success or answer.status_code == 101 else answer.read().decode()
        return answer.status_code, text


@pytest.mark.parametrize(("method", "path", "scopes"), GUARDED)
def test_a_request_needs_its_scope(server, method: str, path: str, scopes: tuple[str, ...]) -> None:
    others = server.token_for([scope for scope in SCOPES if scope not in scopes])
    assert asked(server, method, path, None)[0] == 401
    status, said = asked(server, method, path, others)
    assert status == 403
    assert f"no scope '{scopes[0]}'" in said
    if method == "GET":
        for scope in scopes:
            assert asked(server, method, path, server.token_for([scope]))[0] not in {401, 403, 405}


@pytest.mark.parametrize("request_", [request for request, scopes in SCOPES_OF.items() if scopes == ("none",)])
def test_what_is_open_needs_neither_token_nor_session(server, request_: tuple[str, str]) -> None:
    assert asked(server, *request_, None)[0] in {200, 204, 422}


def test_the_scopes_are_those_of_the_code() -> None:
    assert [row[0] for row in table("Tokens", "scope | what it allows")] == list(SCOPES)


def test_the_errors_are_those_of_the_code() -> None:
    rows = table("Errors", "status | code | meaning")
    assert {int(status): code for status, code, _ in rows} == {**CODES, 500: "internal"}


def test_the_channels_are_those_of_the_code() -> None:
    assert [row[0] for row in table("Events", "channel | carries")] == list(CHANNELS)


def test_the_close_codes_are_those_of_the_code() -> None:
    told = WORDS.partition("The server closes with ")[2].partition("; after")[0]
    assert [int(code) for code in re.findall("10[0-9]{2}", told)] == [NOT_UNDERSTOOD, FAILED, RESTARTS, TOO_SLOW]


def test_the_metrics_are_those_that_are_counted(server) -> None:
    with server.client() as client:
        kinds = re.findall(r"^# TYPE (\w+) (\w+)$", client.get("/metrics").text, flags=re.M)
    counted = {name for name, _ in kinds if not name.endswith("_created")}
    assert {row[0] for row in table("Health and metrics", "metric | meaning")} == counted


def test_the_headers_are_those_of_every_answer() -> None:
    (shown,) = [block for block in blocks("text") if "content-security-policy" in block]
    assert dict(line.split(": ", 1) for line in shown.splitlines()) == SAFETY_HEADERS


@pytest.mark.parametrize("has_password", [False, True])
def test_an_address_of_others_is_refused_in_these_words(has_password: bool) -> None:
    with pytest.raises(UsageError) as refused:
        require_safe("0.0.0.0", ServerSettings(), has_password=has_password)
    said = str(refused.value).partition("'0.0.0.0' ")[2].partition("\n")[0]
    assert f"`{said}`" in TEXT


def test_the_figures_are_those_of_the_code() -> None:
    pace = Pace()
    assert f"port {PORT} or the next free one" in WORDS
    assert f"works once, for {CODE_LASTS.total_seconds() / 60:.0f} minutes" in WORDS
    assert SESSION_LASTS.days == 7
    assert "for seven days" in WORDS
    assert f"at least {SHORTEST} characters" in WORDS
    assert f"every {pace.heartbeat:.0f} seconds" in WORDS
    assert f"within {pace.look * 1000:.0f} milliseconds" in WORDS
    assert f"takes nothing for {pace.stalled:.0f} seconds" in WORDS
