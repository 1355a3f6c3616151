"""Batched generation: tokenized prompts in, predictions out, in batches planned over all rows."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import torch
from peft import PeftModel
from torch.nn.utils.rnn import pad_sequence
from transformers import GenerationConfig, PreTrainedModel
from transformers import PreTrainedTokenizerBase as Tokenizer

from abrege.core.errors import SetupError
from abrege.core.types import Prediction
from abrege.inference.prefix_cache import PrefixCache, compute_prefix_cache
from abrege.prompts.prompt_format import DecodingProfile, PromptRenderer, TokenizedExample

Batch: TypeAlias = list[tuple[int, Prediction]]
"""Predictions, each with the number of its row."""


@dataclass(frozen=True)
class Decoder:
    """A model, its tokenizer, and how summaries are generated with them.

    empty_summary_ids  of an encoder-decoder: the ids of an empty summary, special tokens only
    """

    model: PreTrainedModel
    tokenizer: Tokenizer
    profile: DecodingProfile
    stop_ids: list[int]
    empty_summary_ids: Sequence[int] = ()

    @classmethod
    def from_renderer(cls, model: Any, renderer: PromptRenderer) -> "Decoder":
        """Return a decoder with the stop tokens and decoding profile of the renderer's format."""
        prompt_format = renderer.format
        empty = renderer.tokenize_summary("") if prompt_format.encoder_decoder else ()
        profile = limit_to_decoder(prompt_format.profile, prompt_format.summary_room)
        return cls(model, renderer.tokenizer, profile, prompt_format.stop_ids, empty)

    def __post_init__(self) -> None:
        """Reset the model's generation defaults, which transformers would use for unset fields.

        Those of the model inside an adapter too: of an encoder-decoder, peft generates with them.
        """
        model: Any = self.model
        for module in (model, model.get_base_model() if isinstance(model, PeftModel) else model):
            module.generation_config = GenerationConfig()

    def generate_batches(
        self, prompts: Sequence[TokenizedExample], *, skip: int = 0
    ) -> Iterator[Batch]:
        """Yield the predictions of one batch after another, each with the number of its row.

        skip  batches at the front that are done already. The plan depends on all rows and not on
              what is done, so that a resumed run generates the very same batches.
        """
        plan = plan_batches(prompts, self.profile.batch_rows)
        return map(self.batch_function(prompts), range(skip, len(plan)))

    def batch_function(self, prompts: Sequence[TokenizedExample]) -> Callable[[int], Batch]:
        """Return a function from the number of a batch, in the plan of all prompts, to the batch.

        The prefix cache of the prompts is computed once, here. Each batch is seeded by its number.
        """
        self.model.eval()
        self.check_ids(prompts)
        plan = plan_batches(prompts, self.profile.batch_rows)
        cache = None
        if self.profile.num_beams == 1 and not self.empty_summary_ids:  # beams copy the cache
            cache = compute_prefix_cache(self.model, [p.prompt_ids for p in prompts])

        def generate_batch(number: int) -> Batch:
            torch.manual_seed(self.profile.seed + number)
            predictions = self._generate([prompts[row] for row in plan[number]], cache)
            return list(zip(plan[number], predictions, strict=True))

        return generate_batch

    @torch.inference_mode()
    def _generate(
        self, prompts: Sequence[TokenizedExample], cache: PrefixCache | None
    ) -> list[Prediction]:
        inputs, input_length = self.generation_inputs(prompts, cache.ids if cache else ())
        generate: Any = self.model.generate
        output = generate(
            **inputs,
            generation_config=self.generation_config(),
            cache=cache.expand(len(prompts)) if cache else None,
        )  # (batch, input length + new tokens)
        new_ids = output[:, input_length:].tolist()
        return [self.to_prediction(p, ids) for p, ids in zip(prompts, new_ids, strict=True)]

    def generation_inputs(
        self, prompts: Sequence[TokenizedExample], prefix: Sequence[int] = ()
    ) -> tuple[dict[str, torch.Tensor], int]:
        """Return the tensors for `generate`, and how many of its output tokens are not new.

        A causal model gets input_ids and attention_mask (batch, length), padded on the left. An
        encoder-decoder gets them padded on the right, and decoder_input_ids (batch, opening).
        """
        if not self.empty_summary_ids:
            input_ids, mask = left_padded(prompts, self.pad_id, prefix)
            inputs = {"input_ids": input_ids, "attention_mask": mask}
            input_length = input_ids.shape[1]
        else:
            opening = self.decoder_opening().expand(len(prompts), -1)
            ids = [torch.tensor(p.prompt_ids) for p in prompts]
            padded = pad_sequence(ids, batch_first=True, padding_value=self.pad_id)
            mask = pad_sequence([torch.ones_like(i) for i in ids], batch_first=True)
            inputs = {"input_ids": padded, "attention_mask": mask, "decoder_input_ids": opening}
            input_length = opening.shape[1]
        return {name: value.to(self.model.device) for name, value in inputs.items()}, input_length

    def check_ids(self, prompts: Sequence[TokenizedExample]) -> None:
        """Raise SetupError where the tokenizer gives ids that the model has no embedding for."""
        embedding: Any = self.model.get_input_embeddings()
        rows = getattr(embedding, "num_embeddings", None)
        largest = max((max(p.prompt_ids, default=0) for p in prompts), default=0)
        if rows is not None and largest >= rows:
            raise SetupError(
                f"the tokenizer of this model gives the id {largest}, but its embedding has "
                f"{rows} rows: they do not belong together.\n"
                "  Copy the folder of the model again, or use the tokenizer it was trained with."
            )

    def decoder_opening(self) -> torch.Tensor:
        """Return the tokens that a decoder reads before the first word, (1, tokens), int64.

        As in training: the model's start token, and what the tokenizer puts before the words of a
        summary, which is <s> for BART and the language token for mBART.
        """
        model: Any = self.model
        ids = self.empty_summary_ids
        end = next(index for index, token in enumerate(ids) if token in self.stop_ids)
        opening: torch.Tensor = model.prepare_decoder_input_ids_from_labels(
            torch.tensor([list(ids)])
        )[:, : end + 1]
        return opening

    def to_prediction(self, prompt: TokenizedExample, new_ids: Sequence[int]) -> Prediction:
        """Decode the new tokens up to the first stop token, and set the finish reason."""
        stops = [i for i, token in enumerate(new_ids) if token in self.stop_ids]
        ids = list(new_ids[: stops[0]]) if stops else list(new_ids)
        return Prediction(
            id=prompt.id,
            prediction=str(self.tokenizer.decode(ids, skip_special_tokens=True)).strip(),
            finish_reason="stop" if stops else "length",
            prompt_tokens=len(prompt.prompt_ids),
            new_tokens=len(ids),
            document_tokens_cut=prompt.document_tokens_cut,
        )

    def generation_config(self) -> GenerationConfig:
        """Return the profile as a GenerationConfig that leaves no field to a model's defaults."""
        p = self.profile
        values: dict[str, Any] = {
            "max_new_tokens": p.max_new_tokens,
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
        if self.empty_summary_ids:
            values["decoder_start_token_id"] = int(self.decoder_opening()[0, 0])
        if p.num_beams > 1:
            values["length_penalty"] = p.length_penalty
        if p.do_sample:
            values |= {"temperature": p.temperature or 1.0, "top_p": p.top_p or 1.0}
            values["top_k"] = p.top_k or 0
        return GenerationConfig(**values)

    @property
    def pad_id(self) -> int:
        """Return the padding token, or the stop token of a tokenizer without one."""
        pad = self.tokenizer.pad_token_id
        return int(pad) if pad is not None else self.stop_ids[0]


def plan_batches(prompts: Sequence[TokenizedExample], batch_rows: int) -> list[list[int]]:
    """Return the row numbers of each batch: the longest prompts first, ties by row number."""
    order = sorted(range(len(prompts)), key=lambda r: (-len(prompts[r]), r))
    return [order[i : i + batch_rows] for i in range(0, len(order), batch_rows)]


def left_padded(
    prompts: Sequence[TokenizedExample], pad_id: int, prefix: Sequence[int] = ()
) -> tuple[torch.Tensor, torch.Tensor]:
    """Pad prompts on the left (padding_side="left"): the next token of all has the same position.

    prefix   tokens that all prompts begin with; the padding goes behind them
    returns  input_ids (batch, length) int64, mask (batch, length) int64, 1 over the prompt
    """
    length = max(len(p) for p in prompts)
    input_ids = torch.full((len(prompts), length), pad_id)
    mask = torch.zeros_like(input_ids)
    for row, prompt in enumerate(prompts):
        suffix = prompt.prompt_ids[len(prefix) :]
        input_ids[row, length - len(suffix) :] = torch.tensor(suffix)
        mask[row, length - len(suffix) :] = 1
    input_ids[:, : len(prefix)] = torch.tensor(prefix, dtype=torch.long)
    mask[:, : len(prefix)] = 1
    return input_ids, mask


def limit_to_decoder(profile: DecodingProfile, positions: int | None) -> DecodingProfile:
    """Return a profile that writes no more tokens than the decoder of BART and its like has places.

    positions  how many tokens the decoder reads; None: no limit. The last token it writes is not
               read again, and its start token is.
    """
    if positions is None or profile.max_new_tokens <= positions:
        return profile
    return replace(profile, max_new_tokens=positions)
