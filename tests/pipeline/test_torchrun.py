"""Two processes under torchrun: killed, interrupted, carried on."""

import os
import signal
import subprocess
import sys
import time
from contextlib import suppress

import psutil
import pytest

from abrege.cli import main
from abrege.core.io import read_json, write_jsonl
from builders.records import some_rows

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

TORCHRUN = ("-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2")


@pytest.fixture
def recipe(tmp_path, student_folder):
    """A recipe of two hundred steps whose split is made, with a checkpoint every two."""
    write_jsonl(tmp_path / "pairs.jsonl", some_rows(30))
    path = tmp_path / "r.yaml"
    path.write_text(
        f"data: {{source: {tmp_path}/pairs.jsonl, lang: en}}\n"
        "split: {method: exact, valid: 0.2, test: 0.2}\n"
        f"tune: {{model: {student_folder}, batch_size: 5, max_length: 160, max_steps: 200, "
        "save_steps: 2, eval_steps: 100}\n"
    )
    assert main(["split", str(path), "--out", str(tmp_path / "run")]) == 0
    return path


def launched(recipe):
    words = ["-m", "abrege", "tune", str(recipe), "--out", str(recipe.parent / "run")]
    return subprocess.Popen(
        [sys.executable, *TORCHRUN, *words],
        env=os.environ | {"OMP_NUM_THREADS": "1", "ABREGE_CACHE": str(recipe.parent / "cache")},
        stderr=subprocess.PIPE,
        text=True,
    )


def after_a_checkpoint(job, recipe, act):
    """Do something to a job that has saved, and give what it said until its end."""
    family = [psutil.Process(job.pid)]
    try:
        while job.poll() is None and not [*recipe.parent.glob("run/tune/checkpoint-*/whole")]:
            time.sleep(0.05)
        family += family[0].children(recursive=True)
        act(family)
        _, told = job.communicate(timeout=120)
        return told
    finally:
        for process in family:
            with suppress(psutil.NoSuchProcess):
                process.kill()


def kill_rank_1(family):
    [victim] = [p for p in family[1:] if p.environ().get("RANK") == "1"]
    victim.kill()


def test_a_process_that_is_killed_ends_the_job_and_the_same_command_goes_on(recipe):
    job = launched(recipe)
    told = after_a_checkpoint(job, recipe, kill_rank_1)
    assert job.returncode != 0
    assert told.count("the same command resumes from the last one") == 1
    assert [*recipe.parent.glob("run/tune/checkpoint-*/whole")]

    again = launched(recipe)
    _, told = again.communicate(timeout=300)
    assert again.returncode == 0, told
    assert "resuming from step" in told
    manifest = read_json(recipe.parent / "run/tune/manifest.json")
    assert (manifest["steps"], manifest["processes"]) == (200, 2)


def test_ctrl_c_is_told_once_by_a_job_that_has_saved(recipe):
    job = launched(recipe)
    told = after_a_checkpoint(job, recipe, lambda _: job.send_signal(signal.SIGINT))
    assert told.count("interrupted; saved at step") == 1
    step = int(told.split("saved at step ")[1].split(";")[0])
    assert (recipe.parent / f"run/tune/checkpoint-{step}/whole").exists()
