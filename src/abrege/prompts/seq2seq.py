"""What an encoder-decoder needs known of its two sides: how much each reads, in which language."""

from typing import Any

from transformers import PreTrainedTokenizerBase as Tokenizer

from abrege.core.errors import RecipeError

UNLIMITED = 1 << 30  # tokens: tokenizers say as much or more where they know no limit


def seq2seq_fields(config: Any, tokenizer: Tokenizer, lang: str | None) -> dict[str, Any]:
    """Give what a Rendering says of an encoder-decoder; of a causal model that is nothing.

    RecipeError for a language that the tokenizer has no token for.
    """
    if not config.is_encoder_decoder:
        return {}
    reads = max_positions(config, "decoder", UNLIMITED)
    return {
        "encoder_decoder": True,
        "lang_code": find_lang_code(tokenizer, lang),
        "summary_room": reads if reads < UNLIMITED else None,
    }


def max_positions(config: Any, side: str, otherwise: int) -> int:
    """Find how many tokens a model reads on a side, at most UNLIMITED.

    n_positions bounds no decoder: T5 states it, and learns distances instead of positions.
    """
    stated = [f"max_{side}_position_embeddings", "max_position_embeddings"]
    stated += ["n_positions"] if side == "encoder" else []
    known = [getattr(config.get_text_config(), name, None) for name in stated]
    return int(next((number for number in known if number), min(otherwise, UNLIMITED)))


def find_lang_code(tokenizer: Tokenizer, lang: str | None) -> str | None:
    """Find the token of a language, fr_XX of fr; None where the tokenizer has no such tokens.

    The table is the tokenizer's own: 25 languages of mBART, 52 of mBART-50.
    """
    codes = getattr(tokenizer, "lang_code_to_id", None)
    if not codes:
        return None
    known: dict[str, str] = {code.partition("_")[0]: code for code in codes}
    found = known.get((lang or "").replace("-", "_").partition("_")[0].lower())
    if found is None:
        asked = f"{lang!r} is none that this model has" if lang else "this model needs one"
        raise RecipeError(f"data.lang: {asked}; write one of {', '.join(sorted(known))}")
    return found


def set_language(tokenizer: Any, code: str | None) -> None:
    """Let a tokenizer write documents and summaries in a language, where it has tokens for it."""
    if code is not None and (tokenizer.src_lang, tokenizer.tgt_lang) != (code, code):
        tokenizer.src_lang = tokenizer.tgt_lang = code
