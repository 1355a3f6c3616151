"""Servers that think, truncate, filter and cut, against a whole annotation."""

import json
from dataclasses import replace
from functools import partial

import pytest

from abrege.core.errors import DataError, SetupError
from abrege.core.events import Note
from abrege.core.io import read_jsonl, write_jsonl
from abrege.core.run_folder import RunFolder
from abrege.core.types import Document, Pair
from abrege.llm_client import openai_client as servers
from abrege.llm_client.retry import RetryPolicy
from abrege.stages import annotate
from builders.annotate_runs import a_recipe, a_run, a_summary, faithful, lines, number
from builders.fake_server import Reply, serving


@pytest.fixture(autouse=True)
def _impatient(monkeypatch):
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    monkeypatch.setattr(servers, "RetryPolicy", partial(RetryPolicy, first_seconds=0.001))


def thinking(body):
    usage = {"prompt_tokens": 90, "completion_tokens": body["max_tokens"]}
    return Reply("", finish_reason="length", usage=usage, message={"reasoning": "The user wants"})


def test_a_teacher_that_spends_its_tokens_on_thinking_is_stopped_and_an_extra_field_mends_it(
    tmp_path,
):
    def script(body):
        return faithful(body) if body.get("reasoning_effort") == "none" else thinking(body)

    folder = a_run(tmp_path, count=12)
    with serving(script) as fake:
        for _ in range(2):  # answers of a stopped run do not stop the next
            fake.requests.clear()
            with pytest.raises(SetupError, match=r"extra_body\.reasoning_effort=none"):
                annotate.run(a_recipe(fake.url, workers=1), RunFolder(folder))
            assert len(fake.requests) == 7  # two documents in three attempts, and one in the first
        recipe = a_recipe(fake.url, extra_body={"reasoning_effort": "none"})
        assert annotate.run(recipe, RunFolder(folder))["counts"]["pairs"] == 12
    [first, *_] = read_jsonl(folder / "annotate/pairs.jsonl", Pair)
    assert first.meta["annotate"]["extra_body"] == {"reasoning_effort": "none"}


def test_answers_of_a_server_that_thinks_no_more_are_asked_for_again(tmp_path):
    folder, scripts = a_run(tmp_path, count=5), [thinking, faithful]
    with serving(lambda body: scripts[0](body)) as fake:
        recipe = a_recipe(fake.url, workers=1)
        with pytest.raises(SetupError, match="spends its tokens on thinking"):
            annotate.run(recipe, RunFolder(folder))
        del scripts[0]
        assert annotate.run(recipe, RunFolder(folder))["counts"] == {"documents": 5, "pairs": 5}


def ollama(context):
    """Return a script that counts four characters a token and reads so many tokens at most."""

    def script(body):
        characters = len(body["messages"][0]["content"])
        usage = {"prompt_tokens": min(context[0], characters // 4), "completion_tokens": 20}
        return replace(faithful(body), usage=usage)

    return script


def a_run_with_long_documents(folder):
    """Write eight documents, of which d22 and d23 have some 2,000 and 4,000 tokens more."""
    documents = read_jsonl(a_run(folder, count=8) / "clean/documents.jsonl", Document)
    longer = {"d22": 2000, "d23": 4000}
    tails = {id_: " The river rose again." * (4 * n // 22) for id_, n in longer.items()}
    texts = [replace(one, text=one.text + tails.get(one.id, "")) for one in documents]
    write_jsonl(folder / "clean/documents.jsonl", texts)
    return folder


def test_prompts_that_the_server_truncates_are_refused_and_asked_again_once_it_reads_more(tmp_path):
    folder, context, notes = a_run_with_long_documents(tmp_path), [1500], []
    with serving(ollama(context)) as fake:
        recipe = a_recipe(fake.url)
        manifest = annotate.run(recipe, RunFolder(folder), on_event=notes.append)
        assert manifest["counts"] == {
            "documents": 8,
            "pairs": 6,
            "failed/prompt cut by the server": 2,
        }
        assert (manifest["prompts_cut"], manifest["prompts_perhaps_cut"]) == (2, 0)
        [failure, _] = lines(folder, "failed")
        assert (failure["id"], failure["found"]) == ("d22", "1500 tokens were read")
        words = "\n".join(event.text for event in notes if isinstance(event, Note))
        assert "OLLAMA_CONTEXT_LENGTH=5120" in words
        assert "--set annotate.context_window=1500" in words
        assert len(fake.requests) == 8
        context[0] = 9000
        assert annotate.run(recipe, RunFolder(folder))["counts"]["pairs"] == 8
        assert len(fake.requests) == 10
        assert annotate.run(recipe, RunFolder(folder))["prompts_cut"] == 0
        assert len(fake.requests) == 10


def test_a_single_prompt_with_few_tokens_is_marked_in_its_pair(tmp_path):
    folder, notes = a_run_with_long_documents(tmp_path), []
    with serving(ollama([9000])) as fake:
        manifest = annotate.run(a_recipe(fake.url), RunFolder(folder), on_event=notes.append)
    assert (manifest["prompts_cut"], manifest["prompts_perhaps_cut"]) == (0, 0)
    with serving(ollama([1200])) as fake:
        rows = [*read_jsonl(folder / "clean/documents.jsonl", Document)]
        write_jsonl(folder / "clean/documents.jsonl", [*rows[:2], *rows[3:]])
        (folder / "annotate/answers.jsonl").unlink()
        manifest = annotate.run(a_recipe(fake.url), RunFolder(folder), on_event=notes.append)
    assert (manifest["prompts_cut"], manifest["prompts_perhaps_cut"]) == (0, 1)
    marked = [
        pair.id
        for pair in read_jsonl(folder / "annotate/pairs.jsonl", Pair)
        if "prompt_perhaps_cut" in pair.meta["annotate"]
    ]
    assert marked == ["d23"]
    assert any("marked prompt_perhaps_cut" in note.text for note in notes if isinstance(note, Note))


@pytest.mark.parametrize("workers", [1, 4])
def test_any_number_of_filtered_documents_in_a_row_are_asked_for_once_and_end_no_run(
    tmp_path, workers
):
    def script(body):
        return faithful(body) if number(body) == 27 else Reply("content_filter", status=400)

    folder = a_run(tmp_path, count=8)
    with serving(script) as fake:
        for _ in range(2):
            manifest = annotate.run(a_recipe(fake.url, workers=workers), RunFolder(folder))
            assert manifest["counts"] == {"documents": 8, "pairs": 1, "failed/refusal": 7}
            assert len(fake.requests) == 8
    [failure, *_] = lines(folder, "failed")
    assert failure["found"] == f"{fake.url} refuses the text (400): content_filter"


@pytest.mark.parametrize(
    "words",
    [
        "`inputs` tokens + `max_new_tokens` must be <= {limit}. Given: {prompt} `inputs` tokens "
        "and 400 `max_new_tokens`",
        "Request too large for m on tokens per min (TPM): Limit {limit}, Requested {total}. The "
        "input or output tokens must be reduced in order to run successfully.",
    ],
)
def test_a_long_document_is_cut_once_by_the_servers_numbers(tmp_path, words):
    def script(body):
        prompt = len(body["messages"][0]["content"]) // 4
        status = 429 if "TPM" in words else 422
        if prompt + 400 <= 1500:
            return faithful(body)
        said = words.format(limit=1500, prompt=prompt, total=prompt + 400)
        return Reply(said, status=status)

    folder = a_run_with_long_documents(tmp_path)
    with serving(script) as fake:
        manifest = annotate.run(a_recipe(fake.url), RunFolder(folder))
        assert len(fake.requests) == 10
    assert manifest["counts"] == {"documents": 8, "pairs": 8}
    assert manifest["documents_cut"] == 2


def test_a_stopped_run_goes_on_from_answers_that_came_in_parts(tmp_path):
    # The first release kept the parts as they were, and every rerun ended in a traceback.
    def script(body):
        parts = [{"type": "thinking", "thinking": "The user"}, {"type": "text"}]
        return Reply([parts[0], {**parts[1], "text": a_summary(number(body))}])

    folder = a_run(tmp_path, count=6)
    with serving(script) as fake:
        with pytest.raises(SetupError, match="could exceed 4"):
            annotate.run(a_recipe(fake.url, budget={"requests": 4}), RunFolder(folder))
        answers = folder / "annotate/answers.jsonl"
        first, *others = [json.loads(line) for line in answers.read_text("utf-8").splitlines()]
        parts = [{"type": "thinking", "thinking": "The user"}, {"type": "text"}]
        first["text"] = [parts[0], {**parts[1], "text": first["text"]}]
        earlier = {"reasoning", "tool"}  # fields that the first release did not write
        old = [{k: v for k, v in one.items() if k not in earlier} for one in (first, *others)]
        answers.write_text("".join(f"{json.dumps(one)}\n" for one in old), encoding="utf-8")
        manifest = annotate.run(a_recipe(fake.url), RunFolder(folder))
        assert manifest["counts"] == {"documents": 6, "pairs": 6}
        assert len(fake.requests) == 6


@pytest.mark.parametrize(
    ("words", "changes", "advice"),
    [
        ("body.seed: Extra inputs are not permitted", {}, "Leave it out: --set annotate.seed=null"),
        (
            "'temperature' does not support 0.7 with this model.",
            {},
            "Leave it out: --set annotate.temperature=null",
        ),
        (
            "`temperature` and `top_p` cannot both be specified.",
            {},
            "Leave it out: --set annotate.top_p=null",
        ),
        (
            "Unknown parameter: think",
            {"extra_body": {"think": False}},
            "Remove annotate.extra_body.think from the recipe.",
        ),
        (
            "parameter.enable_thinking must be set to false for non-streaming calls",
            {},
            "Switch it off: --set annotate.extra_body.enable_thinking=false",
        ),
        (
            "System role not supported",
            {"system": "Be brief."},
            "Write annotate.system into annotate.prompt, before {document}.",
        ),
    ],
)
@pytest.mark.parametrize("count", [2, 9])
def test_the_setting_that_leaves_out_a_rejected_option_is_named(
    tmp_path, words, changes, advice, count
):
    folder = a_run(tmp_path, count=count)
    kind = SetupError if count == 9 else DataError  # five in a row end the run
    with serving([Reply(words, status=400)]) as fake, pytest.raises(kind) as caught:
        annotate.run(a_recipe(fake.url, workers=1, **changes), RunFolder(folder))
    assert f"(400): {words}\n  {advice}" in str(caught.value)
    assert str(caught.value).count("--set annotate.") <= 1
