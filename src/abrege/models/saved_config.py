"""Settings of a saved folder in the words of transformers 4.57 as well.

transformers 5 moved some settings, and earlier versions, and the programs that need them, read the
defaults in their place without a word: rope_theta 10000, the head of T5 tied to its embeddings.
"""

import json
from pathlib import Path
from typing import Any

from abrege.core.errors import StateFileError
from abrege.core.io import atomic_write, read_json
from abrege.models.device import T5_FAMILY

FAST_TOKENIZER = "PreTrainedTokenizerFast"
ROPE_OF_FULL_ATTENTION = ("full_attention", "sliding_attention")
"""Kinds of layers that have rotations of their own (Gemma 3), and where 4.57 has each."""


def write_earlier_settings(folder: Path) -> None:
    """Add to config.json and tokenizer_config.json what transformers 4.57 reads.

    Version 5 reads the folder as before.
    """
    config = read_json(folder / "config.json")
    for table in (config, *(v for k, v in config.items() if k.endswith("_config"))):
        if isinstance(table, dict):
            _add_earlier_rope(table)
    if "dtype" in config:
        config.setdefault("torch_dtype", config["dtype"])
    if config.get("model_type") in T5_FAMILY and config.get("scale_decoder_outputs") is False:
        config["tie_word_embeddings"] = False  # which version 5 calls scale_decoder_outputs
    _write(folder / "config.json", config)
    tokenizer_file = folder / "tokenizer_config.json"
    if tokenizer_file.is_file():
        _write(tokenizer_file, _earlier_tokenizer(read_json(tokenizer_file)))


def damaged_json(folder: Path) -> list[Path]:
    """Return the files of a model's folder that are no JSON objects, or lack what they must have.

    Libraries name only the folder, or the place within a file.
    """
    required = {"tokenizer.json": ["model"]}
    damaged = []
    for path in sorted(folder.glob("*.json")):
        try:
            read_json(path, required=required.get(path.name, ()))
        except StateFileError:
            damaged.append(path)
    return damaged


def _add_earlier_rope(config: dict[str, Any]) -> None:
    """Write rope_theta and rope_scaling, in which the rotation stood before rope_parameters."""
    rope = config.get("rope_parameters")
    if not isinstance(rope, dict):
        return
    full, sliding = (rope.get(kind) for kind in ROPE_OF_FULL_ATTENTION)
    if isinstance(sliding, dict):
        config.setdefault("rope_local_base_freq", sliding.get("rope_theta"))
    own = full if isinstance(full, dict) else rope
    if "rope_theta" in own:
        config["rope_theta"] = own["rope_theta"]
    if "partial_rotary_factor" in own:
        config["partial_rotary_factor"] = own["partial_rotary_factor"]
    if own.get("rope_type", "default") != "default":
        moved = ("rope_theta", "partial_rotary_factor")
        config["rope_scaling"] = {key: v for key, v in own.items() if key not in moved}


def _earlier_tokenizer(settings: dict[str, Any]) -> dict[str, Any]:
    if settings.get("tokenizer_class") == "TokenizersBackend":
        settings["tokenizer_class"] = FAST_TOKENIZER
    extra = settings.get("extra_special_tokens")
    if isinstance(extra, list):  # 4.57 has a mapping of names under this key
        settings["additional_special_tokens"] = settings.pop("extra_special_tokens")
    return settings


def _write(path: Path, values: dict[str, Any]) -> None:
    with atomic_write(path) as file:
        json.dump(values, file, ensure_ascii=False, indent=2, sort_keys=True)
        file.write("\n")
