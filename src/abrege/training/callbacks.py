"""What a training run tells while it goes on: steps.jsonl, progress, and stopping between steps."""

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from abrege.core.events import OnEvent, Progress
from abrege.core.io import write_jsonl
from abrege.training import distributed


class Reporter(TrainerCallback):
    """Writes a line of steps.jsonl for each step and each validation, and shows it.

    speak            whether this process is the one that writes and speaks (rank 0)
    validates        whether there is anything to validate on, after the last step at the latest
    patience         stop after so many validations without a better one
    stop_asked       set it, and the run saves a checkpoint after the current step and ends
    """

    def __init__(
        self,
        path: Path,
        *,
        tokens: Callable[[], int],
        on_event: OnEvent,
        speak: bool = True,
        validates: bool = False,
        patience: int | None = None,
    ) -> None:
        self.path = path
        self.tokens = tokens
        self.on_event = on_event
        self.speak = speak
        self.validates = validates
        self.patience = patience
        self.stop_asked = False
        self._began = 0.0
        self._seconds = 0.0

    def on_step_begin(self, *_: Any, **__: Any) -> None:
        """Start the step's clock."""
        self._began = time.perf_counter()

    def on_step_end(
        self,
        args: TrainingArguments,  # noqa: ARG002
        state: TrainerState,
        control: TrainerControl,
        **_: Any,
    ) -> None:
        """Stop the clock, and the run, saved, if the user asked for it."""
        self._seconds = time.perf_counter() - self._began
        if any(distributed.all_gather(self.stop_asked)):
            control.should_save = True
            control.should_training_stop = True
        elif self.validates and state.global_step >= state.max_steps:
            control.should_evaluate = True

    def on_evaluate(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any
    ) -> None:
        """Stop, saved, where no validation has been better for too long."""
        if stale_for_too_long(state, args, self.patience):
            control.should_save = True
            control.should_training_stop = True

    def on_log(
        self,
        args: TrainingArguments,  # noqa: ARG002
        state: TrainerState,
        control: TrainerControl,  # noqa: ARG002
        logs: dict[str, float] | None = None,
        **_: Any,
    ) -> None:
        """Write and show the figures of a step or a validation."""
        logs = logs or {}
        if not self.speak or not {"loss", "eval_loss"} & set(logs):
            return
        line: dict[str, Any] = {"step": state.global_step, "epoch": round(state.epoch or 0.0, 4)}
        if "eval_loss" in logs:
            line |= {k: v for k, v in logs.items() if k.startswith("eval_")}
        else:
            line |= {k: float(logs[k]) for k in ("loss", "grad_norm", "learning_rate") if k in logs}
            rate = self.tokens() / max(self._seconds, 1e-9)
            line |= {"tokens": self.tokens(), "tokens_per_second": round(rate, 1)}
            line["seconds"] = round(self._seconds, 3)
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")
        if "loss" in line:
            shown = {"loss": f"{line['loss']:.3f}", "tokens/s": f"{line['tokens_per_second']:.0f}"}
            self.on_event(Progress("tune", state.global_step, state.max_steps, "steps", shown))


def stale_for_too_long(state: TrainerState, args: TrainingArguments, patience: int | None) -> bool:
    """Say whether the last `patience` validations were none of them the best so far.

    Read off the log and not counted, so that a run carried on knows what the one before knew.
    """
    if patience is None:
        return False
    key = f"eval_{args.metric_for_best_model}"
    figures = [line[key] for line in state.log_history if key in line]
    best = max(figures) if args.greater_is_better else min(figures)
    return len(figures) - 1 - figures.index(best) >= patience


def keep_lines_until(path: Path, step: int) -> None:
    """Drop what came after the checkpoint that the run goes on from."""
    if path.exists():
        kept = [line for line in _lines(path) if line["step"] <= step]
        write_jsonl(path, kept)


def _lines(path: Path) -> list[dict[str, Any]]:
    found = []
    for text in path.read_text(encoding="utf-8").splitlines():
        try:
            found.append(json.loads(text))
        except ValueError:  # the line that kill -9 cut
            break
    return found
