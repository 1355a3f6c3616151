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

from abrege.core.errors import SetupError
from abrege.core.io import read_jsonl, write_jsonl
from abrege.core.run_folder import RunFolder
from abrege.core.types import Pair
from abrege.llm_client import openai_client as servers
from abrege.llm_client.retry import RetryPolicy
from abrege.stages import annotate
from builders.annotate_runs import a_recipe, a_run, a_summary, faithful, ids, lines, number
from builders.fake_server import Reply, serving
from builders.records import a_document

pytestmark = pytest.mark.model


@pytest.fixture(autouse=True)
def _impatient(monkeypatch):
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    monkeypatch.setattr(servers, "RetryPolicy", partial(RetryPolicy, first_seconds=0.001))


def test_a_question_that_the_server_refuses_fails_alone_and_is_asked_again_another_time(tmp_path):
    def script(body):
        return Reply("bad words", status=400) if number(body) == 22 else faithful(body)

    folder = a_run(tmp_path)
    with serving(script) as fake:
        found = annotate.run(a_recipe(fake.url), RunFolder(folder))
        assert found["counts"] == {"documents": 6, "pairs": 5, "failed/no answer": 1}
        assert lines(folder, "failed")[0]["found"].endswith("(400): bad words")
    with serving(faithful) as fake:
        found = annotate.run(a_recipe(fake.url), RunFolder(folder))
        assert len(fake.requests) == 1
    assert found["counts"] == {"documents": 6, "pairs": 6}


def test_a_document_that_the_server_finds_too_long_is_cut_and_counted(tmp_path):
    def script(body):
        if len(body["messages"][0]["content"]) > 400:
            return Reply("This model's maximum context length is 90 tokens.", status=400)
        return Reply("Springfield shuts a bridge that is rusted, says a letter from there.")

    documents = [a_document(id="a"), a_document(id="b", text=a_document().text * 4)]
    write_jsonl(tmp_path / "clean/documents.jsonl", documents[1:])
    with serving(script) as fake:
        found = annotate.run(a_recipe(fake.url), RunFolder(tmp_path))
    assert found["documents_cut"] == 1
    [pair] = read_jsonl(tmp_path / "annotate/pairs.jsonl", Pair)
    assert pair.document == documents[1].text
    assert 0 < pair.meta["annotate"]["shown_share"] < 0.5


def test_a_wrong_key_ends_it_with_the_name_of_the_variable(tmp_path):
    folder = a_run(tmp_path)
    with (
        serving([Reply(status=401)]) as fake,
        pytest.raises(SetupError, match="Set OPENAI_API_KEY"),
    ):
        annotate.run(a_recipe(fake.url, workers=1), RunFolder(folder))
    assert len(fake.requests) == 1


def test_two_processes_do_not_ask_for_the_same_documents(tmp_path):
    folder = a_run(tmp_path)
    (folder / "annotate").mkdir()
    with (
        filelock.FileLock(folder / "annotate/.answers.jsonl.lock"),
        pytest.raises(SetupError, match="another process is writing its responses"),
    ):
        annotate.run(a_recipe("http://127.0.0.1:9/v1"), RunFolder(folder))


TESTS = Path(__file__).parents[1]


def ended(runs, answers, *, kill_at=None):
    """Run a child, killed as soon as there are so many answers; give how it ended."""
    runs.stdin.write("\n")
    runs.stdin.flush()
    child, began = int(runs.stdout.readline()), time.monotonic()
    while kill_at and time.monotonic() < began + 60:
        if answers.exists() and answers.read_bytes().count(b"\n") >= kill_at:
            os.kill(child, signal.SIGKILL)
            break
        time.sleep(0.005)
    return int(runs.stdout.readline())


def test_killed_again_and_again_before_a_wild_server_each_document_ends_in_one_file(tmp_path):
    # Some tens of documents, three kills, and every fault that a server is known for.
    count, workers, kills = 40, 2, 3
    rng, failed_tries = random.Random(7), Counter()

    def script(body):
        text, luck = a_summary(number(body)), rng.random()
        faults = (
            (0.06, Reply("busy", status=429, headers={"Retry-After": "0.01"})),
            (0.12, Reply("broken", status=500)),
            (0.16, Reply(text, reset=True)),
            (0.20, Reply(raw=b"{'choices'")),
            (0.22, Reply(text, delay=0.7)),
        )
        for bound, say in faults:
            if luck < bound:
                failed_tries["transport"] += 1
                return say
        if luck < 0.32:
            return Reply("Too short.")
        if luck < 0.36:
            return Reply("Porter shuts a bridge of Springfield, which is full of rust, they say.")
        return Reply(f"Here is a summary:\n\n{text}" if luck < 0.5 else text, delay=0.01 * luck)

    folder = a_run(tmp_path, count=count)
    answers = folder / "annotate/answers.jsonl"
    with serving(script) as fake:
        command = [sys.executable, "-m", "builders.annotate_runs", str(folder), fake.url]
        where = os.pathsep.join(filter(None, [str(TESTS), os.environ.get("PYTHONPATH")]))
        with subprocess.Popen(
            command,
            env={**os.environ, "PYTHONPATH": where},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        ) as runs:
            for kill in range(kills):
                assert ended(runs, answers, kill_at=11 * (kill + 1)) == -signal.SIGKILL
            assert ended(runs, answers) == 0
        asked = len(fake.requests)
    every = [*ids(folder, "pairs"), *ids(folder, "failed")]
    assert sorted(every) == sorted(f"d{n}" for n in range(20, 20 + count))
    assert len(ids(folder, "pairs")) > 0.8 * count
    # What is on disk was asked for once; of each kill only what was under way is lost.
    paid = len({json.loads(line)["key"] for line in answers.read_text("utf-8").splitlines()})
    assert paid == len(answers.read_text("utf-8").splitlines())
    assert asked <= paid + failed_tries["transport"] + kills * workers
