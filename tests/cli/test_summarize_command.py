"""`abrege summarize` over a model that repeats the first words of what it is given."""

import json
import sys
import types
from pathlib import Path

import pytest

from abrege.cli import main
from abrege.core.events import Progress
from abrege.core.types import Prediction


class Summarizer:
    """Stands for a tuned model: three words of the document, and its aspect."""

    limit = 3

    def __init__(self) -> None:
        self.calls = []

    def summarize_pairs(self, pairs, *, max_new_tokens, on_event):
        self.calls.append((pairs, max_new_tokens))
        for done, pair in enumerate(pairs, start=1):
            on_event(Progress("summarize", done, len(pairs)))
            yield self.answer(pair.id, pair.document, pair.meta)

    def stream(self, document, *, meta, max_new_tokens):
        self.calls.append((document, meta, max_new_tokens))
        answer = self.answer("text", document, meta)
        yield from answer.prediction.partition(" ")
        return answer

    def answer(self, id, document, meta):  # noqa: A002
        words = [*map(str, meta.values()), *document.split()]
        return Prediction(
            id=id,
            prediction=" ".join(words[: self.limit]),
            finish_reason="length" if len(words) > 5 else "stop",
            prompt_tokens=9,
            new_tokens=self.limit,
            document_tokens_cut=4 if "long" in words else 0,
        )


@pytest.fixture
def model(monkeypatch, tmp_path):
    """Put the stand-in where the command opens models; note which folder it is asked for."""
    summarizer = Summarizer()
    module = types.ModuleType("abrege.inference.summarizer")
    module.load = lambda folder, lang, on_event: setattr(summarizer, "folder", folder) or summarizer
    monkeypatch.setitem(sys.modules, "abrege.inference.summarizer", module)
    monkeypatch.chdir(tmp_path)
    return summarizer


def stdin(monkeypatch, content: bytes) -> None:
    Path("typed").write_bytes(content)
    monkeypatch.setattr("abrege.cli.summarize.STDIN", Path("typed"))


def rows(*values) -> None:
    Path("in.jsonl").write_text("".join(json.dumps(v) + "\n" for v in values))


def test_a_text_gives_its_summary_on_stdout(model, capsys):
    Path("a.txt").write_text("one two three\nfour")
    assert main(["summarize", "a.txt", "--model", "runs/x"]) == 0
    assert capsys.readouterr() == ("one two three\n", "")
    assert model.folder == "runs/x"
    [([pair], limit)] = model.calls
    assert (pair.id, pair.document, pair.references) == ("a.txt", "one two three\nfour", [])
    assert limit is None


@pytest.mark.parametrize("words", [[], ["-"]])
def test_stdin_is_read_if_no_file_is_given(model, capsys, monkeypatch, words):
    stdin(monkeypatch, "l’été est là".encode())
    assert main(["summarize", *words, "--model", "m"]) == 0
    assert capsys.readouterr().out == "l’été est là\n"


def test_each_row_gives_one_line_of_json_in_order(model, capsys):
    rows({"id": "x", "article": "one two"}, {"id": "y", "article": "three four five six"})
    assert main(["summarize", "in.jsonl", "--model", "m"]) == 0
    out, err = capsys.readouterr()
    answers = [json.loads(line) for line in out.splitlines()]
    assert [(a["id"], a["prediction"]) for a in answers] == [
        ("x", "one two"),
        ("y", "three four five"),
    ]
    assert answers[0] == {
        "id": "x", "prediction": "one two", "finish_reason": "stop",
        "prompt_tokens": 9, "new_tokens": 3, "document_tokens_cut": 0,
    }  # fmt: skip
    assert "in.jsonl: 2 rows, document ← article" in err


def test_stdin_may_be_jsonl(model, capsys, monkeypatch):
    stdin(monkeypatch, b'{"text": "one"}\n')
    assert main(["summarize", "--jsonl", "--model", "m"]) == 0
    assert json.loads(capsys.readouterr().out)["id"] == "typed:1"


def test_the_column_of_the_document_can_be_given(model, capsys):
    rows({"roman": "one", "text": "two"})
    assert main(["summarize", "in.jsonl", "--column", "roman", "--model", "m"]) == 0
    assert json.loads(capsys.readouterr().out)["prediction"] == "two one"  # text: kept in meta


def test_meta_of_the_command_wins_over_that_of_the_rows(model):
    rows({"text": "one", "aspect": "challenge", "year": 2020})
    words = ["--meta", "aspect=a=b", "--meta", "tone="]
    assert main(["summarize", "in.jsonl", "--model", "m", *words]) == 0
    [([pair], _)] = model.calls
    assert pair.meta == {"aspect": "a=b", "year": 2020, "tone": ""}


def test_the_maximum_length_is_passed_to_the_model(model):
    Path("a.txt").write_text("one")
    main(["summarize", "a.txt", "--model", "m", "--max-new-tokens", "7"])
    assert model.calls[0][1] == 7


def test_truncation_is_a_warning_on_stderr(model, capsys):
    Path("a.txt").write_text("a long text of six words")
    main(["summarize", "a.txt", "--model", "m"])
    out, err = capsys.readouterr()
    assert out == "a long text\n"
    assert err.splitlines()[-2:] == [
        "the document was truncated: its last 4 tokens were not read",
        "the summary reached the limit of 3 tokens and may be truncated; raise --max-new-tokens",
    ]


def test_a_warning_about_rows_has_the_id_of_its_row(model, capsys):
    rows({"id": "x", "text": "short"}, {"id": "y", "text": "long"})
    main(["summarize", "in.jsonl", "--model", "m"])
    assert "y: the document was truncated" in capsys.readouterr().err


def test_the_summary_is_streamed_to_a_terminal(model, capsys, monkeypatch):
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    Path("a.txt").write_text("a long text of six words")
    words = ["--meta", "aspect=x", "--max-new-tokens", "7"]
    assert main(["summarize", "a.txt", "--model", "m", *words]) == 0
    out, err = capsys.readouterr()
    assert out == "x a long\n"
    assert model.calls == [("a long text of six words", {"aspect": "x"}, 7)]
    assert "the document was truncated" in err


def test_a_text_may_be_answered_in_json(model, capsys):
    Path("a.md").write_text("one two")
    assert main(["summarize", "a.md", "--model", "m", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["prediction"] == "one two"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (
            ["--meta", "aspect"],
            "abrege: --meta aspect: write it as KEY=VALUE, as in --meta aspect=",
        ),
        (["--column", "body"], "abrege: --column is for rows: give --jsonl, or a file of rows"),
        (["--max-new-tokens", "0"], "'0' is not a whole number of at least 1"),
        (["--max-new-tokens", "many"], "'many' is not a whole number of at least 1"),
    ],
)
def test_a_bad_option_is_a_usage_error(model, capsys, words, message):
    Path("a.txt").write_text("one")
    assert main(["summarize", "a.txt", "--model", "m", *words]) == 2
    assert message in capsys.readouterr().err


def test_the_model_is_required(model, capsys):
    assert main(["summarize", "a.txt"]) == 2
    assert "the following arguments are required: --model" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.txt", None, "abrege: a.txt: there is no such file."),
        ("a.txt", b" \n", "abrege: a.txt: there is no text in it to summarize."),
        ("a.txt", b"fine\nl\xe9gume\n", "abrege: a.txt:2: not UTF-8: byte 2 of the line"),
        ("a.jsonl", b'{"text": "x"}\n{"text"\n', "a.jsonl:2: not JSON"),
        ("a.jsonl", b'{"text": 7}\n{"text": "x"}\n', "a.jsonl:1: document (text) is a number"),
    ],
)
def test_bad_input_is_an_error_before_the_model_is_loaded(model, capsys, name, content, message):
    if content is not None:
        Path(name).write_bytes(content)
    assert main(["summarize", name, "--model", "m"]) == 3
    out, err = capsys.readouterr()
    assert out == ""
    assert message in err
    assert not hasattr(model, "folder")
