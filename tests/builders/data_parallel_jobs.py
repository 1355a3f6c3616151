"""Jobs of several processes for test_data_parallel.py: `python -m builders.data_parallel_jobs DIR`.

One program forks the processes of all jobs, since importing transformers takes longer than any of
them. Each leaves its result in DIR/JOB/rank-N.json and what it said in rank-N.err.
"""

import os
import shutil
import signal
import sys
from pathlib import Path

import torch
from accelerate import DistributedType, state
from torch.distributed import TCPStore

from abrege import cli
from abrege.core.io import write_json, write_jsonl
from abrege.training import distributed, trainer
from abrege.training import run as training_run
from builders.models import a_llama, a_tokenizer
from builders.records import a_plan, some_rows
from builders.training import a_student, tokenized_pairs


def tune(folder, *, model=None, on_event=lambda e: None, **plan):
    examples = tokenized_pairs(a_tokenizer())
    with distributed.process_group():
        tuned = training_run.tune(
            model or a_student(),
            examples[:10],  # steps of three rows, and a last one of one: a process has none
            examples[16:21],
            a_plan(**{"effective_batch_size": 3, "num_train_epochs": 2.0, **plan}),
            folder,
            dtype="float32",
            pad_id=0,
            on_event=on_event,
        )
    return {"steps": tuned.steps, "interrupted": tuned.interrupted}


def adapter(folder):
    return tune(folder)


def lanes(folder):
    torch.set_num_threads(2)
    return tune(folder)


def full(folder):
    return tune(folder, model=a_llama(vocab=len(a_tokenizer())))


def fsdp(folder):
    """accelerate gives a CPU no FSDP unless it is told that it has."""
    os.environ |= {
        "ACCELERATE_USE_FSDP": "true",
        "FSDP_VERSION": "2",
        "FSDP_AUTO_WRAP_POLICY": "TRANSFORMER_BASED_WRAP",
        "FSDP_STATE_DICT_TYPE": "SHARDED_STATE_DICT",
    }
    plain = state.AcceleratorState.__init__

    def told(self, *args, fsdp_plugin=None, **more):
        plain(self, *args, fsdp_plugin=fsdp_plugin, **more)
        if fsdp_plugin is not None:
            self.distributed_type, self.fsdp_plugin = DistributedType.FSDP, fsdp_plugin
            state.PartialState._shared_state["distributed_type"] = DistributedType.FSDP

    state.AcceleratorState.__init__ = told
    return tune(folder)


def stopped(folder):
    """Ctrl-C reaches the last process alone, in its third step."""
    steps = iter(range(99))
    plain = trainer.StepTrainer.training_step

    def press(self, *args, **more):
        if next(steps) == 2 and not distributed.is_main_process():
            os.kill(os.getpid(), signal.SIGINT)
        return plain(self, *args, **more)

    trainer.StepTrainer.training_step = press
    return tune(folder, save_steps=100)


def carried_on(folder):
    return tune(folder, save_steps=100)


def broken(folder):
    """The loss of the rows of the last process is no number."""
    if not distributed.is_main_process():
        plain = trainer.summary_nll
        trainer.summary_nll = lambda *args: plain(*args) * torch.nan
    return tune(folder)


def command(folder):
    return cli.main(["tune", str(folder.parent / "recipe.yaml"), "--out", str(folder)])


def of_two_minds(folder):
    rate = f"tune.learning_rate=1e-{distributed.rank() + 2}"
    recipe = str(folder.parent / "recipe.yaml")
    return cli.main(["tune", recipe, "--out", str(folder), "--set", rate])


def start(job, folder, ranks):
    """Fork the processes of a job and wait for them."""
    folder.mkdir(exist_ok=True)
    # The parent keeps the store, as torchrun does: no port is chosen before it is taken.
    held = TCPStore("127.0.0.1", 0, is_master=True, wait_for_workers=False)
    children = []
    for rank in range(ranks):
        child = os.fork()
        if not child:
            several = {
                "RANK": str(rank),
                "LOCAL_RANK": str(rank),
                "WORLD_SIZE": str(ranks),
                "LOCAL_WORLD_SIZE": str(ranks),
                "MASTER_ADDR": "127.0.0.1",
                "MASTER_PORT": str(held.port),
                "TORCHELASTIC_USE_AGENT_STORE": "True",
            }
            os.environ |= several if ranks > 1 else {}
            with (folder / f"rank-{rank}.err").open("a") as stderr:
                os.dup2(stderr.fileno(), 2)
            try:
                result = job(folder)
            except SystemExit as silent:
                result = {"silent": silent.code}
            except Exception as error:
                result = {"error": str(error), "notes": getattr(error, "__notes__", [])}
            write_json(folder / f"rank-{rank}.json", result)
            os._exit(0)
        children.append(child)
    for child in children:
        os.waitpid(child, 0)


def main(root):
    for job, ranks in ((adapter, 1), (adapter, 2), (lanes, 2), (full, 1), (full, 2), (fsdp, 2)):
        start(job, root / f"{job.__name__}-{ranks}", ranks)
    start(stopped, root / "stopped", 2)
    shutil.copytree(root / "stopped", root / "carried-on")
    start(carried_on, root / "carried-on", 1)
    start(broken, root / "broken", 2)
    tokenizer = a_tokenizer()
    a_llama(vocab=len(tokenizer)).save_pretrained(root / "student")
    tokenizer.save_pretrained(root / "student")
    write_jsonl(root / "pairs.jsonl", some_rows(24))
    (root / "recipe.yaml").write_text(
        f"data: {{source: {root}/pairs.jsonl, lang: en}}\n"
        "split: {method: exact, valid: 0.2, test: 0.2}\n"
        f"tune: {{model: {root}/student, batch_size: 5, max_length: 160}}\n"
    )
    start(command, root / "too-early", 2)
    cli.main(["split", str(root / "recipe.yaml"), "--out", str(root / "command")])
    shutil.copytree(root / "command", root / "two-minds")
    start(of_two_minds, root / "two-minds", 2)
    start(command, root / "command", 2)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
