"""Load a tuned adapter over its base model."""

import json
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from peft import PeftConfig, PeftModel, get_peft_model_state_dict, set_peft_model_state_dict
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file
from transformers import PreTrainedModel

from abrege.core.errors import SetupError
from abrege.core.events import Note, OnEvent, silent
from abrege.core.io import atomic_write, read_json
from abrege.models.resolve import ADAPTER_CONFIG

ADAPTER_FILE = "adapter_model.safetensors"
COPY_AGAIN = "Copy the whole folder again, or run abrege tune."


def load_adapter(base: PreTrainedModel, folder: Path, *, on_event: OnEvent = silent) -> Any:
    """Load an adapter over its base, ready to decode or to be merged.

    Raise SetupError where its files are damaged, or the names or shapes of its weights do not fit
    this base, which peft alone would load in part.
    """
    with _warnings_as_notes(folder, on_event):
        return _load_adapter(base, folder, on_event)


def _load_adapter(base: PreTrainedModel, folder: Path, on_event: OnEvent) -> Any:
    read_json(folder / ADAPTER_CONFIG, required=("peft_type",), advice=COPY_AGAIN)
    try:
        config = PeftConfig.from_pretrained(str(folder))
        adapted = PeftModel(base, config)
    except (ValueError, OSError, TypeError, KeyError, AttributeError) as error:
        raise _incompatible(folder, str(error).strip().splitlines()[0]) from error
    trained_over = config.base_model_name_or_path
    if trained_over and trained_over != base.name_or_path:
        on_event(
            Note(f"the adapter says it was trained over {trained_over}, not {base.name_or_path}")
        )
    base_shapes = {
        name: list(weight.shape)
        for name, weight in get_peft_model_state_dict(adapted, save_embedding_layers=False).items()
    }
    try:
        with safe_open(folder / ADAPTER_FILE, framework="pt") as file:
            shapes = {name: file.get_slice(name).get_shape() for name in file.keys()}  # noqa: SIM118
    except (OSError, SafetensorError) as error:
        raise SetupError(
            f"{folder / ADAPTER_FILE}: these weights cannot be read: {error}.\n  {COPY_AGAIN}"
        ) from error
    for name in sorted({*base_shapes, *shapes}):
        in_adapter, in_base = shapes.get(name, "nothing"), base_shapes.get(name, "nothing")
        if in_adapter != in_base:
            raise _incompatible(
                folder, f"{name} is {in_adapter} in the adapter, {in_base} in this base"
            )
    set_peft_model_state_dict(adapted, load_file(folder / ADAPTER_FILE))
    adapted.eval()
    return adapted


@contextmanager
def _warnings_as_notes(folder: Path, on_event: OnEvent) -> Iterator[None]:
    """Report the warnings of peft as notes: of keys that another version wrote, for one."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", UserWarning)
        yield
    for message in dict.fromkeys(str(w.message) for w in caught):
        on_event(Note(f"{folder / ADAPTER_CONFIG}: {message.partition('. ')[0]}"))


def sort_adapter_config(folder: Path) -> None:
    """Write the names of modules in adapter_config.json in alphabetical order.

    peft holds them as a set, whose order differs from process to process.
    """
    path = folder / ADAPTER_CONFIG
    values = read_json(path)
    for key, value in values.items():
        if isinstance(value, list) and all(isinstance(item, str) for item in value):
            values[key] = sorted(value)
    with atomic_write(path) as file:
        json.dump(values, file, indent=2, sort_keys=True)


def _incompatible(folder: Path, reason: str) -> SetupError:
    return SetupError(
        f"{folder}: this adapter does not fit the base model: {reason}.\n"
        "  Name the base model that it was trained over in tune.model."
    )
