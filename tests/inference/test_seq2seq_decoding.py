"""Encoder-decoders write: batches, beams, languages and streams."""

from dataclasses import replace

import pytest
import torch
from transformers import GenerationConfig

from abrege.compute.cpu import seq2seq_packing as two_lines
from abrege.core.types import Pair
from abrege.inference import summarizer
from abrege.inference.decoder import Decoder
from abrege.prompts import seq2seq
from abrege.prompts.prompt_format import DecodingProfile, PromptRenderer
from abrege.training.student import attach_lora
from builders.models import a_bart, a_sided_tokenizer, a_t5, an_mbart_tokenizer
from builders.records import a_rendering

BART_FORM = "<|end|> $A <|eos|>"


def a_summarizer(model, tokenizer, lang="en", **profile):
    rendering = a_rendering(
        dtype="float32",
        chat=False,
        max_tokens=80,
        stop_ids=[tokenizer.eos_token_id],
        profile=DecodingProfile(**{"max_new_tokens": 8, "batch_rows": 7, **profile}),
        lang=lang,
        **seq2seq.seq2seq_fields(model.config, tokenizer, lang),
    )
    renderer = PromptRenderer(tokenizer, rendering)
    return summarizer.Summarizer(Decoder.from_renderer(model, renderer), renderer)


def pairs(count=7):
    texts = ["The cat sat. " * (1 + n * 3 % 5) + f"Then {n}." for n in range(count)]
    return [Pair(id=f"p{n}", document=text, references=[]) for n, text in enumerate(texts)]


def said(model, tokenizer, **profile):
    return list(a_summarizer(model, tokenizer, **profile).summarize_pairs(pairs()))


def livelier(model):
    """Spread random weights, so that what is written depends on what is read."""
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if parameter.ndim > 1:
                parameter.mul_(40 if "encoder_attn" in name else 4)
    return model.eval()


def an_mbart(tokenizer):
    ids = {"pad_token_id": tokenizer.pad_token_id, "eos_token_id": tokenizer.eos_token_id}
    return livelier(a_bart("MBart", vocab_size=len(tokenizer), decoder_start_token_id=None, **ids))


MODELS = {
    "t5": (lambda: livelier(a_t5()), a_sided_tokenizer),
    "bart": (lambda: livelier(a_bart()), lambda: a_sided_tokenizer(BART_FORM)),
    "mbart": (lambda: an_mbart(an_mbart_tokenizer()), an_mbart_tokenizer),
}


@pytest.mark.parametrize("kind", MODELS)
@pytest.mark.parametrize("beams", [1, 3])
def test_rows_generated_in_a_batch_equal_rows_generated_one_by_one(kind, beams):
    model, tokenizer = (make() for make in MODELS[kind])
    together = said(model, tokenizer, num_beams=beams)
    assert together == said(model, tokenizer, num_beams=beams, batch_rows=1)
    assert len({p.prediction for p in together}) > 1  # the encoder is heard
    assert max(p.new_tokens for p in together) == 8


# What stands before the first word in training: T5 begins with its pad token; BART with </s> and
# learns <s>; mBART-50 with </s> and the language; mBART with the language alone.
@pytest.mark.parametrize(
    ("tokenizer", "make", "expected"),
    [
        (a_sided_tokenizer(), a_t5, ["<|pad|>"]),
        (a_sided_tokenizer(BART_FORM), a_bart, ["<|eos|>", "<|end|>"]),
        (an_mbart_tokenizer(), None, ["</s>", "fr_XX"]),
        (an_mbart_tokenizer("MBartTokenizer"), None, ["fr_XX"]),
    ],
)
def test_a_decoder_begins_as_it_did_in_training(tokenizer, make, expected):
    model = make() if make else an_mbart(tokenizer)
    summarizer = a_summarizer(model, tokenizer, "fr")
    labels = torch.tensor([summarizer.renderer.tokenize_summary("a cat")])
    trained = model.prepare_decoder_input_ids_from_labels(labels)[0].tolist()
    opening = summarizer.decoder.decoder_opening()[0].tolist()
    assert tokenizer.convert_ids_to_tokens(opening) == expected
    assert trained[: len(opening)] == opening
    assert tokenizer.decode(trained[len(opening) :], skip_special_tokens=True) == "a cat"


def test_greedy_decoding_takes_the_likeliest_token_after_the_opening():
    tokenizer = a_sided_tokenizer(BART_FORM)
    model = livelier(a_bart())
    summarizer = a_summarizer(model, tokenizer)
    prompt = summarizer.renderer.tokenize_prompt(pairs(1)[0])
    ids = [1, 2]  # </s> <s>
    with torch.no_grad():
        for _ in range(8):
            read = {"decoder_input_ids": torch.tensor([ids])}
            logits = model(input_ids=torch.tensor([prompt.prompt_ids]), **read).logits
            ids.append(int(logits[0, -1].argmax()))
    expected = summarizer.decoder.to_prediction(prompt, ids[2:])
    assert list(summarizer.summarize_pairs(pairs(1))) == [expected]


@pytest.mark.parametrize("kind", MODELS)
def test_no_default_of_the_model_leaks_into_decoding(kind):
    model, tokenizer = (make() for make in MODELS[kind])
    plain = said(model, tokenizer)
    model.generation_config.update(decoder_start_token_id=7, forced_bos_token_id=9, min_length=8)
    model.generation_config.update(num_beams=2, no_repeat_ngram_size=1, forced_eos_token_id=1)
    assert said(model, tokenizer) == plain


@pytest.mark.parametrize("kind", MODELS)
def test_no_default_of_the_base_model_leaks_into_decoding_with_an_adapter(kind):
    # BART and Pegasus force an end at the limit, bart-large-cnn a minimum length
    model, tokenizer = (make() for make in MODELS[kind])
    plain = said(model, tokenizer)
    model.generation_config = GenerationConfig(forced_eos_token_id=1, min_length=8)
    adapted = attach_lora(model, r=2, alpha=4, dropout=0.0, modules="all-linear", seed=0)
    assert said(adapted, tokenizer) == plain  # an adapter that has learned nothing


@pytest.mark.parametrize("kind", MODELS)
def test_a_stream_gives_the_words_of_the_batch(kind):
    model, tokenizer = (make() for make in MODELS[kind])
    summarizer = a_summarizer(model, tokenizer)
    [expected] = summarizer.summarize_pairs(pairs(1))
    pieces = []

    def read():
        answer = yield from summarizer.stream(pairs(1)[0].document)
        pieces.append(answer)

    words = "".join(read())
    assert words.strip() == expected.prediction
    assert pieces == [replace(expected, id="text")]


def test_a_tuned_encoder_decoder_opens_from_its_folder(tmp_path):
    base, tune, tokenizer = tmp_path / "base", tmp_path / "run/tune", a_sided_tokenizer()
    livelier(a_t5()).save_pretrained(base)
    tokenizer.save_pretrained(base)
    model = summarizer.load_model(str(base), torch.float32, "cpu")
    before = said(model, tokenizer)
    tuned = attach_lora(model, r=2, alpha=4, dropout=0.0, modules="all-linear", seed=0)
    for name, parameter in tuned.named_parameters():
        if "lora_B" in name:
            torch.nn.init.constant_(parameter, 0.5)
    expected = said(tuned, tokenizer)
    tuned.save_pretrained(tune)
    tokenizer.save_pretrained(tune)
    rendering = a_summarizer(tuned, tokenizer).renderer.format
    replace(rendering, base_model=str(base)).save(tune)

    opened = summarizer.load_summarizer(tmp_path / "run")

    assert list(opened.summarize_pairs(pairs())) == expected != before


def test_an_untuned_model_uses_the_language_token_of_each_language(tmp_path):
    tokenizer = an_mbart_tokenizer()
    an_mbart(tokenizer).save_pretrained(tmp_path)
    tokenizer.save_pretrained(tmp_path)
    opened = summarizer.load_untuned_summarizers(str(tmp_path), ["en", "fr"])
    for lang, code in (("en", "en_XX"), ("fr", "fr_XX")):
        summarizer_of_lang = opened[lang]
        beginning = summarizer_of_lang.decoder.decoder_opening()[0].tolist()
        prompt = summarizer_of_lang.renderer.tokenize_prompt(pairs(1)[0])
        assert tokenizer.convert_ids_to_tokens(beginning) == ["</s>", code]
        assert tokenizer.convert_ids_to_tokens(prompt.prompt_ids)[0] == code
        assert summarizer_of_lang.renderer.format.max_tokens == 256
        [answer] = summarizer_of_lang.summarize_pairs(pairs(1), max_new_tokens=4)
        assert answer.new_tokens <= 4


@pytest.mark.parametrize("kind", MODELS)
def test_a_model_that_learnt_in_lines_writes_as_before(kind):
    model, tokenizer = (make() for make in MODELS[kind])
    before = said(model, tokenizer, num_beams=2)
    assert two_lines.enable_seq2seq_packing(model)
    assert said(model, tokenizer, num_beams=2) == before
