import pytest

from abrege import recipe
from abrege.core.errors import RecipeError
from abrege.recipe import Recipe, yaml
from builders.recipes import SHORTEST, error_message, load_recipe


def test_data_and_a_model_are_enough(tmp_path):
    loaded = load_recipe(tmp_path)
    assert (loaded.data.source, loaded.tune.model) == ("pairs.jsonl", "student")
    models = ("base", "base-cut", "few-shot", "tuned")
    assert loaded.generate.systems == ["lead", "random", "oracle", *models]


def test_2e_minus_4_is_a_number(tmp_path):  # YAML 1.1 reads it as text
    assert load_recipe(tmp_path, "  learning_rate: 2e-4\n").tune.learning_rate == 0.0002


def test_no_is_a_word(tmp_path):  # YAML 1.1 reads Norway's code as false
    assert load_recipe(tmp_path, "prompt:\n  system: no\n").prompt.system == "no"


def test_no_is_not_a_boolean(tmp_path):
    assert (
        error_message(tmp_path, "evaluate:\n  stemmer: no\n")
        == "r.yaml:6: evaluate.stemmer should be true or false, found 'no'"
    )


def test_a_date_is_a_word(tmp_path):  # YAML 1.2 has no dates
    assert load_recipe(tmp_path, "name: 2026-11-22\n").name == "2026-11-22"


def test_a_boolean_with_an_anchor_stays_one(tmp_path):
    loaded = load_recipe(tmp_path, "evaluate:\n  stemmer: &yes true\nsplit:\n  allow_leaks: *yes\n")
    assert loaded.evaluate.stemmer is True
    assert loaded.split.allow_leaks is True


def test_a_table_whose_lines_are_all_comments_means_its_defaults(tmp_path):
    assert load_recipe(tmp_path, "generate:\n  # num_beams: 4\n").generate == recipe.Generate()


@pytest.mark.parametrize("tree", [None, ["a"], "text"])
def test_a_recipe_is_a_table(tree):
    with pytest.raises(
        RecipeError, match="recipe: a recipe is a table with data: and tune:, found"
    ):
        recipe.parse(tree)


def test_a_missing_recipe_is_an_error_that_says_how_to_write_one(tmp_path):
    with pytest.raises(
        RecipeError, match=r"no\.yaml: this recipe does not exist\.\n  Write one with: abrege init"
    ):
        recipe.load(tmp_path / "no.yaml")


def test_a_recipe_that_is_not_text_is_an_error(tmp_path):
    (tmp_path / "b.yaml").write_bytes(b"name: \xff")
    with pytest.raises(RecipeError, match=r"b\.yaml: this file cannot be read as text"):
        recipe.load(tmp_path / "b.yaml")
    with pytest.raises(RecipeError, match="this file cannot be read as text"):
        recipe.load(tmp_path)


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
    loaded = load_recipe(tmp_path, more)
    recipe.write(loaded, tmp_path / "again.yaml")
    assert recipe.load(tmp_path / "again.yaml") == loaded


def test_none_is_written_as_null(tmp_path):
    assert "  max_steps: null\n" in recipe.dump(load_recipe(tmp_path))


def test_a_recipe_with_every_default_written_out_is_the_same_recipe(tmp_path):
    written = load_recipe(tmp_path).model_dump()
    assert recipe.parse(written) == load_recipe(tmp_path)


def test_a_recipe_cannot_be_changed(tmp_path):
    with pytest.raises(ValueError, match="frozen"):
        load_recipe(tmp_path).tune.num_train_epochs = 3.0


def test_every_setting_has_a_description():
    schema = Recipe.model_json_schema()
    tables = [schema, *schema["$defs"].values()]
    silent = [k for t in tables for k, v in t["properties"].items() if not v.get("description")]
    assert silent == []


def test_the_stand_in_table_is_merged_only_on_demand(tmp_path):
    path = tmp_path / "r.yaml"
    written = SHORTEST + "  lora:\n    r: 4\n    alpha: 8\nstand-in:\n  tune:\n    lora: {r: 2}\n"
    path.write_text(written, encoding="utf-8")
    assert recipe.load(path).tune.lora.r == 4
    small = recipe.load(path, ["tune.model=mine"], stand_in=True).tune
    assert (small.lora.r, small.lora.alpha, small.model) == (2, 8, "mine")


def test_a_recipe_without_a_stand_in_table_is_an_error(tmp_path):
    path = tmp_path / "r.yaml"
    path.write_text(SHORTEST, encoding="utf-8")
    with pytest.raises(RecipeError, match="this recipe has no stand-in table"):
        recipe.load(path, stand_in=True)


@pytest.mark.parametrize(
    ("address", "written"),
    [
        ("http://user:secret@host:8000/v1", "http://***@host:8000/v1"),
        ("user:secret@host/v1", "'***@host/v1'"),
        ("https://host/v1?api-key=secret&version=2", "https://host/v1?api-key=***&version=***"),
        ("https://host/v1#api_key=secret", "https://host/v1#***"),
        ("http://localhost:11434/v1", "http://localhost:11434/v1"),
    ],
)
def test_a_password_in_an_address_is_used_and_never_written(address, written):
    """It stood in recipe.yaml, report.md and index.html, which are passed on."""
    annotate = {"teacher": "server", "model": "m", "base_url": address}
    tree = {"collect": {"source": "d.jsonl"}, "annotate": annotate, "tune": {"model": "m"}}
    loaded = recipe.parse(tree)
    assert loaded.annotate.base_url == address
    assert f"base_url: {written}\n" in recipe.dump(loaded)
    assert "secret" not in recipe.dump(loaded)


@pytest.mark.parametrize(("key", "value"), [("encoding", "cp1252"), ("on_bad_row", "drop")])
@pytest.mark.parametrize(
    "source", [{"data": {"source": "demo:aclsum"}}, {"collect": {"source": "d"}}]
)
def test_settings_of_files_are_refused_where_there_are_none(key, value, source):
    data = {**source.get("data", {}), key: value}
    with pytest.raises(RecipeError, match=f"data.{key} has no effect with"):
        recipe.parse({**source, "data": data, "tune": {"model": "m"}})


def a_server(**annotate):
    annotate = {"teacher": "server", "model": "m", **annotate}
    return {"collect": {"source": "d.jsonl"}, "annotate": annotate, "tune": {"model": "m"}}


def test_additional_fields_of_a_request_are_read_whole_and_written_without_their_secrets():
    body = {"reasoning_effort": "none", "gateway": {"api_key": "not-to-be-seen"}}
    override = "annotate.extra_body.chat_template_kwargs.enable_thinking=false"
    loaded = recipe.parse(a_server(extra_body=body), [override])
    thinking = {"chat_template_kwargs": {"enable_thinking": False}}
    assert loaded.annotate.extra_body == body | thinking
    written = recipe.dump(loaded)
    assert "not-to-be-seen" not in written
    masked = {**body, "gateway": {"api_key": "***"}}
    assert recipe.parse(yaml.read(written, where="r")).annotate.extra_body == masked | thinking


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"model": "other"}, "model is no additional field: it is written from annotate.model"),
        ({"messages": []}, "messages is no additional field: it is written from annotate.prompt"),
        ({"max_tokens": 9}, "max_tokens is no additional field: it is written from annotate.max_n"),
        ({"stream": True}, "stream is no additional field: answers are read whole"),
        ({"extra_body": {}}, "extra_body stands in itself: write its fields directly"),
        ({"x": float("inf")}, "it holds what JSON cannot: Out of range float values"),
        ([], "annotate.extra_body should be a table, found []"),
    ],
)
def test_additional_fields_that_are_settings_or_no_json_are_refused_by_name(body, message):
    with pytest.raises(RecipeError) as caught:
        recipe.parse(a_server(extra_body=body))
    assert "annotate.extra_body" in str(caught.value)
    assert message in str(caught.value)


@pytest.mark.parametrize("teacher", ["local", "lead"])
def test_additional_fields_have_no_effect_without_a_server(teacher):
    body = {"reasoning_effort": "none"}
    tree = a_server(extra_body=body) | {"annotate": {"teacher": teacher, "extra_body": body}}
    tree["annotate"] |= {"model": "m"} if teacher == "local" else {}
    with pytest.raises(RecipeError, match=f"extra_body has no effect with teacher: {teacher}"):
        recipe.parse(tree)
