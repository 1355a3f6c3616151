"""Run the checks on existing pairs, and write the rows that each check flags."""

from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path

from abrege.core.errors import DataError
from abrege.core.events import OnEvent, silent
from abrege.core.io import atomic_write, json_line, write_jsonl
from abrege.core.types import Pair
from abrege.data.load import PairStreams, stream_pairs
from abrege.doctor import scan
from abrege.doctor.checks import CHECKS, SAMPLED, run_slow_checks, wilson_interval
from abrege.doctor.duplicates import RowFlag
from abrege.doctor.results import CheckResult, Diagnosis, FlaggedRow
from abrege.doctor.scan import RowScan, ScanOptions
from abrege.text import language

SHOWN_ROWS = 3
"""Rows of a check that the page shows."""
SHOWN_CHARACTERS = 300


def diagnose_source(
    source: str, options: ScanOptions, *, out: Path, on_event: OnEvent = silent
) -> Diagnosis:
    """Check the pairs of a file, folder or hub name; write the rows of each check under `out`.

    Raise DataError if no row is a pair.
    """
    streams = stream_pairs(
        source,
        columns=options.columns,
        lang=options.lang,
        options=options.reading,
        on_event=on_event,
    )
    return diagnose(streams, source, options, out=out, on_event=on_event)


def diagnose(
    streams: PairStreams,
    source: str,
    options: ScanOptions,
    *,
    out: Path,
    on_event: OnEvent = silent,
) -> Diagnosis:
    """Check pairs that can be read several times; `source` is the name to show for them."""
    rows = RowScan(options.lang or scan.detect_language(streams))
    scan.scan_rows(streams, rows, options, on_event)
    if not rows.total:
        first_bad = rows.unusable[0]
        raise DataError(
            f"{source}: none of {len(rows.unusable)} rows is a pair.\n"
            f"  {first_bad.location}: {first_bad.problem}"
        )
    for row, pair in rows.sample:
        rows.add_findings(row, run_slow_checks(pair, lang=rows.lang))
    scan.compare_rows(streams, rows, options, on_event)
    tokens = scan.count_tokens(rows, options, on_event) if options.model else None
    first = _write_flagged_rows(streams, rows, out)
    return Diagnosis(
        source=source,
        columns=streams.columns,
        rows=dict(rows.rows),
        sample=len(rows.sample),
        near_rows=min(rows.total, options.near_rows),
        languages=dict(Counter(language.detect([pair.document]) or "?" for _, pair in rows.sample)),
        lang=rows.lang,
        words={
            part: scan.describe_lengths(lengths)
            for part, lengths in zip(("document", "summary"), rows.lengths, strict=True)
        },
        tokens=tokens,
        checks=[_check_result(check, rows, first[check]) for check in CHECKS if _ran(check, rows)],
    )


def crossed_limits(diagnosis: Diagnosis, limits: Mapping[str, float]) -> list[str]:
    """Return the checks that flag a larger share of rows than the limits allow."""
    shares = {check.check: check.share for check in diagnosis.checks}
    return [
        f"{check}: {shares[check]:.2%}, more than {limit:.2%}"
        for check, limit in limits.items()
        if check in shares and shares[check] > limit
    ]


def _ran(check: str, rows: RowScan) -> bool:
    """Return whether a check could look at any row."""
    return check == "unusable" or rows.examined[check] > 0


def _check_result(check: str, rows: RowScan, first: Sequence[FlaggedRow]) -> CheckResult:
    definition = CHECKS[check]
    if check == "unusable":
        flagged, examined = len(rows.unusable), rows.total + len(rows.unusable)
    else:
        flagged, examined = len(rows.flags.get(check, {})), rows.examined[check]
    share = flagged / examined
    is_sample = check in SAMPLED and len(rows.sample) < rows.total
    return CheckResult(
        check=check,
        title=definition.title,
        meaning=definition.meaning,
        verdict=definition.verdict(share),
        flagged=flagged,
        rows=examined,
        share=share,
        interval=wilson_interval(flagged, examined) if is_sample else None,
        first=first,
        remedy=definition.remedy,
    )


def _write_flagged_rows(
    streams: PairStreams, rows: RowScan, out: Path
) -> dict[str, list[FlaggedRow]]:
    """Read all rows once more and write those of each check; return the first of each."""
    for old in out.glob("*.jsonl"):
        if old.stem in CHECKS:
            old.unlink()
    first: dict[str, list[FlaggedRow]] = {check: [] for check in CHECKS}
    if rows.unusable:
        unusable = (
            {"id": row.id, "where": row.location, "kind": row.problem, "found": row.value}
            for row in rows.unusable
        )
        write_jsonl(out / "unusable.jsonl", unusable)
        first["unusable"] = [
            FlaggedRow(row.id, "", f"{row.location}: {row.problem}", [], row.value)
            for row in rows.unusable[:SHOWN_ROWS]
        ]
    earlier = {f.earlier_row for flags in rows.flags.values() for f in flags.values()} - {None}
    ids: dict[int, str] = {}
    with ExitStack() as stack:
        files = {
            check: stack.enter_context(atomic_write(out / f"{check}.jsonl"))
            for check, flags in rows.flags.items()
            if flags
        }
        for row, (split, pair) in enumerate(scan.pairs_with_splits(streams)):
            if row in earlier:
                ids[row] = pair.id
            for check, file in files.items():
                flag = rows.flags[check].get(row)
                if flag is not None:
                    flagged = _flagged_row(split, pair, flag, ids)
                    file.write(json_line(flagged.to_json()) + "\n")
                    first[check] += [flagged] if len(first[check]) < SHOWN_ROWS else []
    return first


def _flagged_row(split: str, pair: Pair, flag: RowFlag, ids: Mapping[int, str]) -> FlaggedRow:
    finding = flag.reason
    if flag.earlier_row is not None:
        finding += f" {ids[flag.earlier_row]}"
    return FlaggedRow(pair.id, split, finding, pair.references, pair.document[:SHOWN_CHARACTERS])
