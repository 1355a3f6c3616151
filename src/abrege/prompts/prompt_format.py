"""From a pair to prompt ids and summary ids: one format for training, evaluation and serving."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, NamedTuple

from abrege.core.errors import DataError
from abrege.core.io import write_json
from abrege.core.run_folder import MODEL_SETTINGS
from abrege.core.types import Pair
from abrege.prompts.chat_template import ChatFormat
from abrege.prompts.saved_settings import damaged, read_settings
from abrege.prompts.template import (
    STUDENT_PLACEHOLDERS,
    fill_template,
    meta_values,
    template_error,
)
from abrege.prompts.tokenizer import (
    Tokenizer,
    escape_special_tokens,
    set_language,
    token_ends,
)
from abrege.text.sentences import trim_to_sentence

EXAMPLE_SEPARATOR = "\n\n"
"""What separates few-shot examples outside a chat, and so ends a summary there."""


@dataclass(frozen=True, kw_only=True)
class DecodingProfile:
    """How summaries are generated; the fields are those of transformers' GenerationConfig.

    batch_rows  prompts that are generated together
    """

    max_new_tokens: int
    min_new_tokens: int = 0
    num_beams: int = 1
    length_penalty: float = 1.0
    no_repeat_ngram_size: int = 0
    do_sample: bool = False
    temperature: float | None = None
    top_p: float | None = None
    top_k: int | None = None
    seed: int = 0
    batch_rows: int = 32


@dataclass(frozen=True, kw_only=True)
class PromptFormat:
    """What the model is asked and how it answers; saved beside its weights as abrege.json.

    base_model       as in the recipe: folder, hub id, .gguf file or demo part
    dtype            as in the recipe; auto is resolved on each machine
    template         the prompt template
    system           the system message, in a chat
    chat             whether prompts go into the tokenizer's chat template
    chat_format      how they go into it
    max_tokens       most tokens of prompt and summary together; of an encoder, of the prompt
    stop_ids         stop tokens: the first ends every summary in training, any of them ends one in
                     decoding
    encoder_decoder  whether the prompt goes into an encoder, with the tokenizer's special tokens
    lang_code        the language token, of a tokenizer that has such tokens (mBART)
    summary_room     most tokens that the decoder of an encoder-decoder reads; None: no limit
    quantization     how the base model was quantized in training (qlora); None if it was not
    weights          hash of the weights beside abrege.json, where they were tuned or merged
    """

    base_model: str
    dtype: str
    template: str
    system: str | None
    chat: bool
    max_tokens: int
    stop_ids: list[int]
    profile: DecodingProfile
    chat_format: ChatFormat = field(default_factory=ChatFormat)
    lang: str | None = None
    encoder_decoder: bool = False
    lang_code: str | None = None
    summary_room: int | None = None
    quantization: Mapping[str, Any] | None = None
    weights: str | None = None

    def save(self, folder: Path) -> None:
        """Write abrege.json into the folder of the model."""
        write_json(folder / MODEL_SETTINGS, {"format": 1, **asdict(self)})

    @classmethod
    def load(cls, folder: Path) -> "PromptFormat":
        """Read abrege.json from the folder of a model.

        Raise DataError where there is none, and StateFileError where it is damaged.
        """
        path = folder / MODEL_SETTINGS
        if not path.is_file():
            raise DataError(
                f"{folder}: there is no {MODEL_SETTINGS}, so this model was not tuned by abrege.\n"
                "  Give the run folder of abrege run, or its tune folder."
            )
        saved = read_settings(path, cls)
        problem = template_error(saved.template, STUDENT_PLACEHOLDERS)
        if problem is not None or saved.max_tokens < 1:
            raise damaged(path, problem or f"max_tokens is {saved.max_tokens}")
        return saved


@dataclass(frozen=True)
class TokenizedExample:
    """A pair as token ids; `summary_ids` is empty where the summary is to be generated.

    The summary of a causal model ends with the stop token; that of an encoder-decoder has the
    special tokens that its tokenizer adds.
    """

    id: str
    prompt_ids: list[int]
    summary_ids: list[int]
    document_tokens: int
    document_tokens_cut: int

    def __len__(self) -> int:
        return len(self.prompt_ids) + len(self.summary_ids)


class FittedPrompt(NamedTuple):
    """A prompt whose document is truncated to the room there is."""

    document: str
    prompt_ids: list[int]
    document_tokens: int  # before truncation
    tokens_cut: int


class PromptRenderer:
    """Tokenizes pairs with one tokenizer and one prompt format.

    few_shot_examples  stand before every prompt; their documents must fit
    """

    def __init__(
        self,
        tokenizer: Tokenizer,
        prompt_format: PromptFormat,
        *,
        few_shot_examples: Sequence[Pair] = (),
    ) -> None:
        self.tokenizer = tokenizer
        self.format = prompt_format
        self.few_shot_examples = few_shot_examples
        self.escape = escape_special_tokens(tokenizer)

    def tokenize_pair(self, pair: Pair) -> TokenizedExample:
        """Tokenize a pair for training: its first reference is the summary to learn.

        Raise DataError if its summary is longer than the decoder reads.
        """
        summary_ids = self.tokenize_summary(pair.references[0])
        limit = self.format.summary_room
        if limit is not None and len(summary_ids) > limit:
            raise DataError(
                f"row {pair.id}: its summary has {len(summary_ids)} tokens, and the model's "
                f"decoder reads {limit}.\n  Drop the row, or take another model."
            )
        prompt = self._tokenize_prompt(pair, summary_tokens=len(summary_ids))
        return replace(prompt, summary_ids=summary_ids)

    def tokenize_prompt(self, pair: Pair) -> TokenizedExample:
        """Tokenize a pair for decoding: the same prompt as in training, without a summary."""
        return self._tokenize_prompt(pair, summary_tokens=0)

    def tokenize_summary(self, summary: str) -> list[int]:
        """Return the ids of a summary and of the stop token.

        It is tokenized apart from the prompt, so that no token spans both and labels begin at a
        known token. Outside a chat a space separates it from a prompt that ends in none. A summary
        of an encoder-decoder is tokenized as a target, with the tokenizer's special tokens.
        Special tokens that it contains as plain text are broken up, as in documents.
        """
        summary = self.escape(summary.strip())
        if self.format.encoder_decoder:
            set_language(self.tokenizer, self.format.lang_code)
            ids = list(self.tokenizer(text_target=summary, verbose=False)["input_ids"])
            return self._with_end(ids)
        text = self._separator + summary
        ids = self.tokenizer(text, add_special_tokens=False)["input_ids"]
        return [*ids, self.format.stop_ids[0]]

    def render(self, pair: Pair, document: str) -> str:
        """Return the prompt as text: few-shot examples, then the request, in a chat or not."""
        examples = self.few_shot_examples
        requests = [
            self.fill_request(example, self.escape(example.document)) for example in examples
        ]
        summaries = [self.escape(example.references[0].strip()) for example in examples]
        request = self.fill_request(pair, document)
        if not self.format.chat:
            turns = zip(requests, summaries, strict=True)
            before = [f"{asking}{self._separator}{summary}" for asking, summary in turns]
            return EXAMPLE_SEPARATOR.join([*before, request])
        messages = []
        if self.format.system is not None:
            messages.append({"role": "system", "content": self.format.system})
        for asking, summary in zip(requests, summaries, strict=True):
            messages.append({"role": "user", "content": asking})
            messages.append({"role": "assistant", "content": summary})
        messages.append({"role": "user", "content": request})
        return self.format.chat_format.render(self.tokenizer, messages)

    def full_prompt_ids(self, pair: Pair) -> list[int]:
        """Return the ids of a pair's prompt with its whole document, however long."""
        return self._encode(self.render(pair, self.escape(pair.document)))

    def truncate_document(self, pair: Pair, max_tokens: int) -> str:
        """Return the document, truncated so that prompt and summary have at most `max_tokens`."""
        summary_tokens = len(self.tokenize_summary(pair.references[0]))
        return self._truncate(pair, max_tokens - summary_tokens, summary_tokens).document

    def fit_prompt(self, pair: Pair, *, summary_tokens: int) -> FittedPrompt:
        """Truncate a prompt so that the summary fits, or the longest that decoding may write."""
        reserved = self.reserved_tokens(summary_tokens)
        return self._truncate(pair, self.format.max_tokens - reserved, reserved)

    def reserved_tokens(self, summary_tokens: int) -> int:
        """Return how many of max_tokens are left to the summary; none with an encoder."""
        most = max(self.format.profile.max_new_tokens, summary_tokens)
        return 0 if self.format.encoder_decoder else most

    def _tokenize_prompt(self, pair: Pair, *, summary_tokens: int) -> TokenizedExample:
        prompt = self.fit_prompt(pair, summary_tokens=summary_tokens)
        return TokenizedExample(
            pair.id, prompt.prompt_ids, [], prompt.document_tokens, prompt.tokens_cut
        )

    def fill_request(self, pair: Pair, document: str) -> str:
        """Return the filled prompt template: what the user asks, before any chat template."""
        meta = {key: self.escape(str(value)) for key, value in pair.meta.items()}
        values = {"document": document, **meta_values(meta)}
        return fill_template(self.format.template, values, where=f"row {pair.id}: prompt.template")

    def _truncate(self, pair: Pair, max_prompt_tokens: int, reserved: int) -> FittedPrompt:
        """Truncate the document, at the end of a sentence where one is near, until it fits.

        reserved  tokens left to the summary, for the message

        Raise DataError if nothing of the document fits.
        """
        document = self.escape(pair.document)
        document_tokens, end_of = token_ends(self.tokenizer, document)
        ids = self._encode(self.render(pair, document))
        if len(ids) <= max_prompt_tokens:
            return FittedPrompt(document, ids, document_tokens, 0)
        instruction_tokens = len(ids) - document_tokens
        length = max_prompt_tokens - instruction_tokens
        while length > 0:
            text = trim_to_sentence(document[: end_of(length)], pair.lang)
            ids = self._encode(self.render(pair, text))
            if len(ids) <= max_prompt_tokens:
                remaining = len(self.tokenizer(text, add_special_tokens=False)["input_ids"])
                return FittedPrompt(text, ids, document_tokens, document_tokens - remaining)
            length -= len(ids) - max_prompt_tokens  # words joined at the cut may need a token more
        needed = instruction_tokens + reserved
        raise DataError(
            f"row {pair.id}: the instruction needs {instruction_tokens} tokens and the summary "
            f"{reserved or 'none'}, which leaves nothing of "
            f"tune.max_length={self.format.max_tokens} for the document.\n"
            f"  Raise tune.max_length to more than {needed}, or drop the row."
        )

    def _with_end(self, ids: list[int]) -> list[int]:
        """Append the end token where the tokenizer of an encoder-decoder adds none."""
        ends = (self.tokenizer.eos_token_id, self.tokenizer.sep_token_id)
        return ids if any(i in ends for i in ids[-2:]) else [*ids, self.format.stop_ids[0]]

    def _encode(self, text: str) -> list[int]:
        """Return the ids of a prompt, with one leading BOS token where the model wants one.

        An encoder gets all special tokens; a causal model no EOS, since the summary follows.
        """
        if self.format.chat:
            return list(self.tokenizer(text, add_special_tokens=False, verbose=False)["input_ids"])
        set_language(self.tokenizer, self.format.lang_code)
        ids = list(self.tokenizer(text, verbose=False)["input_ids"])
        if self.format.encoder_decoder:
            return self._with_end(ids)
        while ids and ids[-1] in (self.tokenizer.eos_token_id, self.tokenizer.sep_token_id):
            ids.pop()
        return ids

    @property
    def _separator(self) -> str:
        """Return what separates a prompt from its summary outside a chat."""
        return "" if self.format.chat or self.format.template[-1:].isspace() else " "
