"""What a preview holds: rows as the model sees them, their tokens, and the parts of prompts."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True)
class PreviewToken:
    """A token: `text` is what it adds to the text before it, which may be part of a character.

    trained  whether the token has a label, so that the loss counts it
    """

    id: int
    text: str
    trained: bool
    unknown: bool = False


@dataclass(frozen=True)
class PromptPart:
    """A piece of the prompt and where it is from.

    source  "chat template", "system", "instruction", "document", or "prompt" where the chat
            template changes the user's words, so that they cannot be told apart
    """

    source: str
    text: str


@dataclass(frozen=True, kw_only=True)
class GenerationPrompt:
    """The prompt of a system that generates, where it is not the prompt of training.

    examples  ids of its few-shot examples
    """

    system: str
    text: str
    tokens: int
    document_tokens_cut: int
    examples: Sequence[str] = ()


@dataclass(frozen=True, kw_only=True)
class RowPreview:
    """A row as the model sees it.

    prompt, target       the tokens; those of a causal model are one sequence
    document_tokens      before truncation
    last_words           of the document as it was truncated; empty where it is whole
    cut_at               the number of prompt tokens before the cut, where that is known
    escaped              whether document or summary hold special tokens, broken up as words
    reserved_tokens      of max_tokens that are left to the summary
    left_out             why the row is not trained on; empty where it is
    generation           prompts of generate that differ from the prompt of training
    """

    id: str
    split: str
    parts: Sequence[PromptPart]
    target_text: str
    prompt: Sequence[PreviewToken]
    target: Sequence[PreviewToken]
    document_tokens: int
    document_tokens_cut: int
    last_words: str
    cut_at: int | None
    escaped: bool
    reserved_tokens: int
    left_out: str = ""
    generation: Sequence[GenerationPrompt] = field(default_factory=list)

    @property
    def tokens(self) -> list[PreviewToken]:
        """Return the tokens of prompt and target."""
        return [*self.prompt, *self.target]


@dataclass(frozen=True, kw_only=True)
class Preview:
    """Rows of a run as the model sees them, and what holds for all of them.

    source            the file, folder or name that the rows are from
    max_tokens        tune.max_length: of prompt and summary together; of an encoder, of the prompt
    max_new_tokens    most tokens that decoding writes
    encoder_decoder   whether the prompt goes into an encoder, and only the summary into the decoder
    completion_only   whether only summaries are trained
    chat              whether prompts go into the tokenizer's chat template
    date              that the chat template writes
    closing           what closes a block of thoughts that the chat template opens
    notes             what the chat template needed
    rows_of_split     the number of rows of each split
    """

    model: str
    source: str
    max_tokens: int
    max_new_tokens: int
    encoder_decoder: bool
    completion_only: bool
    chat: bool
    date: str | None
    closing: str
    notes: Sequence[str]
    rows_of_split: Mapping[str, int]
    rows: Sequence[RowPreview]

    def to_json(self) -> dict[str, Any]:
        """Return everything as JSON values, with each token's id, text and label."""
        return asdict(self)
