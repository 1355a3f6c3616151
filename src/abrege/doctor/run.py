"""Run the checks on existing pairs, and write the rows that each check flags."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from abrege.core.errors import DataError
from abrege.core.events import OnEvent, silent
from abrege.data.load import PairStreams, stream_pairs
from abrege.doctor import comparison, scan, token_lengths
from abrege.doctor.checks import CHECKS, SAMPLED, run_slow_checks, wilson_interval
from abrege.doctor.clean_rows import CleanTarget, find_dropped, write_clean_rows
from abrege.doctor.flagged_rows import write_flagged_rows
from abrege.doctor.results import CheckResult, Diagnosis, FlaggedRow, FlawKind
from abrege.doctor.scan import RowScan, ScanOptions
from abrege.text import language


def diagnose_source(
    source: str,
    options: ScanOptions,
    *,
    out: Path,
    target: CleanTarget | None = None,
    on_event: OnEvent = silent,
) -> Diagnosis:
    """Check the pairs of a file, folder or hub name; write the rows of each check under `out`.

    target  where to write the rows that stay (default: nowhere)

    Raise DataError if no row is a pair, or none stays.
    """
    streams = stream_pairs(
        source,
        columns=options.columns,
        lang=options.lang,
        options=options.reading,
        on_event=on_event,
    )
    return diagnose(streams, source, options, out=out, target=target, on_event=on_event)


def diagnose(
    streams: PairStreams,
    source: str,
    options: ScanOptions,
    *,
    out: Path,
    target: CleanTarget | None = None,
    on_event: OnEvent = silent,
) -> Diagnosis:
    """Check pairs that can be read several times; `source` is the name to show for them."""
    files = target.files(streams, source) if target else {}
    if target:
        options = replace(options, every_row=frozenset(target.drop).intersection(SAMPLED))
    rows = RowScan(options.lang or scan.detect_language(streams))
    scan.scan_rows(streams, rows, options, on_event)
    if not rows.total:
        first_bad = rows.first_unusable
        where = f"\n  {first_bad.location}: {first_bad.problem}" if first_bad else ""
        raise DataError(f"{source}: none of {rows.unusable} rows is a pair.{where}")
    checks = {*SAMPLED} - options.every_row
    for row, pair in rows.sample:
        rows.add_findings(row, run_slow_checks(pair, lang=rows.lang, checks=checks))
    clusters = comparison.compare_rows(streams, rows, options, folder=out, on_event=on_event)
    tokens = token_lengths.count_tokens(rows, options, on_event) if options.model else None
    first = write_flagged_rows(streams, rows, out)
    sampled = {*SAMPLED} - options.every_row if len(rows.sample) < rows.total else set()
    clean = None
    if target:
        reasons = find_dropped(rows, clusters, target.drop)
        clean = write_clean_rows(streams, rows, reasons, files)
    return Diagnosis(
        source=source,
        columns=streams.columns,
        rows=dict(rows.rows),
        sample=len(rows.sample),
        near_rows=min(rows.total, options.near_rows or rows.total),
        languages=dict(Counter(language.detect([pair.document]) or "?" for _, pair in rows.sample)),
        lang=rows.lang,
        words={
            part: scan.describe_lengths(lengths)
            for part, lengths in zip(("document", "summary"), rows.lengths, strict=True)
        },
        tokens=tokens,
        checks=[
            _check_result(check, rows, first[check], is_sample=check in sampled)
            for check in CHECKS
            if _ran(check, rows)
        ],
        clean=clean,
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


def _check_result(
    check: str, rows: RowScan, first: Sequence[FlaggedRow], *, is_sample: bool
) -> CheckResult:
    definition = CHECKS[check]
    if check == "unusable":
        flagged, examined = rows.unusable, rows.total + rows.unusable
    else:
        flagged, examined = len(rows.flags.get(check, {})), rows.examined[check]
    share = flagged / examined
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
        kinds=[
            FlawKind(kind, count, rows.examples[check][kind])
            for kind, count in rows.kinds.get(check, Counter()).most_common()
        ],
    )
