"""What Ray Data's workers clean, annotate and decode is what this machine does by itself."""

import os
import time

import pytest

from abrege import recipe
from abrege.core.errors import DataError, RecipeError, SetupError
from abrege.core.io import read_jsonl, write_jsonl
from abrege.core.run_folder import RunFolder
from abrege.core.types import Document, Prediction
from abrege.llm_client.response_cache import CachedResponse
from abrege.pipeline import executors
from abrege.pipeline import run as pipeline
from abrege.pipeline.executors import cores, on_ray
from abrege.stages import annotate
from builders.records import some_rows

pytestmark = [
    pytest.mark.slow,
    # Ray 2.60 warns of settings of its own, and leaves sockets and files to its end
    pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]

RAY = {"name": "ray", "workers": 2}
HERE = {"name": "local"}
SYSTEMS = ("base", "few-shot", "tuned")


@pytest.fixture
def calls(monkeypatch):
    """Count how often a stage hands work to Ray."""
    found = []

    def counted(**given):
        pool = on_ray(**given)

        def called(function, items):
            items = list(items)
            found.append(len(items))
            return pool(function, items)

        return called

    monkeypatch.setattr(executors, "on_ray", counted)
    return found


def read(folder, *names):
    return {name: (folder / name).read_text("utf-8") for name in names}


def a_recipe(source, student, engine, *, sampled=True, **annotated):
    return recipe.parse(
        {
            "collect": {"source": str(source)},
            "clean": {"max_words": 40, "min_words": 5, "max_symbols": 0.4},
            "annotate": annotated or {"teacher": "lead", "min_words": 2},
            "data": {"lang": "en"},
            "split": {"method": "exact", "valid": 0.15, "test": 0.25, "allow_leaks": True},
            "tune": {
                "model": str(student),
                "batch_size": 4,
                "max_length": 160,
                "max_steps": 3,
                "dtype": "float32",
            },
            "generate": {
                "batch_rows": 3,
                "do_sample": sampled,
                "systems": ["base", "few-shot", "tuned"],
            },
            "engine": engine,
        }
    )


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    """Write a folder of texts with an introduction each; three too long, two the same."""
    folder = tmp_path_factory.mktemp("texts")
    for n, row in enumerate(some_rows(30)):
        rest = f"## About\n\n{row['document']}" + " It went on and on." * (20 if n < 3 else 0)
        (folder / f"{n:02}.md").write_text(f"{row['summary']} {n}.\n\n{rest}\n")
    (folder / "zz.md").write_text((folder / "05.md").read_text())
    return folder


@pytest.mark.parametrize("sampled", [True, False])
def test_clean_and_generate_give_the_same_rows_on_two_workers(
    source, student_folder, tmp_path, calls, sampled
):
    stages = ("collect", "clean", "annotate", "split", "tune", "generate")
    for name, engine in (("here", HERE), ("ray", RAY)):
        assert not calls
        asked = a_recipe(source, student_folder, engine, sampled=sampled)
        pipeline.run(asked, tmp_path / name, stages=stages)
    files = ["clean/documents.jsonl", "clean/dropped.jsonl"]
    files += [f"generate/{system}.jsonl" for system in SYSTEMS]
    here, there = (read(tmp_path / name, *files) for name in ("here", "ray"))
    assert there == here
    assert calls == [1, 2, 2, 2]  # 31 documents are one batch, 7 test rows two tasks of 6 and 1
    assert here["clean/dropped.jsonl"].count("\n") == 4
    predictions = read_jsonl(tmp_path / "ray/generate/tuned.jsonl", Prediction)
    assert len({p.prediction for p in predictions}) >= 4


def test_a_local_teacher_writes_the_same_on_two_workers(student_folder, tmp_path, calls):
    said = {"teacher": "local", "model": str(student_folder), "max_new_tokens": 12, "min_words": 1}
    said |= {"workers": 3, "attempts": 2, "reject_unsupported": False}
    documents = [Document(id=f"d{n}", text=row["document"]) for n, row in enumerate(some_rows(10))]
    for name, engine in (("here", HERE), ("ray", RAY)):
        folder = tmp_path / name
        write_jsonl(folder / "clean/documents.jsonl", documents)
        asked = a_recipe(tmp_path, student_folder, engine, **said)
        try:
            annotate.run(asked, RunFolder(folder))
        except DataError:  # a tiny model may write nothing that passes: what it wrote is compared
            assert "attempts" in (folder / "annotate/failed.jsonl").read_text()
    files = ["annotate/pairs.jsonl", "annotate/failed.jsonl"]
    assert read(tmp_path / "ray", *files) == read(tmp_path / "here", *files)
    here, there = (
        {
            (told.key, told.text)
            for told in read_jsonl(RunFolder(tmp_path / name).answers, CachedResponse)
        }
        for name in ("here", "ray")
    )
    assert here == there
    assert calls[0] == 4  # ten documents, three at a time
    assert len(calls) == 2  # and those again whose summary was refused
    assert len(here) > 10


def test_workers_are_processes_of_their_own_and_their_results_come_in_order():
    def who(item):
        time.sleep(0.2)
        return item, os.getpid(), os.environ["OMP_NUM_THREADS"]

    found = list(on_ray(address=None, workers=2, gpus=0)(who, range(12)))
    assert [item for item, _, _ in found] == [*range(12)]
    assert {threads for _, _, threads in found} == {str(max(1, cores() // 2))}
    pids = {pid for _, pid, _ in found}
    assert len(pids) == 2
    assert os.getpid() not in pids


def test_what_a_worker_tells_people_reaches_them_as_it_is():
    def refuse(item):
        raise RecipeError("tune.model: no such thing.\n  Name another.")

    with pytest.raises(RecipeError, match=r"^tune\.model: no such thing\.\n  Name another\.$"):
        list(on_ray(address=None, workers=2, gpus=0)(refuse, range(2)))


def test_more_gpus_than_a_machine_has_are_refused_at_once():
    with pytest.raises(SetupError, match=r"^engine\.gpus: 9: no machine of the cluster has"):
        on_ray(address=None, workers=2, gpus=9)
