"""A subclass of transformers.Trainer: only what ours does differently.

One item of the data loader is one optimiser step. Trainer is given no accumulation: our
`training_step` runs the step's micro-batches itself and divides once, by the summary tokens of
the whole step over all processes.
"""

import math
from collections.abc import Sequence
from contextlib import nullcontext
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from transformers import Trainer, TrainerCallback, TrainingArguments

from abrege.errors import AbregeError
from abrege.events import OnEvent, Progress, silent
from abrege.model.batching import MicroBatch, Step, step_of
from abrege.model.block import rewrite
from abrege.model.lanes import LANES, Lanes
from abrege.model.lora import renew
from abrege.model.memory import Heap
from abrege.model.objective import summary_nll
from abrege.model.packing import pack
from abrege.model.rendering import Example

WHOLE = "whole"  # an empty file: this checkpoint was written to its end


class StepTrainer(Trainer):
    """Trains on whole steps; see the module's text."""

    def __init__(
        self,
        model: nn.Module,
        arguments: TrainingArguments,
        *,
        train: Sequence[Example],
        valid: Sequence[Example],
        micro_batch_tokens: int,
        pad_id: int,
        callbacks: list[TrainerCallback],
        on_event: OnEvent = silent,
    ) -> None:
        self.on_event = on_event
        self.micro_batch_tokens = micro_batch_tokens
        self.pad_id = pad_id
        # Checkpointing computes a forward again in the backward, where no line is known.
        base = model.get_base_model()  # type: ignore[operator]
        packed = not arguments.activation_checkpointing and pack(base)
        rewritten = packed and rewrite(base)
        self.head = None if rewritten else model.get_output_embeddings()  # type: ignore[operator]
        threads = torch.get_num_threads()
        abreast = rewritten and threads % LANES == 0 and not _is_random(model)
        self.lanes = Lanes(threads) if abreast else None
        self.lines = LANES if abreast else int(packed)
        self.tokens = 0  # of the last step, padding left out
        self.heap = Heap()
        super().__init__(
            model=model,
            args=arguments,
            train_dataset=list(train),
            eval_dataset=list(valid),
            data_collator=self._step,
            callbacks=callbacks,
        )

    def _step(self, examples: list[Example]) -> dict[str, Step]:
        step = step_of(
            examples, budget=self.micro_batch_tokens, pad_id=self.pad_id, lanes=self.lines
        )
        return {"step": step}  # Trainer wants something to look keys up in

    def training_step(
        self,
        model: nn.Module,
        inputs: Any,
        num_items_in_batch: Tensor | int | None = None,  # noqa: ARG002 - counted here
    ) -> Tensor:
        """Run the micro-batches of one step; return its loss in nats per summary token.

        Gradients are exchanged on the last micro-batch only. The engine averages gradients over
        processes, so each divides by its share of the tokens of all.
        """
        step: Step = inputs["step"]
        model.train()
        renew(model)
        counted = torch.tensor(float(step.summary_tokens), device=self.args.device)
        tokens = self.accelerator.reduce(counted, "sum").item() / self.accelerator.num_processes
        if self.lanes:
            batches = step.micro_batches
            loss = self.lanes.add_gradients(model, batches, partial(self._loss, model, tokens))
        else:
            loss = self._one_by_one(model, step, tokens)
        self.tokens = step.tokens
        self.heap.after(max(batch.input_ids.numel() for batch in step.micro_batches))
        mean: Tensor = self.accelerator.reduce(loss, "mean")
        return mean

    def _one_by_one(self, model: nn.Module, step: Step, tokens: float) -> Tensor:
        total = torch.zeros((), device=self.args.device)
        last = len(step.micro_batches) - 1
        for number, batch in enumerate(step.micro_batches):
            with nullcontext() if number == last else self.accelerator.no_sync(model):
                loss = self._loss(model, tokens, batch)
                self.accelerator.backward(loss)
                total += loss.detach()
        return total

    def _loss(self, model: nn.Module, tokens: float, batch: MicroBatch) -> Tensor:
        """Give a micro-batch's share of the step's loss, in nats per summary token."""
        with self.compute_loss_context_manager():
            loss = summary_nll(model, self.head, batch, self.args.device) / tokens
        if not math.isfinite(loss.item()):
            raise AbregeError(
                f"step {self.state.global_step + 1}: the loss is {loss.item()} on rows "
                f"{', '.join(batch.ids)}.\n  The last checkpoint is kept. Lower "
                "tune.learning_rate, or set tune.dtype: float32."
            )
        return loss

    def _clip_grad_norm(self, model: nn.Module) -> Any:
        norm = super()._clip_grad_norm(model)
        if self.accelerator.scaler is not None:
            return norm  # float16: the scaler skips such a step and lowers its scale
        if norm is not None and not math.isfinite(norm):
            raise AbregeError(
                f"step {self.state.global_step + 1}: the gradient is not finite.\n"
                "  The last checkpoint is kept. Lower tune.learning_rate, or set "
                "tune.dtype: float32."
            )
        return norm

    def evaluate(self, *_: Any, metric_key_prefix: str = "eval", **__: Any) -> dict[str, float]:
        """Give the loss over the valid rows, in nats per summary token; no logits are kept."""
        model = self.accelerator.unwrap_model(self.model)
        model.eval()
        renew(model)
        nats = tokens = 0.0
        done, rows = 0, len(self.eval_dataset)  # type: ignore[arg-type]
        with torch.no_grad(), self.compute_loss_context_manager():
            for batch in self._step(self.eval_dataset)["step"].micro_batches:  # type: ignore[arg-type]
                nats += summary_nll(model, self.head, batch, self.args.device).item()
                tokens += batch.summary_tokens
                done += len(batch.ids)
                self.on_event(Progress("validate", done, rows))
        metrics = {f"{metric_key_prefix}_loss": nats / tokens}
        self.log(dict(metrics))
        self.control = self.callback_handler.on_evaluate(
            self.args, self.state, self.control, metrics
        )
        return metrics

    def _save_checkpoint(self, model: nn.Module, trial: Any) -> None:
        """Save as Trainer does, then mark the folder whole: kill -9 may come at any moment."""
        super()._save_checkpoint(model, trial)
        if self.args.should_save:
            folder = Path(str(self.args.output_dir)) / f"checkpoint-{self.state.global_step}"
            (folder / WHOLE).touch()

    def floating_point_ops(self, inputs: Any) -> int:  # noqa: ARG002
        """Count nothing: Trainer's estimate knows no micro-batches."""
        return 0


def _is_random(model: nn.Module) -> bool:
    """Say whether a layer drops activations: lanes would draw in no fixed order."""
    return any(
        (isinstance(m, nn.Dropout) and m.p > 0) or getattr(m, "attention_dropout", 0)
        for m in model.modules()
    )
