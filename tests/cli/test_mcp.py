"""`company mcp`: the official client starts the command, in the protocol of today and in the one before."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from mcp import Client, MCPError, StdioServerParameters

from company.home import open_store

FILES = {
    "company.toml": """
        [memory]
        enabled = false
    """,
    "roles/ceo.md": """
        ---
        id: ceo
        title: Chief executive
        summary: Leads.
        handles:
          - say: [hello]
            do:
              - answer: Hello.
        playbook:
          - delegate: trading
            task: Look at the market.
            standing: true
          - answer: "{{ reports.trading.summary }}"
        ---
        You lead.
    """,
    "roles/trading.md": """
        ---
        id: trading
        title: Trader
        reports_to: ceo
        summary: Trades.
        tools: [place_order, loud, wait_for_file]
        handles:
          - say: [buy some bitcoin]
            do:
              - call: place_order
                with: {symbol: BTC/USDT, side: buy, quantity: "0.01", reason: asked}
              - report: "It is asked for."
          - say: [wait for the file]
            do:
              - call: wait_for_file
                as: found
              - report: "The file says {{ found }}."
        playbook:
          - call: loud
            as: heard
          - report: "{{ heard }}"
        ---
        You trade.
    """,
    "tools/loud.py": '''
        """Prints, in every way there is."""

        import asyncio
        import os
        import subprocess
        import sys
        from pathlib import Path

        from company import tool

        print("printed on import")


        @tool(effect="read")
        def loud() -> str:
            """Print, and let a child print."""
            print("printed by a tool")
            sys.stdout.flush()
            os.write(1, b"written to descriptor 1\\n")
            subprocess.run(["echo", "printed by a child"], check=True)
            return f"stdin is {sys.stdin.read()!r}"


        @tool(effect="read", timeout=60)
        async def wait_for_file() -> str:
            """Return what the file says, as soon as there is one."""
            file = Path(__file__).parent.parent / "file.txt"
            while not file.exists():
                await asyncio.sleep(0.02)
            return file.read_text()
    ''',
}

Started = Callable[..., Any]


@pytest.fixture
def acme(write_company: Callable[[Mapping[str, str]], Path]) -> Path:
    return write_company(FILES)


@asynccontextmanager
async def talking(acme: Path, *more: str, mode: str = "auto") -> AsyncIterator[Client]:
    """Give a client that started the command; what the command says to people goes to a file."""
    arguments = ["-m", "company", "mcp", "--dir", str(acme), "--home", str(acme / "home"), *more]
    server = StdioServerParameters(command=sys.executable, args=arguments, cwd=acme, env={"HOME": os.environ["HOME"]})
    async with Client(server, mode=mode, cache=None) as client:
        yield client


def command(acme: Path) -> list[str]:
    return [sys.executable, "-m", "company", "mcp", "--dir", str(acme), "--home", str(acme / "home")]


def started(acme: Path) -> "subprocess.Popen[str]":
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    return subprocess.Popen(command(acme), cwd=acme, **pipes, start_new_session=True)


def text_of(result: Any) -> str:
    (content,) = result.content
    return str(content.text)


def requests(*calls: tuple[str, Mapping[str, Any]]) -> str:
    """Return lines of the protocol of before, as a client writes them: the handshake and calls of tools."""
    hello = {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "test", "version": "1"}}
    lines: list[dict[str, Any]] = [
        {"id": 0, "method": "initialize", "params": hello},
        {"method": "notifications/initialized"},
    ]
    lines += [
        {"id": number, "method": "tools/call", "params": {"name": name, "arguments": arguments}}
        for number, (name, arguments) in enumerate(calls, 1)
    ]
    return "".join(json.dumps({"jsonrpc": "2.0", **line}) + "\n" for line in lines)


def is_alone(process: "subprocess.Popen[str]") -> bool:
    """Tell whether nobody is left of the process and those it started."""
    try:
        os.killpg(process.pid, 0)
    except ProcessLookupError:
        return True
    return False


@pytest.mark.parametrize("mode", ["2026-07-28", "legacy"])
async def test_a_client_asks_reads_and_cannot_approve(acme: Path, mode: str) -> None:
    heard: list[str | None] = []

    async def hear(_step: float, _total: float | None, message: str | None) -> None:
        heard.append(message)

    async with talking(acme, mode=mode) as client:
        names = [tool.name for tool in (await client.list_tools()).tools]
        hello = await client.call_tool("ask_ceo", {"message": "hello"})
        asked = await client.call_tool("ask_ceo", {"message": "buy some bitcoin"}, progress_callback=hear)
        refused = await client.call_tool("decide_approval", {"id": "A1", "decision": "approve"})
        waiting = (await client.call_tool("list_approvals", {})).structured_content["approvals"]
        status = (await client.call_tool("company_status", {})).structured_content
        (report,) = (await client.read_resource("company://runs/R1")).contents
        with pytest.raises(MCPError, match="no cycle has come to anything yet"):
            await client.read_resource("company://report/latest")
    assert names == ["ask_ceo", "company_status", "list_approvals", "run_cycle"]
    assert text_of(hello).startswith("Hello.")
    assert json.loads(report.text)["answer"].startswith("Hello.")
    assert asked.structured_content["status"] == "waiting"
    assert "the person types `company approvals approve A1`" in text_of(asked)
    assert "trading: place_order" in heard
    assert refused.is_error
    assert "a model must not approve its own request" in text_of(refused)
    assert "company mcp --allow approve" in text_of(refused)
    assert [approval["id"] for approval in waiting] == ["A1"]
    assert (status["counts"]["approvals_open"], status["running"]) == (1, [])


def test_stdout_holds_the_protocol_alone_whatever_prints(acme: Path) -> None:
    process = started(acme)
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(requests(("run_cycle", {})))
    process.stdin.flush()
    lines = [process.stdout.readline() for _ in range(2)]
    out, err = process.communicate(timeout=20)
    assert process.returncode == 0, err
    answers = [json.loads(line) for line in [*lines, *out.splitlines()]]
    assert [answer["id"] for answer in answers] == [0, 1]
    assert answers[1]["result"]["structuredContent"]["answer"] == "stdin is ''"
    printed = ("on import", "by a tool", "by a child")
    assert all(f"printed {how}" in err for how in printed)
    assert "written to descriptor 1" in err
    assert "speaks MCP on stdin and stdout" in err
    assert "Traceback" not in err
    assert is_alone(process)


@pytest.mark.parametrize("ends", ["stdin", signal.SIGINT])
def test_it_ends_in_the_middle_of_a_run_which_stays_resumable(acme: Path, ends: Any, run_company: Started) -> None:
    process = started(acme)
    assert process.stdin is not None
    process.stdin.write(requests(("ask_ceo", {"message": "wait for the file"})))
    process.stdin.flush()
    _until_at_work(acme / "home")
    if ends == "stdin":
        process.stdin.close()
    else:
        process.send_signal(ends)
    assert process.wait(10) == 0
    out, err = process.stdout, process.stderr
    assert out is not None
    assert err is not None
    said, told = out.read(), err.read()
    for pipe in (process.stdin, out, err):
        pipe.close()
    assert [json.loads(line)["id"] for line in said.splitlines()][:1] == [0]
    assert "go on with: company resume R1" in told
    assert "Traceback" not in told
    assert is_alone(process)
    (acme / "file.txt").write_text("later")
    resumed = run_company("resume", "R1", "--dir", str(acme), home=acme / "home")
    assert resumed.returncode == 0, resumed.stdout + resumed.stderr
    assert "The file says later." in resumed.stdout


async def test_beside_the_server_of_the_home_who_allows_it_passes_decisions_on(
    acme: Path, start_company: Started
) -> None:
    serving = start_company("serve", "--port", "0", "--dir", str(acme), home=acme / "home")
    next(line for line in serving.stdout if "page" in line)
    async with talking(acme, "--allow", "approve") as client:
        await client.call_tool("ask_ceo", {"message": "buy some bitcoin"})
        decided = await client.call_tool("decide_approval", {"id": "A1", "decision": "approve", "reason": "small"})
        again = await client.call_tool("decide_approval", {"id": "A1", "decision": "approve"})
        status = (await client.call_tool("company_status", {})).structured_content
    assert decided.structured_content["approval"]["result"]["status"] == "ok"
    assert decided.structured_content["run"]["status"] == "done"
    assert again.is_error
    assert status["counts"]["effects"]["place_order"] == 1
    serving.send_signal(signal.SIGTERM)
    assert await asyncio.to_thread(serving.wait, 20) == 0


def test_what_it_cannot_open_is_told_on_stderr(tmp_path: Path, run_company: Started) -> None:
    (tmp_path / "company.toml").write_text("[nonsense]\n")
    (tmp_path / "roles").mkdir()
    done = run_company("mcp", "--dir", str(tmp_path), home=tmp_path / "home")
    assert (done.returncode, done.stdout) == (2, "")
    assert "nonsense" in done.stderr


def _until_at_work(home: Path) -> None:
    """Wait until the role is at its tool."""
    end = time.monotonic() + 20
    while time.monotonic() < end:
        if (home / "company.db").exists():
            store = open_store(home)
            try:
                if store.journal.read(types={"TOOL_CALL_START"}):
                    return
            finally:
                store.close()
        time.sleep(0.05)
    raise AssertionError("no run began")
