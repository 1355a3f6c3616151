"""Chat templates that refuse, drop, date or think: how each is used, and what is said of it."""

import pytest

from abrege.core.errors import RecipeError
from abrege.prompts.chat_template import FIXED_DATE, ChatFormat, inspect_chat_template
from builders.models import a_tokenizer

TURNS = "{% for m in messages %}{{ m.role }}: {{ m.content }}\n{% endfor %}"
ASK = "{% if add_generation_prompt %}assistant:{% endif %}"
REFUSES = "{% if messages[0].role == 'system' %}{{ raise_exception('no system') }}{% endif %}"
DROPS = "{% for m in messages if m.role != 'system' %}{{ m.role }}: {{ m.content }}\n{% endfor %}"
PARTS = "{% for m in messages %}{% for p in m.content %}{{ p.text }}{% endfor %}\n{% endfor %}"
DATED = "Today is {{ strftime_now('%d %B %Y') }}.\n"
SWITCH = (
    "{% if enable_thinking is defined and not enable_thinking %}<think>\n\n</think>\n\n{% endif %}"
)
OPENS = "{% if add_generation_prompt %}assistant:<think>\n{% endif %}"
QUESTION = [{"role": "user", "content": "Hello"}]


def inspect(template, *, system=None):
    tokenizer, notes = a_tokenizer(), []
    tokenizer.chat_template = template
    chat = inspect_chat_template(
        tokenizer, system=system, on_event=lambda event: notes.append(event.text)
    )
    return tokenizer, chat, notes


def test_a_plain_template_is_used_as_it_is_and_nothing_is_said():
    _, chat, notes = inspect(TURNS + ASK, system="Be brief.")
    assert chat == ChatFormat()
    assert notes == []


@pytest.mark.parametrize("template", [REFUSES + TURNS + ASK, DROPS + ASK])
def test_the_system_text_stands_before_the_users_words_where_the_template_has_no_place(template):
    tokenizer, chat, notes = inspect(template, system="Be brief.")
    messages = [{"role": "system", "content": "Be brief."}, *QUESTION]
    assert chat.render(tokenizer, messages) == "user: Be brief.\n\nHello\nassistant:"
    assert "no system message" in notes[0]


def test_a_template_of_parts_is_given_parts():
    tokenizer, chat, _ = inspect(PARTS + ASK)
    assert chat.parts
    assert chat.render(tokenizer, QUESTION) == "Helloassistant:"


def test_a_dated_template_writes_the_same_date_every_day():
    tokenizer, chat, notes = inspect(DATED + TURNS + ASK)
    assert chat.date == FIXED_DATE
    assert chat.render(tokenizer, QUESTION).startswith("Today is 26 July 2024.\n")
    assert FIXED_DATE in notes[0]


def test_thinking_is_switched_off_where_the_template_can():
    tokenizer, chat, notes = inspect(TURNS + ASK + SWITCH)
    assert chat.arguments == {"enable_thinking": False}
    assert chat.render(tokenizer, QUESTION).endswith("assistant:<think>\n\n</think>\n\n")
    assert "enable_thinking is false" in notes[0]


def test_a_block_of_thoughts_that_the_prompt_opens_is_closed_before_the_summary():
    tokenizer, chat, notes = inspect(TURNS + OPENS)
    assert chat.render(tokenizer, QUESTION) == "user: Hello\nassistant:<think>\n\n</think>\n\n"
    assert chat.render(tokenizer, QUESTION, ask=False) == "user: Hello\n"
    assert "opens <think>" in notes[0]


def test_a_template_that_hides_the_users_words_is_refused():
    with pytest.raises(RecipeError, match="does not show the user's words"):
        inspect("nothing")
    with pytest.raises(RecipeError, match=r"does not show the user's words \(no\)"):
        inspect("{{ raise_exception('no') }}")
