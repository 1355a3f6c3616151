from pathlib import Path

import pytest

from abrege import recipe as recipes
from abrege.core.events import Note
from abrege.core.hashing import hash_path
from abrege.core.io import read_json, write_json, write_jsonl
from abrege.core.run_folder import RunFolder
from abrege.core.types import Pair, Prediction
from abrege.report.describe import describe_decoding
from abrege.report.view_model import MatchedWord
from abrege.stages import report

SYSTEMS = ("lead", "base", "base-cut", "tuned")
ROWS = 6


def a_recipe(**changes):
    given = {
        "name": "small",
        "data": {"source": "pairs.jsonl"},
        "tune": {"model": "a-model"},
        "report": {"examples": 2, "seed": 3},
    }
    return recipes.parse({**given, **changes})


def a_pair(i):
    return Pair(
        id=f"p{i}",
        document=f"Document {i}.",
        references=["one two", "three"],
        group=f"g{i % 2}",
        meta={"aspect": "outcome"},
    )


def a_prediction(i, system):
    return Prediction(
        id=f"p{i}",
        prediction=f"{system} wrote {i}",
        finish_reason="length" if (i, system) == (0, "base") else "stop",
        prompt_tokens=9,
        new_tokens=3,
        document_tokens_cut=0,
    )


def a_row(i, system):
    # Tuned gains i tenths over base, so that p5 is the best row and p0 the worst.
    fmeasure = 0.1 * i if system == "tuned" else 0.0
    score = {"precision": fmeasure, "recall": fmeasure, "fmeasure": fmeasure}
    return {"id": f"p{i}", "system": system, "rougeL": score, "words": 3, "length_ratio": 2.0}


def a_score(value):
    return {"value": value, "low": value - 0.01, "high": value + 0.01, "signature": "rougeL|n:6"}


def a_manifest(folder, path, **extras):
    said = {"stage": path, "settings": {}, "counts": {"rows": ROWS}, "notes": [f"note of {path}"]}
    cost = {"seconds": 2.0, "peak_memory_bytes": 10**9, "versions": {"abrege": "0.1.0"}}
    write_json(folder / path, {**said, **cost, "finished": "2026-11-22T04:00:00", **extras})


def a_run_folder(folder: Path, recipe=None, systems=SYSTEMS) -> Path:
    """Write a finished run of six rows, as the stages before the report leave it."""
    recipes.write(recipe or a_recipe(), folder / "recipe.yaml")
    for split in ("train", "valid", "test"):
        write_jsonl(folder / f"split/{split}.jsonl", [a_pair(i) for i in range(ROWS)])
    a_manifest(folder, "split/manifest.json", leaks=4)
    tuned = {"model": "a-model", "trainable_parameters": 36, "all_parameters": 1000, "steps": 2}
    preflight = {"rows": 6, "documents_cut": 3}
    a_manifest(
        folder, "tune/manifest.json", **tuned, device="cpu", dtype="float32", preflight=preflight
    )
    steps = [{"step": 1, "loss": 3.0}, {"step": 2, "loss": 2.5}, {"step": 2, "eval_loss": 2.6}]
    write_jsonl(folder / "tune/steps.jsonl", steps)
    for s in systems:
        write_jsonl(folder / f"generate/{s}.jsonl", [a_prediction(i, s) for i in range(ROWS)])
        a_manifest(folder, f"generate/{s}.manifest.json", profile={"max_new_tokens": 48})
    scores = {
        "n": ROWS,
        "groups": 2,
        "lang": "en",
        "training_words": {"median": 2, "mean": 2.0, "histogram": [2, 1] * ROWS},
        "systems": {s: {"rougeL": a_score(0.25), "stop_rate": None} for s in systems},
        "comparisons": [],
        "verdict": {"better": True, "sentence": "Tuned is better."},
    }
    write_json(folder / "evaluate/scores.json", scores)
    write_jsonl(folder / "evaluate/rows.jsonl", [a_row(i, s) for i in range(ROWS) for s in systems])
    a_manifest(folder, "evaluate/manifest.json")
    return folder


def change_json(path, **changes):
    write_json(path, {**read_json(path), **changes})


def ids(gallery):
    return [example.id for example in gallery.examples]


def test_the_page_and_its_markdown_are_written_and_counted(tmp_path):
    folder, events = a_run_folder(tmp_path), []
    found = report.run(a_recipe(), RunFolder(folder), on_event=events.append)

    html = (folder / "report/index.html").read_text(encoding="utf-8")
    text = (folder / "report/report.md").read_text(encoding="utf-8")
    assert "Tuned is better." in html
    assert "Tuned is better." in text
    assert found == {"counts": {"examples": 6, "systems": 4}, "notes": []}
    assert events[-1] == Note(f"report: {folder / 'report/index.html'}")


def test_two_reports_of_one_run_are_equal_byte_for_byte(tmp_path):
    folder = a_run_folder(tmp_path)
    report.run(a_recipe(), RunFolder(folder))
    first = {p.name: p.read_bytes() for p in (folder / "report").rglob("*.*")}
    report.run(a_recipe(), RunFolder(folder))

    assert first == {p.name: p.read_bytes() for p in (folder / "report").rglob("*.*")}
    assert {*first} >= {"index.html", "report.md", "doctor.html"}


def test_rows_are_picked_by_rouge_l_of_tuned_minus_base(tmp_path):
    told = report.gather(a_recipe(), RunFolder(a_run_folder(tmp_path)))
    best, worst, random = told.example_groups

    assert ids(best) == ["p5", "p4"]
    assert ids(worst) == ["p0", "p1"]
    assert len(ids(random)) == 2
    base, tuned = best.examples[0].summaries
    assert (base.text, tuned.text, tuned.rouge_l) == ("base wrote 5", "tuned wrote 5", 0.5)
    assert [a.hit_limit for a in worst.examples[0].summaries] == [True, False]


def test_scores_are_taken_as_they_are_and_tuned_stands_first(tmp_path):
    told = report.gather(a_recipe(), RunFolder(a_run_folder(tmp_path)))

    assert list(told.systems) == ["tuned", "base", "base-cut", "lead"]
    assert told.systems["tuned"]["rougeL"].value == 0.25
    assert told.systems["tuned"]["stop_rate"] is None


def test_what_was_done_is_read_from_the_manifests(tmp_path):
    setup = report.gather(a_recipe(), RunFolder(a_run_folder(tmp_path))).setup

    assert (setup.model, setup.source, setup.lang) == ("a-model", "pairs.jsonl", "en")
    assert (setup.trainable, setup.parameters) == (36, 1000)
    assert (setup.device, setup.dtype) == ("cpu", "float32")
    assert [(s.name, s.rows, s.groups) for s in setup.splits] == [
        ("train", 6, 2),
        ("valid", 6, 2),
        ("test", 6, 2),
    ]
    assert setup.method == (
        "LoRA of rank 16 (α 32) on all-linear; 2 steps of 16 rows, learning rate 5e-4, cosine"
    )
    assert setup.decoding == "greedy decoding, at most 48 new tokens"


@pytest.mark.parametrize(
    ("generate", "words"),
    [
        ({"num_beams": 4}, "beam search with 4 beams, at most 48 new tokens"),
        (
            {"do_sample": True, "temperature": 0.7, "top_p": 0.7, "seed": 5},
            "sampling (temperature 0.7, top_p 0.7, seed 5), at most 48 new tokens",
        ),
    ],
)
def test_the_decoding_is_said_in_words(generate, words):
    profile = {"profile": {"max_new_tokens": 48}}

    assert describe_decoding(a_recipe(generate=generate), profile) == words


def test_lengths_are_those_of_all_texts(tmp_path):
    told = report.gather(a_recipe(), RunFolder(a_run_folder(tmp_path)))

    assert {s.name: list(s.words) for s in told.lengths} == {
        "train summaries": [2, 1] * ROWS,
        "references": [2, 1] * ROWS,
        "Base": [3] * ROWS,
        "Tuned": [3] * ROWS,
    }


def test_the_stages_come_in_the_order_of_the_run_with_what_they_counted(tmp_path):
    told = report.gather(a_recipe(), RunFolder(a_run_folder(tmp_path)))

    assert [s.name for s in told.stages] == [
        "split",
        "tune",
        "generate lead",
        "generate base",
        "generate base-cut",
        "generate tuned",
        "evaluate",
    ]
    assert told.stages[0].counts == {"rows": ROWS, "leaks": 4}
    assert told.preflight == {"rows": 6, "documents_cut": 3}


def test_examples_show_what_is_shared_with_the_best_reference_and_what_is_unsupported(tmp_path):
    folder = a_run_folder(tmp_path)
    told = [
        Prediction(
            id=f"p{i}",
            prediction="Two, then one of 99 two." if i == 5 else "three",
            finish_reason="stop",
            prompt_tokens=9,
            new_tokens=3,
            document_tokens_cut=0,
        )
        for i in range(ROWS)
    ]
    write_jsonl(folder / "generate/tuned.jsonl", told)
    best = report.gather(a_recipe(), RunFolder(folder)).example_groups[0].examples[0]
    [answer] = [a for a in best.summaries if a.system == "tuned"]
    # References "one two" and "three": the first is matched, "one" and the last "two" in order;
    # the first "Two" is the one that counts for ROUGE-1, each as often as in both.
    assert answer.matches == [
        MatchedWord(start=0, end=3, in_order=False),
        MatchedWord(start=10, end=13, in_order=True),
        MatchedWord(start=20, end=23, in_order=True),
    ]
    assert answer.unsupported == ["99"]


def test_an_unknown_language_is_not_shown(tmp_path):
    folder = a_run_folder(tmp_path)
    change_json(folder / "evaluate/scores.json", lang="und")
    report.run(a_recipe(), RunFolder(folder))

    assert "und" not in (folder / "report/index.html").read_text(encoding="utf-8").split()
    assert report.gather(a_recipe(), RunFolder(folder)).setup.lang is None


@pytest.mark.parametrize(
    ("systems", "rule", "compared"),
    [
        (["base", "tuned"], "ROUGE-L of tuned minus base", ["base", "tuned"]),
        (["lead", "tuned"], "ROUGE-L of tuned minus lead", ["lead", "tuned"]),
        (["tuned"], "ROUGE-L of tuned", ["tuned"]),
        (["lead"], "ROUGE-L of lead", ["lead"]),
    ],
)
def test_absent_systems_are_replaced_and_the_page_says_by_what(tmp_path, systems, rule, compared):
    recipe = a_recipe(generate={"systems": systems})
    folder = a_run_folder(tmp_path, recipe, systems)
    report.run(recipe, RunFolder(folder))
    best = report.gather(recipe, RunFolder(folder)).example_groups[0]

    assert best.rule == f"The rows with the highest {rule}, out of 6."
    assert [a.system for a in best.examples[0].summaries] == compared
    assert f"highest {rule}, out of 6." in (folder / "report/index.html").read_text("utf-8")


@pytest.mark.parametrize(
    "path",
    [
        "split/valid.jsonl",
        "split/manifest.json",
        "tune/steps.jsonl",
        "tune/manifest.json",
        "generate/base.jsonl",
        "generate/tuned.manifest.json",
        "evaluate/rows.jsonl",
        "evaluate/manifest.json",
    ],
)
def test_a_missing_piece_leaves_a_gap_and_not_a_traceback(tmp_path, path):
    folder = a_run_folder(tmp_path)
    assert folder / path in report.inputs(a_recipe(), RunFolder(folder)).values()
    (folder / path).unlink()
    assert folder / path not in report.inputs(a_recipe(), RunFolder(folder)).values()

    report.run(a_recipe(), RunFolder(folder))

    assert "Tuned is better." in (folder / "report/index.html").read_text(encoding="utf-8")


def test_a_comparison_may_say_more_than_the_page_shows(tmp_path):
    folder = a_run_folder(tmp_path)
    given = {"metric": "rougeL", "system": "tuned", "baseline": "base", "difference": 0.07}
    change_json(
        folder / "evaluate/scores.json", comparisons=[{**given, "p": 0.01, "new_in_issue_9": 1}]
    )

    [comparison] = report.gather(a_recipe(), RunFolder(folder)).comparisons
    assert (comparison.difference, comparison.low, comparison.p) == (0.07, None, 0.01)


def test_the_page_depends_on_every_file_it_reads_and_on_the_recipe(tmp_path):
    folder = a_run_folder(tmp_path)
    found = report.inputs(a_recipe(), RunFolder(folder))

    expected = {str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file()}
    assert set(found) == expected
    [task] = report.tasks(a_recipe(), RunFolder(folder))
    assert task.settings() == {"examples": 2, "seed": 3, "study": None}


def test_what_people_and_rules_said_of_an_earlier_model_is_not_shown(tmp_path):
    folder = a_run_folder(tmp_path)
    shown = {"wins": 3, "ties": 0, "losses": 1, "share": 0.75, "low": 0.2, "high": 0.99, "p": 0.6}
    files = ("split/test.jsonl", "generate/base.jsonl", "generate/tuned.jsonl")
    of = {Path(name).name: hash_path(folder / name) for name in files}
    people = {
        "of": of,
        "systems": ["base", "tuned"],
        "together": shown,
        "reviewers": [{"name": "Ann", "preference": shown}],
        "agreement": [],
    }
    write_json(folder / "review/preference.json", people)
    (folder / "tune/adapter_model.safetensors").write_bytes(b"weights")
    passed = {"share": 1, "low": 0, "high": 1, "wrong": 0, "omitted": 0}
    part = {"n": 1, "systems": {"tuned": passed}}
    stress = {
        "weights": hash_path(folder / "tune/adapter_model.safetensors"),
        "signature": "stress|x",
        "all": part,
        "kinds": {"aside": {"about": "asides", **part}},
    }
    write_json(folder / "stress/scores.json", stress)
    told = report.gather(a_recipe(), RunFolder(folder))
    assert told.blind_comparisons[0].counts[0].reviewer == "Ann"
    assert told.stress.kinds[0].name == "aside"

    write_jsonl(folder / "generate/tuned.jsonl", [a_prediction(i, "other") for i in range(ROWS)])
    (folder / "tune/adapter_model.safetensors").write_bytes(b"other weights")
    notes = []
    report.run(a_recipe(), RunFolder(folder), on_event=notes.append)
    told = report.gather(a_recipe(), RunFolder(folder))
    assert (told.blind_comparisons, told.stress) == ([], None)
    texts = [note.text for note in notes if isinstance(note, Note)]
    assert texts[:2] == [
        "report: review/preference.json is left out: it is of other summaries",
        "report: stress/scores.json is left out: it is of other summaries",
    ]
