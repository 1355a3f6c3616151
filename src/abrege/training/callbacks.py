"""Trainer callback: the log of steps, progress, early stopping, and stopping between steps."""

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from abrege.core.events import OnEvent, Progress
from abrege.core.io import write_jsonl
from abrege.training import distributed


class StepLogger(TrainerCallback):
    """Logs each step and validation to steps.jsonl, reports progress, and stops the run.

    path            steps.jsonl
    step_tokens     returns the tokens of the last step
    step_skipped    returns whether loss scaling (float16) skipped the update of the last step
    is_main         whether this process writes and reports (rank 0)
    validates       whether there are valid rows; then the last step is always validated
    patience        validations without improvement after which the run stops
    stop_requested  once set, the run saves a checkpoint after the current step and ends
    """

    def __init__(
        self,
        path: Path,
        *,
        step_tokens: Callable[[], int],
        step_skipped: Callable[[], bool] = lambda: False,
        on_event: OnEvent,
        is_main: bool = True,
        validates: bool = False,
        patience: int | None = None,
    ) -> None:
        self.path = path
        self.step_tokens = step_tokens
        self.step_skipped = step_skipped
        self.on_event = on_event
        self.is_main = is_main
        self.validates = validates
        self.patience = patience
        self.stop_requested = False
        self._start = 0.0
        self._step_seconds = 0.0

    def on_step_begin(self, *_: Any, **__: Any) -> None:
        """Start timing the step."""
        self._start = time.perf_counter()

    def on_step_end(
        self,
        args: TrainingArguments,  # noqa: ARG002
        state: TrainerState,
        control: TrainerControl,
        **_: Any,
    ) -> None:
        """Stop timing; save and stop if that was requested in any process."""
        self._step_seconds = time.perf_counter() - self._start
        if any(distributed.all_gather(self.stop_requested)):
            control.should_save = True
            control.should_training_stop = True
        elif self.validates and state.global_step >= state.max_steps:
            control.should_evaluate = True

    def on_evaluate(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any
    ) -> None:
        """Save and stop if validations have not improved for too long."""
        if has_stopped_improving(state, args, self.patience):
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
        """Write the log line of a step or a validation, and report progress."""
        logs = logs or {}
        if not self.is_main or not {"loss", "eval_loss"} & set(logs):
            return
        line: dict[str, Any] = {"step": state.global_step, "epoch": round(state.epoch or 0.0, 4)}
        if "eval_loss" in logs:
            line |= {k: v for k, v in logs.items() if k.startswith("eval_")}
        else:
            line |= {k: float(logs[k]) for k in ("loss", "grad_norm", "learning_rate") if k in logs}
            if self.step_skipped():
                line |= {"grad_norm": None, "skipped": True}  # infinite: no JSON number
            rate = self.step_tokens() / max(self._step_seconds, 1e-9)
            line |= {"tokens": self.step_tokens(), "tokens_per_second": round(rate, 1)}
            line["seconds"] = round(self._step_seconds, 3)
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")
        if "loss" in line:
            shown = {"loss": f"{line['loss']:.3f}", "tokens/s": f"{line['tokens_per_second']:.0f}"}
            self.on_event(Progress("tune", state.global_step, state.max_steps, "steps", shown))


def has_stopped_improving(
    state: TrainerState, args: TrainingArguments, patience: int | None
) -> bool:
    """Return whether none of the last `patience` validations was better than all before.

    It is computed from the log, so that a resumed run stops where an uninterrupted one does.
    """
    if patience is None:
        return False
    key = f"eval_{args.metric_for_best_model}"
    values = [entry[key] for entry in state.log_history if key in entry]
    best = max(values) if args.greater_is_better else min(values)
    return len(values) - 1 - values.index(best) >= patience


def truncate_log(path: Path, step: int) -> None:
    """Remove the lines after the step that the run resumes from, and a damaged last line."""
    if not path.exists():
        return
    entries: list[dict[str, Any]] = []
    for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
        try:
            entries.append(dict(json.loads(line)))
        except (ValueError, TypeError, RecursionError):  # cut short by a kill
            break
    write_jsonl(path, [entry for entry in entries if entry.get("step", step + 1) <= step])
