"""Score files of predictions from any tool: read them, then score their rows."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from abrege.core.events import OnEvent, silent
from abrege.data.predictions import read_systems
from abrege.data.rows import STRICT, ReadOptions
from abrege.evaluation.baselines import Baseline
from abrege.evaluation.row_collector import RowCollector
from abrege.evaluation.score_table import ScoreTable, ScoringRequest
from abrege.evaluation.scoring import score


def score_files(
    paths: Sequence[Path],
    request: ScoringRequest,
    *,
    references: Sequence[Path] = (),
    data: str | None = None,
    columns: Mapping[str, str] | None = None,
    options: ReadOptions = STRICT,
    baselines: Sequence[Baseline] = (),
    collector: RowCollector | None = None,
    on_event: OnEvent = silent,
) -> dict[str, ScoreTable]:
    """Score files of predictions, a system each, and return path → its table.

    references  files with one reference per row, in the order of the predictions
    data        pairs with the references and documents, as a recipe reads them
    columns     which column is the prediction, reference, id, group or lang
    options     the encoding and the sheet of all files

    Raise DataError where a file cannot be read, or where the files have different rows.
    """
    systems = read_systems(
        paths,
        references=references,
        data=data,
        columns=columns,
        options=options,
        on_event=on_event,
    )
    return score(systems, request, baselines=baselines, collector=collector, on_event=on_event)
