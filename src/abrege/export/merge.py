"""Merge an adapter into the weights of its base, and store a model as transformers lays it out."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from huggingface_hub import try_to_load_from_cache
from peft.tuners.tuners_utils import BaseTunerLayer
from peft.utils.integrations import dequantize_module_weight
from torch import Tensor
from transformers import PreTrainedModel
from transformers import PreTrainedTokenizerBase as Tokenizer

from abrege.core.errors import AbregeError, GateError, RecipeError
from abrege.core.events import OnEvent, silent
from abrege.core.io import disk_error
from abrege.inference.decoder import Decoder
from abrege.models.adapter import load_adapter
from abrege.models.load import load_model
from abrege.models.quantization import WeightQuantization
from abrege.prompts.prompt_format import PromptFormat
from abrege.prompts.tokenizer import special_tokens
from abrege.recipe import yaml as tree

SHARD = "5GB"  # a larger file than this is cut: hosts and disks refuse huge ones
OPENING = ("decoder_start_token_id", "forced_bos_token_id")
"""What a decoder begins with belongs to the model, and is no way of decoding."""


@dataclass(frozen=True)
class MergedModel:
    """A plain model with the adapter in its weights.

    weights  how many weights the adapter could change
    changed  how many of them differ from the base's, as they are stored
    """

    model: PreTrainedModel
    weights: int
    changed: int


def merge_adapter(
    base: PreTrainedModel,
    adapter: Path,
    dtype: str,
    *,
    force_4bit: bool = False,
    on_event: OnEvent = silent,
) -> MergedModel:
    """Add an adapter to the weights of `base`, in float32, then store them as `dtype`.

    base   what the adapter is merged into: the weights that it was trained over, or others of the
           same shapes; it becomes the merged model
    dtype  float32, bfloat16 or float16

    RecipeError for packed 4-bit weights that are not forced, SetupError for an adapter of
    another base, GateError where all weights come out as they were.
    """
    packed = is_quantized(base)
    if packed and not force_4bit:
        raise RecipeError(
            "this base is packed in 4 bits, and what is merged into it is rounded to 4 bits "
            "again: a weight has sixteen values, and light tuning moves few to another one.\n"
            "  Tune over the base in 16 or 32 bits or with method qlora, which unpacks it to "
            "merge; --force-4bit merges all the same."
        )
    adapted = load_adapter(base if packed else base.float(), adapter, on_event=on_event)
    weights = changed = 0
    for layer in adapted.modules():
        if isinstance(layer, BaseTunerLayer):
            before = _stored(layer, dtype)
            layer.merge()
            weights += before.numel()
            changed += int((before != _stored(layer, dtype)).sum())
    if not changed:
        raise GateError(
            f"{adapter}: merging changed nothing: all {weights:,} weights that it adapts are the "
            f"base's, stored as {dtype}.\n"
            "  The adapter learnt nothing, or too little for this dtype; try --dtype float32."
        )
    model: PreTrainedModel = adapted.unload()
    return MergedModel(model if packed else cast_weights(model, dtype), weights, changed)


def load_base(
    located: str, dtype: str, *, quantization: Mapping[str, Any] | None = None
) -> PreTrainedModel:
    """Load the model that is to be merged into, or stored as it is, onto the CPU.

    quantization  how it was packed while it was tuned over; the values it then had are taken
    """
    packed = WeightQuantization(**quantization) if quantization else None
    return load_model(located, getattr(torch, dtype), "cpu", quantization=packed, dequantized=True)


def cast_weights(model: PreTrainedModel, dtype: str) -> PreTrainedModel:
    """Give the model with its weights as they are stored. GateError where one is not finite."""
    model = model.to(getattr(torch, dtype))
    for name, weight in model.named_parameters():
        if not weight.isfinite().all():
            raise GateError(
                f"{name}: there are weights that are not finite as {dtype}.\n"
                "  If it is float16, store them as bfloat16 or float32; else tune again with a "
                "lower tune.learning_rate."
            )
    return model


def is_quantized(model: PreTrainedModel) -> bool:
    """Say whether the weights of a loaded model are packed in few bits."""
    return getattr(model.config, "quantization_config", None) is not None


def save_model(
    model: PreTrainedModel, tokenizer: Tokenizer, rendering: PromptFormat, folder: Path
) -> None:
    """Write a model so that transformers loads it by itself, and abrege asks it as it was tuned.

    What its own generation defaults say of decoding is dropped: the file holds the profile,
    every stop token, and a padding token that ends nothing, where the tokenizer has one.
    """
    tokenizer.pad_token = choose_pad_token(tokenizer, rendering.stop_ids)
    opening = {key: getattr(model.generation_config, key, None) for key in OPENING}
    decoder = Decoder(model, tokenizer, rendering.profile, rendering.stop_ids)
    says = decoder.generation_config()
    says.update(**{key: value for key, value in opening.items() if getattr(says, key) is None})
    model.generation_config = says
    model.config.pad_token_id = decoder.pad_id
    base = Path(rendering.base_model).expanduser()
    # A folder's whole path says nothing on another machine, and too much of this one.
    named = replace(rendering, base_model=base.name) if base.exists() else rendering
    try:
        # Of packed weights transformers cannot go back to the format they were loaded from.
        original = not is_quantized(model)
        model.save_pretrained(folder, max_shard_size=SHARD, save_original_format=original)
        tokenizer.save_pretrained(str(folder))
    except OSError as error:
        raise disk_error(error, folder) from error
    named.save(folder)


def choose_pad_token(tokenizer: Tokenizer, stops: list[int]) -> str | None:
    """Choose what fills rows: no token that ends a summary, unless there is no other.

    Rows that pad with a stop token look finished to whoever reads them by their ids.
    """
    special = [t for t in special_tokens(tokenizer) if t != tokenizer.bos_token]
    named_so = [t for t in special if "pad" in t.lower()]
    for token in (tokenizer.pad_token, *named_so, tokenizer.unk_token, *special):
        if token is not None and tokenizer.convert_tokens_to_ids(token) not in stops:
            return str(token)
    return tokenizer.pad_token or str(tokenizer.convert_ids_to_tokens(stops[0]))


def read_license(located: str) -> str | None:
    """Give the licence that a base model's own page states; None where it is not at hand."""
    page = Path(located) / "README.md"
    if not Path(located).is_dir():
        found = try_to_load_from_cache(located, "README.md")
        page = Path(found) if isinstance(found, str) else page
    try:
        text = page.read_text(encoding="utf-8")
        head = text.split("---\n", 2)[1] if text.startswith("---\n") else ""
        stated = dict(tree.read(head, where=str(page)) or {}).get("license")
    except (OSError, ValueError, IndexError, TypeError, AbregeError):
        return None
    return stated if isinstance(stated, str) else None


def _stored(layer: Any, dtype: str) -> Tensor:
    """Copy the weight of a layer's base as it will be stored."""
    weight: Tensor = dequantize_module_weight(layer.get_base_layer())
    return weight.detach().to(getattr(torch, dtype), copy=True)
