"""A model on this machine that is talked to: messages in, answers out, in batches."""

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
from abrege.models import device
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
from abrege.prompts.prompt_format import (
    DecodingProfile,
    PromptFormat,
    PromptRenderer,
    TokenizedExample,
)
from abrege.prompts.template import SUMMARY_CUES
from abrege.prompts.tokenizer import stop_token_ids, use_chat_template
from abrege.text.tokenize import primary_language

LONGEST = 8192
"""Room for prompt and answer in tokens, where the model itself has more."""


@dataclass(frozen=True)
class ChatReplies:
    """The answers of one batch, in the order of their questions, and how long they took."""

    predictions: list[Prediction]
    seconds: float


@dataclass(frozen=True)
class ChatModel:
    """A model that is opened when it is first asked."""

    renderer: PromptRenderer
    weights: str
    """Names the weights: a hash of the model's folder, or its hub id."""
    packing: str
    """How they are held: in which arithmetic, or in 4 bits."""
    device: str
    load: Callable[[], PreTrainedModel]

    @cached_property
    def decoder(self) -> Decoder:
        """Give the open model, and how it decodes; RecipeError where it cannot write."""
        loaded = self.load()
        if not loaded.config.is_encoder_decoder:
            check_causal(loaded, self.renderer.format.base_model)
        return Decoder.from_renderer(loaded, self.renderer)

    @property
    def room(self) -> int:
        """Give how many tokens a prompt and its answer may have."""
        return self.renderer.format.max_tokens

    def prompt(self, messages: Sequence[Mapping[str, str]]) -> list[int]:
        """Encode a talk that ends with a question; what stands before are its earlier turns."""
        system = [m["content"] for m in messages if m["role"] == "system"]
        turns = [m["content"] for m in messages if m["role"] != "system"]
        shots = [
            Pair(id="", document=asked, references=[said])
            for asked, said in zip(turns[:-1:2], turns[1::2], strict=True)
        ]
        rendering = replace(self.renderer.format, system=system[0] if system else None)
        renderer = PromptRenderer(self.renderer.tokenizer, rendering, few_shot_examples=shots)
        return renderer.full_prompt_ids(Pair(id="", document=turns[-1], references=[]))

    def answer(
        self,
        talks: Sequence[Sequence[Mapping[str, str]]],
        *,
        key: str,
        temperature: float,
        top_p: float | None,
        max_new_tokens: int,
    ) -> ChatReplies:
        """Answer talks in one batch, sampled anew for each `key`; temperature 0 is greedy."""
        began = time.perf_counter()
        seed = int.from_bytes(hashlib.blake2b(key.encode(), digest_size=4).digest())
        profile = replace(
            self.decoder.profile,
            max_new_tokens=max_new_tokens,
            do_sample=temperature > 0,
            temperature=temperature or None,
            top_p=top_p if temperature > 0 else None,
            seed=seed,
            batch_rows=len(talks),
        )
        prompts = [
            TokenizedExample(str(n), ids, [], len(ids), 0)
            for n, ids in enumerate(map(self.prompt, talks))
        ]
        with device.retained_heap():
            [batch] = replace(self.decoder, profile=profile).generate_batches(prompts)
        found = dict(batch)
        predictions = [found[n] for n in range(len(talks))]
        return ChatReplies(predictions, time.perf_counter() - began)


def load_chat_model(
    model: str,
    *,
    lang: str | None = None,
    four_bits: bool = False,
    dtype: str = "auto",
    on_event: OnEvent = silent,
) -> ChatModel:
    """Find a model in a folder, on the hub, in a .gguf file or a demo part.

    lang  of the word after which a model without a chat template is to go on with a summary
    """
    located = resolve_model(model, on_event=on_event)
    tokenizer = load_tokenizer(located)
    machine = device.choose_device(dtype)
    config = load_config(located)
    check_can_write(config, model)
    chat = use_chat_template(tokenizer, "auto")
    goes_on = not (chat or config.is_encoder_decoder)
    answer = SUMMARY_CUES.get(primary_language(lang) or "en", SUMMARY_CUES["en"])
    rendering = PromptFormat(
        base_model=model,
        dtype=machine.dtype,
        template=f"{{document}}\n\n{answer}" if goes_on else "{document}",
        system=None,
        chat=chat,
        max_tokens=min(seq2seq.max_positions(config, "encoder", LONGEST), LONGEST),
        stop_ids=stop_token_ids(tokenizer, chat=chat),
        profile=DecodingProfile(max_new_tokens=1),
        **seq2seq.seq2seq_fields(config, tokenizer, lang),
    )
    return ChatModel(
        PromptRenderer(tokenizer, rendering),
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
