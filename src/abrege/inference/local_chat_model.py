"""A chat model on this machine: conversations in, replies out, in batches."""

import hashlib
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from pathlib import Path

from transformers import PreTrainedModel

from abrege.core.events import OnEvent, silent
from abrege.core.hashing import hash_path
from abrege.core.types import Pair, Prediction
from abrege.inference.decoder import Decoder
from abrege.models.device import choose_device, retained_heap
from abrege.models.load import (
    check_can_write,
    check_causal,
    load_config,
    load_model,
    load_tokenizer,
)
from abrege.models.quantization import WeightQuantization
from abrege.models.resolve import resolve_model
from abrege.prompts import seq2seq
from abrege.prompts.chat_template import chat_fields
from abrege.prompts.prompt_format import (
    DecodingProfile,
    PromptFormat,
    PromptRenderer,
    TokenizedExample,
)
from abrege.prompts.template import SUMMARY_CUES
from abrege.prompts.tokenizer import use_chat_template
from abrege.text.tokenize import primary_language

MAX_LENGTH = 8192  # tokens of prompt and reply together, unless the model reads less


@dataclass(frozen=True)
class ChatReplies:
    """The replies to the conversations of a batch, in their order, and the time they took."""

    predictions: list[Prediction]
    seconds: float


@dataclass(frozen=True)
class ChatModel:
    """A model whose weights are loaded when it is first used.

    weights        identifies the weights: a hash of the model's folder, or its hub id
    weight_format  the dtype of the weights, or nf4 where they are quantized to 4 bits
    """

    renderer: PromptRenderer
    weights: str
    weight_format: str
    device: str
    load: Callable[[], PreTrainedModel]

    @cached_property
    def decoder(self) -> Decoder:
        """Load the model and return its decoder; raise RecipeError if it cannot write."""
        model = self.load()
        if not model.config.is_encoder_decoder:
            check_causal(model, self.renderer.format.base_model)
        return Decoder.from_renderer(model, self.renderer)

    @property
    def max_length(self) -> int:
        """Return the most tokens that a prompt and its reply may have together."""
        return self.renderer.format.max_tokens

    def tokenize(self, messages: Sequence[Mapping[str, str]]) -> list[int]:
        """Return the prompt ids of a conversation that ends with a user's message."""
        system = [m["content"] for m in messages if m["role"] == "system"]
        turns = [m["content"] for m in messages if m["role"] != "system"]
        earlier = [
            Pair(id="", document=user, references=[assistant])
            for user, assistant in zip(turns[:-1:2], turns[1::2], strict=True)
        ]
        prompt_format = replace(self.renderer.format, system=system[0] if system else None)
        renderer = PromptRenderer(self.renderer.tokenizer, prompt_format, few_shot_examples=earlier)
        return renderer.full_prompt_ids(Pair(id="", document=turns[-1], references=[]))

    def reply(
        self,
        conversations: Sequence[Sequence[Mapping[str, str]]],
        *,
        key: str,
        temperature: float,
        top_p: float | None,
        max_new_tokens: int,
    ) -> ChatReplies:
        """Return the replies to conversations, generated in one batch.

        key          seeds the sampling: another key draws other replies
        temperature  0 decodes greedily
        """
        start = time.perf_counter()
        seed = int.from_bytes(hashlib.blake2b(key.encode(), digest_size=4).digest())
        profile = replace(
            self.decoder.profile,
            max_new_tokens=max_new_tokens,
            do_sample=temperature > 0,
            temperature=temperature or None,
            top_p=top_p if temperature > 0 else None,
            seed=seed,
            batch_rows=len(conversations),
        )
        prompts = [
            TokenizedExample(str(row), ids, [], len(ids), 0)
            for row, ids in enumerate(map(self.tokenize, conversations))
        ]
        with retained_heap():
            batches = list(replace(self.decoder, profile=profile).generate_batches(prompts))
        by_row = {row: prediction for batch in batches for row, prediction in batch}
        predictions = [by_row[row] for row in range(len(conversations))]
        return ChatReplies(predictions, time.perf_counter() - start)


def load_chat_model(
    model: str,
    *,
    lang: str | None = None,
    four_bits: bool = False,
    dtype: str = "auto",
    on_event: OnEvent = silent,
) -> ChatModel:
    """Return a model from a folder, the hub, a .gguf file or a demo part; weights are loaded later.

    lang       language of the cue that ends the prompt of a model without chat template
    four_bits  whether to quantize the weights to 4 bits

    Raise RecipeError if the model cannot write text.
    """
    located = resolve_model(model, on_event=on_event)
    tokenizer = load_tokenizer(located)
    config = load_config(located)
    machine = choose_device(dtype, config.model_type)
    check_can_write(config, model)
    chat = use_chat_template(tokenizer, "auto")
    needs_cue = not (chat or config.is_encoder_decoder)
    cue = SUMMARY_CUES.get(primary_language(lang) or "en", SUMMARY_CUES["en"])
    prompt_format = PromptFormat(
        base_model=model,
        dtype=machine.dtype,
        template=f"{{document}}\n\n{cue}" if needs_cue else "{document}",
        system=None,
        max_tokens=min(seq2seq.max_positions(config, "encoder", MAX_LENGTH), MAX_LENGTH),
        **chat_fields(tokenizer, chat=chat, on_event=on_event),
        profile=DecodingProfile(max_new_tokens=1),
        **seq2seq.seq2seq_fields(config, tokenizer, lang),
    )
    return ChatModel(
        PromptRenderer(tokenizer, prompt_format),
        hash_path(Path(located)) if Path(located).is_dir() else located,
        "nf4" if four_bits else machine.dtype,
        machine.device,
        partial(
            load_model,
            located,
            machine.torch_dtype,
            machine.device,
            quantization=WeightQuantization() if four_bits else None,
        ),
    )
