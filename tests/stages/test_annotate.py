import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from functools import partial
from pathlib import Path

import filelock
import pytest

from abrege import pipeline, store
from abrege.corpus import decisions
from abrege.corpus.decisions import Decision, hash_of
from abrege.errors import DataError, EnvironmentError_
from abrege.events import Note, Progress, silent
from abrege.piece import carry_out
from abrege.records import Document, Pair
from abrege.stages import annotate
from abrege.teacher import server as servers
from abrege.teacher.patience import Retrying
from conftest import a_document
from stages.annotate_runs import a_recipe, a_run, a_summary, faithful, lines, number
from teacher.fake_server import Say, serving


@pytest.fixture(autouse=True)
def _impatient(monkeypatch):
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    monkeypatch.setattr(servers, "Retrying", partial(Retrying, first_seconds=0.001))


def ids(folder, name):
    return [line["id"] for line in lines(folder, name)]


def test_the_introduction_is_the_summary_and_leaves_the_document(tmp_path):
    text = "Lyon is a town in the east of France, on two rivers.\n\nHistory\n" + "It is old. " * 9
    documents = [
        Document(id="a", text=text, title="Lyon", headings=[(text.index("History"), 2)]),
        Document(id="b", text="History\nIt is old.", headings=[(0, 2)]),
        Document(id="c", text=text.replace("Lyon is a town in the east of France, ", "S"),
                 headings=[(15, 2)]),
    ]  # fmt: skip
    store.write(tmp_path / "clean/documents.jsonl", documents)
    found = annotate.run(a_recipe(), tmp_path)
    assert found["counts"] == {
        "documents": 3,
        "pairs": 1,
        "failed/no introduction": 1,
        "failed/too short": 1,
    }
    [pair] = store.read(tmp_path / "annotate/pairs.jsonl", Pair)
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
        found = annotate.run(a_recipe(fake.url, system="Be brief."), folder)
        [first, *_] = store.read(folder / "annotate/pairs.jsonl", Pair)
        body = fake.asked[0].body
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
        return Say(a_summary(n) if n % 3 else "No.", delay=0.01 * (26 - n))

    folder = a_run(tmp_path)
    with serving(script) as fake:
        found = annotate.run(a_recipe(fake.url, attempts=2), folder)
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
        annotate.run(a_recipe(fake.url), folder)
        before = [file.read_bytes() for file in files]
        annotate.run(a_recipe(fake.url), folder)
        assert len(fake.asked) == 6
    assert [file.read_bytes() for file in files] == before


def test_another_band_is_held_against_the_answers_there_are(tmp_path):
    # The answers were paid for, so a changed setting must not throw them away with the stage.
    folder = a_run(tmp_path)
    with serving(faithful) as fake:
        for most, asked in ((None, 6), (12, 6), (11, 12)):
            recipe = a_recipe(fake.url, max_words=most, attempts=2)
            [piece] = pipeline.pieces(recipe, folder, "annotate", silent)
            if most == 11:  # all have 12 words, so all are asked for once more
                with pytest.raises(DataError, match="no document has a summary"):
                    carry_out(piece(), silent)
            else:
                assert carry_out(piece(), silent).counts["pairs"] == 6
            assert len(fake.asked) == asked


def test_settings_that_change_no_summary_leave_the_stage_finished(tmp_path):
    before = annotate.settings(a_recipe("http://a/v1"))
    same = a_recipe("http://b/v1", workers=1, budget={"requests": 9}, timeout_seconds=9.0)
    assert annotate.settings(same) == before
    assert annotate.settings(a_recipe("http://a/v1", top_p=0.9)) != before


def test_the_budget_ends_it_with_what_is_done_kept_and_more_goes_on_from_there(tmp_path):
    folder = a_run(tmp_path)
    with serving(faithful) as fake:
        with pytest.raises(EnvironmentError_) as caught:
            annotate.run(a_recipe(fake.url, budget={"requests": 4}), folder)
        assert len(fake.asked) == 4
        assert str(caught.value) == (
            "annotate.budget.requests: the next question could pass 4, after 4 answers.\n"
            f"  6 documents, 4 pairs (not asked for 2): these are in {folder / 'annotate'}.\n"
            "  Allow more with --set annotate.budget.requests=… and run the same command again: "
            "it asks only for what is missing."
        )
        assert len(ids(folder, "pairs")) == 4
        annotate.run(a_recipe(fake.url, budget={"requests": 6}), folder)
        assert len(fake.asked) == 6
    assert len(ids(folder, "pairs")) == 6


def test_what_it_will_take_is_said_before_and_after_the_first_answers(tmp_path):
    folder = a_run(tmp_path, count=30)
    price = {"prompt": 1000.0, "completion": 10_000.0}
    seen = []
    with serving(faithful) as fake:
        annotate.run(a_recipe(fake.url, price=price), folder, on_event=seen.append)
    notes = [event.text for event in seen if isinstance(event, Note)]
    # 30 answers of at most 400 tokens are 12,000, which cost 120.
    assert "30 questions at least" in notes[0]
    assert "at most 12,000 written, " in notes[0]
    # Each of the 20 others takes 107 tokens, which cost 0.1 and 0.07.
    assert "the others take 20 questions, 2,140 tokens" in notes[1]
    assert notes[1].endswith("and cost 3.40")
    last = [event for event in seen if isinstance(event, Progress)][-1]
    assert (last.done, last.total, last.figures["cost"]) == (30, 30, "5.10")


def test_a_summary_that_two_documents_have_stands_with_the_first_alone(tmp_path):
    folder = a_run(tmp_path, count=3)
    same = "Mayor Porter shuts a bridge that is full of rust, for some years."
    with serving([Say(same)]) as fake:
        found = annotate.run(a_recipe(fake.url), folder)
    assert found["counts"] == {"documents": 3, "pairs": 1, "failed/duplicate": 2}
    assert ids(folder, "pairs") == ["d20"]


def test_the_same_document_twice_is_one_question(tmp_path):
    documents = [a_document(id=name) for name in "ab"]
    store.write(tmp_path / "clean/documents.jsonl", documents)
    summary = "Springfield shuts a rusted bridge; the repair costs 12 million dollars."
    with serving([Say(summary, delay=0.05)]) as fake:
        annotate.run(a_recipe(fake.url), tmp_path)
        assert len(fake.asked) == 1
    assert ids(tmp_path, "pairs") == ["a", "b"]


def test_a_question_that_the_server_refuses_fails_alone_and_is_asked_again_another_time(tmp_path):
    def script(body):
        return Say("bad words", status=400) if number(body) == 22 else faithful(body)

    folder = a_run(tmp_path)
    with serving(script) as fake:
        found = annotate.run(a_recipe(fake.url), folder)
        assert found["counts"] == {"documents": 6, "pairs": 5, "failed/no answer": 1}
        assert lines(folder, "failed")[0]["found"].endswith("(400): bad words")
    with serving(faithful) as fake:
        found = annotate.run(a_recipe(fake.url), folder)
        assert len(fake.asked) == 1
    assert found["counts"] == {"documents": 6, "pairs": 6}


def test_a_document_that_the_server_finds_too_long_is_cut_and_counted(tmp_path):
    def script(body):
        if len(body["messages"][0]["content"]) > 400:
            return Say("This model's maximum context length is 90 tokens.", status=400)
        return Say("Springfield shuts a bridge that is rusted, says a letter from there.")

    documents = [a_document(id="a"), a_document(id="b", text=a_document().text * 4)]
    store.write(tmp_path / "clean/documents.jsonl", documents[1:])
    with serving(script) as fake:
        found = annotate.run(a_recipe(fake.url), tmp_path)
    assert found["documents_cut"] == 1
    [pair] = store.read(tmp_path / "annotate/pairs.jsonl", Pair)
    assert pair.document == documents[1].text
    assert 0 < pair.meta["annotate"]["shown_share"] < 0.5


def test_a_wrong_key_ends_it_with_the_name_of_the_variable(tmp_path):
    folder = a_run(tmp_path)
    with (
        serving([Say(status=401)]) as fake,
        pytest.raises(EnvironmentError_, match="Set OPENAI_API_KEY"),
    ):
        annotate.run(a_recipe(fake.url, workers=2), folder)
    assert len(fake.asked) <= 2


def test_where_nothing_passes_it_is_an_error_that_names_the_file_with_the_reasons(tmp_path):
    folder = a_run(tmp_path)
    with serving([Say("No.")]) as fake, pytest.raises(DataError) as caught:
        annotate.run(a_recipe(fake.url, attempts=1), folder)
    assert str(caught.value) == (
        "annotate: no document has a summary that can be used: 6 documents, 0 pairs "
        f"(too short 6).\n  {folder / 'annotate/failed.jsonl'} says what was tried and why it was "
        "refused."
    )


def test_two_processes_do_not_ask_for_the_same_documents(tmp_path):
    folder = a_run(tmp_path)
    (folder / "annotate").mkdir()
    with (
        filelock.FileLock(folder / "annotate/.answers.jsonl.lock"),
        pytest.raises(EnvironmentError_, match="another process is writing its answers"),
    ):
        annotate.run(a_recipe("http://127.0.0.1:9/v1"), folder)


CODE = Path(__file__).with_name("annotate_runs.py")


def ended(command, answers, *, kill_at=None):
    """Run a process, killed as soon as there are so many answers; give how it ended."""
    where = os.pathsep.join(filter(None, [str(CODE.parents[1]), os.environ.get("PYTHONPATH")]))
    process = subprocess.Popen(command, env={**os.environ, "PYTHONPATH": where})
    while kill_at and process.poll() is None:
        if answers.exists() and answers.read_bytes().count(b"\n") >= kill_at:
            process.send_signal(signal.SIGKILL)
            break
        time.sleep(0.005)
    return process.wait(timeout=60)


def test_killed_again_and_again_before_a_wild_server_each_document_ends_in_one_file(tmp_path):
    # Some tens of documents, three kills, and every fault that a server is known for.
    count, workers, kills = 40, 2, 3
    rng, failed_tries = random.Random(7), Counter()

    def script(body):
        text, luck = a_summary(number(body)), rng.random()
        faults = (
            (0.06, Say("busy", status=429, headers={"Retry-After": "0.01"})),
            (0.12, Say("broken", status=500)),
            (0.16, Say(text, cut=True)),
            (0.20, Say(raw=b"{'choices'")),
            (0.22, Say(text, delay=0.7)),
        )
        for bound, say in faults:
            if luck < bound:
                failed_tries["transport"] += 1
                return say
        if luck < 0.32:
            return Say("Too short.")
        if luck < 0.36:
            return Say("Porter shuts a bridge of Springfield, which is full of rust, they say.")
        return Say(f"Here is a summary:\n\n{text}" if luck < 0.5 else text, delay=0.01 * luck)

    folder = a_run(tmp_path, count=count)
    answers = folder / "annotate/answers.jsonl"
    with serving(script) as fake:
        command = [sys.executable, str(CODE), str(folder), fake.url]
        for kill in range(kills):
            assert ended(command, answers, kill_at=11 * (kill + 1)) == -signal.SIGKILL
        assert ended(command, answers) == 0
        asked = len(fake.asked)
    every = [*ids(folder, "pairs"), *ids(folder, "failed")]
    assert sorted(every) == sorted(f"d{n}" for n in range(20, 20 + count))
    assert len(ids(folder, "pairs")) > 0.8 * count
    # What is on disk was asked for once; of each kill only what was under way is lost.
    paid = len({json.loads(line)["key"] for line in answers.read_text("utf-8").splitlines()})
    assert paid == len(answers.read_text("utf-8").splitlines())
    assert asked <= paid + failed_tries["transport"] + kills * workers
    assert asked - failed_tries["transport"] <= 1.1 * paid + 1


def a_decision(of, decision, **changes):
    told = {"id": "d20", "decision": decision, "of": hash_of(of), "reviewer": "Ann"}
    return Decision(**{**told, "when": "2026-11-22T20:00:00+00:00", **changes})


def test_what_a_reader_wants_anew_is_asked_for_again_and_what_was_mended_stands(tmp_path):
    def script(body):
        again = len(body["messages"]) > 1
        return Say(a_summary(number(body)) + (" It rests." if again else ""))

    folder = a_run(tmp_path, count=2)
    with serving(script) as fake:
        recipe = a_recipe(fake.url, attempts=1)
        annotate.run(recipe, folder)
        decisions.append(
            folder,
            [
                a_decision(a_summary(20), "redo", note="Say what becomes of it."),
                a_decision(a_summary(21), "fix", id="d21", summary="A bridge is shut."),
            ],
        )
        [piece] = pipeline.pieces(recipe, folder, "annotate", silent)
        carry_out(piece(), silent)
        assert len(fake.asked) == 3
        assert (
            fake.asked[-1]
            .body["messages"][-1]["content"]
            .startswith("A reader asks for another summary. Say what becomes of it. Write")
        )
    redone, mended = store.read(folder / "annotate/pairs.jsonl", Pair)
    assert redone.references == [a_summary(20) + " It rests."]
    assert mended.references == ["A bridge is shut."]


def test_an_introduction_that_a_reader_does_not_want_is_no_summary(tmp_path):
    text = "Lyon is a town in the east of France, on two rivers.\n\n" + "It is old. " * 9
    store.write(tmp_path / "clean/documents.jsonl", [Document(id=i, text=text) for i in "ab"])
    decisions.append(tmp_path, [a_decision(text.partition("\n")[0], "redo", id="b")])
    found = annotate.run(a_recipe(), tmp_path)
    assert found["counts"] == {"documents": 2, "pairs": 1, "failed/redo": 1}
