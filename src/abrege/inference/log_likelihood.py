"""How likely a model finds people's summaries of documents: causal and encoder-decoder alike.

Every token of a summary is predicted from the true ones before it, so nothing here says how well
the model writes by itself.
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
from abrege.compute.loss import model_inputs, predicted_tokens, project_only
from abrege.compute.micro_batch import MicroBatch
from abrege.core.errors import DataError, RecipeError
from abrege.core.events import OnEvent, silent
from abrege.core.hashing import hash_json, hash_path
from abrege.core.run_folder import find_tuned_folder
from abrege.core.types import Pair
from abrege.inference.summarizer import load_summarizer
from abrege.models import device
from abrege.models.load import check_causal, load_config, load_model, load_tokenizer
from abrege.models.resolve import resolve_model
from abrege.prompts import seq2seq
from abrege.prompts.prompt_format import (
    DecodingProfile,
    PromptFormat,
    PromptRenderer,
    TokenizedExample,
)
from abrege.prompts.template import prompt_template
from abrege.prompts.tokenizer import stop_token_ids, use_chat_template

BATCH_TOKENS = 2048
LOGITS = 1 << 26  # logits held at once, 256 MiB of float32; a vocabulary may be 250,000 wide
WINDOW = 512  # pairs whose token ids are held at once


def log_likelihoods(
    model: PreTrainedModel,
    examples: Sequence[TokenizedExample],
    *,
    batch_tokens: int = BATCH_TOKENS,
) -> Iterator[tuple[float, int]]:
    """Yield each summary's negative log-likelihood in nats and its tokens, in order.

    batch_tokens  prompts and summaries that pass through together, padding included; a row that
                  is longer passes alone

    The stop token counts. Of an encoder-decoder the prompt goes into the encoder. Rows of a model
    that `packing.pack` has prepared share what their prompts begin with, which is computed once.
    """
    for example in examples:
        if not example.summary_ids:
            raise DataError(f"row {example.id}: its summary has no token, so nothing is predicted.")
    model.eval()
    found: dict[int, tuple[float, int]] = {}
    numbered = [replace(example, id=str(row)) for row, example in enumerate(examples)]
    for batch in _batches(model, numbered, batch_tokens):
        lengths = [len(e.summary_ids) for e in batch]
        for example, nats in zip(batch, _nats(model, batch).split(lengths), strict=True):
            found[int(example.id)] = (float(nats.sum()), len(nats))
    yield from (found[row] for row in range(len(examples)))


class LogLikelihoodScorer:
    """An open model, and how it is asked for the summaries it is scored on."""

    def __init__(
        self, name: str, asked: str, model: Any, renderer: PromptRenderer, room: int | None = None
    ) -> None:
        room = renderer.format.max_tokens if room is None else room
        self.name, self.asked, self.room = name, asked, room
        self.model, self.renderer = model, renderer
        self.cut = 0
        """Examples whose document was cut, of those scored last."""

    @property
    def rendering(self) -> str:
        """Say how the model was asked, for signatures; a document that was cut is told too."""
        request = self.renderer.format
        kind = "chat" if request.chat else "text"
        prompt = f"{kind}-{self.asked}-{hash_json([request.template, request.system])[:8]}"
        room = "any" if self.room >= seq2seq.UNLIMITED else str(self.room)
        dtype = str(self.model.dtype).removeprefix("torch.")
        return f"prompt:{prompt}|room:{room}|cut:{self.cut}|{dtype}"

    def fits(self, pair: Pair) -> bool:
        """Say whether each reference of a pair leaves room for some of its document."""
        try:
            for reference in pair.references:
                self.renderer.tokenize_pair(replace(pair, references=[reference]))
        except DataError:
            return False
        return True

    def score(self, pairs: Sequence[Pair], *, whole: bool = False) -> Iterator[tuple[float, int]]:
        """Yield the nats and the tokens of each pair, in order, summed over its references.

        whole  of the prompt too, but for its first token
        """
        self.cut = 0
        for start in range(0, len(pairs), WINDOW):
            yield from self._window(pairs[start : start + WINDOW], whole=whole)

    def _window(self, pairs: Sequence[Pair], *, whole: bool) -> Iterator[tuple[float, int]]:
        examples: list[TokenizedExample] = []
        for pair in pairs:
            if not pair.references:
                raise DataError(f"row {pair.id}: there is no reference to be likely or not.")
            each = (replace(pair, references=[reference]) for reference in pair.references)
            examples += map(self.renderer.tokenize_pair, each)
        self.cut += sum(e.document_tokens_cut > 0 for e in examples)
        if whole:
            examples = [label_all_tokens(example) for example in examples]
        found = log_likelihoods(self.model, examples)
        for pair in pairs:
            nats, tokens = zip(*islice(found, len(pair.references)), strict=True)
            yield sum(nats), sum(tokens)


def scorer_of_model(name: str, model: Any, renderer: PromptRenderer) -> LogLikelihoodScorer:
    """Give a scorer of a model that is open already, tuned or the base of a tuned one."""
    inner: Any = model.get_base_model() if isinstance(model, PeftModel) else model
    packing.enable_packing(inner)
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
    """Open a model to score summaries with.

    model     a run folder of abrege or its tune folder, asked as it was tuned to be; or any folder,
              hub id, .gguf file or demo part of a causal or an encoder-decoder model
    base      take the model that a run began with, asked in the same way
    template  the request; where left out, the plain one of the language for a causal model, and
              the document alone for an encoder-decoder
    chat      auto, always or never: whether a causal model's request goes into a chat template

    The document is cut to what the model reads, never the summary. RecipeError for settings that
    would have no effect, or a model that sees what is to come.
    """
    folder = Path(model).expanduser()
    if find_tuned_folder(folder):
        if (template, chat, dtype) != (None, "auto", "auto"):
            raise RecipeError(f"{model}: a tuned model is asked as it was tuned; set nothing.")
        return _of_run(folder, on_event, base=base)
    if base:
        raise RecipeError(f"{model}: only a run folder has a base; name the model itself.")
    located = resolve_model(model, on_event=on_event)
    config, tokenizer = load_config(located), load_tokenizer(located)
    both = bool(config.is_encoder_decoder)
    room = seq2seq.max_positions(config, "encoder", tokenizer.model_max_length)
    chatty = not both and use_chat_template(tokenizer, chat)
    request = "{document}" if both and template is None else template
    rendering = PromptFormat(
        base_model=model,
        dtype=dtype,
        template=prompt_template(request, lang, chat=chatty),
        system=None,
        chat=chatty,
        max_tokens=room,
        stop_ids=stop_token_ids(tokenizer, chat=chatty),
        profile=DecodingProfile(
            max_new_tokens=1
        ),  # nothing is written: a summary takes what it needs
        lang=lang,
        **seq2seq.seq2seq_fields(config, tokenizer, lang),
    )
    asked = "plain" if template is None else "own"
    return LogLikelihoodScorer(
        _name(model), asked, _model(located, dtype), PromptRenderer(tokenizer, rendering), room
    )


def _of_run(folder: Path, on_event: OnEvent, *, base: bool) -> LogLikelihoodScorer:
    summarizer = load_summarizer(folder, on_event=on_event)
    rendering = summarizer.renderer.format
    model: Any = summarizer.decoder.model
    name = f"{folder.resolve().name}@{summarizer.weights[:8]}"
    if base and not isinstance(model, PeftModel):
        raise RecipeError(f"{folder}: this model is merged: its base does not stand beside it.")
    if base:
        model, name = model.unload(), _name(rendering.base_model)
    return scorer_of_model(name, model, summarizer.renderer)


def _model(located: str, dtype: str) -> Any:
    machine = device.choose_device(dtype)
    model = load_model(located, machine.torch_dtype, machine.device)
    if not model.config.is_encoder_decoder:
        check_causal(model, located)
    packing.enable_packing(model)
    return model


def _batches(
    model: PreTrainedModel, examples: Sequence[TokenizedExample], budget: int
) -> Iterator[list[TokenizedExample]]:
    """Cut rows into batches that bound what is computed together, logits included."""
    lined = packing.is_packing_enabled(model)
    most = LOGITS // model.config.get_text_config().vocab_size  # summary tokens
    cutting = (
        split_seq2seq
        if model.config.is_encoder_decoder
        else split_for_packing
        if lined
        else split_by_length
    )
    for run in cutting(examples, max_tokens=budget):
        rows = max(1, most // max(len(e.summary_ids) for e in run))
        yield from (run[start : start + rows] for start in range(0, len(run), rows))


@torch.inference_mode()
def summary_logits(model: PreTrainedModel, rows: Sequence[TokenizedExample]) -> Tensor:
    """Give what is predicted at each summary token from the true ones before it, (N, vocab)."""
    return _predicted(model, rows)[0]


@torch.inference_mode()
def _nats(model: PreTrainedModel, rows: Sequence[TokenizedExample]) -> Tensor:
    """Give the negative log-likelihood of each summary token, row after row, (tokens) float32."""
    logits, expected = _predicted(model, rows)
    return F.cross_entropy(logits.float(), expected, reduction="none")


def _predicted(model: PreTrainedModel, rows: Sequence[TokenizedExample]) -> tuple[Tensor, Tensor]:
    """Give the logits at the summary tokens, (N, vocab), and the tokens themselves, (N)."""
    batch = _collated(model, rows)
    predicts, expected = predicted_tokens(batch.labels.to(model.device), batch)
    head: Any = model.get_output_embeddings()
    with project_only(head, predicts), packing.packed_forward(batch.packed, predicts):
        logits = model(**model_inputs(batch, model.device), use_cache=False).logits  # (1, N, vocab)
    return logits[0], expected


def _collated(model: Any, rows: Sequence[TokenizedExample]) -> MicroBatch:
    if model.config.is_encoder_decoder:
        pad = model.config.pad_token_id or 0
        return collate_seq2seq(rows, pad, model.prepare_decoder_input_ids_from_labels)
    if packing.is_packing_enabled(model):
        return pack_examples(rows)
    return collate(rows, pad_id=0)


def _name(model: str) -> str:
    path = Path(model).expanduser()
    return f"{path.resolve().name}@{hash_path(path)[:8]}" if path.exists() else model
