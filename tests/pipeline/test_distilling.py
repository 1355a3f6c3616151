"""The recipe wiki-fr-distil, whole: a French dump, a teacher behind a server, a tuned student."""

import re
from collections import Counter
from pathlib import Path

import pytest

from abrege import recipe
from abrege.core.io import read_json, read_jsonl
from abrege.core.types import Document, Pair
from abrege.pipeline import run as pipeline
from builders.dumps import a_dump, a_page
from builders.fake_server import Reply, serving

pytestmark = pytest.mark.model

RECIPE = Path(__file__).parents[2] / "recipes/wiki-fr-distil.yaml"
ASKED = (
    "Résume en quelques phrases en français l'article suivant. Il faut que le résumé soit court "
    "et représente les informations les plus importantes.\nARTICLE: "
)
TOWNS = ["Aubrac", "Bellac", "Céret", "Dinan", "Embrun", "Falaise", "Givet", "Hyères"]
TOWNS += ["Issoire", "Joigny", "Langres", "Mende", "Nyons", "Orthez", "Privas", "Quimper"]


def an_article(place, town):
    people = 12_345 + 1_111 * place
    return a_page(
        place + 1,
        f"'''{town}''' est une commune que traverse la rivière. Elle a {{{{unité|{people}}}}} "
        f"habitants<ref>INSEE</ref>.\n== Histoire ==\nUn [[pont|vieux pont]] fut bâti ici en "
        f"{1500 + 7 * place}, puis un marché s'y tint chaque semaine pendant {place + 11} ans. "
        "Les foires attiraient les marchands de toute la région, qui vendaient du drap, du sel et "
        "du bétail.\n== Notes et références ==\n{{Références}}\n",
        title=town,
    )


def a_teacher(body):
    """Sum up in two sentences; for one town say at first what its article does not."""
    asked = body["messages"][0]["content"]
    town = next(town for town in TOWNS if f"\nARTICLE: {town} est" in asked)
    year, people = (
        re.search(r"en (1\d\d\d)", asked)[1],
        re.search(r"a ([\d ]+) habitants", asked)[1],
    )
    if town == "Dinan" and len(body["messages"]) == 1:
        return Reply(f"{town} fut fondée en 987 par un roi que l'on a oublié depuis longtemps.")
    if town == "Givet":
        return Reply("This town has a bridge and a market, and that is all that one can say of it.")
    return Reply(
        f"La commune de {town}, peuplée de {people} habitants, possède un vieux pont qui date de "
        f"{year}. On y tenait des foires où l'on vendait du drap."
    )


@pytest.fixture(scope="module")
def distilled(tmp_path_factory, student_folder):
    folder = tmp_path_factory.mktemp("distil")
    pages = [an_article(place, town) for place, town in enumerate(TOWNS)]
    pages.append(a_page(90, "#REDIRECTION [[Mende]]", inside='<ns>0</ns><redirect title="Mende"/>'))
    dump = folder / "frwiki-pages-articles.xml"
    dump.write_bytes(a_dump(pages))
    patch = pytest.MonkeyPatch()
    patch.setenv("NO_PROXY", "127.0.0.1")
    with patch.context(), serving(a_teacher) as fake:
        changes = {
            "collect.source": dump,
            "collect.min_words": 30,
            "clean.min_words": 30,
            "clean.near_duplicates": "null",
            "annotate.teacher": "server",
            "annotate.model": "t",
            "annotate.base_url": fake.url,
            "annotate.quantization": "none",
            "split.valid": 0.15,
            "split.test": 0.25,
            "split.allow_leaks": "true",
            "tune.model": student_folder,
            "tune.dtype": "float32",
            "tune.max_length": 400,
            "tune.max_steps": 3,
            "tune.warmup_steps": 1,
            "generate.max_new_tokens": 16,
            "generate.systems": "[lead, base, tuned]",
            "evaluate.bootstrap_samples": 200,
        }
        asked = recipe.load(RECIPE, [f"{key}={value}" for key, value in changes.items()])
        pipeline.run(asked, folder / "run")
    return folder / "run", fake


def test_the_study_asks_in_french_for_each_article_without_titles_or_references(distilled):
    _, fake = distilled
    first = [
        a.body["messages"][0]["content"] for a in fake.requests if len(a.body["messages"]) == 1
    ]
    assert len(first) == len({*first}) == len(TOWNS)
    article = next(text for text in first if "Aubrac" in text)
    assert article.startswith(
        ASKED + "Aubrac est une commune que traverse la rivière. Elle a 12 345"
    )
    assert article.endswith("du drap, du sel et du bétail.")
    assert "Histoire" not in article
    assert {(a.body["temperature"], a.body["top_p"]) for a in fake.requests} == {(0.7, 0.7)}


def test_what_the_article_does_not_say_is_asked_again_and_another_language_fails(distilled):
    folder, fake = distilled
    pairs = {pair.meta["title"]: pair for pair in read_jsonl(folder / "annotate/pairs.jsonl", Pair)}
    assert {*pairs} == {*TOWNS} - {"Givet"}
    assert pairs["Dinan"].meta["annotate"]["attempts"] == 2
    [told] = [a.body["messages"][-1]["content"] for a in fake.requests if "987" in str(a.body)]
    assert "987" in told
    counts = read_json(folder / "annotate/manifest.json")["counts"]
    assert counts == {"documents": 16, "pairs": 15, "failed/language": 1}
    assert Counter(len(a.body["messages"]) for a in fake.requests)[1] == len(TOWNS)


def test_the_student_is_tuned_on_them_and_the_page_says_who_wrote_them(distilled):
    folder, _ = distilled
    split = read_json(folder / "split/manifest.json")["counts"]
    assert (split["train"], split["valid"], split["test"]) == (9, 2, 4)
    documents = [*read_jsonl(folder / "clean/documents.jsonl", Document)]
    assert len(documents) == 16
    assert all("==" not in d.text and "{{" not in d.text for d in documents)
    page = (folder / "report/index.html").read_text("utf-8")
    assert "summarized by t" in page
    scores = read_json(folder / "evaluate/scores.json")
    assert {*scores["systems"]} >= {"lead", "base", "tuned"}
