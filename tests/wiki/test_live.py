import json
import socket
from collections import Counter
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from abrege import __version__
from abrege.core.errors import DataError, RecipeError, SetupError
from abrege.core.events import Progress
from abrege.data.sampling import SamplingPlan
from abrege.wiki import live
from abrege.wiki.wikitext import PageText
from builders.fake_wiki import Page, Response, a_wiki

BUSY = {"code": "maxlag", "info": "Waiting for db1: 9 seconds lagged", "lag": 9}
BIRDS = {f"Bird {n}": Page(text=f"Bird {n} sings. " * n) for n in range(1, 9)}


@pytest.fixture(autouse=True)
def _plain_text(monkeypatch):
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr(live, "wikitext_to_text", lambda text, **_: PageText(text))


class Reading:
    """One call of read_articles: its documents, counts, events and waits."""

    def __init__(self, wiki, folder, **changes):
        self.counts, self.events, self.waits = Counter(), [], []
        options = {
            "plan": SamplingPlan(),
            "titles": None,
            "category": None,
            "contact": "me@example.org",
        }
        self.documents = live.read_articles(
            wiki if isinstance(wiki, str) else wiki.url,
            **options | changes,
            folder=folder,
            counts=self.counts,
            on_event=self.events.append,
            sleep=self.waits.append,
        )

    def titles(self) -> list[str]:
        return [document.title for document in self.documents]

    @property
    def notes(self) -> list[str]:
        return [event.text for event in self.events if hasattr(event, "text")]


def test_a_disambiguation_page_is_skipped_and_counted(tmp_path):
    pages = {"Merle": Page(text="Le merle chante."), "Ada": Page(text="* a\n{{Homonymie}}")}
    with a_wiki(pages) as wiki:
        reading = Reading(wiki, tmp_path, titles=["Merle", "Ada"])
        assert reading.titles() == ["Merle"]
    assert reading.counts == {"read": 2, "kept": 1, "disambiguation": 1}


def test_an_article_has_its_source_and_revision(tmp_path):
    with a_wiki({"Merle": Page(text="Le merle chante.")}) as wiki:
        [document] = Reading(wiki, tmp_path, titles=["Merle"]).documents
    assert (document.id, document.title, document.lang) == ("1", "Merle", "fr")
    assert (document.text, document.source) == ("Le merle chante.", wiki.url)
    assert document.meta == {
        "revision": 7,
        "date": "2026-05-04T03:02:01Z",
        "url": "https://wiki.example/wiki/Merle",
        "licence": "https://creativecommons.org/licenses/by-sa/4.0/",
        "site": "Wikiexemple",
    }


def test_a_title_is_matched_in_any_spelling(tmp_path):
    with a_wiki({"Été doux": Page()}) as wiki:
        titles = ["Été doux", "été_doux", "E\u0301te\u0301 doux"]  # the last one in NFD
        reading = Reading(wiki, tmp_path, titles=titles)
        assert reading.titles() == ["Été doux"]
    assert reading.counts == {"read": 3, "kept": 1, "same page twice": 2}


def test_the_user_agent_has_the_contact_and_requests_have_maxlag(tmp_path):
    titles = [f"Bird {n}" for n in range(1, 121)]
    with a_wiki(dict.fromkeys(titles, Page())) as wiki:
        reading = Reading(wiki, tmp_path, titles=titles)
        assert reading.titles() == titles
    agent, gzip = (wiki.headers[0][name] for name in ("User-Agent", "Accept-Encoding"))
    assert agent.startswith(f"abrege/{__version__} (me@example.org) httpx2/")
    assert gzip == "gzip"
    assert {query["maxlag"] for query in wiki.queries} == {"5"}
    sizes = {len(query["titles"].split("|")) for query in wiki.queries if "titles" in query}
    assert sizes == {50, 20}  # 50 + 50 + 20
    assert reading.waits == [0] + [1.0] * (len(wiki.queries) - 1)


def test_titles_are_batched_so_that_addresses_stay_short(tmp_path):
    titles = [f"{n} " + "鳥" * 60 for n in range(50)]  # 9 bytes a character in an address
    with a_wiki(dict.fromkeys(titles, Page())) as wiki:
        assert Reading(wiki, tmp_path, titles=titles).titles() == titles
    assert max(len(json.dumps(query)) for query in wiki.queries) < 8000


def test_a_category_is_read_completely_or_sampled_by_the_seed(tmp_path):
    pages = BIRDS | {"Discussion:Birds": Page(ns=1)}
    with a_wiki(pages) as wiki:
        reading = Reading(wiki, tmp_path / "all", category="Birds")
        assert reading.titles() == list(BIRDS)
        assert reading.counts == {"read": 9, "kept": 8, "other namespace": 1}
        first, again, other = (
            Reading(
                wiki,
                tmp_path / str(n),
                category=name,
                plan=SamplingPlan(max_documents=3, seed=seed),
            )
            for n, (name, seed) in enumerate([("Birds", 1), ("Catégorie:Birds", 1), ("Birds", 2)])
        )
        drawn = first.titles()
        assert len(drawn) == 3
        assert again.titles() == drawn
        assert {*other.titles()} != {*drawn}


def test_random_articles_continue_until_enough_are_within_the_word_range(tmp_path):
    # Bird n has 3 n words: those of 9 to 15 words are birds 3, 4 and 5.
    with a_wiki(BIRDS | {"Merle": Page(to="Bird 1")}) as wiki:
        reading = Reading(wiki, tmp_path, plan=SamplingPlan(max_documents=3, word_range=(9, 15)))
        assert reading.titles() == ["Bird 3", "Bird 4", "Bird 5"]
    assert reading.counts == {"read": 5, "kept": 3, "too short": 2}
    assert {query["list"] for query in wiki.queries if "list" in query} == {"random"}


def test_a_wiki_with_too_few_articles_is_reported(tmp_path):
    with a_wiki(BIRDS) as wiki:
        reading = Reading(wiki, tmp_path, plan=SamplingPlan(max_documents=20, at_random=False))
        assert reading.titles() == list(BIRDS)
    assert reading.notes == ["the wiki has only 8 of 20 articles"]
    assert {query["list"] for query in wiki.queries if "list" in query} == {"allpages"}


def test_every_skipped_page_is_counted_by_its_reason(tmp_path):
    pages = {
        "Merle": Page(),
        "Blackbird": Page(to="Merle"),
        "Turdus merula": Page(to="Merle"),
        "Modèle:Oiseau": Page(ns=10),
        "Data": Page(model="json"),
        "Blank": Page(text=" "),
        "Few": Page(text="A word."),
    }
    titles = ["blackbird", "Turdus_merula", "Nowhere", "Modèle:Oiseau", "Data", "Blank", "Few"]
    pages["Merle"].text = "The blackbird sings."
    with a_wiki(pages) as wiki:
        reading = Reading(wiki, tmp_path, titles=titles, plan=SamplingPlan(word_range=(3, None)))
        [document] = reading.documents
    assert (document.title, document.meta["redirected_from"]) == ("Merle", "Blackbird")
    reasons = ["same page twice", "missing", "other namespace", "not wikitext", "empty"]
    assert reading.counts == {"read": 7, "kept": 1, "too short": 1} | dict.fromkeys(reasons, 1)
    assert reading.notes == [
        "redirects followed: 2",
        "pages that the wiki does not have: Nowhere",
    ]
    assert Progress("collect", 7, 7, "articles") in reading.events  # the bar comes to its end


@pytest.mark.parametrize(
    ("failure", "expected"),
    [
        (Response(429, headers={"Retry-After": "17"}), (17.0, "it is busy (429)")),
        (Response(503, body="<html>down</html>"), (5.0, "it is busy (503)")),
        (
            Response(body=json.dumps({"error": BUSY}), headers={"Retry-After": "9"}),
            (9.0, "maxlag: Waiting for db1: 9 seconds lagged"),
        ),
        (Response(truncated=True), (5.0, "the response was truncated")),
        (Response(body='{"query": {'), (5.0, "the response is not JSON")),
    ],
)
def test_a_temporary_failure_is_retried_after_a_wait(tmp_path, failure, expected):
    with a_wiki(BIRDS, Response(), failure) as wiki:
        reading = Reading(wiki, tmp_path, titles=["Bird 1"])
        assert reading.titles() == ["Bird 1"]
    assert reading.waits == [0, 1.0, expected[0], 1.0]
    [note] = reading.notes
    assert note.startswith(f"{wiki.url}: {expected[1]}")
    assert note.endswith(f"; retrying in {expected[0]:.0f} s")


def test_retry_after_may_be_a_date(tmp_path):
    at = format_datetime(datetime.now(UTC) + timedelta(seconds=100), usegmt=True)
    with a_wiki(BIRDS, Response(429, headers={"Retry-After": at})) as wiki:
        reading = Reading(wiki, tmp_path, titles=["Bird 1"])
        assert reading.titles() == ["Bird 1"]
    assert 95 < reading.waits[1] <= 100


def test_a_wiki_that_stays_busy_is_an_error_after_growing_waits(tmp_path):
    with a_wiki(BIRDS, *[Response(503)] * 20) as wiki:
        reading = Reading(wiki, tmp_path, titles=["Bird 1"])
        with pytest.raises(SetupError, match=r"8 attempts, .*busy \(503\)"):
            reading.titles()
    assert [wait for wait in reading.waits if wait] == [5, 10, 20, 40, 80, 120, 120]


def test_a_retry_after_of_hours_is_an_error_at_once(tmp_path):
    with a_wiki(BIRDS, Response(429, headers={"Retry-After": "7200"})) as wiki:
        reading = Reading(wiki, tmp_path, titles=["Bird 1"])
        with pytest.raises(SetupError, match="its Retry-After is 7200 s"):
            reading.titles()
    assert reading.waits == [0]


@pytest.mark.parametrize("choice", [{"category": "Birds"}, {"plan": SamplingPlan(max_documents=8)}])
def test_an_interrupted_run_downloads_only_what_is_missing(tmp_path, choice):
    refused = Response(body='{"error": {"code": "x", "info": "y"}}')
    with a_wiki(BIRDS) as wiki:
        whole = Reading(wiki, tmp_path / "whole", **choice).titles()
        requests = len(wiki.queries)
    file = tmp_path / "cut" / live.CACHE_FILE
    for answers in range(requests):
        with a_wiki(BIRDS, *[Response()] * answers, refused) as wiki:
            file.unlink(missing_ok=True)
            with pytest.raises(DataError):
                Reading(wiki, file.parent, **choice).titles()
        with file.open("a") as cache:
            cache.write('{"asked": "Bird 1", "wikit')  # as kill -9 leaves it
        with a_wiki(BIRDS) as wiki:
            again = Reading(wiki, file.parent, **choice)
            assert again.titles() == whole
            assert again.counts["kept"] == 8
            assert len(wiki.queries) <= requests - answers + 2  # the pages come in three parts
            queries = len(wiki.queries)
            assert Reading(wiki, file.parent, **choice).titles() == whole
            assert len(wiki.queries) == queries


def test_a_complete_run_downloads_nothing_again(tmp_path):
    with a_wiki(BIRDS) as wiki:
        first = Reading(wiki, tmp_path, category="Birds").titles()
        queries = len(wiki.queries)
        assert Reading(wiki, tmp_path, category="Birds").titles() == first
        assert len(wiki.queries) == queries


def error_message(wiki, folder, kind, **changes) -> str:
    with pytest.raises(kind) as caught:
        Reading(wiki, folder, **{"titles": ["Bird 1"]} | changes).titles()
    return str(caught.value)


@pytest.mark.parametrize(
    ("failure", "kind", "expected"),
    [
        (
            Response(body="<!DOCTYPE html><html>Main page</html>"),
            DataError,
            "this is not the api.php of a wiki: it responds with a web page, not JSON."
            "\n  Give that address as collect.source; of Wikipedias it has the form http://",
        ),
        (Response(404, body="nothing"), DataError, "it responds with status 404."),
        (Response(body="[]"), DataError, "it responds with JSON that is not an object."),
        (Response(body="{}"), DataError, "its siteinfo is not that of a MediaWiki"),
        (
            Response(403, body="Please set a user-agent"),
            SetupError,
            "denies access (403): Please set a user-agent\n  Set collect.contact",
        ),
        (
            Response(body='{"error": {"code": "readapidenied", "info": "You need read rights."}}'),
            SetupError,
            "can only be read after login.\n  found: readapidenied: You need read rights.",
        ),
        (
            Response(body='{"error": {"code": "badvalue", "info": "No such thing."}}'),
            DataError,
            "the wiki rejects the query.\n  found: badvalue: No such thing.",
        ),
    ],
)
def test_a_permanent_failure_is_one_message(tmp_path, failure, kind, expected):
    with a_wiki(BIRDS, failure) as wiki:
        message = error_message(wiki, tmp_path, kind)
        assert message.startswith(f"{wiki.url}: ")
        assert expected in message
        assert len(wiki.queries) == 1


def test_a_refused_connection_is_an_error_at_once(tmp_path):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://me:secret@127.0.0.1:{free.getsockname()[1]}/w/api.php"
        message = error_message(url, tmp_path, SetupError)
    assert "cannot connect to this wiki" in message
    assert "secret" not in message


def test_missing_titles_and_an_empty_category_are_errors(tmp_path):
    with a_wiki(BIRDS) as wiki:
        none = error_message(wiki, tmp_path / "a", DataError, titles=["X", "Y"])
        empty = error_message(wiki, tmp_path / "b", DataError, titles=None, category="Fish")
    assert none == f"{wiki.url}: it has none of the pages of collect.titles."
    assert f"{wiki.url}: it has no Category:Fish, or no page in it." in empty


@pytest.mark.parametrize("contact", ["mé@example.org", "a\nb", " "])
def test_a_contact_that_cannot_be_in_a_user_agent_is_an_error(tmp_path, contact):
    message = error_message("http://127.0.0.1:9/api.php", tmp_path, RecipeError, contact=contact)
    assert message.startswith(f"collect.contact: {contact!r} cannot be sent")


def test_a_damaged_line_of_the_cache_is_an_error_with_its_number(tmp_path):
    (tmp_path / live.CACHE_FILE).write_text('{"site": {}}\nnonsense\n')
    message = error_message("http://127.0.0.1:9/api.php", tmp_path, DataError)
    assert message.startswith(
        f"{tmp_path / live.CACHE_FILE}:2: this is not a response that abrege wrote"
    )
