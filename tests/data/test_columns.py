import pytest

from abrege.core.errors import DataError
from abrege.data.columns import recognise


def line(*found: str, **given) -> str:
    return recognise(found, given, where="x.csv").describe()


@pytest.mark.parametrize(
    ("found", "mapping"),
    [
        # DialogSum, its test split, CNN/DailyMail, XSum, MLSUM, billsum, abrege's own records
        (
            ["fname", "dialogue", "summary", "topic"],
            "document ← dialogue, summary ← summary, id ← fname; kept in meta: topic",
        ),
        (
            ["dialogue", "summary2", "summary10", "summary1"],
            "document ← dialogue, summary ← summary1 + summary2 + summary10, "
            "id ← file and row number",
        ),
        (
            ["article", "highlights", "id"],
            "document ← article, summary ← highlights, id ← id",
        ),
        (["Text", "Headline"], "document ← Text, summary ← Headline, id ← file and row number"),
        (
            ["text", "summary", "source", "date"],
            "document ← text, summary ← summary, id ← file and row number; "
            "kept in meta: source, date",
        ),
        (["source", "target"], "document ← source, summary ← target, id ← file and row number"),
        (
            ["id", "document", "references", "group", "lang", "meta"],
            "document ← document, summary ← references, id ← id, group ← group, lang ← lang; "
            "kept in meta: meta",
        ),
        (
            ["prompt", "completion"],
            "document ← prompt, summary ← completion, id ← file and row number",
        ),
        (
            ["instruction", "input", "output"],
            "document ← input, summary ← output, id ← file and row number; "
            "kept in meta: instruction",
        ),
        (
            ["instruction", "output"],
            "document ← instruction, summary ← output, id ← file and row number",
        ),
        (
            ["messages"],
            "document ← messages (last user turn), summary ← messages (last assistant turn), "
            "id ← file and row number",
        ),
        (
            ["id", "conversations", "uid"],
            "document ← conversations (last user turn), summary ← conversations (last assistant "
            "turn), id ← id; kept in meta: uid",
        ),
    ],
)
def test_known_names_are_recognised(found, mapping):
    assert line(*found) == mapping
    assert line(*reversed(found)).split(";")[0] == mapping.split(";")[0]  # never by position


def test_explicit_names_win():
    mapping = line(
        *("article", "title", "abstract", "url", "paper"),
        document="title",
        summary=["article", "abstract"],
        id="url",
        group="paper",
        meta=["title"],
    )
    assert mapping == (
        "document ← title, summary ← article + abstract, id ← url, group ← paper; "
        "kept in meta: title"
    )


def test_a_column_named_as_the_group_is_not_taken_as_the_id():
    assert "id ← file and row number, group ← id" in line("text", "title", "id", group="id")


def test_an_empty_list_of_meta_keeps_nothing():
    assert line("text", "title", "date", meta=[]).endswith("row number")


@pytest.mark.parametrize(
    ("found", "message"),
    [
        (  # OrangeSum
            ["article", "title", "abstract"],
            "x.csv: the summary could be title or abstract.\n"
            "  Write in the recipe which one it is: data.columns.summary: title",
        ),
        (
            ["text", "article", "summary"],
            "x.csv: the document could be text or article.\n"
            "  Write in the recipe which one it is: data.columns.document: text",
        ),
        (
            ["text", "summary", "summary1", "summary2"],
            "x.csv: the summary could be summary or summary1+summary2.\n"
            "  Write in the recipe which one it is: data.columns.summary: summary",
        ),
        (
            ["text", "summary", "uid", "guid"],
            "x.csv: the id could be uid or guid.\n"
            "  Write in the recipe which one it is: data.columns.id: uid",
        ),
        (
            ["texte", "titre"],
            "x.csv: no column has a name that is known for a document.\n"
            "  Columns found: texte, titre.\n"
            "  Write in the recipe which one it is: data.columns.document: NAME",
        ),
        (
            ["text", "titre"],
            "x.csv: no column has a name that is known for a summary.\n"
            "  Columns found: text, titre.\n"
            "  Write in the recipe which one it is: data.columns.summary: NAME",
        ),
    ],
)
def test_the_user_is_asked_where_names_do_not_say(found, message):
    with pytest.raises(DataError) as caught:
        line(*found)
    assert str(caught.value) == message


def test_a_column_that_is_not_there_is_named_with_those_that_are():
    with pytest.raises(DataError) as caught:
        line("texte", "titre", document="text", summary="titre")
    assert str(caught.value) == (
        "x.csv: there is no column 'text', which data.columns.document names. "
        "Did you mean texte?\n  Columns found: texte, titre."
    )
