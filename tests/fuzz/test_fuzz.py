"""Two thousand mutated inputs through the command line: no traceback, hang, stray exit or lost row.

See `driver` for the seed and for one case alone.
"""

import copy
import json
from collections import Counter

import pytest

from abrege.annotation.attempts import AnnotationPlan, document_state
from abrege.core.errors import AbregeError
from abrege.core.types import Document
from abrege.llm_client.openai_client import SamplingParams
from abrege.llm_client.response_body import content_text
from abrege.llm_client.response_cache import CachedResponse
from abrege.recipe import yaml
from builders.records import some_rows
from fuzz.driver import EXITS, fuzz, run
from fuzz.mutations import VALUES, dump_rows, mutate_bytes, mutate_json

RECIPE = {
    "name": "fuzz",
    "data": {"source": "pairs.jsonl", "lang": "en", "columns": {"group": "group"}},
    "split": {"valid": 0.2, "test": 0.2, "method": "exact", "near_duplicates": 0.8, "seed": 1},
    "prompt": {"template": "Summarize.\n\n{document}", "chat": "never"},
    "tune": {"model": "demo:x", "lora": {"r": 4}, "learning_rate": 1e-4, "max_steps": 2},
    "generate": {"systems": ["base", "tuned"]},
    "evaluate": {"bootstrap_samples": 200},
}


@pytest.mark.slow
def test_recipes(folder):
    def attempt(rng):
        tree = copy.deepcopy(RECIPE)
        for _ in range(rng.randint(1, 3)):
            tree = mutate_json(tree, rng)
        try:
            text = yaml.write(tree).encode("utf-8", "surrogatepass")
        except Exception:  # a value that YAML cannot write
            text = json.dumps(tree).encode()
        if rng.random() < 0.4:
            text = mutate_bytes(text, rng)
        (folder / "r.yaml").write_bytes(text)
        override = f"split.{rng.choice(['valid', 'seed', 'method', 'x'])}={rng.choice(VALUES)}"
        extra = ["--set", override.replace("\0", "")] if rng.random() < 0.3 else []
        code, _ = run(["split", "r.yaml", "--out", "o", *extra])
        assert code in EXITS

    fuzz("recipes", 600, attempt)


def mutated_rows(rng):
    rows = some_rows(rng.choice([1, 3, 24]))
    for _ in range(rng.randint(0, 4)):
        place = rng.randrange(len(rows))
        rows[place] = mutate_json(rows[place], rng)
    return rows


@pytest.mark.slow
def test_pairs(folder):
    """Rows in are rows used, dropped, merged and left out."""

    def attempt(rng):
        suffix = rng.choice([".jsonl", ".json", ".csv", ".tsv"])
        content = dump_rows(mutated_rows(rng), suffix, rng)
        if rng.random() < 0.6:
            content = mutate_bytes(content, rng)
        (folder / f"x{suffix}").write_bytes(content)
        recipe = copy.deepcopy(RECIPE)
        recipe["data"] = {"source": f"x{suffix}", "lang": "en", "on_bad_row": rng.choice(["error", "drop"])}  # noqa: E501  # fmt: skip
        (folder / "r.yaml").write_text(yaml.write(recipe))
        code, _ = run(["split", "r.yaml", "--out", "p"])
        assert code in EXITS
        if code == 0:
            counts = Counter(json.loads((folder / "p/split/manifest.json").read_text())["counts"])
            read, repeated = counts.pop("read"), counts.pop("duplicate_documents")
            assert read == sum(counts.values()), (counts, repeated)
        if rng.random() < 0.3:
            assert run(["doctor", f"x{suffix}", "--out", "d"])[0] in EXITS

    fuzz("pairs", 600, attempt)


@pytest.mark.slow
def test_predictions(folder):
    """Predictions are scored, or the command says why not."""

    def attempt(rng):
        rows = [{"id": r["id"], "prediction": r["summary"], "reference": r["summary"]} for r in some_rows(12)]  # noqa: E501  # fmt: skip
        for _ in range(rng.randint(0, 3)):
            place = rng.randrange(len(rows))
            rows[place] = mutate_json(rows[place], rng)
        suffix = rng.choice([".jsonl", ".json", ".csv", ".txt"])
        content = dump_rows(rows, ".jsonl" if suffix == ".txt" else suffix, rng)
        if rng.random() < 0.5:
            content = mutate_bytes(content, rng)
        (folder / f"y{suffix}").write_bytes(content)
        with_data = suffix == ".txt" or rng.random() < 0.3
        data = ["--data", "pairs.jsonl"] if with_data else []
        metrics = rng.choice(["rouge1", "chrf,bleu", "rougeL,words"])
        code, _ = run(["score", f"y{suffix}", *data, "--metrics", metrics, "--lang", "en"])
        assert code in EXITS

    fuzz("predictions", 400, attempt)


@pytest.mark.slow
def test_run_folders(folder):
    """A damaged file of a run is noticed, or does not matter."""
    (folder / "r.yaml").write_text(yaml.write(RECIPE))
    assert run(["split", "r.yaml", "--out", "s"])[0] == 0
    files = sorted(path for path in (folder / "s").rglob("*") if path.is_file())
    contents = {path: path.read_bytes() for path in files if not path.name.startswith(".lock")}

    def attempt(rng):
        path = rng.choice([*contents])
        path.write_bytes(mutate_bytes(contents[path], rng) if rng.random() < 0.7 else b"")
        try:
            assert run(["split", "r.yaml", "--out", "s"])[0] in EXITS
            assert run(["report", "r.yaml", "--out", "s"])[0] in EXITS
        finally:
            for file, content in contents.items():
                file.write_bytes(content)

    fuzz("run-folders", 200, attempt)


@pytest.mark.slow
def test_teacher_answers():
    """An answer is a summary or has a reason, whatever it holds."""
    document = Document(id="a", text="The board of Lindow met on Monday. It decided nothing.", lang="en")  # noqa: E501  # fmt: skip
    plan = AnnotationPlan(teacher="t", params=SamplingParams(), max_attempts=2)
    marks = ["<think>", "</think>", "<|channel|>final<|message|>", "[THINK]", "assistantfinal", "##", "```", "\n\n", "{", "Sure, here is the summary:"]  # noqa: E501  # fmt: skip

    def attempt(rng):
        parts = [rng.choice([*marks, document.text, "A summary of it.", *map(str, VALUES)]) for _ in range(rng.randint(0, 6))]  # noqa: E501  # fmt: skip
        responses, state = {}, document_state(document, plan, {})
        for _ in range(12):
            if not state.requests:
                break
            for request in state.requests:
                responses[request.key] = CachedResponse(
                    key=request.key, about={"said": rng.choice(parts or [""])},
                    text=content_text(" ".join(parts)), finish_reason=rng.choice(["stop", "length", "too long", "SAFETY", "x"]),  # noqa: E501
                    prompt_tokens=rng.choice([None, 0, 50]), completion_tokens=rng.choice([None, 0, 9]),  # noqa: E501
                    model="m", seconds=0.1,
                )  # fmt: skip
            state = document_state(document, plan, responses)
        assert not state.requests
        assert state.chosen is not None or state.attempts[-1].rejection is not None

    fuzz("teacher", 300, attempt)


def test_the_fuzzer_sees_a_fault():
    def attempt(rng):
        raise AbregeError(str(rng.random()))

    with pytest.raises(
        AssertionError, match=r"3 of 3:\s+ABREGE_FUZZ_SEED=\d+ ABREGE_FUZZ_CASE=x:0"
    ):
        fuzz("x", 3, attempt)
