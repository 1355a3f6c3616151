"""Base weights in 4 bits (Dettmers et al. 2023), packed and unpacked by bitsandbytes.

bitsandbytes is an extra: nothing here imports it before a model is to be quantised.
"""

from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any, Literal

import torch
from torch import Tensor, nn
from transformers import PreTrainedModel

from abrege.core.errors import SetupError

BLOCK = 64  # weights that share one scale, as bitsandbytes and transformers have it


@dataclass(frozen=True)
class WeightQuantization:
    """How the base is packed: the 16 values a weight may take, and scales in 8 bits or in 32."""

    type: Literal["nf4", "fp4"] = "nf4"
    double: bool = True


def from_pretrained_arguments(
    quantization: WeightQuantization, dtype: torch.dtype, device: str
) -> dict[str, Any]:
    """Say to any `from_pretrained` how to pack each weight as it comes off the disk.

    dtype  of what stays whole (embeddings, norms, output head) and of the products
    SetupError where bitsandbytes is missing.
    """
    if find_spec("bitsandbytes") is None:
        raise SetupError(
            "tune.method: qlora packs the model by bitsandbytes, which is not installed.\n"
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
    """Keep packed weights as they are when the model is asked for an output without gradients.

    On a CPU with AVX512-BF16 bitsandbytes lays them out anew at the first such call, in place,
    and rounds their scales to bfloat16: a validation would change what is trained on.
    """
    for module in model.modules():
        if is_quantized(module):
            module.support_avx512bf16_for_cpu = False  # type: ignore[assignment]


def release_mapped_file(model: nn.Module) -> None:
    """Copy what stayed whole into memory, so that the file that it was read from can be closed.

    Otherwise an embedding on a CPU keeps all of the mapped file resident beside the packed weights.
    """
    for parameter in model.parameters():
        if _state(parameter) is None and parameter.device.type == "cpu":
            parameter.data = parameter.data.clone()


def is_quantized(module: Any) -> bool:
    """Say whether this is a linear layer of bitsandbytes with its weight in 4 bits."""
    return _state(getattr(module, "weight", None)) is not None


def dequantize(weight: Tensor) -> Tensor:
    """Give a weight that may be packed as it enters a product, (out, in).

    By bitsandbytes' own code: a table look-up in plain torch gives the same bits at a third of
    its speed (docs/log.md). Scales in 8 bits are read anew each time, an eighth of the whole.
    """
    state = _state(weight)
    if state is None:
        return weight
    from bitsandbytes.functional import dequantize_4bit

    unpacked: Tensor = dequantize_4bit(weight.data, state)
    return unpacked


def dequantized_dtype(weight: Tensor) -> torch.dtype:
    """Give the dtype of `unpack(weight)`."""
    state = _state(weight)
    found: torch.dtype = weight.dtype if state is None else state.dtype
    return found


def dequantize_model(model: PreTrainedModel) -> PreTrainedModel:
    """Turn packed layers into plain ones that hold the values QLoRA was trained on, in place.

    For decoding: a step multiplies one token a row, and would unpack all weights for it.
    """
    plain: PreTrainedModel = model.dequantize()
    return plain


def count_trainable(model: nn.Module) -> tuple[int, int]:
    """Count the weights that learn and all weights, a packed one as the many it stands for."""
    sizes = [(p.requires_grad, _size(p)) for p in model.parameters()]
    return sum(size for learns, size in sizes if learns), sum(size for _, size in sizes)


def _size(parameter: nn.Parameter) -> int:
    state = _state(parameter)
    return parameter.numel() if state is None else int(torch.Size(state.shape).numel())


def _state(weight: Any) -> Any:
    """Give what bitsandbytes keeps beside a 4-bit weight; None for any other weight."""
    return getattr(weight, "quant_state", None)
