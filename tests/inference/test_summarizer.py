"""The Python API of a summarizer: a text gives a summary, a list gives a list."""

import pickle

from abrege.core.types import Pair
from abrege.inference.summarizer import Summarizer, Summary, load
from builders.models import a_llama, a_tokenizer
from builders.records import a_rendering

TEXTS = ["The cat sat on the mat. " * 20, "The dog ran."]


def a_summarizer(**changes):
    from abrege.inference.decoder import Decoder
    from abrege.prompts.prompt_format import DecodingProfile, PromptRenderer

    tokenizer = a_tokenizer()
    profile = DecodingProfile(max_new_tokens=5)
    prompt_format = a_rendering(max_tokens=60, profile=profile, **changes)
    renderer = PromptRenderer(tokenizer, prompt_format)
    return Summarizer(Decoder.from_renderer(a_llama(vocab=len(tokenizer)), renderer), renderer)


def test_a_text_gives_a_summary_that_is_a_str_and_knows_how_it_was_generated():
    summarizer = a_summarizer()
    summary = summarizer.summarize(TEXTS[0])
    pair = Pair(id="0", document=TEXTS[0], references=[])
    [prediction] = summarizer.summarize_pairs([pair])

    assert isinstance(summary, str)
    assert summary == prediction.prediction
    assert summary.finish_reason == prediction.finish_reason
    assert summary.new_tokens == prediction.new_tokens
    assert summary.prompt_tokens == prediction.prompt_tokens
    assert summary.document_tokens_cut == prediction.document_tokens_cut > 0


def test_a_list_gives_a_list_in_order():
    summarizer = a_summarizer()
    summaries = summarizer.summarize(TEXTS)
    assert [type(summary) for summary in summaries] == [Summary, Summary]
    assert summaries[1].document_tokens_cut == 0
    assert summaries[0].document_tokens_cut > 0
    assert summarizer.summarize([]) == []


def test_meta_fills_the_placeholders_of_the_template():
    plain = a_summarizer(template="outcome: {document}")
    with_meta = a_summarizer(template="{meta.aspect}: {document}")
    expected = plain.summarize(TEXTS[1])
    summary = with_meta.summarize(TEXTS[1], meta={"aspect": "outcome"})
    assert (summary, summary.prompt_tokens) == (expected, expected.prompt_tokens)


def test_max_new_tokens_limits_a_summary():
    assert a_summarizer().summarize(TEXTS[1], max_new_tokens=2).new_tokens <= 2


def test_a_summary_is_pickled_with_what_it_knows():
    summary = a_summarizer().summarize(TEXTS[1])
    copy = pickle.loads(pickle.dumps(summary))
    assert copy == summary
    assert vars(copy) == vars(summary)


def test_a_model_that_was_not_tuned_loads_with_the_default_prompt_of_a_language(student_folder):
    assert load(str(student_folder), lang="fr").renderer.format.template.startswith("Résume")
    assert load(student_folder).renderer.format.template.startswith("Summarize")
