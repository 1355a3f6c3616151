"""The text of one summary piece by piece, as it is generated."""

from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import torch
from transformers import TextIteratorStreamer

from abrege.core.types import Prediction
from abrege.inference.decoder import Decoder
from abrege.prompts.prompt_format import TokenizedExample


def stream_text(decoder: Decoder, prompt: TokenizedExample) -> Generator[str, None, Prediction]:
    """Yield the text that a decoder without beams writes, piece by piece; return the prediction."""
    if not decoder.uses_packed:
        return (yield from stream_from_generate(decoder, prompt))
    shown, ids = "", []
    for ids in decoder.stream_ids(prompt):
        text = decoder.text_of(ids)
        if text.startswith(shown) and not text.endswith("\ufffd"):  # not within a character
            yield text[len(shown) :]
            shown = text
    yield decoder.text_of(ids).removeprefix(shown)
    return decoder.to_prediction(prompt, ids)


def stream_from_generate(
    decoder: Decoder, prompt: TokenizedExample
) -> Generator[str, None, Prediction]:
    """Yield the text that transformers' generate writes, piece by piece; return the prediction."""
    decoder.check_ids([prompt])
    inputs, input_length = decoder.generation_inputs([prompt])
    model: Any = decoder.model
    streamer = TextIteratorStreamer(decoder.tokenizer, skip_prompt=True, skip_special_tokens=True)

    def generate() -> Any:
        torch.manual_seed(decoder.profile.seed)
        try:
            return model.generate(
                **inputs, generation_config=decoder.generation_config(), streamer=streamer
            )
        finally:
            streamer.end()  # also after an error: the reader must not wait forever

    with ThreadPoolExecutor(1) as pool:
        output = pool.submit(generate)
        yield from streamer
        new_ids = output.result()[0, input_length:].tolist()
    return decoder.to_prediction(prompt, new_ids)
