"""The job itself: a tuned model that summarises new text with the rendering it was trained on."""

from collections.abc import Generator, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from transformers import TextIteratorStreamer

from abrege.core.errors import DataError
from abrege.core.events import OnEvent, Progress, silent
from abrege.core.hashing import hash_path
from abrege.core.run_folder import find_tuned_folder, hash_weights
from abrege.core.types import Pair, Prediction
from abrege.inference.decoder import Decoder
from abrege.models import device
from abrege.models.load import check_causal, load_model, load_tokenizer, load_tuned
from abrege.models.resolve import resolve_model
from abrege.prompts import seq2seq
from abrege.prompts.prompt_format import DecodingProfile, PromptFormat, PromptRenderer
from abrege.prompts.template import prompt_template
from abrege.prompts.tokenizer import stop_token_ids, use_chat_template

MOST_NEW = 128
"""The longest summary of a model that was not tuned, in tokens."""
LONGEST = 2048
"""Room for its prompt and summary, in tokens."""
ADAPTER = "adapter_config.json"
HOLDS = (ADAPTER, "config.json")
"""Of a tuned model's folder, which says what it holds: an adapter, or whole weights."""


@dataclass(frozen=True)
class Summarizer:
    """An open model; texts go in as pairs without references."""

    decoder: Decoder
    renderer: PromptRenderer
    weights: str = ""
    """Names the weights: a hash of the adapter, or of an untuned model's folder."""

    def summarize_pairs(
        self,
        pairs: Sequence[Pair],
        *,
        max_new_tokens: int | None = None,
        on_event: OnEvent = silent,
    ) -> Iterator[Prediction]:
        """Yield the summary of each pair, in order."""
        profile = self.decoder.profile
        if max_new_tokens:
            profile = replace(profile, max_new_tokens=max_new_tokens)
        prompts = [self.renderer.tokenize_prompt(pair) for pair in pairs]
        found: dict[int, Prediction] = {}
        for batch in replace(self.decoder, profile=profile).generate_batches(prompts):
            found.update(batch)
            on_event(Progress("summarize", len(found), len(prompts)))
        for row in range(len(prompts)):
            yield found[row]

    def stream(
        self,
        document: str,
        *,
        meta: Mapping[str, Any] | None = None,
        max_new_tokens: int | None = None,
    ) -> Generator[str, None, Prediction]:
        """Yield the summary of one text in pieces, as they are decoded; return the prediction."""
        pair = Pair(id="text", document=document, references=[], meta=meta or {})
        if self.decoder.profile.num_beams > 1:  # beams change their minds: nothing to stream
            [answer] = self.summarize_pairs([pair], max_new_tokens=max_new_tokens)
            yield answer.prediction
            return answer
        prompt = self.renderer.tokenize_prompt(pair)
        inputs, before = self.decoder.inputs([prompt])
        model: Any = self.decoder.model
        streamer = TextIteratorStreamer(
            self.decoder.tokenizer, skip_prompt=True, skip_special_tokens=True
        )

        def generate() -> Any:
            torch.manual_seed(self.decoder.profile.seed)
            try:
                return model.generate(
                    **inputs,
                    generation_config=self.decoder.generation_config(max_new_tokens),
                    streamer=streamer,
                )
            finally:
                streamer.end()  # also where decoding failed: the reader must not wait for ever

        with ThreadPoolExecutor(1) as pool:
            output = pool.submit(generate)
            yield from streamer
            new_ids = output.result()[0, before:].tolist()
        return self.decoder.prediction(prompt, new_ids)


def load_summarizer(folder: Path, *, on_event: OnEvent = silent) -> Summarizer:
    """Open a tuned model: a run folder, its tune folder, or a folder of whole weights.

    DataError where it is none of them.
    """
    inside = find_tuned_folder(folder)
    if inside is None or not any((inside / name).is_file() for name in HOLDS):
        raise DataError(
            f"{folder}: there is no tuned model here.\n"
            "  Give the run folder of a finished abrege run, its tune folder, or one that abrege "
            "export wrote."
        )
    rendering = PromptFormat.load(inside)
    machine = device.choose_device(rendering.dtype)
    tokenizer = load_tokenizer(str(inside))
    tuned = load_tuned(
        inside,
        rendering.base_model,
        machine.torch_dtype,
        machine.device,
        quantization=rendering.quantization,
        on_event=on_event,
    )
    renderer = PromptRenderer(tokenizer, rendering)
    weights = hash_weights(inside)
    return Summarizer(Decoder.from_renderer(tuned, renderer), renderer, weights)


def load_untuned_summarizers(
    model: str, langs: Sequence[str], *, on_event: OnEvent = silent
) -> dict[str, Summarizer]:
    """Open any model that writes, to be asked with the plain request of each language.

    model    a folder, hub id, .gguf file or demo part
    returns  language → the one model, as it is asked in it
    """
    located = resolve_model(model, on_event=on_event)
    tokenizer = load_tokenizer(located)
    machine = device.choose_device("auto")
    loaded = load_model(located, machine.torch_dtype, machine.device)
    if not loaded.config.is_encoder_decoder:
        check_causal(loaded, model)
    chat = use_chat_template(tokenizer, "auto")
    reads = seq2seq.max_positions(loaded.config, "encoder", LONGEST)
    renderings = {
        lang: PromptFormat(
            base_model=model,
            dtype="auto",
            template=prompt_template(None, lang, chat=chat),
            system=None,
            chat=chat,
            max_tokens=min(reads, LONGEST),
            stop_ids=stop_token_ids(tokenizer, chat=chat),
            profile=DecodingProfile(max_new_tokens=MOST_NEW),
            lang=lang,
            **seq2seq.seq2seq_fields(loaded.config, tokenizer, lang),
        )
        for lang in langs
    }
    renderers = {lang: PromptRenderer(tokenizer, known) for lang, known in renderings.items()}
    name = hash_path(Path(located)) if Path(located).is_dir() else located
    return {
        lang: Summarizer(Decoder.from_renderer(loaded, renderer), renderer, name)
        for lang, renderer in renderers.items()
    }
