import pytest

from abrege.core.errors import DataError
from abrege.data.columns import detect_pair_columns


def mapping_of(*columns: str, **explicit) -> str:
    return detect_pair_columns(columns, explicit, where="x.csv").describe()


@pytest.mark.parametrize(
    ("columns", "mapping"),
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
            "document ← messages (last user turn; earlier ones left out, system in meta), "
            "summary ← messages (last assistant turn), "
            "id ← file and row number",
        ),
        (
            ["id", "conversations", "uid"],
            "document ← conversations (last user turn; earlier ones left out, system in "
            "meta), summary ← conversations (last assistant turn), id ← id; kept in meta: uid",
        ),
    ],
)
def test_known_names_are_detected_in_any_order(columns, mapping):
    assert mapping_of(*columns) == mapping
    assert (
        mapping_of(*reversed(columns)).split(";")[0] == mapping.split(";")[0]
    )  # never by position


def test_explicit_names_win():
    mapping = mapping_of(
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
    assert "id ← file and row number, group ← id" in mapping_of("text", "title", "id", group="id")


def test_an_empty_list_for_meta_keeps_no_columns():
    assert mapping_of("text", "title", "date", meta=[]).endswith("row number")


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        (  # OrangeSum
            ["article", "title", "abstract"],
            "x.csv: the summary could be title or abstract.\n"
            "  Name it in the recipe: data.columns.summary: title",
        ),
        (
            ["text", "article", "summary"],
            "x.csv: the document could be text or article.\n"
            "  Name it in the recipe: data.columns.document: text",
        ),
        (
            ["text", "summary", "summary1", "summary2"],
            "x.csv: the summary could be summary or summary1+summary2.\n"
            "  Name it in the recipe: data.columns.summary: summary",
        ),
        (
            ["text", "summary", "uid", "guid"],
            "x.csv: the id could be uid or guid.\n  Name it in the recipe: data.columns.id: uid",
        ),
        (
            ["wording", "heading"],
            "x.csv: no column has a known name for the document, and none for the summary.\n"
            "  Columns found: wording, heading.\n"
            "  Name it in the recipe: data.columns: {document: NAME, summary: NAME}",
        ),
        (
            ["text", "heading"],
            "x.csv: no column has a known name for the summary.\n"
            "  Columns found: text, heading.\n"
            "  Name it in the recipe: data.columns.summary: NAME",
        ),
    ],
)
def test_an_ambiguous_or_missing_column_is_an_error_with_the_line_to_write(columns, message):
    with pytest.raises(DataError) as caught:
        mapping_of(*columns)
    assert str(caught.value) == message


def test_a_column_that_does_not_exist_is_an_error_with_the_columns_that_do():
    with pytest.raises(DataError) as caught:
        mapping_of("texte", "titre", document="text", summary="titre")
    assert str(caught.value) == (
        "x.csv: data.columns.document names the column 'text', which does not exist. "
        "Did you mean texte?\n  Columns found: texte, titre."
    )
