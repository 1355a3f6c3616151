import pytest

from abrege.annotation.postprocess import extract_summary, is_refusal, mentions_itself
from abrege.metrics.format_checks import find_preamble

PLAIN = "La ville de Lyon ferme son pont en 1994."


@pytest.mark.parametrize(
    "answer",
    [
        f"Voici un résumé de l'article :\n\n{PLAIN}",
        f"Here is a summary: {PLAIN}",
        f"**Résumé :** {PLAIN}",
        f"<think>Il faut être court.</think>\n{PLAIN}",
        f"Il faut être court.</think>{PLAIN}",
        f"```\n{PLAIN}\n```",
        f'"{PLAIN}"',
        f"« {PLAIN} »",
        f"## Résumé\n\n{PLAIN}",
        "La **ville** de [Lyon](http://lyon.fr) ferme son __pont__ en 1994.",
        f"{PLAIN}<|im_end|>",
        f"{PLAIN}\n\nN'hésitez pas à me demander plus de détails !",
        f"{PLAIN}\n\n(Note : le texte était long.)",
        f"<p>{PLAIN}</p>",
        f"  {PLAIN}  ",
        f'{{"summary": "{PLAIN}"}}',
        f'```json\n{{"title": "Pont", "summary": "{PLAIN}"}}\n```',
        f'["{PLAIN}"]',
        f"\\boxed{{{PLAIN}}}",
        f"<|im_start|>assistant\n{PLAIN}<|im_end|>",
        f"{PLAIN}[1][2]",
        f"{PLAIN} [1]",
        f"<s>[INST] Résume ceci. [/INST] {PLAIN}",
        f"{PLAIN}【1†source】",
        f"{PLAIN}\n\n(Word count: 9)",
        f"{PLAIN} (9 mots)",
        f"> {PLAIN}",
        PLAIN.replace("ville", "&#118;ille").replace("son", "&#x73;on"),
    ],
)
def test_preambles_reasoning_markup_and_afterwords_are_removed(answer):
    assert extract_summary(answer, find_preamble) == PLAIN


def test_items_of_a_list_become_lines_and_a_year_at_a_lines_start_stays():
    assert extract_summary("- Un pont ferme.\n- Il est vieux.", find_preamble) == (
        "Un pont ferme.\nIl est vieux."
    )
    assert extract_summary("1. Un pont.\n2. Une gare.", find_preamble) == "Un pont.\nUne gare."
    assert extract_summary("12. Infanteriedivision is a play.", find_preamble) == (
        "12. Infanteriedivision is a play."
    )


def test_brackets_and_ampersands_of_a_summary_stay():
    for text in (
        "R&D at AT&T; the set [1, 2] has x < y.",
        "He said [sic] it.",
        "Rule 34[12] holds.",
    ):
        assert extract_summary(text, find_preamble) == text.replace("[12]", "")
    assert extract_summary('{"a": "x", "b": "y"}', find_preamble) == '{"a": "x", "b": "y"}'
    assert extract_summary("5", find_preamble) == "5"


def test_a_quotation_inside_a_summary_stays_and_unclosed_reasoning_is_removed():
    quoted = "« Partez », dit-il, « et vite »"
    assert extract_summary(quoted, find_preamble) == quoted
    assert extract_summary("<think>Il faut", find_preamble) == ""


@pytest.mark.parametrize(
    "text",
    [
        "I'm sorry, but I can't summarise this.",
        "As an AI language model, I have no access.",
        "Je suis désolé, je ne peux pas vous aider.",
        "Je ne peux pas résumer cet article.",
        "En tant qu'IA, je ne lis pas de liens.",
        "Veuillez fournir l'article.",
        "Please provide the article.",
    ],
)
def test_a_refusal_is_recognized(text):
    assert is_refusal(text)


@pytest.mark.parametrize(
    "text",
    [
        PLAIN,
        "Sorry We Missed You est un film de Ken Loach.",
        "I Can't Get No Satisfaction is a song.",
        "I'm Sorry is a song of 1960.",
        "Je ne suis pas un héros est une chanson.",
        "En tant qu'assistant de Pasteur, il découvre la pénicilline.",
        "Désolation Island est un roman.",
        "As an airline, it flies to Paris.",
        "I Can See You is a film.",
    ],
)
def test_a_summary_is_not_taken_for_a_refusal(text):
    assert not is_refusal(text)


def test_a_sentence_about_the_summary_itself_is_recognized():
    inside = "Voici un résumé de cet article qui parle d'un pont."
    assert find_preamble(inside) is None
    assert mentions_itself(inside)
    # A model of 135 M parameters ended so; the request had asked for a few sentences in English.
    assert mentions_itself(f"{PLAIN} A summary of the article is provided in a few sentences.")
    assert mentions_itself(f"{PLAIN}\nThe summary is:\n{PLAIN}")
    assert mentions_itself("The article does not include the summary, but is clear.")
    assert not mentions_itself("The court gave a summary of the case.")
    assert not mentions_itself(PLAIN)
    assert not mentions_itself("Voici venu le temps des ponts.")
