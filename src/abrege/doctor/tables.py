"""The sentences and tables of `abrege doctor`."""

from abrege.doctor.checks import CHECKS
from abrege.doctor.results import QUANTILES, CheckResult, CleanRows, Diagnosis, TokenLengths
from abrege.report.format import (
    ABSENT,
    format_count,
    format_share,
    format_share_interval,
    plural,
)
from abrege.report.table import (
    NumberCell,
    Table,
    TextCell,
    Tone,
    number_columns,
    text_columns,
)
from abrege.report.view_model import PairsSummary

SHOWN_KINDS = 20
"""Kinds of flaw of a check that the table shows; `--json` has all."""
_TONES: dict[str, Tone] = {"bad": "worse", "look": "unsure", "fine": "better"}
"""The tone of each verdict, the worst first."""


def summarize_pairs(diagnosis: Diagnosis) -> PairsSummary:
    """Return what the report of a run shows of its pairs."""
    return PairsSummary(sentence=conclusion(diagnosis), checks=check_table(diagnosis))


def conclusion(diagnosis: Diagnosis) -> str:
    """Return in a sentence what is wrong, the worst only."""
    for verdict, beginning in (("bad", "To fix"), ("look", "Worth a look")):
        titles = [check.title for check in diagnosis.checks if check.verdict == verdict]
        if titles:
            return f"{beginning}: {', '.join(titles)}."
    return "Nothing stands out."


def scan_facts(diagnosis: Diagnosis) -> list[tuple[str, str]]:
    """Return what was examined, as names with a text."""
    by_split = ", ".join(f"{split} {format_count(n)}" for split, n in diagnosis.rows.items())
    is_split = list(diagnosis.rows) != ["all"]
    languages = sorted(diagnosis.languages.items(), key=lambda item: -item[1])
    total = sum(diagnosis.languages.values())
    shares = ", ".join(f"{lang} {format_share(n, total)}" for lang, n in languages[:5])
    others = f" and {len(languages) - 5} others" if len(languages) > 5 else ""
    return [
        ("Pairs", by_split if is_split else plural(diagnosis.total, "row")),
        ("Columns", "; ".join(dict.fromkeys(diagnosis.columns.values()))),
        ("Language", f"{shares}{others}; expected: {diagnosis.lang or 'none'}"),
        ("Examined", _examined(diagnosis)),
    ]


def _examined(diagnosis: Diagnosis) -> str:
    text = "every row"
    if diagnosis.sample < diagnosis.total:
        sample = format_count(diagnosis.sample)
        text += f"; for facts, language and tokens a random sample of {sample}"
    if diagnosis.near_rows < diagnosis.total:
        text += (
            f"; for near-duplicates {format_count(diagnosis.near_rows)} rows, test rows first, so "
            "there may be more"
        )
    return text


def check_table(diagnosis: Diagnosis) -> Table:
    """Return every check with its verdict, the worst first."""
    order = list(_TONES)
    rows = [
        [
            TextCell(check.title, f"({check.meaning})"),
            TextCell(check.verdict, tone=_TONES[check.verdict]),
            TextCell(format_share(check.flagged, check.rows), _interval(check)),
            TextCell(f"{format_count(check.flagged)} of {format_count(check.rows)}"),
            TextCell(", ".join(row.id for row in check.first) or ABSENT),
        ]
        for check in sorted(diagnosis.checks, key=lambda check: order.index(check.verdict))
    ]
    return Table(
        caption="Share of rows with each flaw; a 95 % interval in brackets where the rows are a "
        "sample. Fine is what good data sets show; look and bad are more than that.",
        columns=[
            *text_columns("Check", "Verdict"),
            *number_columns("Share", "Rows"),
            *text_columns("First ids"),
        ],
        rows=rows,
    )


def _interval(check: CheckResult) -> str:
    return "" if check.interval is None else format_share_interval(*check.interval, digits=1)


def remedy_table(diagnosis: Diagnosis) -> Table:
    """Return what to do about each check that is not fine, and the file of its rows."""
    return Table(
        caption="The checks that are not fine.",
        columns=text_columns("Check", "What to do", "File of its rows"),
        rows=[
            [TextCell(check.title), TextCell(check.remedy), TextCell(f"{check.check}.jsonl")]
            for check in diagnosis.checks
            if check.verdict != "fine"
        ],
    )


def kind_table(diagnosis: Diagnosis) -> Table:
    """Return how many rows have each kind of flaw, for the checks that have kinds."""
    return Table(
        caption="Kinds of debris, words of the page and control words; a row may have several.",
        columns=[*text_columns("Check", "Kind"), *number_columns("Rows"), *text_columns("Example")],
        rows=[
            [
                TextCell(check.title),
                TextCell(kind.kind),
                TextCell(format_count(kind.rows)),
                TextCell(kind.example),
            ]
            for check in diagnosis.checks
            for kind in check.kinds[:SHOWN_KINDS]
        ],
    )


def clean_table(clean: CleanRows) -> Table:
    """Return how many rows were written, and how many each check dropped."""
    titles = {check: CHECKS[check].title for check in clean.dropped}
    written = ", ".join(
        f"{format_count(clean.rows[split])} in {file}" for split, file in clean.files.items()
    )
    return Table(
        caption=f"Rows that no chosen check flags: {written}. A row that several checks flag "
        "counts for the first.",
        columns=[*text_columns("Dropped for"), *number_columns("Rows")],
        rows=[
            [TextCell(titles[check]), TextCell(format_count(count))]
            for check, count in clean.dropped.items()
        ],
    )


def length_table(diagnosis: Diagnosis) -> Table:
    """Return how long texts are in words, and in tokens where a model is given."""
    lengths = {f"{part}, words": values for part, values in diagnosis.words.items()}
    if diagnosis.tokens:
        lengths["document, tokens"] = diagnosis.tokens.documents
        lengths["summary, tokens"] = diagnosis.tokens.summaries
    return Table(
        caption="How long the texts are.",
        columns=[
            *text_columns("Texts"),
            *number_columns("Mean", "5 %", "25 %", "Median", "75 %", "95 %", "Longest"),
        ],
        rows=[
            [
                TextCell(name),
                *(NumberCell(values[q], digits=1 if q == "mean" else 0) for q in QUANTILES),
            ]
            for name, values in lengths.items()
            if values
        ],
    )


def truncation_table(tokens: TokenLengths) -> Table:
    """Return how much each max_length truncates."""
    window = f" The model reads {format_count(tokens.reads)}." if tokens.reads else ""
    return Table(
        caption=f"How much of the documents is truncated, by the tokenizer of {tokens.model}, with "
        f"the plain prompt and {tokens.max_new_tokens} tokens for the summary. "
        f"Recommended: tune.max_length {tokens.recommended}.{window}",
        columns=number_columns("max_length", "Documents truncated", "Share of their tokens"),
        rows=[
            [
                NumberCell(fit.max_tokens),
                TextCell(format_share(fit.rows_cut, 1)),
                TextCell(format_share(fit.tokens_cut, 1)),
            ]
            for fit in tokens.fits
        ],
    )
