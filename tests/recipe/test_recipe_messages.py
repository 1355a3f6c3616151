import pytest

from abrege import recipe
from abrege.core.errors import RecipeError
from builders.recipes import error_message

WIKI = {"source": "https://x/w/api.php", "contact": "me@example.org"}


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ("  max_token: 9\n", "r.yaml:5: tune.max_token is not a setting; did you mean max_length?"),
        (
            "  lora:\n    ranks: 9\n",
            "r.yaml:6: tune.lora.ranks is not a setting; "
            "known: r, alpha, dropout, modules, dora, rslora",
        ),
        ("tun: 1\n", "r.yaml:5: tun is not a setting; did you mean tune?"),
        ("  batch_size: 1e3\n", "r.yaml:5: tune.batch_size should be an integer, found 1000.0"),
        (
            "  learning_rate: fast\n",
            "r.yaml:5: tune.learning_rate should be a number, found 'fast'",
        ),
        (
            "  learning_rate: -1\n",
            "r.yaml:5: tune.learning_rate should be greater than 0, found -1",
        ),
        (
            "  learning_rate: .inf\n",
            "r.yaml:5: tune.learning_rate should be a finite number, found inf",
        ),
        ("  lora: 3\n", "r.yaml:5: tune.lora should be a table, found 3"),
        (
            "  lora:\n    modules: 3\n",
            'r.yaml:6: tune.lora.modules should be text or a list, found 3 (as text: "3")',
        ),
        ("name: 7\n", 'r.yaml:5: name should be text, found 7 (as text: "7")'),
        (
            "name: ../up\n",
            r"r.yaml:5: name should match pattern '^\.*[\w-][\w.-]*$', found '../up'",
        ),
        (
            "generate:\n  systems: [lead, bose]\n",
            "r.yaml:6: generate.systems.1 should be "
            "'lead', 'random', 'oracle', 'base', 'base-cut', 'few-shot', 'tuned' or 'merged', "
            "found 'bose'",
        ),
        (
            "  lr_scheduler_type: constant\n  warmup_steps: 3\n",
            "r.yaml:3: tune: warmup_steps has no effect with lr_scheduler_type constant; "
            "write constant_with_warmup",
        ),
        (
            "generate:\n  temperature: .7\n",
            "r.yaml:5: generate: temperature has no effect without do_sample: true",
        ),
        (
            "generate:\n  top_p: .7\n",
            "r.yaml:5: generate: top_p has no effect without do_sample: true",
        ),
        (
            "generate:\n  length_penalty: 2.0\n",
            "r.yaml:5: generate: length_penalty has no effect without num_beams of 2 or more",
        ),
        (
            "evaluate:\n  profile: pip-rouge\n  references: best-by-rougeLsum\n",
            "r.yaml:5: evaluate: profile pip-rouge has no rougeLsum; choose best-by-rougeL",
        ),
        (
            "generate:\n  systems: [base-cut, tuned]\n",
            "r.yaml:5: generate: base-cut truncates the output of base: add base to "
            "generate.systems",
        ),
        (
            "  seed: 1\n  seed: 2\n",
            'r.yaml:6: this is not YAML: found duplicate key "seed" '
            'with value "2" (original value: "1")',
        ),
        ("x: [1\n", "r.yaml:6: this is not YAML: expected ',' or ']', but got '<stream end>'"),
    ],
)
def test_a_mistake_has_its_line_and_what_was_expected(tmp_path, more, expected):
    assert error_message(tmp_path, more) == expected


def test_all_mistakes_are_reported_at_once(tmp_path):
    messages = error_message(tmp_path, "  seed: x\nreport:\n  exmples: 3\n")
    assert messages.splitlines() == [
        "r.yaml:5: tune.seed should be an integer, found 'x'",
        "r.yaml:7: report.exmples is not a setting; did you mean examples?",
    ]


def test_a_missing_setting_is_reported_with_its_meaning():
    with pytest.raises(RecipeError) as caught:
        recipe.parse({"data": {"source": "a"}, "tune": {}})
    assert str(caught.value) == (
        "recipe: tune.model is missing: the model to start from: a folder, hub id, .gguf file, or "
        "demo:smollm2-135m-instruct"
    )


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ({}, "recipe: give data.source, data.train and data.test, or collect.source"),
        (
            {"source": "a", "test": "b"},
            "recipe: data: give either data.source or data.test, not both",
        ),
        ({"train": "a"}, "recipe: data: given splits need at least data.train and data.test"),
        (
            {"valid": "a", "test": "b"},
            "recipe: data: given splits need at least data.train and data.test",
        ),
    ],
)
def test_pairs_have_one_source(data, expected):
    with pytest.raises(RecipeError) as caught:
        recipe.parse({"data": data, "tune": {"model": "m"}})
    assert str(caught.value) == expected


@pytest.mark.parametrize(
    ("tables", "expected"),
    [
        ({"data": {"source": "a"}}, "recipe: give either collect or data.source, not both"),
        (
            {"data": {"columns": {"id": "n"}}},
            "recipe: data.columns has no effect with collect: see collect.columns",
        ),
        (
            {"collect": {"source": "a.xml", "contact": "me"}},
            "recipe: collect: contact has no effect without the address of an api.php",
        ),
        (
            {"collect": {"source": "a.xml", "draw": "first"}},
            "recipe: collect: draw has no effect without max_documents: all are taken",
        ),
        (
            {"collect": {"source": "a.xml", "seed": 1}},
            "recipe: collect: seed has no effect without max_documents: all are taken",
        ),
        (
            {"collect": {"source": "https://x/w/api.php", "max_documents": 9}},
            "recipe: collect: wikis require a contact of automatic readers: give collect.contact",
        ),
        (
            {"collect": WIKI | {"max_documents": 9, "seed": 1}},
            "recipe: collect: seed has no effect on the random pages that a wiki itself "
            "chooses: leave it out, or give titles or a category",
        ),
        (
            {"collect": {"source": "a.xml", "max_documents": 9, "draw": "first", "seed": 1}},
            "recipe: collect: seed has no effect with draw: first",
        ),
        (
            {"collect": WIKI | {"titles": [], "max_documents": 9}},
            "recipe: collect: titles lists no page",
        ),
        (
            {"annotate": {"teacher": "server"}},
            "recipe: annotate: teacher: server needs annotate.model",
        ),
        (
            {"annotate": {"teacher": "server", "model": "m", "budget": {"money": 1}}},
            "recipe: annotate: budget.money needs annotate.price",
        ),
    ],
)
def test_raw_documents_have_one_source_and_no_setting_without_effect(tables, expected):
    with pytest.raises(RecipeError) as caught:
        recipe.parse({"collect": {"source": "a.xml"}, "tune": {"model": "m"}} | tables)
    assert str(caught.value) == expected


def test_cleaning_has_no_effect_on_pairs():
    with pytest.raises(RecipeError, match="clean has no effect without collect"):
        recipe.parse({"data": {"source": "a"}, "clean": {"min_words": 9}, "tune": {"model": "m"}})


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("  method: full\n  lora: {r: 4}\n", "lora has no effect without method lora or qlora"),
        ("  quantization: {type: fp4}\n", "quantization has no effect without method qlora"),
        (
            "  metric_for_best_model: rougeL\n",
            "metric_for_best_model has no effect without load_best_model_at_end or "
            "early_stopping_patience",
        ),
        (
            "  warmup_steps: 3\n  warmup_ratio: .1\n",
            "give either warmup_steps or warmup_ratio, not both",
        ),
        (
            "  load_best_model_at_end: true\n  eval_steps: 4\n  save_steps: 6\n",
            "save_steps must be a multiple of eval_steps for load_best_model_at_end; omit "
            "save_steps to save with each validation",
        ),
    ],
)
def test_a_setting_of_tuning_without_effect_is_an_error(tmp_path, written, expected):
    assert error_message(tmp_path, written) == f"r.yaml:3: tune: {expected}"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "found an empty file.\n  Write one with: abrege init"),
        ("data:\n\tsource: x\n", "\n  Indent with spaces, not with tabs."),
        ("data: p.csv\ntune: {model: m}\n", "did you mean data: {source: p.csv}?"),
        ("data: {source: p}\ntune: gpt2\n", "did you mean tune: {model: gpt2}?"),
        ("data: {source: p}\ntune: {model: m, max_steps: '3'}\n", "found '3' (without quotes)"),
    ],
)
def test_what_a_beginner_writes_is_answered_with_what_to_write(tmp_path, text, expected):
    path = tmp_path / "r.yaml"
    path.write_text(text)
    with pytest.raises(RecipeError) as caught:
        recipe.load(path)
    assert expected in str(caught.value)
