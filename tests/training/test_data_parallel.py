"""One step shared by several processes: the same step, told once, stopped together."""

import json
import os
import signal
import subprocess
import sys
from contextlib import suppress

import pytest
import torch
from accelerate import DistributedType
from safetensors.torch import load_file

from abrege.compute.batching import build_step
from abrege.core.errors import RecipeError, SetupError
from abrege.core.io import read_json
from abrege.prompts.prompt_format import TokenizedExample
from abrege.training import data_parallel

pytestmark = pytest.mark.model


def rows(*lengths):
    return [
        TokenizedExample(f"r{n}", list(range(length - 2)), [7, 2], 1, 0)
        for n, length in enumerate(lengths)
    ]


def cut(examples):
    return build_step(examples, max_tokens=20, pad_id=0)


@pytest.mark.parametrize("ranks", [1, 2, 3, 4, 7])
def test_every_row_goes_to_one_rank_and_no_rank_gets_two_more_than_another(ranks):
    examples = rows(9, 30, 4, 12, 12, 8)
    dealt = data_parallel.shard_rows(examples, ranks)
    assert sorted(e.id for share in dealt for e in share) == sorted(e.id for e in examples)
    assert max(map(len, dealt)) - min(map(len, dealt)) <= 1


def test_the_longest_rows_go_first_to_the_rank_with_the_fewest_tokens():
    one, two = data_parallel.shard_rows(rows(9, 30, 4, 12, 12, 8), 2)
    # 30 | 12 + 12 + 9; three rows are enough for the second, so 8 and 4 go to the first
    assert ([len(e) for e in one], [len(e) for e in two]) == ([30, 8, 4], [12, 12, 9])


def test_a_process_without_rows_takes_part_with_a_micro_batch_that_counts_nothing():
    step = data_parallel.build_local_step(rows(9), cut, rank=1, ranks=2, equal_micro_batches=False)
    assert (step.summary_tokens, step.tokens, len(step.micro_batches)) == (0, 0, 1)


def test_processes_that_must_keep_step_pass_as_many_micro_batches_each():
    examples = rows(
        18, 6, 6, 15
    )  # 18 + 6 do not fit together, nor do 15 + 6: 2 x 18 and 2 x 15 > 20
    apart, together = (
        [
            data_parallel.build_local_step(
                [*examples, *rows(5)], cut, rank=rank, ranks=2, equal_micro_batches=in_step
            )
            for rank in range(2)
        ]
        for in_step in (False, True)
    )
    assert sum(step.summary_tokens for step in apart) == 10
    assert [s.summary_tokens for s in together] == [s.summary_tokens for s in apart]
    assert len({len(step.micro_batches) for step in together}) == 1


def check(engine, tokens):
    data_parallel.check_backend(
        engine, rows(40, 100), batch_size=5, ranks=2, micro_batch_tokens=tokens
    )


def test_deepspeed_needs_the_rows_of_a_rank_in_one_micro_batch():
    check(DistributedType.DEEPSPEED, 300)  # three rows of a hundred tokens at the most
    check(DistributedType.MULTI_GPU, 299)
    with pytest.raises(RecipeError, match="3 of up to 100 tokens") as error:
        check(DistributedType.DEEPSPEED, 299)
    assert "Write 300 or more" in str(error.value)


def test_fsdp_is_refused_on_a_cpu_where_accelerate_would_drop_it_silently(monkeypatch):
    check(DistributedType.MULTI_CPU, 300)
    monkeypatch.setenv("ACCELERATE_USE_FSDP", "true")
    with pytest.raises(SetupError, match="over GPUs only"):
        check(DistributedType.MULTI_CPU, 300)


@pytest.fixture(scope="module")
def jobs(tmp_path_factory):
    """Run all jobs of data_parallel_jobs.py in one program, and leave no process behind."""
    folder = tmp_path_factory.mktemp("jobs")
    environment = os.environ | {
        "OMP_NUM_THREADS": "1",
        "OMP_WAIT_POLICY": "PASSIVE",  # of more threads than cores, none spins while it waits
        "ABREGE_CACHE": str(folder / "cache"),
        "PYTHONPATH": os.pathsep.join(path for path in sys.path if path),
    }
    running = subprocess.Popen(
        # as a module: the folder of a script would come before the standard library
        [sys.executable, "-m", "builders.data_parallel_jobs", str(folder)],
        env=environment,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        _, error = running.communicate(timeout=300)
    finally:
        with suppress(ProcessLookupError):
            os.killpg(running.pid, signal.SIGKILL)
    assert running.returncode == 0, error
    return folder


def results(folder):
    return [json.loads(path.read_text()) for path in sorted(folder.glob("rank-*.json"))]


def lines(folder):
    return [json.loads(line) for line in (folder / "steps.jsonl").read_text().splitlines()]


@pytest.mark.parametrize(
    ("single", "shared"),
    [
        ("adapter-1", "adapter-2"),
        ("adapter-1", "lanes-2"),
        ("adapter-1", "fsdp-2"),
        ("full-1", "full-2"),
    ],
)
def test_two_processes_take_the_steps_of_one(jobs, single, shared):
    one, two = (lines(jobs / name) for name in (single, shared))
    assert len(one) == 12  # eight steps, four validations
    for a, b in zip(one, two, strict=True):
        assert (a["step"], a.get("tokens")) == (b["step"], b.get("tokens"))
        for figure in {"loss", "eval_loss", "grad_norm"} & set(a):
            assert b[figure] == pytest.approx(a[figure], abs=4e-6, rel=4e-6)
    weights = "model.safetensors" if single == "full-1" else "adapter_model.safetensors"
    expected, shared_weights = (load_file(jobs / name / weights) for name in (single, shared))
    assert set(expected) == set(shared_weights)
    for name, weight in expected.items():
        torch.testing.assert_close(shared_weights[name], weight, rtol=0, atol=1e-5)


def test_ctrl_c_in_one_process_ends_all_after_the_same_step_saved(jobs):
    assert results(jobs / "stopped") == [{"steps": 3, "interrupted": True}] * 2
    assert (jobs / "stopped/checkpoint-3/whole").exists()


def test_one_process_resumes_what_two_began_with_the_same_result(jobs):
    assert results(jobs / "carried-on")[0] == {"steps": 8, "interrupted": False}
    expected, shared_weights = (
        load_file(jobs / name / "adapter_model.safetensors") for name in ("adapter-1", "carried-on")
    )
    for name, weight in expected.items():
        torch.testing.assert_close(shared_weights[name], weight, rtol=0, atol=1e-5)


def test_an_error_of_one_process_is_reported_by_that_process_only(jobs):
    first, second = results(jobs / "broken")
    assert first == {"silent": 1}
    assert second["error"].startswith("step 1: the loss is nan on rows row-")
    assert second["notes"] == ["rank 1 of 2"]


def said(folder):
    return [path.read_text() for path in sorted(folder.glob("rank-*.err"))]


def test_an_error_of_all_processes_is_reported_once_by_rank_0(jobs):
    first, second = said(jobs / "too-early")
    assert first.startswith("abrege: tune needs split, which is not done yet")
    assert second == ""
    assert results(jobs / "too-early") == [RecipeError.exit_code] * 2


def test_processes_that_see_different_recipes_change_nothing_and_say_what_differs(jobs):
    first, second = said(jobs / "two-minds")
    assert "differ in key.settings.tune.learning_rate" in first + second
    assert not (jobs / "two-minds/tune").exists()


def test_the_command_is_carried_out_by_two_and_spoken_and_written_by_one(jobs):
    assert results(jobs / "command") == [0, 0]
    first, second = said(jobs / "command")
    assert "14 train rows" in first
    assert second == ""
    manifest = read_json(jobs / "command/tune/manifest.json")
    assert manifest["processes"] == 2
    assert not (jobs / "command/tune/started.json").exists()
