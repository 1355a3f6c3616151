"""A subclass of transformers.Trainer: only what ours does differently.

One item of the data loader is one optimiser step. Trainer is given no accumulation: our
`training_step` runs the step's micro-batches itself and divides once, by the summary tokens of
the whole step over all processes.
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
from abrege.compute.cpu import seq2seq_packing as two_lines
from abrege.compute.cpu.chunked_cross_entropy import enable_chunked_cross_entropy
from abrege.compute.cpu.llama_layers import fuse_decoder_layers
from abrege.compute.cpu.lora import refresh_merged_weights
from abrege.compute.cpu.packing import enable_packing, unfused
from abrege.compute.cpu.streams import STREAMS, StreamPool
from abrege.compute.loss import summary_nll
from abrege.compute.micro_batch import MicroBatch, OptimizerStep
from abrege.core.errors import AbregeError
from abrege.core.events import OnEvent, Progress, silent
from abrege.models.private_api import require_trainer
from abrege.prompts.prompt_format import TokenizedExample
from abrege.training import data_parallel as sharing
from abrege.training import distributed
from abrege.training.cost.system_memory import Heap

Summarise = Callable[[Any, int], Mapping[str, float]]
"""Summarise some valid rows with the model as it is after a step; give what they score."""

WHOLE = "whole"  # an empty file: this checkpoint was written to its end


class StepTrainer(Trainer):
    """Trains on whole steps; see the module's text."""

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
        summarise: Summarise | None = None,
        on_event: OnEvent = silent,
    ) -> None:
        require_trainer()
        narrow = [n for n, p in model.named_parameters() if p.requires_grad and p.itemsize < 4]
        assert not narrow, f"trained weights are float32: {narrow[0]} is not"
        self.on_event = on_event
        self.summarise = summarise
        self.pad_id = pad_id
        # Checkpointing computes a forward again in the backward, where no line is known.
        base: Any = model.get_base_model() if isinstance(model, PeftModel) else model
        plain = not (arguments.activation_checkpointing or distributed.is_sharded())
        packed = plain and (
            enable_packing(base, on_event=on_event)
            or two_lines.enable_seq2seq_packing(base, on_event=on_event)
        )
        rewritten = packed and fuse_decoder_layers(base, on_event=on_event)
        if plain:
            enable_chunked_cross_entropy(base)
        self.head = None if rewritten else model.get_output_embeddings()  # type: ignore[operator]
        threads = torch.get_num_threads()
        abreast = rewritten and threads % STREAMS == 0 and not _is_random(model)
        abreast = all(distributed.all_gather(abreast))
        self.lanes = StreamPool(threads) if abreast else None
        self.lines = STREAMS if abreast else int(packed)
        self.tokens = 0  # of the last step, padding left out
        both = base.config.is_encoder_decoder
        self.micro_batch_tokens = micro_batch_tokens * (
            two_lines.PACKED_TOKENS_FACTOR if both and packed else 1
        )
        self.shift = base.prepare_decoder_input_ids_from_labels if both else None
        self.heap = Heap()
        super().__init__(
            model=model,
            args=arguments,
            train_dataset=list(train),
            eval_dataset=list(valid),
            data_collator=self._step,
            callbacks=callbacks,
        )
        sharing.check_engine(
            self.accelerator.distributed_type,
            train,
            step_rows=arguments.per_device_train_batch_size,
            ranks=arguments.world_size,
            micro_batch_tokens=micro_batch_tokens,
        )

    def _step(self, examples: list[TokenizedExample]) -> dict[str, OptimizerStep]:
        cut = partial(
            build_step,
            max_tokens=self.micro_batch_tokens,
            pad_id=self.pad_id,
            streams=self.lines,
            shift_right=self.shift,
        )
        step = sharing.step_of_rank(
            examples,
            cut,
            rank=self.args.process_index,
            ranks=self.args.world_size,
            in_step=distributed.is_sharded(),
        )
        return {"step": step}  # Trainer wants something to look keys up in

    def get_train_dataloader(self) -> Any:
        """Give every process the rows of every step; `_step` takes its share of them."""
        loader = super().get_train_dataloader()
        sharding: Any = loader.batch_sampler
        if isinstance(sharding, BatchSamplerShard):
            sharding.num_processes, sharding.process_index = 1, 0
            sharding.even_batches = False  # or rows come twice, to fill an epoch's last step
        return loader

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
        step: OptimizerStep = inputs["step"]
        model.train()
        refresh_merged_weights(model)
        ranks = self.accelerator.num_processes
        counted = torch.tensor([float(step.summary_tokens), step.tokens], device=self.args.device)
        counts = self.accelerator.reduce(counted, "sum")
        tokens = counts[0].item() / ranks
        if self.lanes:
            inner = self.accelerator.unwrap_model(model)
            batches = step.micro_batches
            loss = self.lanes.add_gradients(inner, batches, partial(self._loss, inner, tokens))
            sharing.average((p.grad for p in inner.parameters() if p.grad is not None), ranks)
        else:
            loss = self._one_by_one(model, step, tokens)
        self.tokens = int(counts[1])
        self.heap.after(max(batch.input_ids.numel() for batch in step.micro_batches))
        mean: Tensor = self.accelerator.reduce(loss, "mean")
        return mean

    def _one_by_one(self, model: nn.Module, step: OptimizerStep, tokens: float) -> Tensor:
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
        model = self.model_wrapped
        model.eval()
        refresh_merged_weights(model)
        nats = tokens = 0.0
        batches = self._step(self.eval_dataset)["step"].micro_batches  # type: ignore[arg-type]
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
        if self.summarise:
            inner, step = self.accelerator.unwrap_model(model), self.state.global_step
            with unfused(inner), torch.random.fork_rng():
                found = distributed.broadcast_from_main(partial(self.summarise, inner, step))
            metrics |= {f"{metric_key_prefix}_{name}": value for name, value in found.items()}
        self.log(dict(metrics))
        self.control = self.callback_handler.on_evaluate(
            self.args, self.state, self.control, metrics
        )
        return metrics

    def _save_checkpoint(self, model: nn.Module, trial: Any) -> None:
        """Save as Trainer does, then mark the folder whole: kill -9 may come at any moment."""
        super()._save_checkpoint(model, trial)
        distributed.wait_for_everyone()  # each has put its own share there
        if self.args.should_save:
            folder = Path(str(self.args.output_dir)) / f"checkpoint-{self.state.global_step}"
            (folder / WHOLE).touch()

    def _load_best_model(self) -> None:
        """Load the best checkpoint from where the run stands now: a folder may have moved."""
        name = f"checkpoint-{self.state.best_global_step}"
        self.state.best_model_checkpoint = str(Path(str(self.args.output_dir)) / name)
        super()._load_best_model()

    def save_model(self, output_dir: str | None = None, _internal_call: bool = False) -> None:  # noqa: FBT001, FBT002
        """Save the tuned model whole, though FSDP may keep that of checkpoints in shards."""
        if self.is_fsdp_enabled and not _internal_call:
            self._save(output_dir, state_dict=self.accelerator.get_state_dict(self.model))
        else:
            super().save_model(output_dir, _internal_call)

    def floating_point_ops(self, inputs: Any) -> int:  # noqa: ARG002
        """Count nothing: Trainer's estimate knows no micro-batches."""
        return 0


def _is_random(model: nn.Module) -> bool:
    """Say whether a layer drops activations: lanes would draw in no fixed order."""
    return any(
        (isinstance(m, nn.Dropout) and m.p > 0) or getattr(m, "attention_dropout", 0)
        for m in model.modules()
    )
