"""Merge an adapter into its base (merge_and_unload), and save it as transformers lays it out."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from huggingface_hub import try_to_load_from_cache
from peft.tuners.tuners_utils import BaseTunerLayer
from torch import Tensor
from transformers import PreTrainedModel
from transformers import PreTrainedTokenizerBase as Tokenizer

from abrege.core.errors import AbregeError, GateError, RecipeError
from abrege.core.events import OnEvent, silent
from abrege.core.io import disk_error
from abrege.core.run_folder import hash_weights
from abrege.inference.decoder import Decoder
from abrege.models.adapter import load_adapter
from abrege.models.load import load_model
from abrege.models.private_api import DEQUANTIZE_MODULE, lookup
from abrege.models.quantization import WeightQuantization, dequantize
from abrege.models.saved_config import write_earlier_settings
from abrege.prompts.prompt_format import PromptFormat
from abrege.prompts.tokenizer import special_tokens
from abrege.recipe import yaml

MAX_SHARD_SIZE = "5GB"  # larger files are cut into shards: hosts and file systems refuse them
DECODER_START_KEYS = ("decoder_start_token_id", "forced_bos_token_id")
"""Generation settings that belong to the model and not to a decoding profile."""


@dataclass(frozen=True)
class MergedModel:
    """A plain model with the adapter in its weights.

    weights  how many weights the adapter can change
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
    """Merge an adapter into the weights of `base`, in float32, and cast them to `dtype`.

    base   the weights that the adapter was trained over, or others of the same shapes; it becomes
           the merged model
    dtype  float32, bfloat16 or float16

    Raise RecipeError for a 4-bit base without `force_4bit`, SetupError for an adapter of another
    base, and GateError where no weight changes.
    """
    is_4bit = is_quantized(base)
    if is_4bit and not force_4bit:
        raise RecipeError(
            "this base is quantized to 4 bits, and merged weights would be rounded to 4 bits "
            "again: a weight has sixteen values, and light tuning moves few to another one.\n"
            "  Tune over the base in 16 or 32 bits, or with method qlora, which dequantizes it "
            "before merging; --force-4bit merges anyway."
        )
    adapted = load_adapter(base if is_4bit else base.float(), adapter, on_event=on_event)
    weights = changed = 0
    for layer in adapted.modules():
        if isinstance(layer, BaseTunerLayer):
            before = _cast_copy(layer, dtype)
            layer.merge()
            weights += before.numel()
            changed += int((before != _cast_copy(layer, dtype)).sum())
    if not changed:
        raise GateError(
            f"{adapter}: merging changed nothing: all {weights:,} weights that the adapter reaches "
            f"equal those of the base, stored as {dtype}.\n"
            "  The adapter learned nothing, or too little for this dtype; try --dtype float32."
        )
    model: PreTrainedModel = adapted.unload()
    return MergedModel(model if is_4bit else cast_weights(model, dtype), weights, changed)


def load_base(
    name_or_path: str, dtype: str, *, quantization: Mapping[str, Any] | None = None
) -> PreTrainedModel:
    """Load the model to merge into, or to save as it is, onto the CPU.

    quantization  how it was quantized while it was tuned; its weights have the values of then
    """
    return load_model(
        name_or_path,
        getattr(torch, dtype),
        "cpu",
        quantization=WeightQuantization(**quantization) if quantization else None,
        dequantized=True,
    )


def cast_weights(model: PreTrainedModel, dtype: str) -> PreTrainedModel:
    """Return the model with its weights in `dtype`. Raise GateError where one is not finite."""
    model = model.to(getattr(torch, dtype))
    for name, weight in model.named_parameters():
        if not weight.isfinite().all():
            raise GateError(
                f"{name}: some weights are not finite as {dtype}.\n"
                "  If that is float16, export as bfloat16 or float32; else tune again with a "
                "lower tune.learning_rate."
            )
    return model


def is_quantized(model: PreTrainedModel) -> bool:
    """Return whether the weights of a loaded model are quantized."""
    return getattr(model.config, "quantization_config", None) is not None


def save_model(
    model: PreTrainedModel, tokenizer: Tokenizer, prompt_format: PromptFormat, folder: Path
) -> None:
    """Save a model so that transformers alone loads it, and abrege prompts it as in training.

    The generation settings of the base are dropped: the file holds the decoding profile, every stop
    token, and a padding token that ends nothing, where the tokenizer has one.
    """
    tokenizer.pad_token = choose_pad_token(tokenizer, prompt_format.stop_ids)
    start = {key: getattr(model.generation_config, key, None) for key in DECODER_START_KEYS}
    decoder = Decoder(model, tokenizer, prompt_format.profile, prompt_format.stop_ids)
    config = decoder.generation_config()
    config.update(**{key: value for key, value in start.items() if getattr(config, key) is None})
    model.generation_config = config
    model.config.pad_token_id = decoder.pad_id
    base = Path(prompt_format.base_model).expanduser()
    if base.exists():  # the path of a folder on this machine is of no use elsewhere
        prompt_format = replace(prompt_format, base_model=base.name)
    try:
        # transformers cannot convert quantized weights back to the format they were loaded from
        original = not is_quantized(model)
        model.save_pretrained(folder, max_shard_size=MAX_SHARD_SIZE, save_original_format=original)
        tokenizer.save_pretrained(str(folder))
        write_earlier_settings(folder)
    except OSError as error:
        raise disk_error(error, folder) from error
    replace(prompt_format, weights=hash_weights(folder)).save(folder)


def choose_pad_token(tokenizer: Tokenizer, stop_ids: list[int]) -> str | None:
    """Return the padding token: one that ends no summary, unless there is no other.

    Rows that are padded with a stop token look finished to whoever reads their ids.
    """
    special = [t for t in special_tokens(tokenizer) if t != tokenizer.bos_token]
    with_pad_in_name = [t for t in special if "pad" in t.lower()]
    for token in (tokenizer.pad_token, *with_pad_in_name, tokenizer.unk_token, *special):
        if token is not None and tokenizer.convert_tokens_to_ids(token) not in stop_ids:
            return str(token)
    return tokenizer.pad_token or str(tokenizer.convert_ids_to_tokens(stop_ids[0]))


def read_license(name_or_path: str) -> str | None:
    """Return the license that the base model's own README.md states; None where it is unknown."""
    page = Path(name_or_path) / "README.md"
    if not Path(name_or_path).is_dir():
        cached = try_to_load_from_cache(name_or_path, "README.md")
        page = Path(cached) if isinstance(cached, str) else page
    try:
        text = page.read_text(encoding="utf-8")
        head = text.split("---\n", 2)[1] if text.startswith("---\n") else ""
        stated = dict(yaml.read(head, where=str(page)) or {}).get("license")
    except (OSError, ValueError, IndexError, TypeError, AbregeError):
        return None
    return stated if isinstance(stated, str) else None


def _cast_copy(layer: Any, dtype: str) -> Tensor:
    """Return a copy of the weight of a layer's base, cast as it will be stored.

    An adapter over the experts of a mixture is over a parameter of theirs, and not over a layer.
    """
    if hasattr(layer, "get_param"):
        return layer.get_param().detach().to(getattr(torch, dtype), copy=True)  # type: ignore[no-any-return]
    base = layer.get_base_layer()
    dequantize_module = lookup(DEQUANTIZE_MODULE)
    weight: Tensor = dequantize_module(base) if dequantize_module else dequantize(base.weight)
    return weight.detach().to(getattr(torch, dtype), copy=True)
