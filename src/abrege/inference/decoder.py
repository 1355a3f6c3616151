"""Batched generation: tokenized prompts in, predictions out.

Causal models of Llama's shape are decoded on a CPU by abrege itself (`continuous_batching`), all
others by transformers' generate, in batches that are planned over all rows.
"""

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import torch
from peft import PeftModel
from torch.nn.utils.rnn import pad_sequence
from transformers import GenerationConfig, PreTrainedModel
from transformers import PreTrainedTokenizerBase as Tokenizer

from abrege.compute.cpu.packed_model import PackedCausalModel, pack_for_decoding
from abrege.core.errors import SetupError
from abrege.core.events import Note, OnEvent, silent
from abrege.core.types import Prediction
from abrege.inference.continuous_batching import ContinuousBatch
from abrege.inference.decoding_streams import DecodingStreams
from abrege.inference.next_token import NextToken
from abrege.inference.padding import left_padded, plan_batches
from abrege.inference.prefix_cache import PrefixCache, compute_prefix_cache
from abrege.prompts.prompt_format import DecodingProfile, PromptRenderer, TokenizedExample

Batch: TypeAlias = list[tuple[int, Prediction]]
"""Predictions, each with the number of its row."""
ROWS_PER_BATCH_ROW = 2
"""Rows that continuous batching has in flight on a stream: without padding, more rows pay."""
BATCHES_OF_A_TASK = 2
"""Rows of a worker's task in continuous batching, in batches: few, so that all have some."""


@dataclass(frozen=True)
class Decoder:
    """A model, its tokenizer, and how summaries are generated with them.

    empty_summary_ids  of an encoder-decoder: the ids of an empty summary, special tokens only
    packed             the weights packed for decoding; None: transformers' generate is used
    """

    model: PreTrainedModel
    tokenizer: Tokenizer
    profile: DecodingProfile
    stop_ids: list[int]
    empty_summary_ids: Sequence[int] = ()
    packed: PackedCausalModel | None = None

    @classmethod
    def from_renderer(
        cls,
        model: Any,
        renderer: PromptRenderer,
        *,
        packed: PackedCausalModel | None = None,
        on_event: OnEvent = silent,
    ) -> "Decoder":
        """Return a decoder with the stop tokens and decoding profile of the renderer's format.

        packed  of another decoder of the model; by default its present weights are packed
        """
        prompt_format = renderer.format
        empty = renderer.tokenize_summary("") if prompt_format.encoder_decoder else ()
        profile = limit_to_decoder(prompt_format.profile, prompt_format.summary_room)
        if packed is None and profile.num_beams == 1:
            packed = pack_for_decoding(model.eval(), on_event=on_event)
        return cls(model, renderer.tokenizer, profile, prompt_format.stop_ids, empty, packed)

    def __post_init__(self) -> None:
        """Reset the model's generation defaults, which transformers would use for unset fields.

        Those of the model inside an adapter too: of an encoder-decoder, peft generates with them.
        """
        model: Any = self.model
        for module in (model, model.get_base_model() if isinstance(model, PeftModel) else model):
            module.generation_config = GenerationConfig()

    def generate_batches(
        self,
        prompts: Sequence[TokenizedExample],
        *,
        skip: Collection[int] = (),
        on_event: OnEvent = silent,
    ) -> Iterator[Batch]:
        """Yield predictions as they are ready, each with the number of its row.

        skip  rows that are done already. Batches of transformers' generate depend on all rows and
              not on what is done, so that a resumed run generates the very same batches.
        """
        if self.uses_packed:
            yield from self._generate_packed(prompts, skip, on_event)
            return
        generate_batch = self.batch_function(prompts)
        for number, rows in enumerate(self.plan(prompts)):
            if not set(rows) <= set(skip):
                yield generate_batch(number)

    @property
    def uses_packed(self) -> bool:
        """Return whether abrege's own decoding is used: packed weights, no beams."""
        return self.packed is not None and self.profile.num_beams == 1

    def plan(self, prompts: Sequence[TokenizedExample]) -> list[list[int]]:
        """Return the rows of each batch; of continuous batching, of each worker's task."""
        rows = self.profile.batch_rows * (BATCHES_OF_A_TASK if self.uses_packed else 1)
        return plan_batches(prompts, rows)

    def _generate_packed(
        self, prompts: Sequence[TokenizedExample], skip: Collection[int], on_event: OnEvent
    ) -> Iterator[Batch]:
        assert self.packed is not None
        self.check_ids(prompts)
        rows = ROWS_PER_BATCH_ROW * self.profile.batch_rows
        choose = NextToken(self.profile, self.stop_ids)
        streams = DecodingStreams(self.packed, prompts, choose, rows=rows, skip=skip)
        if streams.most_rows < min(rows, len(prompts) - len(skip)):
            on_event(Note(f"memory holds the caches of {streams.most_rows} rows, not of {rows}"))
        for ended in streams:
            yield [(row.number, self.to_prediction(row.prompt, row.ids)) for row in ended]

    def stream_ids(self, prompt: TokenizedExample) -> Iterator[list[int]]:
        """Yield the new tokens so far, once a token, by abrege's own decoding (`uses_packed`)."""
        assert self.packed is not None
        self.check_ids([prompt])
        choose = NextToken(self.profile, self.stop_ids)
        batch = ContinuousBatch(self.packed, [prompt], choose, rows=1)
        while not (ended := batch.advance()):
            yield [token for row in batch.in_flight for token in row.ids]
        yield ended[0].ids

    def batch_function(self, prompts: Sequence[TokenizedExample]) -> Callable[[int], Batch]:
        """Return a function from the number of a batch, in the plan of all prompts, to the batch.

        Batches of transformers' generate share a prefix cache, and are seeded by their numbers.
        """
        self.model.eval()
        self.check_ids(prompts)
        plan = self.plan(prompts)
        if self.uses_packed:

            def generate_task(number: int) -> Batch:
                others = set(range(len(prompts))) - set(plan[number])
                ended = self._generate_packed(prompts, others, silent)
                return [prediction for batch in ended for prediction in batch]

            return generate_task
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
            prediction=self.text_of(ids).strip(),
            finish_reason="stop" if stops else "length",
            prompt_tokens=len(prompt.prompt_ids),
            new_tokens=len(ids),
            document_tokens_cut=prompt.document_tokens_cut,
        )

    def text_of(self, ids: Sequence[int]) -> str:
        """Return the text of new tokens, without special tokens."""
        return str(self.tokenizer.decode(list(ids), skip_special_tokens=True))

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


def limit_to_decoder(profile: DecodingProfile, positions: int | None) -> DecodingProfile:
    """Return a profile that writes no more tokens than the decoder of BART and its like has places.

    positions  how many tokens the decoder reads; None: no limit. The last token it writes is not
               read again, and its start token is.
    """
    if positions is None or profile.max_new_tokens <= positions:
        return profile
    return replace(profile, max_new_tokens=positions)
