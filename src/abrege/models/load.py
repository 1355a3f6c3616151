"""Load models and tokenizers with transformers, and check that they can write text."""

import io
from collections.abc import Mapping
from contextlib import redirect_stderr
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import torch
from safetensors import SafetensorError
from transformers import (
    AutoConfig,
    AutoModelForCausalLM,
    AutoModelForSeq2SeqLM,
    AutoTokenizer,
    PreTrainedModel,
)
from transformers import PreTrainedTokenizerBase as Tokenizer
from transformers.utils import logging

from abrege.core.errors import RecipeError, SetupError
from abrege.core.events import OnEvent, silent
from abrege.core.run_folder import MODEL_SETTINGS, check_weights
from abrege.models.adapter import load_adapter
from abrege.models.device import T5_FAMILY, DeviceChoice, choose_device
from abrege.models.hub import without_retries
from abrege.models.private_api import CAUSAL_MODELS, SEQ2SEQ_MODELS, lookup
from abrege.models.quantization import (
    WeightQuantization,
    dequantize_model,
    disable_repacking,
    from_pretrained_arguments,
    release_mapped_file,
)
from abrege.models.resolve import packed_gguf, resolve_model
from abrege.models.saved_config import damaged_json

logging.disable_progress_bar()  # the core never prints
logging.set_verbosity_error()

UNREADABLE = (
    *(OSError, ValueError, ImportError, RuntimeError, KeyError, TypeError, AttributeError),
    *(EOFError, SafetensorError, UnpicklingError),
)
"""What transformers, tokenizers and torch raise for the files of another kind of model."""
PACKED = {
    "gptq": "gptqmodel",
    "awq": "gptqmodel",
    "compressed-tensors": "compressed-tensors",
    "bitsandbytes": "bitsandbytes",
    "quanto": "optimum-quanto",
    "aqlm": "aqlm",
    "hqq": "hqq",
    "torchao": "torchao",
}
"""Format of packed weights, as config.json calls it → the package that unpacks it."""
N_GRAM_MODELS = ("prophetnet", "xlm-prophetnet")
"""Model types that predict several tokens at each position: their loss is another one."""
HEADLESS = ("Classification", "QuestionAnswering", "MultipleChoice", "EncoderModel")


def load_tokenizer(name_or_path: str) -> Tokenizer:
    """Load the tokenizer of a folder or a hub id. Raise SetupError where that fails."""
    try:
        with without_retries(name_or_path):
            return AutoTokenizer.from_pretrained(name_or_path, trust_remote_code=False)
    except Exception as error:  # tokenizers raises Exception itself for a damaged tokenizer.json
        raise _unavailable(name_or_path, error) from error


def load_without_weights(model: str, *, on_event: OnEvent = silent) -> tuple[Tokenizer, Any]:
    """Load the tokenizer and the configuration of a model, named as in a recipe.

    A .gguf file that is not unpacked yet is read for these alone. Raise SetupError as
    `resolve_model` and `load_tokenizer` do.
    """
    path = packed_gguf(model)
    if path is None:
        located = resolve_model(model, on_event=on_event)
        return load_tokenizer(located), load_config(located)
    source: dict[str, Any] = {"gguf_file": path.name}
    try:
        with redirect_stderr(io.StringIO()):  # transformers shows a progress bar of its own here
            tokenizer = AutoTokenizer.from_pretrained(str(path.parent), **source)
            return tokenizer, AutoConfig.from_pretrained(str(path.parent), **source)
    except UNREADABLE as error:
        raise _unavailable(model, error) from error


def load_config(name_or_path: str) -> Any:
    """Load the configuration of a folder or a hub id. Raise SetupError where that fails."""
    try:
        with without_retries(name_or_path):
            return AutoConfig.from_pretrained(name_or_path, trust_remote_code=False)
    except UNREADABLE as error:
        raise _unavailable(name_or_path, error) from error


def choose_device_for(name_or_path: str, dtype: str) -> DeviceChoice:
    """Choose the device and the dtype for a model; see `choose_device`."""
    return choose_device(dtype, load_config(name_or_path).model_type)


def load_model(
    name_or_path: str,
    dtype: torch.dtype,
    device: str,
    *,
    quantization: WeightQuantization | None = None,
    dequantized: bool = False,
) -> PreTrainedModel:
    """Load a causal or an encoder-decoder model onto the device.

    name_or_path  a folder or a hub id, as `resolve_model` returns it
    quantization  quantize the linear layers to 4 bits as they are read, except the output head
    dequantized   turn them back into plain layers, with the values that quantizing left

    Raise RecipeError for a model that cannot write text, or cannot compute in this dtype, and
    SetupError for one that cannot be loaded.
    """
    config = load_config(name_or_path)
    check_dtype(config, dtype)
    check_can_write(config, name_or_path)
    auto_class: Any = AutoModelForSeq2SeqLM if config.is_encoder_decoder else AutoModelForCausalLM
    arguments = from_pretrained_arguments(quantization, dtype, device) if quantization else {}
    try:
        with without_retries(name_or_path):
            model, loading_info = auto_class.from_pretrained(
                name_or_path,
                dtype=dtype,
                output_loading_info=True,
                trust_remote_code=False,
                **arguments,
            )
    except torch.OutOfMemoryError:
        raise
    except UNREADABLE as error:
        raise _unavailable(name_or_path, error) from error
    if missing := loading_info["missing_keys"]:
        raise _cannot_write(name_or_path, f"its folder lacks {min(missing)}")
    if config.is_encoder_decoder and not hasattr(model, "prepare_decoder_input_ids_from_labels"):
        raise RecipeError(
            f"{name_or_path}: {config.model_type} has no method to shift labels into decoder "
            "inputs.\n"
            "  Choose a model of the T5 or BART family."
        )
    disable_repacking(model)
    if quantization:
        release_mapped_file(model)
        return dequantize_model(model) if dequantized else model
    return model.to(torch.device(device))  # type: ignore[no-any-return]


def load_tuned(
    folder: Path,
    base: str,
    dtype: torch.dtype,
    device: str,
    *,
    quantization: Mapping[str, Any] | None,
    on_event: OnEvent = silent,
) -> Any:
    """Load a tuned model, ready to decode: all of its weights, or an adapter over its base.

    base          the name of the base model in the recipe
    quantization  how the base was quantized while it was tuned; it is dequantized here

    Raise SetupError where weights are missing, damaged, or not those that abrege.json has the
    hash of.
    """
    if (folder / MODEL_SETTINGS).is_file():
        check_weights(folder)
    if not (folder / "adapter_config.json").is_file():
        return load_model(str(folder), dtype, device)
    model = load_model(
        resolve_model(base, on_event=on_event),
        dtype,
        device,
        quantization=WeightQuantization(**quantization) if quantization else None,
        dequantized=True,
    )
    return load_adapter(model, folder, on_event=on_event)


def check_dtype(config: Any, dtype: torch.dtype) -> None:
    """Raise RecipeError for float16 with the T5 family, FLAN-T5 included.

    Its activations were learned in bfloat16 and exceed float16's 65,504, so that losses become NaN
    (transformers issue 14189). The dtype of autocast is to be checked too.
    """
    if dtype == torch.float16 and config.model_type in T5_FAMILY:
        raise RecipeError(
            f"tune.dtype: float16 overflows in {config.model_type}, whose activations pass 65,504."
            "\n  Write auto, float32 or bfloat16."
        )


def check_max_length(max_length: int, config: Any) -> None:
    """Raise RecipeError if max_length exceeds the positions of the model."""
    positions = getattr(config.get_text_config(), "max_position_embeddings", None)
    if positions and max_length > positions:
        raise RecipeError(
            f"tune.max_length is {max_length}, but this model has {positions} positions.\n"
            f"  Write {positions} or less."
        )


def check_can_write(config: Any, name: str) -> None:
    """Raise RecipeError for an architecture without a language-model head."""
    if config.model_type in N_GRAM_MODELS:
        raise RecipeError(
            f"{name}: {config.model_type} predicts several tokens at each position, which abrege "
            "does not train.\n  Choose a model of the T5 or BART family."
        )
    for architecture in config.architectures or []:
        if architecture.endswith(HEADLESS):
            raise _cannot_write(name, f"it is a {architecture}")
    causal, seq2seq = lookup(CAUSAL_MODELS), lookup(SEQ2SEQ_MODELS)
    if causal is None or seq2seq is None or hasattr(config, "auto_map"):
        return  # then the Auto class itself refuses what it does not know
    if config.model_type not in {*causal, *seq2seq}:
        raise _cannot_write(name, f"transformers has no such class of {config.model_type}")


@torch.inference_mode()
def check_causal(model: PreTrainedModel, name: str) -> None:
    """Raise RecipeError for an encoder: AutoModelForCausalLM loads one, and it sees later tokens.

    The logits of the first token must not depend on the second.
    """
    ids = torch.tensor([[5, 6], [5, 7]], device=model.device)
    logits = model(input_ids=ids, use_cache=False).logits[:, 0].float()  # (2, vocab)
    if (logits[0] - logits[1]).abs().max() > 1e-4 * logits[0].abs().max():
        raise RecipeError(
            f"{name}: this model attends in both directions (an encoder such as BERT), so it "
            "cannot generate text or score its likelihood.\n  Choose a causal or "
            "encoder-decoder model."
        )


def first_line(error: Exception) -> str:
    """Return the first line of an error's message, at most 200 characters of it."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:200]


def _cannot_write(name: str, reason: str) -> RecipeError:
    return RecipeError(
        f"{name}: this model has no head that writes text: {reason}.\n"
        "  Give a causal model (…ForCausalLM) or an encoder-decoder (…ForConditionalGeneration)."
    )


def _missing_package(name_or_path: str, error: Exception) -> SetupError:
    """Return what to install for packed weights (GPTQ, AWQ …) or another library's model."""
    try:
        packed = dict(AutoConfig.from_pretrained(name_or_path).quantization_config)
    except (*UNREADABLE,):
        packed = {}
    method = str(packed.get("quant_method", ""))
    if method in PACKED:
        return SetupError(
            f"{name_or_path}: its weights are packed as {method}, which needs another package: "
            f"pip install {PACKED[method]}\n"
            "  Or choose the model with plain weights; tune.method: qlora packs them itself."
        )
    return SetupError(
        f"{name_or_path}: this model needs a package that is missing: {first_line(error)}"
    )


def _unavailable(name_or_path: str, error: Exception) -> SetupError:
    if "trust_remote_code" in str(error):
        return SetupError(
            f"{name_or_path}: this model brings code of its own (auto_map), which abrege does not "
            "run.\n  Choose a model whose class is part of transformers."
        )
    if "weights_only" in str(error):  # torch would have the user run whatever the file holds
        return SetupError(
            f"{name_or_path}: this model cannot be loaded: pytorch_model.bin holds no plain "
            "weights.\n  Take the folder with *.safetensors, or name another model."
        )
    if isinstance(error, ImportError):
        return _missing_package(name_or_path, error)
    if Path(name_or_path).is_dir():
        damaged = next(iter(damaged_json(Path(name_or_path))), None)
        where = damaged or name_or_path
        return SetupError(
            f"{where}: this model cannot be loaded: {first_line(error)}\n"
            "  Copy or download the folder again, or name another model."
        )
    return SetupError(
        f"{name_or_path}: not found in the local cache, and the hub cannot be reached "
        f"or does not have it ({first_line(error)}).\n"
        "  Check the name and the network, or give a local folder or demo:smollm2-135m-instruct."
    )
