"""Mutated dumps, decisions, adapters, run folders and answers of servers through the stages.

See `driver` for the seed and for one case alone.
"""

import bz2
import json
import random
from functools import partial
from pathlib import Path

import pytest

from abrege.core.errors import AbregeError
from abrege.core.io import write_jsonl
from abrege.core.run_folder import RunFolder
from abrege.core.types import Pair
from abrege.llm_client import openai_client
from abrege.llm_client.retry import RetryPolicy
from abrege.recipe import yaml
from abrege.stages import annotate
from builders.annotate_runs import a_recipe, a_run, a_summary, lines
from builders.dumps import END, a_head, a_page
from builders.fake_server import Reply, serving
from builders.records import some_rows
from fuzz.driver import EXITS, fuzz, run, time_limit
from fuzz.mutations import VALUES, mutate_bytes, mutate_json

WIKITEXT = [
    "'''Lindow''' is a town of {{unité|12,5|km2}} in [[Cheshire|the county]].",
    *("== Histoire ==\n", "{{Infobox|nom={{lang|fr|x}}|carte=[[Fichier:a.png|thumb|b]]}}\n"),
    *("{{convert|5|ft|11|in|m}}", "{| class=x\n|-\n| a || b\n|}\n", "<ref name=a>b</ref>", "<ref"),
    *("<!-- c ", "-->", "{{", "}}", "[[", "]]", "[[Catégorie:x]]", "-{zh-hans:a; zh-hant:b}-"),
    *("<math>x^2</math>", "<nowiki>", "'''", "{{{1|", "}}}", "&nbsp;", "&amp;lt;", "|"),
    *("#REDIRECT [[x]]", "* a\n** b\n", "{{date|1|mars|2020}}", "{{!}}" * 40, "__NOTOC__"),
    *("== Notes et références ==\n{{références}}\n", "\u200f", "\u0085", "http://[x", "<br"),
    *("The board met on Monday and decided to mend the bridge over the river. " * 6,),
]


def check_counts(manifest):
    """Read is kept and each reason for which a document was left out."""
    counts = json.loads(manifest.read_text())["counts"]
    parts = {name: n for name, n in counts.items() if name not in ("read", "sections_left_out")}
    assert counts["read"] == sum(parts.values()), counts


def a_mutated_dump(rng):
    pages = []
    for number in range(1, rng.randint(2, 5)):
        text = " ".join(rng.choice(WIKITEXT) for _ in range(rng.randint(1, 30)))
        text = mutate_bytes(text.encode(), rng).decode("utf-8", "ignore")
        text = "".join(c for c in text if c >= " " or c in "\t\n")  # what XML can hold
        inside = rng.choice(["<ns>0</ns>"] * 8 + ["<ns>14</ns>", "", "<ns>x</ns>", "<redirect/>"])
        pages.append(a_page(number, text, title=rng.choice(["", "A", "Fichier:b"]), inside=inside))
    content = "".join([a_head(), *pages, END]).encode()
    if rng.random() < 0.3:
        content = mutate_bytes(content, rng)
    if rng.random() < 0.4:
        content = bz2.compress(content)
        content = mutate_bytes(content, rng) if rng.random() < 0.3 else content
        return ".xml.bz2", content
    return ".xml", content


@pytest.mark.slow
def test_dumps(folder):
    """A dump is read, its pages counted; what is no dump is one message."""

    def attempt(rng):
        suffix, content = a_mutated_dump(rng)
        (folder / f"w{suffix}").write_bytes(content)
        tree = {
            "collect": {"source": f"w{suffix}"},
            "clean": {"other_languages": "keep", "max_symbols": rng.choice([0.3, 1.0])},
            "data": {"lang": rng.choice(["fr", "zh", "en"])},
            "tune": {"model": "demo:x"},
        }
        if rng.random() < 0.5:
            tree["collect"]["unknown_templates"] = "first_argument"
        (folder / "r.yaml").write_text(yaml.write(tree))
        code, _ = run(["collect", "r.yaml", "--out", "o"])
        assert code in EXITS
        if code == 0:
            check_counts(folder / "o/collect/manifest.json")
            code, _ = run(["clean", "r.yaml", "--out", "o"])
            assert code in EXITS
        if code == 0:
            check_counts(folder / "o/clean/manifest.json")

    fuzz("dumps", 300, attempt)


def some_answers(folder, rng):
    """Return the file of a reviewer, as the page or the spreadsheet saves it, with mistakes."""
    if rng.random() < 0.5:
        text = (folder / "o/review/annotations-ann.csv").read_text("utf-8-sig")
        words = [",".join(f'"{rng.choice(v)}"' for v in (["", "keep", "fix"], ["", "New."]))]
        text = text.replace('"",""', words[0], rng.randint(0, 12))
        return "ann.csv", text.encode()
    drawn = json.loads((folder / "o/review/annotations.json").read_text())["drawn"]
    rows = []
    for row in drawn:
        decision = rng.choice(["keep", "keep", "fix", "redo"])
        correction = {"corrected summary": "New."} if decision == "fix" else {}
        when = "2026-01-01T00:00:00+00:00"
        rows.append({"row": row["row"], "id": row["id"], "decision": decision, "when": when} | correction)  # noqa: E501  # fmt: skip
    head = {"annotations": 1, "token": "t", "asked": len(drawn), "reviewer": "ann"}
    answers = {**head, "decisions": rows}
    for _ in range(rng.randint(0, 2)):
        answers = mutate_json(answers, rng)
    return "ann.json", json.dumps(answers).encode()


@pytest.mark.slow
def test_decisions(folder):
    """A reviewer's file is imported, all its rows counted, or refused and nothing is changed."""
    pairs = [Pair(id=f"r{n}", document=f"Document {n}.", references=[f"Summary {n}."], lang="en") for n in range(12)]  # noqa: E501  # fmt: skip
    write_jsonl(folder / "o/annotate/pairs.jsonl", pairs)
    assert run(["review", "export", "o", "--rows", "12", "--reviewer", "ann"])[0] == 0
    state = {path: path.read_bytes() for path in (folder / "o").rglob("*") if path.is_file()}

    def attempt(rng):
        name, content = some_answers(folder, rng)
        if rng.random() < 0.5:
            content = mutate_bytes(content, rng)
        (folder / name).write_bytes(content)
        if rng.random() < 0.25:
            path = rng.choice([*state])
            path.write_bytes(mutate_bytes(state[path], rng))
        before = (folder / "o/annotate/pairs.jsonl").read_bytes()
        try:
            code, _ = run(["review", "import", "o", name, *(["--json"] * (rng.random() < 0.5))])
            assert code in EXITS
            if code == 0:
                result = json.loads((folder / "o/review/acceptance.json").read_text())
                counts, total = result["counts"], result["pairs"]
                decided = counts["keep"] + counts["fix"] + counts["redo"]
                assert counts["read"] == decided + counts["open"] + counts["refused"], counts
                assert decided == counts["new"] + counts["already"], counts
                assert total["total"] == sum(total.values()) - total["total"]
            else:
                assert (folder / "o/annotate/pairs.jsonl").read_bytes() == before
        finally:
            restore(folder / "o", state)

    fuzz("decisions", 300, attempt)


def restore(folder: Path, state: dict[Path, bytes]) -> None:
    """Put the files of a folder back as they were."""
    for path in folder.rglob("*"):
        if path.is_file() and path not in state:
            path.unlink()
    for path, content in state.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.is_file() or path.read_bytes() != content:
            path.write_bytes(content)


@pytest.fixture
def finished(folder, student_folder):
    """Make a finished run of a tiny model in the current folder."""
    write_jsonl(folder / "pairs.jsonl", some_rows(30))
    tree = {
        "data": {"source": "pairs.jsonl", "lang": "en"},
        "split": {"method": "exact", "valid": 0.2, "test": 0.3},
        "tune": {
            "model": str(student_folder),
            "batch_size": 8,
            "max_length": 160,
            "max_steps": 2,
            "save_steps": 1,
        },
        "generate": {"systems": ["lead", "tuned"]},
        "evaluate": {"bootstrap_samples": 50},
    }
    (folder / "r.yaml").write_text(yaml.write(tree))
    (folder / "x.txt").write_text("The cat sat on the mat and the dog ran.")
    assert run(["run", "r.yaml", "--out", "o"])[0] == 0
    files = [path for path in (folder / "o").rglob("*") if path.is_file()]
    return {path: path.read_bytes() for path in files}


def mutate_file(path, content, rng):
    """Mutate a file: the values of one that is JSON, or its bytes."""
    kind = rng.random()
    if kind < 0.1:
        path.write_bytes(b"")
    elif kind < 0.15:
        path.unlink()
    elif kind < 0.6 and path.suffix == ".json":
        path.write_text(json.dumps(mutate_json(json.loads(content), rng)))
    elif kind < 0.6 and path.suffix == ".jsonl":
        rows = content.decode().splitlines()
        number = rng.randrange(len(rows))
        rows[number] = json.dumps(mutate_json(json.loads(rows[number]), rng))
        path.write_text("\n".join(rows) + "\n", "utf-8", "surrogatepass")
    else:
        path.write_bytes(mutate_bytes(content, rng))


@pytest.mark.slow
def test_adapters(folder, finished):
    """A damaged tuned folder summarizes, or the command says which file to mend."""
    tuned = [path for path in finished if path.parent == folder / "o/tune"]

    def attempt(rng):
        path = rng.choice(tuned)
        try:
            mutate_file(path, finished[path], rng)
            command = ["summarize", "x.txt", "--model", "o/tune", "--max-new-tokens", "2"]
            code, message = run(command)
            assert code in EXITS
            assert code == 0 or message.startswith("abrege: ") or "\nabrege: " in message
        finally:
            restore(folder / "o", finished)

    fuzz("adapters", 250, attempt)


@pytest.mark.slow
def test_the_state_of_every_stage(folder, finished):
    """A damaged file of a finished run is noticed by the stage that wrote it or that reads it."""
    cheap = {path for path in finished if path.parent.name not in ("tune", "generate")}

    def attempt(rng):
        path = rng.choice([*sorted(cheap)])
        try:
            mutate_file(path, finished[path], rng)
            for stage in rng.sample(["split", "evaluate", "report"], 2):
                assert run([stage, "r.yaml", "--out", "o"])[0] in EXITS
        finally:
            restore(folder / "o", finished)

    fuzz("stages", 200, attempt)


@pytest.mark.slow
def test_the_state_of_tune_and_generate(folder, finished):
    """A whole run after damage to what a model wrote is as the first one, or one message."""

    def attempt(rng):
        named = sorted(p for p in finished if p.parent.name in ("tune", "generate"))
        path = rng.choice(named)
        try:
            mutate_file(path, finished[path], rng)
            assert run(["run", "r.yaml", "--out", "o"])[0] in EXITS
        finally:
            restore(folder / "o", finished)

    fuzz("runs", 40, attempt)


@pytest.mark.slow
def test_bodies_of_servers(folder, monkeypatch):
    """Every document has a pair or a reason, whatever a server sends."""
    patient = partial(
        RetryPolicy, attempts=2, first_seconds=0.001, longest_retry_after_seconds=0.01
    )
    monkeypatch.setattr(openai_client, "RetryPolicy", patient)
    rng = random.Random(0)

    def body(_request):
        choice = {"index": 0, "finish_reason": rng.choice(["stop", "length", None, 3, "error"]), "message": {"role": "assistant", "content": a_summary(rng.randrange(6))}}  # noqa: E501  # fmt: skip
        usage = {"prompt_tokens": 50, "completion_tokens": 9, "total_tokens": 59}
        value = {"id": "a", "object": "chat.completion", "created": 0, "model": "m-1", "choices": [choice], "usage": usage}  # noqa: E501  # fmt: skip
        if rng.random() < 0.2:
            value = {"error": {"message": rng.choice([*VALUES, "context length", "try again in 1s"]), "code": rng.choice([*VALUES, 400])}}  # noqa: E501  # fmt: skip
        for _ in range(rng.randint(0, 2)):
            value = mutate_json(value, rng)
        raw = json.dumps(value).encode()
        raw = mutate_bytes(raw, rng) if rng.random() < 0.3 else raw
        if rng.random() < 0.1:
            raw = b"data: " + raw + b"\n\ndata: [DONE]\n\n"
        status = rng.choice([200] * 12 + [400, 429, 500, 413, 204])
        headers = {"Retry-After": str(rng.choice(["0", "x", "-1", "1e9"]))}
        return Reply(status=status, raw=raw, headers=headers if status != 200 else {})

    def attempt(generator):
        nonlocal rng
        rng = generator
        path = folder / f"run-{generator.random()}"
        a_run(path, count=3)
        settings = {"workers": 1, "max_attempts": 2, "timeout_seconds": 5}
        with time_limit("annotate"):
            try:
                annotate.run(a_recipe(fake.url, **settings), RunFolder(path))
            except AbregeError as error:
                assert error.exit_code in EXITS  # noqa: PT017
                return
        assert len(lines(path, "pairs")) + len(lines(path, "failed")) == 3

    with serving(body) as fake:
        fuzz("bodies", 250, attempt)
