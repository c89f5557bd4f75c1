"""A call goes to a worker and comes back as JSON, or as the error a function in this process would raise."""

import asyncio
import time
from dataclasses import replace
from pathlib import Path

import pytest

from company.engine.processes import Process, descendants
from company.errors import ProviderError, ToolError
from company.toolkit.worker import Source, WorkerFailure, Workers, describe, pool

TYPED = '''
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from company import Reach, tool

from ._shared import TWO


@dataclass
class Priced:
    at: datetime
    price: Decimal


@tool(effect="read")
def doubled(price: Decimal, at: datetime, reach: Reach) -> Priced:
    """Return a price twice.

    Args:
        price: The price.
        at: When.
    """
    assert isinstance(price, Decimal)
    return Priced(max(at, reach.now), price * TWO)
'''


async def test_arguments_and_results_keep_their_types_and_a_sibling_is_imported(root, workers, context):
    (root / "tools/_shared.py").write_text("TWO = 2")
    (root / "tools/doubled.py").write_text(TYPED)
    source = Source("file", "doubled", path=root / "tools/doubled.py")
    [description] = describe(source)
    result = await workers.call(source, description, {"price": "1.10", "at": "2026-01-01T00:00:00Z"}, context)
    assert result == {"at": "2026-03-01T12:00:00Z", "price": "2.20"}


async def test_a_tool_has_its_folder_its_key_and_the_secrets_it_declares_and_nothing_of_the_environment(
    written, call, root, monkeypatch
):
    monkeypatch.setenv("BINANCE_SECRET", "hidden")
    body = """
    import os
    (reach.folder / "seen").write_text("once")
    try:
        reach.secret("unset")
    except ToolError as error:
        unset = str(error)
    return {"folder": str(reach.folder), "key": reach.key, "role": reach.role, "secret": reach.secret("weather"),
            "unset": unset, "environment": sorted(os.environ), "home": os.environ["HOME"],
            "secrets": list(reach.secrets)}
    """
    result = await call(*written(body, secrets=["weather", "unset"]))
    folder = root / ".company/tools/probe"
    assert (folder / "seen").read_text() == "once"
    assert folder.stat().st_mode & 0o777 == 0o700
    assert result["folder"] == result["home"] == str(folder)
    assert (result["key"], result["role"]) == ("k" * 32, "research")
    assert (result["secret"], result["secrets"]) == ("sun-and-rain", ["weather"])
    assert "'unset'" in result["unset"]
    assert set(result["environment"]) <= {"HOME", "LANG", "LC_CTYPE", "PATH", "TMPDIR", "TZ"}


async def test_a_worker_serves_later_calls_and_no_other_loop_minds(written, workers, context):
    source, description = written("import os\nreturn os.getpid()", kind="def")

    async def ask() -> object:
        return await workers.call(source, description, {"given": {}}, context)

    first = await ask()
    began = time.perf_counter()
    assert await ask() == first
    assert time.perf_counter() - began < 0.5  # starting one takes longer on any machine but an idle one
    assert await asyncio.to_thread(lambda: asyncio.run(ask())) == first


async def test_no_more_are_at_work_than_the_manifest_allows(written, call, root):
    body = """
    import asyncio, os, time
    began = time.time()
    await asyncio.sleep(0.3)
    return [os.getpid(), began, time.time()]
    """
    tool = written(body, parallel=2)
    spans = await asyncio.gather(*(call(*tool) for _ in range(5)))
    assert len({pid for pid, _, _ in spans}) <= 2
    assert max(sum(one <= began < end for _, one, end in spans) for _, began, _ in spans) == 2


@pytest.mark.parametrize(
    ("raised", "kind", "told"),
    [
        ('ToolError("no such city")', ToolError, "no such city"),
        ('ProviderError("busy", retryable=True)', ProviderError, "busy"),
        ('ValueError("boom \\ud800")', WorkerFailure, "ValueError: boom"),
        ("SystemExit(3)", WorkerFailure, "SystemExit: 3"),
    ],
)
async def test_errors_come_back_as_what_they_are(written, call, raised, kind, told):
    with pytest.raises(kind, match=told) as caught:
        await call(*written(f"raise {raised}"))
    assert getattr(caught.value, "retryable", True)


async def test_an_earlier_result_is_looked_up_by_its_key(written, workers, context):
    before = """
    async def earlier(reach):
        kept = reach.folder / reach.key
        return kept.read_text() if kept.exists() else None
    """
    source, description = written("(reach.folder / reach.key).write_text('done')\nreturn 'done'", before=before)
    text = source.path.read_text().replace("@tool(", "@tool(lookup=earlier, ")
    source.path.write_text(text)
    [description] = describe(source)
    assert description.looks_up
    assert await workers.find(source, description, context) is None
    await workers.call(source, description, {"given": {}}, context)
    assert await workers.find(source, description, context) == "done"
    assert await workers.find(source, description, replace(context, key="other")) is None


@pytest.mark.parametrize("kind", ["async def", "def"])
async def test_what_hangs_is_killed_in_time_and_the_next_call_has_another_worker(written, call, root, kind):
    body = """
    import os, time
    if given:
        (reach.folder / "pid").write_text(str(os.getpid()))
        while True:
            time.sleep(0.01)
    return os.getpid()
    """
    tool = written(body, kind=kind, timeout=3.0)
    before = await call(*tool)
    with pytest.raises(TimeoutError):
        await call(*tool, {"hang": "yes"})
    hung = int((root / ".company/tools/probe/pid").read_text())
    assert hung == before
    assert not Process.of(hung).lives
    assert await call(*tool) != before


async def test_a_cancelled_call_takes_its_worker_with_it(written, call, root):
    tool = written("import os, time\n(reach.folder / 'pid').write_text(str(os.getpid()))\ntime.sleep(60)", kind="def")
    task = asyncio.create_task(call(*tool))
    worker = await _worker_at(root / ".company/tools/probe/pid")
    assert worker in descendants([Process.own()])
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await _gone(worker)


async def test_closing_ends_those_at_work_and_those_that_are_idle(written, workers, context, root):
    body = "import os, time\n(reach.folder / 'pid').write_text(str(os.getpid()))\ntime.sleep(60 if given else 0)"
    source, description = written(body)
    await workers.call(source, description, {"given": {}}, context)
    idle = Process.of(int((root / ".company/tools/probe/pid").read_text()))
    assert idle.lives
    busy = [asyncio.create_task(workers.call(source, description, {"given": {"x": "y"}}, context)) for _ in "ab"]
    await asyncio.sleep(1)
    await asyncio.to_thread(workers.close)
    results = await asyncio.gather(*busy, return_exceptions=True)
    assert {type(each) for each in results} <= {TimeoutError, WorkerFailure}
    assert not [each for each in descendants([Process.own()]) if b"toolkit.worker" in _command(each)]
    with pytest.raises(WorkerFailure, match="closed"):
        await workers.call(source, description, {"given": {}}, context)


async def test_an_idle_worker_ends_after_a_while(written, call, root, monkeypatch):
    monkeypatch.setattr(pool, "IDLE", 0.2)
    worker = Process.of(await call(*written("import os\nreturn os.getpid()")))
    await _gone(worker)


async def test_a_tool_that_changed_since_it_was_confirmed_is_not_called(written, call):
    source, description = written("(reach.folder / 'called').write_text('')\nreturn 1")
    changed = source.path.read_text().replace("effect='read'", "effect='write', hosts=['evil.example']")
    source.path.write_text(changed)
    with pytest.raises(ToolError, match=r"its effect, manifest changed.*start the company again"):
        await call(source, description)
    package = Source("package", "weather", "no_such_module_anywhere")
    with pytest.raises(ToolError, match="cannot be started"):
        await call(package, description)


def test_a_parent_that_is_killed_leaves_no_worker(written, root):
    import subprocess
    import sys

    source, description = written(
        "import os, time\n(reach.folder / 'pid').write_text(str(os.getpid()))\ntime.sleep(60)"
    )
    (root / "description.json").write_text(description.model_dump_json())
    parent = subprocess.Popen([sys.executable, "-c", PARENT, str(root), str(source.path)])
    try:
        worker = asyncio.run(_worker_at(root / ".company/tools/probe/pid"))
        assert worker in descendants([Process.of(parent.pid)])  # that is how `company stop --now` finds it
    finally:
        parent.kill()
        parent.wait()
    asyncio.run(_gone(worker))


PARENT = """
import asyncio, sys
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from company.toolkit import Context
from company.toolkit.foreign import Description
from company.toolkit.worker import Source, Workers

root, file = map(Path, sys.argv[1:])
clock = SimpleNamespace(now=lambda: datetime.now(UTC))
context = Context(role="r", run_id="1", person="", key="k", clock=clock)
description = Description.model_validate_json((root / "description.json").read_text())
workers = Workers(state=root / ".company", secrets=None)
asyncio.run(workers.call(Source("file", "probe", path=file), description, {"given": {}}, context))
"""


async def _worker_at(file: Path) -> Process:
    late = time.monotonic() + 30
    while not file.exists() or not file.read_text():
        assert time.monotonic() < late
        await asyncio.sleep(0.02)
    return Process.of(int(file.read_text()))


async def _gone(process: Process) -> None:
    late = time.monotonic() + 15
    while process.lives:
        assert time.monotonic() < late
        await asyncio.sleep(0.02)


def _command(process: Process) -> bytes:
    try:
        return Path(f"/proc/{process.pid}/cmdline").read_bytes()
    except OSError:
        return b""


def test_the_workers_are_what_a_company_calls_its_tools_through(opened, tmp_path):
    with opened(tmp_path / "state") as engine:
        assert isinstance(engine.company.services[Workers], Workers)
