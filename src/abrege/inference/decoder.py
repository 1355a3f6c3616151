"""Batched generation: prompts in, predictions out, in whole batches planned over all rows."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import torch
from torch.nn.utils.rnn import pad_sequence
from transformers import GenerationConfig, PreTrainedModel
from transformers import PreTrainedTokenizerBase as Tokenizer

from abrege.core.types import Prediction
from abrege.inference import prefix_cache as prefix
from abrege.inference.prefix_cache import Prefix
from abrege.prompts.prompt_format import DecodingProfile, PromptRenderer, TokenizedExample

Batch: TypeAlias = list[tuple[int, Prediction]]
"""Predictions, each with the number of its row."""


@dataclass(frozen=True)
class Decoder:
    """A model, its tokenizer, and the one way in which they decode."""

    model: PreTrainedModel
    tokenizer: Tokenizer
    profile: DecodingProfile
    stop_ids: list[int]
    blank: Sequence[int] = ()
    """Of an encoder-decoder: what its tokenizer writes for a summary without a word."""

    @classmethod
    def from_renderer(cls, model: Any, renderer: PromptRenderer) -> "Decoder":
        """Decode as a rendering says; the model may wear an adapter."""
        known = renderer.format
        blank = renderer.tokenize_summary("") if known.encoder_decoder else ()
        return cls(model, renderer.tokenizer, known.profile, known.stop_ids, blank)

    def __post_init__(self) -> None:
        """Blank the model's own generation defaults: transformers fills what we leave unsaid."""
        self.model.generation_config = GenerationConfig()

    def generate_batches(
        self, prompts: Sequence[TokenizedExample], *, skip: int = 0
    ) -> Iterator[Batch]:
        """Yield the predictions of one batch after another, each with its row's number.

        skip  batches at the front that are done already. The plan depends on all rows and not
              on what is done, so a run carried on decodes the very same batches.
        """
        plan = plan_batches(prompts, self.profile.batch_rows)
        return map(self.batch_function(prompts), range(skip, len(plan)))

    def batch_function(self, prompts: Sequence[TokenizedExample]) -> Callable[[int], Batch]:
        """Give what decodes the batch of a number in the plan over all prompts."""
        self.model.eval()
        plan = plan_batches(prompts, self.profile.batch_rows)
        alone = self.profile.num_beams > 1 or self.blank  # beams copy what they share
        shared = None if alone else prefix.of(self.model, [p.prompt_ids for p in prompts])

        def decoded(number: int) -> Batch:
            torch.manual_seed(self.profile.seed + number)
            found = self._batch([prompts[row] for row in plan[number]], shared)
            return list(zip(plan[number], found, strict=True))

        return decoded

    @torch.inference_mode()
    def _batch(
        self, prompts: Sequence[TokenizedExample], shared: Prefix | None
    ) -> list[Prediction]:
        inputs, before = self.inputs(prompts, shared.ids if shared else ())
        generate: Any = self.model.generate
        output = generate(
            **inputs,
            generation_config=self.generation_config(),
            cache=shared.repeated(len(prompts)) if shared else None,
        )
        new = output[:, before:].tolist()
        return [self.prediction(p, ids) for p, ids in zip(prompts, new, strict=True)]

    def inputs(
        self, prompts: Sequence[TokenizedExample], shared: Sequence[int] = ()
    ) -> tuple[dict[str, torch.Tensor], int]:
        """Give what `generate` begins with, and how many of its tokens stand before the new ones.

        A decoder begins as it did in training: with the model's start token, and what the
        tokenizer puts before a summary's words, which is BART's <s> or mBART's language.
        """
        if not self.blank:
            input_ids, mask = left_padded(prompts, self.pad_id, shared)
            found = {"input_ids": input_ids, "attention_mask": mask}
            before = input_ids.shape[1]
        else:
            opening = self.opening().expand(len(prompts), -1)
            ids = [torch.tensor(p.prompt_ids) for p in prompts]
            padded = pad_sequence(ids, batch_first=True, padding_value=self.pad_id)
            mask = pad_sequence([torch.ones_like(i) for i in ids], batch_first=True)
            found = {"input_ids": padded, "attention_mask": mask, "decoder_input_ids": opening}
            before = opening.shape[1]
        return {name: value.to(self.model.device) for name, value in found.items()}, before

    def opening(self) -> torch.Tensor:
        """Give the tokens that a decoder reads before it writes the first word, (1, tokens)."""
        model: Any = self.model
        end = next(place for place, token in enumerate(self.blank) if token in self.stop_ids)
        opening: torch.Tensor = model.prepare_decoder_input_ids_from_labels(
            torch.tensor([list(self.blank)])
        )[:, : end + 1]
        return opening

    def prediction(self, prompt: TokenizedExample, new_ids: Sequence[int]) -> Prediction:
        """Cut the new tokens at the first stop token and say why they end."""
        ends = [i for i, token in enumerate(new_ids) if token in self.stop_ids]
        ids = list(new_ids[: ends[0]]) if ends else list(new_ids)
        return Prediction(
            id=prompt.id,
            prediction=str(self.tokenizer.decode(ids, skip_special_tokens=True)).strip(),
            finish_reason="stop" if ends else "length",
            prompt_tokens=len(prompt.prompt_ids),
            new_tokens=len(ids),
            document_tokens_cut=prompt.document_tokens_cut,
        )

    def generation_config(self, max_new_tokens: int | None = None) -> GenerationConfig:
        """Say the whole profile in transformers' words, so that no default of a model leaks in."""
        p = self.profile
        values: dict[str, Any] = {
            "max_new_tokens": max_new_tokens or p.max_new_tokens,
            "min_new_tokens": p.min_new_tokens or None,
            "num_beams": p.num_beams,
            "no_repeat_ngram_size": p.no_repeat_ngram_size,
            "do_sample": p.do_sample,
            "eos_token_id": self.stop_ids,
            "pad_token_id": self.pad_id,
            "bos_token_id": self.tokenizer.bos_token_id,
            "repetition_penalty": 1.0,
            "use_cache": True,
        }
        if self.blank:
            values["decoder_start_token_id"] = int(self.opening()[0, 0])
        if p.num_beams > 1:
            values["length_penalty"] = p.length_penalty
        if p.do_sample:
            values |= {"temperature": p.temperature or 1.0, "top_p": p.top_p or 1.0}
            values["top_k"] = p.top_k or 0
        return GenerationConfig(**values)

    @property
    def pad_id(self) -> int:
        """Give the token that fills prompts on the left, where the mask hides it."""
        pad = self.tokenizer.pad_token_id
        return int(pad) if pad is not None else self.stop_ids[0]


def plan_batches(prompts: Sequence[TokenizedExample], rows: int) -> list[list[int]]:
    """Plan which rows are decoded together: longest first, `rows` at a time, ties by number."""
    order = sorted(range(len(prompts)), key=lambda r: (-len(prompts[r]), r))
    return [order[i : i + rows] for i in range(0, len(order), rows)]


def left_padded(
    prompts: Sequence[TokenizedExample], pad_id: int, shared: Sequence[int] = ()
) -> tuple[torch.Tensor, torch.Tensor]:
    """Pad prompts on the left, where a causal model's next token is at one place for all.

    shared   what all prompts begin with; where it is given, the padding stands behind it
    returns  input_ids (batch, length) int64, mask (batch, length) int64, 1 over the prompt
    """
    length = max(len(p) for p in prompts)
    input_ids = torch.full((len(prompts), length), pad_id)
    mask = torch.zeros_like(input_ids)
    for row, prompt in enumerate(prompts):
        own = prompt.prompt_ids[len(shared) :]
        input_ids[row, length - len(own) :] = torch.tensor(own)
        mask[row, length - len(own) :] = 1
    input_ids[:, : len(shared)] = torch.tensor(shared, dtype=torch.long)
    mask[:, : len(shared)] = 1
    return input_ids, mask
