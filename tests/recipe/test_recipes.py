"""The bundled recipes: each loads, and has the settings of its study."""

from pathlib import Path

import pytest

from abrege import recipe
from abrege.cli.recipes import bundled_recipes

FOLDER = Path(__file__).parents[2] / "recipes"
FILES = sorted(FOLDER.glob("*.yaml"))
STUDIES = ("wiki-fr-distil", "news-title-fr", "dialogsum-phi2", "dialogsum-flan-t5", "gpt2")

# design.md, "The five studies it must carry out"
SETTINGS = {
    "wiki-fr-distil": {
        "tune.model": "Qwen/Qwen2.5-0.5B-Instruct",
        "tune.method": "qlora",
        "tune.lora.r": 32,
        "tune.lora.modules": "all-linear",
        "tune.max_length": 1024,
        "tune.batch_size": 2,
        "tune.gradient_accumulation_steps": 2,
        "tune.learning_rate": 2e-4,
        "tune.warmup_steps": 100,
        "tune.dtype": "float16",
        "tune.num_train_epochs": 3,
        "tune.eval_steps": 50,
        "tune.save_steps": 200,
        "split.valid": 0.1,
        "split.test": 0.1,
        "split.test_rows": 200,
        "generate.temperature": 0.7,
        "generate.top_p": 0.7,
        "data.lang": "fr",
        "collect.max_documents": 5000,
        "collect.min_words": 500,
        "collect.max_words": 4000,
        "clean.headings": "drop",
        "annotate.teacher": "local",
        "annotate.model": "Qwen/Qwen2.5-14B-Instruct",
        "annotate.quantization": "nf4",
        "annotate.temperature": 0.7,
        "annotate.top_p": 0.7,
    },
    "news-title-fr": {
        "tune.model": "meta-llama/Llama-2-7b-hf",
        "tune.method": "qlora",
        "tune.quantization.type": "nf4",
        "tune.quantization.double": True,
        "tune.optim": ["paged_adamw_32bit", "adamw_torch"],
        "tune.batch_size": 4,
        "tune.gradient_accumulation_steps": 2,
        "tune.num_train_epochs": 2,
        "tune.save_steps": "epoch",
        "tune.learning_rate": 2e-4,
        "tune.lr_scheduler_type": "constant_with_warmup",
        "tune.warmup_ratio": 0.03,
        "tune.max_grad_norm": 0.3,
        "tune.dtype": "bfloat16",
        "tune.tf32": True,
        "data.lang": "fr",
    },
    "dialogsum-phi2": {
        "tune.model": "microsoft/phi-2",
        "tune.method": "qlora",
        "tune.lora.r": 32,
        "tune.lora.alpha": 32,
        "tune.lora.dropout": 0.05,
        "tune.lora.modules": ["q_proj", "k_proj", "v_proj", "dense"],
        "tune.optim": ["paged_adamw_8bit", "adamw_torch"],
        "tune.learning_rate": 2e-4,
        "tune.batch_size": 1,
        "tune.gradient_accumulation_steps": 4,
        "tune.max_steps": 1000,
        "tune.gradient_checkpointing": True,
        "tune.max_length": 2048,
        "split.train_rows": 1999,
        "split.valid_rows": 499,
        "split.test_rows": 499,
        "prompt.template": "Instruct: Summarize the below conversation.\n\n{document}\n\nOutput:",
    },
    "dialogsum-flan-t5": {
        "tune.model": "google/flan-t5-base",
        "tune.method": "full",
        "tune.learning_rate": 5e-5,
        "tune.batch_size": 16,
        "tune.gradient_accumulation_steps": 2,
        "tune.weight_decay": 0.01,
        "tune.num_train_epochs": 5,
        "tune.warmup_steps": 100,
        "tune.eval_steps": 200,
        "tune.save_steps": 200,
        "tune.load_best_model_at_end": True,
        "tune.early_stopping_patience": 2,
        "generate.max_new_tokens": 200,
        "prompt.template": "Summarize the following conversation.\n\n{document}\n\nSummary: ",
    },
    "gpt2": {
        "tune.model": "openai-community/gpt2",
        "tune.completion_only_loss": False,
        "tune.method": "full",
    },
}


def at(tree, path):
    for key in path.split("."):
        tree = getattr(tree, key)
    return tree


def test_each_study_has_a_bundled_recipe():
    assert (
        {*STUDIES, "quickstart", "wiki-lead"}
        == {*bundled_recipes()}
        == {file.stem for file in FILES}
    )
    assert {*SETTINGS} == {*STUDIES}


@pytest.mark.parametrize("study", STUDIES)
def test_a_recipe_has_the_settings_of_its_study(study):
    loaded = recipe.load(FOLDER / f"{study}.yaml")
    assert {key: at(loaded, key) for key in SETTINGS[study]} == SETTINGS[study]


@pytest.mark.parametrize("study", STUDIES)
def test_a_stand_in_has_few_rows_and_needs_no_hub(study):
    small = recipe.load(FOLDER / f"{study}.yaml", stand_in=True)
    assert small.tune.model.startswith("demo:")
    source = small.collect.source if small.collect else small.data.source
    assert source == ("demo:enwiki" if study == "wiki-fr-distil" else "demo:aclsum")
    assert small.name == f"{study}-stand-in"
    rows = (small.split.train_rows, small.split.valid_rows, small.split.test_rows)
    assert sum(rows) <= 200


@pytest.mark.parametrize("study", STUDIES)
def test_a_stand_in_has_the_same_method_as_its_study(study):
    full, small = (
        recipe.load(FOLDER / f"{study}.yaml", stand_in=stand_in) for stand_in in (False, True)
    )
    for key in (
        "method",
        "completion_only_loss",
        "optim",
        "quantization",
        "load_best_model_at_end",
        "lr_scheduler_type",
    ):
        assert getattr(full.tune, key) == getattr(small.tune, key), key
    assert full.generate.systems == small.generate.systems


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_recipe_starts_with_a_comment_that_has_its_command(file):
    comment = file.read_text(encoding="utf-8").split("name:")[0]
    assert f"abrege run {file.stem}" in comment
