from pathlib import Path

import pytest

from abrege import recipe
from abrege.core.errors import RecipeError
from abrege.recipe import Recipe

WIKI = {"source": "https://x/w/api.php", "contact": "me@example.org"}
SHORTEST = "data:\n  source: pairs.jsonl\ntune:\n  model: student\n"


def load(tmp_path: Path, more: str = "", *overrides: str) -> Recipe:
    path = tmp_path / "r.yaml"
    path.write_text(SHORTEST + more, encoding="utf-8")
    return recipe.load(path, overrides)


def message(tmp_path: Path, more: str = "", *overrides: str) -> str:
    """Give the message of the RecipeError that the recipe meets, its path cut to r.yaml."""
    with pytest.raises(RecipeError) as caught:
        load(tmp_path, more, *overrides)
    return str(caught.value).replace(f"{tmp_path}/", "")


def test_data_and_a_model_are_enough(tmp_path):
    found = load(tmp_path)
    assert (found.data.source, found.tune.model) == ("pairs.jsonl", "student")
    models = ("base", "base-cut", "few-shot", "tuned")
    assert found.generate.systems == ["lead", "random", "oracle", *models]


def test_2e_minus_4_is_a_number(tmp_path):  # YAML 1.1 reads it as text
    assert load(tmp_path, "  learning_rate: 2e-4\n").tune.learning_rate == 0.0002


def test_no_is_a_word(tmp_path):  # YAML 1.1 reads Norway's code as false
    assert load(tmp_path, "prompt:\n  system: no\n").prompt.system == "no"


def test_no_is_refused_where_true_or_false_is_due(tmp_path):
    assert (
        message(tmp_path, "evaluate:\n  stemmer: no\n")
        == "r.yaml:6: evaluate.stemmer should be true or false, found 'no'"
    )


def test_a_date_is_a_word(tmp_path):  # YAML 1.2 has no dates
    assert load(tmp_path, "name: 2026-11-22\n").name == "2026-11-22"


def test_a_boolean_with_an_anchor_stays_one(tmp_path):
    found = load(tmp_path, "evaluate:\n  stemmer: &yes true\nsplit:\n  allow_leaks: *yes\n")
    assert found.evaluate.stemmer is True
    assert found.split.allow_leaks is True


def test_a_table_whose_lines_are_all_comments_means_its_defaults(tmp_path):
    assert load(tmp_path, "generate:\n  # num_beams: 4\n").generate == recipe.Generate()


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
        ("  batch_size: 1e3\n", "r.yaml:5: tune.batch_size should be a whole number, found 1000.0"),
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
        ("name: ../up\n", r"r.yaml:5: name should match pattern '^[\w.-]+$', found '../up'"),
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
def test_a_mistake_is_named_with_its_line_and_what_was_expected(tmp_path, more, expected):
    assert message(tmp_path, more) == expected


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
def test_pairs_have_one_origin(data, expected):
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
def test_raw_documents_have_one_origin_and_no_setting_without_effect(tables, expected):
    with pytest.raises(RecipeError) as caught:
        recipe.parse({"collect": {"source": "a.xml"}, "tune": {"model": "m"}} | tables)
    assert str(caught.value) == expected


def test_what_comes_before_pairs_has_no_effect_on_pairs():
    with pytest.raises(RecipeError, match="clean has no effect without collect"):
        recipe.parse({"data": {"source": "a"}, "clean": {"min_words": 9}, "tune": {"model": "m"}})


def test_all_mistakes_are_told_at_once(tmp_path):
    told = message(tmp_path, "  seed: x\nreport:\n  exmples: 3\n").splitlines()
    assert told == [
        "r.yaml:5: tune.seed should be a whole number, found 'x'",
        "r.yaml:7: report.exmples is not a setting; did you mean examples?",
    ]


def test_what_is_missing_is_named_with_its_meaning():
    with pytest.raises(RecipeError) as caught:
        recipe.parse({"data": {"source": "a"}, "tune": {}})
    assert str(caught.value) == (
        "recipe: tune.model is missing: folder, hub id, .gguf file, or "
        "demo:smollm2-135m-instruct to start from"
    )


@pytest.mark.parametrize("tree", [None, ["a"], "text"])
def test_a_recipe_is_a_table(tree):
    with pytest.raises(
        RecipeError, match="recipe: a recipe is a table with data: and tune:, found"
    ):
        recipe.parse(tree)


def test_a_recipe_that_is_not_there_is_told_with_the_remedy(tmp_path):
    with pytest.raises(
        RecipeError, match=r"no\.yaml: this recipe does not exist\.\n  Write one with: abrege init"
    ):
        recipe.load(tmp_path / "no.yaml")


def test_a_recipe_that_is_no_text_is_refused(tmp_path):
    (tmp_path / "b.yaml").write_bytes(b"name: \xff")
    with pytest.raises(RecipeError, match=r"b\.yaml: this file cannot be read as text"):
        recipe.load(tmp_path / "b.yaml")
    with pytest.raises(RecipeError, match="this file cannot be read as text"):
        recipe.load(tmp_path)


@pytest.mark.parametrize(
    ("override", "value"),
    [
        ("tune.max_steps=50", 50),
        ("tune.learning_rate=2e-4", 0.0002),
        ("tune.max_steps=null", None),
        ("tune.max_steps=", None),
        ("tune.lora.modules=[q_proj, v_proj]", ["q_proj", "v_proj"]),
        ("evaluate.stemmer=true", True),
        ("tune.arguments={adam_beta2: 0.95}", {"adam_beta2": 0.95}),
        ("tune.model=org/student", "org/student"),
        ("tune.model=7", "7"),
        ("prompt.template=a=b", "a=b"),
        ("prompt.template=Summarise: {document}", "Summarise: {document}"),
        ("prompt.template={document}", "{document}"),
        ("prompt.template=[INST] {document} [/INST]", "[INST] {document} [/INST]"),
        ("prompt.template=# Title {document}", "# Title {document}"),
        ("prompt.template=one line\ntwo {document}", "one line\ntwo {document}"),
        ("prompt.template='null'", "null"),
    ],
)
def test_an_override_sets_what_was_typed(tmp_path, override, value):
    found = load(tmp_path, "", override)
    for key in override.partition("=")[0].split("."):
        found = getattr(found, key)
    assert found == value
    assert type(found) is type(value)


def test_the_last_override_of_a_setting_wins(tmp_path):
    assert (
        load(
            tmp_path,
            "  num_train_epochs: 1\n",
            "tune.num_train_epochs=2",
            "tune.num_train_epochs=3",
        ).tune.num_train_epochs
        == 3
    )


@pytest.mark.parametrize(
    ("override", "expected"),
    [
        ("tune.model", "--set tune.model: write it as table.key=value"),
        ("=3", "--set =3: write it as table.key=value"),
        ("tune.=3", "--set tune.=3: write it as table.key=value"),
        ("tune.model.x=3", "--set tune.model.x=3: model is a value, not a table"),
        (
            "tune.num_train_epochs=many",
            "--set tune.num_train_epochs=many: tune.num_train_epochs should be a number, "
            "found 'many'",
        ),
        (
            "tune.epoch=2",
            "--set tune.epoch=2: tune.epoch is not a setting; did you mean num_train_epochs?",
        ),
        (
            "generate.systems=[lead",
            "--set generate.systems=[lead: generate.systems should be a list, found '[lead'",
        ),
    ],
)
def test_a_bad_override_is_named_and_not_the_recipe(tmp_path, override, expected):
    assert message(tmp_path, "  num_train_epochs: 1\n", override) == expected


@pytest.mark.parametrize(
    "more",
    [
        "",
        "  learning_rate: 1e-5\n  max_steps: 3\n  arguments: {optim: adamw_torch, a: [1, 2]}\n",
        "prompt:\n  template: |\n    Résume : {document}\n\n    no # 'x' \"y\"\n",
        "prompt:\n  system: 'no'\n",
        "prompt:\n  system: '2e-4'\n",
        "prompt:\n  system: '2026-11-22'\n",
        "  lora:\n    modules: [q_proj]\n",
    ],
)
def test_a_dumped_recipe_loads_as_the_same_recipe(tmp_path, more):
    found = load(tmp_path, more)
    recipe.write(found, tmp_path / "again.yaml")
    assert recipe.load(tmp_path / "again.yaml") == found


def test_nothing_is_written_as_a_word(tmp_path):
    assert "  max_steps: null\n" in recipe.dump(load(tmp_path))


def test_every_default_would_be_accepted_if_it_were_written_down(tmp_path):
    written = load(tmp_path).model_dump()
    assert recipe.parse(written) == load(tmp_path)


def test_a_recipe_cannot_be_changed(tmp_path):
    with pytest.raises(ValueError, match="frozen"):
        load(tmp_path).tune.num_train_epochs = 3.0


def test_every_setting_has_a_meaning():
    schema = Recipe.model_json_schema()
    tables = [schema, *schema["$defs"].values()]
    silent = [k for t in tables for k, v in t["properties"].items() if not v.get("description")]
    assert silent == []


def test_the_stand_in_table_is_laid_over_the_recipe_only_where_asked_for(tmp_path):
    path = tmp_path / "r.yaml"
    written = SHORTEST + "  lora:\n    r: 4\n    alpha: 8\nstand-in:\n  tune:\n    lora: {r: 2}\n"
    path.write_text(written, encoding="utf-8")
    assert recipe.load(path).tune.lora.r == 4
    small = recipe.load(path, ["tune.model=mine"], stand_in=True).tune
    assert (small.lora.r, small.lora.alpha, small.model) == (2, 8, "mine")


def test_a_recipe_without_a_stand_in_says_so(tmp_path):
    path = tmp_path / "r.yaml"
    path.write_text(SHORTEST, encoding="utf-8")
    with pytest.raises(RecipeError, match="this recipe has no stand-in table"):
        recipe.load(path, stand_in=True)


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
            "save_steps must be a multiple of eval_steps for load_best_model_at_end; leave "
            "save_steps out to save with each validation",
        ),
    ],
)
def test_a_setting_of_tuning_without_effect_is_refused(tmp_path, written, expected):
    assert message(tmp_path, written) == f"r.yaml:3: tune: {expected}"
