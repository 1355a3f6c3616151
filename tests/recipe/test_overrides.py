import pytest

from builders.recipes import error_message, load_recipe


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
def test_an_override_sets_the_typed_value(tmp_path, override, value):
    setting = load_recipe(tmp_path, "", override)
    for key in override.partition("=")[0].split("."):
        setting = getattr(setting, key)
    assert setting == value
    assert type(setting) is type(value)


def test_the_last_override_of_a_setting_wins(tmp_path):
    overrides = ["tune.num_train_epochs=2", "tune.num_train_epochs=3"]
    loaded = load_recipe(tmp_path, "  num_train_epochs: 1\n", *overrides)
    assert loaded.tune.num_train_epochs == 3


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
def test_the_message_of_a_bad_override_quotes_it_and_not_the_recipe(tmp_path, override, expected):
    assert error_message(tmp_path, "  num_train_epochs: 1\n", override) == expected
