"""`abrege review export` and `import`: people look over a sample of what a teacher wrote."""

import argparse
import json
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from abrege.cli.score_options import positive_int
from abrege.core.errors import DataError

if TYPE_CHECKING:
    from abrege.human_eval.acceptance import Difference, Kept
    from abrege.human_eval.agreement import Agreement
    from abrege.human_eval.annotations import Imported

EXPORT = """examples:
  abrege review export runs/wiki --reviewer ann
  abrege review export runs/wiki --reviewer bob --rows 100

Writes RUN/review/annotations-NAME.csv, a spreadsheet, and RUN/review/annotations-NAME.html, a page
that works without a network; the reviewer fills in one of the two: keep, fix (with the corrected
summary) or redo. Everybody gets the same rows: half are drawn at random, half look doubtful
(unsupported facts, several attempts, shortest, longest), which the files do not tell. Other
arguments draw others."""
IMPORT = """examples:
  abrege review import runs/wiki annotations-ann.json annotations-bob.csv
  abrege review import runs/wiki annotations-*.json --json

What is decided is added to RUN/annotate/decisions.jsonl, with who and when, and RUN/annotate/
pairs.jsonl follows it: keep and fix at once, a redo when abrege run asks the teacher again. Where
people differ, a fix holds before a redo and a redo before a keep; of two fixes the one that came
later. A person's later decision replaces their earlier one. Rates are read off the rows drawn at
random alone, with exact intervals (Clopper-Pearson); κ is of all rows that two people decided. The
result is kept in RUN/review/acceptance.json."""

SHOWN = 10
"""How many of the rows on which people differ are told."""

Add = Callable[[str, str, str], argparse.ArgumentParser]


def add_actions(add: Add) -> None:
    """Add both actions to those of `abrege review`.

    add  makes the parser of an action from its name, its line of help and its epilog
    """
    made = add("export", "write a sample of a teacher's summaries for people to look over", EXPORT)
    made.add_argument("--rows", type=positive_int, default=50, metavar="N",
        help="how many (default: 50)")  # fmt: skip
    made.add_argument("--seed", type=int, default=0, metavar="N",
        help="fixes which rows (default: 0)")  # fmt: skip
    made.add_argument("--reviewer", default="", metavar="NAME",
        help="for whom; where left out, they write their name themselves")  # fmt: skip
    made.add_argument("--json", action="store_true", help="print JSON instead of sentences")
    made = add("import", "do with a teacher's summaries as people decided", IMPORT)
    made.add_argument("decisions", type=Path, nargs="+", metavar="FILE",
        help="filled-in spreadsheets (.csv) and what pages saved (.json)")  # fmt: skip
    made.add_argument("--json", action="store_true", help="print JSON instead of sentences")


def export(args: argparse.Namespace) -> None:
    """Write the files for a reviewer, and say what stands in them."""
    from abrege.human_eval import annotations
    from abrege.report.format import plural

    made = annotations.export(args.folder, rows=args.rows, seed=args.seed, reviewer=args.reviewer)
    if args.json:
        print(json.dumps(asdict(made), ensure_ascii=False, indent=1, default=str))
    else:
        print(f"{made.sheet}\n{made.page}")
    doubtful = made.rows - made.at_random
    told = f"{plural(made.rows, 'row')} of {made.total}: {made.at_random} at random, "
    again = "; the rows of the earlier export" if made.same else ""
    _remark(f"{told}{doubtful} that look doubtful{again}")
    if made.waiting:
        _remark(f"{plural(made.waiting, 'row')} left out: a redo holds until abrege run asks again")
    if made.replaced:
        _remark("another sample stood here: decisions on rows that only it has are now refused")
    _remark("give the reviewer one of the two files; the other is the same in another form")


def import_(args: argparse.Namespace) -> None:
    """Take the decisions, and say what came of them."""
    from abrege.human_eval import annotations
    from abrege.pipeline import run as pipeline

    if not args.folder.is_dir():
        raise DataError(f"{args.folder}: there is no run here.\n  Give the folder of a run.")
    with pipeline.alone_in(args.folder):
        found = annotations.import_(args.folder, args.decisions)
    said, remarks = list(_said(found)), list(_remarks(found))
    for text in remarks:
        _remark(text)
    if args.json:
        told = {**asdict(found), "in_words": said, "remarks": remarks}
        print(json.dumps(told, ensure_ascii=False, indent=1))
    else:
        print("\n".join([*said, "", found.acceptance.signature]))


def _remark(text: str) -> None:
    print(text, file=sys.stderr)


def _said(found: "Imported") -> Iterator[str]:
    """Give the counts, then what they say of the teacher, then how far people agree."""
    counts, pairs, looked = found.counts, found.pairs, found.acceptance
    yield (
        f"{counts['read']} rows read: keep {counts['keep']}, fix {counts['fix']}, redo "
        f"{counts['redo']}, open {counts['open']}, refused {counts['refused']}; "
        f"{counts['new']} decisions new, {counts['already']} known already"
    )
    yield (
        f"{pairs['total']} pairs: {pairs['keep']} kept, {pairs['fix']} fixed, {pairs['redo']} to "
        f"be asked again, {pairs['undecided']} undecided"
    )
    several = len(looked.reviewers) > 1
    if several:
        yield f"together, by what holds: {_rate(looked.together)}"
    for name, kept in looked.reviewers.items():
        yield f"{name}: {_rate(kept)}"
    yield from _doubtful(looked.doubtful)
    yield from (agreed(pair) for pair in looked.agreement)
    yield from (_difference(row) for row in looked.differences[:SHOWN])
    if len(looked.differences) > SHOWN:
        yield f"… and on {len(looked.differences) - SHOWN} more: review/acceptance.json has them"


def _rate(kept: "Kept") -> str:
    decided = kept.keep + kept.fix + kept.redo
    if kept.share is None or kept.low is None or kept.high is None:
        return "no row decided of those drawn at random"
    share = f"{100 * kept.share:.0f} % [{100 * kept.low:.0f}, {100 * kept.high:.0f}]"
    return (
        f"{kept.keep} of {decided} rows drawn at random kept as they are ({share}), "
        f"{kept.fix} fixed, {kept.redo} to redo"
    )


def _doubtful(counts: "Mapping[str, Kept]") -> Iterator[str]:
    parts = [
        f"{why} {k.fix + k.redo} of {n}"
        for why, k in counts.items()
        if (n := k.keep + k.fix + k.redo)
    ]
    if parts:
        yield f"not kept of those that looked doubtful: {', '.join(parts)}"


def agreed(pair: "Agreement") -> str:
    """Say how far two people agree."""
    who, kappa = f"{pair.first} and {pair.second}", pair.kappa
    if kappa is None:
        return f"{who} decided no row in common"
    same = f"the same decision on {100 * kappa.observed:.0f} % of {kappa.n} rows"
    if kappa.kappa is None or pair.interval is None:
        return f"{who} agree: {same}; no κ, for both always decided the same"
    value, low, high = (f"{x:.2f}".replace("-", "−") for x in (kappa.kappa, *pair.interval))
    return (
        f"{who} agree: κ = {value} [{low}, {high}] ({same}; {100 * kappa.expected:.0f} % by chance)"
    )


def _difference(row: "Difference") -> str:
    cast = ", ".join(f"{name} {choice.verdict}" for name, choice in row.choices.items())
    whose = [name for name, choice in row.choices.items() if choice == row.holds]
    by = f"{whose[0]}'s {row.holds.verdict}" if whose else f"a later {row.holds.verdict}"
    return f"they differ on {row.id}: {cast}; {by} holds"


def _remarks(found: "Imported") -> Iterator[str]:
    """Say what was not taken, and what is still to be done."""
    from abrege.report.format import plural

    for one in found.refused:
        yield f"refused: {one.id} ({one.reviewer}): {one.why}"
    if found.pairs["redo"]:
        yield f"{plural(found.pairs['redo'], 'row')} to be asked again: abrege run does"
    looked = found.acceptance
    if looked.undecided:
        yield f"{plural(looked.undecided, 'row')} of {looked.rows} nobody decided"
    if len(looked.reviewers) == 1:
        yield "one reviewer: how far another would agree is not known"
