"""Pair → prompt ids and summary ids: one rendering for training, evaluation and serving."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from transformers import PreTrainedTokenizerBase as Tokenizer

from abrege.core.errors import DataError, RecipeError
from abrege.core.io import read_json, write_json
from abrege.core.run_folder import MODEL_SETTINGS
from abrege.core.types import Pair
from abrege.prompts import seq2seq
from abrege.prompts.default_prompts import ANSWERS, REQUESTS
from abrege.text.sentences import trim_to_sentence

FILE = MODEL_SETTINGS
EXAMPLE_SEPARATOR = "\n\n"
"""What stands between worked examples outside a chat, and so ends a summary there."""
PLACEHOLDER = re.compile(r"\{(document|meta\.[\w-]+)\}")
ANY_PLACE = re.compile(r"\{([\w.-]*)\}")


@dataclass(frozen=True, kw_only=True)
class DecodingProfile:
    """How summaries are decoded; the words are those of transformers' GenerationConfig."""

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
    """What the model is asked and how it answers. Saved with the model as abrege.json."""

    base_model: str
    """As the recipe names it: folder, hub id, .gguf file or demo part."""
    dtype: str
    """As the recipe names it; auto is resolved by the machine."""
    template: str
    system: str | None
    chat: bool
    max_tokens: int
    stop_ids: list[int]
    """The first ends every summary in training; any of them ends one in decoding."""
    profile: DecodingProfile
    lang: str | None = None
    encoder_decoder: bool = False
    """The prompt goes into an encoder, with the tokenizer's own special tokens."""
    lang_code: str | None = None
    """The token of the language, where the tokenizer has such (mBART)."""
    summary_room: int | None = None
    """How many tokens the decoder reads, where an encoder-decoder has a bound."""
    quantization: Mapping[str, Any] | None = None
    """How the base that was tuned over is packed (qlora); None where it is whole."""

    def save(self, folder: Path) -> None:
        """Write abrege.json beside the model."""
        write_json(folder / FILE, {"format": 1, **asdict(self)})

    @classmethod
    def load(cls, folder: Path) -> "PromptFormat":
        """Read abrege.json. DataError where the folder holds none."""
        path = folder / FILE
        if not path.is_file():
            raise DataError(
                f"{folder}: there is no {FILE}, so this was not tuned by abrege.\n"
                "  Give the run folder of abrege run, or its tune folder."
            )
        values = read_json(path)
        values.pop("format")
        return cls(**{**values, "profile": DecodingProfile(**values["profile"])})


@dataclass(frozen=True)
class TokenizedExample:
    """A pair as token ids; prediction rows have no `summary_ids`.

    A causal model's summary ends with the stop token; a decoder's is what its tokenizer writes.
    """

    id: str
    prompt_ids: list[int]
    summary_ids: list[int]
    document_tokens: int
    document_tokens_cut: int

    def __len__(self) -> int:
        return len(self.prompt_ids) + len(self.summary_ids)


def prompt_template(template: str | None, lang: str | None, *, chat: bool) -> str:
    """Give the recipe's request, or the plain one of the language (English where unknown).

    Outside a chat the plain one ends with a word that says where the summary begins.

    RecipeError for a template that has no {document}, or a place that is neither it nor {meta.KEY}.
    """
    known = (lang or "en")[:2] if (lang or "en")[:2] in REQUESTS else "en"
    plain = REQUESTS[known] if chat else f"{REQUESTS[known]}\n\n{ANSWERS[known]}"
    chosen = template if template is not None else plain
    unknown = [p for p in ANY_PLACE.findall(chosen) if not PLACEHOLDER.fullmatch("{" + p + "}")]
    if unknown:
        raise RecipeError(
            f"prompt.template: {{{unknown[0]}}} is not known; "
            "there is {document} and {meta.KEY}"
        )
    if chosen.count("{document}") != 1:
        raise RecipeError("prompt.template: {document} must stand in it exactly once")
    return chosen


def use_chat_template(tokenizer: Tokenizer, choice: str) -> bool:
    """Decide whether the request goes into the tokenizer's chat template."""
    has = bool(getattr(tokenizer, "chat_template", None))
    if choice == "always" and not has:
        raise RecipeError("prompt.chat: this tokenizer has no chat template; write auto or never")
    return has and choice != "never"


def stop_token_ids(tokenizer: Tokenizer, *, chat: bool) -> list[int]:
    """Find the tokens that end a summary; the first is the one that training teaches.

    In a chat it is what the template puts right after the assistant's words, which is not
    always the tokenizer's eos.
    """
    found = []
    if chat:
        word = "Résumé"
        talk = [{"role": "user", "content": "?"}, {"role": "assistant", "content": word}]
        text = str(tokenizer.apply_chat_template(talk, tokenize=False))
        after = tokenizer(text[text.rindex(word) + len(word) :], add_special_tokens=False)
        control = {tokenizer.get_vocab()[t] for t in special_tokens(tokenizer)}
        found = [i for i in after["input_ids"] if i in control][:1]
    if tokenizer.eos_token_id is not None:
        found.append(tokenizer.eos_token_id)
    if not found:
        raise RecipeError("tune.model: this tokenizer has no end token, so no summary would end")
    return list(dict.fromkeys(int(i) for i in found))


def special_tokens(tokenizer: Tokenizer) -> list[str]:
    """List the tokens that steer a model and are no text: named ones, and those merely added."""
    added = [t.content for t in tokenizer.added_tokens_decoder.values() if t.special]
    return list(dict.fromkeys([*tokenizer.all_special_tokens, *added]))


class PromptRenderer:
    """Turns pairs into token ids with one tokenizer and one rendering."""

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
        """Worked examples that stand before every request; their documents must fit."""
        self._special = [t for t in special_tokens(tokenizer) if len(t) > 1]

    def tokenize_pair(self, pair: Pair) -> TokenizedExample:
        """Render a pair for training: its first reference is the summary to learn."""
        target = self.tokenize_summary(pair.references[0])
        most = self.format.summary_room
        if most is not None and len(target) > most:
            raise DataError(
                f"row {pair.id}: its summary has {len(target)} tokens, and the model's decoder "
                f"reads {most}.\n  Drop the row, or take another model."
            )
        return replace(self._prompt(pair, len(target)), summary_ids=target)

    def tokenize_prompt(self, pair: Pair) -> TokenizedExample:
        """Render a pair for decoding: the same prompt as in training, and no summary."""
        return self._prompt(pair, 0)

    def tokenize_summary(self, summary: str) -> list[int]:
        """Give the ids of a summary and the stop token.

        Built apart from the prompt, so that no merge across the seam hides where labels begin;
        outside a chat, what does not end in white space is followed by a space. A decoder's are
        those that the tokenizer writes for a target, special tokens and all.
        """
        if self.format.encoder_decoder:
            seq2seq.set_language(self.tokenizer, self.format.lang_code)
            return list(self.tokenizer(text_target=summary.strip(), verbose=False)["input_ids"])
        ids = self.tokenizer(self._gap + summary.strip(), add_special_tokens=False)["input_ids"]
        return [*ids, self.format.stop_ids[0]]

    def render(self, pair: Pair, document: str) -> str:
        """Write the whole prompt: worked examples, then the request, in a chat where it is one."""
        requests = [self._request(shot, shot.document) for shot in self.few_shot_examples]
        request = self._request(pair, document)
        if not self.format.chat:
            told = zip(requests, self.few_shot_examples, strict=True)
            before = [f"{asked}{self._gap}{shot.references[0].strip()}" for asked, shot in told]
            return EXAMPLE_SEPARATOR.join([*before, request])
        talk = []
        if self.format.system is not None:
            talk.append({"role": "system", "content": self.format.system})
        for asked, shot in zip(requests, self.few_shot_examples, strict=True):
            talk.append({"role": "user", "content": asked})
            talk.append({"role": "assistant", "content": shot.references[0].strip()})
        talk.append({"role": "user", "content": request})
        return str(
            self.tokenizer.apply_chat_template(talk, tokenize=False, add_generation_prompt=True)
        )

    def full_prompt_ids(self, pair: Pair) -> list[int]:
        """Encode the prompt of a pair with its whole document, however long."""
        return self._ids(self.render(pair, self._harmless(pair.document)))

    def truncate_document(self, pair: Pair, room: int) -> str:
        """Give what is left of a pair's document where prompt and summary have `room` tokens."""
        target = len(self.tokenize_summary(pair.references[0]))
        return self._kept(pair, room - target, target)[0]

    def _prompt(self, pair: Pair, target: int) -> TokenizedExample:
        """Fit a pair's prompt beside a summary of so many tokens, or of as many as decoding may."""
        known = self.format
        room = 0 if known.encoder_decoder else max(known.profile.max_new_tokens, target)
        _, ids, tokens, cut = self._kept(pair, known.max_tokens - room, room)
        return TokenizedExample(pair.id, ids, [], tokens, cut)

    def _request(self, pair: Pair, document: str) -> str:
        """Fill the template in."""

        def value(match: re.Match[str]) -> str:
            place = match.group(1)
            if place == "document":
                return document
            key = place.removeprefix("meta.")
            if key not in pair.meta:
                raise DataError(
                    f"row {pair.id}: prompt.template asks for {{meta.{key}}}, which it lacks.\n"
                    f"  It has: {', '.join(pair.meta) or 'no meta at all'}."
                )
            return str(pair.meta[key])

        return PLACEHOLDER.sub(value, self.format.template)

    def _kept(self, pair: Pair, room: int, summary_room: int) -> tuple[str, list[int], int, int]:
        """Give what is left of the document, the prompt cut to `room`, its tokens and those cut."""
        document = self._harmless(pair.document)
        encoded = self.tokenizer(
            document, add_special_tokens=False, return_offsets_mapping=True, verbose=False
        )
        offsets: Sequence[tuple[int, int]] = encoded["offset_mapping"]
        ids = self._ids(self.render(pair, document))
        if len(ids) <= room:
            return document, ids, len(offsets), 0
        around = len(ids) - len(offsets)
        keep = room - around
        while keep > 0:
            kept = trim_to_sentence(document[: offsets[keep - 1][1]], pair.lang)
            ids = self._ids(self.render(pair, kept))
            if len(ids) <= room:
                left = len(self.tokenizer(kept, add_special_tokens=False)["input_ids"])
                return kept, ids, len(offsets), len(offsets) - left
            keep -= len(ids) - room  # words joined at the cut may need a token more
        raise DataError(
            f"row {pair.id}: the instruction needs {around} tokens and the summary "
            f"{summary_room or 'none'}, which leaves nothing of "
            f"tune.max_length={self.format.max_tokens} for the document.\n"
            f"  Raise tune.max_length to more than {around + summary_room}, or drop the row."
        )

    def _ids(self, text: str) -> list[int]:
        """Encode a prompt with exactly one leading BOS where the model wants one.

        An encoder gets all that the tokenizer adds; a causal model no EOS, since it goes on.
        """
        if self.format.chat:
            return list(self.tokenizer(text, add_special_tokens=False, verbose=False)["input_ids"])
        seq2seq.set_language(self.tokenizer, self.format.lang_code)
        ids = list(self.tokenizer(text, verbose=False)["input_ids"])
        if self.format.encoder_decoder:
            return ids
        while ids and ids[-1] in (self.tokenizer.eos_token_id, self.tokenizer.sep_token_id):
            ids.pop()
        return ids

    @property
    def _gap(self) -> str:
        """Give what stands between a request and its summary, outside a chat."""
        rendering = self.format
        return "" if rendering.chat or rendering.template[-1:].isspace() else " "

    def _harmless(self, document: str) -> str:
        """Break up the tokenizer's control words where a document holds them as plain text."""
        for token in self._special:
            document = document.replace(token, f"{token[0]} {token[1:]}")
        return document
