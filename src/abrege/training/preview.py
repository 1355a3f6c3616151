"""What the model sees of a row: prompt and target, as text and as the tokens of its training batch.

The prompt format, the truncation and the labels are those of tuning; no weights are loaded.
"""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from itertools import pairwise
from typing import Any

from abrege.compute.batching import collate, collate_seq2seq, label_all_tokens
from abrege.compute.micro_batch import IGNORE
from abrege.core.errors import AbregeError
from abrege.core.types import Pair
from abrege.models.load import check_max_length
from abrege.prompts.preview_model import GenerationPrompt, PreviewToken, PromptPart, RowPreview
from abrege.prompts.prompt_format import FittedPrompt, PromptRenderer, TokenizedExample
from abrege.prompts.tokenizer import token_texts
from abrege.training.preflight import check_vocabulary, unknown_token_id

LAST_WORDS = 12
_MARKER = "\ue000"
"""A character for private use, in the place of the document, to find where it stands."""


def training_labels(
    example: TokenizedExample, *, encoder_decoder: bool, completion_only: bool
) -> tuple[list[int], list[bool]]:
    """Return the ids of prompt and summary, and which have a label, from a batch of training."""
    if encoder_decoder:
        batch = collate_seq2seq([example], 0, lambda labels: labels)
        prompt, summary = batch.input_ids[0].tolist(), batch.labels[0].tolist()
        return [*prompt, *summary], [False] * len(prompt) + [i != IGNORE for i in summary]
    batch = collate([example if completion_only else label_all_tokens(example)], 0)
    return batch.input_ids[0].tolist(), [label != IGNORE for label in batch.labels[0].tolist()]


def preview_row(
    renderer: PromptRenderer,
    pair: Pair,
    *,
    split: str = "train",
    completion_only: bool = True,
) -> RowPreview:
    """Return what a model that is tuned on a pair sees of it.

    split  the split that the row is in; only train is trained on

    Raise DataError as tokenization does, for a row that does not fit.
    """
    example = renderer.tokenize_pair(pair)
    fitted = renderer.fit_prompt(pair, summary_tokens=len(example.summary_ids))
    assert fitted.prompt_ids == example.prompt_ids, "the text is not that of the tokens"
    is_seq2seq = renderer.format.encoder_decoder
    ids, labels = training_labels(
        example, encoder_decoder=is_seq2seq, completion_only=completion_only
    )
    left_out = ""
    if split != "train":
        left_out = f"it is a row of {split}, which is not trained on"
    elif example.summary_ids == renderer.tokenize_summary(""):
        left_out = "its summary has no token to learn"
    if left_out:
        labels = [False] * len(labels)
    tokens = _tokens(renderer, ids, labels, len(example.prompt_ids))
    prompt, target = tokens[: len(example.prompt_ids)], tokens[len(example.prompt_ids) :]
    return RowPreview(
        id=pair.id,
        split=split,
        parts=_parts(renderer, pair, fitted),
        target_text=pair.references[0].strip(),
        prompt=prompt,
        target=target,
        document_tokens=example.document_tokens,
        document_tokens_cut=example.document_tokens_cut,
        last_words=_last_words(fitted) if example.document_tokens_cut else "",
        cut_at=_cut_at(prompt, fitted) if example.document_tokens_cut else None,
        escaped=any(renderer.escape(text) != text for text in (pair.document, pair.references[0])),
        reserved_tokens=renderer.reserved_tokens(len(example.summary_ids)),
        left_out=left_out,
        generation=_generation_prompts(renderer, pair, example),
    )


def _tokens(
    renderer: PromptRenderer, ids: Sequence[int], labels: Sequence[bool], prompt_length: int
) -> list[PreviewToken]:
    """Return the tokens; the texts of prompt and summary are decoded apart, as they are encoded."""
    unknown = unknown_token_id(renderer)
    parts = (ids[:prompt_length], ids[prompt_length:])
    texts = [text for part in parts for text in token_texts(renderer.tokenizer, part)]
    return [
        PreviewToken(id_, text, label, id_ == unknown)
        for id_, text, label in zip(ids, texts, labels, strict=True)
    ]


def _parts(renderer: PromptRenderer, pair: Pair, fitted: FittedPrompt) -> list[PromptPart]:
    """Split the text of a prompt into the document, the instruction and what the template adds."""
    text = renderer.render(pair, fitted.document)
    marked = renderer.fill_request(pair, _MARKER)
    request = renderer.fill_request(pair, fitted.document)
    stripped = request.strip()  # as many chat templates do
    start = text.rfind(stripped)
    if start < 0:  # a template that rewrites what the user says
        return [PromptPart("prompt", text)]
    before, after = marked.split(_MARKER, 1)
    end = start + len(stripped)
    first = start - request.index(stripped)  # where the request would begin as it is
    document = (first + len(before), first + len(request) - len(after))
    limits = [start, *(min(max(limit, start), end) for limit in document), end]
    pieces = [text[a:b] for a, b in pairwise(limits)]
    sources = ("instruction", "document", "instruction")
    user = [PromptPart(source, piece) for source, piece in zip(sources, pieces, strict=True)]
    parts = [*_around_user(renderer, text[:start]), *user, PromptPart("chat template", text[end:])]
    return [part for part in parts if part.text]


def _around_user(renderer: PromptRenderer, text: str) -> list[PromptPart]:
    """Split what stands before the user's words: the recipe's system message is not the template's.

    Few-shot examples are not told apart here.
    """
    system = renderer.format.system
    if system is None or system not in text:
        return [PromptPart("chat template", text)]
    before, after = text.split(system, 1)
    return [
        PromptPart("chat template", before),
        PromptPart("system", system),
        PromptPart("chat template", after),
    ]


def _last_words(fitted: FittedPrompt) -> str:
    words = fitted.document.split()
    return " ".join(words[-LAST_WORDS:])[-200:]


def _cut_at(prompt: Sequence[PreviewToken], fitted: FittedPrompt) -> int | None:
    """Return how many tokens stand before the end of a truncated document, by its last words."""
    tail = fitted.document.rsplit("\n", 1)[-1][-40:]
    text = "".join(token.text for token in prompt)
    start = text.rfind(tail)
    if start < 0 or not tail.strip():
        return None
    characters = 0
    for number, token in enumerate(prompt, start=1):
        characters += len(token.text)
        if characters >= start + len(tail):
            return number
    return None


def refusals(
    renderer: PromptRenderer, config: Any, pairs: Sequence[Pair], *, max_length: int
) -> list[str]:
    """Return why tuning would be refused, as far as these rows and the model's configuration say.

    Unknown tokens are no reason here: their share is that of all rows.
    """
    examples = [renderer.tokenize_pair(pair) for pair in pairs]
    vocab_size = getattr(config.get_text_config(), "vocab_size", None)
    checks = (
        partial(check_max_length, max_length, config),
        partial(check_vocabulary, renderer, examples, vocab_size, 1.0),
    )
    reasons = []
    for check in checks:
        try:
            check()
        except AbregeError as error:
            reasons.append(f"tuning would be refused: {' '.join(str(error).split())}")
    return reasons


def with_few_shot(row: RowPreview, few_shot: PromptRenderer, pair: Pair) -> RowPreview:
    """Add the prompt of the system few-shot, whose renderer puts examples before the document."""
    prompt = _generation_prompt(few_shot, pair, "few-shot")
    return replace(row, generation=[*row.generation, prompt])


def _generation_prompts(
    renderer: PromptRenderer, pair: Pair, example: TokenizedExample
) -> list[GenerationPrompt]:
    if renderer.tokenize_prompt(pair).prompt_ids == example.prompt_ids:
        return []
    return [_generation_prompt(renderer, pair, "all systems")]


def _generation_prompt(renderer: PromptRenderer, pair: Pair, system: str) -> GenerationPrompt:
    fitted = renderer.fit_prompt(pair, summary_tokens=0)
    return GenerationPrompt(
        system=system,
        text=renderer.render(pair, fitted.document),
        tokens=len(fitted.prompt_ids),
        document_tokens_cut=fitted.tokens_cut,
        examples=[shot.id for shot in renderer.few_shot_examples],
    )
