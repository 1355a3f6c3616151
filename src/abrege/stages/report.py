"""Report: tell on one page whether the student became better, and what it rests on.

reads   recipe.yaml  split/  tune/  export/  generate/  evaluate/  review/  stress/
writes  report/index.html  report/report.md  report/doctor/, what `abrege doctor` says of split/
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from abrege.core.events import Note, OnEvent, silent
from abrege.core.hashing import hash_path
from abrege.core.io import atomic_write, read_json, read_jsonl
from abrege.core.run_folder import hash_weights
from abrege.core.types import Pair
from abrege.data.load import PairStreams
from abrege.doctor import page as doctor_page
from abrege.doctor.results import Diagnosis
from abrege.doctor.run import diagnose
from abrege.doctor.scan import ScanOptions
from abrege.doctor.tables import summarize_pairs
from abrege.evaluation.systems import get_system
from abrege.evaluation.verdict import TuningVerdict
from abrege.recipe import Recipe
from abrege.report import load, page
from abrege.report.describe import describe_decoding, describe_method, describe_source
from abrege.report.evaluation_model import (
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
)
from abrege.stages import FROM_RAW
from abrege.text import tokenize as words

CODE = (
    *("stages/report", "report/examples", "report/describe", "report", "text", "core/types"),
    *("metrics/alignment", "metrics/faithfulness", "metrics/fact_matching"),
    *("doctor/run", "doctor/scan", "doctor/checks", "metrics/format_checks", "data", "wiki"),
)
WRITES = ("index.html", "report.md", "doctor/doctor.html")
LOOKED_AT = 500
"""Pairs, drawn at random, whose facts and language are checked: a page is no time for all."""
COMPARED = 20_000
"""Pairs compared for near duplicates, of test first."""
CHOICES = {
    "review/preference.json": load.load_preference,
    "review/judge.json": load.load_judge,
}
"""What people and models chose → how it is read."""
STRESS = "stress/scores.json"
MERGED = "export/manifest.json"
SPLITS = ("train", "valid", "test")


def settings(recipe: Recipe) -> dict[str, Any]:
    """Give the settings of the page; the whole recipe is an input, since the page shows it."""
    return recipe.report.model_dump(mode="json")


def inputs(recipe: Recipe, folder: Path) -> dict[str, Path]:
    """Give every file that the page is made from and that this run has."""
    generated = [
        f"generate/{system}{ending}"
        for system in recipe.systems()
        for ending in (".jsonl", ".manifest.json")
    ]
    names = [
        "recipe.yaml",
        *(f"{stage}/manifest.json" for stage in (*FROM_RAW, "split")),
        *(f"split/{split}.jsonl" for split in SPLITS),
        "tune/steps.jsonl",
        "tune/manifest.json",
        *generated,
        "evaluate/scores.json",
        "evaluate/rows.jsonl",
        "evaluate/manifest.json",
        *([MERGED] if _shows_merged(recipe) else []),
        *CHOICES,
        *(STRESS, "stress/base.jsonl", "stress/tuned.jsonl"),
    ]
    return {name: folder / name for name in names if (folder / name).is_file()}


def _shows_merged(recipe: Recipe) -> bool:
    return "merged" in recipe.generate.systems


def run(recipe: Recipe, folder: Path, *, on_event: OnEvent = silent) -> dict[str, Any]:
    """Write the page and its Markdown; return the counts for the manifest."""
    diagnosis = diagnose_pairs(recipe, folder, on_event=on_event)
    report = gather(recipe, folder, summarize_pairs(diagnosis))
    notes = [f"{name} is left out: it is of other summaries" for name in _asked(folder)[1]]
    for note in notes:
        on_event(Note(f"report: {note}"))
    path = folder / "report/index.html"
    for target, text in (
        (path, page.render_html(report)),
        (folder / "report/report.md", page.render_markdown(report)),
        (folder / "report/doctor/doctor.html", doctor_page.render_html(diagnosis)),
    ):
        with atomic_write(target) as file:
            file.write(text)
    on_event(Note(f"report: {path}"))
    examples = sum(len(group.examples) for group in report.example_groups)
    return {"counts": {"examples": examples, "systems": len(report.systems)}, "notes": notes}


def diagnose_pairs(recipe: Recipe, folder: Path, *, on_event: OnEvent = silent) -> Diagnosis:
    """Check the run's own pairs as `abrege doctor` does, and write the rows of each check."""
    options = ScanOptions(lang=recipe.data.lang, sample=LOOKED_AT, near_rows=COMPARED)
    files = {split: folder / f"split/{split}.jsonl" for split in SPLITS}
    pairs = {
        split: partial(read_jsonl, path, Pair) for split, path in files.items() if path.is_file()
    }
    streams = PairStreams(pairs, dict.fromkeys(pairs, "as the run has them"))
    source, out = f"the pairs of {recipe.name}", folder / "report/doctor"
    return diagnose(streams, source, options, out=out, on_event=on_event)


def gather(recipe: Recipe, folder: Path, pairs: PairsSummary | None = None) -> RunReport:
    """Read the run folder into one plain structure."""
    scores = read_json(folder / "evaluate/scores.json")
    splits = {name: _pairs(folder, name) for name in SPLITS}
    tuned = _manifest(folder / "tune/manifest.json")
    rows = list(_optional(folder / "evaluate/rows.jsonl"))
    lang = None if scores.get("lang") == "und" else scores.get("lang")
    verdict = scores.get("verdict")
    asked, _ = _asked(folder)
    return RunReport(
        name=recipe.name,
        setup=_setup(recipe, folder, splits, tuned, lang),
        recipe=(folder / "recipe.yaml").read_text(encoding="utf-8"),
        n=scores["n"],
        groups=scores.get("groups"),
        confidence=recipe.evaluate.confidence,
        verdict=TuningVerdict(**verdict) if verdict else None,
        systems=load.load_systems(scores["systems"]),
        comparisons=load.load_comparisons(scores.get("comparisons", [])),
        seed_variance=load.load_seed_variance(scores.get("seeds")),
        breakdowns=load.load_breakdowns(scores.get("by", {})),
        blind_comparisons=[CHOICES[path](asked[path]) for path in CHOICES if path in asked],
        stress=_stress(asked.get(STRESS), folder, most=recipe.report.examples),
        steps=load.load_steps(_optional(folder / "tune/steps.jsonl")),
        lengths=_lengths(scores, splits["test"], rows, lang),
        example_groups=example_groups(recipe, folder, splits["test"], rows, lang),
        stages=list(_stages(recipe, folder)),
        preflight=tuned.get("preflight") or {},
        pairs=pairs,
    )


def _asked(folder: Path) -> tuple[dict[str, dict[str, Any]], list[str]]:
    """Read what people, models and rules said of this run; name what they said of an earlier."""
    every = {path: _manifest(folder / path) for path in (*CHOICES, STRESS)}
    of_now = {
        path: given
        for path, given in every.items()
        if (_is_of_weights if path == STRESS else _is_of)(given, folder)
    }
    return of_now, [path for path, given in every.items() if given and path not in of_now]


def _is_of(given: Mapping[str, Any], folder: Path) -> bool:
    """Say whether people or models saw the summaries that stand in the run folder now."""
    now = {
        name: folder / ("split" if name == "test.jsonl" else "generate") / name
        for name in given.get("of") or {}
    }
    return bool(now) and all(
        path.is_file() and hash_path(path) == given["of"][name] for name, path in now.items()
    )


def _stress(scores: Mapping[str, Any] | None, folder: Path, *, most: int) -> StressReport | None:
    """Give what came of the stress suite, with its cases."""
    if not scores:
        return None
    systems = scores["all"]["systems"]
    rows = {system: list(_optional(folder / f"stress/{system}.jsonl")) for system in systems}
    return load.load_stress(scores, rows, max_failures=most)


def _is_of_weights(scores: Mapping[str, Any], folder: Path) -> bool:
    """Say whether the suite was asked of the model that stands in the run folder now."""
    return scores.get("weights") == hash_weights(folder / "tune")


def _manifest(path: Path) -> dict[str, Any]:
    return dict(read_json(path)) if path.is_file() else {}


def _optional(path: Path) -> Iterator[dict[str, Any]]:
    if path.is_file():
        yield from read_jsonl(path, dict)


def _pairs(folder: Path, split: str) -> list[Pair]:
    path = folder / f"split/{split}.jsonl"
    return list(read_jsonl(path, Pair)) if path.is_file() else []


def _setup(
    recipe: Recipe,
    folder: Path,
    splits: Mapping[str, Sequence[Pair]],
    tuned: Mapping[str, Any],
    lang: str | None,
) -> RunSetup:
    return RunSetup(
        model=tuned.get("model") or recipe.tune.model,
        source=describe_source(recipe),
        splits=[_split(name, pairs) for name, pairs in splits.items()],
        lang=lang,
        method=describe_method(recipe, tuned),
        merged=_manifest(folder / MERGED).get("in_words", "") if _shows_merged(recipe) else "",
        decoding=describe_decoding(recipe, _manifest(folder / "generate/tuned.manifest.json")),
        trainable=tuned.get("trainable_parameters"),
        parameters=tuned.get("all_parameters"),
        device=tuned.get("device"),
        dtype=tuned.get("dtype"),
    )


def _split(name: str, pairs: Sequence[Pair]) -> SplitSize:
    groups = {p.group for p in pairs if p.group is not None}
    return SplitSize(name=name, rows=len(pairs), groups=len(groups) or None)


def _lengths(
    scores: Mapping[str, Any],
    test: Sequence[Pair],
    rows: Sequence[Mapping[str, Any]],
    lang: str | None,
) -> list[LengthSample]:
    train = (scores.get("training_words") or {}).get("histogram") or []
    written = [words.count_words(r, lang) for p in test for r in p.references]
    sets = [
        LengthSample(name="train summaries", kind="train", words=train),
        LengthSample(name="references", kind="reference", words=written),
    ]
    for system in ("base", "tuned"):
        given = [round(row["words"]) for row in rows if row["system"] == system]
        sets.append(LengthSample(name=get_system(system).label, kind=system, words=given))
    return [s for s in sets if s.words]


def _stages(recipe: Recipe, folder: Path) -> Iterator[StageSummary]:
    """Yield what each finished stage tells of itself, in the order of the run."""
    tunings = ["tune", *(f"tune-{nth}" for nth in range(2, recipe.tune.seeds + 1))]
    tunings += ["export"] if _shows_merged(recipe) else []
    raw = FROM_RAW if recipe.collect else ()
    named = [(name, f"{name}/manifest.json") for name in (*raw, "split", *tunings)]
    named += [(f"generate {s}", f"generate/{s}.manifest.json") for s in recipe.systems()]
    named += [("evaluate", "evaluate/manifest.json")]
    for name, path in named:
        if given := _manifest(folder / path):
            yield StageSummary(
                name=name,
                counts={
                    **given.get("counts", {}),
                    **{k: given[k] for k in ("leaks",) if given.get(k)},
                },
                notes=given.get("notes") or [],
                versions=given.get("versions") or {},
                seconds=given.get("seconds"),
                peak_memory_bytes=given.get("peak_memory_bytes"),
                device=given.get("device"),
                dtype=given.get("dtype"),
                finished=given.get("finished"),
            )
