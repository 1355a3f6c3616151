"""The verdict of a run in sentences: whether tuned is better than its baselines, and how surely."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from abrege.evaluation.systems import SYSTEMS, get_system
from abrege.metrics.registry import METRICS
from abrege.metrics.significance import ALPHA, MIN_GROUPS

METRIC = "rougeL"
"""The metric that decides."""

_SENTENCES = {
    "better": "{system} is better than {baseline}",
    "worse": "{system} is worse than {baseline}",
    "same": "No detectable difference between {system} and {baseline}",
    "untested": "{system} and {baseline} could not be tested (one group of rows)",
    "few": "Too few independent rows for a verdict on {system} and {baseline}",
}


@dataclass(frozen=True)
class TuningVerdict:
    """Whether tuned is better, and the sentences that report the tests."""

    better: bool
    sentence: str


def verdict(
    systems: Mapping[str, Any],
    comparisons: Sequence[Mapping[str, Any]],
    *,
    confidence: float,
    seeds: Mapping[str, Any] | None = None,
) -> TuningVerdict:
    """Judge tuned by ROUGE-L against each of its baselines.

    systems      name → metric → {"value"}
    comparisons  those of `evaluate/scores.json`
    seeds        the result of `run_results.seed_statistics`; None for a single tuning

    Better means better than each generated system that counts in the verdict, each with a p-value
    below 0.05 after Holm's correction for all tests of the run, as in the table. Where there are
    several tunings, each must beat base. Lead is reported but does not count: the first
    sentences of a document may well be the better summary.
    """
    results = [c for c in comparisons if c["metric"] == METRIC]
    if not results:
        return TuningVerdict(better=False, sentence=_no_comparison(systems))
    outcomes = {c["baseline"]: _outcome(c) for c in results}
    required = [outcomes[baseline] for baseline in outcomes if get_system(baseline).in_verdict]
    runs = seeds["over_base"].get(METRIC, {}).get("tests", []) if seeds else []
    required += [_outcome(run) for run in runs]
    better = "base" in outcomes and all(outcome == "better" for outcome in required)
    sentences = [
        _sentence(c, systems, confidence, with_counts=number == 0)
        for number, c in enumerate(results)
    ]
    if outcomes.get("base") == "better" and outcomes.get("base-cut", "better") != "better":
        sentences.append("The gain over base may be one of length alone.")
    if outcomes.get("base") == "better" and outcomes.get("few-shot", "better") != "better":
        sentences.append("Few-shot examples in the prompt may do as much as tuning.")
    sentences.append(_seed_variance(seeds))
    return TuningVerdict(better=better, sentence=" ".join(sentences))


def _seed_variance(seeds: Mapping[str, Any] | None) -> str:
    """Return what is known of the variance between training runs."""
    if not seeds:
        return (
            "This is one training run: the interval covers the choice of test rows, not the "
            "variance between training runs."
        )
    if METRIC not in seeds["over_base"]:
        return f"There are {len(seeds['seeds'])} training runs, but no base to compare them with."
    gains = seeds["over_base"][METRIC]
    metric = METRICS[METRIC]
    values = ", ".join(metric.format(gain, signed=True) for gain in gains["values"])
    mean, sd = metric.format(gains["mean"], signed=True), metric.format(gains["sd"])
    outcomes = [_outcome(run) for run in gains["tests"]]
    return (
        f"Of {len(outcomes)} training runs that differ in the seed, {outcomes.count('better')} "
        f"beat base: {values} (mean {mean}, standard deviation {sd}). The intervals above are "
        "those of the first run."
    )


def _outcome(
    comparison: Mapping[str, Any],
) -> Literal["better", "worse", "same", "untested", "few"]:
    if comparison["p"] is None:
        return "untested"
    p = comparison["p"] if comparison.get("p_holm") is None else comparison["p_holm"]
    if comparison.get("groups", MIN_GROUPS) < MIN_GROUPS:
        return "few"
    if p >= ALPHA or not comparison["difference"]:
        return "same"
    return "better" if comparison["difference"] > 0 else "worse"


def _sentence(
    comparison: Mapping[str, Any],
    systems: Mapping[str, Any],
    confidence: float,
    *,
    with_counts: bool,
) -> str:
    system, baseline = comparison["system"], comparison["baseline"]
    claim = _SENTENCES[_outcome(comparison)].format(system=system, baseline=_described(baseline))
    metric = METRICS[METRIC]
    ours, theirs = (metric.format(systems[s][METRIC]["value"]) for s in (system, baseline))
    details = [metric.format(comparison["difference"], signed=True)]
    if comparison["p"] is not None:
        low, high = (metric.format(comparison[end], signed=True) for end in ("low", "high"))
        details.append(f"{100 * confidence:g} % interval {low} to {high}")
        details.append(f"p = {comparison['p']:.2g}")
        if comparison["p"] < ALPHA and _outcome(comparison) == "same":
            details[-1] += f", {comparison['p_holm']:.2g} corrected for all tests"
    if _outcome(comparison) == "few" and comparison.get("sign_p") is not None:
        details.append(f"{comparison['wins']} rows won, {comparison['losses']} lost, sign test")
        details[-1] += f" p = {comparison['sign_p']:.2g}"
    if with_counts:
        n, groups = comparison["n"], comparison["groups"]
        details.append(f"{n} rows" if groups == n else f"{n} rows in {groups} groups")
    scores = f"{metric.label} {ours} against {theirs} ({', '.join(details)})."
    return f"{claim[0].upper()}{claim[1:]}: {scores}"


def _described(baseline: str) -> str:
    """Return the name of a baseline, with its description unless it is base itself."""
    return baseline if baseline == "base" else f"{baseline} ({SYSTEMS[baseline].description})"


def _no_comparison(systems: Mapping[str, Any]) -> str:
    names = ", ".join(systems)
    return f"No verdict: only {names} was scored, and tuned needs a baseline to compare it with."
