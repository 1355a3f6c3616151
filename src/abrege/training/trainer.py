"""A transformers Trainer whose loss is the mean over the summary tokens of a whole step.

One item of the data loader is one optimizer step. Trainer does no gradient accumulation:
`training_step` runs the micro-batches of the step and divides once, by the summary tokens of the
step over all processes.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from functools import partial
from pathlib import Path
from typing import Any

import torch
from accelerate.data_loader import BatchSamplerShard
from peft import PeftModel
from torch import Tensor, nn
from transformers import Trainer, TrainerCallback, TrainingArguments

from abrege.compute.batching import build_step
from abrege.compute.cpu import seq2seq_packing
from abrege.compute.cpu.chunked_cross_entropy import enable_chunked_cross_entropy
from abrege.compute.cpu.llama_layers import fuse_decoder_layers
from abrege.compute.cpu.lora import refresh_merged_weights
from abrege.compute.cpu.packing import enable_packing, without_fused_layers
from abrege.compute.cpu.streams import STREAMS, StreamPool
from abrege.compute.loss import summary_nll
from abrege.compute.micro_batch import MicroBatch, OptimizerStep
from abrege.core.errors import AbregeError
from abrege.core.events import OnEvent, Progress, silent
from abrege.models.private_api import require_trainer
from abrege.prompts.prompt_format import TokenizedExample
from abrege.training import data_parallel, distributed
from abrege.training.cost.system_memory import HeapTrimmer

GenerationEval = Callable[[Any, int], Mapping[str, float]]
"""Summarizes some valid rows with the model after a step; returns their scores by metric."""

COMPLETE_MARKER = "whole"  # an empty file that is written last into a checkpoint


class StepTrainer(Trainer):
    """A Trainer of whole steps; see the module's docstring.

    step_tokens  tokens of the last step, without padding
    streams      runs micro-batches side by side on a CPU; None where they run one by one
    stream_count of packed micro-batches per step; 0 where rows are padded
    """

    def __init__(
        self,
        model: nn.Module,
        arguments: TrainingArguments,
        *,
        train: Sequence[TokenizedExample],
        valid: Sequence[TokenizedExample],
        micro_batch_tokens: int,
        pad_id: int,
        callbacks: list[TrainerCallback],
        generation_eval: GenerationEval | None = None,
        on_event: OnEvent = silent,
    ) -> None:
        require_trainer()
        half = [n for n, p in model.named_parameters() if p.requires_grad and p.itemsize < 4]
        assert not half, f"trained weights are float32: {half[0]} is not"
        self.on_event = on_event
        self.generation_eval = generation_eval
        self.pad_id = pad_id
        base: Any = model.get_base_model() if isinstance(model, PeftModel) else model
        is_seq2seq = base.config.is_encoder_decoder
        is_packed = self._prepare(model, base, arguments)
        self.step_tokens = 0
        self.micro_batch_tokens = micro_batch_tokens
        if is_seq2seq and is_packed:
            self.micro_batch_tokens *= seq2seq_packing.PACKED_TOKENS_FACTOR
        self.shift_right = base.prepare_decoder_input_ids_from_labels if is_seq2seq else None
        self.heap_trimmer = HeapTrimmer()
        super().__init__(
            model=model,
            args=arguments,
            train_dataset=list(train),
            eval_dataset=list(valid),
            data_collator=self.collate_step,
            callbacks=callbacks,
        )
        data_parallel.check_backend(
            self.accelerator.distributed_type,
            train,
            batch_size=arguments.per_device_train_batch_size,
            ranks=arguments.world_size,
            micro_batch_tokens=micro_batch_tokens,
        )

    def _prepare(self, model: nn.Module, base: Any, arguments: TrainingArguments) -> bool:
        """Enable packing, fused layers and streams where possible; return whether rows are packed.

        Not with activation checkpointing, which repeats a forward pass within the backward, where
        the packed rows are not known.
        """
        is_plain = not (arguments.activation_checkpointing or distributed.is_sharded())
        is_packed = is_plain and (
            enable_packing(base, on_event=self.on_event)
            or seq2seq_packing.enable_seq2seq_packing(base, on_event=self.on_event)
        )
        is_fused = is_packed and fuse_decoder_layers(base, on_event=self.on_event)
        if is_plain:
            enable_chunked_cross_entropy(base)
        self.head = None if is_fused else model.get_output_embeddings()  # type: ignore[operator]
        threads = torch.get_num_threads()
        in_streams = is_fused and threads % STREAMS == 0 and not _has_dropout(model)
        in_streams = all(distributed.all_gather(in_streams))
        self.streams = StreamPool(threads) if in_streams else None
        self.stream_count = STREAMS if in_streams else int(is_packed)
        return is_packed

    def collate_step(self, examples: list[TokenizedExample]) -> dict[str, OptimizerStep]:
        """Return this rank's part of a step, under a key, since Trainer expects a mapping."""
        step = data_parallel.build_local_step(
            examples,
            partial(
                build_step,
                max_tokens=self.micro_batch_tokens,
                pad_id=self.pad_id,
                streams=self.stream_count,
                shift_right=self.shift_right,
            ),
            rank=self.args.process_index,
            ranks=self.args.world_size,
            equal_micro_batches=distributed.is_sharded(),
        )
        return {"step": step}

    def get_train_dataloader(self) -> Any:
        """Return a loader of whole steps for every process; `collate_step` takes its rows."""
        loader = super().get_train_dataloader()
        sampler: Any = loader.batch_sampler
        if isinstance(sampler, BatchSamplerShard):
            sampler.num_processes, sampler.process_index = 1, 0
            sampler.even_batches = False  # else rows repeat, to fill the last step of an epoch
        return loader

    def create_scheduler(self, num_training_steps: int, optimizer: Any = None) -> Any:
        """Return transformers' schedule, with a warm-up that begins above 0.

        Step n of w takes n / w of the learning rate; transformers takes (n - 1) / w, so that the
        first step of a run teaches nothing.
        """
        scheduler: Any = super().create_scheduler(num_training_steps, optimizer)
        warmup = self.args.get_warmup_steps(num_training_steps)
        scheduler.lr_lambdas = [
            partial(_warm_up, rate=rate, steps=warmup) for rate in scheduler.lr_lambdas
        ]
        for group, base, rate in zip(
            scheduler.optimizer.param_groups, scheduler.base_lrs, scheduler.lr_lambdas, strict=True
        ):
            group["lr"] = base * rate(scheduler.last_epoch)
        # Trainer logs what get_last_lr returns, which is the rate of the first lambdas until a step
        scheduler._last_lr = [group["lr"] for group in scheduler.optimizer.param_groups]
        return scheduler

    def training_step(
        self,
        model: nn.Module,
        inputs: Any,
        num_items_in_batch: Tensor | int | None = None,  # noqa: ARG002 - counted here
    ) -> Tensor:
        """Run the micro-batches of one step; return its loss in nats per summary token.

        Gradients are reduced at the last micro-batch only. They are averaged over processes, so
        that each divides by the mean of the tokens of all.
        """
        step: OptimizerStep = inputs["step"]
        model.train()
        refresh_merged_weights(model)
        ranks = self.accelerator.num_processes
        own_counts = torch.tensor(
            [float(step.summary_tokens), step.tokens], device=self.args.device
        )
        counts = self.accelerator.reduce(own_counts, "sum")
        tokens = counts[0].item() / ranks
        if self.streams:
            inner = self.accelerator.unwrap_model(model)
            batches = step.micro_batches
            loss = self.streams.add_gradients(inner, batches, partial(self._loss, inner, tokens))
            gradients = (p.grad for p in inner.parameters() if p.grad is not None)
            data_parallel.all_reduce_mean(gradients, ranks)
        else:
            loss = self._backward_one_by_one(model, step, tokens)
        self.step_tokens = int(counts[1])
        self.heap_trimmer.after_step(max(b.input_ids.numel() for b in step.micro_batches))
        mean: Tensor = self.accelerator.reduce(loss, "mean")
        return mean

    def _backward_one_by_one(self, model: nn.Module, step: OptimizerStep, tokens: float) -> Tensor:
        total = torch.zeros((), device=self.args.device)
        last = len(step.micro_batches) - 1
        for number, batch in enumerate(step.micro_batches):
            with nullcontext() if number == last else self.accelerator.no_sync(model):
                loss = self._loss(model, tokens, batch)
                self.accelerator.backward(loss)
                total += loss.detach()
        return total

    def _loss(self, model: nn.Module, tokens: float, batch: MicroBatch) -> Tensor:
        """Return the part of the step's loss of a micro-batch, in nats per summary token."""
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
        """Return the loss over the valid rows, in nats per summary token, and generation scores."""
        model = self.model_wrapped
        model.eval()
        refresh_merged_weights(model)
        nats = tokens = 0.0
        batches = self.collate_step(self.eval_dataset)["step"].micro_batches  # type: ignore[arg-type]
        done, rows = 0, sum(len(batch.ids) for batch in batches)
        with torch.no_grad(), self.compute_loss_context_manager():
            for batch in batches:
                nats += summary_nll(model, self.head, batch, self.args.device).item()
                tokens += batch.summary_tokens
                done += len(batch.ids)
                self.on_event(Progress("validate", done, rows))
        sums = torch.tensor([nats, tokens], dtype=torch.float64, device=self.args.device)
        nats, tokens = self.accelerator.reduce(sums, "sum").tolist()
        metrics = {f"{metric_key_prefix}_loss": nats / tokens}
        if self.generation_eval:
            inner, step = self.accelerator.unwrap_model(model), self.state.global_step
            with without_fused_layers(inner), torch.random.fork_rng():
                scores = distributed.broadcast_from_main(partial(self.generation_eval, inner, step))
            metrics |= {f"{metric_key_prefix}_{name}": value for name, value in scores.items()}
        self.log(dict(metrics))
        self.control = self.callback_handler.on_evaluate(
            self.args, self.state, self.control, metrics
        )
        return metrics

    def _save_checkpoint(self, model: nn.Module, trial: Any) -> None:
        """Save as Trainer does, then mark the checkpoint complete: a kill may come at any time."""
        super()._save_checkpoint(model, trial)
        distributed.wait_for_everyone()  # each has written its own part
        if self.args.should_save:
            folder = Path(str(self.args.output_dir)) / f"checkpoint-{self.state.global_step}"
            (folder / COMPLETE_MARKER).touch()

    def _load_best_model(self) -> None:
        """Load the best checkpoint from the present folder of the run, which may have moved."""
        name = f"checkpoint-{self.state.best_global_step}"
        self.state.best_model_checkpoint = str(Path(str(self.args.output_dir)) / name)
        super()._load_best_model()

    def save_model(self, output_dir: str | None = None, _internal_call: bool = False) -> None:  # noqa: FBT001, FBT002
        """Save the full weights, also where FSDP saves checkpoints in shards."""
        if self.is_fsdp_enabled and not _internal_call:
            self._save(output_dir, state_dict=self.accelerator.get_state_dict(self.model))
        else:
            super().save_model(output_dir, _internal_call)

    def floating_point_ops(self, inputs: Any) -> int:  # noqa: ARG002
        """Return 0: Trainer's estimate does not know micro-batches."""
        return 0


def _warm_up(step: int, *, rate: Callable[[int], float], steps: int) -> float:
    """Return the factor of the learning rate of a step, counted from 0."""
    return (step + 1) / steps if step < steps else rate(step)


def _has_dropout(model: nn.Module) -> bool:
    """Return whether a layer has dropout, which streams would draw in no fixed order."""
    return any(
        (isinstance(m, nn.Dropout) and m.p > 0) or getattr(m, "attention_dropout", 0)
        for m in model.modules()
    )
