"""The job itself: a tuned model that summarises new text with the rendering it was trained on."""

from collections.abc import Generator, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from transformers import TextIteratorStreamer

from abrege import store
from abrege.errors import DataError, RecipeError
from abrege.events import OnEvent, Progress, silent
from abrege.model import device
from abrege.model.decoding import Decoder, left_padded
from abrege.model.loading import check_causal, load_adapter, load_model, load_tokenizer, locate
from abrege.model.rendering import (
    Profile,
    Renderer,
    Rendering,
    stop_ids,
    template_for,
    use_chat,
)
from abrege.records import Pair, Prediction

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
        input_ids, mask = left_padded([prompt], self.decoder.pad_id)
        model: Any = self.decoder.model
        streamer = TextIteratorStreamer(
            self.decoder.tokenizer, skip_prompt=True, skip_special_tokens=True
        )

        def generate() -> Any:
            torch.manual_seed(self.decoder.profile.seed)
            try:
                return model.generate(
                    input_ids=input_ids.to(model.device),
                    attention_mask=mask.to(model.device),
                    generation_config=self.decoder.config(max_new_tokens),
                    streamer=streamer,
                )
            finally:
                streamer.end()  # also where decoding failed: the reader must not wait for ever

        with ThreadPoolExecutor(1) as pool:
            output = pool.submit(generate)
            yield from streamer
            new_ids = output.result()[0, input_ids.shape[1] :].tolist()
        return self.decoder.prediction(prompt, new_ids)


def open_model(folder: Path, *, on_event: OnEvent = silent) -> Summarizer:
    """Open a tuned model: a run folder, its tune folder, or a folder of whole weights.

    DataError where it is none of them.
    """
    inside = store.tuned_folder(folder)
    if inside is None or not any((inside / name).is_file() for name in HOLDS):
        raise DataError(
            f"{folder}: there is no tuned model here.\n"
            "  Give the run folder of a finished abrege run, its tune folder, or one that abrege "
            "export wrote."
        )
    rendering = Rendering.load(inside)
    machine = device.choose(rendering.dtype)
    is_adapter = (inside / ADAPTER).is_file()
    located = locate(rendering.base_model if is_adapter else str(inside), on_event=on_event)
    model: Any = load_model(located, machine.torch_dtype, machine.device)
    if is_adapter:
        model = load_adapter(model, inside)
    tokenizer = load_tokenizer(str(inside))
    decoder = Decoder(model, tokenizer, rendering.profile, rendering.stop_ids)
    return Summarizer(decoder, Renderer(tokenizer, rendering), store.weights(inside))


def open_untuned(
    model: str, langs: Sequence[str], *, on_event: OnEvent = silent
) -> dict[str, Summarizer]:
    """Open any causal model, to be asked with the plain request of each language.

    model    a folder, hub id, .gguf file or demo part
    returns  language → the one model, as it is asked in it
    """
    located = locate(model, on_event=on_event)
    tokenizer = load_tokenizer(located)
    machine = device.choose("auto")
    loaded = load_model(located, machine.torch_dtype, machine.device)
    if loaded.config.is_encoder_decoder or not loaded.can_generate():
        raise RecipeError(f"{model}: this is no causal model, and only such can be asked yet.")
    check_causal(loaded, model)
    chat = use_chat(tokenizer, "auto")
    positions = getattr(loaded.config.get_text_config(), "max_position_embeddings", None)
    stops = stop_ids(tokenizer, chat=chat)
    profile = Profile(max_new_tokens=MOST_NEW)
    decoder = Decoder(loaded, tokenizer, profile, stops)
    name = store.fingerprint(Path(located)) if Path(located).is_dir() else located
    return {
        lang: Summarizer(
            decoder,
            Renderer(
                tokenizer,
                Rendering(
                    base_model=model,
                    dtype="auto",
                    template=template_for(None, lang, chat=chat),
                    system=None,
                    chat=chat,
                    max_tokens=min(positions or LONGEST, LONGEST),
                    stop_ids=stops,
                    profile=profile,
                    lang=lang,
                ),
            ),
            name,
        )
        for lang in langs
    }
