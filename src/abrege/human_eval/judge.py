"""Judge: ask a model which of two systems' summaries is better, in both orders.

reads   split/test.jsonl  generate/SYSTEM.jsonl
writes  review/judge.jsonl, a line as soon as there is an answer  review/judge.json
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
from abrege.core.types import Pair
from abrege.data.predictions import read_run_predictions
from abrege.human_eval import judge_prompt as judging
from abrege.human_eval.agreement import Outcome, preference
from abrege.llm_client.concurrency import FailedRequest, Request, complete_all
from abrege.llm_client.openai_client import OpenAIClient
from abrege.llm_client.response_cache import CachedResponse, ResponseCache, open_cache
from abrege.text import language

QUESTION = ("question", "aspect")
"""Where a row says what its summaries were to tell: the first of these columns it has."""
COUNTED: Mapping[str, Outcome] = {"win": "win", "loss": "loss"}
"""What counts in the preference as more than a tie."""


@dataclass(frozen=True)
class Row:
    """A document and what two systems made of it."""

    pair: Pair
    texts: tuple[str, str]

    @property
    def is_identical(self) -> bool:
        """Tell whether there is nothing to choose."""
        return self.texts[0].strip() == self.texts[1].strip()


@dataclass(frozen=True)
class Asked:
    """A row and its questions: with the first system's summary first, and the other way round."""

    row: Row
    requests: tuple[Request, Request]


def judge(
    folder: Path,
    server: OpenAIClient,
    *,
    systems: tuple[str, str] = ("base", "tuned"),
    rows: int = 50,
    seed: int = 0,
    workers: int = 4,
    on_event: OnEvent = silent,
) -> dict[str, Any]:
    """Ask about rows drawn from the test split; write and return what comes of it.

    A win is one of the second system. Answers are kept as they come, by what was asked, of
    which model and how it decodes: the same command asks only for what is missing, and more
    rows with the same seed are these rows and others.
    """
    every = compared(folder, systems)
    drawn = draw(every, count=rows, seed=seed)
    found_lang = _language(every)
    langs = [row.pair.lang or found_lang for row in drawn]
    asked = [
        Asked(row, _requests(row, server, lang))
        for row, lang in zip(drawn, langs, strict=True)
        if not row.is_identical
    ]
    with open_cache(folder / "review/judge.jsonl") as book:
        failed = collect(book, asked, server, systems, workers=workers, on_event=on_event)
        if failed and not book.responses:
            raise SetupError(
                f"{server.address} answered none of {len(failed)} questions: {failed[0]['reason']}"
            )
        keys = {request.key for one in asked for request in one.requests}
        told = {key: book.responses[key] for key in sorted(keys & book.responses.keys())}
        files = ["split/test.jsonl", *(f"generate/{s}.jsonl" for s in systems)]
        found = {
            "of": {Path(f).name: hash_path(folder / f) for f in files},
            "systems": list(systems),
            "seed": seed,
            **outcomes(drawn, asked, told),
            "unanswered": failed,
            **provenance(server, told, sorted({lang or "und" for lang in langs})),
        }
        write_json(folder / "review/judge.json", found)
    return found


def compared(folder: Path, systems: tuple[str, str]) -> list[Row]:
    """Read the test rows with both systems' summaries."""
    if systems[0] == systems[1]:
        raise DataError(f"{systems[0]} cannot be judged against itself; name two systems.")
    pairs = list(read_jsonl(_there(folder / "split/test.jsonl"), Pair))
    first, second = (_texts(folder / f"generate/{s}.jsonl", pairs) for s in systems)
    return [Row(*row) for row in zip(pairs, zip(first, second, strict=True), strict=True)]


def draw(rows: Sequence[Row], *, count: int, seed: int) -> list[Row]:
    """Draw rows at random; a larger count with the same seed draws the same ones first."""
    drawn = list(rows)
    random.Random(f"{seed} judge").shuffle(drawn)
    if count < 1 or not rows:
        raise DataError(f"there is nothing to judge: {count} of {len(rows)} test rows are wanted.")
    return drawn[:count]


def collect(
    book: ResponseCache,
    asked: Sequence[Asked],
    server: OpenAIClient,
    systems: tuple[str, str],
    *,
    workers: int,
    on_event: OnEvent,
) -> list[dict[str, str]]:
    """Ask what is not told yet, each answer on disk at once; give the questions without answer.

    Rows with the same texts are one question. Of a process that is killed the questions under
    way are lost, `workers` of them at most; they are asked again.
    """
    questions = {
        request.key: (request, {"id": one.row.pair.id, "first": first})
        for one in asked
        for request, first in zip(one.requests, systems, strict=True)
    }
    missing = [request for key, (request, _) in questions.items() if key not in book.responses]
    done, total = len(questions) - len(missing), len(questions)
    failed: list[dict[str, str]] = []
    if done:
        on_event(Note(f"judge: going on after {done} of {total} answers"))
    on_event(Progress("judge", done, total, unit="answers"))
    with closing(complete_all(server, missing, workers=workers)) as answers:
        for request, answer in answers:
            _, about = questions[request.key]
            if isinstance(answer, FailedRequest):
                failed.append({**about, "reason": answer.reason})
                continue
            book.add(CachedResponse(key=request.key, about=about, **asdict(answer)))
            done += 1
            on_event(Progress("judge", done, total, unit="answers"))
    return sorted(failed, key=lambda one: (one["id"], one["first"]))


def outcomes(
    drawn: Sequence[Row], asked: Sequence[Asked], told: Mapping[str, CachedResponse]
) -> dict[str, Any]:
    """Say of each row how the second system fares, and of all rows what follows.

    Identical texts are ties. A judge that contradicts itself or is unsure of a row counts as a
    tie in the preference; rows with no readable answer in one of the orders do not count.
    """
    verdicts = {
        id(one.row): (_verdict(told[there.key]), _verdict(told[back.key]))
        for one in asked
        for there, back in [one.requests]
        if there.key in told and back.key in told
    }
    decisions: list[tuple[Row, str]] = []
    for row in drawn:
        pair = verdicts.get(id(row))
        missing = "identical" if row.is_identical else "unanswered"
        decisions.append((row, judging.outcome(*pair) if pair else missing))
    counted = [(row, o) for row, o in decisions if o not in ("unanswered", "unreadable")]
    if not counted:
        raise DataError(_nothing(told))
    groups = [n if r.pair.group is None else r.pair.group for n, (r, _) in enumerate(counted)]
    found = preference([COUNTED.get(o, "tie") for _, o in counted], groups=groups)
    kinds = Counter(outcome for _, outcome in decisions)
    return {
        "rows": len(drawn),
        "identical": kinds["identical"],
        "unanswered_rows": kinds["unanswered"],
        "figures": asdict(judging.figures(verdicts.values())),
        "preference": {"n": len(counted), "groups": len(set(groups)), **asdict(found)},
        "decisions": [{"id": row.pair.id, "outcome": outcome} for row, outcome in decisions],
    }


def provenance(
    server: OpenAIClient, told: Mapping[str, CachedResponse], langs: Sequence[str]
) -> dict[str, Any]:
    """Say who judged, how it was asked, and what it cost over all the answers used."""
    answers = list(told.values())
    return {
        "abrege": abrege.__version__,
        "server": server.address,
        "model": server.model,
        "named": dict(sorted(Counter(a.model for a in answers).items())),
        "asking": asdict(server.params),
        "prompt": {lang: hash_json(asdict(judging.judging(lang))) for lang in langs},
        "answers": len(answers),
        "answers_cut": sum(a.finish_reason == "length" for a in answers),
        "tokens": {
            "prompt": sum(a.prompt_tokens or 0 for a in answers),
            "completion": sum(a.completion_tokens or 0 for a in answers),
            "answers_untold": sum(
                a.prompt_tokens is None or a.completion_tokens is None for a in answers
            ),
        },
        "seconds": round(sum(a.seconds for a in answers), 3),
    }


def _requests(row: Row, server: OpenAIClient, lang: str | None) -> tuple[Request, Request]:
    meta = row.pair.meta
    question = next((str(meta[name]) for name in QUESTION if meta.get(name)), None)

    def request(first: str, second: str) -> Request:
        said = judging.messages(row.pair.document, first, second, question=question, lang=lang)
        known_by = {"messages": said, "model": server.model, "asking": asdict(server.params)}
        return Request(hash_json(known_by), said)

    first, second = row.texts
    return request(first, second), request(second, first)


def _language(rows: Sequence[Row]) -> str | None:
    """Find the language of the rows that name none; of all, so that drawing changes no question."""
    nameless = [row.pair.document for row in rows if not row.pair.lang]
    return language.detect(nameless) if nameless else None


def _verdict(told: CachedResponse) -> judging.Verdict | None:
    """Read an answer; one that was cut off may have been about to say something else."""
    return None if told.finish_reason == "length" else judging.parse(told.text)


def _nothing(told: Mapping[str, CachedResponse]) -> str:
    example = next((repr(t.text[-200:]) for t in told.values()), "there is none")
    return (
        f"no row could be judged: of {len(told)} answers no two on a row could be read.\n"
        f"  An answer ends: {example}\n"
        "  Ask a model that follows instructions, or give it more tokens to answer with."
    )


def _texts(path: Path, pairs: Sequence[Pair]) -> list[str]:
    return [p.prediction for p in read_run_predictions(_there(path), pairs)]


def _there(path: Path) -> Path:
    if not path.exists():
        raise DataError(f"{path} is not there.\n  Run the pipeline up to generate first.")
    return path
