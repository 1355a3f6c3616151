"""Run recipes and read run folders from Python: `run`, `Run`, `load` and `check`."""

from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from abrege import recipe as recipes
from abrege.api.scoring import MetricScore, Scores
from abrege.cli.progress import show_progress
from abrege.cli.recipes import find
from abrege.core.errors import DataError, RecipeError
from abrege.core.events import OnEvent
from abrege.core.io import read_json, read_jsonl
from abrege.core.optional import require
from abrege.core.run_folder import RunFolder
from abrege.core.types import Pair, Prediction
from abrege.data.load import PairStreams
from abrege.doctor.results import Diagnosis
from abrege.doctor.run import diagnose, diagnose_source
from abrege.doctor.scan import ScanOptions
from abrege.evaluation.systems import in_order
from abrege.metrics.registry import METRICS
from abrege.recipe import Recipe
from abrege.report import html
from abrege.report.table import MetricCell, Table, number_columns, system_cell, text_columns

if TYPE_CHECKING:
    from abrege.inference.summarizer import Summarizer


class Run:
    """A run folder: what is finished can be read; a notebook draws its scores as a table."""

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder)

    def __repr__(self) -> str:
        return f"Run({str(self.folder)!r})"

    @property
    def scores(self) -> dict[str, Scores]:
        """Return the scores of each system, tuned first."""
        systems = self._scores_file()["systems"]
        rows = list(read_jsonl(self._paths.rows, dict))
        return {
            name: Scores(
                {metric: score for metric, score in systems[name].items() if score},
                [row for row in rows if row["system"] == name],
                caption=name,
            )
            for name in in_order(systems)
        }

    @property
    def verdict(self) -> str | None:
        """Return whether the tuned model is better, in words; None where nothing was tuned."""
        verdict = self._scores_file().get("verdict")
        return verdict["sentence"] if verdict else None

    @property
    def report(self) -> Path:
        """Return the path of the report; DataError where there is none yet."""
        return self._existing(self._paths.report_page, "report")

    def predictions(self, system: str = "tuned") -> list[Prediction]:
        """Return the summaries of a system, in the order of the test split."""
        path = self._existing(self._paths.predictions(system), "generate")
        return list(read_jsonl(path, Prediction))

    def manifest(self, stage: str) -> dict[str, Any]:
        """Return the manifest of a stage, such as split, tune or evaluate."""
        return read_json(self._existing(self._paths.manifest(stage), stage))

    @property
    def _paths(self) -> RunFolder:
        return RunFolder(self.folder)

    def _scores_file(self) -> dict[str, Any]:
        return read_json(self._existing(self._paths.scores, "evaluate"))

    def _existing(self, path: Path, stage: str) -> Path:
        if not path.is_file():
            raise DataError(f"{path}: not there yet.\n  Run the stage {stage} of this run first.")
        return path

    def table(self) -> Table:
        """Return the scores of all systems against the references, with their intervals."""
        scores = self.scores
        names = [m.name for m in METRICS.values() if m.section == "reference"]
        shown = [name for name in names if any(name in of for of in scores.values())]
        return Table(
            caption=self.verdict or "",
            columns=[*text_columns("System"), *number_columns(*(METRICS[n].label for n in shown))],
            rows=[
                [system_cell(system), *(_cell(name, of.get(name)) for name in shown)]
                for system, of in scores.items()
            ],
        )

    def _repr_html_(self) -> str:
        return html.render_table(self.table())


def run(
    recipe: str | Path | Mapping[str, Any] | Recipe,
    out: str | Path | None = None,
    overrides: Sequence[str] = (),
    until: str | None = None,
) -> Run:
    """Carry a recipe through its stages, as `abrege run` does, and return the run folder.

    recipe     a file, the name of a recipe that comes with abrege, a mapping of tables, or a Recipe
    out        the run folder (default: runs/NAME)
    overrides  settings such as "tune.max_steps=50"
    until      the last stage to run

    What is finished and up to date is skipped. Raise RecipeError, DataError or SetupError with what
    to do.
    """
    from abrege.cli.run import stages_until
    from abrege.pipeline.run import run as run_stages

    with show_progress() as on_event:
        resolved = _resolve(recipe, overrides, on_event)
        folder = Path(out) if out else Path("runs") / resolved.name
        run_stages(resolved, folder, stages=stages_until(resolved, until), on_event=on_event)
    return Run(folder)


def load(folder_or_model: str | Path, *, lang: str | None = None) -> "Summarizer":
    """Load a model that summarizes; one that was not tuned is asked with the default prompt.

    folder_or_model  a run folder, its tune folder or an exported model; or any folder, hub id,
                     .gguf file or demo part
    lang             the language of an untuned model's prompt; English if None

    Raise RecipeError or SetupError if the model cannot be loaded or cannot generate text, with the
    line to type if abrege[train] is not installed.
    """
    require("torch", extra="train", purpose="Loading a model")
    from abrege.inference import summarizer

    with show_progress() as on_event:
        return summarizer.load(folder_or_model, lang=lang, on_event=on_event)


def check(
    pairs: str | Path | Iterable[Pair | Mapping[str, Any]],
    lang: str | None = None,
    *,
    out: str | Path | None = None,
) -> Diagnosis:
    """Check pairs before tuning, as `abrege doctor` does.

    pairs  a file, a folder, a name on the hub, or pairs: records or mappings with document and
           references (or summary)
    out    a folder for the flagged rows of each check, as JSONL

    >>> pairs = [{"document": "The cat sat on the mat.", "summary": "A cat sat."}]
    >>> check(pairs, lang="en").total
    1
    """
    options = ScanOptions(lang=lang)
    with TemporaryDirectory(prefix="abrege-") as temporary, show_progress() as on_event:
        folder = Path(out) if out else Path(temporary)
        if isinstance(pairs, str | Path):
            return diagnose_source(str(pairs), options, out=folder, on_event=on_event)
        records = [_pair(pair, number) for number, pair in enumerate(pairs)]
        streams = PairStreams({"all": partial(iter, records)}, {"all": "as given"})
        return diagnose(streams, "the pairs", options, out=folder, on_event=on_event)


def _cell(metric: str, score: MetricScore | None) -> MetricCell:
    if score is None:
        return MetricCell(metric=metric, value=None)
    return MetricCell(metric=metric, value=score.value, low=score.low, high=score.high)


def _resolve(
    recipe: str | Path | Mapping[str, Any] | Recipe, overrides: Sequence[str], on_event: OnEvent
) -> Recipe:
    if isinstance(recipe, Recipe):
        if overrides:
            raise RecipeError("overrides have no effect on a Recipe: give a file or a mapping")
        return recipe
    if isinstance(recipe, Mapping):
        return recipes.parse(recipe, overrides, on_event=on_event)
    return recipes.load(find(str(recipe)), overrides, on_event=on_event)


def _pair(pair: Pair | Mapping[str, Any], number: int) -> Pair:
    if isinstance(pair, Pair):
        return pair
    fields = {"id": str(number), **pair}
    if "summary" in fields:
        fields["references"] = [fields.pop("summary")]
    try:
        return Pair(**fields)
    except TypeError as error:
        raise DataError(
            f"pair {number}: {error}.\n  Give document and summary (or references), and "
            "optionally id, group, lang and meta."
        ) from error
