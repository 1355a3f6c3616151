import json
import re

import filelock
import pytest

from abrege.core.errors import DataError, SetupError
from abrege.core.events import Note, Progress
from abrege.core.io import write_jsonl
from abrege.human_eval.judge import judge
from abrege.llm_client.openai_client import SamplingParams
from builders.fake_server import KEY, Reply, a_client, serving
from builders.records import a_pair, a_prediction, write_test_split

pytestmark = pytest.mark.model

ROWS = 10


def a_row(n, **changes):
    return a_pair(**{"id": f"p{n}", "document": f"Document {n}."} | changes)


def a_run(folder, *, pairs=None, base="plain {n}", tuned="good {n}"):
    """Write a run folder in which `tuned` has the word good, which the fake judge prefers."""
    pairs = pairs or [a_row(n) for n in range(ROWS)]
    texts = {
        system: [text.format(n=n) if isinstance(text, str) else text[n] for n in range(len(pairs))]
        for system, text in (("base", base), ("tuned", tuned))
    }
    return write_test_split(folder, pairs, **texts)


def summaries_in(body):
    """Return the two summaries of a prompt, in their order."""
    user = body["messages"][1]["content"]
    return re.findall(r"=== (?:Summary|Résumé) [12] ===\n(.*?)\n\n", user, re.DOTALL)


def prefers_good(body):
    first, second = ("good" in text for text in summaries_in(body))
    return Reply("0" if first == second else "1" if first else "2")


def lines(folder):
    return (folder / "review/judge.jsonl").read_text(encoding="utf-8").splitlines()


def test_each_row_is_judged_in_both_orders_and_the_second_system_wins_where_both_agree(tmp_path):
    folder = a_run(tmp_path)
    with serving(prefers_good) as fake, a_client(fake) as client:
        result = judge(folder, client)
    assert len(fake.requests) == 2 * ROWS
    assert {tuple(summaries_in(request.body)) for request in fake.requests} == {
        places
        for n in range(ROWS)
        for places in ((f"plain {n}", f"good {n}"), (f"good {n}", f"plain {n}"))
    }
    assert (result["figures"]["n"], result["figures"]["wins"]) == (ROWS, ROWS)
    # The exact sign test of 10 of 10: 2 / 2**10.
    assert result["preference"]["p"] == pytest.approx(2 / 1024)
    assert result["figures"]["first_share"] == 0.5
    assert json.loads((folder / "review/judge.json").read_text("utf-8")) == result


def test_a_judge_that_always_picks_the_first_prefers_no_system(tmp_path):
    folder = a_run(tmp_path)
    with serving([Reply("1")]) as fake, a_client(fake) as client:
        result = judge(folder, client)
    figures, preference = result["figures"], result["preference"]
    assert (figures["disagreements"], figures["disagreement_share"]) == (ROWS, 1.0)
    assert figures["first_share"] == 1.0
    assert (preference["wins"], preference["ties"], preference["losses"]) == (0, ROWS, 0)
    assert preference["share"] is None


def test_a_loss_is_a_loss_and_an_unsure_row_a_tie(tmp_path):
    folder = a_run(tmp_path, base=["good", "plain", "a"], tuned=["plain", "good", "b"],
                   pairs=[a_row(n) for n in range(3)])  # fmt: skip

    def script(body):
        return Reply({("a", "b"): "1", ("b", "a"): "0"}.get(tuple(summaries_in(body))) or prefers_good(body).text)  # fmt: skip # noqa: E501

    with serving(script) as fake, a_client(fake) as client:
        result = judge(folder, client)
    of_row = {d["id"]: d["outcome"] for d in result["decisions"]}
    assert of_row == {"p0": "loss", "p1": "win", "p2": "unsure"}
    preference = result["preference"]
    assert (preference["wins"], preference["ties"], preference["losses"]) == (1, 1, 1)


def test_identical_texts_are_ties_without_a_request(tmp_path):
    folder = a_run(tmp_path, tuned=[f"plain {n} " if n < 4 else "good" for n in range(ROWS)])
    with serving(prefers_good) as fake, a_client(fake) as client:
        result = judge(folder, client)
    assert len(fake.requests) == 2 * (ROWS - 4)
    assert (result["identical"], result["figures"]["n"]) == (4, ROWS - 4)
    assert (result["preference"]["n"], result["preference"]["ties"]) == (ROWS, 4)


def test_a_killed_judge_resumes_with_exactly_the_missing_requests(tmp_path):
    def interrupt(event):
        if isinstance(event, Progress) and event.done == 5:
            raise KeyboardInterrupt

    folder, other = a_run(tmp_path / "a"), a_run(tmp_path / "b")
    with serving(prefers_good) as fake, a_client(fake) as client:
        with pytest.raises(KeyboardInterrupt):
            judge(folder, client, on_event=interrupt)
        assert len(lines(folder)) == 5
        assert not (folder / "review/judge.json").exists()
    with serving(prefers_good) as fake, a_client(fake) as client:
        seen = []
        result = judge(folder, client, on_event=seen.append)
        assert len(fake.requests) == 2 * ROWS - 5
        assert Note("judge: resuming after 5 of 20 answers") in seen
        assert seen[-1] == Progress("judge", 20, 20, unit="answers")
        assert len({json.loads(line)["key"] for line in lines(folder)}) == len(lines(folder)) == 20
        undisturbed = judge(other, client)
    differs = {"server", "seconds"}
    assert {k: v for k, v in result.items() if k not in differs} == {
        k: v for k, v in undisturbed.items() if k not in differs
    }


def test_a_second_run_sends_no_request_and_writes_the_same_bytes(tmp_path):
    folder = a_run(tmp_path)
    with serving(prefers_good) as fake, a_client(fake) as client:
        judge(folder, client)
        before = (folder / "review/judge.json").read_bytes()
        judge(folder, client)
    assert len(fake.requests) == 2 * ROWS
    assert (folder / "review/judge.json").read_bytes() == before


def test_more_rows_with_the_same_seed_send_only_the_additional_requests(tmp_path):
    folder = a_run(tmp_path)
    with serving(prefers_good) as fake, a_client(fake) as client:
        few = judge(folder, client, rows=4)
        judge(folder, client, rows=6)
        assert len(fake.requests) == 12
        other = judge(folder, client, rows=4, seed=1)
    assert [d["id"] for d in few["decisions"]] != [d["id"] for d in other["decisions"]]
    assert few["rows"] == 4


@pytest.mark.parametrize(
    "changed", [{"model": "judge-2"}, {"params": SamplingParams(temperature=1.0)}]
)
def test_another_model_or_another_decoding_is_not_cached(tmp_path, changed):
    folder = a_run(tmp_path)
    with serving(prefers_good) as fake:
        with a_client(fake) as client:
            judge(folder, client)
        with a_client(fake, **changed) as client:
            result = judge(folder, client)
    assert len(fake.requests) == 4 * ROWS
    assert result["answers"] == 2 * ROWS


def test_a_truncated_last_line_is_dropped_and_requested_again(tmp_path):
    folder = a_run(tmp_path)
    with serving(prefers_good) as fake, a_client(fake) as client:
        judge(folder, client)
        path = folder / "review/judge.jsonl"
        path.write_bytes(path.read_bytes()[:-20])
        judge(folder, client)
    assert len(fake.requests) == 2 * ROWS + 1
    assert len(lines(folder)) == 2 * ROWS
    assert all(json.loads(line) for line in lines(folder))


def test_a_file_of_one_truncated_line_is_started_again(tmp_path):
    folder = a_run(tmp_path)
    (folder / "review").mkdir()
    (folder / "review/judge.jsonl").write_text('{"key": "a')
    with serving(prefers_good) as fake, a_client(fake) as client:
        judge(folder, client)
    assert len(lines(folder)) == len(fake.requests) == 2 * ROWS


def test_a_damaged_line_is_an_error_with_its_number(tmp_path):
    folder = a_run(tmp_path)
    with serving(prefers_good) as fake, a_client(fake) as client:
        judge(folder, client)
        path = folder / "review/judge.jsonl"
        path.write_text("\n".join([*lines(folder)[:2], '{"key": 1}', ""]))
        with pytest.raises(DataError) as caught:
            judge(folder, client)
    assert str(caught.value).startswith(f"{path}:3: this is not a response that abrege cached: ")


def test_two_processes_cannot_judge_the_same_run(tmp_path):
    folder = a_run(tmp_path)
    (folder / "review").mkdir()
    with serving(prefers_good) as fake, a_client(fake) as client:
        with (
            filelock.FileLock(folder / "review/.judge.jsonl.lock"),
            pytest.raises(SetupError, match="another process is writing its responses here"),
        ):
            judge(folder, client)
        assert not fake.requests
        judge(folder, client)


def test_unreadable_and_truncated_answers_are_counted_and_their_rows_left_out(tmp_path):
    folder = a_run(tmp_path)

    def script(body):
        first, _ = summaries_in(body)
        if first == "good 1":
            return Reply("1 or 2")
        return Reply("2", finish_reason="length") if first == "plain 2" else prefers_good(body)

    with serving(script) as fake, a_client(fake) as client:
        result = judge(folder, client)
    figures = result["figures"]
    assert (figures["n"], figures["unreadable_rows"], figures["unreadable_answers"]) == (8, 2, 2)
    assert (result["answers_cut"], result["preference"]["n"]) == (1, 8)


def test_an_error_is_raised_where_no_answer_can_be_parsed(tmp_path):
    folder = a_run(tmp_path)
    with (
        serving([Reply("I am a cat.")]) as fake,
        a_client(fake) as client,
        pytest.raises(DataError) as caught,
    ):
        judge(folder, client, rows=3)
    assert str(caught.value) == (
        "no row could be judged: of 6 answers no two on a row could be read.\n"
        "  An answer ends: 'I am a cat.'\n"
        "  Choose a model that follows instructions, or raise --max-tokens."
    )
    assert len(lines(folder)) == 6


def test_a_rejected_request_is_reported_and_sent_again_the_next_time(tmp_path):
    folder = a_run(tmp_path)

    def script(body):
        long = "Document 3." in body["messages"][1]["content"]
        return Reply("too long", status=400) if long else prefers_good(body)

    with serving(script) as fake, a_client(fake) as client:
        result = judge(folder, client)
        reason = f"{fake.url} rejects the request (400): too long"
        assert result["unanswered"] == [
            {"id": "p3", "first": "base", "reason": reason},
            {"id": "p3", "first": "tuned", "reason": reason},
        ]
        assert (result["unanswered_rows"], result["preference"]["n"]) == (1, ROWS - 1)
        assert len(lines(folder)) == 2 * (ROWS - 1)
        fake.script = prefers_good
        result = judge(folder, client)
    assert (result["unanswered"], result["preference"]["n"]) == ([], ROWS)


def test_the_result_has_model_decoding_and_cost_and_no_file_contains_the_api_key(tmp_path):
    folder = a_run(tmp_path)
    with serving(prefers_good) as fake, a_client(fake) as client:
        result = judge(folder, client, rows=4)
    assert result["model"] == "judge-1"
    assert result["named"] == {"judge-1@2026": 8}
    assert result["server"] == fake.url
    assert result["asking"] == {"temperature": 0.0, "top_p": None, "max_tokens": 1024, "seed": None}
    assert result["tokens"] == {"prompt": 800, "completion": 56, "answers_untold": 0}
    assert list(result["prompt"]) == ["en"]
    assert result["seconds"] > 0
    assert not any(KEY.encode() in f.read_bytes() for f in folder.rglob("*") if f.is_file())


def test_rows_of_one_group_count_once(tmp_path):
    pairs = [a_row(n, group=f"g{n // 3}") for n in range(9)]
    folder = a_run(tmp_path, pairs=pairs)
    with serving(prefers_good) as fake, a_client(fake) as client:
        result = judge(folder, client)
    assert result["figures"]["wins"] == 9
    preference = result["preference"]
    assert (preference["n"], preference["groups"], preference["wins"]) == (9, 3, 3)


def test_rows_with_the_same_texts_are_one_request(tmp_path):
    pairs = [a_row(n, document="The same.") for n in range(3)]
    folder = a_run(tmp_path, pairs=pairs, base="plain", tuned="good")
    with serving(prefers_good) as fake, a_client(fake) as client:
        result = judge(folder, client)
    assert len(fake.requests) == 2
    assert result["figures"]["wins"] == 3


def test_the_prompt_has_the_aspect_and_the_language_of_the_row(tmp_path):
    pairs = [
        a_row(0, lang="fr", meta={"aspect": "le résultat"}),
        a_row(1, lang=None, document="Le chat dort sur le canapé pendant que la pluie tombe."),
    ]
    folder = a_run(tmp_path, pairs=pairs)
    with serving(prefers_good) as fake, a_client(fake) as client:
        result = judge(folder, client)
    messages = [request.body["messages"] for request in fake.requests]
    assert all(system["content"].startswith("Tu compares") for system, _ in messages)
    assert sum("le résultat" in user["content"] for _, user in messages) == 2
    assert list(result["prompt"]) == ["fr"]


def test_a_wrong_api_key_keeps_the_answers_so_far(tmp_path):
    folder = a_run(tmp_path)
    script = [Reply("1")] * 3 + [Reply(status=401)]
    with (
        serving(script) as fake,
        a_client(fake) as client,
        pytest.raises(SetupError, match="rejects the API key"),
    ):
        judge(folder, client, workers=1)
    assert len(lines(folder)) == 3


def test_what_cannot_be_compared_is_an_error_before_any_request(tmp_path):
    folder = a_run(tmp_path)
    with serving(prefers_good) as fake, a_client(fake) as client:
        with pytest.raises(DataError, match="tuned cannot be judged against itself"):
            judge(folder, client, systems=("tuned", "tuned"))
        with pytest.raises(
            DataError, match=r"generate/lead\.jsonl: no such file\.\n  Run the pipe"
        ):
            judge(folder, client, systems=("lead", "tuned"))
        with pytest.raises(DataError, match="--rows 0 of 10 test rows"):
            judge(folder, client, rows=0)
        path = folder / "generate/tuned.jsonl"
        write_jsonl(path, [a_prediction(id=f"p{n}") for n in range(ROWS - 1)])
        with pytest.raises(
            DataError, match=rf"tuned\.jsonl:{ROWS}: expected id 'p9'.*the end of the file"
        ):
            judge(folder, client)
        assert not fake.requests
