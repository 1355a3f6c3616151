"""Log-likelihood of reference summaries under a model, causal or encoder-decoder.

Each summary token is predicted from the reference tokens before it (teacher forcing), so that this
does not measure how well the model writes on its own.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

import torch
from peft import PeftModel
from torch import Tensor
from torch.nn import functional as F
from transformers import PreTrainedModel

from abrege.compute.batching import (
    collate,
    collate_seq2seq,
    label_all_tokens,
    pack_examples,
    split_by_length,
    split_for_packing,
    split_seq2seq,
)
from abrege.compute.cpu import packing
from abrege.compute.loss import model_inputs, predicted_tokens, project_label_positions
from abrege.compute.micro_batch import MicroBatch
from abrege.core.errors import DataError, RecipeError
from abrege.core.events import OnEvent, silent
from abrege.core.hashing import hash_json, hash_path
from abrege.core.run_folder import find_tuned_folder
from abrege.core.types import Pair
from abrege.inference.summarizer import load_summarizer
from abrege.models.load import (
    check_causal,
    choose_device_for,
    load_config,
    load_model,
    load_tokenizer,
)
from abrege.models.resolve import resolve_model
from abrege.prompts import seq2seq
from abrege.prompts.chat_template import chat_fields
from abrege.prompts.prompt_format import (
    DecodingProfile,
    PromptFormat,
    PromptRenderer,
    TokenizedExample,
)
from abrege.prompts.template import prompt_template
from abrege.prompts.tokenizer import use_chat_template

BATCH_TOKENS = 2048
MAX_LOGITS = 1 << 26  # at once, 256 MiB in float32; a vocabulary may have 250,000 tokens
WINDOW = 512  # pairs that are tokenized at a time


def log_likelihoods(
    model: PreTrainedModel,
    examples: Sequence[TokenizedExample],
    *,
    batch_tokens: int = BATCH_TOKENS,
) -> Iterator[tuple[float, int]]:
    """Yield the negative log-likelihood of each summary in nats, and its tokens, in order.

    batch_tokens  most tokens of prompts and summaries in a batch, padding included; a longer row is
                  a batch of its own

    The stop token counts. Rows are packed if the model was prepared by `enable_packing`, so that
    the prefix of their prompts is computed once. Raise DataError for a summary without a token.
    """
    for example in examples:
        if not example.summary_ids:
            raise DataError(f"row {example.id}: its summary has no token, so nothing is predicted.")
    model.eval()
    nats_and_tokens: dict[int, tuple[float, int]] = {}
    numbered = [replace(example, id=str(row)) for row, example in enumerate(examples)]
    for batch in _batches(model, numbered, batch_tokens):
        lengths = [len(e.summary_ids) for e in batch]
        for example, nats in zip(batch, _token_nats(model, batch).split(lengths), strict=True):
            nats_and_tokens[int(example.id)] = (float(nats.sum()), len(nats))
    yield from (nats_and_tokens[row] for row in range(len(examples)))


class LogLikelihoodScorer:
    """A loaded model and the prompt format with which it scores summaries.

    prompt_kind  of the signature: plain, own or tuned
    max_tokens   of prompt and summary together; by default those of the format
    cut          pairs whose document was truncated, among those scored last
    """

    def __init__(
        self,
        name: str,
        prompt_kind: str,
        model: Any,
        renderer: PromptRenderer,
        max_tokens: int | None = None,
    ) -> None:
        self.name, self.prompt_kind = name, prompt_kind
        self.model, self.renderer = model, renderer
        self.max_tokens = renderer.format.max_tokens if max_tokens is None else max_tokens
        self.cut = 0

    @property
    def prompt_signature(self) -> str:
        """Return the prompt, limit, truncated documents and dtype, for the metric's signature."""
        prompt_format = self.renderer.format
        chat = "chat" if prompt_format.chat else "text"
        template_hash = hash_json([prompt_format.template, prompt_format.system])[:8]
        room = "any" if self.max_tokens >= seq2seq.UNLIMITED else str(self.max_tokens)
        dtype = str(self.model.dtype).removeprefix("torch.")
        prompt = f"prompt:{chat}-{self.prompt_kind}-{template_hash}"
        return f"{prompt}|room:{room}|cut:{self.cut}|{dtype}"

    def fits(self, pair: Pair) -> bool:
        """Return whether each reference of a pair leaves room for some of its document."""
        try:
            for reference in pair.references:
                self.renderer.tokenize_pair(replace(pair, references=[reference]))
        except DataError:
            return False
        return True

    def score(
        self, pairs: Sequence[Pair], *, with_prompt: bool = False
    ) -> Iterator[tuple[float, int]]:
        """Yield the nats and tokens of each pair, in order, summed over its references.

        with_prompt  count the tokens of the prompt too, except the first
        """
        self.cut = 0
        for start in range(0, len(pairs), WINDOW):
            yield from self._score_window(pairs[start : start + WINDOW], with_prompt=with_prompt)

    def _score_window(
        self, pairs: Sequence[Pair], *, with_prompt: bool
    ) -> Iterator[tuple[float, int]]:
        examples: list[TokenizedExample] = []
        for pair in pairs:
            if not pair.references:
                raise DataError(f"row {pair.id}: it has no reference to score.")
            each = (replace(pair, references=[reference]) for reference in pair.references)
            examples += map(self.renderer.tokenize_pair, each)
        self.cut += sum(e.document_tokens_cut > 0 for e in examples)
        if with_prompt:
            examples = [label_all_tokens(example) for example in examples]
        scores = log_likelihoods(self.model, examples)
        for pair in pairs:
            nats, tokens = zip(*islice(scores, len(pair.references)), strict=True)
            yield sum(nats), sum(tokens)


def scorer_of_model(name: str, model: Any, renderer: PromptRenderer) -> LogLikelihoodScorer:
    """Return a scorer for a loaded model: a tuned one, or the base of one."""
    base: Any = model.get_base_model() if isinstance(model, PeftModel) else model
    packing.enable_packing(base)
    return LogLikelihoodScorer(name, "tuned", model, renderer)


def load_scorer(
    model: str,
    *,
    base: bool = False,
    lang: str | None = None,
    template: str | None = None,
    chat: str = "auto",
    dtype: str = "auto",
    on_event: OnEvent = silent,
) -> LogLikelihoodScorer:
    """Load a model to score summaries with.

    model     a run folder or its tune folder, whose prompt format is used; or any folder, hub id,
              .gguf file or demo part of a causal model or an encoder-decoder
    base      load the base model of the run, with the same prompt format
    template  the prompt template; by default that of the language for a causal model, and the
              document alone for an encoder-decoder
    chat      auto, always or never: whether prompts of a causal model go into a chat template

    The document is truncated to what the model reads, never the summary. Raise RecipeError for
    settings that would have no effect, or a model that is not causal.
    """
    folder = Path(model).expanduser()
    if find_tuned_folder(folder):
        if (template, chat, dtype) != (None, "auto", "auto"):
            raise RecipeError(
                f"{model}: a tuned model uses its saved prompt format; remove the prompt options."
            )
        return _load_from_run(folder, on_event, base=base)
    if base:
        raise RecipeError(f"{model}: only a run folder has a base; name the model itself.")
    located = resolve_model(model, on_event=on_event)
    config, tokenizer = load_config(located), load_tokenizer(located)
    is_seq2seq = bool(config.is_encoder_decoder)
    max_tokens = seq2seq.max_positions(config, "encoder", tokenizer.model_max_length)
    is_chat = not is_seq2seq and use_chat_template(tokenizer, chat)
    default = "{document}" if is_seq2seq else None
    prompt_format = PromptFormat(
        base_model=model,
        dtype=dtype,
        template=prompt_template(default if template is None else template, lang, chat=is_chat),
        system=None,
        max_tokens=max_tokens,
        **chat_fields(tokenizer, chat=is_chat, on_event=on_event),
        profile=DecodingProfile(max_new_tokens=1),  # nothing is generated: reserve no tokens for it
        lang=lang,
        **seq2seq.seq2seq_fields(config, tokenizer, lang),
    )
    return LogLikelihoodScorer(
        _model_name(model),
        "plain" if template is None else "own",
        _load_packed(located, dtype),
        PromptRenderer(tokenizer, prompt_format),
        max_tokens,
    )


def _load_from_run(folder: Path, on_event: OnEvent, *, base: bool) -> LogLikelihoodScorer:
    summarizer = load_summarizer(folder, on_event=on_event)
    model: Any = summarizer.decoder.model
    name = f"{folder.resolve().name}@{summarizer.weights[:8]}"
    if base and not isinstance(model, PeftModel):
        raise RecipeError(f"{folder}: this model is merged, so that its base is not in it.")
    if base:
        model, name = model.unload(), _model_name(summarizer.renderer.format.base_model)
    return scorer_of_model(name, model, summarizer.renderer)


def _load_packed(located: str, dtype: str) -> Any:
    machine = choose_device_for(located, dtype)
    model = load_model(located, machine.torch_dtype, machine.device)
    if not model.config.is_encoder_decoder:
        check_causal(model, located)
    packing.enable_packing(model)
    return model


def _batches(
    model: PreTrainedModel, examples: Sequence[TokenizedExample], batch_tokens: int
) -> Iterator[list[TokenizedExample]]:
    """Split rows into batches that limit the tokens and the logits that are computed at once."""
    if model.config.is_encoder_decoder:
        split = split_seq2seq
    elif packing.is_packing_enabled(model):
        split = split_for_packing
    else:
        split = split_by_length
    max_summary_tokens = MAX_LOGITS // model.config.get_text_config().vocab_size
    for group in split(examples, max_tokens=batch_tokens):
        rows = max(1, max_summary_tokens // max(len(e.summary_ids) for e in group))
        yield from (group[start : start + rows] for start in range(0, len(group), rows))


@torch.inference_mode()
def summary_logits(model: PreTrainedModel, rows: Sequence[TokenizedExample]) -> Tensor:
    """Return the logits at each summary token, from the tokens before it, (N, vocab)."""
    return _logits_and_targets(model, rows)[0]


@torch.inference_mode()
def _token_nats(model: PreTrainedModel, rows: Sequence[TokenizedExample]) -> Tensor:
    """Return the negative log-likelihood of each summary token, row after row, (N,) float32."""
    logits, targets = _logits_and_targets(model, rows)
    return F.cross_entropy(logits.float(), targets, reduction="none")


def _logits_and_targets(
    model: PreTrainedModel, rows: Sequence[TokenizedExample]
) -> tuple[Tensor, Tensor]:
    """Return the logits at the summary tokens, (N, vocab), and the tokens themselves, (N,)."""
    batch = _collate(model, rows)
    predicts, targets = predicted_tokens(batch.labels.to(model.device), batch)
    head: Any = model.get_output_embeddings()
    with project_label_positions(head, predicts), packing.packed_forward(batch.packed, predicts):
        logits = model(**model_inputs(batch, model.device), use_cache=False).logits  # (1, N, vocab)
    return logits[0], targets


def _collate(model: Any, rows: Sequence[TokenizedExample]) -> MicroBatch:
    if model.config.is_encoder_decoder:
        pad_id = model.config.pad_token_id or 0
        return collate_seq2seq(rows, pad_id, model.prepare_decoder_input_ids_from_labels)
    if packing.is_packing_enabled(model):
        return pack_examples(rows)
    return collate(rows, pad_id=0)


def _model_name(model: str) -> str:
    path = Path(model).expanduser()
    return f"{path.resolve().name}@{hash_path(path)[:8]}" if path.exists() else model
