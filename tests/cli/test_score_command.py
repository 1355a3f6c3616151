import json

import numpy as np
import pytest

from abrege.metrics.registry import METRICS, get_metric, in_section
from builders.commands import REFERENCES, run_command, score_json


def test_scores_come_as_a_table_with_intervals_and_signatures(files, capsys):
    code, out, err = run_command(
        capsys, "score", "bad.txt", "--references", "ref.txt", "--lang", "fr"
    )
    assert code == 0
    assert out.startswith("bad.txt: 4 rows, language fr\n\nMetric")
    row = next(line for line in out.splitlines() if line.startswith("ROUGE-1 "))
    assert row.split()[:2] == ["ROUGE-1", "50.0"]  # ¼ (2·1·⅙ / (1+⅙) … of le; 0; ¾; 1)
    assert "\nrougeLsum|abrege-" in out
    assert "bad.txt: 1 prediction without a word, scored 0" in err
    assert "bad.txt: prediction ← line" in err


def test_the_json_holds_every_value_with_its_signature(files, capsys):
    result = score_json(capsys, "good.txt", "--references", "ref.txt", "--metrics", "all")
    assert (result["n"], result["groups"], result["lang"]) == (4, 4, "fr")
    left_out = {"bertscore", *(m.name for m in METRICS.values() if "documents" in m.needs)}
    assert list(result["scores"]) == [m for m in METRICS if m not in left_out]
    assert all(f["signature"].startswith(f"{m}|") for m, f in result["scores"].items())
    assert result["scores"]["rouge1"]["value"] == result["scores"]["rougeL"]["value"] == 1.0
    assert result["scores"]["bleu"]["brevity_penalty"] == 1.0


def test_the_same_command_gives_the_same_bytes(files, capsys):
    words = ("score", "bad.txt", "--references", "ref.txt", "--metrics", "all")
    assert run_command(capsys, *words) == run_command(capsys, *words)


def test_the_language_is_detected_in_the_references_and_reported(files, capsys):
    _, _, err = run_command(capsys, "score", "bad.txt", "--references", "ref.txt")
    assert "language: fr, identified from the references; --lang sets another" in err


def test_rows_writes_the_scores_of_each_row(files, capsys, tmp_path):
    words = ("bad.txt", "--references", "ref.txt", "--rows", "rows.jsonl", "--metrics", "rouge1")
    result = score_json(capsys, *words)
    rows = [json.loads(line) for line in (tmp_path / "rows.jsonl").read_text().splitlines()]
    assert [row["id"] for row in rows] == ["1", "2", "3", "4"]
    assert sum(row["rouge1"] for row in rows) / 4 == pytest.approx(
        result["scores"]["rouge1"]["value"]
    )


def test_a_row_without_a_score_is_null_and_is_not_an_example(files, capsys, tmp_path):
    long = "Le chat dort sur le lit depuis ce matin et ne veut pas sortir."
    path, ref = files("p.txt", ["court", long]), files("r.txt", ["x", "y"])
    words = (path, "--references", ref, "--lang", "fr", "--metrics", "in_language,rouge1")
    result = score_json(capsys, *words, "--rows", "rows.jsonl")
    assert result["scores"]["in_language"]["value"] == 1.0
    rows = [json.loads(line) for line in (tmp_path / "rows.jsonl").read_text().splitlines()]
    assert [row["in_language"] for row in rows] == [None, 1.0]
    _, out, _ = run_command(capsys, "score", *words, "--examples", "3")
    assert out.count("\nbest, in the target language 100.0 %: 2") == 1
    assert ": 1\n" not in out


def test_another_profile_is_in_the_signature_and_has_its_own_metrics(files, capsys):
    words = ("bad.txt", "--references", "ref.txt", "--profile", "pip-rouge")
    scores = score_json(capsys, *words)["scores"]
    assert list(scores) == ["rouge1", "rouge2", "rougeL", "length_ratio"]
    assert "|profile:pip-rouge|" in scores["rougeL"]["signature"]


def test_an_explained_row_lists_its_unsupported_facts(files, capsys):
    pair = {"id": "a", "document": "Paul a payé 3 euros.", "summary": "Paul a payé."}
    data = files("d.jsonl", [json.dumps(pair)])
    path = files("p.jsonl", [json.dumps({"id": "a", "prediction": "Paul a payé 4 euros."})])
    words = ("score", path, "--data", data, "--explain", "a", "--lang", "fr")
    _, out, _ = run_command(capsys, *words)
    assert "\n  not in the document: 4 euros (number)\n" in out


def test_scores_are_broken_down_by_a_column(files, capsys):
    rows = [{"predict": t, "label": t, "kind": "a"} for t in REFERENCES[:2]]
    rows += [{"predict": "x", "label": t, "kind": "b"} for t in REFERENCES]
    path = files("o.jsonl", map(json.dumps, rows))
    parts = score_json(capsys, path, "--by", "kind", "--lang", "fr")["by"]["kind"]
    assert {name: part["n"] for name, part in parts.items()} == {"b": 4, "a": 2}
    assert [parts[p]["scores"]["rougeL"]["value"] for p in "ab"] == [1.0, 0.0]
    assert "|n:2|groups:2|" in parts["a"]["scores"]["rougeL"]["signature"]
    _, out, _ = run_command(capsys, "score", path, "--by", "kind", "--lang", "fr")
    assert "\nkind  Rows " in out
    assert "\na        2  100.0 [100.0, 100.0]" in out


def test_scores_are_broken_down_by_the_length_of_documents(files, capsys):
    pairs = [{"document": "mot " * n, "summary": "un mot"} for n in range(1, 41)]
    data, path = files("d.jsonl", map(json.dumps, pairs)), files("p.txt", ["un mot"] * 40)
    words = (path, "--data", data, "--by", "document_words", "--lang", "fr")
    parts = score_json(capsys, *words)["by"]["document_words"]
    assert list(parts) == ["up to 10", "over 10, up to 20", "over 20, up to 30", "over 30"]
    assert {part["n"] for part in parts.values()} == {10}


def test_a_row_without_the_column_is_in_the_part_none(files, capsys, tmp_path):
    rows = [
        {"prediction": "a", "label": "a", "topic": "x"},
        {"prediction": "b", "label": "b"},
        {"prediction": "c", "label": "c", "topic": "x"},
    ]
    (tmp_path / "p.jsonl").write_text("".join(json.dumps(r) + "\n" for r in rows))
    words = ("p.jsonl", "--lang", "en", "--metrics", "rouge1", "--by")
    result = score_json(capsys, *words, "topic")["by"]["topic"]
    assert {part: of["n"] for part, of in result.items()} == {"x": 2, "none": 1}
    code, _, err = run_command(capsys, "score", *words, "topics")
    assert (code, "--by topics: there is no such column; did you mean topic?" in err) == (2, True)


def test_the_best_and_the_worst_rows_are_shown(files, capsys):
    words = ("bad.txt", "--references", "ref.txt", "--metrics", "rougeL", "--examples", "1")
    _, out, _ = run_command(capsys, "score", *words)
    assert "\nbest, ROUGE-L 100.0: 4\n  rien\n  reference: rien\n" in out
    assert "\nworst, ROUGE-L 0.0: 2\n  \n  reference: il pleut à Paris\n" in out


def test_the_best_row_has_the_lowest_score_where_less_is_better(files, capsys):
    path = files("p.txt", ["a b c a b c", "a b c", "a b c d"])
    ref = files("r.txt", ["x", "y", "z"])
    words = (path, "--references", ref, "--metrics", "repeated", "--examples", "1", "--lang", "en")
    _, out, _ = run_command(capsys, "score", *words)
    assert "\nbest, repeated trigrams 0.0 %: 2\n" in out
    assert "\nworst, repeated trigrams 25.0 %: 1\n" in out


def test_the_best_row_by_words_shows_its_word_count(files, capsys):
    words = ("good.txt", "--references", "ref.txt", "--metrics", "words", "--examples", "1")
    _, out, _ = run_command(capsys, "score", *words)
    assert "\nbest, words 6.0: 1\n" in out


def test_a_row_is_explained_word_by_word(files, capsys):
    words = ("bad.txt", "--references", "ref.txt", "--explain", "3", "--lang", "fr")
    _, out, _ = run_command(capsys, "score", *words)
    assert "\n3: 3 words shared of 4 and 4, 3 in the same order\n" in out
    assert "  **l**'hiver **est** **là**\n  reference: **l**'été **est** **là**\n" in out


def test_a_very_long_row_is_reported_as_too_long_to_explain(files, capsys):
    files("long.txt", ["un " * 2500])
    words = ("long.txt", "--references", "long.txt", "--lang", "fr", "--explain", "1")
    code, out, _ = run_command(capsys, "score", *words, "--metrics", "rouge1")
    assert (code, "1: too long to be explained word by word" in out) == (0, True)


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (["--metrics", "rogue1"], 2, "there is no metric 'rogue1'; did you mean rouge1?"),
        (["--profile", "rouge-score"], 2, "--profile: no 'rouge-score'; did you mean rouge_score?"),
        (["--lang", "frensh"], 2, "there is no language 'frensh'; did you mean fr?"),
        (["--lang", "xx"], 2, "there is no language 'xx'; write a code such as en"),
        (["--lang", "th"], 3, "Thai is written without spaces"),
        (["--rule", "min"], 2, "--rule: no 'min'"),
        (["--confidence", "95"], 2, "--confidence 95: write a share between 0.5 and 1"),
        (
            ["--by", "topic"],
            2,
            "--by topic: there is no such column; known: document_words, group, lang",
        ),
        (
            ["--by", "document_words"],
            2,
            "--by document_words needs the documents.\n  Give them with --data",
        ),
        (["--explain", "99"], 3, "--explain 99: there is no row with this id"),
        (["--json", "--explain", "1"], 2, "--examples and --explain have no effect with --json"),
        (["--idf"], 2, "--idf has no effect without bertscore in --metrics"),
        (["--wordnet", "."], 2, "--wordnet has no effect without meteor in --metrics"),
        (["--columns", "gold"], 2, "--columns gold: write it as ROLE=NAME"),
        (["--stemmer", "--profile", "pip-rouge"], 2, "stemmer has no effect with profile"),
    ],
)
def test_an_option_without_meaning_is_one_message(files, capsys, words, code, message):
    result = run_command(capsys, "score", "bad.txt", "--references", "ref.txt", *words)
    assert (result[0], result[1]) == (code, "")
    assert message in result[2]
    assert "Traceback" not in result[2]


def test_different_numbers_of_rows_are_an_error(files, capsys):
    files("two.txt", REFERENCES[:2])
    code, out, err = run_command(capsys, "score", "bad.txt", "--references", "two.txt")
    assert (code, out) == (3, "")
    assert "bad.txt has 4 rows, but two.txt has 2" in err


@pytest.mark.parametrize(
    "text",
    [
        "…?!",
        "👍🏽 🎉",
        "مرحبا بالعالم",
        "a\0b",
        "x" * 1_000_000,
        "mot " * 250_000,
        "a\u2028",
        "a\tb\x0b",
    ],
)
def test_strange_texts_get_a_score(files, capsys, text):
    one, ref = files("one.txt", [text]), files("r.txt", ["un mot de plus"])
    metrics = "all" if len(text) < 1000 else "rouge,bleu"
    result = score_json(capsys, one, "--references", ref, "--metrics", metrics, "--lang", "fr")
    shares = [
        scores["value"]
        for metric, scores in result["scores"].items()
        if get_metric(metric).higher_is_better is not None and metric not in in_section("format")
    ]
    assert shares
    assert all(0 <= value <= 1 for value in shares)
    back = score_json(capsys, ref, "--references", one, "--metrics", "rouge", "--lang", "fr")[
        "scores"
    ]
    assert all(0 <= result["value"] <= 1 for result in back.values())


def test_the_finish_reason_and_the_generated_tokens_are_scored(files, capsys, tmp_path):
    rows = [
        {"prediction": "a", "label": "a", "finish_reason": "stop", "new_tokens": 4},
        {"prediction": "a", "label": "a", "finish_reason": "length", "new_tokens": 9},
        {"prediction": "a", "label": "a", "finish_reason": None, "new_tokens": 0},
    ]
    (tmp_path / "p.jsonl").write_text("".join(json.dumps(r) + "\n" for r in rows))
    result = score_json(capsys, "p.jsonl", "--lang", "en", "--metrics", "stop_rate,tokens")[
        "scores"
    ]
    assert (result["stop_rate"]["value"], result["tokens"]["value"]) == (0.5, 6.5)


def test_an_input_file_is_never_overwritten(files, capsys, tmp_path):
    before = [(tmp_path / name).read_text() for name in ("good.txt", "ref.txt")]
    for rows in ("good.txt", "ref.txt", "."):
        code, _, err = run_command(
            capsys, "score", "good.txt", "--references", "ref.txt", "--rows", rows
        )
        assert code == 2
        assert f"--rows {rows}: this " in err
    assert [(tmp_path / name).read_text() for name in ("good.txt", "ref.txt")] == before


def test_rows_in_other_languages_are_reported(files, capsys, tmp_path):
    rows = [{"prediction": "a", "label": "a", "lang": lang} for lang in ("en", "en", "fr", "en-GB")]
    (tmp_path / "p.jsonl").write_text("".join(json.dumps(r) + "\n" for r in rows))
    _, _, err = run_command(capsys, "score", "p.jsonl", "--metrics", "rouge1")
    assert "of the first 4 rows, 1 fr: all are scored as en; score languages separately" in err


def test_a_language_is_not_guessed_from_a_few_letters(files, capsys):
    files("short.txt", ["a b c", "y"])
    result = score_json(capsys, "short.txt", "--references", "short.txt", "--metrics", "rouge1")
    assert result["lang"] == "und"


def test_a_metric_without_its_input_is_left_out_and_reported(files, capsys):
    words = ("score", "good.txt", "--references", "ref.txt", "--metrics")
    code, out, err = run_command(capsys, *words, "rouge1,bertscore,density")
    assert code == 0
    assert "skipped, without an encoder (--encoder): bertscore" in err
    assert "skipped, without the documents (--data): density" in err
    assert "BERTScore" not in out
    code, out, err = run_command(capsys, *words, "bertscore")
    assert (code, out) == (2, "")
    assert "--metrics: no metric is left to compute" in err


def test_a_metric_that_scores_after_the_last_row_may_be_the_only_one(files, capsys, monkeypatch):
    class Encoder:
        name = "letters"

        def encode(self, texts):
            for text in texts:
                ids = np.array([ord(sign) for sign in text[:9]] or [0])
                vectors = np.eye(256, dtype=np.float32)[ids % 256]
                yield ids, vectors, np.full(len(ids), bool(text))

    monkeypatch.setattr("abrege.inference.encoder.load_encoder", lambda *_, **__: Encoder())
    words = ("--references", "ref.txt", "--metrics", "bertscore", "--encoder", "e")
    assert score_json(capsys, "good.txt", *words)["scores"]["bertscore"]["value"] == 1.0
    result = run_command(capsys, "score", "good.txt", *words, "--examples", "1")
    assert (result[0], "scores row by row, not bertscore" in result[2]) == (2, True)


def test_lengths_are_compared_with_those_of_the_train_summaries(files, capsys, tmp_path):
    pairs = [{"document": "d", "summary": "un " * n} for n in (2, 3, 4, 6)]
    text = "".join(json.dumps(pair) + "\n" for pair in pairs)
    (tmp_path / "train.jsonl").write_text(text, encoding="utf-8")
    words = ("bad.txt", "--references", "ref.txt", "--lang", "fr", "--train", "train.jsonl")
    result = score_json(capsys, *words)["words"]
    assert result["train summaries"] == {
        "n": 4, "mean": 3.75, "p5": 2, "p25": 2, "median": 3, "p75": 4, "p95": 6, "longest": 6
    }  # fmt: skip
    assert result["predictions"]["longest"] == 4  # l', hiver, est, là
    assert result["references"]["n"] == 4
    _, out, _ = run_command(capsys, "score", *words)
    # of 2, 0, 4 and 1 words, two lie from 2 to 6
    assert "50.0 % of the predictions have 2 to 6 words, like nine in ten of the train" in out


@pytest.mark.parametrize("command", ["score", "compare"])
def test_a_mark_that_ends_a_sentence_can_be_named(files, capsys, command):
    for name in ("a", "b"):
        files(f"{name}.txt", ["a cat<q>a dog", "a mat<q>a home"])
    names = ["a.txt"] if command == "score" else ["a.txt", "b.txt"]
    words = [command, *names, "--references", "a.txt", "--lang", "en", "--metrics", "rougeLsum"]
    code, out, err = run_command(capsys, *words, "--sentence-separator", "<q>")
    assert (code, "|separator:<q>|n:2|" in out, "marks" in err) == (0, True, False)
    assert "<q> in 2 rows" in run_command(capsys, *words)[2]
    code, _, err = run_command(capsys, *words, "--sentence-separator", "")
    assert (code, "write the mark" in err) == (2, True)


def test_files_in_another_encoding_are_read_where_it_is_named(files, capsys, tmp_path):
    texts = {"p.csv": "prediction;id\nDéjà payé;1\n", "r.csv": "summary;text\nDéjà payé;Été\n"}
    for name, text in texts.items():
        (tmp_path / name).write_bytes(text.encode("cp1252"))
    words = ["score", "p.csv", "--data", "r.csv", "--metrics", "rouge1", "--lang", "fr"]
    code, _, err = run_command(capsys, *words)
    assert (code, "--encoding cp1252 in a command" in err) == (3, True)
    assert score_json(capsys, *words[1:], "--encoding", "cp1252")["scores"]["rouge1"]["value"] == 1
    code, _, err = run_command(capsys, *words, "--encoding", "latin-17")
    assert (code, "there is no such encoding" in err) == (2, True)
    assert run_command(capsys, "doctor", "r.csv", "--encoding", "cp1252")[0] == 0
    assert run_command(capsys, "init", "x.yaml", "--data", "r.csv", "--encoding", "cp1252")[0] == 0
    assert '  encoding: "cp1252"' in (tmp_path / "x.yaml").read_text()


def test_a_spreadsheet_of_predictions_that_is_not_read_is_refused(files, capsys, tmp_path):
    """Its bytes were read as lines of text."""
    (tmp_path / "p.xls").write_bytes(b"\xd0\xcf\x11\xe0")
    code, _, err = run_command(capsys, "score", "p.xls", "--references", "ref.txt")
    assert (code, "save it as .xlsx" in err) == (3, True)
