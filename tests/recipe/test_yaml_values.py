"""YAML values that a parser accepts or chokes on: each is one message with its line."""

import pytest

from abrege import recipe
from abrege.core.errors import RecipeError

BASE = "data: {source: p.jsonl}\ntune: {model: m}\n"


def load(tmp_path, text, *overrides):
    path = tmp_path / "r.yaml"
    path.write_text(text, encoding="utf-8")
    return recipe.load(path, overrides)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("split: {seed: !!bool maybe}", "'maybe' cannot be read as bool"),
        ("split: {seed: !!int x}", "'x' cannot be read as int"),
        ("split: {seed: !!float abc}", "'abc' cannot be read as float"),
        ("split: {seed: " + "9" * 5000 + "}", "cannot be read as int"),
        ("split: {seed: !!binary aGk=}", "the tag !!binary has no meaning in a recipe"),
        ("split: {seed: !!timestamp 2026-01-01}", "the tag !!timestamp has no meaning"),
        ("split: !mine {seed: 3}", "the tag !mine has no meaning in a recipe"),
        ("prompt: {template: " + "[" * 300 + "]" * 300 + "}", "more than 40 levels deep"),
        ("prompt: {template: " + "{a: " * 300 + "1" + "}" * 300 + "}", "more than 40 levels deep"),
        ("split: {seed: 0x" + "f" * 17 + "}", "an integer has 68 bits, and 64 is the most"),
        ('prompt: {template: "{document} \\ud83d"}', "it holds half a surrogate pair"),
        ('annotate: {extra_body: {"\\udc00": 1}}', "it holds half a surrogate pair"),
        ("name: a\x01b", r"the control character U\+0001"),
    ],
)
def test_a_value_that_yaml_cannot_hold_is_one_message_with_its_line(tmp_path, line, message):
    with pytest.raises(RecipeError, match=rf"r\.yaml:3: this is not YAML: .*{message}"):
        load(tmp_path, BASE + line + "\n")


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("split: {seed: 0x" + "f" * 5000 + "}", "an integer has 20000 bits, and 64 is the most"),
        ("prompt: {template: &a {b: {c: *a}}}", "inside its own anchor|should be text"),
        (
            "prompt: {template: [&a [1, 1, 1, 1, 1, 1, 1, 1], &b [*a, *a, *a, *a, *a, *a, *a, *a], "
            "&c [*b, *b, *b, *b, *b, *b, *b, *b], &d [*c, *c, *c, *c, *c, *c, *c, *c], "
            "&e [*d, *d, *d, *d, *d, *d, *d, *d], [*e, *e, *e, *e, *e, *e, *e, *e]]}",
            "more than 100,000 values",
        ),
    ],
)
def test_integers_of_too_many_bits_and_aliases_without_end_are_refused(tmp_path, line, message):
    with pytest.raises(RecipeError, match=message):
        load(tmp_path, BASE + line + "\n")


def test_a_word_that_looks_like_a_date_is_a_word(tmp_path):
    assert load(tmp_path, BASE + "name: 2024-13-01\n").name == "2024-13-01"
    assert load(tmp_path, BASE + "name: 2026-11-22\n").name == "2026-11-22"


def test_an_equals_sign_is_a_word_and_no_name_of_a_folder(tmp_path):
    assert load(tmp_path, BASE + "prompt: {system: =}\n").prompt.system == "="
    for name in ("=", ".", ".."):
        with pytest.raises(RecipeError, match="name"):
            load(tmp_path, BASE + f"name: {name}\n")
    assert load(tmp_path, BASE + "name: .a..b\n").name == ".a..b"


def test_bytes_of_a_command_line_that_are_not_utf8_are_refused(tmp_path):
    with pytest.raises(RecipeError, match=r"--set .*udce9': this is no text in UTF-8"):
        load(tmp_path, BASE, "prompt.template={document}\udce9")


def test_a_merge_key_brings_its_values_and_a_wrong_one_is_named(tmp_path):
    text = "data: &d {source: p.jsonl}\nsplit: {<<: *d}\ntune: {model: m}\n"
    with pytest.raises(RecipeError, match=r"r\.yaml:2: split\.source is not a setting"):
        load(tmp_path, text)


@pytest.mark.parametrize("value", ["&a [*a]", "[" * 3000 + "]" * 3000, "!!bool maybe"])
def test_an_override_that_is_no_yaml_is_text_and_refused_as_such(tmp_path, value):
    with pytest.raises(RecipeError, match=r"split\.valid should be a number"):
        load(tmp_path, BASE, f"split.valid={value}")
