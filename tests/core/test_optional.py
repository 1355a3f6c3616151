import sys

import pytest

from abrege.core.errors import SetupError
from abrege.core.optional import require


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
