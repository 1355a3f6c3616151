import pytest

from abrege.data.sections import (
    Section,
    join,
    split,
    without_empty,
    without_titles,
    without_trailing,
)

TEXT = "Un fleuve.\n\nSources\n\nAu mont Gerbier.\n\nAnnexes\n\nNotes\n\n1. Non."
HEADINGS = [(TEXT.index(title), level) for title, level in [("Sources", 2), ("Annexes", 2)]]
HEADINGS += [(TEXT.index("Notes"), 3)]


def titles(sections):
    return [section.title for section in sections]


def some_sections(*outline):
    """Write sections as `==Title`, each with a text of its own but for `==Title/`."""
    return [
        Section(
            level=len(line) - len(line.lstrip("=")),
            title=line.strip("=/"),
            body="" if line.endswith("/") else f"About {line}.",
        )
        for line in outline
    ]


def drops(title, lang):
    """Tell whether a section of this title is dropped at the end of a document."""
    sections = [Section(2, "Histoire", "Un fleuve."), Section(2, title, "Ici.")]
    return without_trailing(sections, lang) == sections[:1]


def test_a_document_is_cut_at_its_headings_and_put_together_with_their_new_places():
    sections = split(TEXT, HEADINGS)
    text, headings = join(sections)

    assert [(s.level, s.title) for s in sections] == [
        (0, ""),
        (2, "Sources"),
        (2, "Annexes"),
        (3, "Notes"),
    ]
    assert text == "Un fleuve.\n\nSources\nAu mont Gerbier.\n\nAnnexes\n\nNotes\n1. Non."
    assert [text[at:].split("\n")[0] for at, _ in headings] == ["Sources", "Annexes", "Notes"]


@pytest.mark.parametrize(
    ("lang", "title"),
    [
        ("fr", "Notes et références"),
        ("fr", "RÉFÉRENCES & NOTES"),
        ("fr", "Notes et references :"),
        ("fr", "Références[modifier | modifier le code]"),
        ("fr", "Sources et bibliographie"),
        ("fr", "Liens internes et externes"),
        ("fr", "3. Bibliographie (en anglais)"),
        ("fr", "External links"),
        ("fr-CA", "Articles connexes"),
        ("en", "Notes and references"),
        ("en", "General and cited references"),
        ("de", "Anmerkungen und Einzelnachweise"),
        ("es", "Véase también"),
        ("it", "Note esplicative"),
        ("es", "Enlaces relacionados"),
        ("pt", "Ligações externas"),
        ("nl", "Bronnen, noten en/of referenties"),
        (None, "Weblinks"),
        ("sv", "Voir aussi"),
    ],
)
def test_titles_of_apparatus_are_known_in_their_spellings_and_combinations(lang, title):
    assert drops(title, lang)


@pytest.mark.parametrize(
    "title",
    [
        "Histoire",
        "Notes de musique",
        "Sources du Nil",
        "Références culturelles",
        "Autres",
        "",
        "2.",
    ],
)
def test_titles_of_subjects_are_no_apparatus(title):
    assert not drops(title, "fr")


@pytest.mark.timeout(4)
def test_a_title_that_breaks_off_is_not_tried_in_every_way():
    assert drops("note-" * 18 + "note", None)
    assert not drops("note-" * 19 + "x", None)
    assert not drops("note-" * 100 + "note", None)


def test_apparatus_goes_with_its_subsections_at_any_level():
    sections = some_sections(
        "==Vie", "===Bibliographie", "====Choix", "===Mort", "==Annexes/", "===Cartes", "==Notes"
    )

    assert titles(without_trailing(sections, "fr")) == ["Vie", "Mort"]


def test_a_title_that_may_be_a_subject_goes_only_where_nothing_kept_follows():
    river = some_sections("==Sources", "==Cours", "==Sources", "==Voir aussi")

    assert titles(without_trailing(river, "fr")) == ["Sources", "Cours"]
    assert titles(without_trailing(river[:2], "fr")) == ["Sources", "Cours"]
    # A section without text keeps nothing: what it holds may have been a table.
    assert titles(without_trailing(some_sections("==Sources", "==Carte/"), "fr")) == ["Carte"]


def test_titles_of_ones_own_go_wherever_they_stand():
    sections = some_sections("==Palmarès", "==Vie", "==Sponsors")

    assert titles(without_trailing(sections, "fr", more=["PALMARES "])) == ["Vie", "Sponsors"]


def test_a_heading_over_nothing_goes_and_one_over_a_subsection_with_text_stays():
    sections = some_sections("==Lieux/", "===Ville", "==Galerie/", "===Photos/")

    assert titles(without_empty(sections)) == ["Lieux", "Ville"]


def test_without_titles_the_text_under_them_stays_and_where_it_begins_is_known():
    text, begins = join(without_titles(split(TEXT, HEADINGS)))
    assert text == "Un fleuve.\n\nAu mont Gerbier.\n\n1. Non."
    assert [text[at:].split("\n")[0] for at, _ in begins] == ["Au mont Gerbier.", "1. Non."]
