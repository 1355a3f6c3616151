"""Encoder-decoders: what their two sides are given, told by the tokenizers' own classes."""

import json

import pytest

from abrege.core.errors import DataError, RecipeError
from abrege.core.types import Pair
from abrege.prompts import seq2seq
from abrege.prompts.prompt_format import DecodingProfile, PromptFormat, PromptRenderer
from abrege.prompts.tokenizer import find_lang_code
from builders import records
from builders.models import (
    a_bart,
    a_llama,
    a_sided_tokenizer,
    a_t5,
    a_tokenizer,
    an_mbart_tokenizer,
)

BART_FORM = "<|end|> $A <|eos|>"


def a_rendering(**changes):
    values = {"template": "sum: {document}", "max_tokens": 60, "stop_ids": [1]}
    values["profile"] = DecodingProfile(max_new_tokens=20)
    return records.a_rendering(**{**values, "chat": False, "encoder_decoder": True, **changes})


def a_pair(document="The cat sat.", summary="the cat"):
    return Pair(id="p", document=document, references=[summary])


@pytest.mark.parametrize("form", ["$A <|eos|>", BART_FORM])
def test_both_sides_have_the_special_tokens_that_the_tokenizer_adds(form):
    tokenizer = a_sided_tokenizer(form)
    example = PromptRenderer(tokenizer, a_rendering()).tokenize_pair(a_pair())
    prompt, summary = form.replace("$A", "sum: The cat sat."), form.replace("$A", "the cat")
    assert tokenizer.decode(example.prompt_ids) == prompt.replace("> ", ">").replace(" <", "<")
    assert tokenizer.decode(example.summary_ids) == summary.replace("> ", ">").replace(" <", "<")


def test_the_encoder_reserves_no_room_for_the_summary_and_only_the_document_is_truncated():
    tokenizer = a_sided_tokenizer(BART_FORM)
    renderer = PromptRenderer(tokenizer, a_rendering(template="sum: {document} end", max_tokens=40))
    pair = a_pair("The cat sat on the mat and ran " * 9, "the dog " * 30)
    example = renderer.tokenize_pair(pair)
    assert 35 < len(example.prompt_ids) <= 40
    assert tokenizer.decode(example.prompt_ids).startswith("<|end|>sum: The cat")
    assert tokenizer.decode(example.prompt_ids).endswith(" end<|eos|>")
    assert example.summary_ids == tokenizer("the dog " * 29 + "the dog")["input_ids"]
    assert example.prompt_ids == renderer.tokenize_prompt(pair).prompt_ids
    assert example.document_tokens_cut > 0


def test_a_summary_longer_than_the_decoder_reads_is_named_and_not_cut():
    renderer = PromptRenderer(a_sided_tokenizer(), a_rendering(summary_room=4))
    assert len(renderer.tokenize_pair(a_pair(summary="the cat sat")).summary_ids) == 4
    with pytest.raises(DataError, match=r"row p: its summary has 5 tokens, .* reads 4"):
        renderer.tokenize_pair(a_pair(summary="the cat sat on"))


# Expected forms: docstrings of transformers' MBartTokenizer and MBart50Tokenizer.
@pytest.mark.parametrize(
    ("kind", "before", "after"),
    [("MBart50Tokenizer", ["fr_XX"], ["</s>"]), ("MBartTokenizer", [], ["</s>", "fr_XX"])],
)
def test_the_language_token_is_where_mbart_has_it_in_prompt_and_summary(kind, before, after):
    tokenizer = an_mbart_tokenizer(kind)
    code = find_lang_code(tokenizer, "fr-CA")
    renderer = PromptRenderer(tokenizer, a_rendering(template="{document}", lang_code=code))
    example = renderer.tokenize_pair(a_pair("a cat", "cat"))
    words = {"prompt": [*"▁a▁cat"], "summary": [*"▁cat"]}
    read = tokenizer.convert_ids_to_tokens
    assert read(example.prompt_ids) == [*before, *words["prompt"], *after]
    assert read(example.summary_ids) == [*before, *words["summary"], *after]


def test_renderers_of_two_languages_share_a_tokenizer():
    tokenizer = an_mbart_tokenizer()
    english, german = (
        PromptRenderer(tokenizer, a_rendering(lang_code=code)) for code in ("en_XX", "de_DE")
    )
    first = english.tokenize_pair(a_pair())
    assert tokenizer.convert_ids_to_tokens(german.tokenize_summary("a"))[0] == "de_DE"
    assert english.tokenize_pair(a_pair()) == first
    assert tokenizer.convert_ids_to_tokens(first.prompt_ids)[0] == "en_XX"


def test_a_language_without_a_token_is_an_error_that_lists_the_others():
    with pytest.raises(RecipeError, match="'eu' is none that this model has; write one of af, ar,"):
        find_lang_code(an_mbart_tokenizer(), "eu")
    with pytest.raises(RecipeError, match="needs one; write one of ar, cs, de, en, es, et, fi, fr"):
        find_lang_code(an_mbart_tokenizer("MBartTokenizer"), None)
    assert find_lang_code(a_sided_tokenizer(), None) is None


def test_what_a_model_is_follows_from_its_configuration():
    plain = {"encoder_decoder": True, "lang_code": None}
    assert seq2seq.seq2seq_fields(a_t5().config, a_sided_tokenizer(), "en") == {
        **plain,
        "summary_room": None,
    }
    assert seq2seq.seq2seq_fields(a_bart().config, a_sided_tokenizer(), "en") == {
        **plain,
        "summary_room": 256,
    }
    coded = seq2seq.seq2seq_fields(a_bart("MBart").config, an_mbart_tokenizer(), "it")
    assert coded == {**plain, "lang_code": "it_IT", "summary_room": 256}
    assert seq2seq.seq2seq_fields(a_llama().config, a_tokenizer(), "en") == {}


def test_a_prompt_format_saved_before_encoder_decoders_were_supported_still_loads(tmp_path):
    a_rendering(encoder_decoder=False).save(tmp_path)
    path = tmp_path / "abrege.json"
    values = json.loads(path.read_text())
    for name in ("encoder_decoder", "lang_code", "summary_room"):
        del values[name]
    path.write_text(json.dumps(values))
    assert PromptFormat.load(tmp_path) == a_rendering(encoder_decoder=False)
