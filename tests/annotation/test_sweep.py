import pytest

from abrege.annotation import sweep
from abrege.core.errors import RecipeError
from abrege.report.command_tables import sweep_table
from abrege.report.terminal import render_table
from builders.annotate_runs import a_recipe, a_run, a_summary, faithful, lines, number
from builders.fake_server import Reply, serving


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch):
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


GRID = {"temperature": [0.2, 0.7], "top_p": [0.5], "rows": 4}


def test_each_grid_point_requests_one_summary_of_each_sampled_document(tmp_path):
    def script(body):
        warm = body["temperature"] > 0.5 and number(body) % 2
        return Reply("No." if warm else a_summary(number(body)))

    folder = a_run(tmp_path, count=8)
    with serving(script) as fake:
        cold, warm = sweep.run(a_recipe(fake.url, sweep=GRID, attempts=3), folder)
        requests = [(a.body["temperature"], number(a.body)) for a in fake.requests]
        assert len(requests) == len({*requests}) == 8
        sampled = {n for _, n in requests}
        again = sweep.run(a_recipe(fake.url, sweep=GRID, attempts=3), folder)
        assert len(fake.requests) == 8
    assert again == [cold, warm]
    odd = sum(n % 2 for n in sampled)
    assert (cold["rows"], cold["passed"], cold["refused"]) == (4, 4, {})
    assert (warm["passed"], warm["refused"]) == (4 - odd, {"too short": odd})
    assert cold["words"] == 12
    assert cold["unsupported facts"] == 0
    assert [path.name for path in (folder / "annotate").glob("[!.]*")] == ["sweep.jsonl"]
    assert len(lines(folder, "sweep")) == 8


def test_the_table_has_a_row_per_grid_point_and_a_column_per_reason(tmp_path):
    folder = a_run(tmp_path, count=2)
    with serving(lambda body: Reply("No.") if body["top_p"] > 0.6 else faithful(body)) as fake:
        points = sweep.run(
            a_recipe(fake.url, sweep={"temperature": [0.2], "top_p": [0.5, 0.7], "rows": 2}),
            folder,
        )
    lines_shown = render_table(sweep_table(points)).splitlines()
    head, first, second, *_ = (line.split() for line in lines_shown)
    assert head[:5] == ["Temperature", "top-p", "Rows", "Passed", "too"]
    # Of twelve words three are a run of the document (9), two are one (4), five stand alone.
    assert first == ["0.2", "0.5", "2", "2", "0", "12.0", "0.0", "%", "1.50", "0.0", "%", "14"]
    assert second == ["0.2", "0.7", "2", "0", "2", "1.0", "–", "0.00", "0.0", "%", "14"]


def test_the_lead_has_no_sampling_settings_to_sweep(tmp_path):
    with pytest.raises(RecipeError, match="teacher lead has no sampling settings"):
        sweep.run(a_recipe(), tmp_path)
