"""Tokenized examples, students and runs for tests of training."""

import json
from typing import Any

import torch

from abrege.compute.loss import summary_nll
from abrege.core.events import Progress
from abrege.prompts.prompt_format import PromptRenderer, TokenizedExample
from abrege.training import preflight
from abrege.training import run as training_run
from abrege.training.student import attach_lora
from builders.models import a_llama, a_sided_tokenizer, a_tokenizer
from builders.records import a_plan, a_rendering, some_pairs


def an_example(
    name: str = "e", prompt: int = 3, summary: int = 2, first: int = 10
) -> TokenizedExample:
    """Build a row of consecutive token ids from `first` on."""
    ids = list(range(first, first + prompt + summary))
    return TokenizedExample(name, ids[:prompt], ids[prompt:], prompt, 0)


def tokenized_pairs(tokenizer: Any, count: int = 24) -> list[TokenizedExample]:
    """Tokenize `some_pairs` for a causal model."""
    renderer = PromptRenderer(tokenizer, a_rendering())
    return preflight.tokenize_pairs(renderer, some_pairs(count), on_empty="fail")[0]


def tokenized_seq2seq_pairs(count: int = 24) -> list[TokenizedExample]:
    """Tokenize `some_pairs` for an encoder-decoder."""
    prompt_format = a_rendering(chat=False, max_tokens=100, stop_ids=[1], encoder_decoder=True)
    renderer = PromptRenderer(a_sided_tokenizer(), prompt_format)
    return preflight.tokenize_pairs(renderer, some_pairs(count), on_empty="fail")[0]


def a_student(*, dropout: float = 0.0, seed: int = 0, std: float = 0.02) -> Any:
    """Build a tiny Llama with an adapter whose B is not zero, so that no gradient is zero."""
    model = attach_lora(
        a_llama(vocab=len(a_tokenizer())),
        r=4,
        alpha=8,
        dropout=dropout,
        modules="all-linear",
        seed=seed,
    )
    torch.manual_seed(seed)
    for name, parameter in model.named_parameters():
        if "lora_B" in name:
            torch.nn.init.normal_(parameter, std=std)
    return model


def gradients(model: Any, batches: Any) -> tuple[float, dict[str, torch.Tensor]]:
    """Return the loss of a step and the gradient of each parameter."""
    model.zero_grad()
    tokens = sum(b.summary_tokens for b in batches)
    loss = 0.0
    for batch in batches:
        nats = summary_nll(model, model.get_output_embeddings(), batch, torch.device("cpu"))
        (nats / tokens).backward()
        loss += nats.item() / tokens
    return loss, {n: p.grad.clone() for n, p in model.named_parameters() if p.grad is not None}


def tune(
    folder: Any,
    plan: Any = None,
    *,
    model: Any = None,
    train: Any = None,
    valid: Any = None,
    dtype: str = "float32",
    scores: Any = None,
    on_event: Any = lambda e: None,
) -> Any:
    """Tune a tiny student; validations score what `scores` says, a value for each step."""
    folder.mkdir(parents=True, exist_ok=True)
    rows = tokenized_pairs(a_tokenizer())
    return training_run.tune(
        model or a_student(),
        rows[:16] if train is None else train,
        rows[16:20] if valid is None else valid,
        plan or a_plan(),
        folder,
        dtype=dtype,
        pad_id=0,
        generation_eval=(lambda model, step: {"rougeL": scores[step - 1]}) if scores else None,
        on_event=on_event,
    )


class Killed(BaseException):
    """What kill -9 is to the process."""


def killed_at(step: int) -> Any:
    """Return an `on_event` that kills the run after a step."""

    def kill(event: Any) -> None:
        if isinstance(event, Progress) and event.task == "tune" and event.done == step:
            raise Killed

    return kill


def log_entries(folder: Any) -> list[dict[str, Any]]:
    """Read steps.jsonl of a run."""
    return [json.loads(line) for line in (folder / "steps.jsonl").read_text().splitlines()]
