"""Quantize base weights to 4 bits (Dettmers et al. 2023) and dequantize them, by bitsandbytes.

bitsandbytes is an extra: nothing here imports it before a model is to be quantized.
"""

from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any, Literal

import torch
from torch import Tensor, nn
from transformers import PreTrainedModel

from abrege.core.errors import SetupError


@dataclass(frozen=True)
class WeightQuantization:
    """How the base is quantized.

    type    the 16 values that a weight may take
    double  store the scales in 8 bits instead of 32 (double quantization)
    """

    type: Literal["nf4", "fp4"] = "nf4"
    double: bool = True


def from_pretrained_arguments(
    quantization: WeightQuantization, dtype: torch.dtype, device: str
) -> dict[str, Any]:
    """Return the arguments of `from_pretrained` that quantize each weight as it is read.

    dtype  of what is not quantized (embeddings, norms, output head), and of the products

    Raise SetupError where bitsandbytes is not installed.
    """
    if find_spec("bitsandbytes") is None:
        raise SetupError(
            "tune.method: qlora quantizes the model with bitsandbytes, which is not installed.\n"
            "  pip install 'abrege[qlora]'"
        )
    from transformers import BitsAndBytesConfig

    config = BitsAndBytesConfig(
        load_in_4bit=True,
        bnb_4bit_quant_type=quantization.type,
        bnb_4bit_use_double_quant=quantization.double,
        bnb_4bit_compute_dtype=dtype,
    )
    return {"quantization_config": config, "device_map": {"": device}}


def disable_repacking(model: nn.Module) -> None:
    """Prevent bitsandbytes from changing quantized weights at an output without gradients.

    On a CPU with AVX512-BF16 it lays them out anew at the first such call, in place, and rounds
    their scales to bfloat16: a validation would change the weights that are trained over.
    """
    for module in model.modules():
        if is_quantized(module):
            module.support_avx512bf16_for_cpu = False  # type: ignore[assignment]


def release_mapped_file(model: nn.Module) -> None:
    """Copy what is not quantized into memory, so that the mapped weight file can be closed.

    Otherwise an embedding on a CPU keeps the whole file resident beside the quantized weights.
    """
    for parameter in model.parameters():
        if _quant_state(parameter) is None and parameter.device.type == "cpu":
            parameter.data = parameter.data.clone()


def is_quantized(module: Any) -> bool:
    """Return whether a module is a linear layer of bitsandbytes with 4-bit weights."""
    return _quant_state(getattr(module, "weight", None)) is not None


def dequantize(weight: Tensor) -> Tensor:
    """Return a weight as it enters a product, (out, in); a plain weight is returned as it is.

    bitsandbytes' own code does it: a table look-up in plain torch gives the same bits at a third of
    its speed (docs/log.md). 8-bit scales are read each time, an eighth of the time in all.
    """
    state = _quant_state(weight)
    if state is None:
        return weight
    from bitsandbytes.functional import dequantize_4bit

    plain: Tensor = dequantize_4bit(weight.data, state)
    return plain


def dequantized_dtype(weight: Tensor) -> torch.dtype:
    """Return the dtype of `dequantize(weight)`."""
    state = _quant_state(weight)
    dtype: torch.dtype = weight.dtype if state is None else state.dtype
    return dtype


def dequantize_model(model: PreTrainedModel) -> PreTrainedModel:
    """Turn quantized layers into plain ones with the values that QLoRA trained over, in place.

    For decoding: a step multiplies one token a row, and would dequantize all weights for it.
    """
    plain: PreTrainedModel = model.dequantize()
    return plain


def count_trainable(model: nn.Module) -> tuple[int, int]:
    """Return the numbers of trainable weights and of all weights.

    A tensor of 4-bit weights counts as the weights that it holds.
    """
    sizes = [(p.requires_grad, _weight_count(p)) for p in model.parameters()]
    return sum(size for trains, size in sizes if trains), sum(size for _, size in sizes)


def _weight_count(parameter: nn.Parameter) -> int:
    state = _quant_state(parameter)
    return parameter.numel() if state is None else int(torch.Size(state.shape).numel())


def _quant_state(weight: Any) -> Any:
    """Return what bitsandbytes stores beside a 4-bit weight; None for any other weight."""
    return getattr(weight, "quant_state", None)
