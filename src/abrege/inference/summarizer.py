"""A model that summarizes texts with the prompt format that it was tuned with."""

from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal, overload

from abrege.compute.cpu.packed_model import pack_for_decoding
from abrege.core.errors import DataError, StateFileError
from abrege.core.events import Note, OnEvent, Progress, silent
from abrege.core.hashing import hash_path
from abrege.core.run_folder import MODEL_SETTINGS, find_tuned_folder, hash_weights
from abrege.core.types import Pair, Prediction
from abrege.inference.decoder import Decoder, limit_to_decoder
from abrege.inference.streaming import stream_text
from abrege.models.load import (
    check_causal,
    choose_device_for,
    load_model,
    load_tokenizer,
    load_tuned,
)
from abrege.models.resolve import ADAPTER_CONFIG, resolve_model
from abrege.prompts import seq2seq
from abrege.prompts.chat_template import chat_fields, check_shows_words
from abrege.prompts.prompt_format import DecodingProfile, PromptFormat, PromptRenderer
from abrege.prompts.template import prompt_template
from abrege.prompts.tokenizer import use_chat_template

UNTUNED_MAX_NEW_TOKENS = 128
UNTUNED_MAX_LENGTH = 2048  # tokens of prompt and summary together
CONFIG_FILES = ("adapter_config.json", "config.json")  # one of them is in a tuned model's folder


class Summary(str):
    """A summary: a str that also knows how it was generated.

    finish_reason        "stop", or "length" if it reached max_new_tokens and may be unfinished
    prompt_tokens        tokens of the prompt
    new_tokens           tokens of the summary
    document_tokens_cut  tokens at the end of the document that did not fit, and were not read
    """

    finish_reason: Literal["stop", "length"] | None = None
    prompt_tokens: int = 0
    new_tokens: int = 0
    document_tokens_cut: int = 0

    @classmethod
    def from_prediction(cls, prediction: Prediction) -> "Summary":
        """Return the text of a prediction with its counts."""
        summary = cls(prediction.prediction)
        summary.finish_reason = prediction.finish_reason
        summary.prompt_tokens = prediction.prompt_tokens
        summary.new_tokens = prediction.new_tokens
        summary.document_tokens_cut = prediction.document_tokens_cut
        return summary


@dataclass(frozen=True)
class Summarizer:
    """A loaded model, ready to summarize.

    weights  identifies the weights: a hash of the adapter, or of an untuned model's folder
    """

    decoder: Decoder
    renderer: PromptRenderer
    weights: str = ""

    @overload
    def summarize(  # type: ignore[overload-overlap]  # a str is a Sequence[str] too
        self,
        documents: str,
        *,
        meta: Mapping[str, Any] | None = None,
        max_new_tokens: int | None = None,
        on_event: OnEvent = silent,
    ) -> Summary: ...

    @overload
    def summarize(
        self,
        documents: Sequence[str],
        *,
        meta: Mapping[str, Any] | None = None,
        max_new_tokens: int | None = None,
        on_event: OnEvent = silent,
    ) -> list[Summary]: ...

    def summarize(
        self,
        documents: str | Sequence[str],
        *,
        meta: Mapping[str, Any] | None = None,
        max_new_tokens: int | None = None,
        on_event: OnEvent = silent,
    ) -> Summary | list[Summary]:
        """Return the summary of a text, or the summaries of several, in order.

        documents       one text, or a sequence of texts, which are generated in batches
        meta            values of {meta.KEY} in the prompt template, for all texts
        max_new_tokens  most tokens of a summary; by default as in the run

        Raise DataError if the template needs a key that `meta` lacks, or if the instruction alone
        is longer than the model reads.
        """
        is_single = isinstance(documents, str)
        texts = [documents] if isinstance(documents, str) else documents
        pairs = [_unlabelled_pair(text, meta, id=str(row)) for row, text in enumerate(texts)]
        summaries = [
            Summary.from_prediction(prediction)
            for prediction in self.summarize_pairs(
                pairs, max_new_tokens=max_new_tokens, on_event=on_event
            )
        ]
        return summaries[0] if is_single else summaries

    def summarize_pairs(
        self,
        pairs: Sequence[Pair],
        *,
        max_new_tokens: int | None = None,
        on_event: OnEvent = silent,
    ) -> Iterator[Prediction]:
        """Yield a prediction for each pair, in order; references are not read."""
        decoder, renderer = self._with_limit(max_new_tokens)
        prompts = [renderer.tokenize_prompt(pair) for pair in pairs]
        predictions: dict[int, Prediction] = {}
        for batch in decoder.generate_batches(prompts):
            predictions.update(batch)
            on_event(Progress("summarize", len(predictions), len(prompts)))
        for row in range(len(prompts)):
            yield predictions[row]

    def _with_limit(self, max_new_tokens: int | None) -> tuple[Decoder, PromptRenderer]:
        """Return the decoder and the renderer for another limit of the summary.

        A longer summary takes its tokens from the document, so that both fit the positions; at
        most half of them.
        """
        if max_new_tokens is None:
            return self.decoder, self.renderer
        prompt_format = self.renderer.format
        default = prompt_format.profile.max_new_tokens
        reserved = max(default, max_new_tokens)
        if not prompt_format.encoder_decoder:
            reserved = max(default, min(reserved, prompt_format.max_tokens // 2))
        wider = replace(prompt_format.profile, max_new_tokens=reserved)
        renderer = PromptRenderer(self.renderer.tokenizer, replace(prompt_format, profile=wider))
        own = replace(self.decoder.profile, max_new_tokens=min(max_new_tokens, reserved))
        limited = limit_to_decoder(own, prompt_format.summary_room)
        return replace(self.decoder, profile=limited), renderer

    def stream(
        self,
        document: str,
        *,
        meta: Mapping[str, Any] | None = None,
        max_new_tokens: int | None = None,
    ) -> Generator[str, None, Prediction]:
        """Yield the summary of a text piece by piece, as it is generated; return the prediction.

        With several beams the summary comes in one piece, at the end.
        """
        pair = _unlabelled_pair(document, meta, id="text")
        if self.decoder.profile.num_beams > 1:  # beams may still change what they began with
            [prediction] = self.summarize_pairs([pair], max_new_tokens=max_new_tokens)
            yield prediction.prediction
            return prediction
        decoder, renderer = self._with_limit(max_new_tokens)
        prompt = renderer.tokenize_prompt(pair)
        return (yield from stream_text(decoder, prompt))


def load(model: str | Path, *, lang: str | None = None, on_event: OnEvent = silent) -> Summarizer:
    """Load a tuned model, or any other with the default prompt of a language.

    model  a run folder, its tune folder or an exported model; or any folder, hub id, .gguf file or
           demo part
    lang   the language of an untuned model's prompt; English if None

    Raise RecipeError or SetupError if the model cannot be loaded or cannot write.
    """
    folder = Path(model).expanduser()
    unfinished = folder.is_dir() and not any((folder / name).is_file() for name in CONFIG_FILES)
    if find_tuned_folder(folder) is not None or unfinished:
        return load_summarizer(folder, on_event=on_event)
    lang = lang or "en"
    on_event(Note(f"{model}: this model was not tuned by abrege; the prompt is the default one"))
    return load_untuned_summarizers(str(model), [lang], on_event=on_event)[lang]


def load_summarizer(
    folder: Path, *, dtype: str | None = None, on_event: OnEvent = silent
) -> Summarizer:
    """Load a tuned model from a run folder, its tune folder, or a folder of merged weights.

    dtype  to load it in; by default as it was tuned

    Raise DataError if the folder holds none.
    """
    tuned_folder = find_tuned_folder(folder)
    if tuned_folder and not any((tuned_folder / name).is_file() for name in CONFIG_FILES):
        raise DataError(
            f"{tuned_folder}: {' and '.join(CONFIG_FILES)} are missing, one of which says what "
            "weights these are.\n  Copy the whole folder again, or run abrege tune."
        )
    if tuned_folder is None:
        raise DataError(
            f"{folder}: there is no tuned model here.\n"
            "  Give the run folder of a finished abrege run, its tune folder, or one that abrege "
            "export wrote."
        )
    prompt_format = PromptFormat.load(tuned_folder)
    is_adapter = (tuned_folder / ADAPTER_CONFIG).is_file()
    config_of = resolve_model(prompt_format.base_model) if is_adapter else str(tuned_folder)
    machine = choose_device_for(config_of, dtype or prompt_format.dtype)
    tokenizer = load_tokenizer(str(tuned_folder))
    if prompt_format.chat:
        check_shows_words(tokenizer, prompt_format.chat_format)
    model = load_tuned(
        tuned_folder,
        prompt_format.base_model,
        machine.torch_dtype,
        machine.device,
        quantization=prompt_format.quantization,
        on_event=on_event,
    )
    if model.config.is_encoder_decoder != prompt_format.encoder_decoder:
        raise StateFileError(
            f"{tuned_folder / MODEL_SETTINGS}: encoder_decoder is {prompt_format.encoder_decoder}, "
            "which this model is not.\n  Copy the whole folder again, or run abrege tune."
        )
    renderer = PromptRenderer(tokenizer, prompt_format)
    decoder = Decoder.from_renderer(model, renderer, on_event=on_event)
    return Summarizer(decoder, renderer, hash_weights(tuned_folder))


def load_untuned_summarizers(
    model: str, langs: Sequence[str], *, on_event: OnEvent = silent
) -> dict[str, Summarizer]:
    """Load a model once, and return a summarizer for each language, with its default prompt.

    model  a folder, hub id, .gguf file or demo part
    """
    located = resolve_model(model, on_event=on_event)
    tokenizer = load_tokenizer(located)
    machine = choose_device_for(located, "auto")
    loaded = load_model(located, machine.torch_dtype, machine.device)
    if not loaded.config.is_encoder_decoder:
        check_causal(loaded, model)
    chat = use_chat_template(tokenizer, "auto")
    chat_values = chat_fields(tokenizer, chat=chat, on_event=on_event)
    positions = seq2seq.max_positions(loaded.config, "encoder", UNTUNED_MAX_LENGTH)
    formats = {
        lang: PromptFormat(
            base_model=model,
            dtype="auto",
            template=prompt_template(None, lang, chat=chat),
            system=None,
            max_tokens=min(positions, UNTUNED_MAX_LENGTH),
            **chat_values,
            profile=DecodingProfile(max_new_tokens=UNTUNED_MAX_NEW_TOKENS),
            lang=lang,
            **seq2seq.seq2seq_fields(loaded.config, tokenizer, lang),
        )
        for lang in langs
    }
    renderers = {lang: PromptRenderer(tokenizer, format_) for lang, format_ in formats.items()}
    weights = hash_path(Path(located)) if Path(located).is_dir() else located
    packed = pack_for_decoding(loaded.eval(), on_event=on_event)
    return {
        lang: Summarizer(Decoder.from_renderer(loaded, renderer, packed=packed), renderer, weights)
        for lang, renderer in renderers.items()
    }


def _unlabelled_pair(document: str, meta: Mapping[str, Any] | None, *, id: str) -> Pair:  # noqa: A002
    return Pair(id=id, document=document, references=[], meta=meta or {})
