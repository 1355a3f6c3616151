"""What an encoder-decoder needs in addition: the limits of both sides, its language."""

from typing import Any

from abrege.prompts.tokenizer import Tokenizer, find_lang_code

UNLIMITED = 1 << 30  # tokens: tokenizers report as much or more where they know no limit


def seq2seq_fields(config: Any, tokenizer: Tokenizer, lang: str | None) -> dict[str, Any]:
    """Return the fields of a PromptFormat that an encoder-decoder sets; none for a causal model.

    Raise RecipeError for a language that the tokenizer has no token for.
    """
    if not config.is_encoder_decoder:
        return {}
    positions = max_positions(config, "decoder", UNLIMITED)
    return {
        "encoder_decoder": True,
        "lang_code": find_lang_code(tokenizer, lang),
        "summary_room": positions if positions < UNLIMITED else None,
    }


def max_positions(config: Any, side: str, default: int) -> int:
    """Return how many tokens the encoder or the decoder of a model reads, at most UNLIMITED.

    n_positions limits no decoder: T5 states it, but learns distances instead of positions.
    """
    names = [f"max_{side}_position_embeddings", "max_position_embeddings"]
    names += ["n_positions"] if side == "encoder" else []
    stated = [getattr(config.get_text_config(), name, None) for name in names]
    return int(next((number for number in stated if number), min(default, UNLIMITED)))
