"""Token embeddings for BERTScore, from one layer of an encoder."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import torch
from numpy.typing import NDArray
from transformers import AutoConfig, AutoModel, AutoTokenizer

from abrege.core.errors import RecipeError, SetupError
from abrege.core.hashing import hash_path
from abrege.models.load import first_line

Encoded: TypeAlias = tuple[NDArray[np.int64], NDArray[np.float32], NDArray[np.bool_]]

BATCH_TOKENS = 4096
DEFAULT_LAYERS = {  # as in bert-score 0.3.13, which agree best with human judgement
    "bert-base-uncased": 9,
    "bert-large-uncased": 18,
    "bert-base-multilingual-cased": 9,
    "roberta-base": 10,
    "roberta-large": 17,
    "distilbert-base-uncased": 5,
    "xlm-roberta-base": 9,
    "xlm-roberta-large": 17,
    "microsoft/deberta-base-mnli": 9,
    "microsoft/deberta-large-mnli": 18,
    "microsoft/deberta-xlarge-mnli": 40,
}
"""Model → the layer whose states are used; the last layer of other models."""


class LayerEncoder:
    """A loaded encoder, of which the hidden states of one layer are used."""

    def __init__(self, name: str, tokenizer: Any, model: Any, layer: int) -> None:
        self.name = f"{name}_L{layer}"
        self.tokenizer, self.model, self.layer = tokenizer, model.eval(), layer
        positions = getattr(model.config, "max_position_embeddings", None) or 512
        self.max_length = min(tokenizer.model_max_length, positions)
        special_ids = tokenizer("", add_special_tokens=True)["input_ids"]
        self.special_ids = np.array(special_ids, dtype=np.int64)

    @torch.no_grad()
    def encode(self, texts: Sequence[str]) -> Iterator[Encoded]:
        """Yield the embeddings of each text, in order; a text too long for the model is truncated.

        ids         (tokens,)         int64
        embeddings  (tokens, hidden)  float32, of length 1
        is_content  (tokens,)         bool; False for special tokens that the tokenizer adds
        """
        ids = [
            self.tokenizer(text.strip(), truncation=True, max_length=self.max_length)["input_ids"]
            for text in texts
        ]
        encoded: dict[int, Encoded] = {}
        for batch in _batches(ids):
            width = max(len(ids[n]) for n in batch)
            padded = torch.zeros(len(batch), width, dtype=torch.long)
            mask = torch.zeros(len(batch), width, dtype=torch.long)
            for row, n in enumerate(batch):
                padded[row, : len(ids[n])] = torch.tensor(ids[n])
                mask[row, : len(ids[n])] = 1
            device = self.model.device
            states = self.model(
                input_ids=padded.to(device),
                attention_mask=mask.to(device),
                output_hidden_states=True,
            ).hidden_states[self.layer]  # (batch, width, hidden)
            embeddings = torch.nn.functional.normalize(states.float(), dim=-1).cpu().numpy()
            for row, n in enumerate(batch):
                token_ids = np.array(ids[n], dtype=np.int64)
                is_content = ~np.isin(token_ids, self.special_ids)
                encoded[n] = (token_ids, embeddings[row, : len(ids[n])], is_content)
        yield from (encoded[n] for n in range(len(texts)))


def load_encoder(model: str, *, layer: int | None = None) -> LayerEncoder:
    """Load an encoder from a folder or by its hub id.

    layer  whose hidden states are used; by default that of DEFAULT_LAYERS, or the last

    Raise RecipeError for a layer that it does not have, SetupError if it cannot be loaded.
    """
    folder = Path(model).expanduser()
    located = str(folder) if folder.is_dir() else model
    try:
        config = AutoConfig.from_pretrained(located)
        spaced = {"add_prefix_space": True} if config.model_type in ("roberta", "gpt2") else {}
        tokenizer = AutoTokenizer.from_pretrained(located, **spaced)
        loaded = AutoModel.from_pretrained(located, dtype=torch.float32)
    except (OSError, ValueError) as error:
        raise SetupError(
            f"--encoder {model}: this encoder cannot be loaded: {first_line(error)}\n"
            "  Give a folder with config.json, tokenizer and weights, or a name on the hub."
        ) from error
    layers = loaded.config.num_hidden_layers
    chosen = DEFAULT_LAYERS.get(model, layers) if layer is None else layer
    if not 1 <= chosen <= layers:
        raise RecipeError(f"--layer {chosen}: {model} has the layers 1 to {layers}.")
    device = "cuda" if torch.cuda.is_available() else "cpu"
    name = f"{folder.name}@{hash_path(folder)[:8]}" if folder.is_dir() else model
    return LayerEncoder(name, tokenizer, loaded.to(device), chosen)


def _batches(ids: Sequence[Sequence[int]]) -> Iterator[list[int]]:
    """Yield the indices of texts of similar length, at most BATCH_TOKENS tokens with padding."""
    batch: list[int] = []
    for n in sorted(range(len(ids)), key=lambda n: len(ids[n]), reverse=True):
        if batch and (len(batch) + 1) * len(ids[batch[0]]) > BATCH_TOKENS:
            yield batch
            batch = []
        batch.append(n)
    if batch:
        yield batch
