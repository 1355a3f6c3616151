"""The verdict in words: is tuned better than what it started from, and how sure is that."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

METRIC = "rougeL"
ALPHA = 0.05

_NAMES = {
    "base": "base",
    "base-cut": "base cut to the training length",
    "lead": "lead (the document's first sentences)",
}
_WORDS = {
    "better": "{system} is better than {name}",
    "worse": "{system} is worse than {name}",
    "same": "no detectable difference between {system} and {name}",
    "untested": "{system} and {name} could not be tested (one group of rows)",
}


@dataclass(frozen=True)
class Verdict:
    """Whether tuned is better, and the sentences that say so and how sure they are."""

    better: bool
    sentence: str


def verdict(
    systems: Mapping[str, Any], comparisons: Sequence[Mapping[str, Any]], *, confidence: float
) -> Verdict:
    """Judge tuned by ROUGE-L against each of its baselines.

    systems      name → metric → {"value"}
    comparisons  those of `evaluate/scores.json`

    Better means better than base and, where it was made, than base-cut, each with p < 0.05.
    Both must hold, so the two tests need no correction for being two. Lead is told, and is no
    condition: a document's first sentences may well be the better summary.
    """
    told = [c for c in comparisons if c["metric"] == METRIC]
    if not told:
        return Verdict(better=False, sentence=_nothing_to_compare(systems))
    outcome = {c["baseline"]: _outcome(c) for c in told}
    must = [outcome[b] for b in ("base", "base-cut") if b in outcome]
    better = "base" in outcome and all(o == "better" for o in must)
    parts = [
        _tell(c, systems, confidence, with_counts=number == 0) for number, c in enumerate(told)
    ]
    if outcome.get("base") == "better" and not better:
        parts.append("The gain over base may be one of length alone.")
    parts.append(
        "This is one training run: an interval covers the choice of test rows, not the luck of "
        "training."
    )
    return Verdict(better=better, sentence=" ".join(parts))


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
    said = _WORDS[_outcome(comparison)].format(system=system, name=_NAMES[baseline])
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


def _nothing_to_compare(systems: Mapping[str, Any]) -> str:
    names = ", ".join(systems)
    return f"No verdict: only {names} was scored, and it takes tuned and a baseline to compare."
