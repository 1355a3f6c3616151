"""The private names of torch, transformers and peft that abrege uses, looked up in one place.

A feature that needs such a name is off where the installed library lacks the name or has changed
it: the caller then takes the plain path of the library, and one note says so. What has no plain
path (methods of Trainer that abrege overrides) raises an error instead.
"""

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from importlib.metadata import requires, version
from typing import Any

from abrege.core.errors import SetupError
from abrege.core.events import Note, OnEvent, silent
from abrege.models import private_examples as examples

SOFTMAX_BACKWARD = "torch._softmax_backward_data"
NATIVE_DROPOUT = "torch.native_dropout"
DROPOUT_BACKWARD = "torch.ops.aten.native_dropout_backward"
SILU_BACKWARD = "torch.ops.aten.silu_backward"
GELU_BACKWARD = "torch.ops.aten.gelu_backward"
REORDER_WEIGHT = "torch.ops.mkldnn._reorder_linear_weight"
LINEAR_POINTWISE = "torch.ops.mkldnn._linear_pointwise"
DEFAULT_STORE = "torch.distributed.distributed_c10d._get_default_store"
ATTENTION_IMPLEMENTATION = "transformers.PreTrainedConfig._attn_implementation"
BACKEND_COMPATIBLE = "transformers.PreTrainedModel.is_backend_compatible"
ACTIVATIONS = "transformers.activations.ACT2FN"
SDPA_FORWARD = "transformers.integrations.sdpa_attention.sdpa_attention_forward"
SDPA_MASK = "transformers.masking_utils.sdpa_mask"
T5_NORM = "transformers.models.t5.modeling_t5.T5LayerNorm"
MT5_NORM = "transformers.models.mt5.modeling_mt5.MT5LayerNorm"
CAUSAL_MODELS = "transformers.models.auto.modeling_auto.MODEL_FOR_CAUSAL_LM_MAPPING_NAMES"
SEQ2SEQ_MODELS = (
    "transformers.models.auto.modeling_auto.MODEL_FOR_SEQ_TO_SEQ_CAUSAL_LM_MAPPING_NAMES"
)
LORA_LINEAR = "peft.tuners.lora.layer.Linear"
LORA_LAYER = "peft.tuners.lora.layer.LoraLayer"
DEQUANTIZE_MODULE = "peft.utils.integrations.dequantize_module_weight"

PARAMETERS = {  # of functions, as abrege calls them
    SDPA_FORWARD: ("module", "query", "key", "value", "attention_mask", "dropout", "scaling",
                   "position_bias"),
    "transformers.Trainer._save_checkpoint": ("self", "model", "trial"),
    "transformers.Trainer._clip_grad_norm": ("self", "model"),
    "transformers.Trainer._load_best_model": ("self",),
    "transformers.Trainer._load_from_checkpoint": ("self", "resume_from_checkpoint"),
    "transformers.Trainer._save": ("self", "output_dir", "state_dict"),
    "transformers.Trainer.save_model": ("self", "output_dir", "_internal_call"),
    DEQUANTIZE_MODULE: ("module",),
}  # fmt: skip
TRAINER_METHODS = tuple(name for name in PARAMETERS if name.startswith("transformers.Trainer."))


@dataclass(frozen=True)
class Feature:
    """What needs private names, and what happens without them.

    name        as the note calls it
    plain_path  what happens instead, as the note says it
    names       dotted paths that must exist and behave as expected
    attributes  dotted paths that each module of a model must have
    submodules  the submodules that a module may have; any other one would be left out silently
    parameters  the parameters that its forward may have, likewise
    """

    name: str
    plain_path: str
    names: tuple[str, ...]
    attributes: tuple[str, ...] = ()
    submodules: tuple[str, ...] = ()
    parameters: tuple[str, ...] = ()


PACKING = Feature(
    "packing",
    "rows are padded, which is slower",
    (SOFTMAX_BACKWARD, ATTENTION_IMPLEMENTATION, BACKEND_COMPATIBLE),
)
FUSED_LAYERS = Feature(
    "fused decoder layers",
    "the layers of transformers are used, which are slower",
    (SILU_BACKWARD, GELU_BACKWARD, ACTIVATIONS),
    (
        "input_layernorm.weight",
        "post_attention_layernorm.weight",
        "self_attn.q_proj",
        "self_attn.k_proj",
        "self_attn.v_proj",
        "self_attn.o_proj",
        "self_attn.head_dim",
        "self_attn.scaling",
        "self_attn.attention_dropout",
        "mlp.gate_proj",
        "mlp.up_proj",
        "mlp.down_proj",
        "mlp.act_fn",
    ),
    submodules=(
        "input_layernorm",
        "post_attention_layernorm",
        "pre_feedforward_layernorm",
        "post_feedforward_layernorm",
        "self_attn",
        "self_attn.q_proj",
        "self_attn.k_proj",
        "self_attn.v_proj",
        "self_attn.o_proj",
        "self_attn.q_norm",
        "self_attn.k_norm",
        "mlp",
        "mlp.gate_proj",
        "mlp.up_proj",
        "mlp.down_proj",
        "mlp.act_fn",
    ),
    parameters=(
        "self",
        "hidden_states",
        "attention_mask",
        "position_ids",
        "position_embeddings",
        "cache",
        "use_cache",
        "kwargs",
    ),
)
FUSED_LORA = Feature(
    "fused LoRA",
    "the layers of peft are used, which are slower",
    (LORA_LINEAR, LORA_LAYER),
    (
        "base_layer",
        "lora_A",
        "lora_B",
        "scaling",
        "lora_dropout",
        "lora_variant",
        "active_adapters",
        "disable_adapters",
        "merged",
    ),
)
SEQ2SEQ_PACKING = Feature(
    "packing of encoder and decoder",
    "rows are padded, which is slower",
    (
        SOFTMAX_BACKWARD,
        NATIVE_DROPOUT,
        DROPOUT_BACKWARD,
        ATTENTION_IMPLEMENTATION,
        SDPA_FORWARD,
        SDPA_MASK,
        T5_NORM,
        MT5_NORM,
    ),
)
PACKED_WEIGHTS = Feature(
    "weights packed for oneDNN",
    "the products of torch are used, which are slower",
    (REORDER_WEIGHT, LINEAR_POINTWISE),
)
FEATURES = (PACKING, FUSED_LAYERS, FUSED_LORA, SEQ2SEQ_PACKING)  # of training


def lookup(name: str) -> Any:
    """Return what a dotted name stands for; None where it is missing or has changed."""
    return _lookup(name)[0]


def is_usable(feature: Feature, *modules: Any, on_event: OnEvent = silent) -> bool:
    """Return whether all that a feature needs is there; emit one Note if not.

    modules  of the model, each of which must have the attributes of the feature
    """
    reasons = (_lookup(name)[1] for name in feature.names)
    incompatibilities = (incompatibility(feature, module) for module in modules)
    reason = next((reason for reason in (*reasons, *incompatibilities) if reason), None)
    if reason:
        on_event(Note(f"{feature.name}: off, since {reason}; {feature.plain_path}"))
    return reason is None


def incompatibility(feature: Feature, module: Any) -> str | None:
    """Return in words how a module differs from what a feature knows of it; None if it does not."""
    kind = type(module).__name__
    for path in feature.attributes:
        if not has_attribute(module, path):
            return f"{kind} has no {path}"
    if feature.submodules:
        names = (name for name, _ in module.named_modules() if name and name.count(".") < 2)
        if unknown := sorted({*names} - {*feature.submodules}):
            return f"{kind} has an unknown {unknown[0]}"
    if feature.parameters:
        parameters = {*inspect.signature(type(module).forward).parameters}
        if unknown := sorted(parameters - {*feature.parameters}):
            return f"{kind}.forward has an unknown parameter {unknown[0]}"
    return None


def has_attribute(module: Any, path: str) -> bool:
    """Return whether a module has an attribute by its dotted path."""
    for part in path.split("."):
        if not hasattr(module, part):
            return False
        module = getattr(module, part)
    return True


def attention_implementation(model: Any) -> str | None:
    """Return the name of a model's attention function, "sdpa" for example; None if unknown."""
    name: str | None = getattr(model.config, "_attn_implementation", None)
    return name if lookup(ATTENTION_IMPLEMENTATION) is not None else None


def require_trainer() -> None:
    """Raise SetupError where Trainer lacks a method that abrege overrides or calls."""
    for name in TRAINER_METHODS:
        if reason := _lookup(name)[1]:
            wanted = next(x for x in requires("abrege") or [] if x.startswith("transformers"))
            raise SetupError(f"tuning is not possible: {reason}.\n  pip install '{wanted}'")


@cache
def _lookup(name: str) -> tuple[Any, str | None]:
    """Return the value of a dotted name, or None and the reason."""
    value = _resolve(name)
    if value is not None and _is_as_expected(name, value):
        return value, None
    library, _, rest = name.partition(".")
    fault = "lacks" if value is None else "has changed"
    return None, f"{library} {version(library)} {fault} {rest}"


def _resolve(name: str) -> Any:
    """Import the longest module of a dotted name, and take the attributes after it."""
    parts = name.split(".")
    for count in range(len(parts), 0, -1):
        try:
            value: Any = import_module(".".join(parts[:count]))
        except ImportError:
            continue
        for part in parts[count:]:
            value = getattr(value, part, None)
        return value
    return None


def _is_as_expected(name: str, value: Any) -> bool:
    """Return whether a function has its parameters, or gives the result of a small example."""
    if name in PARAMETERS:
        known = inspect.signature(value).parameters
        return all(parameter in known for parameter in PARAMETERS[name])
    if name not in EXAMPLES:
        return True
    try:
        return EXAMPLES[name](value)
    except (TypeError, ValueError, RuntimeError):
        return False


EXAMPLES: dict[str, Callable[[Any], bool]] = {
    SOFTMAX_BACKWARD: examples.is_softmax_backward,
    NATIVE_DROPOUT: examples.is_native_dropout,
    DROPOUT_BACKWARD: examples.is_dropout_backward,
    SILU_BACKWARD: examples.is_silu_backward,
    GELU_BACKWARD: examples.is_gelu_backward,
    REORDER_WEIGHT: examples.is_reorder_linear_weight,
    LINEAR_POINTWISE: examples.is_linear_pointwise,
    ACTIVATIONS: lambda functions: {"silu", "gelu_pytorch_tanh"} <= {*functions},
}
