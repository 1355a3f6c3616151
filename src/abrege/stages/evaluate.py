"""Evaluate: score every system's summaries, and test whether tuned is better than the baselines.

reads   split/{train,test}.jsonl  generate/*.jsonl
writes  evaluate/rows.jsonl  evaluate/scores.json
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from statistics import mean, median
from typing import Any

from abrege.core.errors import DataError, RecipeError
from abrege.core.events import Note, OnEvent, silent
from abrege.core.io import read_jsonl, write_json, write_jsonl
from abrege.core.run_folder import RunFolder
from abrege.core.types import Pair
from abrege.data.predictions import read_run_predictions
from abrege.data.same_document import MERGED_ROWS
from abrege.evaluation import run_results
from abrege.evaluation.breakdown import DOCUMENT_WORDS, Label
from abrege.evaluation.measured_likelihood import with_likelihood
from abrege.evaluation.run_scoring import row_scores, score_references, score_rows
from abrege.evaluation.score_table import ScoreTable, ScoringRequest, profile_warnings
from abrege.evaluation.systems import HUMAN
from abrege.evaluation.verdict import verdict
from abrege.metrics import rouge, significance
from abrege.metrics.family import (
    BertScoreSettings,
    EntailmentModel,
    ScoringOptions,
    TokenEncoder,
)
from abrege.metrics.registry import in_section, nearest
from abrege.pipeline.task import Task
from abrege.recipe import Evaluate, Recipe
from abrege.text import stems
from abrege.text.tokenize import count_words
from abrege.text.wordnet import find_wordnet

BREAKDOWN_METRICS = ("rougeL",)
FURTHER_METRICS = (
    *("bleu", "chrf"),
    *in_section("length"),
    *in_section("format"),
    *in_section("extraction"),
    *in_section("faithfulness"),
)
"""Computed in addition to ROUGE, METEOR and, where there is an encoder, BERTScore."""

Columns = Mapping[str, Sequence[Label]]


def tasks(recipe: Recipe, run_folder: RunFolder) -> list[Task]:
    """Return the task that scores all systems."""
    unused = [] if recipe.evaluate.entailment else ["abrege.inference.nli"]
    unused += [] if recipe.evaluate.bertscore.encoder else ["abrege.inference.encoder"]
    return [
        Task(
            name="evaluate",
            manifest=run_folder.manifest("evaluate"),
            settings=lambda: settings(recipe),
            inputs=lambda: inputs(recipe, run_folder),
            code=(__name__,),
            unused=tuple(unused),
            outputs=("scores.json", "rows.jsonl"),
            run=lambda _key, on_event: run(recipe, run_folder, on_event=on_event),
        )
    ]


def settings(recipe: Recipe) -> dict[str, Any]:
    """Return the settings that the scores depend on."""
    first_seed = {"first_seed": recipe.tune.seed} if recipe.tune.seeds > 1 else {}
    return {
        **recipe.evaluate.model_dump(mode="json"),
        "lang": recipe.data.lang,
        "systems": recipe.systems(),
        **first_seed,
    }


def inputs(recipe: Recipe, run_folder: RunFolder) -> dict[str, Path]:
    """Return the files that the scores depend on."""
    systems = recipe.systems()
    paths = {f"split/{split}": run_folder.split(split) for split in ("train", "test")}
    paths |= {f"generate/{system}": run_folder.predictions(system) for system in systems}
    for system in filter(recipe.measures_likelihood, systems):
        paths[f"likelihood/{system}"] = run_folder.likelihood(system)
    models = {
        "encoder": recipe.evaluate.bertscore.encoder,
        "entailment": recipe.evaluate.entailment,
    }
    folders = {name: Path(model).expanduser() for name, model in models.items() if model}
    return paths | {name: path for name, path in folders.items() if path.is_dir()}


def run(recipe: Recipe, run_folder: RunFolder, *, on_event: OnEvent = silent) -> dict[str, Any]:
    """Score the summaries of the run folder; return the fields of the manifest."""
    pairs = list(read_jsonl(run_folder.split("test"), Pair))
    if not pairs:
        raise DataError("split/test.jsonl: there are no test rows to score.\n  Raise split.test.")
    lang, notes = scoring_language(pairs, recipe.data.lang)
    request, warnings = scoring_request(
        pairs,
        recipe.evaluate,
        lang,
        encoder=_open_encoder(recipe.evaluate),
        entailment=_open_entailment(recipe.evaluate),
    )
    tables = _empty_tables(recipe, run_folder, request, pairs)
    notes += warnings
    for note in notes:
        on_event(Note(note))
    columns = breakdown_columns(pairs, recipe.evaluate.group_by, lang)
    predictions = {s: read_run_predictions(run_folder.predictions(s), pairs) for s in tables}
    score_rows(tables, pairs, predictions, on_event)
    if any(len(pair.references) > 1 for pair in pairs):
        tables[HUMAN] = score_references(pairs, request)

    rows = list(row_scores(tables))
    write_jsonl(run_folder.rows, rows)
    train = read_jsonl(run_folder.split("train"), Pair)
    groups = next(iter(tables.values())).n_groups()
    scores = {
        "n": len(pairs),
        "groups": groups,
        "lang": lang or "und",
        "training_words": training_words(train, lang),
        **compute_results(tables, columns, recipe.evaluate, first_seed=recipe.tune.seed),
    }
    write_json(run_folder.scores, scores)
    counts = {"rows": len(pairs), "groups": groups, "scored": len(rows)}
    return {"counts": counts, "notes": notes}


def scoring_language(
    pairs: Sequence[Pair], recipe_lang: str | None
) -> tuple[str | None, list[str]]:
    """Return the one language that all rows are scored in, and notes where it is not given."""
    if recipe_lang:
        return recipe_lang, []
    counts = Counter(pair.lang for pair in pairs if pair.lang)
    if not counts:
        return None, [
            "The rows have no language: words are cut by Unicode alone, sentences by a plain "
            "rule. Set data.lang."
        ]
    lang, rows = counts.most_common(1)[0]
    if rows == len(pairs):
        return lang, []
    return lang, [f"The rows are not all in one language; all are scored as {lang} ({rows} are)."]


def scoring_request(
    pairs: Sequence[Pair],
    settings: Evaluate,
    lang: str | None,
    *,
    encoder: TokenEncoder | None = None,
    entailment: EntailmentModel | None = None,
) -> tuple[ScoringRequest, list[str]]:
    """Return the metrics and options for all systems, and warnings about weak scores."""
    wordnet = settings.wordnet
    options = ScoringOptions(
        lang,
        settings.profile,
        settings.stemmer,
        settings.references,
        settings.sentence_separator,
        wordnet=find_wordnet(Path(wordnet).expanduser()) if wordnet else None,
        encoder=encoder,
        bertscore=BertScoreSettings(settings.bertscore.idf, settings.bertscore.rescale),
        entailment=entailment,
    )
    optional = ["meteor"] if stems.has_stemmer(lang) else []
    optional += ["bertscore"] if encoder else []
    optional += ["entailment"] if entailment else []
    metrics = (*rouge.profile_metrics(settings.profile), *optional, *FURTHER_METRICS)
    return ScoringRequest(metrics, options), [
        *profile_warnings(options),
        *_row_warnings(pairs, lang),
    ]


def _row_warnings(pairs: Sequence[Pair], lang: str | None) -> Iterator[str]:
    if not stems.has_stemmer(lang):
        yield f"METEOR is skipped: there is no stemmer for {lang or 'no language'}."
    if len({n if p.group is None else p.group for n, p in enumerate(pairs)}) < 2:
        yield "All test rows are of one group: there are no intervals and no tests."
    empty = sum(not any(count_words(r, lang) for r in p.references) for p in pairs)
    if empty:
        yield f"{empty} test rows have references without a word: every system scores 0."


def _empty_tables(
    recipe: Recipe, run_folder: RunFolder, request: ScoringRequest, pairs: Sequence[Pair]
) -> dict[str, ScoreTable]:
    """Return a table for each system, with perplexity where generate measured likelihoods."""
    full_text = not recipe.tune.completion_only_loss
    return {
        system: ScoreTable(
            with_likelihood(request, run_folder, system, pairs, full_text=full_text)
            if recipe.measures_likelihood(system)
            else request
        )
        for system in recipe.systems()
    }


def training_words(train: Iterable[Pair], lang: str | None) -> dict[str, Any]:
    """Return the word count of every train summary, in order, with their median and mean."""
    counts = [count_words(pair.references[0], lang) for pair in train]
    if not counts:
        raise DataError("split/train.jsonl: there are no train rows.\n  Run split again.")
    return {"median": median(counts), "mean": mean(counts), "histogram": counts}


def compute_results(
    tables: Mapping[str, ScoreTable], columns: Columns, settings: Evaluate, *, first_seed: int
) -> dict[str, Any]:
    """Return the scores, paired tests, seed variance, breakdowns and the verdict.

    columns     the values of each column to break the scores down by, row by row
    first_seed  the seed of the first of several tunings
    """
    resampling = significance.Resampling(
        settings.bootstrap_samples, settings.confidence, settings.seed
    )
    rouge_metrics = rouge.profile_metrics(settings.profile)
    systems = run_results.scores(tables, resampling)
    comparisons = run_results.comparisons(tables, [*rouge_metrics, "perplexity"], resampling)
    seeds = run_results.seed_statistics(tables, rouge_metrics, resampling, first=first_seed)
    breakdowns = run_results.score_breakdowns(
        tables, columns, BREAKDOWN_METRICS, resampling, required=settings.group_by is not None
    )
    outcome = verdict(systems, comparisons, confidence=settings.confidence, seeds=seeds)
    return {
        "systems": systems,
        "comparisons": comparisons,
        "seeds": seeds,
        "by": breakdowns,
        "verdict": asdict(outcome),
    }


def breakdown_columns(
    pairs: Sequence[Pair], names: Sequence[str] | None, lang: str | None
) -> Columns:
    """Return the columns to break scores down by: the named ones, or all that the rows have."""
    lengths = [count_words(pair.document, lang) for pair in pairs]
    columns: dict[str, Sequence[Label]] = {DOCUMENT_WORDS: lengths}
    for key in dict.fromkeys(key for pair in pairs for key in pair.meta if key != MERGED_ROWS):
        columns[key] = [_label(pair.meta.get(key)) for pair in pairs]
    if names is None:
        return columns
    if unknown := [name for name in names if name not in columns]:
        hint = nearest(unknown[0], list(columns))
        raise RecipeError(f"evaluate.group_by: no row has a column {unknown[0]!r}; {hint}")
    return {name: columns[name] for name in names}


def _label(value: Any) -> Label:
    return value if value is None or isinstance(value, int | float | str) else str(value)


def _open_entailment(settings: Evaluate) -> EntailmentModel | None:
    if settings.entailment is None:
        return None
    from abrege.inference.nli import load_nli_model

    return load_nli_model(settings.entailment)


def _open_encoder(settings: Evaluate) -> TokenEncoder | None:
    if settings.bertscore.encoder is None:
        return None
    from abrege.inference.encoder import load_encoder

    return load_encoder(settings.bertscore.encoder, layer=settings.bertscore.layer)
