import pytest

from abrege.data.sections import (
    Section,
    join_sections,
    remove_apparatus,
    remove_empty_sections,
    remove_titles,
    split_sections,
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
    """Return whether a section of this title is dropped at the end of a document."""
    sections = [Section(2, "Histoire", "Un fleuve."), Section(2, title, "Ici.")]
    return remove_apparatus(sections, lang) == sections[:1]


def test_a_document_is_split_at_its_headings_and_joined_with_their_new_offsets():
    sections = split_sections(TEXT, HEADINGS)
    text, headings = join_sections(sections)

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
        ("ja", "脚注"),
        ("ja", "注釈・出典"),
        ("ja", "参考文献"),
        ("ja", "関連項目"),
        ("ja", "外部リンク"),
        ("zh", "参考文献"),
        ("zh-TW", "參考資料與外部連結"),
        ("zh", "参见"),
        ("ru", "Примечания"),
        ("ru", "Литература и ссылки"),
        ("ru", "См. также"),
        ("uk", "Посилання"),
        ("ar", "مراجع"),
        ("ar", "المراجع والهوامش"),
        ("ar", "انظر أيضًا"),
        ("ar", "وصلات خارجية"),
        ("he", "הערות שוליים"),
        ("he", "קישורים חיצוניים"),
        ("fa", "جستارهای وابسته"),
        ("pl", "Przypisy"),
        ("pl", "Linki zewnętrzne"),
        ("ko", "각주"),
        ("ko", "같이 보기"),
        ("vi", "Liên kết ngoài"),
        ("sv", "Se även"),
        ("sv", "Noter och referenser"),
        ("cs", "Externí odkazy"),
        ("tr", "Ayrıca bakınız"),
        ("is", "Voir aussi"),
    ],
)
def test_apparatus_titles_are_detected_in_spellings_and_combinations(lang, title):
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
def test_titles_of_subjects_are_not_apparatus(title):
    assert not drops(title, "fr")


@pytest.mark.parametrize(
    ("lang", "title"),
    [("ja", "歴史"), ("zh", "历史"), ("ru", "История"), ("ar", "التاريخ"), ("ko", "역사")],
)
def test_titles_of_subjects_stay_in_other_scripts(lang, title):
    assert not drops(title, lang)


@pytest.mark.timeout(4)
def test_a_truncated_title_takes_no_exponential_time():
    assert drops("note-" * 18 + "note", None)
    assert not drops("note-" * 19 + "x", None)
    assert not drops("note-" * 100 + "note", None)


def test_apparatus_is_removed_with_its_subsections_at_any_level():
    sections = some_sections(
        "==Vie", "===Bibliographie", "====Choix", "===Mort", "==Annexes/", "===Cartes", "==Notes"
    )

    assert titles(remove_apparatus(sections, "fr")) == ["Vie", "Mort"]


def test_a_section_that_may_be_a_subject_is_removed_only_at_the_end():
    river = some_sections("==Sources", "==Cours", "==Sources", "==Voir aussi")

    assert titles(remove_apparatus(river, "fr")) == ["Sources", "Cours"]
    assert titles(remove_apparatus(river[:2], "fr")) == ["Sources", "Cours"]
    # A section without text keeps nothing: what it holds may have been a table.
    assert titles(remove_apparatus(some_sections("==Sources", "==Carte/"), "fr")) == ["Carte"]


def test_further_titles_are_removed_anywhere():
    sections = some_sections("==Palmarès", "==Vie", "==Sponsors")

    assert titles(remove_apparatus(sections, "fr", more_titles=["PALMARES "])) == [
        "Vie",
        "Sponsors",
    ]


def test_a_section_without_text_is_removed_unless_a_subsection_has_text():
    sections = some_sections("==Lieux/", "===Ville", "==Galerie/", "===Photos/")

    assert titles(remove_empty_sections(sections)) == ["Lieux", "Ville"]


def test_the_text_under_removed_titles_stays_with_its_offsets():
    text, begins = join_sections(remove_titles(split_sections(TEXT, HEADINGS)))
    assert text == "Un fleuve.\n\nAu mont Gerbier.\n\n1. Non."
    assert [text[at:].split("\n")[0] for at, _ in begins] == ["Au mont Gerbier.", "1. Non."]
