import json
from collections import Counter

import pytest

from abrege import recipe
from abrege.core.errors import DataError, RecipeError
from abrege.core.events import Note
from abrege.core.io import read_jsonl, write_jsonl
from abrege.core.run_folder import RunFolder
from abrege.core.types import Document
from abrege.stages import clean

FRENCH = (
    "Le maire a ouvert hier la nouvelle école du village, devant une centaine de parents venus "
    "avec leurs enfants, et il a promis que la cantine serait prête avant la fin du mois."
)
OTHER = (
    "La rivière a débordé dans la nuit et plusieurs caves du quartier bas sont sous l'eau, mais "
    "les pompiers disent que personne n'est en danger et que le niveau baisse depuis midi."
)
ENGLISH = (
    "The mayor opened the new school of the village yesterday, in front of a hundred parents who "
    "had come with their children, and promised that the canteen would be ready this month."
)


def a_recipe(**settings):
    written = {"collect": {"source": "x.xml"}, "data": {"lang": "fr"}, "tune": {"model": "tiny"}}
    return recipe.parse({**written, "clean": settings})


def cleaned(folder, *documents, **settings):
    """Run the stage over documents; give what it kept, what it dropped and its counts."""
    write_jsonl(RunFolder(folder).collected, documents)
    counts = clean.run(a_recipe(**settings), RunFolder(folder))["counts"]
    kept = list(read_jsonl(folder / "clean/documents.jsonl", Document))
    dropped = [read_jsonl(folder / "clean/dropped.jsonl", dict)]
    return kept, [row for rows in dropped for row in rows], counts


def a_document(name, text, **values):
    return Document(id=name, text=text, **values)


def test_each_document_is_kept_or_dropped_with_its_reason_and_the_counts_add_up(tmp_path):
    kept, dropped, counts = cleaned(
        tmp_path,
        a_document("good", FRENCH),
        a_document("english", ENGLISH),
        a_document("marked", OTHER, lang="de"),
        a_document("short", "Trois mots seulement."),
        a_document("empty", " \n* * *\n"),
        a_document("numbers", "12 % ; 34 " * 30),
        a_document("again", "\n".join([OTHER] * 3)),
        min_words=5,
    )

    assert [document.id for document in kept] == ["good"]
    assert {row["document"]["id"]: (row["reason"], row["details"]) for row in dropped} == {
        "english": ("other language", "in en, not fr"),
        "marked": ("other language", "it says that it is in de, not fr"),
        "short": ("too short", "3 words, fewer than 5"),
        "empty": ("no text", "no words are left"),
        "numbers": ("too many symbols", "100% of its characters are not letters, more than 30%"),
        "again": ("repeats itself", "67% of its words are in repeated lines, more than 30%"),
    }
    reasons = Counter(f"dropped/{row['reason']}" for row in dropped)
    assert counts == {"read": 7, "kept": 1, "sections_left_out": 0, **reasons}


def test_of_documents_that_are_one_the_longest_is_kept_for_all(tmp_path):
    longer = f"{FRENCH} {OTHER} Fin."
    kept, dropped, counts = cleaned(
        tmp_path,
        a_document("first", f"{FRENCH} {OTHER}"),
        a_document("other", OTHER),
        a_document("longest", longer, meta={"year": 1}),
        a_document("spaced", longer.upper().replace(" ", "  ")),
    )

    assert [(document.id, document.meta) for document in kept] == [
        ("other", {}),
        ("longest", {"year": 1, "stands_for": 3}),
    ]
    assert [(row["document"]["id"], row["reason"], row["details"]) for row in dropped] == [
        ("first", "near duplicate", "nearly the text of longest, which is kept"),
        ("spaced", "duplicate", "the text of longest, which is kept"),
    ]
    assert counts["dropped/near duplicate"] == counts["dropped/duplicate"] == 1


def test_without_a_threshold_equal_texts_alone_are_one(tmp_path):
    texts = [FRENCH, f"{FRENCH} Oui.", FRENCH]
    documents = [a_document(str(n), text) for n, text in enumerate(texts)]
    kept, dropped, _ = cleaned(tmp_path, *documents, near_duplicates=None)

    assert [document.id for document in kept] == ["0", "1"]
    assert [row["reason"] for row in dropped] == ["duplicate"]


@pytest.mark.parametrize("headings", ["drop", "keep"])
def test_trailing_sections_go_and_titles_stay_or_not(tmp_path, headings):
    text = f"{FRENCH}\n\nHistoire\n\n{OTHER} ( ; )\n\nVoir aussi\n\nLiens\n\nUn site.\n"
    places = [[text.index(title), 2] for title in ("Histoire", "Voir aussi")]
    places.append([text.index("Liens"), 3])
    document = a_document("1", text, headings=places)
    [kept], _, counts = cleaned(tmp_path, document, headings=headings)

    title = "Histoire\n" if headings == "keep" else ""
    assert kept.text == f"{FRENCH}\n\n{title}{OTHER}"
    assert kept.headings == [[len(FRENCH) + 2, 2]]
    assert (kept.lang, counts["sections_left_out"]) == ("fr", 2)

    [whole], _, counts = cleaned(tmp_path, document, trailing_sections="keep", headings=headings)
    assert whole.text.endswith("Un site.")
    assert counts["sections_left_out"] == 0


def test_without_a_language_asked_for_every_language_is_kept_and_that_is_said(tmp_path):
    said = []
    write_jsonl(RunFolder(tmp_path).collected, [a_document("1", FRENCH), a_document("2", ENGLISH)])
    settings = a_recipe().model_copy(update={"data": recipe.Data()})
    counts = clean.run(settings, RunFolder(tmp_path), on_event=said.append)["counts"]

    assert counts["kept"] == 2
    assert said[0].text == "no data.lang is given, so documents of every language are kept"
    assert said[-1].text == "clean: 2 documents read, 2 kept"


def test_several_cores_give_what_one_gives(tmp_path, monkeypatch):
    documents = [a_document(str(n), f"{OTHER} {n}. " * (n % 3 + 1)) for n in range(70)]
    alone = cleaned(tmp_path, *documents, near_duplicates=None)
    monkeypatch.setattr(clean, "PARALLEL_BYTES", 0)

    assert cleaned(tmp_path, *documents, near_duplicates=None) == alone


def test_nothing_left_is_an_error_that_says_why(tmp_path):
    with pytest.raises(DataError) as error:
        cleaned(tmp_path, a_document("1", FRENCH), a_document("2", ENGLISH), min_words=100)

    assert str(error.value) == (
        f"{tmp_path / 'clean'}: clean leaves nothing; 2 documents read, 0 kept, too short 2.\n"
        f"  Look at {tmp_path / 'clean/dropped.jsonl'}, and change the settings of clean."
    )
    assert len((tmp_path / "clean/dropped.jsonl").read_text(encoding="utf-8").splitlines()) == 2


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"min_words": 9, "max_words": 8}, "min_words is more than max_words"),
        (
            {"more_sections": ["Palmarès"], "trailing_sections": "keep"},
            "more_sections has no effect with trailing_sections: keep",
        ),
    ],
)
def test_settings_that_have_no_effect_are_refused(settings, message):
    with pytest.raises(RecipeError, match=message):
        a_recipe(**settings)


def test_the_key_of_the_stage_follows_the_settings_and_the_language(tmp_path):
    def settings(**clean_settings):
        [task] = clean.tasks(a_recipe(**clean_settings), RunFolder(tmp_path))
        return task.settings()

    assert json.dumps(settings()) != json.dumps(settings(quotes="straight"))
    assert settings()["lang"] == "fr"


ASTURIAN = (
    "El ríu cruza la ciudá vieya y desagua nel mar. El conceyu decidió que la ponte va arreglase "
    "enantes del branu, y los pescadores tán esmolecíos pola temporada."
)
BOSNIAN = (
    "Gradonačelnik je juče otvorio novu školu u selu, pred stotinu roditelja koji su došli sa "
    "svojom djecom, i obećao da će kuhinja biti spremna prije kraja mjeseca."
)


def cleaned_in(lang, folder, *documents, **settings):
    """Run the stage in another language than French; return kept ids and notes."""
    events = []
    run_folder = RunFolder(folder)
    write_jsonl(run_folder.collected, documents)
    recipe = a_recipe(**settings)
    recipe = recipe.model_copy(update={"data": recipe.data.model_copy(update={"lang": lang})})
    clean.run(recipe, run_folder, on_event=events.append)
    kept = [document.id for document in read_jsonl(run_folder.documents, Document)]
    return kept, [event.text for event in events if isinstance(event, Note)]


def test_a_language_that_the_identifier_does_not_know_is_not_checked_and_that_is_said(tmp_path):
    kept, notes = cleaned_in("ast", tmp_path, a_document("1", ASTURIAN, lang="ast"))
    assert kept == ["1"]
    assert notes[0] == ("the language of the documents is not checked: py3langid does not know ast")


@pytest.mark.parametrize("lang", ["bs", "hr", "sr"])
def test_a_close_relative_counts_as_the_language(tmp_path, lang):
    documents = [a_document("1", BOSNIAN), a_document("2", BOSNIAN * 2, lang="sh")]
    documents += [a_document("3", ENGLISH), a_document("4", FRENCH, lang="fr")]
    kept, notes = cleaned_in(lang, tmp_path, *documents, near_duplicates=None, max_repetition=1)
    assert kept == ["1", "2"]
    assert not any("not checked" in note for note in notes)


def test_the_commonest_last_headings_are_told_where_titles_are_not_known(
    tmp_path,
):
    def with_heading(name, text, title):
        whole = f"{text}\n\n{title}\n\nUn."
        return a_document(name, whole, lang="ast", headings=[(len(text) + 2, 2)])

    documents = [with_heading(str(n), f"{ASTURIAN} {n}", "Ver tamién") for n in range(2)]
    documents.append(with_heading("x", f"{ASTURIAN} x", "Hestoria"))
    _, notes = cleaned_in("ast", tmp_path, *documents, near_duplicates=None)
    assert notes[-1] == (
        "the titles of references and links are not known in this language; the commonest last "
        "headings are: Ver tamién 2, Hestoria 1. Name those without prose as clean.more_sections"
    )


def test_an_article_with_a_hole_in_its_introduction_is_dropped_where_the_recipe_says_so(tmp_path):
    holes = {"holes": {"EWZ": 2}, "introduction_holes": 2}
    documents = [a_document("1", FRENCH, meta=holes), a_document("2", OTHER)]
    assert [document.id for document in cleaned(tmp_path, *documents)[0]] == ["1", "2"]
    kept, dropped, _ = cleaned(tmp_path, *documents, introduction_holes="drop")
    assert [document.id for document in kept] == ["2"]
    assert (dropped[0]["reason"], dropped[0]["details"]) == (
        "hole in the introduction",
        "templates left out of it: 2",
    )
