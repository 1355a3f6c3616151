"""LLM judge: ask a model which of two systems' summaries is better, in both orders.

reads   split/test.jsonl  generate/SYSTEM.jsonl
writes  review/judge.jsonl, one line for each answer as it arrives  review/judge.json
"""

import random
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import abrege
from abrege.core.errors import DataError, SetupError
from abrege.core.events import Note, OnEvent, Progress, silent
from abrege.core.hashing import hash_json, hash_path
from abrege.core.io import read_jsonl, write_json
from abrege.core.run_folder import RunFolder
from abrege.core.types import Pair
from abrege.data.predictions import read_run_predictions
from abrege.human_eval.judge_prompt import (
    JudgeVerdict,
    combine_verdicts,
    compute_statistics,
    judge_messages,
    judge_prompt,
    parse_verdict,
)
from abrege.human_eval.preference import Outcome, preference_share
from abrege.llm_client.concurrency import FailedRequest, Request, complete_all
from abrege.llm_client.openai_client import OpenAIClient
from abrege.llm_client.response_cache import CachedResponse, ResponseCache, open_cache
from abrege.text import language

QUESTION_COLUMNS = ("question", "aspect")
"""Columns with the question that the summaries answer: the first of these that a row has."""
_DECISIVE: Mapping[str, Outcome] = {"win": "win", "loss": "loss"}
"""The outcomes that count as more than a tie in the preference."""


@dataclass(frozen=True)
class SummaryPair:
    """A document and the summaries of two systems."""

    pair: Pair
    texts: tuple[str, str]

    @property
    def is_identical(self) -> bool:
        """Return whether both summaries are the same."""
        return self.texts[0].strip() == self.texts[1].strip()


@dataclass(frozen=True)
class JudgeQuestion:
    """A row and its requests: with the first system's summary first, then the other way round."""

    row: SummaryPair
    requests: tuple[Request, Request]


def judge(
    folder: Path,
    client: OpenAIClient,
    *,
    systems: tuple[str, str] = ("base", "tuned"),
    rows: int = 50,
    seed: int = 0,
    workers: int = 4,
    on_event: OnEvent = silent,
) -> dict[str, Any]:
    """Ask about rows drawn from the test split; write and return the result.

    A win is one of the second system. Answers are cached by messages, model and decoding: the
    same command requests only what is missing, and more rows with the same seed are these rows
    and others. Raise SetupError if the server answers nothing, DataError if no row is readable.
    """
    run = RunFolder(folder)
    all_rows = read_summaries(run, systems)
    drawn = draw_rows(all_rows, count=rows, seed=seed)
    detected = _detect_language(all_rows)
    langs = [row.pair.lang or detected for row in drawn]
    questions = [
        JudgeQuestion(row, _requests(row, client, lang))
        for row, lang in zip(drawn, langs, strict=True)
        if not row.is_identical
    ]
    with open_cache(run.judge_answers) as cache:
        failed = collect_answers(
            cache, questions, client, systems, workers=workers, on_event=on_event
        )
        if failed and not cache.responses:
            raise SetupError(
                f"{client.address} answered none of {len(failed)} questions: {failed[0]['reason']}"
            )
        keys = {request.key for question in questions for request in question.requests}
        answers = {key: cache.responses[key] for key in sorted(keys & cache.responses.keys())}
        files = [run.split("test"), *(run.predictions(system) for system in systems)]
        result = {
            "of": {file.name: hash_path(file) for file in files},
            "systems": list(systems),
            "seed": seed,
            **compute_outcomes(drawn, questions, answers),
            "unanswered": failed,
            **provenance(client, answers, sorted({lang or "und" for lang in langs})),
        }
        write_json(run.judge, result)
    return result


def read_summaries(run: RunFolder, systems: tuple[str, str]) -> list[SummaryPair]:
    """Read the test rows with both systems' summaries; raise DataError where one is missing."""
    if systems[0] == systems[1]:
        raise DataError(f"{systems[0]} cannot be judged against itself; name two systems.")
    pairs = list(read_jsonl(_existing(run.split("test")), Pair))
    first, second = (_texts(run.predictions(system), pairs) for system in systems)
    return [SummaryPair(*row) for row in zip(pairs, zip(first, second, strict=True), strict=True)]


def draw_rows(rows: Sequence[SummaryPair], *, count: int, seed: int) -> list[SummaryPair]:
    """Draw rows at random; a larger count with the same seed draws the same ones first."""
    drawn = list(rows)
    random.Random(f"{seed} judge").shuffle(drawn)
    if count < 1 or not rows:
        raise DataError(f"there is nothing to judge: --rows {count} of {len(rows)} test rows.")
    return drawn[:count]


def collect_answers(
    cache: ResponseCache,
    questions: Sequence[JudgeQuestion],
    client: OpenAIClient,
    systems: tuple[str, str],
    *,
    workers: int,
    on_event: OnEvent,
) -> list[dict[str, str]]:
    """Request the answers that are not cached, and cache each at once; return the failures.

    Rows with the same texts are one request. A process that is killed loses the requests under
    way, `workers` of them at most; they are sent again.
    """
    requests = {
        request.key: (request, {"id": question.row.pair.id, "first": first})
        for question in questions
        for request, first in zip(question.requests, systems, strict=True)
    }
    missing = [request for key, (request, _) in requests.items() if key not in cache.responses]
    done, total = len(requests) - len(missing), len(requests)
    failed: list[dict[str, str]] = []
    if done:
        on_event(Note(f"judge: resuming after {done} of {total} answers"))
    on_event(Progress("judge", done, total, unit="answers"))
    with closing(complete_all(client, missing, workers=workers)) as answers:
        for request, answer in answers:
            _, about = requests[request.key]
            if isinstance(answer, FailedRequest):
                failed.append({**about, "reason": answer.reason})
                continue
            cache.add(CachedResponse(key=request.key, about=about, **asdict(answer)))
            done += 1
            on_event(Progress("judge", done, total, unit="answers"))
    return sorted(failed, key=lambda failure: (failure["id"], failure["first"]))


def compute_outcomes(
    drawn: Sequence[SummaryPair],
    questions: Sequence[JudgeQuestion],
    answers: Mapping[str, CachedResponse],
) -> dict[str, Any]:
    """Return the outcome of each row for the second system, and the preference of all rows.

    Identical texts are ties. A judge that contradicts itself or is unsure about a row counts as
    a tie in the preference; rows without a readable answer in one of the orders do not count.
    """
    verdicts = {
        id(question.row): (_verdict(answers[forward.key]), _verdict(answers[backward.key]))
        for question in questions
        for forward, backward in [question.requests]
        if forward.key in answers and backward.key in answers
    }
    outcomes: list[tuple[SummaryPair, str]] = []
    for row in drawn:
        both_orders = verdicts.get(id(row))
        missing = "identical" if row.is_identical else "unanswered"
        outcomes.append((row, combine_verdicts(*both_orders) if both_orders else missing))
    counted = [(row, o) for row, o in outcomes if o not in ("unanswered", "unreadable")]
    if not counted:
        raise DataError(_nothing_readable(answers))
    groups = [n if r.pair.group is None else r.pair.group for n, (r, _) in enumerate(counted)]
    preference = preference_share([_DECISIVE.get(o, "tie") for _, o in counted], groups=groups)
    counts = Counter(outcome for _, outcome in outcomes)
    return {
        "rows": len(drawn),
        "identical": counts["identical"],
        "unanswered_rows": counts["unanswered"],
        "figures": asdict(compute_statistics(verdicts.values())),
        "preference": {"n": len(counted), "groups": len(set(groups)), **asdict(preference)},
        "decisions": [{"id": row.pair.id, "outcome": outcome} for row, outcome in outcomes],
    }


def provenance(
    client: OpenAIClient, answers: Mapping[str, CachedResponse], langs: Sequence[str]
) -> dict[str, Any]:
    """Return the model, the decoding, the prompts, and the cost of all answers that were used."""
    used = list(answers.values())
    return {
        "abrege": abrege.__version__,
        "server": client.address,
        "model": client.model,
        "named": dict(sorted(Counter(a.model for a in used).items())),
        "asking": asdict(client.params),
        "prompt": {lang: hash_json(asdict(judge_prompt(lang))) for lang in langs},
        "answers": len(used),
        "answers_cut": sum(a.finish_reason == "length" for a in used),
        "tokens": {
            "prompt": sum(a.prompt_tokens or 0 for a in used),
            "completion": sum(a.completion_tokens or 0 for a in used),
            "answers_untold": sum(
                a.prompt_tokens is None or a.completion_tokens is None for a in used
            ),
        },
        "seconds": round(sum(a.seconds for a in used), 3),
    }


def _requests(row: SummaryPair, client: OpenAIClient, lang: str | None) -> tuple[Request, Request]:
    meta = row.pair.meta
    question = next((str(meta[name]) for name in QUESTION_COLUMNS if meta.get(name)), None)

    def request(first: str, second: str) -> Request:
        messages = judge_messages(row.pair.document, first, second, question=question, lang=lang)
        key = {"messages": messages, "model": client.model, "asking": asdict(client.params)}
        return Request(hash_json(key), messages)

    first, second = row.texts
    return request(first, second), request(second, first)


def _detect_language(rows: Sequence[SummaryPair]) -> str | None:
    """Detect the language of the rows without one; of all rows, so that any draw asks the same."""
    documents = [row.pair.document for row in rows if not row.pair.lang]
    return language.detect(documents) if documents else None


def _verdict(response: CachedResponse) -> JudgeVerdict | None:
    """Parse a response; a truncated one may have been about to say something else."""
    return None if response.finish_reason == "length" else parse_verdict(response.text)


def _nothing_readable(answers: Mapping[str, CachedResponse]) -> str:
    example = next((repr(answer.text[-200:]) for answer in answers.values()), "there is none")
    return (
        f"no row could be judged: of {len(answers)} answers no two on a row could be read.\n"
        f"  An answer ends: {example}\n"
        "  Choose a model that follows instructions, or raise --max-tokens."
    )


def _texts(path: Path, pairs: Sequence[Pair]) -> list[str]:
    predictions = read_run_predictions(_existing(path), pairs)
    return [prediction.prediction for prediction in predictions]


def _existing(path: Path) -> Path:
    if not path.exists():
        raise DataError(f"{path}: no such file.\n  Run the pipeline up to generate first.")
    return path
