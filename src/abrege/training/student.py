"""The model that is to learn: loaded, and given what learns in it."""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from peft import LoraConfig, get_peft_model
from transformers import Conv1D, PreTrainedModel, set_seed

from abrege.compute.cpu.lora import fuse_lora_layers
from abrege.core.errors import RecipeError
from abrege.core.events import OnEvent, silent
from abrege.models.device import DeviceChoice
from abrege.models.load import check_dtype, load_config, load_model
from abrege.models.quantization import WeightQuantization
from abrege.training import distributed


def open_student(
    located: str,
    method: str,
    machine: DeviceChoice,
    *,
    max_tokens: int,
    lora: Mapping[str, Any],
    quantization: Mapping[str, Any] | None,
    seed: int,
    on_event: OnEvent = silent,
) -> Any:
    """Load a located model and let learn what the method says; what learns is float32.

    method  lora, qlora or full
    lora    the arguments of `attach_lora`, which full has no use for
    quantization  those of Quantization, of qlora alone
    """
    full = method == "full"
    check_dtype(load_config(located), machine.torch_dtype)
    dtype = torch.float32 if full else machine.torch_dtype
    packed = WeightQuantization(**quantization) if quantization else None
    model = load_model(located, dtype, machine.device, quantization=packed)
    check_room(max_tokens, model.config)
    if full:
        return let_all_learn(model, seed=seed)
    return attach_lora(model, seed=seed, on_event=on_event, **lora)


def check_room(max_tokens: int, config: Any) -> None:
    """Refuse prompts longer than the positions a model knows."""
    known = getattr(config.get_text_config(), "max_position_embeddings", None)
    if known and max_tokens > known:
        raise RecipeError(
            f"tune.max_length is {max_tokens}, but this model knows {known} positions.\n"
            f"  Write {known} or less."
        )


def attach_lora(
    model: PreTrainedModel,
    *,
    r: int,
    alpha: int,
    dropout: float,
    modules: str | Sequence[str],
    seed: int,
    dora: bool = False,
    rslora: bool = False,
    on_event: OnEvent = silent,
) -> Any:
    """Put a LoRA adapter over the frozen base (Hu et al. 2021); its weights are float32.

    dora    learn the length of each weight apart from its direction (Liu et al. 2024)
    rslora  scale by alpha / √r (Kalajdzievski 2023)

    RecipeError for modules that the model lacks, with the names that exist.
    """
    set_seed(seed)
    check_modules(model, modules)
    config = LoraConfig(
        r=r,
        lora_alpha=alpha,
        lora_dropout=dropout,
        target_modules=modules if isinstance(modules, str) else list(modules),
        use_dora=dora,
        use_rslora=rslora,
        task_type="SEQ_2_SEQ_LM" if model.config.is_encoder_decoder else "CAUSAL_LM",
        fan_in_fan_out=any(isinstance(m, Conv1D) for m in model.modules()),  # GPT-2's layers
    )
    try:
        adapted = get_peft_model(model, config)
    except ValueError as error:
        raise RecipeError(f"tune.lora.modules: {error}") from error
    if not distributed.is_sharded():
        fuse_lora_layers(adapted, on_event=on_event)
    return adapted


def check_modules(model: PreTrainedModel, modules: str | Sequence[str]) -> None:
    """Refuse names that no module ends with; a text that is no such name is peft's own pattern."""
    wanted = [modules] if isinstance(modules, str) else modules
    ends = {name.rpartition(".")[2] for name, _ in model.named_modules()}
    known = {
        name.rpartition(".")[2]
        for name, module in model.named_modules()
        if getattr(module, "weight", None) is not None and module.weight.dim() == 2
    }
    missing = [
        name
        for name in wanted
        if name != "all-linear" and name.rpartition(".")[2] not in ends and name.isidentifier()
    ]
    if missing:
        raise RecipeError(
            f"tune.lora.modules: this model has no module named {', '.join(missing)}.\n"
            f"  It has: {', '.join(sorted(known - {''}))}; or write all-linear."
        )


def let_all_learn(model: PreTrainedModel, *, seed: int) -> PreTrainedModel:
    """Let every weight learn. They must be float32: in 16 bits small steps are rounded away."""
    set_seed(seed)
    assert all(p.dtype in (torch.float32, torch.float64) for p in model.parameters())
    return model.requires_grad_(requires_grad=True)
