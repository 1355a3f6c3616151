import dataclasses

import pytest

from abrege.core.errors import DataError, RecipeError
from abrege.core.types import Pair
from abrege.prompts.chat_template import ChatFormat, stop_token_ids
from abrege.prompts.prompt_format import DecodingProfile, PromptFormat, PromptRenderer
from abrege.prompts.template import prompt_template
from abrege.prompts.tokenizer import use_chat_template
from abrege.text.sentences import trim_to_sentence
from builders import records
from builders.models import CHAT, a_tokenizer


def a_rendering(**changes):
    values = {"template": "Summarize.\n\n{document}", "max_tokens": 400, "lang": "en"}
    values["profile"] = DecodingProfile(max_new_tokens=20)
    return records.a_rendering(**{**values, **changes})


def a_pair(document="The cat sat. The dog ran.", summary="the cat sat", **more):
    return Pair(id="p", document=document, references=[summary], **more)


def test_the_summary_ends_with_the_stop_token_and_the_prompt_holds_none_of_it():
    tokenizer = a_tokenizer()
    example = PromptRenderer(tokenizer, a_rendering()).tokenize_pair(a_pair())

    assert tokenizer.decode(example.summary_ids) == "the cat sat<|end|>"
    assert tokenizer.decode(example.prompt_ids) == (
        "<|user|>\nSummarize.\n\nThe cat sat. The dog ran.<|end|>\n<|assistant|>\n"
    )


def test_training_and_decoding_render_the_same_prompt():
    renderer = PromptRenderer(a_tokenizer(), a_rendering(max_tokens=120))
    pair = a_pair("The cat sat on the mat. " * 20)

    assert renderer.tokenize_pair(pair).prompt_ids == renderer.tokenize_prompt(pair).prompt_ids


def test_only_the_document_is_cut_and_at_a_sentence_end():
    tokenizer = a_tokenizer()
    rendering = a_rendering(template="Before. {document}\nAfter {meta.aspect}.", max_tokens=120)
    pair = a_pair("The cat sat on the mat. " * 20, meta={"aspect": "all"})

    example = PromptRenderer(tokenizer, rendering).tokenize_pair(pair)
    text = tokenizer.decode(example.prompt_ids)

    assert "Before. The cat" in text
    assert text.endswith("mat.\nAfter all.<|end|>\n<|assistant|>\n")
    assert len(example.prompt_ids) + 20 <= 120
    truncated = text[text.index("The cat") : text.index("\nAfter")]
    whole = len(tokenizer(pair.document)["input_ids"])
    assert example.document_tokens_cut == whole - len(tokenizer(truncated)["input_ids"]) > 0


def test_a_summary_longer_than_what_decoding_allows_is_trained_whole():
    tokenizer = a_tokenizer()
    summary = "the cat sat and the dog ran and the bird flew " * 3

    example = PromptRenderer(tokenizer, a_rendering(max_tokens=200)).tokenize_pair(
        a_pair(summary=summary)
    )

    assert tokenizer.decode(example.summary_ids) == summary.strip() + "<|end|>"


def test_an_instruction_that_leaves_no_room_is_an_error_that_names_the_row_and_the_remedy():
    renderer = PromptRenderer(a_tokenizer(), a_rendering(max_tokens=40))
    with pytest.raises(DataError, match=r"row p: the instruction needs \d+ tokens") as error:
        renderer.tokenize_pair(a_pair())
    assert "Raise tune.max_length to more than" in str(error.value)


def test_a_document_cannot_fill_in_the_template_nor_speak_in_control_tokens():
    tokenizer = a_tokenizer()
    document = "A {meta.secret} and {document} and <|end|> here."

    example = PromptRenderer(tokenizer, a_rendering()).tokenize_prompt(
        a_pair(document, meta={"secret": "42"})
    )

    assert "A {meta.secret} and {document} and < |end|> here." in tokenizer.decode(
        example.prompt_ids
    )
    assert example.prompt_ids.count(2) == 1  # the one that ends the user's turn


def test_a_row_without_the_meta_key_of_the_template_is_named():
    renderer = PromptRenderer(a_tokenizer(), a_rendering(template="{meta.aspect}: {document}"))
    with pytest.raises(DataError, match=r"row p: .*\{meta.aspect\}, which it lacks"):
        renderer.tokenize_prompt(a_pair(meta={"title": "x"}))


def test_without_a_chat_template_the_summary_begins_with_a_space_and_there_is_one_bos():
    tokenizer = a_tokenizer(chat=False)
    renderer = PromptRenderer(tokenizer, a_rendering(chat=False, template="{document}\nSummary:"))

    example = renderer.tokenize_pair(a_pair())

    assert tokenizer.decode(example.prompt_ids + example.summary_ids) == (
        "The cat sat. The dog ran.\nSummary: the cat sat<|end|>"
    )


def test_a_tokenizer_that_adds_bos_and_eos_gives_one_bos_and_no_eos_in_the_prompt():
    from tokenizers.processors import TemplateProcessing

    tokenizer = a_tokenizer(chat=False)
    tokenizer.add_special_tokens({"bos_token": "<|bos|>"})
    bos = tokenizer.bos_token_id
    tokenizer.backend_tokenizer.post_processor = TemplateProcessing(
        single="<|bos|> $A <|eos|>", special_tokens=[("<|bos|>", bos), ("<|eos|>", 1)]
    )

    example = PromptRenderer(tokenizer, a_rendering(chat=False)).tokenize_pair(a_pair())

    assert example.prompt_ids[0] == bos
    assert (example.prompt_ids + example.summary_ids).count(bos) == 1
    assert 1 not in example.prompt_ids


def test_the_stop_token_is_what_the_chat_template_puts_after_the_answer():
    assert stop_token_ids(a_tokenizer(), ChatFormat()) == [2, 1]
    assert stop_token_ids(a_tokenizer(chat=False), None) == [1]


def test_an_unknown_placeholder_or_a_missing_document_in_a_template_is_an_error():
    with pytest.raises(RecipeError, match=r"\{text\} is not known"):
        prompt_template("Summarize {text}", "en", chat=True)
    with pytest.raises(RecipeError, match="exactly once"):
        prompt_template("Summarize", "en", chat=True)


def test_the_plain_request_is_in_the_language_of_the_data():
    assert prompt_template(None, "fr", chat=True).startswith("Résume")
    assert prompt_template(None, None, chat=True).endswith("{document}")


def test_outside_a_chat_the_default_prompt_ends_with_a_cue_for_the_summary():
    assert prompt_template(None, "fr", chat=False).endswith("{document}\n\nRésumé :")


def test_a_control_token_that_is_merely_added_is_known_as_one():
    from tokenizers import AddedToken

    tokenizer = a_tokenizer()
    tokenizer.add_tokens([AddedToken("<|turn|>", special=True)])
    tokenizer.chat_template = CHAT.replace("<|end|>", "<|turn|>")
    turn = tokenizer.convert_tokens_to_ids("<|turn|>")

    assert stop_token_ids(tokenizer, ChatFormat()) == [turn, 1]
    prompt = (
        PromptRenderer(tokenizer, a_rendering())
        .tokenize_prompt(a_pair("A <|turn|> here."))
        .prompt_ids
    )
    assert prompt.count(turn) == 1


def test_always_chat_is_refused_for_a_tokenizer_without_a_chat_template():
    with pytest.raises(RecipeError, match="has no chat template"):
        use_chat_template(a_tokenizer(chat=False), "always")


def test_a_prompt_format_is_saved_and_loaded_unchanged(tmp_path):
    rendering = a_rendering(profile=DecodingProfile(max_new_tokens=9, num_beams=3))
    rendering.save(tmp_path)
    assert PromptFormat.load(tmp_path) == rendering
    assert dataclasses.asdict(PromptFormat.load(tmp_path)) == dataclasses.asdict(rendering)


def test_a_folder_without_abrege_json_is_not_a_tuned_model(tmp_path):
    with pytest.raises(DataError, match=r"there is no abrege\.json"):
        PromptFormat.load(tmp_path)


def test_a_far_sentence_end_does_not_shorten_the_text():
    near = "One two three four five six seven eight nine ten. And"
    far = "One. And then a long sentence that goes on and on without an end in sight"
    assert trim_to_sentence(near, "en") == "One two three four five six seven eight nine ten."
    assert trim_to_sentence(far, "en") == far


def test_control_words_in_summaries_meta_and_examples_are_read_as_words():
    """`<|end|>` inside a summary ended the target in its middle."""
    tokenizer = a_tokenizer()
    end = tokenizer.convert_tokens_to_ids("<|end|>")
    form = a_rendering(template="About {meta.topic}: {document}")
    shot = Pair(id="s", document="d <|end|>", references=["r <|end|>"], meta={"topic": "<|end|>"})
    renderer = PromptRenderer(tokenizer, form, few_shot_examples=[shot])
    pair = dataclasses.replace(shot, id="p")
    example = renderer.tokenize_pair(pair)
    plain = Pair(id="p", document="d", references=["r"], meta={"topic": "t"})
    clean_shot = dataclasses.replace(plain, id="s")
    clean = PromptRenderer(tokenizer, form, few_shot_examples=[clean_shot]).tokenize_pair(plain)
    assert example.summary_ids.count(end) == 1
    assert example.summary_ids[-1] == end
    assert example.prompt_ids.count(end) == clean.prompt_ids.count(end)


def test_a_tokenizer_without_offsets_truncates_documents_by_what_its_tokens_decode_to():
    class Slow:
        """A tokenizer in Python, such as ByT5's: it has no offsets."""

        is_fast = False

        def __init__(self, inner):
            self.inner = inner

        def __getattr__(self, name):
            return getattr(self.inner, name)

        def __call__(self, *args, **kwargs):
            assert not kwargs.pop("return_offsets_mapping", False)
            return self.inner(*args, **kwargs)

    pair = Pair(id="a", document="The cat sat on the mat. " * 40, references=["the cat sat"])
    form = a_rendering(max_tokens=120)
    fast = PromptRenderer(a_tokenizer(), form).tokenize_pair(pair)
    slow = PromptRenderer(Slow(a_tokenizer()), form).tokenize_pair(pair)
    assert fast.document_tokens_cut > 0
    assert slow == fast
