"""What prompts need of a tokenizer: its chat template, special and stop tokens, and language."""

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


def stop_token_ids(tokenizer: Tokenizer, *, chat: bool) -> list[int]:
    """Return the stop tokens of a summary; the first is the one that training teaches.

    In a chat that is what the chat template puts after the assistant's message, which is not
    always the tokenizer's eos token. Raise RecipeError if there is no stop token.
    """
    stop_ids = []
    if chat:
        word = "Résumé"
        messages = [{"role": "user", "content": "?"}, {"role": "assistant", "content": word}]
        text = str(tokenizer.apply_chat_template(messages, tokenize=False))
        after = tokenizer(text[text.rindex(word) + len(word) :], add_special_tokens=False)
        vocabulary = tokenizer.get_vocab()
        special_ids = {vocabulary[token] for token in special_tokens(tokenizer)}
        stop_ids = [i for i in after["input_ids"] if i in special_ids][:1]
    if tokenizer.eos_token_id is not None:
        stop_ids.append(tokenizer.eos_token_id)
    if not stop_ids:
        raise RecipeError("tune.model: this tokenizer has no end token, so no summary would end")
    return list(dict.fromkeys(int(i) for i in stop_ids))


def special_tokens(tokenizer: Tokenizer) -> list[str]:
    """Return the tokens that are not text: the special tokens, and those added as special."""
    added = [t.content for t in tokenizer.added_tokens_decoder.values() if t.special]
    return list(dict.fromkeys([*tokenizer.all_special_tokens, *added]))


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
