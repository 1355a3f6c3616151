from pathlib import Path

import pytest

from abrege import recipe as recipes
from abrege.report.describe import describe_method, describe_source


@pytest.mark.parametrize(
    ("tune", "manifest", "words"),
    [
        (
            {},
            {},
            "LoRA of rank 16 (α 32) on all-linear; 16 rows a step, learning rate 5e-4, cosine",
        ),
        (
            {"method": "qlora", "lora": {"r": 8, "alpha": 8, "dora": True, "modules": ["q", "v"]}},
            {"steps": 7},
            "DoRA of rank 8 (α 8) on q, v over 4-bit weights (nf4, double quantization); "
            "7 steps of 16 rows, learning rate 5e-4, cosine",
        ),
        (
            {
                "method": "full",
                "completion_only_loss": False,
                "learning_rate": 5e-5,
                "lr_scheduler_type": "linear",
                "load_best_model_at_end": True,
                "metric_for_best_model": "rougeL",
            },
            {"steps": 90, "kept_step": 60},
            "all weights; loss over prompt and summary, 90 steps of 16 rows, learning rate 5e-5, "
            "linear; weights of step 60, the best by rougeL",
        ),
        (
            {"load_best_model_at_end": True},
            {"steps": 4, "kept_step": 4},
            "LoRA of rank 16 (α 32) on all-linear; 4 steps of 16 rows, learning rate 5e-4, cosine; "
            "the last step was the best by loss",
        ),
    ],
)
def test_the_method_names_the_trained_weights_and_the_best_step(tune, manifest, words):
    recipe = recipes.parse({"data": {"source": "d"}, "tune": {"model": "m", **tune}})
    assert describe_method(recipe, manifest) == words


@pytest.mark.parametrize(
    ("tables", "words"),
    [
        ({"data": {"source": "/x/pairs.csv"}}, "pairs.csv"),
        ({"data": {"train": "/x/a.csv", "test": "/x/b.csv"}}, "a.csv, b.csv"),
        ({"collect": {"source": "/x/w.xml"}}, "w.xml, with the introductions as summaries"),
        (
            {
                "collect": {"source": "/x/w.xml"},
                "annotate": {"teacher": "local", "model": "/m/qwen.gguf"},
            },
            "w.xml, summarized by qwen.gguf",
        ),
    ],
)
def test_a_source_names_the_writer_of_its_summaries(tables, words):
    recipe = recipes.parse({"tune": {"model": "m"}, **tables})
    assert describe_source(recipe, display_name=lambda path: Path(path).name) == words
