import re
import sys
import tomllib
from pathlib import Path

import pytest

from abrege.cli import main
from abrege.core.errors import SetupError
from abrege.core.optional import EXTRAS, explain_missing, require


def test_a_package_that_is_installed_is_imported_and_returned():
    assert require("json.decoder", extra="html", purpose="Reading") is sys.modules["json.decoder"]


def test_a_missing_package_is_one_message_with_the_line_that_installs_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "json", None)

    with pytest.raises(SetupError) as caught:
        require("json", extra="ray", purpose="engine.name: ray")

    assert str(caught.value) == (
        "engine.name: ray needs the optional package json, which cannot be imported.\n"
        "  found: import of json halted; None in sys.modules\n"
        "  Type: pip install 'abrege[ray]'"
    )
    assert caught.value.exit_code == 4


def test_a_package_that_lacks_one_of_its_own_says_which(monkeypatch, tmp_path):
    # trafilatura without lxml_html_clean: installed, but its import fails
    lacking = "raise ImportError('lxml.html.clean is now a separate project.\\nInstall it.')\n"
    (tmp_path / "lacking_a_package.py").write_text(lacking)
    monkeypatch.syspath_prepend(tmp_path)

    with pytest.raises(SetupError, match=r"found: lxml\.html\.clean is now a separate project"):
        require("lacking_a_package", extra="html", purpose="Reading .html files")


def test_a_command_without_its_optional_package_is_one_message(monkeypatch, capsys, tmp_path):
    monkeypatch.setitem(sys.modules, "torch", None)  # importing it raises ModuleNotFoundError
    for module in [m for m in sys.modules if m.startswith("abrege.inference")]:
        monkeypatch.delitem(sys.modules, module)
    (tmp_path / "text.txt").write_text("The cat sat.")
    assert main(["summarize", "--model", str(tmp_path), str(tmp_path / "text.txt")]) == 4
    assert "torch, which is not installed.\n  Type: pip install 'abrege[train]'" in (
        capsys.readouterr().err
    )


def test_each_optional_package_is_in_the_extra_that_its_message_names():
    with (Path(__file__).parents[2] / "pyproject.toml").open("rb") as file:
        extras = tomllib.load(file)["project"]["optional-dependencies"]
    for package, extra in EXTRAS.items():
        names = [re.split(r"[\[>=<]", line)[0] for line in extras[extra]]
        assert package.replace("markdown_it", "markdown-it-py") in names, (package, extra)


def test_a_module_of_ours_that_is_missing_stays_a_traceback():
    assert explain_missing(ModuleNotFoundError("no", name="abrege.nothing")) is None
