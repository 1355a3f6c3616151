"""Natural language inference: the probability that one text entails another."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from transformers import AutoConfig, AutoModelForSequenceClassification, AutoTokenizer

from abrege.compute.batching import split_by_length
from abrege.core.errors import DataError, RecipeError, SetupError
from abrege.core.hashing import hash_path
from abrege.models.load import first_line
from abrege.prompts.prompt_format import TokenizedExample

BATCH_TOKENS = 4096
WINDOW = 4096  # pairs that are tokenized at a time
OFFSET_MODEL_TYPES = ("roberta", "xlm-roberta", "xlm-roberta-xl", "camembert")
"""Their positions start after the padding token's id, so that fewer are left for tokens."""


class NliModel:
    """A loaded classifier of pairs.

    label  the index of its entailment label
    truncated_premises  pairs whose premise was truncated, among those classified last
    """

    def __init__(self, name: str, tokenizer: Any, model: Any, label: int) -> None:
        self.name, self.label = name, label
        self.tokenizer, self.model = tokenizer, model.eval()
        self.max_length = _max_length(tokenizer, model.config)
        self.truncated_premises = 0

    def entailment_probabilities(self, pairs: Sequence[tuple[str, str]]) -> Iterator[float]:
        """Yield the probability that each premise entails its hypothesis, in order.

        A premise that is too long is truncated. Raise DataError if a hypothesis is too long.
        """
        self.truncated_premises = 0
        for start in range(0, len(pairs), WINDOW):
            yield from self._classify_window(pairs[start : start + WINDOW])

    def _classify_window(self, pairs: Sequence[tuple[str, str]]) -> Iterator[float]:
        encoded = [self._tokenize(premise, hypothesis) for premise, hypothesis in pairs]
        rows = [TokenizedExample(str(n), e["input_ids"], [], 0, 0) for n, e in enumerate(encoded)]
        probabilities: dict[int, float] = {}
        for batch in split_by_length(rows, max_tokens=BATCH_TOKENS):
            indices = [int(row.id) for row in batch]
            batch_probabilities = self._classify([encoded[n] for n in indices])
            probabilities.update(zip(indices, batch_probabilities, strict=True))
        yield from (probabilities[n] for n in range(len(pairs)))

    def _tokenize(self, premise: str, hypothesis: str) -> dict[str, list[int]]:
        """Tokenize a pair, the premise first, as classifiers are trained."""
        inputs = dict(self.tokenizer(premise, hypothesis, verbose=False))
        if len(inputs["input_ids"]) <= self.max_length:
            return inputs
        self.truncated_premises += 1
        if len(self.tokenizer("", hypothesis, verbose=False)["input_ids"]) >= self.max_length:
            raise DataError(
                f"{self.name} reads {self.max_length} tokens, and a sentence to classify is longer:"
                f" {hypothesis[:60]!r}.\n  Drop its row, or take a model that reads more."
            )
        return dict(
            self.tokenizer(
                premise,
                hypothesis,
                truncation="only_first",
                max_length=self.max_length,
                verbose=False,
            )
        )

    @torch.inference_mode()
    def _classify(self, encoded: Sequence[dict[str, list[int]]]) -> list[float]:
        width = max(len(e["input_ids"]) for e in encoded)
        padding = {"input_ids": self.tokenizer.pad_token_id or 0}
        inputs = {
            key: torch.tensor(
                [e[key] + [padding.get(key, 0)] * (width - len(e[key])) for e in encoded]
            )
            for key in encoded[0]
        }  # (batch, width) each
        on_device = {key: value.to(self.model.device) for key, value in inputs.items()}
        logits = self.model(**on_device).logits.float()  # (batch, labels)
        return [float(p) for p in logits.softmax(-1)[:, self.label].tolist()]


def load_nli_model(model: str) -> NliModel:
    """Load a classifier from a folder or by its hub id.

    Raise RecipeError if no label of it means entailment, or if its classification layer was never
    trained; SetupError if it cannot be loaded.
    """
    folder = Path(model).expanduser()
    located = str(folder) if folder.is_dir() else model
    try:
        label = entailment_label(AutoConfig.from_pretrained(located).id2label, model)
        tokenizer = AutoTokenizer.from_pretrained(located)
        loaded, loading = AutoModelForSequenceClassification.from_pretrained(
            located, dtype=torch.float32, output_loading_info=True
        )
    except (OSError, ValueError, SafetensorError) as error:
        raise SetupError(
            f"{model}: this NLI model cannot be loaded: {first_line(error)}\n"
            "  Give a folder with config.json, tokenizer and weights, or a name on the hub."
        ) from error
    if missing := sorted(loading["missing_keys"]):
        raise RecipeError(
            f"{model}: it has no weights for {missing[0]}, so it would classify at random.\n"
            "  Give a model that was trained on natural language inference."
        )
    device = "cuda" if torch.cuda.is_available() else "cpu"
    name = f"{folder.resolve().name}@{hash_path(folder)[:8]}" if folder.is_dir() else model
    return NliModel(name, tokenizer, loaded.to(device), label)


def entailment_label(names: dict[int, str], model: str) -> int:
    """Return the index of the label that means entailment, by its name.

    Raise RecipeError unless there is exactly one.
    """
    labels = [index for index, name in names.items() if name.lower().startswith("entail")]
    if len(labels) != 1:
        raise RecipeError(
            f"{model}: its labels are {', '.join(names.values())}, and none or several of them "
            "mean entailment.\n  Name them in id2label of its config.json, or give another model."
        )
    return int(labels[0])


def _max_length(tokenizer: Any, config: Any) -> int:
    positions = getattr(config, "max_position_embeddings", None) or 512
    if config.model_type in OFFSET_MODEL_TYPES:
        positions -= config.pad_token_id + 1
    return int(min(tokenizer.model_max_length, positions))
