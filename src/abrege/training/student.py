"""The student: the base model, with the weights that are to be trained."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from peft import LoraConfig, get_peft_model
from transformers import Conv1D, PreTrainedModel, set_seed

from abrege.compute.cpu.lora import fuse_lora_layers
from abrege.core.errors import RecipeError
from abrege.core.events import Note, OnEvent, silent
from abrege.models.device import DeviceChoice
from abrege.models.load import check_dtype, check_max_length, load_config, load_model
from abrege.models.quantization import WeightQuantization
from abrege.training import distributed


def load_student(
    located: str,
    method: str,
    machine: DeviceChoice,
    *,
    max_length: int,
    lora: Mapping[str, Any],
    quantization: Mapping[str, Any] | None,
    seed: int,
    on_event: OnEvent = silent,
) -> Any:
    """Load a model and make the weights trainable that the method says; these are float32.

    method        lora, qlora or full
    lora          arguments of `attach_lora`; not used by full
    quantization  arguments of WeightQuantization, for qlora
    """
    is_full = method == "full"
    check_dtype(load_config(located), machine.torch_dtype)
    dtype = torch.float32 if is_full else machine.torch_dtype
    weights = WeightQuantization(**quantization) if quantization else None
    model = load_model(located, dtype, machine.device, quantization=weights)
    check_max_length(max_length, model.config)
    if is_full:
        return unfreeze(model, seed=seed)
    return attach_lora(model, seed=seed, on_event=on_event, **lora)


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
    """Attach a LoRA adapter to the frozen base model (Hu et al. 2021); its weights are float32.

    dora    train magnitude and direction of each weight separately (Liu et al. 2024)
    rslora  scale by alpha / √r (Kalajdzievski 2023)

    Raise RecipeError for modules that the model lacks, with the names that it has.
    """
    set_seed(seed)
    check_lora_modules(model, modules)
    _check_embeddings(model, modules)
    bypassed = bypassed_layers(model)
    _check_bypassed(bypassed, modules)
    excluded = [*modules_outside_text(model), *_routers(model), *bypassed]
    config = LoraConfig(
        r=r,
        lora_alpha=alpha,
        lora_dropout=dropout,
        target_modules=modules if isinstance(modules, str) else sorted(modules),
        exclude_modules="|".join(rf"{re.escape(name)}(\..*)?" for name in excluded) or None,
        use_dora=dora,
        use_rslora=rslora,
        task_type="SEQ_2_SEQ_LM" if model.config.is_encoder_decoder else "CAUSAL_LM",
        fan_in_fan_out=any(isinstance(m, Conv1D) for m in model.modules()),  # GPT-2's layers
    )
    total = sum(p.numel() for p in model.parameters())
    linear = _linear_layers(model, [name for name in excluded if name not in bypassed])
    try:
        adapted = get_peft_model(model, config)
    except ValueError as error:
        raise RecipeError(_refusal(error)) from error
    if modules == "all-linear" and (without := weights_without_adapter(adapted, linear)):
        share = sum(without.values()) / total
        on_event(Note(f"lora: {share:.0%} of the weights get no adapter: {', '.join(without)}"))
    if not distributed.is_sharded():
        fuse_lora_layers(adapted, on_event=on_event)
    return adapted


def _refusal(error: ValueError) -> str:
    """Return the message for what peft refuses; over the experts of a mixture it has plain LoRA."""
    for setting, word, value in (("dropout", "lora_dropout", "0"), ("dora", "use_dora", "false")):
        if word in str(error):
            return (
                f"tune.lora.{setting}: an adapter over the experts of a mixture has none.\n"
                f"  Write {value}, or name the layers in tune.lora.modules: [q_proj, v_proj]"
            )
    return f"tune.lora.modules: {error}"


def _linear_layers(model: PreTrainedModel, excluded: Sequence[str]) -> dict[str, Any]:
    """Return the linear layers that all-linear is to reach, by name."""
    head, prefixes = model.get_output_embeddings(), tuple(f"{name}." for name in excluded)
    return {
        name: module
        for name, module in model.named_modules()
        if isinstance(module, torch.nn.Linear | Conv1D)
        and module is not head
        and not f"{name}.".startswith(prefixes)
    }


def weights_without_adapter(adapted: Any, linear: Mapping[str, Any]) -> dict[str, int]:
    """Return the number of weights that got no adapter, by the parent of their layer.

    In mixtures peft leaves out dense and shared feed-forward layers, or the tensors of the experts.
    """
    layers = [m for m in adapted.modules() if hasattr(m, "lora_A")]
    adapted_layers = {id(m.get_base_layer()) for m in layers if not hasattr(m, "get_param")}
    adapted_tensors = {id(m.get_param()) for m in layers if hasattr(m, "get_param")}
    counts: dict[str, int] = {}
    for name, module in linear.items():
        weight = module.weight
        if id(module) not in adapted_layers and id(weight) not in adapted_tensors:
            parent = re.sub(r".*\.\d+\.", "", name).rpartition(".")[0] or name
            counts[parent] = counts.get(parent, 0) + weight.numel()
    for name, parameter in adapted.named_parameters():
        if parameter.dim() == 3 and "experts" in name and id(parameter) not in adapted_tensors:
            counts["experts"] = counts.get("experts", 0) + parameter.numel()
    return counts


def check_lora_modules(model: PreTrainedModel, modules: str | Sequence[str]) -> None:
    """Raise RecipeError for names that no module ends with.

    A string that is no such name is a regular expression of peft's.
    """
    names = [modules] if isinstance(modules, str) else modules
    suffixes = {name.rpartition(".")[2] for name, _ in model.named_modules()}
    linear = {
        name.rpartition(".")[2]
        for name, module in model.named_modules()
        if getattr(module, "weight", None) is not None and module.weight.dim() == 2
    }
    missing = [
        name
        for name in names
        if name != "all-linear" and name.rpartition(".")[2] not in suffixes and name.isidentifier()
    ]
    if missing:
        raise RecipeError(
            f"tune.lora.modules: this model has no module named {', '.join(missing)}.\n"
            f"  It has: {', '.join(sorted(linear - {''}))}; or write all-linear."
        )


def _check_embeddings(model: PreTrainedModel, modules: str | Sequence[str]) -> None:
    """Raise RecipeError where the adapter would reach the embeddings or the output layer.

    They share one weight in most small models, and peft then saves the weight beside the adapter,
    merges into one of the two, or both (peft#2018, #2777).
    """
    ends = [model.get_input_embeddings(), model.get_output_embeddings()]
    names = [name for name, module in model.named_modules() if any(module is e for e in ends)]
    if isinstance(modules, str):
        reached = [n for n in names if modules != "all-linear" and re.fullmatch(modules, n)]
    else:
        reached = [n for n in names if any(f".{n}".endswith(f".{m}") for m in modules)]
    if reached:
        raise RecipeError(
            f"tune.lora.modules: {', '.join(reached)} holds the embeddings or the output layer, "
            "which an adapter cannot be merged into.\n"
            "  Leave it out, or tune every weight with tune.method: full."
        )


def modules_outside_text(model: PreTrainedModel) -> list[str]:
    """Return the names of the modules that read no text, such as the vision tower of Gemma 3."""
    if model.config.get_text_config() is model.config:
        return []
    text = {id(m) for m in (model.get_decoder(), model.get_output_embeddings()) if m is not None}
    outside: list[str] = []
    names: list[tuple[str, torch.nn.Module]] = [("", model)]
    while names:
        name, module = names.pop()
        for child_name, child in module.named_children():
            path = f"{name}.{child_name}" if name else child_name
            if id(child) in text:
                continue
            if text & {id(m) for m in child.modules()}:
                names.append((path, child))
            else:
                outside.append(path)
    return sorted(outside)


def _routers(model: PreTrainedModel) -> list[str]:
    """Return the names of linear layers of a model's own class: they return more than a product."""
    return [
        name
        for name, module in model.named_modules()
        if isinstance(module, torch.nn.Linear)
        and type(module).__module__.startswith("transformers.models.")
    ]


def bypassed_layers(model: PreTrainedModel) -> list[str]:
    """Return the names of the layers whose weights Mamba's kernels read past an adapter.

    The fused scan takes the weight of out_proj itself, so peft refuses an adapter there.
    """
    return [
        f"{name}.{child}"
        for name, module in model.named_modules()
        if hasattr(module, "A_log") and re.search("Mamba|Mixer", type(module).__name__)
        for child in ("conv1d", "out_proj")
        if hasattr(module, child)
    ]


def _check_bypassed(bypassed: Sequence[str], modules: str | Sequence[str]) -> None:
    """Raise RecipeError where the recipe names a layer that Mamba's kernels read past an adapter.

    all-linear leaves these layers out.
    """
    if isinstance(modules, str):
        reached = [n for n in bypassed if modules != "all-linear" and re.fullmatch(modules, n)]
    else:
        reached = [n for n in bypassed if any(f".{n}".endswith(f".{m}") for m in modules)]
    if reached:
        names = ", ".join(sorted({name.rpartition(".")[2] for name in reached}))
        raise RecipeError(
            f"tune.lora.modules: {names} of Mamba's layers cannot have an adapter: its kernels "
            "read the weights past it.\n"
            "  Leave it out, write all-linear, which does, or tune every weight with "
            "tune.method: full."
        )


def unfreeze(model: PreTrainedModel, *, seed: int) -> PreTrainedModel:
    """Make all weights trainable but those that read no text.

    They must be float32: in 16 bits small steps are rounded away.
    """
    set_seed(seed)
    assert all(p.dtype in (torch.float32, torch.float64) for p in model.parameters())
    model.requires_grad_(requires_grad=True)
    for name in modules_outside_text(model):
        model.get_submodule(name).requires_grad_(requires_grad=False)
    return model
