"""Where tools come from, what replaces what, and that nothing is skipped silently."""

import calendar
import subprocess
import sys
from pathlib import Path

import pytest

from company.errors import UsageError
from company.toolkit import load_tools

ROOT = Path(__file__).parents[2]


def failure(*folders: Path, **more) -> UsageError:
    with pytest.raises(UsageError) as caught:
        load_tools(*folders, **more)
    assert caught.value.where
    assert caught.value.cure
    return caught.value


def test_tools_are_loaded_in_order_of_name_with_their_file(source, write, tmp_path):
    write("tools/b.py", source("zebra", "ant"))
    write("tools/a.py", source("mule"))
    tools = load_tools(tmp_path / "tools")
    assert list(tools) == ["ant", "mule", "zebra"]
    assert [Path(tool.source).name for tool in tools.values()] == ["b.py", "a.py", "b.py"]
    assert tools.get("mule").function() == tools.get("mule").source == str(tmp_path / "tools/a.py")


def test_a_folder_that_is_not_there_holds_no_tools(tmp_path):
    assert len(load_tools(tmp_path / "absent", tmp_path / "neither")) == 0


def test_a_directory_file_replaces_the_bundled_file_of_its_name_whole(source, write, tmp_path):
    write("bundled/news.py", source("headlines", "article"))
    write("bundled/risk.py", source("limits"))
    mine = write("own/news.py", source("headlines"))
    tools = load_tools(tmp_path / "bundled", tmp_path / "own")
    assert list(tools) == ["headlines", "limits"]
    assert tools.get("headlines").source == str(mine)


def test_a_replaced_file_is_never_run(source, write, tmp_path):
    write("bundled/news.py", "raise RuntimeError")
    write("own/news.py", source("headlines"))
    assert list(load_tools(tmp_path / "bundled", tmp_path / "own")) == ["headlines"]


def test_two_files_of_one_layer_with_the_same_tool_clash(source, write, tmp_path):
    one, two = write("tools/a.py", source("headlines")), write("tools/b.py", source("headlines"))
    error = failure(tmp_path / "tools")
    assert "'headlines' is defined twice" in error.what
    assert str(one) in error.where
    assert str(two) in error.where


def test_a_directory_file_cannot_take_a_tool_out_of_another_bundled_file(source, write, tmp_path):
    bundled, own = write("bundled/news.py", source("headlines")), write("own/mine.py", source("headlines"))
    error = failure(tmp_path / "bundled", tmp_path / "own")
    assert str(bundled) in error.where
    assert str(own) in error.where


def test_a_file_without_a_tool_is_an_error(write, tmp_path):
    file = write("tools/a.py", "x = 1\n")
    error = failure(tmp_path / "tools")
    assert error.where == str(file)
    assert "@tool" in error.cure


def test_a_file_that_begins_with_an_underscore_is_for_its_siblings(source, write, tmp_path):
    write("tools/_shared.py", "ANSWER = 'forty-two'\n")
    text = source("answer").replace("import tool\n", "import tool\nfrom ._shared import ANSWER\n")
    write("tools/a.py", text.replace("__file__", "ANSWER"))
    assert load_tools(tmp_path / "tools").get("answer").function() == "forty-two"


def test_a_folder_of_tools_inside_the_folder_is_not_overlooked(source, write, tmp_path):
    write("tools/deep/a.py", source("headlines"))
    assert failure(tmp_path / "tools").where == str(tmp_path / "tools/deep")


def test_folders_without_tools_and_other_files_are_left_alone(source, write, tmp_path):
    write("tools/a.py", source("headlines"))
    write("tools/data/words.txt", "")
    write("tools/__pycache__/x.py", "raise RuntimeError")
    write("tools/.hidden.py", "raise RuntimeError")
    assert list(load_tools(tmp_path / "tools")) == ["headlines"]


def test_a_file_whose_name_python_cannot_import_says_so(source, write, tmp_path):
    write("tools/my-news.py", source("headlines"))
    assert "my-news.py" in failure(tmp_path / "tools").what


@pytest.mark.parametrize(
    ("text", "line", "told"),
    [
        ("x = 1\ndef broken(:\n", 2, "SyntaxError"),
        ("x = 1\n\n\n1 / 0\n", 4, "ZeroDivisionError: division by zero"),
        ("import sys\nsys.exit(3)\n", 2, "SystemExit: 3"),
        ("\nimport no_such_package\n", 2, "ModuleNotFoundError"),
        ("import json\njson.loads('x')\n", 2, "JSONDecodeError"),
    ],
)
def test_a_broken_file_names_its_line(write, tmp_path, text, line, told):
    file = write("tools/a.py", text)
    error = failure(tmp_path / "tools")
    assert error.where == f"{file}:{line}"
    assert told in error.what
    assert error.__cause__ is not None


def test_a_missing_dependency_is_named_in_the_cure(write, tmp_path):
    write("tools/a.py", "import no_such_package\n")
    assert "install 'no_such_package'" in failure(tmp_path / "tools").cure


def test_a_tool_that_breaks_the_rules_of_tools_names_itself(write, tmp_path):
    file = write("tools/a.py", "from company import tool\n@tool(effect='read')\ndef f():\n    '''Text.'''\n")
    assert failure(tmp_path / "tools").where == f"{file}:f"


def test_a_broken_file_leaves_nothing_behind(source, write, tmp_path):
    file = write("tools/a.py", "1 / 0\n")
    failure(tmp_path / "tools")
    file.write_text(source("headlines"), "utf-8")
    assert list(load_tools(tmp_path / "tools")) == ["headlines"]


def test_loading_again_reads_again(source, write, tmp_path):
    file = write("tools/a.py", source("headlines"))
    load_tools(tmp_path / "tools")
    file.write_text(source("headlines", "article"), "utf-8")
    write("tools/b.py", source("limits"))
    assert list(load_tools(tmp_path / "tools")) == ["article", "headlines", "limits"]


def test_a_tool_file_named_like_a_standard_module_shadows_nothing(source, write, tmp_path):
    text = source("weekday").replace("import tool\n", "import tool\nimport calendar\n")
    write("tools/calendar.py", text.replace("__file__", "calendar.__file__"))
    tools = load_tools(tmp_path / "tools")
    assert tools.get("weekday").function() == calendar.__file__
    assert sys.modules["calendar"] is calendar


def test_two_companies_with_files_of_one_name_do_not_mix(source, write, tmp_path):
    write("one/news.py", source("headlines"))
    write("two/news.py", source("headlines"))
    one, two = load_tools(tmp_path / "one"), load_tools(tmp_path / "two")
    assert one.get("headlines").function() != two.get("headlines").function()


def test_dataclasses_and_models_with_postponed_annotations_work(write, tmp_path):
    write(
        "tools/a.py",
        '''
        from __future__ import annotations

        from dataclasses import KW_ONLY, dataclass
        from typing import ClassVar

        from company import tool
        from pydantic import BaseModel


        @dataclass
        class Point:
            _: KW_ONLY
            x: int = 1
            unit: ClassVar[str] = "m"


        class Size(BaseModel):
            parts: list[Part] = []


        class Part(BaseModel):
            width: int = 2


        @tool(effect="read")
        def measure(at: int) -> Size:
            """Measure.

            Args:
                at: Where.
            """
            return Size(parts=[Part(width=Point(x=at).x)])
        ''',
    )
    tool = load_tools(tmp_path / "tools").get("measure")
    assert tool.result.dump_python(tool.function(at=7)) == {"parts": [{"width": 7}]}


def test_a_tool_imported_from_elsewhere_belongs_to_the_file_that_shows_it(source, write, tmp_path):
    write("tools/_shared.py", source("headlines"))
    file = write("tools/a.py", "from ._shared import headlines\nagain = headlines\n")
    assert [tool.source for tool in load_tools(tmp_path / "tools").values()] == [str(file)]


def test_tools_of_a_confirmed_package_stand_beside_those_of_files(source, write, install, lock, tmp_path):
    install("acme", "company.tools", {"rumours": "acme.rumours"}, {"acme/rumours.py": source("rumours")})
    write("bundled/news.py", source("headlines"))
    write("own/risk.py", source("limits"))
    tools = load_tools(tmp_path / "bundled", tmp_path / "own", lock=lock("acme", rumours=["rumours"]))
    assert {name: (tool.kind, tool.isolated) for name, tool in tools.items()} == {
        "headlines": ("bundled", False),
        "limits": ("file", False),
        "rumours": ("package", True),
    }
    assert tools["rumours"].source == "package acme 1.0"


def test_a_package_is_not_imported_and_its_tools_are_what_was_confirmed(install, lock, tmp_path):
    install("acme", "company.tools", {"rumours": "acme_bomb"}, {"acme_bomb.py": "1 / 0\n"})
    tools = load_tools(tmp_path / "bundled", lock=lock("acme", rumours=["rumours", "gossip"]))
    assert list(tools) == ["gossip", "rumours"]
    assert "acme_bomb" not in sys.modules


def test_an_installed_package_that_nobody_confirmed_is_not_used(source, install, tmp_path):
    install("acme", "company.tools", {"rumours": "acme_rumours"}, {"acme_rumours.py": source("rumours")})
    assert list(load_tools(tmp_path / "bundled")) == []


def test_an_installed_package_is_found_when_the_backport_of_the_import_system_took_over(
    source, install, lock, tmp_path
):
    pytest.importorskip("importlib_metadata")  # replaces the finders of the whole process
    install("acme", "company.tools", {"news": "acme_late"}, {"acme_late.py": source("headlines")})
    assert list(load_tools(tmp_path / "bundled", lock=lock("acme", news=["headlines"]))) == ["headlines"]


@pytest.mark.parametrize("folder", ["bundled", "own"])
def test_an_entry_point_that_is_called_like_a_file_of_tools_is_refused(source, write, install, lock, tmp_path, folder):
    install("acme", "company.tools", {"news": "acme_news"}, {"acme_news.py": source("rumours")})
    file = write(f"{folder}/news.py", source("headlines"))
    error = failure(tmp_path / "bundled", tmp_path / "own", lock=lock("acme", news=["rumours"]))
    assert "'news'" in error.what
    assert error.where == f"package acme 1.0 and {file}"
    assert error.cure == "do without the package: company plugins remove acme"


@pytest.mark.parametrize("folder", ["bundled", "own"])
def test_a_tool_of_a_package_with_the_name_of_a_tool_there_is_is_refused(
    source, write, install, lock, tmp_path, folder
):
    install("acme", "company.tools", {"extra": "acme_extra"}, {"acme_extra.py": ""})
    file = write(f"{folder}/trade.py", source("place_order"))
    error = failure(tmp_path / "bundled", tmp_path / "own", lock=lock("acme", extra=["place_order"]))
    assert error.what == "the name 'place_order' is taken"
    assert error.where == f"{file} and package acme 1.0"
    assert "company plugins remove acme" in error.cure


def test_a_tool_of_a_package_cannot_be_called_like_what_the_company_itself_offers_a_model(install, lock, tmp_path):
    install("acme", "company.tools", {"extra": "acme_extra"}, {"acme_extra.py": ""})
    assert "'delegate' is taken" in failure(tmp_path / "bundled", lock=lock("acme", extra=["delegate"])).what


def test_two_packages_with_one_tool_are_refused(install, lock, tmp_path):
    install("acme", "company.tools", {"extra": "acme_extra"}, {"acme_extra.py": ""})
    install("beta", "company.tools", {"more": "beta_more"}, {"beta_more.py": ""})
    error = failure(tmp_path / "bundled", lock=lock("acme", "beta", extra=["gossip"], more=["gossip"]))
    assert error.where == "package acme 1.0 and package beta 1.0"


def test_two_packages_with_one_entry_point_are_refused(install, lock, tmp_path):
    install("acme", "company.tools", {"extra": "acme_tools"}, {"acme_tools.py": ""})
    install("beta", "company.tools", {"extra": "beta_tools"}, {"beta_tools.py": ""})
    error = failure(tmp_path / "bundled", lock=lock("acme", "beta"))
    assert "'extra'" in error.what
    assert "acme and beta" in error.where


def test_an_isolated_file_keeps_its_place_and_is_called_in_a_worker(write, tmp_path):
    text = """
        from company import Reach, tool


        @tool(effect="write", claims=("noted",), hosts=("api.example.com",))
        def note(words: str, reach: Reach) -> str:
            '''Keep words.

            Args:
                words: What to keep.
            '''
            return words
    """
    file = write("own/notes.py", text)
    tool = load_tools(tmp_path / "bundled", tmp_path / "own")["note"]
    assert (tool.kind, tool.isolated, tool.source) == ("file", True, str(file))
    assert tool.manifest.hosts == ("api.example.com",)
    assert tool.claims
    assert tool.schema["parameters"]["required"] == ["words"]
    assert tool.context_parameter == "context"  # the caller takes it, and finds the workers there


def test_the_order_of_tools_does_not_depend_on_the_process(source, write, tmp_path):
    for name in "gbdafce":
        write(f"tools/{name}.py", source(f"{name}_two", f"{name}_one"))
    code = "import sys, pathlib; from company.toolkit import load_tools; print(*load_tools(pathlib.Path(sys.argv[1])))"
    command = [sys.executable, "-c", code, str(tmp_path / "tools")]
    printed = {
        subprocess.run(
            command, env={"PYTHONHASHSEED": seed}, cwd=ROOT, check=True, capture_output=True, text=True
        ).stdout
        for seed in "12"
    }
    assert printed == {" ".join(load_tools(tmp_path / "tools")) + "\n"}
