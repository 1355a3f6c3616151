"""Report: show on one page whether the student became better, and the evidence for it.

reads   recipe.yaml  split/  tune/  export/  generate/  evaluate/  review/  stress/
writes  report/index.html  report/report.md  report/doctor/, the data checks of split/
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from abrege.core.events import Note, OnEvent, silent
from abrege.core.hashing import hash_path
from abrege.core.io import atomic_write, read_json, read_jsonl
from abrege.core.run_folder import RAW_STAGES, SPLITS, RunFolder, hash_weights
from abrege.core.types import Pair
from abrege.data.load import PairStreams
from abrege.doctor import page as doctor_page
from abrege.doctor.results import Diagnosis
from abrege.doctor.run import diagnose
from abrege.doctor.scan import ScanOptions
from abrege.doctor.tables import summarize_pairs
from abrege.evaluation.systems import get_system
from abrege.evaluation.verdict import TuningVerdict
from abrege.pipeline.task import Task
from abrege.recipe import Recipe
from abrege.report import load, page
from abrege.report.describe import describe_decoding, describe_method, describe_source
from abrege.report.evaluation_model import (
    PreferenceResult,
    StressReport,
)
from abrege.report.examples import example_groups
from abrege.report.view_model import (
    LengthSample,
    PairsSummary,
    RunReport,
    RunSetup,
    SplitSize,
    StageSummary,
    StudyFigures,
)
from abrege.text.tokenize import count_words

R = TypeVar("R")
LoadPreference = Callable[[Mapping[str, Any]], PreferenceResult]

CHECKED_PAIRS = 500
"""Pairs, drawn at random, whose facts and language are checked: checking all takes too long."""
COMPARED_PAIRS = 20_000
"""Pairs that are compared for near-duplicates, those of test first."""


@dataclass(frozen=True)
class _Judgements:
    """Results of people, LLM judges and stress tests, by the paths of their files."""

    current: Mapping[Path, dict[str, Any]]
    """Those on the summaries and the model that are in the run folder now."""
    outdated: Sequence[Path]


def tasks(recipe: Recipe, run_folder: RunFolder) -> list[Task]:
    """Return the task that writes the report; the whole recipe is an input, for it is shown."""
    return [
        Task(
            name="report",
            manifest=run_folder.manifest("report"),
            settings=lambda: recipe.report.model_dump(mode="json"),
            inputs=lambda: inputs(recipe, run_folder),
            code=(__name__,),
            outputs=("index.html", "report.md", "doctor/doctor.html"),
            run=lambda _key, on_event: run(recipe, run_folder, on_event=on_event),
        )
    ]


def inputs(recipe: Recipe, run_folder: RunFolder) -> dict[str, Path]:
    """Return every file that the report is made from and that this run has."""
    paths = [
        run_folder.recipe,
        *(run_folder.manifest(stage) for stage in (*RAW_STAGES, "split")),
        *(run_folder.split(split) for split in SPLITS),
        run_folder.steps(),
        run_folder.tune_manifest(),
    ]
    for system in recipe.systems():
        paths += [run_folder.predictions(system), run_folder.predictions_manifest(system)]
    paths += [run_folder.scores, run_folder.rows, run_folder.manifest("evaluate")]
    paths += [run_folder.manifest("export")] if _shows_merged(recipe) else []
    paths += [run_folder.preferences, run_folder.judge, run_folder.stress_scores]
    paths += [run_folder.stress_rows("base"), run_folder.stress_rows("tuned")]
    return {run_folder.relative(path): path for path in paths if path.is_file()}


def _shows_merged(recipe: Recipe) -> bool:
    return "merged" in recipe.generate.systems


def run(recipe: Recipe, run_folder: RunFolder, *, on_event: OnEvent = silent) -> dict[str, Any]:
    """Write the page and its Markdown; return the fields of the manifest."""
    diagnosis = diagnose_splits(recipe, run_folder, on_event=on_event)
    facts = gather(recipe, run_folder, summarize_pairs(diagnosis))
    notes = [
        f"{run_folder.relative(path)} is left out: it is of other summaries"
        for path in _read_judgements(run_folder).outdated
    ]
    for note in notes:
        on_event(Note(f"report: {note}"))
    for path, text in (
        (run_folder.report_page, page.render_html(facts)),
        (run_folder.report_markdown, page.render_markdown(facts)),
        (run_folder.report_doctor_page, doctor_page.render_html(diagnosis)),
    ):
        with atomic_write(path) as file:
            file.write(text)
    on_event(Note(f"report: {run_folder.report_page}"))
    shown = {"examples": sum(len(group.examples) for group in facts.example_groups)}
    return {"counts": shown | {"systems": len(facts.systems)}, "notes": notes}


def diagnose_splits(
    recipe: Recipe, run_folder: RunFolder, *, on_event: OnEvent = silent
) -> Diagnosis:
    """Check the pairs of the run as `abrege doctor` does, and write the rows of each check."""
    options = ScanOptions(lang=recipe.data.lang, sample=CHECKED_PAIRS, near_rows=COMPARED_PAIRS)
    paths = {split: run_folder.split(split) for split in SPLITS}
    pairs = {
        split: partial(read_jsonl, path, Pair) for split, path in paths.items() if path.is_file()
    }
    streams = PairStreams(pairs, dict.fromkeys(pairs, "as the run has them"))
    return diagnose(
        streams,
        f"the pairs of {recipe.name}",
        options,
        out=run_folder.report_doctor,
        on_event=on_event,
    )


def gather(recipe: Recipe, run_folder: RunFolder, pairs: PairsSummary | None = None) -> RunReport:
    """Read the run folder into the facts that the page and the Markdown show."""
    scores = read_json(run_folder.scores, required=("n", "systems"))
    splits = {s: list(_read_optional_rows(run_folder.split(s), Pair)) for s in SPLITS}
    tuned = _read_optional(run_folder.tune_manifest())
    rows = list(_read_optional_rows(run_folder.rows, dict))
    lang = None if scores.get("lang") == "und" else scores.get("lang")
    verdict = scores.get("verdict")
    judgements = _read_judgements(run_folder).current
    stress = judgements.get(run_folder.stress_scores)
    return RunReport(
        name=recipe.name,
        setup=_setup(recipe, run_folder, splits, tuned, lang),
        recipe=run_folder.recipe.read_text(encoding="utf-8", errors="replace"),
        n=scores["n"],
        groups=scores.get("groups"),
        confidence=recipe.evaluate.confidence,
        verdict=TuningVerdict(**verdict) if verdict else None,
        systems=load.load_systems(scores["systems"]),
        comparisons=load.load_comparisons(scores.get("comparisons", [])),
        seed_variance=load.load_seed_variance(scores.get("seeds")),
        breakdowns=load.load_breakdowns(scores.get("by", {})),
        blind_comparisons=[
            preference(judgements[path])
            for path, preference in _preferences(run_folder).items()
            if path in judgements
        ],
        stress=_stress(stress, run_folder, max_examples=recipe.report.examples),
        steps=load.load_steps(_read_optional_rows(run_folder.steps(), dict)),
        lengths=_lengths(scores, splits["test"], rows, lang),
        example_groups=example_groups(recipe, run_folder.path, splits["test"], rows, lang),
        stages=list(_stages(recipe, run_folder)),
        preflight=tuned.get("preflight") or {},
        pairs=pairs,
    )


def _preferences(run_folder: RunFolder) -> dict[Path, LoadPreference]:
    """Return the files with preferences of people and models, and the functions that read them."""
    return {run_folder.preferences: load.load_preference, run_folder.judge: load.load_judge}


def _read_judgements(run_folder: RunFolder) -> _Judgements:
    """Read the judgements that exist, and sort out those on earlier summaries or weights."""
    current, outdated = {}, []
    weights = hash_weights(run_folder.tune())
    for path in (*_preferences(run_folder), run_folder.stress_scores):
        values = _read_optional(path)
        if values.get("weights") == weights or _is_of_summaries(values, run_folder):
            current[path] = values
        elif values:
            outdated.append(path)
    return _Judgements(current, outdated)


def _is_of_summaries(judgement: Mapping[str, Any], run_folder: RunFolder) -> bool:
    """Return whether the summaries that were judged are those in the run folder now."""
    judged: Mapping[str, str] = judgement.get("of") or {}
    test = run_folder.split("test")
    paths = {
        name: test if name == test.name else run_folder.stage("generate") / name for name in judged
    }
    return bool(paths) and all(
        path.is_file() and hash_path(path) == judged[name] for name, path in paths.items()
    )


def _stress(
    scores: Mapping[str, Any] | None, run_folder: RunFolder, *, max_examples: int
) -> StressReport | None:
    if not scores:
        return None
    paths = {system: run_folder.stress_rows(system) for system in scores["all"]["systems"]}
    rows = {system: list(_read_optional_rows(path, dict)) for system, path in paths.items()}
    return load.load_stress(scores, rows, max_failures=max_examples)


def _read_optional(path: Path) -> dict[str, Any]:
    return read_json(path) if path.is_file() else {}


def _read_optional_rows(path: Path, kind: type[R]) -> Iterator[R]:
    if path.is_file():
        yield from read_jsonl(path, kind)


def _setup(
    recipe: Recipe,
    run_folder: RunFolder,
    splits: Mapping[str, Sequence[Pair]],
    tuned: Mapping[str, Any],
    lang: str | None,
) -> RunSetup:
    generated = _read_optional(run_folder.predictions_manifest("tuned"))
    exported = _read_optional(run_folder.manifest("export")) if _shows_merged(recipe) else {}
    return RunSetup(
        model=tuned.get("model") or recipe.tune.model,
        source=describe_source(recipe),
        splits=[
            SplitSize(
                name=name, rows=len(rows), groups=len({r.group for r in rows} - {None}) or None
            )
            for name, rows in splits.items()
        ],
        lang=lang,
        method=describe_method(recipe, tuned),
        merged=exported.get("in_words", ""),
        decoding=describe_decoding(recipe, generated),
        trainable=tuned.get("trainable_parameters"),
        parameters=tuned.get("all_parameters"),
        device=tuned.get("device"),
        dtype=tuned.get("dtype"),
        study=StudyFigures(**recipe.report.study.model_dump()) if recipe.report.study else None,
    )


def _lengths(
    scores: Mapping[str, Any],
    test: Sequence[Pair],
    rows: Sequence[Mapping[str, Any]],
    lang: str | None,
) -> list[LengthSample]:
    train_words = (scores.get("training_words") or {}).get("histogram") or []
    reference_words = [count_words(text, lang) for pair in test for text in pair.references]
    lengths = [
        LengthSample(name="train summaries", kind="train", words=train_words),
        LengthSample(name="references", kind="reference", words=reference_words),
    ]
    for system in ("base", "tuned"):
        words = [round(row["words"]) for row in rows if row["system"] == system]
        lengths.append(LengthSample(name=get_system(system).label, kind=system, words=words))
    return [item for item in lengths if item.words]


def _stages(recipe: Recipe, run_folder: RunFolder) -> Iterator[StageSummary]:
    """Yield what the manifest of each finished task says, in the order of the run."""
    stages = (*RAW_STAGES, "split") if recipe.collect else ("split",)
    manifests = {stage: run_folder.manifest(stage) for stage in stages}
    for nth in range(1, recipe.tune.seeds + 1):
        manifests[run_folder.tune(nth).name] = run_folder.tune_manifest(nth)
    if _shows_merged(recipe):
        manifests["export"] = run_folder.manifest("export")
    for system in recipe.systems():
        manifests[f"generate {system}"] = run_folder.predictions_manifest(system)
    manifests["evaluate"] = run_folder.manifest("evaluate")
    for name, path in manifests.items():
        if manifest := _read_optional(path):
            leaks = {"leaks": manifest["leaks"]} if manifest.get("leaks") else {}
            yield StageSummary(
                name=name,
                counts={**manifest.get("counts", {}), **leaks},
                notes=manifest.get("notes") or [],
                versions=manifest.get("versions") or {},
                seconds=manifest.get("seconds"),
                peak_memory_bytes=manifest.get("peak_memory_bytes"),
                device=manifest.get("device"),
                dtype=manifest.get("dtype"),
                finished=manifest.get("finished"),
            )
