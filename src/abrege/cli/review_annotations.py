"""`abrege review export` and `import`: people review a sample of a teacher's summaries."""

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
    from abrege.human_eval.acceptance import AcceptanceCounts, Difference
    from abrege.human_eval.agreement import Agreement
    from abrege.human_eval.annotations import ImportedDecisions

EXPORT = """examples:
  abrege review export runs/wiki --reviewer ann
  abrege review export runs/wiki --reviewer bob --rows 100

Writes RUN/review/annotations-NAME.csv, a spreadsheet, and RUN/review/annotations-NAME.html, a page
that works without a network; the reviewer fills in one of the two: keep, fix (with the corrected
summary) or redo. Every reviewer gets the same rows: half are sampled at random, half look doubtful
(unsupported facts, several attempts, shortest, longest); the files do not show which. Other values
of --rows and --seed sample other rows."""
IMPORT = """examples:
  abrege review import runs/wiki annotations-ann.json annotations-bob.csv
  abrege review import runs/wiki annotations-*.json --json

Decisions are added to RUN/annotate/decisions.jsonl, with reviewer and time, and applied to
RUN/annotate/pairs.jsonl: keep and fix immediately, a redo when abrege run asks the teacher again.
If reviewers disagree, fix takes precedence over redo, and redo over keep; of two fixes, the later
one is used. A reviewer's later decision replaces their earlier one. Rates are computed on the
randomly sampled rows only, with exact intervals (Clopper-Pearson); κ is computed on all rows that
two reviewers decided. The result is written to RUN/review/acceptance.json."""

MAX_DIFFERENCES = 10
"""How many of the rows on which people differ are printed."""

AddAction = Callable[[str, str, str], argparse.ArgumentParser]


def add_actions(add_action: AddAction) -> None:
    """Add both actions to those of `abrege review`.

    add_action  makes the parser of an action from its name, its line of help and its epilog
    """
    parser = add_action(
        "export", "write a sample of a teacher's summaries for people to review", EXPORT
    )
    parser.add_argument("--rows", type=positive_int, default=50, metavar="N",
        help="number of rows (default: 50)")  # fmt: skip
    parser.add_argument("--seed", type=int, default=0, metavar="N",
        help="random seed of the sampled rows (default: 0)")  # fmt: skip
    parser.add_argument("--reviewer", default="", metavar="NAME",
        help="the reviewer's name (default: the reviewer enters it)")  # fmt: skip
    parser.add_argument("--json", action="store_true", help="print JSON instead of sentences")
    parser = add_action("import", "apply people's decisions to a teacher's summaries", IMPORT)
    parser.add_argument("decisions", type=Path, nargs="+", metavar="FILE",
        help="completed spreadsheets (.csv) and files downloaded from the page "
        "(.json)")  # fmt: skip
    parser.add_argument("--json", action="store_true", help="print JSON instead of sentences")


def export(args: argparse.Namespace) -> None:
    """Write the files for a reviewer, and print their paths and counts."""
    from abrege.human_eval.annotations import export_forms
    from abrege.report.format import plural

    forms = export_forms(args.folder, rows=args.rows, seed=args.seed, reviewer=args.reviewer)
    if args.json:
        print(json.dumps(asdict(forms), ensure_ascii=False, indent=1, default=str))
    else:
        print(f"{forms.sheet}\n{forms.page}")
    doubtful = forms.rows - forms.at_random
    counts = f"{plural(forms.rows, 'row')} of {forms.total}: {forms.at_random} at random"
    same = "; the rows of the earlier export" if forms.same else ""
    _remark(f"{counts}, {doubtful} that look doubtful{same}")
    if forms.waiting:
        _remark(f"{plural(forms.waiting, 'row')} left out: abrege run must redo them first")
    if forms.replaced:
        _remark("this replaces another sample: decisions on its other rows are refused from now on")
    _remark("give the reviewer one of the two files; both have the same content")


def import_(args: argparse.Namespace) -> None:
    """Apply the decisions, and print the result."""
    from abrege.core.run_folder import RunFolder
    from abrege.human_eval.annotations import import_decisions
    from abrege.pipeline.run import locked

    if not args.folder.is_dir():
        raise DataError(f"{args.folder}: there is no run here.\n  Pass the folder of a run.")
    with locked(RunFolder(args.folder)):
        imported = import_decisions(args.folder, args.decisions)
    sentences, remarks = list(_sentences(imported)), list(_remarks(imported))
    for text in remarks:
        _remark(text)
    if args.json:
        result = {**asdict(imported), "in_words": sentences, "remarks": remarks}
        print(json.dumps(result, ensure_ascii=False, indent=1))
    else:
        print("\n".join([*sentences, "", imported.acceptance.signature]))


def _remark(text: str) -> None:
    print(text, file=sys.stderr)


def _sentences(imported: "ImportedDecisions") -> Iterator[str]:
    """Yield the counts, the acceptance, and the agreement of the reviewers."""
    counts, pairs, acceptance = imported.counts, imported.pairs, imported.acceptance
    yield (
        f"{counts['read']} rows read: keep {counts['keep']}, fix {counts['fix']}, redo "
        f"{counts['redo']}, open {counts['open']}, refused {counts['refused']}; "
        f"{counts['new']} decisions new, {counts['already']} known already"
    )
    yield (
        f"{pairs['total']} pairs: {pairs['keep']} kept, {pairs['fix']} fixed, {pairs['redo']} to "
        f"redo, {pairs['undecided']} undecided"
    )
    if len(acceptance.reviewers) > 1:
        yield f"together, by the decision that holds: {_rate(acceptance.together)}"
    for name, of_reviewer in acceptance.reviewers.items():
        yield f"{name}: {_rate(of_reviewer)}"
    yield from _doubtful(acceptance.doubtful)
    yield from (agreement_sentence(pair) for pair in acceptance.agreement)
    yield from (_difference(row) for row in acceptance.differences[:MAX_DIFFERENCES])
    if len(acceptance.differences) > MAX_DIFFERENCES:
        more = len(acceptance.differences) - MAX_DIFFERENCES
        yield f"… and on {more} more: see review/acceptance.json"


def _rate(counts: "AcceptanceCounts") -> str:
    if counts.share is None or counts.low is None or counts.high is None:
        return "no row decided of those drawn at random"
    share = f"{100 * counts.share:.0f} % [{100 * counts.low:.0f}, {100 * counts.high:.0f}]"
    return (
        f"{counts.keep} of {counts.total} rows drawn at random kept as they are ({share}), "
        f"{counts.fix} fixed, {counts.redo} to redo"
    )


def _doubtful(counts: "Mapping[str, AcceptanceCounts]") -> Iterator[str]:
    parts = [
        f"{reason} {of_reason.fix + of_reason.redo} of {of_reason.total}"
        for reason, of_reason in counts.items()
        if of_reason.total
    ]
    if parts:
        yield f"not kept of those that looked doubtful: {', '.join(parts)}"


def agreement_sentence(pair: "Agreement") -> str:
    """Return how far two people agree, in a sentence."""
    names, kappa = f"{pair.first} and {pair.second}", pair.kappa
    if kappa is None:
        return f"{names} decided no row in common"
    same = f"the same decision on {100 * kappa.observed:.0f} % of {kappa.n} rows"
    if kappa.kappa is None or pair.interval is None:
        return f"{names} agree: {same}; no κ, for both always decided the same"
    value, low, high = (f"{x:.2f}".replace("-", "−") for x in (kappa.kappa, *pair.interval))
    chance = f"{100 * kappa.expected:.0f} % by chance"
    return f"{names} agree: κ = {value} [{low}, {high}] ({same}; {chance})"


def _difference(row: "Difference") -> str:
    choices = ", ".join(f"{name} {choice.verdict}" for name, choice in row.choices.items())
    names = [name for name, choice in row.choices.items() if choice == row.holds]
    holding = f"{names[0]}'s {row.holds.verdict}" if names else f"a later {row.holds.verdict}"
    return f"they differ on {row.id}: {choices}; {holding} holds"


def _remarks(imported: "ImportedDecisions") -> Iterator[str]:
    """Yield what was not applied, and what is still to be done."""
    from abrege.report.format import plural

    for decision in imported.refused:
        yield f"refused: {decision.id} ({decision.reviewer}): {decision.why}"
    if imported.pairs["redo"]:
        yield f"{plural(imported.pairs['redo'], 'row')} to redo: run abrege run"
    acceptance = imported.acceptance
    if acceptance.undecided:
        yield f"{plural(acceptance.undecided, 'row')} of {acceptance.rows} decided by nobody"
    if len(acceptance.reviewers) == 1:
        yield "only one reviewer: agreement with others is unknown"
