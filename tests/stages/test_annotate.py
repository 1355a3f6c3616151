from functools import partial

import pytest

from abrege.annotation import decisions
from abrege.core.errors import DataError, RecipeError, SetupError
from abrege.core.events import Note, Progress, silent
from abrege.core.io import read_jsonl, write_jsonl
from abrege.core.run_folder import RunFolder
from abrege.core.types import Document, Pair
from abrege.llm_client import openai_client as servers
from abrege.llm_client.retry import RetryPolicy
from abrege.pipeline.run_task import execute
from abrege.stages import annotate
from builders.annotate_runs import a_recipe, a_run, a_summary, faithful, ids, lines, number
from builders.annotations import a_decision
from builders.fake_server import Reply, serving
from builders.records import a_document


@pytest.fixture(autouse=True)
def _impatient(monkeypatch):
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    monkeypatch.setattr(servers, "RetryPolicy", partial(RetryPolicy, first_seconds=0.001))


def test_the_introduction_is_the_summary_and_leaves_the_document(tmp_path):
    text = "Lyon is a town in the east of France, on two rivers.\n\nHistory\n" + "It is old. " * 9
    documents = [
        Document(id="a", text=text, title="Lyon", headings=[(text.index("History"), 2)]),
        Document(id="b", text="History\nIt is old.", headings=[(0, 2)]),
        Document(id="c", text=text.replace("Lyon is a town in the east of France, ", "S"),
                 headings=[(15, 2)]),
    ]  # fmt: skip
    write_jsonl(tmp_path / "clean/documents.jsonl", documents)
    found = annotate.run(a_recipe(), RunFolder(tmp_path))
    assert found["counts"] == {
        "documents": 3,
        "pairs": 1,
        "failed/no introduction": 1,
        "failed/too short": 1,
    }
    [pair] = read_jsonl(tmp_path / "annotate/pairs.jsonl", Pair)
    assert pair.references == ["Lyon is a town in the east of France, on two rivers."]
    assert pair.document.startswith("History\nIt is old.")
    assert pair.meta == {"title": "Lyon", "annotate": {"teacher": "lead"}}
    assert [line["reason"] for line in lines(tmp_path, "failed")] == [
        "no introduction",
        "too short",
    ]


def test_a_pair_says_where_its_summary_comes_from(tmp_path):
    folder = a_run(tmp_path, count=3)
    with serving(faithful) as fake:
        found = annotate.run(a_recipe(fake.url, system="Be brief."), RunFolder(folder))
        [first, *_] = read_jsonl(folder / "annotate/pairs.jsonl", Pair)
        body = fake.requests[0].body
    assert first.references == [a_summary(20)]
    told = first.meta["annotate"]
    assert len(told.pop("prompt")) == 16
    assert told == {
        "teacher": "server",
        "model": "m-1",
        "revision": "m-1@2026",
        "temperature": 0.7,
        "top_p": 0.7,
        "seed": 0,
        "attempts": 1,
        "answers": 1,
        "prompt_tokens": 100,
        "completion_tokens": 7,
    }
    assert body["messages"][0] == {"role": "system", "content": "Be brief."}
    assert (body["temperature"], body["top_p"], body["max_tokens"], body["seed"]) == (
        0.7,
        0.7,
        400,
        0,
    )
    assert found["counts"] == {"documents": 3, "pairs": 3}
    assert found["tokens"] == {"prompt": 300, "completion": 21}


def test_pairs_and_failures_stand_in_the_order_of_the_documents_whatever_came_first(tmp_path):
    def script(body):
        n = number(body)
        return Reply(a_summary(n) if n % 3 else "No.", delay=0.01 * (26 - n))

    folder = a_run(tmp_path)
    with serving(script) as fake:
        found = annotate.run(a_recipe(fake.url, attempts=2), RunFolder(folder))
    assert ids(folder, "pairs") == ["d20", "d22", "d23", "d25"]
    assert ids(folder, "failed") == ["d21", "d24"]
    assert found["counts"] == {"documents": 6, "pairs": 4, "failed/too short": 2}
    [failure, _] = lines(folder, "failed")
    assert (failure["reason"], failure["found"], failure["wanted"]) == ("too short", "1", "10")
    assert [(a["attempt"], a["text"]) for a in failure["attempts"]] == [(1, "No."), (2, "No.")]


def test_run_again_nothing_is_asked_and_the_same_bytes_are_written(tmp_path):
    folder = a_run(tmp_path)
    files = [folder / f"annotate/{name}.jsonl" for name in ("pairs", "failed", "answers")]
    with serving(faithful) as fake:
        annotate.run(a_recipe(fake.url), RunFolder(folder))
        before = [file.read_bytes() for file in files]
        annotate.run(a_recipe(fake.url), RunFolder(folder))
        assert len(fake.requests) == 6
    assert [file.read_bytes() for file in files] == before


def test_another_band_is_held_against_the_answers_there_are(tmp_path):
    # The answers were paid for, so a changed setting must not throw them away with the stage.
    folder = a_run(tmp_path)
    with serving(faithful) as fake:
        for most, asked in ((None, 6), (12, 6), (11, 12)):
            recipe = a_recipe(fake.url, max_words=most, attempts=2)
            [task] = annotate.tasks(recipe, RunFolder(folder))
            if most == 11:  # all have 12 words, so all are asked for once more
                with pytest.raises(DataError, match="no document has a summary"):
                    execute(task, silent)
            else:
                assert execute(task, silent).counts["pairs"] == 6
            assert len(fake.requests) == asked


def test_settings_that_change_no_summary_leave_the_stage_finished(tmp_path):
    before = annotate.settings(a_recipe("http://a/v1"))
    same = a_recipe("http://b/v1", workers=1, budget={"requests": 9}, timeout_seconds=9.0)
    assert annotate.settings(same) == before
    assert annotate.settings(a_recipe("http://a/v1", top_p=0.9)) != before


def test_the_budget_ends_it_with_what_is_done_kept_and_more_goes_on_from_there(tmp_path):
    folder = a_run(tmp_path)
    with serving(faithful) as fake:
        with pytest.raises(SetupError) as caught:
            annotate.run(a_recipe(fake.url, budget={"requests": 4}), RunFolder(folder))
        assert len(fake.requests) == 4
        assert str(caught.value) == (
            "annotate.budget.requests: the next request could exceed 4, after 4 responses.\n"
            f"  6 documents, 4 pairs (not asked for 2): these are in {folder / 'annotate'}.\n"
            "  Raise it with --set annotate.budget.requests=… and run the same command again: "
            "it requests only what is missing."
        )
        assert len(ids(folder, "pairs")) == 4
        with pytest.raises(SetupError, match="could exceed 5, after 5 responses"):
            annotate.run(a_recipe(fake.url, budget={"requests": 5}), RunFolder(folder))
        assert len(fake.requests) == 5  # those of earlier runs count
        annotate.run(a_recipe(fake.url, budget={"requests": 6}), RunFolder(folder))
        assert len(fake.requests) == 6
    assert len(ids(folder, "pairs")) == 6


def test_what_it_will_take_is_said_before_and_after_the_first_answers(tmp_path):
    folder = a_run(tmp_path, count=30)
    price = {"prompt": 1000.0, "completion": 10_000.0}
    seen = []
    with serving(faithful) as fake:
        annotate.run(a_recipe(fake.url, price=price), RunFolder(folder), on_event=seen.append)
    notes = [event.text for event in seen if isinstance(event, Note)]
    # 30 answers of at most 400 tokens are 12,000, which cost 120.
    assert "at least 30 requests" in notes[0]
    assert "at most 12,000 completion tokens, " in notes[0]
    # Each of the 20 others takes 107 tokens, which cost 0.1 and 0.07.
    assert "the others take 20 requests, 2,140 tokens" in notes[1]
    assert notes[1].endswith("and cost 3.40")
    last = [event for event in seen if isinstance(event, Progress)][-1]
    assert (last.done, last.total, last.figures["cost"]) == (30, 30, "5.10")


def test_a_summary_that_two_documents_have_stands_with_the_first_alone(tmp_path):
    folder = a_run(tmp_path, count=3)
    same = "Mayor Porter shuts a bridge that is full of rust, for some years."
    with serving([Reply(same)]) as fake:
        found = annotate.run(a_recipe(fake.url), RunFolder(folder))
    assert found["counts"] == {"documents": 3, "pairs": 1, "failed/duplicate": 2}
    assert ids(folder, "pairs") == ["d20"]


def test_the_same_document_twice_is_one_question(tmp_path):
    documents = [a_document(id=name) for name in "ab"]
    write_jsonl(tmp_path / "clean/documents.jsonl", documents)
    summary = "Springfield shuts a rusted bridge; the repair costs 12 million dollars."
    with serving([Reply(summary, delay=0.05)]) as fake:
        annotate.run(a_recipe(fake.url), RunFolder(tmp_path))
        assert len(fake.requests) == 1
    assert ids(tmp_path, "pairs") == ["a", "b"]


def test_where_nothing_passes_it_is_an_error_that_names_the_file_with_the_reasons(tmp_path):
    folder = a_run(tmp_path)
    with serving([Reply("No.")]) as fake, pytest.raises(DataError) as caught:
        annotate.run(a_recipe(fake.url, attempts=1), RunFolder(folder))
    assert str(caught.value) == (
        "annotate: no document has a summary that can be used: 6 documents, 0 pairs "
        "(too short 6).\n  6 × too short: 1\n"
        f"  {folder / 'annotate/failed.jsonl'} says what was tried and why it was refused."
    )


def test_what_a_reader_wants_anew_is_asked_for_again_and_what_was_mended_stands(tmp_path):
    def script(body):
        again = len(body["messages"]) > 1
        return Reply(a_summary(number(body)) + (" It rests." if again else ""))

    folder = a_run(tmp_path, count=2)
    with serving(script) as fake:
        recipe = a_recipe(fake.url, attempts=1)
        annotate.run(recipe, RunFolder(folder))
        decisions.append_decisions(
            folder,
            [
                a_decision("redo", of=a_summary(20), id="d20", note="Reply what becomes of it."),
                a_decision("fix", of=a_summary(21), id="d21", summary="A bridge is shut."),
            ],
        )
        [task] = annotate.tasks(recipe, RunFolder(folder))
        execute(task, silent)
        assert len(fake.requests) == 3
        assert (
            fake.requests[-1]
            .body["messages"][-1]["content"]
            .startswith("A reader asks for another summary. Reply what becomes of it. Write")
        )
    redone, mended = read_jsonl(folder / "annotate/pairs.jsonl", Pair)
    assert redone.references == [a_summary(20) + " It rests."]
    assert mended.references == ["A bridge is shut."]


@pytest.mark.parametrize(
    ("reply", "changes", "reason"),
    [
        (Reply("No."), {}, "too short"),
        (Reply("bad words", status=400), {}, "no answer"),
        (None, {"budget": {"requests": 2}}, "not requested"),
    ],
)
def test_a_summary_stays_and_is_marked_where_the_redo_of_a_reviewer_fails(
    tmp_path, reply, changes, reason
):
    # All new attempts were refused, and the pair was gone: 16 pairs became 15.
    def script(body):
        return reply if len(body["messages"]) > 1 else faithful(body)

    folder, notes = a_run(tmp_path, count=2), []
    with serving(script) as fake:
        annotate.run(a_recipe(fake.url, attempts=2), RunFolder(folder))
        redo = a_decision("redo", of=a_summary(20), id="d20", note="Too dry.")
        decisions.append_decisions(folder, [redo])
        recipe = a_recipe(fake.url, attempts=2, **changes)
        if changes:
            with pytest.raises(SetupError, match="2 documents, 2 pairs"):
                annotate.run(recipe, RunFolder(folder), on_event=notes.append)
        else:
            manifest = annotate.run(recipe, RunFolder(folder), on_event=notes.append)
            assert manifest["counts"] == {"documents": 2, "pairs": 2}
            assert manifest["redos_failed"] == {reason: 1}
            words = f"stay, marked redo_failed: there is no better one ({reason} 1)"
            assert any(words in event.text for event in notes if isinstance(event, Note))
    first, second = read_jsonl(folder / "annotate/pairs.jsonl", Pair)
    assert first.references == [a_summary(20)]
    assert first.meta["annotate"]["redo_failed"] == reason
    assert first.meta["review"]["decision"] == "redo"
    assert "redo_failed" not in second.meta["annotate"]


def test_an_introduction_that_a_reader_does_not_want_is_no_summary(tmp_path):
    text = "Lyon is a town in the east of France, on two rivers.\n\n" + "It is old. " * 9
    write_jsonl(tmp_path / "clean/documents.jsonl", [Document(id=i, text=text) for i in "ab"])
    decisions.append_decisions(tmp_path, [a_decision("redo", of=text.partition("\n")[0], id="b")])
    found = annotate.run(a_recipe(), RunFolder(tmp_path))
    assert found["counts"] == {"documents": 2, "pairs": 1, "failed/redo": 1}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"teacher": "lead", "attempts": 2}, "attempts has no effect with teacher: lead"),
        ({"teacher": "local", "model": "m", "price": {"prompt": 1.0, "completion": 1.0}},
         "price has no effect with teacher: local"),
        ({"teacher": "local", "model": "m", "seed": None}, "temperature, top_p and seed are"),
        ({"teacher": "server", "model": "m", "prompt": "Sum up."},
         "prompt: {document} must occur in it exactly once"),
        ({"teacher": "server", "model": "m", "prompt": "{document} {name}"},
         "prompt: {name} is not known; there is {document}, {title} and {meta.KEY}"),
        ({"teacher": "server", "model": "m", "max_words": 5}, "min_words is more than max_words"),
        ({"teacher": "server", "model": "m", "context_window": 400},
         "context_window leaves no room"),
    ],
)  # fmt: skip
def test_what_a_teacher_takes_no_notice_of_or_cannot_do_is_refused(changes, message):
    with pytest.raises(RecipeError) as caught:
        a_recipe(**changes)
    assert message in str(caught.value)


def test_a_document_that_lacks_what_the_request_asks_for_is_named(tmp_path):
    folder = a_run(tmp_path, count=1)
    recipe = a_recipe("http://127.0.0.1:9/v1", prompt="{title}: {document}")
    with pytest.raises(DataError) as caught:
        annotate.run(recipe, RunFolder(folder))
    assert str(caught.value) == (
        "document d20: annotate.prompt asks for {title}, which it lacks.\n  It has: document."
    )
