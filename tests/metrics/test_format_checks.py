import pytest

from abrege.metrics.format_checks import (
    compression,
    copied_as,
    find_markup,
    find_preamble,
    is_in_language,
    repeated_ngrams,
)


def test_an_ngram_is_repeated_each_time_it_came_before():
    # 7 trigrams: abc bca cab abc bca cab abc, of which the last 4 came before
    assert repeated_ngrams("a b c a b c a b c") == pytest.approx(4 / 7)
    assert repeated_ngrams("a b a b", n=2) == pytest.approx(1 / 3)
    assert repeated_ngrams("a b a b", n=1) == 0.5


def test_a_summary_too_short_for_an_ngram_repeats_nothing():
    assert repeated_ngrams("no no") == repeated_ngrams("") == 0.0


def test_signs_and_capitals_do_not_hide_a_repetition():
    assert repeated_ngrams("Le chat dort. LE CHAT, dort", lang="fr") == 0.25


BODY = "The cat sat on the mat."


@pytest.mark.parametrize(
    "preamble",
    [
        "Here is the summary:",
        "Sure! Here's a brief summary of the text:",
        "Summary:",
        "**Summary:**",
        "## Summary\n",
        "TL;DR",
        "TL;DR:",
        "Certainly! Below is a concise summary of the article:\n\n",
        "Here's the article summarized in one sentence:",
        "Here is a 3-sentence summary of the conversation between John and Mary:",
        "Here’s a summary of the article about Mr. Smith:",
        "Here is a summary of the text.\n",
        "Of course. Here are the key points:\n\n",
        "Sure, I can help with that! Here is summary:",
        "I'd be happy to help!",
        "The summary of the text is as follows:",
        "This is a summary of the article:",
        "I have summarized the text below:",
        "Executive summary -",
        "Summary (2 sentences):",
        "Sure!",
        "Here you go:",
        "Here is a summary:\n\n**Summary:**",
        "Voici le résumé :",
        "Résumé :",
        "Résumé\u202f:",
        "**Résumé :**",
        "Bien sûr, voici un résumé du texte :",
        "Bien sûr ! Voici un bref résumé de l’article :\n\n",
        "Voici un résumé court et concis du dialogue :",
        "Voici l'article résumé en une phrase :",
        "Résumé de l'article sur la grève :",
        "Ci-dessous, un résumé du texte :",
        "D'accord, voici la synthèse demandée :",
        "J'ai résumé le texte ci-dessous :",
        "Voici les points clés de la conversation :\n",
        "Je serais ravi de vous aider !",
        "En résumé :",
        "Okay! Let me summarize the conversation for you:",
        "This text can be summarized as follows:",
        "Here are three takeaways in one sentence:",
        "Conversation summary:",
        "L'article peut se résumer ainsi :",
        "Résumé en français :",
    ],
)
def test_a_preamble_is_found_and_the_summary_is_no_part_of_it(preamble):
    assert find_preamble(f"{preamble} {BODY}") == preamble.strip()


@pytest.mark.parametrize(
    "text",
    [
        "Here is where the battle took place.",
        "Here is where the battle took place: a field near Ghent.",
        "Here are the winners of the Oscars: two films from Korea.",
        "Here is the summary judge Smith gave: guilty.",
        "Sure-footed goats climb the cliffs of Morocco.",
        "Sure, he lost, but he came back.",
        "Of course the minister denied it: he always does.",
        "The article is about a cat: it sat on the mat.",
        "Summary executions were carried out: ten men died.",
        "Abstract art sells well: prices have doubled.",
        "The summary of the report is damning: nobody was warned.",
        "This is a study of bees: it counts them.",
        "This is an overview of pruning methods.",
        "#Person1# asks for a summary: #Person2# refuses.",
        "Great Britain left the union: here is the summary of a long quarrel.",
        "I have read the paper: it is good.",
        "Voici venu le temps des cerises.",
        "Voici venu le temps des cerises : les prix baissent.",
        "Voici pourquoi la grève continue : les salaires.",
        "Voilà un but que nul n'attendait : le gardien l'a marqué.",
        "Bien sûr que le ministre a démenti : il le fait toujours.",
        "In summary, the team lost.",
        "En bref, l'équipe a perdu.",
        "En bref : l'équipe a perdu.",
        "The year can be summarized in a word: rain.",
        "La saison peut se résumer en un mot : échec.",
        "Le résumé du match : un but, deux cartons.",
        "Point clé du débat, l'impôt divise : la gauche est contre.",
        "La synthèse du vaccin a pris un an : retour sur un exploit.",
        "",
    ],
)
def test_a_sentence_that_only_begins_like_a_preamble_is_none(text):
    assert find_preamble(text) is None


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ('"The cat sat."', ("quotes",)),
        ('"The cat sat".', ("quotes",)),
        ("“The cat sat.”", ("quotes",)),
        ("'It's a cat'", ("quotes",)),
        ("« Le chat dort »", ("quotes",)),
        ("# The cat\nIt sat.", ("heading",)),
        ("It sat:\n- on the mat\n- and slept", ("bullets",)),
        ("• It sat", ("bullets",)),
        ("1. It sat.\n2. It slept.", ("bullets",)),
        ("The **black cat** sat.", ("bold",)),
        ("The __black cat__ sat.", ("bold",)),
        ("这是**重点**内容", ("bold",)),
        ("See [the cat](https://cats.org/1).", ("link",)),
        ("```\nThe cat sat.\n```", ("code",)),
        ("The cat sat.<|im_end|>", ("control",)),
        ("The cat sat.<｜end▁of▁sentence｜>", ("control",)),
        ("The cat sat.</s>", ("control",)),
        ("[INST] The cat sat.", ("control",)),
        ("<think>Hm.</think>The cat sat.", ("control",)),
        ("The cat sat.<br />It slept.", ("html",)),
        ('The <a href="/cat">cat</a> sat.', ("html",)),
        ("<summary>The cat sat.</summary>", ("html",)),
        ("<p>The cat sat.", ("html",)),
        ("Cats &amp; dogs", ("html",)),
        ("# Cat\n- **It** sat.</s>", ("heading", "bullets", "bold", "control")),
    ],
)
def test_each_kind_of_markup_is_found(text, kinds):
    assert find_markup(text) == kinds


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Il dit « oui » et s'en va.",
        "« Oui », dit-il, « demain »",
        '"Yes" is not "no"',
        "#Person1# meets #Person2#.",
        "– Un tiret de dialogue",
        "-5 °C this morning",
        "1. FC Köln wins.\n2.5 goals a game.",
        "2**3 and 4**5",
        "2**(n) and k**(m)",
        "__init__ calls __new__",
        "as in [12](see below)",
        "a < b and c > d; AT&T; R&D",
        "p <b and c> d",
    ],
)
def test_punctuation_of_ordinary_text_is_no_markup(text):
    assert find_markup(text) == ()


@pytest.mark.parametrize("sign", ["_", "*", "#", " ", "1. a\n", "- ", "sure, "])
def test_a_degenerate_summary_does_not_stall_the_patterns(sign):
    # 10,000 underscores took a second while the pattern for bold text could begin at each of them,
    # and ten times as many a hundred times as long: this test would not end
    text = sign * 100_000 + "x"
    assert find_preamble(text) is None
    assert find_markup(text) == (("bullets",) if sign == "- " else ())


FRENCH = "Le président a annoncé mardi une réforme des retraites."
ENGLISH = "The president announced a reform of the pensions on Tuesday."


def test_a_summary_is_in_a_language_or_not():
    assert is_in_language(FRENCH, "fr") is True
    assert is_in_language(ENGLISH, "en-GB") is True
    assert is_in_language(FRENCH, "en") is False
    assert is_in_language(ENGLISH, "fr") is False


def test_a_language_is_not_identified_from_fewer_than_forty_letters():
    thirty_nine = "Les prix ont encore baissé à Paris et à Grenoble"
    assert sum(sign.isalpha() for sign in thirty_nine) == 39
    assert is_in_language(thirty_nine, "fr") is None
    assert is_in_language(f"{thirty_nine} 38", "fr") is None
    assert is_in_language(f"{thirty_nine}s", "fr") is True
    assert is_in_language("", "fr") is None


def test_without_an_expected_language_nothing_is_decided():
    assert is_in_language(FRENCH, None) is None


def test_english_that_passes_for_pidgin_is_english():
    # py3langid 0.4.0 says pcm
    text = "Oscar calls Lagos Bank for a job interview on Friday, December 2nd."
    assert is_in_language(text, "en") is True
    assert is_in_language(text, "fr") is False


def test_compression_is_the_words_of_the_document_over_those_of_the_summary():
    assert compression("one two three four", "one two") == 2.0
    assert compression("Il l'a vu aujourd'hui", "Il l'a vu", lang="fr") == 1.25
    assert compression("un deux trois", "Aujourd'hui", lang="fr") == 3.0
    assert compression("", "one") == 0.0


def test_a_summary_without_words_has_no_compression():
    assert compression("one two", "…") is None


STORY = "Dr. Smith came at noon. He was late! Then it rained."


@pytest.mark.parametrize(
    ("summary", "kind"),
    [
        ("he was late", "sentence"),
        ("Dr. Smith came at noon.", "sentence"),
        ("Smith came at noon", "run"),
        ("He was late. Then it rained.", "run"),
        ("He was", "run"),
        ("it rained, then", None),
        ("e was late", None),
        ("", None),
        ("…", None),
    ],
)
def test_a_summary_is_a_sentence_of_its_document_or_a_run_of_it_or_neither(summary, kind):
    assert copied_as(STORY, summary, lang="en") == kind


def test_an_empty_summary_is_no_copy():
    assert copied_as("", "") is None
