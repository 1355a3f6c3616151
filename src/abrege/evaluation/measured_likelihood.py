"""The likelihood of references that generate measured, read back and checked for perplexity."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from abrege.core.errors import DataError
from abrege.core.io import read_json, read_jsonl
from abrege.core.run_folder import RunFolder
from abrege.core.types import Pair
from abrege.evaluation.score_table import ScoringRequest


@dataclass(frozen=True)
class MeasuredLikelihood:
    """The log-likelihood of references under a system's model, by the ids of their rows."""

    name: str
    prompt_signature: str
    rows: Mapping[str, tuple[float, int]]

    def score(self, pairs: Sequence[Pair]) -> Iterator[tuple[float, int]]:
        """Yield the nats and the tokens of each pair, in order; zeros for those left out."""
        return (self.rows.get(pair.id, (0.0, 0)) for pair in pairs)


def with_likelihood(
    request: ScoringRequest,
    run_folder: RunFolder,
    system: str,
    pairs: Sequence[Pair],
    *,
    full_text: bool,
) -> ScoringRequest:
    """Return a request that asks for perplexity too, and for that of full texts where measured.

    Raise DataError where the rows of the likelihoods are not those of the pairs.
    """
    manifest = read_json(run_folder.predictions_manifest(system), required=("likelihood",))
    how = manifest["likelihood"]
    source = {"name": how["name"], "prompt_signature": how["rendering"]}
    # An earlier version wrote the number of rows left out only where there were some.
    skipped = how.get("skipped", None if "|left-out:" in how["rendering"] else 0)
    rows = read_likelihood(run_folder.likelihood(system), pairs, skipped=skipped)
    values = {row["id"]: (row["nats"], row["tokens"]) for row in rows}
    options = replace(request.options, likelihood=MeasuredLikelihood(**source, rows=values))
    if not full_text:
        return ScoringRequest((*request.metrics, "perplexity"), options)
    texts = {row["id"]: (row["text_nats"], row["text_tokens"]) for row in rows}
    options = replace(options, text_likelihood=MeasuredLikelihood(**source, rows=texts))
    return ScoringRequest((*request.metrics, "perplexity", "text_perplexity"), options)


def read_likelihood(
    path: Path, pairs: Sequence[Pair], *, skipped: int | None
) -> list[dict[str, Any]]:
    """Read the likelihood of each row; raise DataError unless they are those of the pairs.

    skipped  how many rows generate left out; None where that is not known
    """
    rows = list(read_jsonl(path, dict))
    remaining = iter(pair.id for pair in pairs)
    for number, row in enumerate(rows, start=1):
        row_id = row.get("id")
        if not any(row_id == id_ for id_ in remaining):  # goes on after the row before
            raise DataError(
                f"{path}:{number}: the id {row_id!r} is not the next one of "
                "split/test.jsonl.\n"
                "  Delete this file, and run abrege generate again."
            )
    if skipped is not None and len(rows) != len(pairs) - skipped:
        raise DataError(
            f"{path}: expected {len(pairs) - skipped} rows, for {len(pairs)} of split/test.jsonl "
            f"of which {skipped} were left out; found {len(rows)}.\n"
            "  Delete this file, and run abrege generate again."
        )
    return rows
