"""What prompts need of a tokenizer: its chat template, special and stop tokens, and language."""

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

from abrege.core.errors import RecipeError

Tokenizer: TypeAlias = Any
"""A PreTrainedTokenizerBase of transformers, which this package does not import."""


def use_chat_template(tokenizer: Tokenizer, choice: str) -> bool:
    """Return whether prompts go into the tokenizer's chat template.

    choice  auto, always or never

    Raise RecipeError for `always` if the tokenizer has no chat template.
    """
    has_template = bool(getattr(tokenizer, "chat_template", None))
    if choice == "always" and not has_template:
        raise RecipeError("prompt.chat: this tokenizer has no chat template; write auto or never")
    return has_template and choice != "never"


def special_tokens(tokenizer: Tokenizer) -> list[str]:
    """Return the tokens that are not text: the special tokens, and those added as special."""
    added = [t.content for t in tokenizer.added_tokens_decoder.values() if t.special]
    return list(dict.fromkeys([*tokenizer.all_special_tokens, *added]))


def escape_special_tokens(tokenizer: Tokenizer) -> Callable[[str], str]:
    """Return a function that breaks up special tokens in a text, so that they are read as words."""
    tokens = [token for token in special_tokens(tokenizer) if len(token) > 1]

    def escape(text: str) -> str:
        for token in tokens:
            text = text.replace(token, f"{token[0]} {token[1:]}")
        return text

    return escape


def find_lang_code(tokenizer: Tokenizer, lang: str | None) -> str | None:
    """Return the language token, fr_XX for fr; None if the tokenizer has no such tokens.

    They are read from the tokenizer: 25 languages of mBART, 52 of mBART-50. Raise RecipeError if
    it has none for this language.
    """
    codes = getattr(tokenizer, "lang_code_to_id", None)
    if not codes:
        return None
    by_lang: dict[str, str] = {code.partition("_")[0]: code for code in codes}
    code = by_lang.get((lang or "").replace("-", "_").partition("_")[0].lower())
    if code is None:
        reason = f"{lang!r} is none that this model has" if lang else "this model needs one"
        raise RecipeError(f"data.lang: {reason}; write one of {', '.join(sorted(by_lang))}")
    return code


def set_language(tokenizer: Any, code: str | None) -> None:
    """Set source and target language of a tokenizer that has language tokens."""
    if code is not None and (tokenizer.src_lang, tokenizer.tgt_lang) != (code, code):
        tokenizer.src_lang = tokenizer.tgt_lang = code


def token_ends(tokenizer: Tokenizer, document: str) -> tuple[int, Callable[[int], int]]:
    """Return how many tokens a document has, and where its first n tokens end, in characters.

    A tokenizer without offsets (ByT5, and others written in Python) decodes its tokens instead.
    """
    encoded = tokenizer(
        document,
        add_special_tokens=False,
        return_offsets_mapping=tokenizer.is_fast,
        verbose=False,
    )
    if tokenizer.is_fast:
        offsets: Sequence[tuple[int, int]] = encoded["offset_mapping"]
        return len(offsets), lambda count: offsets[count - 1][1]
    ids = encoded["input_ids"]
    return len(ids), lambda count: len(tokenizer.decode(ids[:count]))


def token_texts(tokenizer: Tokenizer, ids: Sequence[int]) -> list[str]:
    """Return the text that each token adds to those before it, special tokens included.

    A token that ends within a character adds nothing; the token that completes it adds all of it.
    """

    def decode(start: int, end: int) -> str:
        text: str = tokenizer.decode(
            list(ids[start:end]), skip_special_tokens=False, clean_up_tokenization_spaces=False
        )
        return text

    texts: list[str] = []
    context = shown = 0  # the last complete token, which decides about a space before the next
    for end in range(1, len(ids) + 1):
        text = decode(context, end)
        added = text[len(decode(context, shown)) :]  # of half a character: nothing, or U+FFFD
        if (not added or added.endswith("\ufffd")) and end - shown < 4 and end < len(ids):
            texts.append("")
            continue
        texts.append(added)
        context, shown = shown, end
    return texts
