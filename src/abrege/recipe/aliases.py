"""Earlier names of settings, which work for one release, and the names that other tools use."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from abrege.core.errors import RecipeError


@dataclass(frozen=True)
class Alias:
    """The new name of a setting, in the same table, and its values where they changed."""

    key: str
    values: Mapping[Any, Any] | None = None


ALIASES: Mapping[str, Alias] = {
    "annotate.copied_lead": Alias("max_lead_overlap"),
    "annotate.max_tokens": Alias("context_window"),
    "annotate.unsupported": Alias(
        "reject_unsupported", {"refuse": True, "allow": False, None: None}
    ),
    "collect.articles": Alias("max_documents"),
    "engine.name": Alias("name", {"here": "local"}),
    "evaluate.by": Alias("group_by"),
    "evaluate.samples": Alias("bootstrap_samples"),
    "export.equal_texts": Alias("min_identical"),
    "tune.accumulation": Alias("gradient_accumulation_steps"),
    "tune.epochs": Alias("num_train_epochs"),
    "tune.keep_checkpoints": Alias("save_total_limit"),
    "tune.loss": Alias("completion_only_loss", {"summary": True, "sequence": False}),
    "tune.max_tokens": Alias("max_length"),
    "tune.schedule": Alias("lr_scheduler_type"),
}
"""Every renamed setting: `table.old_key` and what it is called now."""

OTHER_TOOLS: Mapping[str, str] = {
    "adapter": "tune.method",
    "base_model": "tune.model",
    "beam_size": "generate.num_beams",
    "bf16": "tune.dtype: bfloat16",
    "bnb_4bit_compute_dtype": "tune.dtype",
    "bnb_4bit_quant_type": "tune.quantization.type",
    "bnb_4bit_use_double_quant": "tune.quantization.double",
    "cutoff_len": "tune.max_length",
    "dataset": "data.source",
    "dataset_name": "data.source",
    "eval_strategy": "tune.eval_steps",
    "evaluation_strategy": "tune.eval_steps",
    "fp16": "tune.dtype: float16",
    "load_in_4bit": "tune.method: qlora",
    "lora_alpha": "tune.lora.alpha",
    "lora_dropout": "tune.lora.dropout",
    "lora_r": "tune.lora.r",
    "lora_rank": "tune.lora.r",
    "lora_target_modules": "tune.lora.modules",
    "lr": "tune.learning_rate",
    "lr_scheduler": "tune.lr_scheduler_type",
    "max_seq_length": "tune.max_length",
    "max_source_length": "tune.max_length",
    "max_target_length": "generate.max_new_tokens",
    "micro_batch_size": "tune.batch_size",
    "model_name": "tune.model",
    "model_name_or_path": "tune.model",
    "n_epochs": "tune.num_train_epochs",
    "num_epochs": "tune.num_train_epochs",
    "optimizer": "tune.optim",
    "output_dir": "--out DIR",
    "peft_method": "tune.method",
    "per_device_eval_batch_size": "generate.batch_rows",
    "per_device_train_batch_size": "tune.batch_size",
    "rank": "tune.lora.r",
    "save_strategy": "tune.save_steps",
    "sequence_len": "tune.max_length",
    "source_prefix": "prompt.template",
    "summary_column": "data.columns.summary",
    "target_modules": "tune.lora.modules",
    "test_file": "data.test",
    "text_column": "data.columns.document",
    "torch_dtype": "tune.dtype",
    "train_batch_size": "tune.batch_size",
    "train_file": "data.train",
    "train_on_inputs": "tune.completion_only_loss",
    "use_dora": "tune.lora.dora",
    "use_rslora": "tune.lora.rslora",
    "validation_file": "data.valid",
    "warmup": "tune.warmup_steps",
}
"""Names in transformers, peft, TRL, Axolotl and LLaMA-Factory, and what to write here."""


def old_names(path: str) -> list[str]:
    """Return the earlier keys of a setting, given as `table.key`."""
    return [old.rpartition(".")[2] for old in ALIASES if old != path == current_path(old)]


def old_spellings(path: str) -> list[str]:
    """Return how a setting was written earlier: `key`, or `key: value` where values changed too."""
    spellings: list[str] = []
    for old, alias in ALIASES.items():
        if current_path(old) == path:
            key = old.rpartition(".")[2]
            values = [value for value in alias.values or () if value is not None]
            spellings += [f"{key}: {value}" for value in values] or [key]
    return spellings


def current_path(path: str) -> str:
    """Return the new name of `table.key`, which may be an earlier one."""
    alias = ALIASES.get(path)
    return join(path.rpartition(".")[0], alias.key) if alias else path


def rename_keys(
    node: Any, table: str, *, locate: Callable[[str], str], notes: dict[str, str]
) -> Any:
    """Return plain settings with their new names.

    table   the dotted path of `node`; empty for a whole recipe
    locate  returns where the value of a path was written, for messages
    notes   receives one line for each earlier name, by that name

    Raise RecipeError if both names of one setting are given, or a value has no new form.
    """
    if not isinstance(node, dict):
        return node
    renamed = {}
    for key, value in node.items():
        path = join(table, key)
        alias = ALIASES.get(path)
        if alias is None:
            renamed[key] = rename_keys(value, path, locate=locate, notes=notes)
            continue
        if alias.key != key and alias.key in node:
            raise RecipeError(_both(path, current_path(path), locate))
        renamed[alias.key] = _new_value(path, alias, value, locate=locate, notes=notes)
    return renamed


def check_one_name(paths: Mapping[str, str]) -> None:
    """Raise RecipeError if two overrides give one setting by both of its names.

    paths  the dotted paths as they were typed, with the override of each
    """
    for path, override in paths.items():
        current = current_path(path)
        if current != path and current in paths:
            where = {path: f"--set {override}", current: f"--set {paths[current]}"}
            raise RecipeError(_both(path, current, where.__getitem__))


def join(table: str, key: str) -> str:
    """Return the dotted path of a key."""
    return f"{table}.{key}" if table else key


def _new_value(
    path: str,
    alias: Alias,
    value: Any,
    *,
    locate: Callable[[str], str],
    notes: dict[str, str],
) -> Any:
    current = current_path(path)
    if alias.values is None:
        notes[path] = f"{path} is now {current}; the old name works for one release"
        return value
    hashable = value is None or isinstance(value, str)
    if not (hashable and value in alias.values):
        if current == path:  # the key is the same: any other value is a current one
            return value
        known = " or ".join(str(old) for old in alias.values if old is not None)
        raise RecipeError(
            f"{locate(path)}: {path} should be {known}, found {value!r:.80}.\n"
            f"  It is now {current}: true, false"
            f"{' or null' if None in alias.values else ''}."
        )
    new = alias.values[value]
    if value is None:
        notes[path] = f"{path} is now {current}; the old name works for one release"
    else:
        shown = str(new).lower() if isinstance(new, bool) else new
        kind = "value" if current == path else "name"
        notes[path] = (
            f"{path}: {value} is now {current}: {shown}; the old {kind} works for one release"
        )
    return new


def _both(old: str, current: str, locate: Callable[[str], str]) -> str:
    return (
        f"{locate(old)}: {old} is the old name of {current}, which {locate(current)} gives too.\n"
        f"  Keep {current}."
    )
