"""From the JSON that the stages wrote to the facts of the page."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from abrege.report import format as figures
from abrege.report import view_model as facts

FIRST = ("tuned", "merged", "base", "few-shot", "base-cut", "lead")
"""The order of systems on the page: tuned, then what it is held against, then others."""


def systems(
    scored: Mapping[str, Mapping[str, Any]],
) -> dict[str, dict[str, facts.Score | None]]:
    """Put the tuned model first, then what it is held against."""
    further = [s for s in scored if s.startswith("tuned-")]
    order = [s for s in (FIRST[0], *further, *FIRST[1:]) if s in scored]
    order += [s for s in scored if s not in order]
    return {
        system: {metric: score(given) for metric, given in scored[system].items()}
        for system in order
    }


def score(given: Mapping[str, Any] | None) -> facts.Score | None:
    """Give a score with its interval; None where it could not be told."""
    if given is None or given["value"] is None:
        return None
    return facts.Score(
        value=given["value"],
        low=given.get("low"),
        high=given.get("high"),
        signature=given.get("signature", ""),
    )


def comparisons(given: Iterable[Mapping[str, Any]]) -> list[facts.Comparison]:
    """Keep what the page shows of each comparison: evaluate may come to say more."""
    known = facts.Comparison.__dataclass_fields__
    return [facts.Comparison(**{k: v for k, v in c.items() if k in known}) for c in given]


def luck(given: Mapping[str, Any] | None) -> facts.Luck | None:
    """Give what several tunings came to; None of one."""
    if not given:
        return None
    spreads = {
        what: {
            metric: facts.Spread(values=found["values"], mean=found["mean"], sd=found["sd"])
            for metric, found in given[what].items()
        }
        for what in ("scores", "over_base")
    }
    return facts.Luck(seeds=given["seeds"], scores=spreads["scores"], gains=spreads["over_base"])


def breakdowns(by: Mapping[str, Mapping[str, Any]]) -> list[facts.Breakdown]:
    """Give the scores of the parts of each column, metric by metric."""
    return [
        facts.Breakdown(
            column=column,
            metric=metric,
            parts=[
                facts.Part(
                    name=name,
                    n=part["n"],
                    scores={s: score(found[metric]) for s, found in part["systems"].items()},
                )
                for name, part in parts.items()
            ],
        )
        for column, parts in by.items()
        for metric in _metrics(parts)
    ]


def _metrics(parts: Mapping[str, Mapping[str, Any]]) -> Sequence[str]:
    systems_of_first = next(iter(parts.values()))["systems"]
    return list(next(iter(systems_of_first.values()), {}))


def of_people(given: Mapping[str, Any]) -> facts.Preference:
    """Give what reviewers of a blind page decided: all together, and each."""
    people = given["reviewers"]
    together = [("all, by majority", given["together"])] if len(people) > 1 else []
    each = [(person["name"], person["preference"]) for person in people]
    return facts.Preference(
        systems=(given["systems"][0], given["systems"][1]),
        choices=[_choices(who, found) for who, found in [*together, *each]],
        agreement=[_agreed(pair) for pair in given["agreement"] if pair["kappa"]],
    )


def _agreed(pair: Mapping[str, Any]) -> str:
    found = pair["kappa"]
    kappa = "no κ: both always chose the same"
    if found["kappa"] is not None:
        kappa = f"κ = {figures.number(found['kappa'], 2)}"
        if pair.get("interval"):  # reviews counted by an earlier version have none
            low, high = (figures.number(end, 2) for end in pair["interval"])
            kappa += f" [{low}, {high}]"
    same = figures.share(found["observed"], 1)
    return f"{pair['first']} and {pair['second']}: {kappa}, the same choice on {same}"


def of_judge(given: Mapping[str, Any]) -> facts.Preference:
    """Give what a model decided that was asked in both orders."""
    told = given["figures"]
    remark = (
        f"asked in both orders; contradicts itself on {told['disagreements']} of {told['n']} rows"
    )
    return facts.Preference(
        systems=(given["systems"][0], given["systems"][1]),
        choices=[_choices(f"the model {given['model']}", given["preference"], remark)],
    )


def _choices(who: str, found: Mapping[str, Any], remark: str = "") -> facts.Choices:
    names = ("wins", "ties", "losses", "share", "low", "high", "p")
    return facts.Choices(who=who, remark=remark, **{name: found[name] for name in names})


def stress(
    given: Mapping[str, Any], rows: Mapping[str, Sequence[Mapping[str, Any]]], *, most: int
) -> facts.Stress:
    """Give what came of the stress suite, and at most so many failures of each kind.

    rows  system → its cases; shown are failures of the last, the tuned one where there is one
    """
    system = list(rows)[-1]
    failed = [row for row in rows[system] if row["outcome"] != "passed"]
    shown = [
        row
        for kind in given["kinds"]
        for row in [row for row in failed if row["kind"] == kind][:most]
    ]
    counted = {**given["kinds"], "all": {**given["all"], "about": "all cases"}}
    return facts.Stress(
        kinds=[
            facts.StressKind(
                name=name,
                about=found["about"],
                n=found["n"],
                systems={s: _passed(of) for s, of in found["systems"].items()},
            )
            for name, found in counted.items()
        ],
        signature=given["signature"],
        system=system,
        failures=[
            facts.Failure(
                id=row["id"],
                why=row["why"],
                point=row["point"],
                document=row["document"],
                text=row["prediction"],
                lang=row["lang"],
            )
            for row in shown
        ],
        failed=len(failed),
    )


def _passed(found: Mapping[str, Any]) -> facts.Passed:
    known = facts.Passed.__dataclass_fields__
    return facts.Passed(**{name: found[name] for name in known})


def steps(lines: Iterable[Mapping[str, Any]]) -> list[facts.Step]:
    """Give the loss curve; of a step that a resumed run took twice, the later counts."""
    found: dict[tuple[int, bool], facts.Step] = {}
    for given in lines:
        loss, held = figures.finite(given.get("loss")), figures.finite(given.get("eval_loss"))
        written = figures.finite(given.get("eval_rougeL"))
        point = facts.Step(step=given["step"], loss=loss, eval_loss=held, eval_rouge_l=written)
        found[point.step, held is not None] = point
    return [found[key] for key in sorted(found)]
