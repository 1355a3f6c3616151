"""`abrege annotate --sweep`, from a folder of texts to its table."""

import json

import pytest

from abrege.cli import main
from builders.fake_server import Reply, serving
from builders.records import some_rows

RECIPE = """
name: sweep
collect: {source: texts}
clean: {min_words: 5, near_duplicates: null, max_symbols: 0.4}
annotate:
  teacher: server
  model: t
  base_url: URL
  min_words: 5
  reject_unsupported: false
  sweep: {temperature: [0.2, 0.7], top_p: [0.5], rows: 3}
data: {lang: en}
tune: {model: m}
"""


@pytest.fixture
def texts(tmp_path, monkeypatch):
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "texts").mkdir()
    for n, row in enumerate(some_rows(8)):
        (tmp_path / f"texts/{n}.txt").write_text(row["document"] + " It went on, and on again.")
    return tmp_path


def warm_ones_are_cut(body):
    text = "One of the animals did something in some place, and it went on."
    warm = body["temperature"] > 0.5
    return Reply(text, finish_reason="length" if warm else "stop", usage=False)


def test_the_sweep_of_a_recipe_is_a_table_and_leaves_no_pairs(texts, capsys):
    with serving(warm_ones_are_cut) as fake:
        (texts / "r.yaml").write_text(RECIPE.replace("URL", fake.url))
        assert main(["annotate", "r.yaml", "--sweep"]) == 2
        assert "annotate needs collect, which is not done yet" in capsys.readouterr().err
        for stage in ("collect", "clean"):
            assert main([stage, "r.yaml"]) == 0
        capsys.readouterr()
        assert main(["annotate", "r.yaml", "--sweep"]) == 0
        head, cold, warm, *_ = capsys.readouterr().out.splitlines()
        assert head.split()[:5] == ["Temperature", "top-p", "Rows", "Passed", "cut"]
        assert (cold.split()[:5], warm.split()[:5]) == (
            ["0.2", "0.5", "3", "3", "0"],
            ["0.7", "0.5", "3", "0", "3"],
        )
        assert len(fake.requests) == 6
        assert main(["annotate", "r.yaml", "--sweep", "--json"]) == 0
        assert len(fake.requests) == 6
    result = json.loads(capsys.readouterr().out)
    assert [point["passed"] for point in result["sweep"]] == [3, 0]
    assert not (texts / "runs/sweep/annotate/pairs.jsonl").exists()
