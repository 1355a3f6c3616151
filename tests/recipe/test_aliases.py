"""Earlier names of settings: they work for one release, with a note, wherever a key is written."""

import argparse
from pathlib import Path

import pytest

from abrege import recipe
from abrege.cli import recipes
from abrege.core.errors import RecipeError
from abrege.recipe.aliases import ALIASES, OTHER_TOOLS, current_path
from builders.recipes import SHORTEST, error_message, load_recipe

OLD_RUN = Path(__file__).parent / "data/run_of_0_1_0.yaml"
RAW = {"collect": {"source": "dump.xml"}, "tune": {"model": "student"}}
TEACHER = {"teacher": "server", "model": "m"}
PAIRS = {"data": {"source": "pairs.jsonl"}, "tune": {"model": "student"}}

# Each old key with a value that is not the default, and the tables that the recipe needs with it.
CASES = {
    "annotate.copied_lead": (0.5, 0.5, RAW | {"annotate": TEACHER}),
    "annotate.max_tokens": (900, 900, RAW | {"annotate": TEACHER}),
    "annotate.unsupported": ("refuse", True, RAW | {"annotate": {}}),
    "collect.articles": (7, 7, RAW),
    "engine.name": ("here", "local", PAIRS),
    "evaluate.by": (["kind"], ["kind"], PAIRS),
    "evaluate.samples": (99, 99, PAIRS),
    "export.equal_texts": (0.5, 0.5, PAIRS),
    "tune.accumulation": (3, 3, PAIRS),
    "tune.epochs": (2.5, 2.5, PAIRS),
    "tune.keep_checkpoints": (5, 5, PAIRS),
    "tune.loss": ("sequence", False, PAIRS),
    "tune.max_tokens": (99, 99, PAIRS),
    "tune.schedule": ("linear", "linear", PAIRS),
}


def with_setting(tables, path, value):
    table, _, key = path.partition(".")
    return tables | {table: tables.get(table, {}) | {key: value}}


def notes_of(tree, *overrides):
    notes = []
    recipe.parse(tree, overrides, on_event=lambda event: notes.append(event.text))
    return notes


def test_every_alias_has_a_case():
    assert {*CASES} == {*ALIASES}


@pytest.mark.parametrize("old", CASES)
def test_an_old_key_gives_the_same_recipe_as_the_new_one(old):
    old_value, new_value, tables = CASES[old]
    by_old = recipe.parse(with_setting(tables, old, old_value))
    by_new = recipe.parse(with_setting(tables, current_path(old), new_value))
    assert by_old == by_new
    if old != "engine.name":  # whose only alias is the default
        assert by_old != recipe.parse(tables)


@pytest.mark.parametrize("old", CASES)
def test_an_old_key_in_an_override_gives_the_same_recipe_as_the_new_one(old):
    old_value, new_value, tables = CASES[old]
    by_old = recipe.parse(tables, [f"{old}={old_value}"])
    by_new = recipe.parse(with_setting(tables, current_path(old), new_value))
    assert by_old == by_new


def test_old_keys_within_an_overridden_table_are_renamed():
    by_old = recipe.parse(PAIRS, ["tune={model: m, epochs: 2, loss: sequence}"])
    assert by_old.tune == recipe.Tune(model="m", num_train_epochs=2, completion_only_loss=False)


def test_old_keys_within_the_stand_in_table_are_renamed():
    tree = PAIRS | {"stand-in": {"tune": {"max_tokens": 9}}}
    assert recipe.parse(tree, stand_in=True).tune.max_length == 9


def test_the_recipe_of_a_run_folder_of_0_1_0_is_the_same_recipe():
    loaded = recipe.load(OLD_RUN)
    now = recipe.load(Path(__file__).parents[2] / "recipes/wiki-lead.yaml")
    assert loaded == now


def test_each_old_key_is_noted_once():
    tree = PAIRS | {
        "tune": {"model": "m", "epochs": 1, "loss": "summary"},
        "stand-in": {"tune": {"epochs": 2}},
    }
    assert notes_of(tree, "tune.epochs=3", "tune.epochs=4") == [
        "tune.epochs is now tune.num_train_epochs; the old name works for one release",
        "tune.loss: summary is now tune.completion_only_loss: true; "
        "the old name works for one release",
    ]
    engine = {"engine": {"name": "here"}}
    assert notes_of(PAIRS | engine) == [
        "engine.name: here is now engine.name: local; the old value works for one release"
    ]
    assert notes_of(PAIRS | {"engine": {"name": "local"}}) == []


def test_the_command_line_prints_the_note_on_stderr(tmp_path, capsys):
    path = tmp_path / "r.yaml"
    path.write_text(SHORTEST + "  epochs: 2\n")
    parser = argparse.ArgumentParser()
    recipes.add_arguments(parser)
    loaded, _ = recipes.read(parser.parse_args([str(path)]))
    assert loaded.tune.num_train_epochs == 2
    assert capsys.readouterr() == (
        "",
        "tune.epochs is now tune.num_train_epochs; the old name works for one release\n",
    )


def test_a_dumped_recipe_has_the_new_names_only(tmp_path):
    loaded = load_recipe(tmp_path, "  epochs: 2\n")
    assert "  num_train_epochs: 2.0\n" in recipe.dump(loaded)
    assert "  epochs:" not in recipe.dump(loaded)


def test_both_names_of_a_setting_are_an_error_with_both_lines(tmp_path):
    assert error_message(tmp_path, "  epochs: 1\n  num_train_epochs: 2\n") == (
        "r.yaml:5: tune.epochs is the old name of tune.num_train_epochs, which r.yaml:6 gives "
        "too.\n  Keep tune.num_train_epochs."
    )
    overrides = ["tune.num_train_epochs=2", "tune.epochs=1"]
    assert error_message(tmp_path, "", *overrides) == (
        "--set tune.epochs=1: tune.epochs is the old name of tune.num_train_epochs, which "
        "--set tune.num_train_epochs=2 gives too.\n  Keep tune.num_train_epochs."
    )


def test_an_override_by_the_new_name_replaces_the_old_name_in_the_file(tmp_path):
    assert load_recipe(tmp_path, "  epochs: 1\n", "tune.num_train_epochs=2").tune == (
        recipe.Tune(model="student", num_train_epochs=2)
    )


def test_a_mistake_behind_an_old_key_has_its_line_and_the_new_name(tmp_path):
    assert error_message(tmp_path, "  epochs: many\n") == (
        "r.yaml:5: tune.num_train_epochs should be a number, found 'many'"
    )
    assert error_message(tmp_path, "", "tune.epochs=many") == (
        "--set tune.epochs=many: tune.num_train_epochs should be a number, found 'many'"
    )
    assert error_message(tmp_path, "  loss: all\n") == (
        "r.yaml:5: tune.loss should be summary or sequence, found 'all'.\n"
        "  It is now tune.completion_only_loss: true, false."
    )


@pytest.mark.parametrize(
    ("more", "hint"),
    [
        ("  per_device_train_batch_size: 4\n", "did you mean batch_size?"),
        ("  model_name_or_path: m\n", "did you mean model?"),
        ("  lora_r: 8\n", "did you mean lora.r?"),
        ("learning_rate: 1e-4\n", "did you mean tune.learning_rate?"),
        ("lora_alpha: 8\n", "did you mean tune.lora.alpha?"),
        ("  load_in_4bit: true\n", "did you mean method: qlora?"),
        ("generate:\n  max_length: 9\n", "did you mean tune.max_length?"),
        ("evaluate:\n  num_beams: 9\n", "did you mean generate.num_beams?"),
        ("  epoch: 9\n", "did you mean num_train_epochs?"),
        ("  sheduler: linear\n", "did you mean lr_scheduler_type?"),
        ("epochs: 9\n", "did you mean tune.num_train_epochs?"),
    ],
)
def test_the_hint_knows_old_names_other_tables_and_other_tools(tmp_path, more, hint):
    assert error_message(tmp_path, more).endswith(f"is not a setting; {hint}")


def test_every_hint_for_another_tool_names_a_setting_that_exists():
    for name, suggestion in OTHER_TOOLS.items():
        if suggestion.startswith("--"):
            continue
        node = recipe.Recipe
        for key in suggestion.partition(":")[0].split("."):
            assert key in node.model_fields, name
            node = node.model_fields[key].annotation


def test_a_mistake_in_a_table_that_may_be_left_out_has_its_line_and_hint(tmp_path):
    path = tmp_path / "r.yaml"
    path.write_text("collect:\n  source: a.xml\n  titels: [A]\ntune:\n  model: m\n")
    with pytest.raises(RecipeError) as caught:
        recipe.load(path)
    assert str(caught.value) == (f"{path}:3: collect.titels is not a setting; did you mean titles?")


def test_the_shortest_recipe_gives_no_note(tmp_path):
    path = tmp_path / "r.yaml"
    path.write_text(SHORTEST)
    notes = []
    recipe.load(path, on_event=notes.append)
    assert notes == []
