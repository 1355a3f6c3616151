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
from abrege.models.load import check_causal, load_model, load_tokenizer, load_tuned, resolve_model
from abrege.prompts import seq2seq as sides
from abrege.prompts.prompt_format import (
    Profile,
    Renderer,
    Rendering,
    stop_ids,
    template_for,
    use_chat,
)

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
    renderer: Renderer
    weights: str = ""
    """Names the weights: a hash of the adapter, or of an untuned model's folder."""

    def batch(
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
        prompts = [self.renderer.prompt(pair) for pair in pairs]
        found: dict[int, Prediction] = {}
        for batch in replace(self.decoder, profile=profile).decode(prompts):
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
            [answer] = self.batch([pair], max_new_tokens=max_new_tokens)
            yield answer.prediction
            return answer
        prompt = self.renderer.prompt(pair)
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
                    generation_config=self.decoder.config(max_new_tokens),
                    streamer=streamer,
                )
            finally:
                streamer.end()  # also where decoding failed: the reader must not wait for ever

        with ThreadPoolExecutor(1) as pool:
            output = pool.submit(generate)
            yield from streamer
            new_ids = output.result()[0, before:].tolist()
        return self.decoder.prediction(prompt, new_ids)


def open_model(folder: Path, *, on_event: OnEvent = silent) -> Summarizer:
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
    rendering = Rendering.load(inside)
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
    renderer = Renderer(tokenizer, rendering)
    weights = hash_weights(inside)
    return Summarizer(Decoder.over(tuned, renderer), renderer, weights)


def open_untuned(
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
    chat = use_chat(tokenizer, "auto")
    reads = sides.room(loaded.config, "encoder", LONGEST)
    renderings = {
        lang: Rendering(
            base_model=model,
            dtype="auto",
            template=template_for(None, lang, chat=chat),
            system=None,
            chat=chat,
            max_tokens=min(reads, LONGEST),
            stop_ids=stop_ids(tokenizer, chat=chat),
            profile=Profile(max_new_tokens=MOST_NEW),
            lang=lang,
            **sides.of(loaded.config, tokenizer, lang),
        )
        for lang in langs
    }
    renderers = {lang: Renderer(tokenizer, known) for lang, known in renderings.items()}
    name = hash_path(Path(located)) if Path(located).is_dir() else located
    return {
        lang: Summarizer(Decoder.over(loaded, renderer), renderer, name)
        for lang, renderer in renderers.items()
    }
