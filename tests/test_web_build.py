"""The build of the web UI: done when it is needed, once, within limits, and never in the way of an installation."""

import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path
from textwrap import dedent

import pytest

from company.cli import web
from company.errors import ProviderError
from company.server.web import build as script
from company.server.web.build import MISSING, STALE, BuildError, Outcome, build, complaint, stamp_of

NODE = """
    #!/bin/sh
    [ "$1" = --version ] && { echo v24.19.0; exit; }
    echo "$1" >> "$HOME/calls"
    env > "$HOME/environment"
    [ -e "$HOME/broken" ] && { echo "some words"; echo "Error: no such thing" >&2; exit 1; }
    [ "$2" = build ] || exit 0
    mkdir -p "$4/assets"
    cp src/main.ts "$4/index.html"
    : > "$4/assets/$(cat src/main.ts).js"
"""
NPM = """
    #!/bin/sh
    echo "npm $*" >> "$HOME/calls"
    mkdir -p node_modules && touch node_modules/.package-lock.json
"""


class Checkout:
    """Sources of a web UI, and a machine with Node that does what the real one would do to files."""

    def __init__(self, root: Path) -> None:
        self.home, self.web, self.static = root / "home", root / "server" / "web", root / "server" / "static"
        for folder in (self.home, self.web / "src", self.web / "test", root / "bin"):
            folder.mkdir(parents=True)
        for name, text in {"package.json": "{}", "package-lock.json": "{}", "compress.mjs": ""}.items():
            (self.web / name).write_text(text)
        shutil.copy(script.WEB / "node.lock", self.web)
        self.write("one")
        for name, text in {"node": NODE, "npm": NPM}.items():
            (root / "bin" / name).write_text(dedent(text).lstrip())
            (root / "bin" / name).chmod(0o755)
        self.environment = {
            "PATH": f"{root / 'bin'}{os.pathsep}/usr/bin{os.pathsep}/bin",
            "HOME": str(self.home),
            "npm_config_registry": "https://npm.example",
            "ANTHROPIC_API_KEY": "sk-ant-not-for-others",
            "NODE_OPTIONS": "--require ./evil.js",
        }

    def write(self, text: str) -> None:
        (self.web / "src" / "main.ts").write_text(text)

    def build(self, *, again: bool = False, **environment: str) -> Outcome:
        return build(self.web, environment={**self.environment, **environment}, again=again)

    def without_node(self, *, again: bool = False) -> Outcome:
        """Build where neither Node nor a package index is."""
        empty = {"PATH": str(self.home), "PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(self.home)}
        return self.build(again=again, **empty)

    def calls(self) -> list[str]:
        file = self.home / "calls"
        return file.read_text().splitlines() if file.exists() else []


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    return Checkout(tmp_path)


def test_a_fresh_checkout_is_built_and_stamped_with_its_sources(checkout: Checkout) -> None:
    outcome = checkout.build()
    assert outcome.ok
    assert outcome.said.startswith("built in ")
    assert (checkout.static / "index.html").read_text() == "one"
    assert (checkout.static / ".stamp").read_text().strip() == stamp_of(checkout.web)
    assert complaint(checkout.web) == ""


def test_packages_are_installed_from_the_lock_without_their_scripts_and_with_little_patience(
    checkout: Checkout,
) -> None:
    checkout.build()
    npm = checkout.calls()[0].split()
    assert npm[:2] == ["npm", "ci"]
    assert {"--ignore-scripts", "--omit=dev", "--fetch-retries=1", "--fetch-timeout=20000"} <= set(npm)


def test_what_is_up_to_date_is_left_alone(checkout: Checkout) -> None:
    checkout.build()
    before = checkout.calls()
    assert checkout.build() == Outcome(True, "up to date")
    assert checkout.calls() == before


def test_a_changed_source_is_built_again_without_a_second_install_and_nothing_old_is_left(checkout: Checkout) -> None:
    checkout.build()
    checkout.write("two")
    assert complaint(checkout.web) == STALE
    assert checkout.build().ok
    assert [file.name for file in (checkout.static / "assets").iterdir()] == ["two.js"]
    assert sum(call.startswith("npm") for call in checkout.calls()) == 1


def test_a_newer_lock_is_installed(checkout: Checkout) -> None:
    checkout.build()
    (checkout.web / "package-lock.json").write_text('{"newer": true}')
    installed = checkout.web / "node_modules" / ".package-lock.json"
    os.utime(installed, ns=(0, 0))
    checkout.build()
    assert sum(call.startswith("npm") for call in checkout.calls()) == 2


@pytest.mark.parametrize("name", ["test/main.test.ts", "node_modules/x/index.js", "icons.py", "__pycache__/build.pyc"])
def test_what_is_no_source_changes_nothing(checkout: Checkout, name: str) -> None:
    before = stamp_of(checkout.web)
    (checkout.web / name).parent.mkdir(parents=True, exist_ok=True)
    (checkout.web / name).write_text("something")
    assert stamp_of(checkout.web) == before


def test_a_renamed_source_changes_the_stamp(checkout: Checkout) -> None:
    before = stamp_of(checkout.web)
    (checkout.web / "src" / "main.ts").rename(checkout.web / "src" / "other.ts")
    assert stamp_of(checkout.web) != before


def test_nothing_is_done_when_a_person_says_so(checkout: Checkout) -> None:
    assert checkout.build(COMPANY_SKIP_WEB="1") == Outcome(False, "not built, COMPANY_SKIP_WEB is set")
    assert not checkout.calls()


def test_without_node_and_index_there_is_a_reason_and_no_exception(checkout: Checkout) -> None:
    outcome = checkout.without_node()
    assert not outcome.ok
    assert "there is no Node 20.19 here, and its wheel cannot be had" in outcome.said
    assert "the plain page serves instead" in outcome.said
    assert not checkout.static.exists()
    assert complaint(checkout.web) == MISSING


def test_a_node_that_is_too_old_is_not_used(checkout: Checkout) -> None:
    node = checkout.home.parent / "bin" / "node"
    node.write_text(node.read_text().replace("v24.19.0", "v18.20.4"))
    outcome = checkout.build(PIP_NO_INDEX="1", PIP_FIND_LINKS=str(checkout.home))
    assert "there is no Node 20.19 here" in outcome.said
    assert not checkout.calls()


def test_what_failed_is_not_tried_again_before_something_changes(checkout: Checkout) -> None:
    (checkout.home / "broken").touch()
    first = checkout.build()
    calls = checkout.calls()
    assert first.said == "not built: node vite.js: Error: no such thing; the plain page serves instead"
    assert checkout.build().said.startswith("not built, as before: node vite.js: Error: no such thing; ")
    assert checkout.calls() == calls
    checkout.write("two")
    checkout.build()
    assert len(checkout.calls()) > len(calls)


def test_a_node_that_was_installed_since_is_tried_at_once(checkout: Checkout) -> None:
    checkout.without_node()
    assert checkout.build().ok


def test_a_person_may_try_again(checkout: Checkout) -> None:
    (checkout.home / "broken").touch()
    checkout.build()
    (checkout.home / "broken").unlink()
    assert not checkout.build().ok
    assert checkout.build(again=True).ok


def test_a_build_that_fails_leaves_the_one_before(checkout: Checkout) -> None:
    checkout.build()
    checkout.write("two")
    (checkout.home / "broken").touch()
    assert not checkout.build().ok
    assert (checkout.static / "index.html").read_text() == "one"
    assert complaint(checkout.web) == STALE


def test_a_folder_that_cannot_be_written_is_a_reason_too(checkout: Checkout) -> None:
    (checkout.web / "node_modules").write_text("in the way")
    assert not checkout.build().ok


def test_other_peoples_packages_see_no_keys(checkout: Checkout) -> None:
    checkout.build()
    seen = (checkout.home / "environment").read_text()
    assert "npm_config_registry=https://npm.example" in seen
    assert "ANTHROPIC_API_KEY" not in seen
    assert "NODE_OPTIONS" not in seen


def test_a_step_that_takes_too_long_is_ended(tmp_path: Path) -> None:
    with pytest.raises(BuildError, match=r"sleep 30 took more than 0 s"):
        script._run(["/bin/sleep", "30"], tmp_path, {}, seconds=0.05)


def test_an_installed_wheel_has_nothing_to_build_and_nothing_to_complain_about(tmp_path: Path) -> None:
    (tmp_path / "web").mkdir()
    assert build(tmp_path / "web", environment={}) == Outcome(False, "not built, its sources are not here")
    assert complaint(tmp_path / "web") == ""


def test_the_script_says_one_line_and_never_fails(checkout: Checkout) -> None:
    shutil.copy(script.__file__, checkout.web)
    (checkout.home / "broken").touch()
    command = [sys.executable, "-I", str(checkout.web / "build.py")]
    done = subprocess.run(command, env=checkout.environment, check=True, capture_output=True, text=True)
    assert done.stdout == "web UI: not built: node vite.js: Error: no such thing; the plain page serves instead\n"


def test_the_lock_of_node_pins_every_wheel_by_its_hash() -> None:
    lines = (script.WEB / "node.lock").read_text().replace("\\\n", " ").splitlines()
    assert all("==" in line and "--hash=sha256:" in line for line in lines)
    assert lines


@pytest.mark.skipif(
    not (shutil.which("npm") and (script.WEB / "node_modules").is_dir()), reason="needs Node and its packages"
)
def test_the_web_ui_itself_builds_with_its_service_worker_and_prepared_encodings(tmp_path: Path) -> None:
    web = tmp_path / "server" / "web"
    shutil.copytree(script.WEB, web, ignore=shutil.ignore_patterns("node_modules", "test"))
    (web / "node_modules").mkdir()
    for package in (script.WEB / "node_modules").iterdir():
        (web / "node_modules" / package.name).symlink_to(package)
    outcome = build(web)
    assert outcome.ok, outcome.said
    static = tmp_path / "server" / "static"
    worker = (static / "sw.js").read_text()
    assert "__BUILD__" not in worker
    assert "import" not in worker.split("(")[0]
    for name in ("index.html", "sw.js", "manifest.webmanifest"):
        assert (static / f"{name}.gz").stat().st_size < (static / name).stat().st_size
    shell = {f"/assets/{file.name}" for file in (static / "assets").iterdir() if file.suffix in {".js", ".css"}}
    assert shell
    assert all(name in worker for name in shell | {"/icons/icon-192.png"})
    assert stat.S_IMODE(static.stat().st_mode) & 0o500 == 0o500


def test_the_command_says_what_was_done(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(script, "build", lambda *, again: Outcome(again, "built in 1.0 s"))
    web.build()
    assert capsys.readouterr().out == "web UI: built in 1.0 s\n"


def test_the_command_fails_when_there_is_no_web_ui_after_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COMPANY_SKIP_WEB", "1")
    with pytest.raises(ProviderError, match="COMPANY_SKIP_WEB is set"):
        web.build()
