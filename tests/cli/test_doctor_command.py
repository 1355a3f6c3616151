import json

import pytest

from abrege.cli import main

TEXT = "The council of the town decided on Tuesday that the old bridge number {n} will be closed. "


@pytest.fixture
def pairs(tmp_path, monkeypatch):
    """Forty pairs in English, one of them with a summary of one word."""
    monkeypatch.chdir(tmp_path)
    rows = [
        {"id": f"r{n}", "article": TEXT.format(n=n) + f"word{n} " * 20, "title": f"Bridge {n} shut"}
        for n in range(40)
    ]
    rows[7]["title"] = "Shut"
    text = "".join(json.dumps(row) + "\n" for row in rows)
    (tmp_path / "pairs.jsonl").write_text(text)
    return tmp_path


def error_line(capsys, *words) -> tuple[int, str]:
    code = main(["doctor", "pairs.jsonl", *words])
    return code, capsys.readouterr().err.splitlines()[-1]


def test_the_doctor_prints_markdown_and_writes_a_page_and_rows(pairs, capsys):
    assert main(["doctor", "pairs.jsonl", "--near-duplicates", "1"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("# pairs.jsonl\n\n**Worth a look: nearly empty summary.**\n")
    assert "| nearly empty summary (fewer than 3 words) | look | 2.5 % | 1 of 40 | r7 |" in out
    assert json.loads((pairs / "doctor/pairs.jsonl/short.jsonl").read_text())["id"] == "r7"
    assert "<h1>pairs.jsonl</h1>" in (pairs / "doctor/pairs.jsonl/doctor.html").read_text(
        encoding="utf-8"
    )


def test_json_has_every_figure(pairs, capsys):
    assert main(["doctor", "pairs.jsonl", "--json", "--out", "x/y"]) == 0
    result = json.loads(capsys.readouterr().out)
    assert (result["rows"], result["out"]) == ({"all": 40}, "x/y")
    [short] = [check for check in result["checks"] if check["check"] == "short"]
    assert (short["verdict"], short["share"], short["first"][0]["id"]) == ("look", 0.025, "r7")
    assert (pairs / "x/y/doctor.html").is_file()


def test_a_crossed_limit_ends_with_exit_code_5(pairs, capsys):
    assert main(["doctor", "pairs.jsonl", "--fail-on", "short=0.025"]) == 0
    capsys.readouterr()
    assert error_line(capsys, "--fail-on", "short=0.02", "longer=0") == (
        5,
        "  short: 2.50%, more than 2.00%",
    )
    assert (pairs / "doctor/pairs.jsonl/doctor.html").is_file()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (
            ["--fail-on", "shrt=0.1"],
            "abrege: --fail-on shrt=0.1: there is no check 'shrt'; did",
        ),
        (
            ["--fail-on", "short"],
            "abrege: --fail-on short: write a share from 0 to 1, as in",
        ),
        (["--fail-on", "short=2"], "abrege: --fail-on short=2: write a share from 0 to 1"),
        (["--fail-on", "leaks=0"], "  leaks needs given splits, cut needs --model"),
        (["--max-tokens", "64"], "abrege: --max-length has no effect without --model"),
        (["--near-duplicates", "0"], "abrege: --near-duplicates 0: write a share above 0"),
        (["--columns", "title"], "abrege: --columns title: write it as ROLE=NAME"),
        (["--columns", "text=x"], "abrege: --columns text=x: there is no part 'text'; there are"),
        (["--drop", "short"], "abrege: --drop has no effect without --write"),
        (
            ["--write", "c.jsonl", "--drop", "shrt"],
            "abrege: --drop shrt: there is no check 'shrt'; did you mean short?",
        ),
        (["--write", "c.jsonl", "--drop", "cut"], "  Raise tune.max_length, or drop long"),
        (["--write", "pairs.jsonl"], "  Name another file or folder."),
        (["--lang", "english"], "abrege: there is no language 'english'; did you mean en?"),
    ],
)
def test_an_option_without_meaning_or_effect_is_an_error(pairs, capsys, words, message):
    code, line = error_line(capsys, *words)
    assert code == 2
    assert line.startswith(message)


def test_a_second_file_does_not_overwrite_the_pages_of_the_first(pairs, capsys):
    (pairs / "other.csv").write_text("text,summary\n" + "a long text here,a summary of it\n" * 3)
    assert main(["doctor", "pairs.jsonl"]) == 0
    assert main(["doctor", "other.csv"]) == 0
    pages = sorted(str(p.relative_to(pairs)) for p in pairs.glob("doctor/*/doctor.html"))
    assert pages == ["doctor/other.csv/doctor.html", "doctor/pairs.jsonl/doctor.html"]
    (pairs / "pairs.csv").write_text((pairs / "other.csv").read_text())
    assert main(["doctor", "pairs.csv"]) == 0
    assert len(list(pairs.glob("doctor/*/doctor.html"))) == 3
    assert "doctor/other.csv" in capsys.readouterr().err


def test_clean_rows_are_written_and_what_was_dropped_is_counted(pairs, capsys):
    words = ["--near-duplicates", "1", "--write", "clean.jsonl"]
    assert main(["doctor", "pairs.jsonl", *words]) == 0
    printed = capsys.readouterr()
    assert "Rows that no chosen check flags: 39 in clean.jsonl." in printed.out
    assert "| nearly empty summary | 1 |" in printed.out
    assert len((pairs / "clean.jsonl").read_text().splitlines()) == 39
    assert main(["doctor", "pairs.jsonl", *words, "--drop", "default", "language", "--json"]) == 0
    clean = json.loads(capsys.readouterr().out)["clean"]
    assert clean == {
        "files": {"all": "clean.jsonl"},
        "rows": {"all": 39},
        "dropped": {"short": 1},
    }
