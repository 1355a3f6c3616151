import pytest

from abrege.data.html_markdown import convert_markdown, extract_html

LONG = "Le merle noir chante au printemps, et son chant porte loin dans les jardins de la ville. "


def sections(parsed) -> list[tuple[str, int]]:
    return [(parsed.text[at:].partition("\n")[0], level) for at, level in parsed.headings]


def test_markdown_loses_its_markup_and_keeps_its_words():
    parsed = convert_markdown(
        "# The *black* `bird`\n\nIt **sings**,\nsee [the page](https://x.example/a_b_c) ![photo](p)"
        "<!-- not this -->  \nand &amp; flies.\n\n> said *somebody*\n\n- one\n- two\n\n   more\n"
        "  1. three\n\n| a | b |\n|---|---|\n| c | d |\n\n    x = 1\n    y\n\n<b>bold</b>"
        "\n***\n2 \\* 3"
    )
    assert parsed.text.split("\n\n") == [
        "It sings, see the page\nand & flies.",
        "said somebody",
        "one\ntwo\nmore\nthree",
        "a b\nc d",
        "x = 1\ny",
        "bold",
        "2 * 3",
    ]


def test_markdown_headings_are_detected_in_both_syntaxes():
    parsed = convert_markdown("# Birds\nText\n\nSongs\n-----\n\n### *At* dawn ###\n\n#no heading")
    assert sections(parsed) == [("Songs", 2), ("At dawn", 3)]
    assert parsed.title == "Birds"


def test_a_heading_is_the_title_if_it_opens_the_text_and_is_the_only_one_of_level_1():
    parsed = convert_markdown("# Birds\n\nThey sing.\n\n## Songs\n\nAt dawn.")
    assert (parsed.title, parsed.text) == ("Birds", "They sing.\n\nSongs\n\nAt dawn.")
    two = convert_markdown("# Birds\n\nThey sing.\n\n# Songs\n\nAt dawn.")
    assert sections(two) == [("Birds", 1), ("Songs", 1)]
    late = convert_markdown("They sing.\n\n# Songs\n\nAt dawn.")
    assert (late.title, sections(late)) == (None, [("Songs", 1)])


def test_a_hash_or_a_rule_inside_code_is_no_heading():
    assert convert_markdown("```\n# x\ny\n---\n```").headings == []


@pytest.mark.parametrize(
    ("front", "title", "text"),
    [
        ("---\ntitle: On birds\ntags: [a]\n---\n", "On birds", "Text"),
        ("---\ntitle: 1984\n---\n", "1984", "Text"),
        ("---\n- a\n---\n", None, "a\n\nText"),  # a list between two rules
    ],
)
def test_yaml_front_matter_gives_the_title_and_is_not_text(front, title, text):
    parsed = convert_markdown(f"{front}Text")
    assert (parsed.title, parsed.text) == (title, text)


def test_the_main_text_of_a_page_is_extracted_with_its_headings():
    parsed = extract_html(
        "<html><head><title>Le merle</title><meta property='article:published_time' "
        "content='2026-05-04'></head><body><nav><a href='/'>Accueil</a></nav><article>"
        f"<h1>Le merle</h1><p>{LONG * 3}</p><h2>Le <i>chant</i></h2><p>{LONG}<br>Il\nvole.</p>"
        "<ul><li>un</li><li>deux</li></ul><pre><code>x\ny</code></pre></article>"
        "<footer>Tous droits réservés</footer></body>"
    )
    assert sections(parsed) == [("Le chant", 2)]
    assert parsed.text.split("\n\n") == [
        *((LONG * 3).strip(), "Le chant"),
        *(f"{LONG.strip()}\nIl vole.", "un\ndeux", "x\ny"),
    ]
    assert (parsed.title, parsed.meta) == ("Le merle", {"date": "2026-05-04"})


def test_a_year_in_the_text_is_no_date_and_the_name_of_a_site_no_title():
    # A page of the Rust book was taken for "Keyboard shortcuts", of 2018-01-01.
    page = "<html><head><title>My site</title></head><body><div><h1>My site</h1></div><main>"
    parsed = extract_html(f"{page}<h1>Merle</h1><p>En 2018 : {LONG * 4}</p></main></body></html>")
    assert (parsed.title, parsed.meta) == ("Merle", {})


@pytest.mark.parametrize("page", ["", "<html></html>", "no page at all"])
def test_a_page_without_text_gives_an_empty_text(page):
    assert extract_html(page).text == ""


def test_control_characters_and_half_characters_are_no_error():
    assert convert_markdown("a\x01b\x0cc\ud800 \x00d 🐦").text.startswith("a")


def test_the_paragraphs_of_a_layout_table_stay_apart():
    cell = f"<td><h1>Gears</h1><p>{LONG * 2}</p><p>If {LONG}</p></td>"
    page = f"<html><body><table><tr><td><a href='/'>Home</a></td>{cell}</tr></table></body></html>"
    text = extract_html(page).text
    assert f"ville.\n\nIf {LONG.strip()}" in text


def test_the_cells_of_a_row_with_one_paragraph_each_are_one_line():
    table = (
        "<table><tr><td><p>a</p></td><td><p>b</p></td></tr><tr><td>c</td><td>d</td></tr></table>"
    )
    page = f"<html><body><article><p>{LONG * 4}</p>{table}</article></body></html>"
    assert extract_html(page).text.endswith("a b\nc d")


def test_a_paragraph_that_equals_the_one_before_it_is_kept():
    other = f"Voici. {LONG}".strip()
    page = f"<article><h1>Merle</h1><p>{other}</p>{f'<p>{LONG}</p>' * 3}<p>{other}</p></article>"
    paragraphs = extract_html(f"<html><body>{page}</body></html>").text.split("\n\n")
    assert paragraphs == [other, *[LONG.strip()] * 3, other]


@pytest.mark.parametrize("tag", ["div", "blockquote", "h2"])
def test_a_block_that_equals_the_one_before_it_is_kept(tag):
    page = f"<article><p>{LONG * 4}</p>{f'<{tag}>{LONG}</{tag}>' * 2}<p>{LONG * 3}</p></article>"
    text = extract_html(f"<html><body>{page}</body></html>").text
    assert text.split("\n\n") == [(LONG * 4).strip(), *[LONG.strip()] * 2, (LONG * 3).strip()]
