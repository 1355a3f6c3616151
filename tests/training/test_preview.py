"""What a preview shows of a row is what training puts into its batch."""

import shutil

import pytest
from transformers import ByT5Tokenizer

from abrege import recipe
from abrege.core.errors import DataError, RecipeError
from abrege.core.io import read_jsonl, write_jsonl
from abrege.core.types import Pair
from abrege.models import load as model_load
from abrege.pipeline import commands
from abrege.pipeline import run as pipeline
from abrege.prompts.chat_template import ChatFormat
from abrege.prompts.prompt_format import PromptRenderer
from abrege.prompts.tokenizer import token_texts
from abrege.training import run as training_run
from abrege.training.preview import preview_row
from builders.models import a_sided_tokenizer, a_tokenizer
from builders.records import a_pair_named, a_rendering, some_rows

pytestmark = pytest.mark.model


def a_recipe(data, model, *, prompt=None, generate=None, **tune):
    return recipe.parse(
        {
            "data": {"source": str(data), "lang": "en"},
            "split": {"valid": 0.2, "test": 0.2},
            "prompt": prompt or {},
            "tune": {"model": str(model), "dtype": "float32", "max_length": 70} | tune,
            "generate": {"systems": ["base", "tuned"], **(generate or {})},
        }
    )


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    path = tmp_path_factory.mktemp("data") / "pairs.jsonl"
    write_jsonl(path, some_rows(24))
    return path


class Trained(Exception):  # noqa: N818 - it ends a training, and is no error
    """Raised with the examples that a training would begin with."""


def trained_examples(monkeypatch, settings, folder):
    """Tune as the command does, up to the trainer; return its examples by id."""

    def trainer(*_, train, **__):
        raise Trained(train)

    monkeypatch.setattr(training_run, "StepTrainer", trainer)
    with pytest.raises(Trained) as caught:
        pipeline.run(settings, folder, stages=["split", "tune"])
    return {example.id: example for example in caught.value.args[0]}


@pytest.mark.parametrize(
    ("model", "prompt", "tune"),
    [
        ("student_folder", {"chat": "always", "system": "Be brief."}, {}),
        ("student_folder", {"chat": "never"}, {"max_length": 55}),
        ("student_folder", {"chat": "always"}, {"completion_only_loss": False}),
        ("t5_folder", {}, {"max_length": 45}),
    ],
    ids=["chat", "plain", "sequence", "t5"],
)
def test_the_previewed_tokens_and_labels_are_those_that_training_begins_with(
    tmp_path, monkeypatch, request, data, model, prompt, tune
):
    settings = a_recipe(data, request.getfixturevalue(model), prompt=prompt, **tune)
    trained = trained_examples(monkeypatch, settings, tmp_path / "run")
    with commands.open_split(settings, tmp_path / "other") as run_folder:
        shown = commands.preview(settings, run_folder, rows=99)

    assert {row.id for row in shown.rows} == {*trained}
    assert any(row.document_tokens_cut for row in shown.rows)
    for row in shown.rows:
        example = trained[row.id]
        assert [token.id for token in row.tokens] == example.prompt_ids + example.summary_ids
        assert [token.trained for token in row.tokens] == (
            [False] * len(example.prompt_ids) + [True] * len(example.summary_ids)
        )


def test_a_preview_loads_no_weights_and_writes_nothing(tmp_path, monkeypatch, data, student_folder):
    monkeypatch.setattr(model_load, "load_model", None)
    settings = a_recipe(data, student_folder)
    with commands.open_split(settings, tmp_path / "run") as run_folder:
        assert len(commands.preview(settings, run_folder, rows=2).rows) == 2
    assert not (tmp_path / "run").exists()


def test_a_row_of_test_is_shown_by_its_id_and_is_not_trained(tmp_path, data, student_folder):
    settings = a_recipe(data, student_folder)
    with commands.open_split(settings, tmp_path) as run_folder:
        ids = [pair.id for pair in read_jsonl(run_folder.split("test"), Pair)]
        [row] = commands.preview(settings, run_folder, ids=ids[:1]).rows
        with pytest.raises(DataError, match=r"--ids row-333: no row .*\n  Near it: row-"):
            commands.preview(settings, run_folder, ids=["row-333"])
    assert (row.id, row.split) == (ids[0], "test")
    assert row.left_out == "it is a row of test, which is not trained on"
    assert not any(token.trained for token in row.tokens)


def test_the_prompt_of_few_shot_is_shown_with_its_examples(tmp_path, data, student_folder):
    few_shot = {"systems": ["base", "few-shot"], "shots": 1}
    settings = a_recipe(data, student_folder, generate=few_shot)
    with commands.open_split(settings, tmp_path) as run_folder:
        preview = commands.preview(settings, run_folder, rows=1)
    [prompt] = preview.rows[0].generation
    [example] = prompt.examples
    assert prompt.system == "few-shot"
    assert prompt.tokens > len(preview.rows[0].prompt)
    assert example in {row["id"] for row in some_rows(24)}


def test_a_loss_over_the_prompt_of_an_encoder_is_refused_as_in_tuning(tmp_path, data, t5_folder):
    settings = a_recipe(data, t5_folder, completion_only_loss=False)
    with (
        commands.open_split(settings, tmp_path) as run_folder,
        pytest.raises(RecipeError, match="has no effect on an encoder-decoder"),
    ):
        commands.preview(settings, run_folder)


def test_the_parts_of_a_prompt_say_what_the_chat_template_adds():
    rendering = a_rendering(
        template="Read {document} and sum up {meta.aspect}.",
        system="Be brief.",
        chat_format=ChatFormat(suffix="\n</think>\n"),
    )
    pair = a_pair_named("a", "the cat sat", "a cat", meta={"aspect": "the cat"})
    row = preview_row(PromptRenderer(a_tokenizer(), rendering), pair)
    assert [(part.source, part.text) for part in row.parts] == [
        ("chat template", "<|system|>\n"),
        ("system", "Be brief."),
        ("chat template", "<|end|>\n<|user|>\n"),
        ("instruction", "Read "),
        ("document", "the cat sat"),
        ("instruction", " and sum up the cat."),
        ("chat template", "<|end|>\n<|assistant|>\n\n</think>\n"),
    ]


def test_a_chat_template_that_strips_what_the_user_says_is_told_apart_too():
    tokenizer = a_tokenizer()
    tokenizer.chat_template = tokenizer.chat_template.replace("['content']", "['content'].strip()")
    rendering = a_rendering(template="\n Read:\n{document}\n")
    row = preview_row(PromptRenderer(tokenizer, rendering), a_pair_named("a", "the cat", "a cat"))
    assert [(part.source, part.text) for part in row.parts] == [
        ("chat template", "<|user|>\n"),
        ("instruction", "Read:\n"),
        ("document", "the cat"),
        ("chat template", "<|end|>\n<|assistant|>\n"),
    ]


def test_a_cut_is_shown_with_the_last_words_that_stay():
    document = "The cat sat. The dog ran. The bird flew in under the tree and then it was small."
    row = preview_row(
        PromptRenderer(a_tokenizer(), a_rendering(max_tokens=45)), a_pair_named("a", document, "a")
    )
    stays = next(part.text for part in row.parts if part.source == "document")
    assert document.startswith(stays)
    assert stays != document
    assert row.last_words == " ".join(stays.split()[-12:])
    assert row.cut_at is not None
    shown = "".join(token.text for token in row.prompt[: row.cut_at])
    assert shown.endswith(stays)
    count = len(a_tokenizer()(stays, add_special_tokens=False)["input_ids"])
    assert row.document_tokens - row.document_tokens_cut == count


def test_the_generation_prompt_is_shown_where_a_long_summary_shortens_the_training_prompt():
    """Tuning leaves room for this reference, generate for max_new_tokens only."""
    document = "The cat sat. " * 12
    renderer = PromptRenderer(a_tokenizer(), a_rendering(max_tokens=60))
    alike = preview_row(renderer, a_pair_named("a", document, "a cat"))
    unlike = preview_row(renderer, a_pair_named("a", document, "the cat sat " * 6))
    assert alike.generation == []
    [prompt] = unlike.generation
    assert prompt.document_tokens_cut < unlike.document_tokens_cut


def test_a_summary_without_a_token_is_left_out():
    row = preview_row(PromptRenderer(a_tokenizer(), a_rendering()), a_pair_named("a", "b", " "))
    assert row.left_out == "its summary has no token to learn"
    assert not any(token.trained for token in row.tokens)


def test_unknown_tokens_and_escaped_special_tokens_are_marked():
    tokenizer = a_tokenizer()
    tokenizer.unk_token = tokenizer.convert_ids_to_tokens(
        tokenizer("e", add_special_tokens=False)["input_ids"][0]
    )  # any token that occurs stands for the unknown one
    renderer = PromptRenderer(tokenizer, a_rendering())
    row = preview_row(renderer, a_pair_named("a", "so <|end|> it", "e"))
    assert [token.unknown for token in row.target] == [True, False]
    assert row.escaped
    assert preview_row(renderer, a_pair_named("a", "so", "e <|end|>")).escaped
    assert not preview_row(renderer, a_pair_named("a", "so it", "e")).escaped


@pytest.mark.parametrize("make", [a_tokenizer, a_sided_tokenizer, ByT5Tokenizer])
def test_the_texts_of_tokens_join_to_the_text_of_all(make):
    tokenizer = make()
    ids = tokenizer("the cat 🙂 sat, été.\n<|end|>")["input_ids"]
    texts = token_texts(tokenizer, ids)
    assert "".join(texts) == tokenizer.decode(ids, clean_up_tokenization_spaces=False)
    assert "🙂" in texts  # of four tokens, the last one shows it


def test_what_tuning_would_refuse_is_noted_beside_the_rows(tmp_path, data, student_folder):
    """a_llama has 512 positions; a word is added to its tokenizer that no row of it embeds."""
    tokenizer = a_tokenizer()
    tokenizer.add_tokens(["quick"])
    folder = tmp_path / "model"
    shutil.copytree(student_folder, folder)
    tokenizer.save_pretrained(folder)
    settings = a_recipe(data, folder, max_length=600)
    with commands.open_split(settings, tmp_path / "run") as run_folder:
        preview = commands.preview(settings, run_folder, rows=3)
    positions, vocabulary = preview.notes
    assert positions.startswith("tuning would be refused: tune.max_length is 600, but this model")
    assert "'quick' would have none" in vocabulary
    assert len(preview.rows) == 3
