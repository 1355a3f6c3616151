"""A tuned adapter over its base, refused where it was trained over another one."""

from pathlib import Path
from typing import Any

from peft import PeftConfig, PeftModel, get_peft_model_state_dict, set_peft_model_state_dict
from safetensors import safe_open
from safetensors.torch import load_file
from transformers import PreTrainedModel

from abrege.core.errors import SetupError
from abrege.core.events import Note, OnEvent, silent

WEIGHTS = "adapter_model.safetensors"


def load_adapter(base: PreTrainedModel, folder: Path, *, on_event: OnEvent = silent) -> Any:
    """Put a tuned adapter over its base, ready to decode or to be merged.

    SetupError where its names or shapes do not fit.
    """
    try:
        config = PeftConfig.from_pretrained(str(folder))
        adapted = PeftModel(base, config)
    except (ValueError, OSError) as error:
        raise _misfit(folder, str(error).strip().splitlines()[0]) from error
    if (known := config.base_model_name_or_path) and known != base.name_or_path:
        on_event(Note(f"the adapter says it was trained over {known}, not {base.name_or_path}"))
    shapes = {
        name: list(weight.shape)
        for name, weight in get_peft_model_state_dict(adapted, save_embedding_layers=False).items()
    }
    with safe_open(folder / WEIGHTS, framework="pt") as file:
        found = {name: file.get_slice(name).get_shape() for name in file.keys()}  # noqa: SIM118
    for name in sorted({*shapes, *found}):
        if shapes.get(name) != found.get(name):
            here, there = (of.get(name, "nothing") for of in (shapes, found))
            raise _misfit(folder, f"{name} is {there} in the adapter, and {here} over this base")
    set_peft_model_state_dict(adapted, load_file(folder / WEIGHTS))
    adapted.eval()
    return adapted


def _misfit(folder: Path, what: str) -> SetupError:
    return SetupError(
        f"{folder}: this adapter does not fit the base: {what}.\n"
        "  Name the base that it was trained over in tune.model."
    )
