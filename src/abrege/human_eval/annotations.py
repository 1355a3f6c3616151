"""The review of a teacher's summaries: export a sample, import and apply people's decisions.

reads   annotate/pairs.jsonl  annotate/decisions.jsonl  review/annotations.json  decisions files
writes  review/annotations-NAME.csv  review/annotations-NAME.html  review/annotations.json
        annotate/decisions.jsonl  annotate/pairs.jsonl  review/acceptance.json
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from abrege.annotation.decisions import (
    Decision,
    append_decisions,
    latest_by_reviewer,
    load_decisions,
    resolve,
)
from abrege.core.errors import DataError, RecipeError
from abrege.core.hashing import hash_json
from abrege.core.io import atomic_write, write_json, write_jsonl
from abrege.core.run_folder import RunFolder
from abrege.core.types import Pair
from abrege.human_eval.acceptance import Acceptance, AnnotationChoice, compute_acceptance
from abrege.human_eval.forms import CompletedForm, normalize_name, read_form, write_sheet
from abrege.human_eval.page import AnnotationItem, render_annotation_page
from abrege.human_eval.sampling import (
    DecisionsByRow,
    Sample,
    SampledSummary,
    annotated_pairs,
    changed_rows,
    decided_pairs,
    draw_sample,
    read_sample,
    verdict_of,
)

TITLE = "Keep, fix or redo these summaries?"


@dataclass(frozen=True)
class ExportedForms:
    """The files that were written for a reviewer, and the counts of their sample."""

    sheet: Path
    page: Path
    rows: int
    at_random: int
    total: int
    waiting: int
    """Rows that wait for a redo; none of them is drawn."""
    same: bool
    """Whether these are the rows of an earlier export."""
    replaced: bool
    """Whether another sample was replaced: decisions on rows that are not in this are refused."""


@dataclass(frozen=True)
class RefusedDecision:
    """A decision that was not applied, and the reason."""

    id: str
    reviewer: str
    why: str


@dataclass(frozen=True)
class ImportedDecisions:
    """The counts of an import, its effect on the pairs, and the acceptance so far.

    counts  read = keep + fix + redo + open + refused; keep + fix + redo = new + already
    pairs   total = keep + fix + redo + undecided
    """

    counts: dict[str, int]
    pairs: dict[str, int]
    refused: tuple[RefusedDecision, ...]
    acceptance: Acceptance


def export_forms(
    folder: Path, *, rows: int = 50, seed: int = 0, reviewer: str = ""
) -> ExportedForms:
    """Write a spreadsheet and a page for one reviewer, with the same rows for each.

    The sample is kept, so that every reviewer sees the same summaries, also where some were
    corrected meanwhile. It is drawn again for other arguments, or where the teacher wrote a
    summary again.
    """
    if rows < 1:
        raise RecipeError(f"--rows {rows}: there is nothing to review; write 1 or more")
    reviewer = normalize_name(reviewer)
    run = RunFolder(folder)
    decided, earlier = load_decisions(folder), read_sample(folder)
    same = (
        earlier is not None
        and (earlier.rows, earlier.seed) == (rows, seed)
        and not changed_rows(earlier, annotated_pairs(run), decided)
    )
    sample = earlier if same and earlier else draw_sample(run, decided, rows=rows, seed=seed)
    if not same:
        write_json(run.annotation_sample, asdict(sample))
    stem = "-".join(["annotations", *re.findall(r"\w+", reviewer)])
    sheet, page = (run.annotation_form(stem, kind) for kind in ("csv", "html"))
    with atomic_write(sheet) as file:
        write_sheet(file, sample.drawn, reviewer=reviewer)
    # Two people's pages in one browser keep their decisions apart.
    token = hash_json([sample.token, reviewer.casefold()])
    items = [_item(row) for row in sample.drawn]
    with atomic_write(page) as file:
        file.write(render_annotation_page(items, title=TITLE, token=token, reviewer=reviewer))
    return ExportedForms(
        sheet=sheet,
        page=page,
        rows=len(items),
        at_random=sum(row.why is None for row in sample.drawn),
        total=sample.total,
        waiting=sample.waiting,
        same=same,
        replaced=earlier is not None and earlier.token != sample.token,
    )


def import_decisions(folder: Path, files: Sequence[Path]) -> ImportedDecisions:
    """Read the decisions of one or several reviewers, and apply them to the pairs.

    Raise DataError where a file is damaged, where two are of one reviewer, or where no decision
    can be applied; the pairs are then unchanged.
    """
    run = RunFolder(folder)
    sample = read_sample(folder)
    if sample is None:
        raise DataError(
            f"{run.annotation_sample}: no such file.\n"
            "  Write the files for the reviewers first: abrege review export."
        )
    forms = _read_forms(files, sample)
    earlier = load_decisions(folder)
    changed = changed_rows(sample, annotated_pairs(run), earlier)
    accepted, refused = _accept(forms, sample, changed)
    if refused and not accepted:
        raise DataError(_all_refused(files, refused))
    new = [d for d in accepted if not _is_known(d, earlier.get(d.id, ()))]
    append_decisions(folder, new)
    decided = load_decisions(folder)
    pairs = _apply(run, decided)
    counts = {
        "read": sum(len(form.decided) + form.open for form in forms),
        **{
            verdict: sum(d.decision == verdict for d in accepted)
            for verdict in ("keep", "fix", "redo")
        },
        "open": sum(form.open for form in forms),
        "refused": len(refused),
        "new": len(new),
        "already": len(accepted) - len(new),
    }
    imported = ImportedDecisions(counts, pairs, tuple(refused), _acceptance(sample, decided))
    write_json(run.acceptance, {"sample": sample.token, **asdict(imported)})
    return imported


def _item(row: SampledSummary) -> AnnotationItem:
    return AnnotationItem(
        row=row.row,
        id=row.id,
        document=row.document,
        summary=row.summary,
        title=row.title,
        lang=row.lang,
    )


def _read_forms(files: Sequence[Path], sample: Sample) -> list[CompletedForm]:
    summaries = {row.row: row.summary for row in sample.drawn}
    forms: dict[str, CompletedForm] = {}
    for path in files:
        form = read_form(path, summaries)
        if form.reviewer.casefold() in forms:
            raise DataError(
                f"{path}: a second file with the decisions of {form.reviewer}.\n"
                "  Import one file of a person at a time: where they differ the later one holds."
            )
        forms[form.reviewer.casefold()] = form
    return list(forms.values())


def _accept(
    forms: Sequence[CompletedForm], sample: Sample, changed: Mapping[str, str]
) -> tuple[list[Decision], list[RefusedDecision]]:
    """Divide the decisions into those that can be applied and those that are too late."""
    now = datetime.now(UTC).isoformat(timespec="seconds")
    rows = {row.row: row for row in sample.drawn}
    accepted, refused = [], []
    for reviewer, answer in ((form.reviewer, answer) for form in forms for answer in form.decided):
        row = rows.get(answer.row)
        if row is None:
            why = "it is not in the sample of this run"
            refused.append(RefusedDecision(answer.id, reviewer, why))
        elif row.id in changed:
            refused.append(RefusedDecision(row.id, reviewer, changed[row.id]))
        else:
            accepted.append(
                Decision(
                    id=row.id,
                    decision=answer.decision,
                    of=row.of,
                    reviewer=reviewer,
                    when=answer.when or now,
                    summary=answer.summary,
                    note=answer.note,
                )
            )
    return accepted, refused


def _is_known(decision: Decision, earlier: Sequence[Decision]) -> bool:
    """Return whether a person's last decision on this summary was the same."""
    last = latest_by_reviewer(earlier, decision.of).get(decision.reviewer.casefold())
    content = (decision.decision, decision.summary, decision.note)
    return last is not None and (last.decision, last.summary, last.note) == content


def _all_refused(files: Sequence[Path], refused: Sequence[RefusedDecision]) -> str:
    reasons = "\n".join(f"  {decision.id}: {decision.why}" for decision in refused[:5])
    more = f"\n  … and {len(refused) - 5} more" if len(refused) > 5 else ""
    return (
        f"{', '.join(map(str, files))}: none of the {len(refused)} decisions can be applied:\n"
        f"{reasons}{more}\n  Export again, and ask for decisions on the current summaries."
    )


def _apply(run: RunFolder, decided: DecisionsByRow) -> dict[str, int]:
    """Write the pairs with the decisions applied; count them by the decision that holds."""
    verdicts: Counter[str] = Counter()

    def pairs() -> Iterator[Pair]:
        for pair in decided_pairs(run, decided):
            verdicts[verdict_of(pair)] += 1
            yield pair

    write_jsonl(run.pairs, pairs())
    counts = {name: verdicts[name] for name in ("keep", "fix", "redo", "undecided")}
    assert verdicts.total() == sum(counts.values())
    return {"total": verdicts.total(), **counts}


def _acceptance(sample: Sample, decided: DecisionsByRow) -> Acceptance:
    """Compute the acceptance from all decisions on the sample, whichever import brought them."""
    people: dict[str, dict[str, AnnotationChoice]] = {}
    names: dict[str, str] = {}
    holds: dict[str, AnnotationChoice] = {}
    for row in sample.drawn:
        of_row = decided.get(row.id, ())
        for name, decision in latest_by_reviewer(of_row, row.of).items():
            names[name] = decision.reviewer
            choice = AnnotationChoice(decision.decision, decision.summary)
            people.setdefault(name, {})[row.id] = choice
        _, standing = resolve(row.summary, of_row)
        if standing:
            holds[row.id] = AnnotationChoice(standing.decision, standing.summary)
    why = {row.id: row.why for row in sample.drawn}
    return compute_acceptance({names[n]: cast for n, cast in people.items()}, why, holds=holds)
