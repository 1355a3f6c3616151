import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from abrege.cli import main
from abrege.metrics import rouge
from abrege.metrics.registry import DEFAULT, METRICS, get_metric, in_section

REFERENCES = ["le chat dort sur le lit", "il pleut à Paris", "l'été est là", "rien"]


@pytest.fixture
def files(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def write(name, texts):
        (tmp_path / name).write_text("".join(f"{t}\n" for t in texts), encoding="utf-8")
        return name

    write("ref.txt", REFERENCES)
    write("good.txt", REFERENCES)
    write("bad.txt", ["le chien", "", "l'hiver est là", "rien"])
    return write


def printed(capsys, *words):
    code = main([str(word) for word in words])
    return code, *capsys.readouterr()


def scored(capsys, *words):
    code, out, err = printed(capsys, "score", *words, "--json")
    assert code == 0, err
    return json.loads(out)


def test_scores_come_as_a_table_with_intervals_and_signatures(files, capsys):
    code, out, err = printed(capsys, "score", "bad.txt", "--references", "ref.txt", "--lang", "fr")
    assert code == 0
    assert out.startswith("bad.txt: 4 rows, language fr\n\nMetric")
    row = next(line for line in out.splitlines() if line.startswith("ROUGE-1 "))
    assert row.split()[:2] == ["ROUGE-1", "50.0"]  # ¼ (2·1·⅙ / (1+⅙) … of le; 0; ¾; 1)
    assert "\nrougeLsum|abrege-" in out
    assert "bad.txt: 1 prediction without a word, scored 0" in err
    assert "bad.txt: prediction ← line" in err


def test_the_json_holds_every_value_with_its_signature(files, capsys):
    found = scored(capsys, "good.txt", "--references", "ref.txt", "--metrics", "all")
    assert (found["n"], found["groups"], found["lang"]) == (4, 4, "fr")
    left_out = {"bertscore", *(m.name for m in METRICS.values() if "documents" in m.needs)}
    assert list(found["scores"]) == [m for m in METRICS if m not in left_out]
    assert all(f["signature"].startswith(f"{m}|") for m, f in found["scores"].items())
    assert found["scores"]["rouge1"]["value"] == found["scores"]["rougeL"]["value"] == 1.0
    assert found["scores"]["bleu"]["brevity_penalty"] == 1.0


def test_the_same_command_gives_the_same_bytes(files, capsys):
    words = ("score", "bad.txt", "--references", "ref.txt", "--metrics", "all")
    assert printed(capsys, *words) == printed(capsys, *words)


def test_the_language_is_found_in_the_references_and_said(files, capsys):
    _, _, err = printed(capsys, "score", "bad.txt", "--references", "ref.txt")
    assert "language: fr, identified from the references; --lang sets another" in err


def test_rows_are_written_one_by_one(files, capsys, tmp_path):
    words = ("bad.txt", "--references", "ref.txt", "--rows", "rows.jsonl", "--metrics", "rouge1")
    found = scored(capsys, *words)
    rows = [json.loads(line) for line in (tmp_path / "rows.jsonl").read_text().splitlines()]
    assert [row["id"] for row in rows] == ["1", "2", "3", "4"]
    assert sum(row["rouge1"] for row in rows) / 4 == pytest.approx(
        found["scores"]["rouge1"]["value"]
    )


def test_what_cannot_be_told_of_a_row_is_null_and_no_example(files, capsys, tmp_path):
    long = "Le chat dort sur le lit depuis ce matin et ne veut pas sortir."
    path, ref = files("p.txt", ["court", long]), files("r.txt", ["x", "y"])
    words = (path, "--references", ref, "--lang", "fr", "--metrics", "in_language,rouge1")
    found = scored(capsys, *words, "--rows", "rows.jsonl")
    assert found["scores"]["in_language"]["value"] == 1.0
    rows = [json.loads(line) for line in (tmp_path / "rows.jsonl").read_text().splitlines()]
    assert [row["in_language"] for row in rows] == [None, 1.0]
    _, out, _ = printed(capsys, "score", *words, "--examples", "3")
    assert out.count("\nbest, in the target language 100.0 %: 2") == 1
    assert ": 1\n" not in out


def test_the_other_profile_is_named_and_has_its_own_metrics(files, capsys):
    words = ("bad.txt", "--references", "ref.txt", "--profile", "pip-rouge")
    scores = scored(capsys, *words)["scores"]
    assert list(scores) == ["rouge1", "rouge2", "rougeL", "length_ratio"]
    assert "|profile:pip-rouge|" in scores["rougeL"]["signature"]


def test_what_the_document_does_not_support_is_told_when_a_row_is_explained(files, capsys):
    pair = {"id": "a", "document": "Paul a payé 3 euros.", "summary": "Paul a payé."}
    data = files("d.jsonl", [json.dumps(pair)])
    path = files("p.jsonl", [json.dumps({"id": "a", "prediction": "Paul a payé 4 euros."})])
    words = ("score", path, "--data", data, "--explain", "a", "--lang", "fr")
    _, out, _ = printed(capsys, *words)
    assert "\n  not in the document: 4 euros (number)\n" in out


def test_scores_are_parted_by_a_column(files, capsys):
    rows = [{"predict": t, "label": t, "kind": "a"} for t in REFERENCES[:2]]
    rows += [{"predict": "x", "label": t, "kind": "b"} for t in REFERENCES]
    path = files("o.jsonl", map(json.dumps, rows))
    parts = scored(capsys, path, "--by", "kind", "--lang", "fr")["by"]["kind"]
    assert {part: found["n"] for part, found in parts.items()} == {"b": 4, "a": 2}
    assert [parts[p]["scores"]["rougeL"]["value"] for p in "ab"] == [1.0, 0.0]
    assert "|n:2|groups:2|" in parts["a"]["scores"]["rougeL"]["signature"]
    _, out, _ = printed(capsys, "score", path, "--by", "kind", "--lang", "fr")
    assert "\nkind  Rows " in out
    assert "\na        2  100.0 [100.0, 100.0]" in out


def test_scores_are_parted_by_the_length_of_documents(files, capsys):
    pairs = [{"document": "mot " * n, "summary": "un mot"} for n in range(1, 41)]
    data, path = files("d.jsonl", map(json.dumps, pairs)), files("p.txt", ["un mot"] * 40)
    words = (path, "--data", data, "--by", "document_words", "--lang", "fr")
    parts = scored(capsys, *words)["by"]["document_words"]
    assert list(parts) == ["up to 10", "over 10, up to 20", "over 20, up to 30", "over 30"]
    assert {found["n"] for found in parts.values()} == {10}


def test_the_best_and_the_worst_rows_are_shown(files, capsys):
    words = ("bad.txt", "--references", "ref.txt", "--metrics", "rougeL", "--examples", "1")
    _, out, _ = printed(capsys, "score", *words)
    assert "\nbest, ROUGE-L 100.0: 4\n  rien\n  reference: rien\n" in out
    assert "\nworst, ROUGE-L 0.0: 2\n  \n  reference: il pleut à Paris\n" in out


def test_the_best_row_is_the_least_where_less_is_better(files, capsys):
    path = files("p.txt", ["a b c a b c", "a b c", "a b c d"])
    ref = files("r.txt", ["x", "y", "z"])
    words = (path, "--references", ref, "--metrics", "repeated", "--examples", "1", "--lang", "en")
    _, out, _ = printed(capsys, "score", *words)
    assert "\nbest, repeated trigrams 0.0 %: 2\n" in out
    assert "\nworst, repeated trigrams 25.0 %: 1\n" in out


def test_a_row_is_explained_word_by_word(files, capsys):
    words = ("bad.txt", "--references", "ref.txt", "--explain", "3", "--lang", "fr")
    _, out, _ = printed(capsys, "score", *words)
    assert "\n3: 3 words shared of 4 and 4, 3 in the same order\n" in out
    assert "  **l**'hiver **est** **là**\n  reference: **l**'été **est** **là**\n" in out


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
        (["--columns", "gold"], 2, "--columns gold: write it as PART=NAME"),
        (["--stemmer", "--profile", "pip-rouge"], 2, "stemmer has no effect with profile"),
    ],
)
def test_what_cannot_be_done_is_one_message(files, capsys, words, code, message):
    found = printed(capsys, "score", "bad.txt", "--references", "ref.txt", *words)
    assert (found[0], found[1]) == (code, "")
    assert message in found[2]
    assert "Traceback" not in found[2]


def test_numbers_of_rows_that_differ_score_nothing(files, capsys):
    files("two.txt", REFERENCES[:2])
    code, out, err = printed(capsys, "score", "bad.txt", "--references", "two.txt")
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
    found = scored(capsys, one, "--references", ref, "--metrics", metrics, "--lang", "fr")
    shares = [
        scores["value"]
        for metric, scores in found["scores"].items()
        if get_metric(metric).higher_is_better is not None and metric not in in_section("format")
    ]
    assert shares
    assert all(0 <= value <= 1 for value in shares)
    back = scored(capsys, ref, "--references", one, "--metrics", "rouge", "--lang", "fr")["scores"]
    assert all(0 <= found["value"] <= 1 for found in back.values())


def test_the_better_of_two_is_told_in_words(files, capsys):
    many = [f"{t} numéro {n}" for n in range(5) for t in REFERENCES]
    ref, base = files("r.txt", many), files("base.txt", [t.split()[-1] for t in many])
    same, good = files("same.txt", [t.split()[-1] for t in many]), files("g.txt", many)
    words = ("compare", base, same, good, "--references", ref, "--lang", "fr")
    code, out, _ = printed(capsys, *words)
    assert code == 0
    assert "g.txt is better than base.txt by ROUGE-1, ROUGE-2, ROUGE-L, ROUGE-Lsum." in out
    assert "no detectable difference between same.txt and base.txt by ROUGE-1" in out
    found = json.loads(printed(capsys, *words, "--json")[1])
    assert len(found["comparisons"]) == 8
    for row in found["comparisons"]:
        won = 20 if row["system"] == "g.txt" else 0
        assert (row["wins"], row["ties"], row["losses"]) == (won, 20 - won, 0)
        assert row["p_holm"] >= row["p"]
        values = [found["systems"][s][row["metric"]]["value"] for s in (row["system"], base)]
        assert row["difference"] == pytest.approx(values[0] - values[1])


def test_what_is_missing_for_a_metric_is_said_and_the_metric_left_out(files, capsys):
    words = ("score", "good.txt", "--references", "ref.txt", "--metrics")
    code, out, err = printed(capsys, *words, "rouge1,bertscore,density")
    assert code == 0
    assert "left out, without an encoder (--encoder): bertscore" in err
    assert "left out, without the documents (--data): density" in err
    assert "BERTScore" not in out
    code, out, err = printed(capsys, *words, "bertscore")
    assert (code, out) == (2, "")
    assert "--metrics: no metric is left to compute" in err


def test_a_metric_that_waits_for_the_last_row_may_be_the_only_one(files, capsys, monkeypatch):
    class Encoder:
        name = "letters"

        def encode(self, texts):
            for text in texts:
                ids = np.array([ord(sign) for sign in text[:9]] or [0])
                vectors = np.eye(256, dtype=np.float32)[ids % 256]
                yield ids, vectors, np.full(len(ids), bool(text))

    monkeypatch.setattr("abrege.inference.encoder.load_encoder", lambda *_, **__: Encoder())
    words = ("--references", "ref.txt", "--metrics", "bertscore", "--encoder", "e")
    assert scored(capsys, "good.txt", *words)["scores"]["bertscore"]["value"] == 1.0
    found = printed(capsys, "score", "good.txt", *words, "--examples", "1")
    assert (found[0], "scores row by row, not bertscore" in found[2]) == (2, True)


def test_what_cannot_be_told_is_not_compared_and_it_is_said(files, capsys):
    words = ("--references", "ref.txt", "--metrics", "rouge1,in_language", "--json")
    _, out, err = printed(capsys, "compare", "good.txt", "bad.txt", *words)
    assert [row["metric"] for row in json.loads(out)["comparisons"]] == ["rouge1"]
    assert "no score for these texts, so not compared: in_language" in err


def test_the_best_row_by_words_is_told_in_words(files, capsys):
    words = ("good.txt", "--references", "ref.txt", "--metrics", "words", "--examples", "1")
    _, out, _ = printed(capsys, "score", *words)
    assert "\nbest, words 6.0: 1\n" in out


def test_less_repetition_is_better(files, capsys):
    many = [f"{t} {n}" for n in range(8) for t in REFERENCES]
    ref, twice = files("r.txt", many), files("twice.txt", [f"{t} {t} {t}" for t in many])
    words = ("compare", twice, ref, "--references", ref, "--metrics", "repeated,rouge1")
    found = json.loads(printed(capsys, *words, "--json")[1])["comparisons"]
    assert [row["outcome"] for row in found] == ["better", "better"]
    assert found[0]["difference"] < 0


def test_a_longer_summary_is_not_called_better(files, capsys):
    longer = files("longer.txt", [f"{t} et encore" for t in REFERENCES])
    words = ("compare", "good.txt", longer, "--references", "ref.txt", "--metrics", "length_ratio")
    [row] = json.loads(printed(capsys, *words, "--json")[1])["comparisons"]
    assert row["difference"] > 0
    assert row["outcome"] == "untested"


@pytest.mark.parametrize(
    ("names", "code", "message"),
    [
        (["good.txt"], 2, "compare needs two or more files"),
        (["good.txt", "good.txt"], 2, "compare needs two or more files, each given once"),
        (["good.txt", "three.txt"], 3, "three.txt has 3 rows, but ref.txt has 4"),
    ],
)
def test_what_cannot_be_compared_is_refused(files, capsys, names, code, message):
    files("three.txt", REFERENCES[:3])
    found = printed(capsys, "compare", *names, "--references", "ref.txt")
    assert (found[0], found[1]) == (code, "")
    assert message in found[2]


def test_systems_with_other_references_are_not_compared(files, capsys):
    for name, label in (("a.jsonl", "x"), ("b.jsonl", "y")):
        files(name, [json.dumps({"predict": "p", "label": label})])
    code, _, err = printed(capsys, "compare", "a.jsonl", "b.jsonl")
    assert code == 3
    assert "row 1: b.jsonl and a.jsonl have different references" in err


words = st.lists(st.sampled_from(["l'été", "un", "deux", "trois", ".", "Été", "chat", "!"]))
texts = words.map(" ".join)


@settings(max_examples=150, deadline=None)
@given(texts, texts, st.sampled_from(sorted(rouge.PROFILES)))
def test_f_is_a_share_the_same_both_ways_and_1_for_identical_texts(a, b, profile):
    ab, ba = (
        rouge.score(x, [y], profile=profile, lang="fr", metrics=["rouge1", "rouge2"])
        for x, y in ((a, b), (b, a))
    )
    for metric, score in ab.items():
        assert all(0 <= part <= 1 for part in score)
        assert score.fmeasure == pytest.approx(ba[metric].fmeasure)
        assert (score.precision, score.recall) == (ba[metric].recall, ba[metric].precision)
    if rouge._tokenize(a, profile, "fr", False) and a.strip(" .!"):
        same = rouge.score(a, [a], profile=profile, lang="fr", metrics=["rouge1", "rougeL"])
        assert all(score.fmeasure == pytest.approx(1) for score in same.values())


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(texts, texts), min_size=2, max_size=8), st.randoms(use_true_random=False))
def test_scores_do_not_depend_on_the_order_of_rows(rows, draw):
    from abrege.core.types import Candidate
    from abrege.evaluation.score_table import ScoreTable, ScoringRequest
    from abrege.metrics.family import ScoringOptions
    from abrege.metrics.significance import Resampling

    def values(some):
        table = ScoreTable(
            ScoringRequest((*DEFAULT, "bleu", "chrf", "meteor"), ScoringOptions(lang="fr"))
        )
        for prediction, reference in some:
            table.add(Candidate(id="r", prediction=prediction, references=[reference or "x"]))
        return [f["value"] for f in table.scores(Resampling(samples=10)).values()]

    assert values(draw.sample(rows, len(rows))) == pytest.approx(values(rows))


@pytest.fixture
def with_documents(files, tmp_path):
    rows = [
        {
            "id": "a",
            "document": "One cat. Two dogs. Three birds. Four cows.",
            "references": ["two dogs", "one cat"],
        },
        {"id": "b", "document": "It rained. They left.", "references": ["they left", "all left"]},
    ]
    text = "".join(json.dumps(row) + "\n" for row in rows)
    (tmp_path / "data.jsonl").write_text(text, encoding="utf-8")
    return files("ours.txt", ["two dogs", "they left"])


def test_lead_and_people_stand_beside_the_scores_where_there_are_documents(with_documents, capsys):
    found = scored(capsys, with_documents, "--data", "data.jsonl", "--lang", "en")
    assert list(found["baselines"]) == ["lead-3", "human"]
    # "One cat. Two dogs. Three birds." against "two dogs": 2 of 6 words, 2 of 2; the same for the
    # other reference; "It rained. They left." against "they left": 2 of 4, 2 of 2.
    lead = found["baselines"]["lead-3"]["rouge1"]
    assert (lead["precision"], lead["recall"]) == ((1 / 3 + 1 / 2) / 2, 1.0)
    # "two dogs" against "one cat" and "all left" against "they left"
    assert found["baselines"]["human"]["rouge1"]["value"] == 0.25
    code, out, _ = printed(capsys, "score", with_documents, "--data", "data.jsonl", "--lang", "en")
    assert code == 0
    assert out.splitlines()[2].endswith("Recall  lead-3  Human")
    assert "Human: a reference against the other references of its row (one less), on 2 rows" in out


def test_the_baselines_asked_for_are_the_ones_shown(with_documents, capsys):
    words = ("--data", "data.jsonl", "--lang", "en", "--metrics", "rouge1")
    found = scored(capsys, with_documents, *words, "--baselines", "oracle,lead-1,random")
    assert list(found["baselines"]) == ["oracle", "lead-1", "random"]
    assert found["baselines"]["oracle"]["rouge1"]["value"] == 1.0
    assert found["baselines"]["lead-1"]["rouge1"]["value"] == 0.5  # "one cat" is a reference; no
    assert scored(capsys, with_documents, *words, "--baselines", "none")["baselines"] == {}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (
            ["--baselines", "lead"],
            "--baselines: there is no 'lead'.\n  Known: lead-N (N from 1 to 99), random",
        ),
        (["--references", "ref.txt", "--baselines", "lead-3"], "lead-3 needs the documents"),
    ],
)
def test_baselines_that_cannot_be_made_are_refused(files, capsys, words, said):
    code, _, err = printed(capsys, "score", "good.txt", *words)
    assert code == 2
    assert said in err


def test_lengths_are_told_beside_those_of_the_train_summaries(files, capsys, tmp_path):
    pairs = [{"document": "d", "summary": "un " * n} for n in (2, 3, 4, 6)]
    text = "".join(json.dumps(pair) + "\n" for pair in pairs)
    (tmp_path / "train.jsonl").write_text(text, encoding="utf-8")
    words = ("bad.txt", "--references", "ref.txt", "--lang", "fr", "--train", "train.jsonl")
    found = scored(capsys, *words)["words"]
    assert found["train summaries"] == {
        "n": 4, "mean": 3.75, "p5": 2, "p25": 2, "median": 3, "p75": 4, "p95": 6, "longest": 6
    }  # fmt: skip
    assert found["predictions"]["longest"] == 4  # l', hiver, est, là
    assert found["references"]["n"] == 4
    _, out, _ = printed(capsys, "score", *words)
    # of 2, 0, 4 and 1 words, two lie from 2 to 6
    assert "50.0 % of the predictions have 2 to 6 words, like nine in ten of the train" in out


def test_why_a_model_ended_and_how_many_tokens_it_wrote_are_scored(files, capsys, tmp_path):
    rows = [
        {"prediction": "a", "label": "a", "finish_reason": "stop", "new_tokens": 4},
        {"prediction": "a", "label": "a", "finish_reason": "length", "new_tokens": 9},
        {"prediction": "a", "label": "a", "finish_reason": None, "new_tokens": 0},
    ]
    (tmp_path / "p.jsonl").write_text("".join(json.dumps(r) + "\n" for r in rows))
    found = scored(capsys, "p.jsonl", "--lang", "en", "--metrics", "stop_rate,tokens")["scores"]
    assert (found["stop_rate"]["value"], found["tokens"]["value"]) == (0.5, 6.5)


def test_that_no_row_has_several_references_is_said_to_who_asks_for_people(files, capsys):
    words = ("score", "good.txt", "--references", "ref.txt", "--lang", "fr")
    assert "human" not in printed(capsys, *words)[2]
    err = printed(capsys, *words, "--baselines", "human")[2]
    assert "human: left out, no row has the texts it needs" in err


def test_a_baseline_named_twice_is_scored_once(with_documents, capsys):
    words = ("--data", "data.jsonl", "--lang", "en", "--metrics", "rouge1")
    found = scored(capsys, with_documents, *words, "--baselines", "lead-1,lead-1,oracle")
    assert {b: f["rouge1"]["value"] for b, f in found["baselines"].items()} == {
        "lead-1": 0.5,
        "oracle": 1.0,
    }


def test_a_row_without_the_column_is_parted_as_none(files, capsys, tmp_path):
    rows = [
        {"prediction": "a", "label": "a", "topic": "x"},
        {"prediction": "b", "label": "b"},
        {"prediction": "c", "label": "c", "topic": "x"},
    ]
    (tmp_path / "p.jsonl").write_text("".join(json.dumps(r) + "\n" for r in rows))
    words = ("p.jsonl", "--lang", "en", "--metrics", "rouge1", "--by")
    found = scored(capsys, *words, "topic")["by"]["topic"]
    assert {part: of["n"] for part, of in found.items()} == {"x": 2, "none": 1}
    code, _, err = printed(capsys, "score", *words, "topics")
    assert (code, "--by topics: there is no such column; did you mean topic?" in err) == (2, True)


def test_a_model_that_is_asked_needs_the_language_of_the_texts(with_documents, capsys):
    words = ("--data", "data.jsonl", "--metrics", "perplexity", "--model", "org/name")
    code, _, err = printed(capsys, "score", with_documents, *words)
    assert (code, "give it with --lang" in err) == (2, True)


def test_what_is_read_is_never_written_over(files, capsys, tmp_path):
    before = [(tmp_path / name).read_text() for name in ("good.txt", "ref.txt")]
    for rows in ("good.txt", "ref.txt", "."):
        code, _, err = printed(
            capsys, "score", "good.txt", "--references", "ref.txt", "--rows", rows
        )
        assert code == 2
        assert f"--rows {rows}: this " in err
    assert [(tmp_path / name).read_text() for name in ("good.txt", "ref.txt")] == before


def test_rows_of_other_languages_are_told(files, capsys, tmp_path):
    rows = [{"prediction": "a", "label": "a", "lang": lang} for lang in ("en", "en", "fr", "en-GB")]
    (tmp_path / "p.jsonl").write_text("".join(json.dumps(r) + "\n" for r in rows))
    _, _, err = printed(capsys, "score", "p.jsonl", "--metrics", "rouge1")
    assert "of the first 4 rows, 1 fr: all are scored as en; score languages separately" in err


def test_a_language_is_not_guessed_from_a_few_letters(files, capsys):
    files("short.txt", ["a b c", "y"])
    found = scored(capsys, "short.txt", "--references", "short.txt", "--metrics", "rouge1")
    assert found["lang"] == "und"


def test_a_very_long_row_is_not_explained_but_said_to_be_long(files, capsys):
    files("long.txt", ["un " * 2500])
    words = ("long.txt", "--references", "long.txt", "--lang", "fr", "--explain", "1")
    code, out, _ = printed(capsys, "score", *words, "--metrics", "rouge1")
    assert (code, "1: too long to be explained word by word" in out) == (0, True)
