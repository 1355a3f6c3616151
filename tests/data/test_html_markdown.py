import pytest

from abrege.data.html_markdown import from_html, from_markdown

LONG = "Le merle noir chante au printemps, et son chant porte loin dans les jardins de la ville. "


def sections(found) -> list[tuple[str, int]]:
    return [(found.text[at:].partition("\n")[0], level) for at, level in found.headings]


def test_markdown_loses_its_marks_and_keeps_its_words():
    found = from_markdown(
        "# The *black* `bird`\n\nIt **sings**,\nsee [the page](https://x.example/a_b_c) ![photo](p)"
        "<!-- not this -->  \nand &amp; flies.\n\n> said *somebody*\n\n- one\n- two\n\n   more\n"
        "  1. three\n\n| a | b |\n|---|---|\n| c | d |\n\n    x = 1\n    y\n\n<b>bold</b>"
        "\n***\n2 \\* 3"
    )
    assert found.text.split("\n\n") == [
        "It sings, see the page\nand & flies.",
        "said somebody",
        "one\ntwo\nmore\nthree",
        "a b\nc d",
        "x = 1\ny",
        "bold",
        "2 * 3",
    ]


def test_the_headings_of_markdown_are_known_in_both_spellings():
    found = from_markdown("# Birds\nText\n\nSongs\n-----\n\n### *At* dawn ###\n\n#no heading")
    assert sections(found) == [("Songs", 2), ("At dawn", 3)]
    assert found.title == "Birds"


def test_a_heading_is_the_title_where_it_opens_the_text_and_no_other_is_as_high():
    found = from_markdown("# Birds\n\nThey sing.\n\n## Songs\n\nAt dawn.")
    assert (found.title, found.text) == ("Birds", "They sing.\n\nSongs\n\nAt dawn.")
    two = from_markdown("# Birds\n\nThey sing.\n\n# Songs\n\nAt dawn.")
    assert sections(two) == [("Birds", 1), ("Songs", 1)]
    late = from_markdown("They sing.\n\n# Songs\n\nAt dawn.")
    assert (late.title, sections(late)) == (None, [("Songs", 1)])


def test_a_hash_or_a_line_inside_program_text_is_no_heading():
    assert from_markdown("```\n# x\ny\n---\n```").headings == []


@pytest.mark.parametrize(
    ("front", "title", "text"),
    [
        ("---\ntitle: On birds\ntags: [a]\n---\n", "On birds", "Text"),
        ("---\ntitle: 1984\n---\n", "1984", "Text"),
        ("---\n- a\n---\n", None, "a\n\nText"),  # a list between two rules
    ],
)
def test_what_yaml_says_in_front_of_markdown_is_its_title_and_no_text(front, title, text):
    found = from_markdown(f"{front}Text")
    assert (found.title, found.text) == (title, text)


def test_of_a_page_the_main_text_is_taken_with_its_headings():
    found = from_html(
        "<html><head><title>Le merle</title><meta property='article:published_time' "
        "content='2026-05-04'></head><body><nav><a href='/'>Accueil</a></nav><article>"
        f"<h1>Le merle</h1><p>{LONG * 3}</p><h2>Le <i>chant</i></h2><p>{LONG}<br>Il\nvole.</p>"
        "<ul><li>un</li><li>deux</li></ul><pre><code>x\ny</code></pre></article>"
        "<footer>Tous droits réservés</footer></body>"
    )
    assert sections(found) == [("Le chant", 2)]
    assert found.text.split("\n\n") == [
        *((LONG * 3).strip(), "Le chant"),
        *(f"{LONG.strip()}\nIl vole.", "un\ndeux", "x\ny"),
    ]
    assert (found.title, found.meta) == ("Le merle", {"date": "2026-05-04"})


def test_a_year_in_the_text_is_no_date_and_the_name_of_a_site_no_title():
    # A page of the Rust book was taken for "Keyboard shortcuts", of 2018-01-01.
    page = "<html><head><title>My site</title></head><body><div><h1>My site</h1></div><main>"
    found = from_html(f"{page}<h1>Merle</h1><p>En 2018 : {LONG * 4}</p></main></body></html>")
    assert (found.title, found.meta) == ("Merle", {})


@pytest.mark.parametrize("page", ["", "<html></html>", "no page at all"])
def test_a_page_without_text_gives_none(page):
    assert from_html(page).text == ""


def test_odd_signs_break_nothing():
    assert from_markdown("a\x01b\x0cc\ud800 \x00d 🐦").text.startswith("a")
