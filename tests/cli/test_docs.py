from pathlib import Path

import pytest

from abrege.cli import COMMANDS, docs

DOCS = Path(__file__).parents[2] / "docs"


@pytest.mark.parametrize("name", ["settings.md", "commands.md"])
def test_a_generated_page_is_up_to_date(name):
    assert (DOCS / name).read_text(encoding="utf-8") == docs.pages()[name], "run: make fix"


def test_the_pages_are_written_into_the_given_folder(tmp_path):
    docs.write(tmp_path)
    assert sorted(file.name for file in tmp_path.iterdir()) == ["commands.md", "settings.md"]


def test_the_page_of_settings_has_type_default_meaning_and_earlier_name():
    lines = docs.settings_page().splitlines()
    epochs = "passes over the train split; formerly `epochs`"
    assert f"| `tune.num_train_epochs` | number | `1.0` | {epochs} |" in lines
    assert "| `evaluate.stemmer` | true or false | `false` | stem words (for the profile abrege; "\
        "Snowball, by language) |" in lines  # fmt: skip
    assert any(line.endswith("formerly `loss: summary` or `loss: sequence` |") for line in lines)
    assert any(line.endswith("formerly `name: here` |") for line in lines)
    assert any(line.startswith("| `tune.model` | text | required |") for line in lines)
    assert any(line.startswith("| `tune.max_steps` | integer | `null` |") for line in lines)
    assert any(line.startswith("| `tune.lora.modules` | text or list of text |") for line in lines)
    assert any(line.startswith("| `tune.arguments` | table | `{}` |") for line in lines)
    assert any(
        line.startswith("| `prompt.chat` | `auto` or `always` or `never` |") for line in lines
    )


def test_the_page_of_commands_has_the_help_of_every_command():
    page = docs.commands_page()
    for command in COMMANDS:
        assert f"## abrege {command.name}\n\n```text\nusage: abrege {command.name}" in page
