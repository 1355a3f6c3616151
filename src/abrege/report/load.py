"""Build the view model of the report from the JSON that the stages wrote."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from abrege.evaluation.systems import in_order
from abrege.metrics.bleu_chrf import PARTS
from abrege.report.evaluation_model import (
    BreakdownPart,
    ColumnBreakdown,
    PreferenceCounts,
    PreferenceResult,
    ScoreEstimate,
    SeedSpread,
    SeedVariance,
    StressFailure,
    StressKind,
    StressPassRate,
    StressReport,
    SystemComparison,
)
from abrege.report.format import finite, format_number, format_share
from abrege.report.view_model import (
    LossPoint,
)


def load_systems(
    systems: Mapping[str, Mapping[str, Any]],
) -> dict[str, dict[str, ScoreEstimate | None]]:
    """Return the scores of each system by each metric, in the order of the registry."""
    return {
        system: {metric: load_estimate(score) for metric, score in systems[system].items()}
        for system in in_order(systems)
    }


def load_estimate(score: Mapping[str, Any] | None) -> ScoreEstimate | None:
    """Return a score with its interval; None where it could not be computed."""
    if score is None or score["value"] is None:
        return None
    return ScoreEstimate(
        value=score["value"],
        low=score.get("low"),
        high=score.get("high"),
        signature=score.get("signature", ""),
        parts={name: score[name] for name in PARTS if name in score},
    )


def load_comparisons(comparisons: Iterable[Mapping[str, Any]]) -> list[SystemComparison]:
    """Return the comparisons, without keys that this version does not know."""
    known = SystemComparison.__dataclass_fields__
    return [
        SystemComparison(**{key: value for key, value in comparison.items() if key in known})
        for comparison in comparisons
    ]


def load_seed_variance(seeds: Mapping[str, Any] | None) -> SeedVariance | None:
    """Return the results of tuning with several seeds; None where there is one tuning only."""
    if not seeds:
        return None
    spreads = {
        figure: {
            metric: SeedSpread(values=spread["values"], mean=spread["mean"], sd=spread["sd"])
            for metric, spread in seeds[figure].items()
        }
        for figure in ("scores", "over_base")
    }
    return SeedVariance(seeds=seeds["seeds"], scores=spreads["scores"], gains=spreads["over_base"])


def load_breakdowns(columns: Mapping[str, Mapping[str, Any]]) -> list[ColumnBreakdown]:
    """Return the scores of the parts of each column, metric by metric."""
    return [
        ColumnBreakdown(
            column=column,
            metric=metric,
            parts=[
                BreakdownPart(
                    name=name,
                    n=part["n"],
                    scores={
                        system: load_estimate(part["systems"][system][metric])
                        for system in in_order(part["systems"])
                    },
                )
                for name, part in parts.items()
            ],
        )
        for column, parts in columns.items()
        for metric in _metrics(parts)
    ]


def _metrics(parts: Mapping[str, Mapping[str, Any]]) -> Sequence[str]:
    systems_of_first = next(iter(parts.values()))["systems"]
    return list(next(iter(systems_of_first.values()), {}))


def load_preference(preference: Mapping[str, Any]) -> PreferenceResult:
    """Return the decisions of the reviewers of a blind comparison: all together, and each."""
    reviewers = preference["reviewers"]
    together = [("all, by majority", preference["together"])] if len(reviewers) > 1 else []
    each = [(reviewer["name"], reviewer["preference"]) for reviewer in reviewers]
    return PreferenceResult(
        systems=(preference["systems"][0], preference["systems"][1]),
        counts=[_preference_counts(name, counts) for name, counts in [*together, *each]],
        agreement=[_agreement(pair) for pair in preference["agreement"] if pair["kappa"]],
    )


def _agreement(pair: Mapping[str, Any]) -> str:
    agreement = pair["kappa"]
    kappa = "no κ, because both always chose the same"
    if agreement["kappa"] is not None:
        kappa = f"κ = {format_number(agreement['kappa'], 2)}"
        if pair.get("interval"):  # files of earlier versions have none
            low, high = (format_number(end, 2) for end in pair["interval"])
            kappa += f" [{low}, {high}]"
    same = format_share(agreement["observed"], 1)
    return f"{pair['first']} and {pair['second']}: {kappa}, the same choice on {same}"


def load_judge(judge: Mapping[str, Any]) -> PreferenceResult:
    """Return the decisions of an LLM judge that saw each pair in both orders."""
    figures = judge["figures"]
    note = (
        f"asked in both orders; contradicts itself on {figures['disagreements']} "
        f"of {figures['n']} rows"
    )
    return PreferenceResult(
        systems=(judge["systems"][0], judge["systems"][1]),
        counts=[_preference_counts(f"LLM judge {judge['model']}", judge["preference"], note)],
    )


def _preference_counts(
    reviewer: str, counts: Mapping[str, Any], note: str = ""
) -> PreferenceCounts:
    names = ("wins", "ties", "losses", "share", "low", "high", "p")
    return PreferenceCounts(reviewer=reviewer, note=note, **{name: counts[name] for name in names})


def load_stress(
    scores: Mapping[str, Any],
    rows: Mapping[str, Sequence[Mapping[str, Any]]],
    *,
    max_failures: int,
) -> StressReport:
    """Return the result of the stress tests, with at most `max_failures` failures of each kind.

    rows  system → its cases; the failures shown are those of the last system, which is the tuned
          one where there is one
    """
    system = list(rows)[-1]
    failed = [row for row in rows[system] if row["outcome"] != "passed"]
    examples = [
        row
        for kind in scores["kinds"]
        for row in [row for row in failed if row["kind"] == kind][:max_failures]
    ]
    kinds = {**scores["kinds"], "all": {**scores["all"], "about": "all cases"}}
    return StressReport(
        kinds=[
            StressKind(
                name=name,
                about=kind["about"],
                n=kind["n"],
                systems={s: load_pass_rate(rate) for s, rate in kind["systems"].items()},
            )
            for name, kind in kinds.items()
        ],
        signature=scores["signature"],
        system=system,
        failures=[_failure(row) for row in examples],
        n_failures=len(failed),
    )


def _failure(row: Mapping[str, Any]) -> StressFailure:
    return StressFailure(
        id=row["id"],
        why=row["why"],
        point=row["point"],
        document=row["document"],
        text=row["prediction"],
        lang=row["lang"],
    )


def load_pass_rate(rate: Mapping[str, Any]) -> StressPassRate:
    """Return how many stress cases a system passes."""
    known = StressPassRate.__dataclass_fields__
    return StressPassRate(**{name: rate[name] for name in known})


def load_steps(lines: Iterable[Mapping[str, Any]]) -> list[LossPoint]:
    """Return the loss curve; of a step that a resumed run took twice, the later line counts."""
    points: dict[tuple[int, bool], LossPoint] = {}
    for line in lines:
        point = LossPoint(
            step=line["step"],
            loss=finite(line.get("loss")),
            eval_loss=finite(line.get("eval_loss")),
            eval_rouge_l=finite(line.get("eval_rougeL")),
        )
        points[point.step, point.eval_loss is not None] = point
    return [points[key] for key in sorted(points)]
