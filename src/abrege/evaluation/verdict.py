"""The verdict in words: is tuned better than what it started from, and how sure is that."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from abrege.evaluation.systems import SYSTEMS, get_system

METRIC = "rougeL"
ALPHA = 0.05

_WORDS = {
    "better": "{system} is better than {name}",
    "worse": "{system} is worse than {name}",
    "same": "no detectable difference between {system} and {name}",
    "untested": "{system} and {name} could not be tested (one group of rows)",
}


@dataclass(frozen=True)
class TuningVerdict:
    """Whether tuned is better, and the sentences that say so and how sure they are."""

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
    seeds        what several tunings came to (`metrics.results`); None of one

    Better means better than each generated system that counts in the verdict, each with
    p < 0.05. All must hold, so the tests need no correction for being several. Where there are
    several tunings, each must beat base. Lead is reported but does not count: the first
    sentences of a document may well be the better summary.
    """
    told = [c for c in comparisons if c["metric"] == METRIC]
    if not told:
        return TuningVerdict(better=False, sentence=_nothing_to_compare(systems))
    outcome = {c["baseline"]: _outcome(c) for c in told}
    must = [outcome[b] for b in outcome if get_system(b).in_verdict]
    runs = seeds["over_base"].get(METRIC, {}).get("tests", []) if seeds else []
    must += [_outcome(run) for run in runs]
    better = "base" in outcome and all(o == "better" for o in must)
    parts = [
        _tell(c, systems, confidence, with_counts=number == 0) for number, c in enumerate(told)
    ]
    if outcome.get("base") == "better" and outcome.get("base-cut", "better") != "better":
        parts.append("The gain over base may be one of length alone.")
    if outcome.get("base") == "better" and outcome.get("few-shot", "better") != "better":
        parts.append("Worked examples in the prompt may do as much as tuning.")
    parts.append(_luck(seeds))
    return TuningVerdict(better=better, sentence=" ".join(parts))


def _luck(seeds: Mapping[str, Any] | None) -> str:
    """Say what is known of the luck of training."""
    if seeds and METRIC not in seeds["over_base"]:
        return f"There are {len(seeds['seeds'])} training runs, and no base to hold them against."
    if not seeds:
        return (
            "This is one training run: an interval covers the choice of test rows, not the luck "
            "of training."
        )
    gains = seeds["over_base"][METRIC]
    told = ", ".join(f"{100 * gain:+.1f}" for gain in gains["values"])
    outcomes = [_outcome(run) for run in gains["tests"]]
    won = outcomes.count("better")
    return (
        f"Of {len(outcomes)} training runs that differ in the seed, {won} beat base: {told} "
        f"(mean {100 * gains['mean']:+.1f}, standard deviation {100 * gains['sd']:.1f}). "
        "The intervals above are of the first run."
    )


def _outcome(comparison: Mapping[str, Any]) -> str:
    p = comparison["p"]
    if p is None:
        return "untested"
    if p >= ALPHA or not comparison["difference"]:
        return "same"
    return "better" if comparison["difference"] > 0 else "worse"


def _tell(
    comparison: Mapping[str, Any],
    systems: Mapping[str, Any],
    confidence: float,
    *,
    with_counts: bool,
) -> str:
    system, baseline = comparison["system"], comparison["baseline"]
    said = _WORDS[_outcome(comparison)].format(system=system, name=_described(baseline))
    ours, theirs = (100 * systems[s][METRIC]["value"] for s in (system, baseline))
    facts = [f"{100 * comparison['difference']:+.1f}"]
    if comparison["p"] is not None:
        low, high = 100 * comparison["low"], 100 * comparison["high"]
        facts.append(f"{100 * confidence:g} % interval {low:+.1f} to {high:+.1f}")
        facts.append(f"p = {comparison['p']:.2g}")
    if with_counts:
        n, groups = comparison["n"], comparison["groups"]
        facts.append(f"{n} rows" if groups == n else f"{n} rows in {groups} groups")
    scores = f"ROUGE-L {ours:.1f} against {theirs:.1f} ({', '.join(facts)})."
    return f"{said[0].upper()}{said[1:]}: {scores}"


def _described(baseline: str) -> str:
    """Return the name of a baseline, with what it is unless it is base itself."""
    return baseline if baseline == "base" else f"{baseline} ({SYSTEMS[baseline].description})"


def _nothing_to_compare(systems: Mapping[str, Any]) -> str:
    names = ", ".join(systems)
    return f"No verdict: only {names} was scored, and it takes tuned and a baseline to compare."
