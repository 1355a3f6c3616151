import json
import math
import shutil

import pytest

from abrege import recipe as recipes
from abrege.core.errors import DataError, RecipeError
from abrege.core.events import Note, Progress
from abrege.core.io import read_json, read_jsonl, write_json, write_jsonl
from abrege.core.run_folder import RunFolder
from abrege.core.types import Pair, Prediction
from abrege.stages import evaluate

METRICS = ("rouge1", "rouge2", "rougeL", "rougeLsum")
SYSTEMS = ["lead", "base", "base-cut", "tuned"]
FIRST = ["The cat sat on the mat.", "A dog ran home fast.", "Rain fell on Paris.", "We left."]
TUNED = [t.lower() for t in FIRST]
BASE = ["It was.", "A bird flew over it.", "Sun shone on Rome.", "They stayed there."]


def a_recipe(systems=SYSTEMS, **settings):
    tree = {"data": {"source": "x.jsonl"}, "tune": {"model": "m"}}
    generate = {"systems": list(systems), "likelihood": False}
    return recipes.parse(
        tree | {"generate": generate, "evaluate": {"bootstrap_samples": 400, **settings}}
    )


def pairs(lang="en", group=None):
    return [
        Pair(id=f"r{n}", document="…", references=[text], lang=lang, group=group)
        for n, text in enumerate(FIRST * 3)
    ]


def predictions(texts, reason="stop"):
    return [
        Prediction(
            id=f"r{n}",
            prediction=text,
            finish_reason=reason,
            prompt_tokens=9,
            new_tokens=3,
            document_tokens_cut=0,
        )
        for n, text in enumerate(texts * 3)
    ]


@pytest.fixture
def folder(tmp_path):
    """Give a run folder with everything that evaluate reads: tuned is the references."""
    two = [Pair(**{**vars(p), "references": [*p.references, "Another."]}) for p in pairs()[:4]]
    write_jsonl(tmp_path / "split/train.jsonl", two)
    write_jsonl(tmp_path / "split/test.jsonl", pairs())
    made = {"lead": BASE, "base": BASE, "base-cut": BASE, "tuned": TUNED}
    for system, texts in made.items():
        reason = {"base": "length", "tuned": "stop"}.get(system)
        write_jsonl(tmp_path / f"generate/{system}.jsonl", predictions(texts, reason))
    return tmp_path


def scores_of(folder, recipe=None, **options):
    evaluate.run(recipe or a_recipe(), RunFolder(folder), **options)
    return read_json(folder / "evaluate/scores.json")


def test_every_row_of_every_system_is_scored(folder):
    done = evaluate.run(a_recipe(), RunFolder(folder))
    rows = list(read_jsonl(folder / "evaluate/rows.jsonl", dict))
    assert done["counts"] == {"rows": 12, "groups": 12, "scored": 48}
    assert [(r["id"], r["system"]) for r in rows[:5]] == [
        *(("r0", s) for s in SYSTEMS),
        ("r1", "lead"),
    ]
    expected = {
        "id": "r0",
        "system": "tuned",
        **{m: {"precision": 1.0, "recall": 1.0, "fmeasure": 1.0} for m in METRICS},
        "words": 6,
        "length_ratio": 1.0,
        "repeated": 0.0,
        "preamble": 0.0,
        "in_language": None,  # too short to tell
        "novel1": 1.0,
        "unsupported": 0.0,
    }
    assert {key: rows[3][key] for key in expected} == expected
    assert rows[1]["rouge1"]["fmeasure"] == 0.0
    assert rows[1]["length_ratio"] == pytest.approx(2 / 6)


def test_a_score_is_the_mean_of_its_rows_with_interval_and_signature(folder):
    scores = scores_of(folder)
    rows = [r for r in read_jsonl(folder / "evaluate/rows.jsonl", dict) if r["system"] == "base"]
    found = scores["systems"]["base"]["rougeL"]
    assert found["value"] == pytest.approx(sum(r["rougeL"]["fmeasure"] for r in rows) / 12)
    assert found["low"] < found["value"] < found["high"]
    assert found["signature"] == (
        "rougeL|abrege-0.1.0|profile:abrege|words:unicode|lang:en|stem:no|refs:max"
        "|n:12|groups:12|bootstrap:400,seed:0,95%"
    )
    length = scores["systems"]["tuned"]["length_ratio"]
    assert (length["value"], length["low"], length["high"]) == (1.0, 1.0, 1.0)
    assert length["signature"].startswith("length_ratio|abrege-0.1.0|words:unicode|lang:en|refs:")
    assert scores["systems"]["tuned"]["words"]["value"] == 4.25  # 6, 5, 4 and 2 words


def test_the_stop_rate_is_that_of_what_a_model_ended(folder):
    systems = scores_of(folder)["systems"]
    assert systems["tuned"]["stop_rate"]["value"] == 1.0
    assert systems["base"]["stop_rate"]["value"] == 0.0
    assert systems["lead"]["stop_rate"]["value"] is None
    assert systems["base-cut"]["stop_rate"]["value"] is None


def test_the_words_of_the_training_summaries_are_told(folder):
    assert scores_of(folder)["training_words"] == {
        "median": 4.5,
        "mean": 4.25,
        "histogram": [6, 5, 4, 2],
    }


def test_tuned_is_compared_with_each_baseline_on_each_rouge(folder):
    scores = scores_of(folder)
    compared = scores["comparisons"]
    assert [(c["metric"], c["baseline"]) for c in compared] == [
        (m, b) for b in ("base", "base-cut", "lead") for m in METRICS
    ]
    first = compared[2]
    gain = [scores["systems"][s]["rougeL"]["value"] for s in ("tuned", "base")]
    assert first["difference"] == pytest.approx(gain[0] - gain[1])
    assert first["low"] <= first["difference"] <= first["high"]
    assert first["p"] == 1 / 401
    assert (first["wins"], first["ties"], first["losses"]) == (12, 0, 0)
    assert (first["system"], first["n"], first["groups"]) == ("tuned", 12, 12)
    assert first["p_holm"] == pytest.approx(12 / 401)  # of twelve tests as small
    assert 0 < first["detectable"] < first["difference"]
    assert first["signature"].endswith("95%|test:paired-bootstrap,two-sided")
    assert scores["verdict"]["better"]
    assert scores["verdict"]["sentence"].startswith("Tuned is better than base: ROUGE-L 100.0")


def test_identical_systems_have_no_detectable_difference(folder):
    shutil.copy(folder / "generate/base.jsonl", folder / "generate/tuned.jsonl")
    verdict = scores_of(folder)["verdict"]
    assert not verdict["better"]
    assert verdict["sentence"].startswith("No detectable difference between tuned and base: ")
    assert "p = 1, 12 rows)" in verdict["sentence"]


def test_scoring_twice_gives_the_same_bytes(folder):
    files = [folder / "evaluate/rows.jsonl", folder / "evaluate/scores.json"]
    evaluate.run(a_recipe(), RunFolder(folder))
    first = [f.read_bytes() for f in files]
    evaluate.run(a_recipe(), RunFolder(folder))
    assert [f.read_bytes() for f in files] == first


def test_rows_of_one_paper_are_resampled_together(folder):
    grouped = [Pair(**{**vars(p), "group": f"g{n // 4}"}) for n, p in enumerate(pairs())]
    write_jsonl(folder / "split/test.jsonl", grouped)
    scores = scores_of(folder)
    assert (scores["n"], scores["groups"]) == (12, 3)
    # each group holds the same four texts, so its mean is the mean: nothing varies
    found = scores["systems"]["base"]["rouge1"]
    assert found["low"] == pytest.approx(found["high"])


def test_a_group_is_not_mistaken_for_the_id_of_another_row(folder):
    mixed = [Pair(**{**vars(p), "group": "r1" if n == 0 else None}) for n, p in enumerate(pairs())]
    write_jsonl(folder / "split/test.jsonl", mixed)
    assert scores_of(folder)["groups"] == 12


def test_one_group_has_means_but_no_intervals_and_says_so(folder):
    write_jsonl(folder / "split/test.jsonl", pairs(group="one"))
    notes = []
    scores = scores_of(folder, on_event=notes.append)
    assert scores["systems"]["tuned"]["rouge1"]["low"] is None
    assert scores["comparisons"][0]["p"] is None
    assert not scores["verdict"]["better"]
    assert "could not be tested" in scores["verdict"]["sentence"]
    assert Note("All test rows are of one group: there are no intervals and no tests.") in notes


def test_tuned_alone_is_scored_without_a_verdict(folder):
    scores = scores_of(folder, a_recipe(["tuned"]))
    assert [*scores["systems"]] == ["tuned"]
    assert scores["comparisons"] == []
    assert scores["verdict"]["sentence"].startswith("No verdict: only tuned was scored")


def test_progress_counts_the_rows(folder):
    events = []
    evaluate.run(a_recipe(), RunFolder(folder), on_event=events.append)
    told = [e for e in events if isinstance(e, Progress)]
    assert [e.done for e in told] == list(range(13))
    assert {(e.task, e.total) for e in told} == {("evaluate", 12)}


def test_the_language_of_the_recipe_goes_before_that_of_the_rows():
    assert evaluate.scoring_language(pairs("en"), "fr") == ("fr", [])
    assert evaluate.scoring_language(pairs("en"), None) == ("en", [])


def test_rows_of_several_languages_are_scored_in_the_commonest_and_it_is_said():
    mixed = [*pairs("fr"), *pairs("en")[:3], *pairs(None)[:2]]
    assert evaluate.scoring_language(mixed, None) == (
        "fr",
        ["The rows are not all in one language; all are scored as fr (12 are)."],
    )


def test_rows_without_language_are_scored_as_und_and_it_is_said(folder):
    write_jsonl(folder / "split/test.jsonl", pairs(lang=None))
    done = evaluate.run(a_recipe(), RunFolder(folder))
    scores = read_json(folder / "evaluate/scores.json")
    assert scores["lang"] == "und"
    assert "|lang:und|" in scores["systems"]["base"]["rouge1"]["signature"]
    assert done["notes"][0].startswith("The rows have no language: words are cut by Unicode")


def test_the_library_s_profile_is_warned_of_in_french(folder):
    write_jsonl(folder / "split/test.jsonl", pairs(lang="fr"))
    done = evaluate.run(a_recipe(profile="rouge_score"), RunFolder(folder))
    assert done["notes"] == [
        "Profile rouge_score splits words at every letter outside a to z, which is wrong in fr: it "
        "compares pieces of words. Profile abrege does not."
    ]


def test_references_without_words_are_told(folder):
    odd = [Pair(**{**vars(p), "references": ["…"]}) if p.id == "r3" else p for p in pairs()]
    write_jsonl(folder / "split/test.jsonl", odd)
    assert evaluate.run(a_recipe(), RunFolder(folder))["notes"] == [
        "1 test rows have references without a word: every system scores 0."
    ]


def test_another_setting_is_another_fingerprint_and_inputs_are_the_systems_asked_for(tmp_path):
    assert evaluate.settings(a_recipe()) != evaluate.settings(a_recipe(stemmer=True))
    assert json.loads(json.dumps(evaluate.settings(a_recipe()))) == evaluate.settings(a_recipe())
    assert [*evaluate.inputs(a_recipe(["tuned"]), RunFolder(tmp_path))] == [
        "split/train",
        "split/test",
        "generate/tuned",
    ]


def test_predictions_out_of_order_are_refused_by_the_first_wrong_id(folder):
    rows = predictions(TUNED)
    write_jsonl(folder / "generate/tuned.jsonl", [rows[0], rows[2], rows[1], *rows[3:]])
    message = r"tuned.jsonl:2: expected id 'r1', as in split/test.jsonl, found id 'r2'"
    with pytest.raises(DataError, match=message):
        evaluate.run(a_recipe(), RunFolder(folder))
    assert not (folder / "evaluate").exists()


def test_missing_and_surplus_predictions_are_refused(folder):
    rows = predictions(TUNED)
    write_jsonl(folder / "generate/tuned.jsonl", rows[:-1])
    with pytest.raises(DataError, match=r"tuned.jsonl:12: expected id 'r11', .* the end of"):
        evaluate.run(a_recipe(), RunFolder(folder))
    write_jsonl(folder / "generate/tuned.jsonl", [*rows, rows[0]])
    with pytest.raises(DataError, match=r"tuned.jsonl:13: expected no more rows, .* id 'r0'"):
        evaluate.run(a_recipe(), RunFolder(folder))


@pytest.mark.parametrize(
    ("kept_rows", "skipped", "message"),
    [
        (
            [0, 1],
            0,
            "expected 12 rows, for 12 of split/test.jsonl of which 0 were left out; found 2",
        ),
        ([0, 2, 1], 9, "jsonl:3: the id 'r1' is not the next one of split/test.jsonl"),
        ([0, 0], 10, "jsonl:2: the id 'r0' is not the next one of split/test.jsonl"),
        ([12], 11, "jsonl:1: the id 'r12' is not the next one of split/test.jsonl"),
    ],
)
def test_likelihoods_of_other_rows_than_those_of_the_split_are_refused(
    folder, kept_rows, skipped, message
):
    # A likelihood file cut from 11 rows to 2 once moved perplexity's p from .005 to .134 unseen.
    rows = [{"id": f"r{n}", "nats": 1.0, "tokens": 5} for n in kept_rows]
    how = {"name": "base", "rendering": "prompt:chat", "skipped": skipped}
    write_jsonl(folder / "generate/base.likelihood.jsonl", rows)
    write_json(folder / "generate/base.manifest.json", {"likelihood": how})
    tree = a_recipe(["base"]).model_dump()
    tree["generate"]["likelihood"] = True
    with pytest.raises(DataError, match=message):
        evaluate.run(recipes.parse(tree), RunFolder(folder))


def test_no_test_rows_are_an_error_and_not_zero(folder):
    write_jsonl(folder / "split/test.jsonl", [])
    with pytest.raises(DataError, match=r"split/test.jsonl: there are no test rows to score"):
        evaluate.run(a_recipe(), RunFolder(folder))


def test_no_train_rows_are_an_error(folder):
    write_jsonl(folder / "split/train.jsonl", [])
    with pytest.raises(DataError, match=r"split/train.jsonl: there are no train rows"):
        evaluate.run(a_recipe(), RunFolder(folder))


def test_a_stemmer_without_effect_is_refused_when_the_recipe_is_read():
    with pytest.raises(recipes.RecipeError, match="stemmer has no effect with profile rouge_score"):
        a_recipe(profile="rouge_score", stemmer=True)


def test_a_reference_is_scored_against_the_others_where_there_are_several(folder):
    two = [
        Pair(id=p.id, document="…", references=[p.references[0], other], lang="en")
        for p, other in zip(
            pairs(), ["The cat sat.", "A cat ran.", "Rain fell.", "No."] * 3, strict=True
        )
    ]
    write_jsonl(folder / "split/test.jsonl", two)
    scores = scores_of(folder)
    rows = {
        r["id"]: r
        for r in read_jsonl(folder / "evaluate/rows.jsonl", dict)
        if r["system"] == "human"
    }
    assert len(rows) == 12
    # the first takes "The cat sat on the mat." against "The cat sat.": 3 of 6 words, 3 of 3
    assert rows["r0"]["rouge1"] == {
        "precision": 0.5,
        "recall": 1.0,
        "fmeasure": pytest.approx(2 / 3),
    }
    # the second the other way round, "A cat ran." against "A dog ran home fast."
    assert rows["r1"]["rouge1"]["precision"] == pytest.approx(2 / 3)
    assert rows["r1"]["rouge1"]["recall"] == pytest.approx(2 / 5)
    assert scores["systems"]["human"]["rouge1"]["signature"].endswith(
        "|n:12|groups:12|bootstrap:400,seed:0,95%"
    )
    assert all(c["baseline"] != "human" for c in scores["comparisons"])


def test_only_rows_with_several_references_are_scored_among_people(folder):
    some = pairs()
    some[3] = Pair(id="r3", document="…", references=["We left.", "They left."], lang="en")
    some[7] = Pair(id="r7", document="…", references=["We left.", "They left."], lang="en")
    write_jsonl(folder / "split/test.jsonl", some)
    scores = scores_of(folder)
    assert "|n:2|groups:2|" in scores["systems"]["human"]["rougeL"]["signature"]
    rows = list(read_jsonl(folder / "evaluate/rows.jsonl", dict))
    assert [r["id"] for r in rows if r["system"] == "human"] == ["r3", "r7"]


def test_scores_are_told_by_the_columns_that_make_few_parts(folder):
    told = [
        Pair(
            id=p.id,
            document="word " * (n + 1),
            references=p.references,
            lang="en",
            meta={"kind": "ab"[n % 2], "title": f"title {n}", "same": 1},
        )
        for n, p in enumerate(pairs() * 2)
    ]
    told = [Pair(**{**vars(p), "id": f"r{n}"}) for n, p in enumerate(told)]
    write_jsonl(folder / "split/test.jsonl", told)
    for system in SYSTEMS:
        rows = list(read_jsonl(folder / f"generate/{system}.jsonl", Prediction)) * 2
        again = [Prediction(**{**vars(r), "id": f"r{n}"}) for n, r in enumerate(rows)]
        write_jsonl(folder / f"generate/{system}.jsonl", again)
    by = scores_of(folder)["by"]
    assert set(by) == {"document_words", "kind"}  # titles are all different, `same` parts nothing
    assert {part: found["n"] for part, found in by["kind"].items()} == {"a": 12, "b": 12}
    assert by["document_words"]["up to 6"]["n"] == 6
    rows = [r for r in read_jsonl(folder / "evaluate/rows.jsonl", dict) if r["system"] == "base"]
    expected = sum(r["rougeL"]["fmeasure"] for r in rows[::2]) / 12
    assert by["kind"]["a"]["systems"]["base"]["rougeL"]["value"] == pytest.approx(expected)

    small = a_recipe(group_by=["kind"])
    rows = [{**vars(p), "meta": {"kind": "rare" if n < 3 else "often"}} for n, p in enumerate(told)]
    write_jsonl(folder / "split/test.jsonl", [Pair(**row) for row in rows])
    assert "kind" not in scores_of(folder)["by"]  # three rows are too few, and one part is none
    assert scores_of(folder, small)["by"]["kind"]["rare"]["n"] == 3
    write_jsonl(folder / "split/test.jsonl", told)

    only = scores_of(folder, small)["by"]
    assert set(only) == {"kind"}
    with pytest.raises(RecipeError, match=r"evaluate\.group_by title: 24 different texts"):
        evaluate.run(a_recipe(group_by=["title"]), RunFolder(folder))
    with pytest.raises(
        RecipeError, match=r"evaluate\.group_by: no row has a column 'kinds'; did you mean kind"
    ):
        evaluate.run(a_recipe(group_by=["kinds"]), RunFolder(folder))


def test_the_runs_of_several_seeds_are_put_side_by_side(folder):
    write_jsonl(folder / "generate/tuned-2.jsonl", predictions(BASE))
    tree = a_recipe().model_dump()
    tree["tune"]["seeds"], tree["tune"]["seed"] = 2, 7
    scores = scores_of(folder, recipes.parse(tree))
    found = scores["seeds"]
    assert (found["seeds"], found["systems"]) == ([7, 8], ["tuned", "tuned-2"])
    base = scores["systems"]["base"]["rougeL"]["value"]
    spread = found["scores"]["rougeL"]
    assert spread["values"] == [1.0, pytest.approx(base)]
    assert spread["sd"] == pytest.approx((1 - base) / 2**0.5)
    gains = found["over_base"]["rougeL"]
    assert gains["values"] == [pytest.approx(1 - base), 0.0]
    assert gains["tests"][1]["p"] == 1.0
    assert not scores["verdict"]["better"]  # the second run is no better than base
    assert "1 beat base" in scores["verdict"]["sentence"]
    assert scores_of(folder)["seeds"] is None


def test_meteor_is_told_where_the_language_has_a_stemmer(folder):
    systems = scores_of(folder)["systems"]
    # Equal but for capitals and the full stop: each word matched, in one chunk of 6, 5, 4 and 2
    # words: 1 - .5 (1/n)³ (Lavie and Agarwal 2007, section 2)
    expected = sum(1 - 0.5 / n**3 for n in (6, 5, 4, 2)) / 4
    assert systems["tuned"]["meteor"]["value"] == pytest.approx(expected)
    assert "synonyms:no" in systems["tuned"]["meteor"]["signature"]
    write_jsonl(folder / "split/test.jsonl", pairs(lang="pl"))
    done = evaluate.run(a_recipe(), RunFolder(folder))
    assert "METEOR is skipped: there is no stemmer for pl." in done["notes"]
    scores = read_json(folder / "evaluate/scores.json")
    assert "meteor" not in scores["systems"]["tuned"]


def test_bertscore_is_told_where_an_encoder_is_named(folder, monkeypatch):
    import numpy as np

    known: dict[str, int] = {}

    class Letters:
        """Gives each different word a vector of its own."""

        name = "letters_L1"

        def encode(self, texts):
            for text in texts:
                found = text.lower().rstrip(".").split()
                ids = [known.setdefault(word, len(known)) for word in found]
                vectors = np.eye(64, dtype=np.float32)[ids]
                yield np.array(ids), vectors, np.ones(len(ids), dtype=bool)

    from abrege.inference import encoder as encoder_module

    opened = []
    monkeypatch.setattr(
        encoder_module,
        "load_encoder",
        lambda name, *, layer: opened.append((name, layer)) or Letters(),
    )
    systems = scores_of(folder, a_recipe(bertscore={"encoder": "e", "layer": 3}))["systems"]
    assert opened == [("e", 3)]
    assert systems["tuned"]["bertscore"]["value"] == 1.0
    # "It was." 0 of 2, "A bird flew over it." 1 of 5, "Sun shone on Rome." 1 of 4, the last 0
    assert systems["base"]["bertscore"]["value"] == pytest.approx((1 / 5 + 1 / 4) / 4)
    assert "bertscore" not in scores_of(folder)["systems"]["tuned"]


def test_the_perplexity_is_that_of_what_generate_measured(folder):
    rows = [{"id": f"r{n}", "nats": 2.0 + n % 2, "tokens": 5} for n in range(12)]
    for system, name in (("base", "base"), ("tuned", "tuned")):
        write_jsonl(folder / f"generate/{system}.likelihood.jsonl", rows)
        how = {"name": name, "rendering": "prompt:chat"}
        write_json(folder / f"generate/{system}.manifest.json", {"likelihood": how})
    tree = a_recipe().model_dump()
    tree["generate"]["likelihood"] = True
    systems = scores_of(folder, recipes.parse(tree))["systems"]
    assert systems["base"]["perplexity"]["value"] == pytest.approx(math.exp(30 / 60))
    assert systems["base"]["perplexity"]["signature"].startswith("perplexity|abrege-0.1.0|base|")
    assert "perplexity" not in systems["lead"]
    write_jsonl(folder / "generate/base.likelihood.jsonl", rows[1:])  # r0 was left out
    how = {"name": "base", "rendering": "prompt:chat|left-out:1", "skipped": 1}
    write_json(folder / "generate/base.manifest.json", {"likelihood": how})
    found = scores_of(folder, recipes.parse(tree))["systems"]["base"]["perplexity"]
    assert found["value"] == pytest.approx(math.exp(28 / 55))
    told = {
        (r["id"], r["system"]): r.get("perplexity")
        for r in read_jsonl(folder / "evaluate/rows.jsonl", dict)
    }
    assert (told["r0", "base"], told["r1", "base"]) == (None, pytest.approx(math.exp(3 / 5)))
    assert "perplexity" not in scores_of(folder)["systems"]["base"]  # though the files are there
