"""The layout of a run folder: every path in it is a method or property of RunFolder."""

from dataclasses import dataclass
from pathlib import Path

from abrege.core.errors import SetupError
from abrege.core.hashing import hash_json, hash_path
from abrege.core.io import read_json

MANIFEST = "manifest.json"
MODEL_SETTINGS = "abrege.json"
"""The file beside a tuned model's weights that holds its prompt, template and decoding."""
SPLITS = ("train", "valid", "test")
RAW_STAGES = ("collect", "clean", "annotate")
"""The stages that a recipe has only where it starts from raw documents."""


@dataclass(frozen=True)
class RunFolder:
    """A run folder by its path; nothing needs to exist yet."""

    path: Path

    # ---- the run as a whole

    @property
    def recipe(self) -> Path:
        """Return the path of the resolved recipe."""
        return self.path / "recipe.yaml"

    @property
    def lock(self) -> Path:
        """Return the path of the lock that one process at a time holds."""
        return self.path / ".lock"

    def stage(self, stage: str) -> Path:
        """Return the folder of a stage."""
        return self.path / stage

    def manifest(self, stage: str) -> Path:
        """Return the manifest of a stage that is one task; see also tune_manifest."""
        return self.path / stage / MANIFEST

    def relative(self, path: Path) -> str:
        """Return a path of this folder relative to it, with forward slashes."""
        return path.relative_to(self.path).as_posix()

    # ---- collect, clean, annotate

    @property
    def collected(self) -> Path:
        """Return the path of the raw documents."""
        return self.path / "collect/documents.jsonl"

    @property
    def wiki_responses(self) -> Path:
        """Return the path of the answers of a wiki's api.php."""
        return self.path / "collect/fetched.jsonl"

    @property
    def documents(self) -> Path:
        """Return the path of the cleaned documents."""
        return self.path / "clean/documents.jsonl"

    @property
    def dropped(self) -> Path:
        """Return the path of the documents that clean dropped."""
        return self.path / "clean/dropped.jsonl"

    @property
    def pairs(self) -> Path:
        """Return the path of the annotated pairs."""
        return self.path / "annotate/pairs.jsonl"

    @property
    def failed(self) -> Path:
        """Return the path of the documents without an accepted summary."""
        return self.path / "annotate/failed.jsonl"

    @property
    def answers(self) -> Path:
        """Return the path of the teacher's cached responses."""
        return self.path / "annotate/answers.jsonl"

    @property
    def decisions(self) -> Path:
        """Return the path of the reviewers' decisions."""
        return self.path / "annotate/decisions.jsonl"

    @property
    def sweep_answers(self) -> Path:
        """Return the path of the cached responses of a decoding sweep."""
        return self.path / "annotate/sweep.jsonl"

    # ---- split

    def split(self, split: str) -> Path:
        """Return the path of the rows of train, valid or test."""
        return self.path / f"split/{split}.jsonl"

    @property
    def leaks(self) -> Path:
        """Return the path of the rows that given splits share."""
        return self.path / "split/leaks.jsonl"

    @property
    def dropped_rows(self) -> Path:
        """Return the path of the rows of the user's files that split left out."""
        return self.path / "split/dropped.jsonl"

    @property
    def merged_groups(self) -> Path:
        """Return the path of the blocks that the hash split keeps together."""
        return self.path / "split/merged.jsonl"

    # ---- tune

    def tune(self, nth: int = 1) -> Path:
        """Return the folder of the nth tuning: tune, then tune-2 and so on."""
        return self.path / ("tune" if nth == 1 else f"tune-{nth}")

    def tune_manifest(self, nth: int = 1) -> Path:
        """Return the manifest of the nth tuning."""
        return self.tune(nth) / MANIFEST

    def steps(self, nth: int = 1) -> Path:
        """Return the path of the training log, one line a step."""
        return self.tune(nth) / "steps.jsonl"

    def validation_samples(self, nth: int = 1) -> Path:
        """Return the path of the summaries written in validation."""
        return self.tune(nth) / "samples.jsonl"

    # ---- generate

    def predictions(self, system: str) -> Path:
        """Return the path of a system's summaries of the test split."""
        return self.path / f"generate/{system}.jsonl"

    def partial_predictions(self, system: str) -> Path:
        """Return the path of a system's summaries while they are being written."""
        return self.path / f"generate/{system}.partial"

    def likelihood(self, system: str) -> Path:
        """Return the path of a system's log-likelihood of each reference."""
        return self.path / f"generate/{system}.likelihood.jsonl"

    def predictions_manifest(self, system: str) -> Path:
        """Return the manifest of a system's summaries."""
        return self.path / f"generate/{system}.{MANIFEST}"

    def generated_systems(self) -> list[str]:
        """Return the systems whose summaries are complete, in alphabetical order."""
        names = {path.name.removesuffix(".jsonl") for path in self.path.glob("generate/*.jsonl")}
        return sorted(name for name in names if not name.endswith(".likelihood"))

    # ---- evaluate and report

    @property
    def scores(self) -> Path:
        """Return the path of the scores, comparisons and the verdict."""
        return self.path / "evaluate/scores.json"

    @property
    def rows(self) -> Path:
        """Return the path of the scores of each row."""
        return self.path / "evaluate/rows.jsonl"

    @property
    def report_page(self) -> Path:
        """Return the path of the HTML report."""
        return self.path / "report/index.html"

    @property
    def report_markdown(self) -> Path:
        """Return the path of the Markdown report."""
        return self.path / "report/report.md"

    @property
    def report_doctor(self) -> Path:
        """Return the folder of the data checks of the report."""
        return self.path / "report/doctor"

    @property
    def report_doctor_page(self) -> Path:
        """Return the path of the page of data checks in the report."""
        return self.report_doctor / "doctor.html"

    # ---- export

    @property
    def merged(self) -> Path:
        """Return the folder of the merged model."""
        return self.path / "export/merged"

    # ---- review

    @property
    def annotation_sample(self) -> Path:
        """Return the path of the sample of pairs that reviewers look at."""
        return self.path / "review/annotations.json"

    def annotation_form(self, stem: str, kind: str) -> Path:
        """Return the path of a reviewer's form; kind is csv or html."""
        return self.path / f"review/{stem}.{kind}"

    @property
    def acceptance(self) -> Path:
        """Return the path of the reviewers' acceptance rates."""
        return self.path / "review/acceptance.json"

    @property
    def blind_page(self) -> Path:
        """Return the path of the page of the blind comparison."""
        return self.path / "review/blind.html"

    @property
    def blind_key(self) -> Path:
        """Return the path of the key that says which side is which system."""
        return self.path / "review/key.json"

    @property
    def preferences(self) -> Path:
        """Return the path of the result of the blind comparison."""
        return self.path / "review/preference.json"

    @property
    def judge_answers(self) -> Path:
        """Return the path of the cached responses of an LLM judge."""
        return self.path / "review/judge.jsonl"

    @property
    def judge(self) -> Path:
        """Return the path of the result of an LLM judge."""
        return self.path / "review/judge.json"

    # ---- stress

    @property
    def stress_scores(self) -> Path:
        """Return the path of the scores of the stress test."""
        return self.path / "stress/scores.json"

    def stress_rows(self, system: str) -> Path:
        """Return the path of a system's stress cases and their verdicts."""
        return self.path / f"stress/{system}.jsonl"


def find_tuned_folder(folder: Path) -> Path | None:
    """Return the folder of a tuned model: a run's tune folder or the folder itself, else None."""
    candidates = (folder, RunFolder(folder).tune())
    return next((path for path in candidates if (path / MODEL_SETTINGS).is_file()), None)


def weight_files(folder: Path) -> dict[str, Path]:
    """Return the weight files of a model or an adapter by `folder/file`.

    A folder without any yields the name that they would have, which does not exist.
    """
    is_adapter = (folder / "adapter_config.json").exists()
    name = "adapter_model.safetensors" if is_adapter else "model.safetensors"
    files = sorted(folder.glob("*.safetensors")) or [folder / name]
    return {f"{folder.name}/{file.name}": file for file in files}


def hash_weights(folder: Path) -> str:
    """Hash the weights of a model: the hash of its one file, or that of all hashes together."""
    hashes = [hash_path(file) for file in weight_files(folder).values() if file.is_file()]
    return hashes[0] if len(hashes) == 1 else hash_json(hashes)


def hash_model_file(path: Path) -> str:
    """Hash a file of a tuned model; of abrege.json, only what tuning fixed.

    Its decoding is what the recipe of the last `generate` says, and `summarize` reads it there.
    """
    if path.name != MODEL_SETTINGS:
        return hash_path(path)
    values = read_json(path, required=("profile",))
    profile = values.pop("profile")
    return hash_json({**values, "max_new_tokens": dict(profile).get("max_new_tokens")})


def check_weights(folder: Path) -> None:
    """Raise SetupError where the weights of a model are missing or not those that were tuned.

    Their hash is in abrege.json; one that an earlier version wrote has none and is not checked.
    """
    missing = [name for name, path in weight_files(folder).items() if not path.is_file()]
    if missing:
        raise SetupError(
            f"{folder}: the weights are missing ({missing[0]}).\n"
            "  Copy the whole folder again, or run abrege tune."
        )
    expected = read_json(folder / MODEL_SETTINGS).get("weights")
    if expected and expected != (actual := hash_weights(folder)):
        raise SetupError(
            f"{folder}: the weights are not those that were tuned: their hash is {actual}, and "
            f"{MODEL_SETTINGS} says {expected}.\n"
            "  Copy the whole folder again, or run abrege tune."
        )
