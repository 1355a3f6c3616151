"""What Ray Data's workers clean, annotate and decode is what this machine does by itself."""

import os

import pytest

from abrege import pipeline, recipe, store
from abrege.errors import DataError, RecipeError
from abrege.pools import on_ray
from abrege.records import Document
from abrege.stages import annotate
from abrege.stages.asking import ANSWERS
from abrege.teacher.ledger import Told
from conftest import some_rows

pytestmark = [
    pytest.mark.slow,
    # Ray 2.60 warns of settings of its own, and leaves sockets and files to its end
    pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]

RAY = {"name": "ray", "workers": 2}
HERE = {"name": "here"}
SYSTEMS = ("base", "few-shot", "tuned")


def read(folder, *names):
    return {name: (folder / name).read_text("utf-8") for name in names}


def a_recipe(source, student, engine, **annotated):
    return recipe.parse(
        {
            "collect": {"source": str(source)},
            "clean": {"max_words": 40, "min_words": 5, "max_symbols": 0.4},
            "annotate": annotated or {"teacher": "lead", "min_words": 2},
            "data": {"lang": "en"},
            "split": {"method": "exact", "valid": 0.15, "test": 0.25, "allow_leaks": True},
            "tune": {"model": str(student), "batch_size": 4, "max_tokens": 160, "max_steps": 3},
            "generate": {
                "batch_rows": 3,
                "do_sample": True,
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


def test_clean_and_generate_give_the_same_rows_on_two_workers(source, student_folder, tmp_path):
    stages = ("collect", "clean", "annotate", "split", "tune", "generate")
    for name, engine in (("here", HERE), ("ray", RAY)):
        pipeline.run(a_recipe(source, student_folder, engine), tmp_path / name, stages=stages)
    systems = [f"generate/{system}.jsonl" for system in SYSTEMS]
    files = ["clean/documents.jsonl", "clean/dropped.jsonl", *systems]
    here, there = (read(tmp_path / name, *files) for name in ("here", "ray"))
    assert there == here
    assert here["clean/dropped.jsonl"].count("\n") == 4
    assert len({*here["generate/tuned.jsonl"].splitlines()}) >= 6


def test_a_local_teacher_writes_the_same_on_two_workers(student_folder, tmp_path):
    said = {"teacher": "local", "model": str(student_folder), "max_new_tokens": 12, "min_words": 1}
    said |= {"workers": 3, "attempts": 2, "unsupported": "allow"}
    documents = [Document(id=f"d{n}", text=row["document"]) for n, row in enumerate(some_rows(10))]
    for name, engine in (("here", HERE), ("ray", RAY)):
        folder = tmp_path / name
        store.write(folder / "clean/documents.jsonl", documents)
        asked = a_recipe(tmp_path, student_folder, engine, **said)
        try:
            annotate.run(asked, folder)
        except DataError:  # a tiny model may write nothing that passes: what it wrote is compared
            assert "attempts" in (folder / "annotate/failed.jsonl").read_text()
    files = ["annotate/pairs.jsonl", "annotate/failed.jsonl"]
    assert read(tmp_path / "ray", *files) == read(tmp_path / "here", *files)
    here, there = (
        {(told.key, told.text) for told in store.read(tmp_path / name / ANSWERS, Told)}
        for name in ("here", "ray")
    )
    assert here == there
    assert len(here) == 20  # ten documents, each asked twice


def test_workers_are_processes_of_their_own_and_their_results_come_in_order():
    def who(item):
        return item, os.getpid()

    found = list(on_ray(address=None, workers=2, gpus=0)(who, range(12)))
    assert [item for item, _ in found] == [*range(12)]
    pids = {pid for _, pid in found}
    assert len(pids) == 2
    assert os.getpid() not in pids


def test_what_a_worker_tells_people_reaches_them_as_it_is():
    def refuse(item):
        raise RecipeError("tune.model: no such thing.\n  Name another.")

    with pytest.raises(RecipeError, match=r"^tune\.model: no such thing\.\n  Name another\.$"):
        list(on_ray(address=None, workers=2, gpus=0)(refuse, range(2)))
