"""Diagnosing: look at pairs that are there already, and say what is wrong with how many of them."""

from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path

from abrege.core.errors import DataError
from abrege.core.events import OnEvent, silent
from abrege.core.io import atomic_write, json_line, write_jsonl
from abrege.core.types import Pair
from abrege.data.load import PairStreams, stream_pairs
from abrege.doctor import checks
from abrege.doctor.checks import CHECKS
from abrege.doctor.duplicates import Repeat
from abrege.doctor.results import Diagnosis, Flagged, Told
from abrege.doctor.scan import Asked, Exam, compare, find_language, percentiles, read, rows_of
from abrege.doctor.scan import tokens as count_tokens
from abrege.text import language

SHOWN = 3
"""Rows of a check that the page shows."""
SHOWN_CHARACTERS = 300


def examine(source: str, asked: Asked, *, out: Path, on_event: OnEvent = silent) -> Diagnosis:
    """Look at the pairs of a file, folder or name; write the rows of each check under `out`.

    DataError where there is not one pair.
    """
    streams = stream_pairs(source, columns=asked.columns, lang=asked.lang, on_event=on_event)
    return diagnose(streams, source, asked, out=out, on_event=on_event)


def diagnose(
    streams: PairStreams, source: str, asked: Asked, *, out: Path, on_event: OnEvent = silent
) -> Diagnosis:
    """Look at pairs that can be read again and again; `source` is what they are called."""
    exam = Exam(asked.lang or find_language(streams))
    read(streams, exam, asked, on_event)
    if not exam.total:
        bad = exam.unusable[0]
        raise DataError(
            f"{source}: not one of {len(exam.unusable)} rows is a pair.\n"
            f"  {bad.location}: {bad.problem}"
        )
    for row, pair in exam.sample:
        exam.take(row, checks.look_closely(pair, lang=exam.lang))
    compare(streams, exam, asked, on_event)
    tokens = count_tokens(exam, asked, on_event) if asked.model else None
    first = _write(streams, exam, out)
    return Diagnosis(
        source=source,
        columns=streams.columns,
        rows=dict(exam.rows),
        sample=len(exam.sample),
        near_rows=min(exam.total, asked.near_rows),
        languages=dict(Counter(language.detect([pair.document]) or "?" for _, pair in exam.sample)),
        lang=exam.lang,
        words={
            what: percentiles(lengths)
            for what, lengths in zip(("document", "summary"), exam.lengths, strict=True)
        },
        tokens=tokens,
        checks=[_told(check, exam, first[check]) for check in CHECKS if _asked(check, exam)],
    )


def crossed(found: Diagnosis, limits: Mapping[str, float]) -> list[str]:
    """Say which checks have a larger share than they are allowed."""
    shares = {told.check: told.share for told in found.checks}
    return [
        f"{check}: {shares[check]:.2%}, more than {limit:.2%}"
        for check, limit in limits.items()
        if check in shares and shares[check] > limit
    ]


def _asked(check: str, exam: Exam) -> bool:
    """Tell whether a check could look at any row."""
    return check == "unusable" or exam.looked_at[check] > 0


def _told(check: str, exam: Exam, first: Sequence[Flagged]) -> Told:
    known = CHECKS[check]
    if check == "unusable":
        flagged, rows = len(exam.unusable), exam.total + len(exam.unusable)
    else:
        flagged, rows = len(exam.flags.get(check, {})), exam.looked_at[check]
    share = flagged / rows
    sampled = check in checks.SAMPLED and len(exam.sample) < exam.total
    return Told(
        check=check,
        title=known.title,
        meaning=known.meaning,
        verdict=known.verdict(share),
        flagged=flagged,
        rows=rows,
        share=share,
        interval=checks.interval(flagged, rows) if sampled else None,
        first=first,
        remedy=known.remedy,
    )


def _write(streams: PairStreams, exam: Exam, out: Path) -> dict[str, list[Flagged]]:
    """Write the rows of each check, read once more; give the first of each."""
    for old in out.glob("*.jsonl"):
        if old.stem in CHECKS:
            old.unlink()
    first: dict[str, list[Flagged]] = {check: [] for check in CHECKS}
    if exam.unusable:
        unusable = (
            {"id": row.id, "where": row.location, "kind": row.problem, "found": row.value}
            for row in exam.unusable
        )
        write_jsonl(out / "unusable.jsonl", unusable)
        first["unusable"] = [
            Flagged(row.id, "", f"{row.location}: {row.problem}", [], row.value)
            for row in exam.unusable[:SHOWN]
        ]
    wanted = {f.like for found in exam.flags.values() for f in found.values()} - {None}
    names: dict[int, str] = {}
    with ExitStack() as stack:
        files = {
            check: stack.enter_context(atomic_write(out / f"{check}.jsonl"))
            for check, found in exam.flags.items()
            if found
        }
        rows = ((s, p) for s, p in rows_of(streams) if isinstance(p, Pair))
        for row, (split, pair) in enumerate(rows):
            if row in wanted:
                names[row] = pair.id
            for check, file in files.items():
                flag = exam.flags[check].get(row)
                if flag is not None:
                    flagged = _flagged(split, pair, flag, names)
                    file.write(json_line(flagged) + "\n")
                    first[check] += [flagged] if len(first[check]) < SHOWN else []
    return first


def _flagged(split: str, pair: Pair, flag: Repeat, names: Mapping[int, str]) -> Flagged:
    found = flag.what if flag.like is None else f"{flag.what} {names[flag.like]}"
    return Flagged(pair.id, split, found, pair.references, pair.document[:SHOWN_CHARACTERS])
