"""Count the tokens of a sample of pairs, and what each max_length truncates of documents."""

import numpy as np

from abrege.core.events import OnEvent
from abrege.doctor.checks import CheckFinding
from abrege.doctor.results import TokenLengths, TruncationRate
from abrege.doctor.scan import RowScan, ScanOptions, describe_lengths

SIZES = (256, 512, 768, 1024, 1536, 2048, 3072, 4096, 8192, 16384)
"""Usual values of max_length."""
RECOMMENDED = 95
"""Percentile of the tokens that rows need which the recommended max_length covers."""


def count_tokens(rows: RowScan, options: ScanOptions, on_event: OnEvent) -> TokenLengths:
    """Count the tokens of the sample, and how much of it each max_length truncates."""
    from abrege.inference import token_stats

    assert options.model is not None
    pairs = [pair for _, pair in rows.sample]
    needed = token_stats.count_tokens(options.model, pairs, lang=rows.lang, on_event=on_event)
    limit = options.max_length
    for (row, _), tokens in zip(rows.sample, needed.total_tokens, strict=True):
        over = f"{tokens} tokens, more than {limit}" if tokens > limit else None
        rows.add_findings(row, [CheckFinding("cut", over)])
    totals, documents = np.array(needed.total_tokens), np.array(needed.document_tokens)
    enough = int(np.percentile(totals, RECOMMENDED, method="inverted_cdf"))
    enough = -(-enough // 64) * 64
    recommended = min(enough, needed.max_positions or enough)
    sizes = {size for size in SIZES if size <= max(totals.max(), limit)}
    return TokenLengths(
        model=options.model,
        documents=describe_lengths(needed.document_tokens),
        summaries=describe_lengths(needed.summary_tokens),
        max_new_tokens=needed.max_new_tokens,
        reads=needed.max_positions,
        fits=[
            TruncationRate(
                max_tokens=size,
                rows_cut=float((totals > size).mean()),
                tokens_cut=float(
                    np.minimum(documents, np.maximum(totals - size, 0)).sum() / documents.sum()
                ),
            )
            for size in sorted({*sizes, limit, recommended})
        ],
        recommended=recommended,
    )
