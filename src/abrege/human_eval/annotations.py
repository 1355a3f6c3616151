"""Annotations: let people look over a sample of what a teacher wrote, and do as they decided.

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

from abrege.annotation import decisions
from abrege.annotation.decisions import Decision
from abrege.core.errors import DataError, RecipeError
from abrege.core.hashing import hash_json
from abrege.core.io import atomic_write, read_jsonl, write_json, write_jsonl
from abrege.core.types import Pair
from abrege.human_eval import annotation_page as page
from abrege.human_eval import forms as answers
from abrege.human_eval import sample as sampled
from abrege.human_eval import sampling as doubts
from abrege.human_eval.acceptance import Acceptance, Choice, acceptance
from abrege.human_eval.forms import Answers
from abrege.human_eval.sample import Sample, Sampled
from abrege.human_eval.sampling import Traits
from abrege.metrics import faithfulness
from abrege.text.tokenize import word_tokenize

TITLE = "What is to become of these summaries?"
PAIRS, RESULT = "annotate/pairs.jsonl", "review/acceptance.json"

Decided = Mapping[str, Sequence[Decision]]


@dataclass(frozen=True)
class Exported:
    """The files that were written for a reviewer, and the sample that stands in them."""

    sheet: Path
    page: Path
    rows: int
    at_random: int
    total: int
    waiting: int
    """Rows that a redo holds back until they are asked for again; none of them is drawn."""
    same: bool
    """Whether these are the rows of an earlier export."""
    replaced: bool
    """Whether another sample stood there: decisions on what is not in this one are refused."""


@dataclass(frozen=True)
class Refused:
    """A decision that was not taken, and why."""

    id: str
    reviewer: str
    why: str


@dataclass(frozen=True)
class Imported:
    """What the files said, what became of it, and what all decisions on the sample say so far.

    counts  read = keep + fix + redo + open + refused; keep + fix + redo = new + already
    pairs   total = keep + fix + redo + undecided
    """

    counts: dict[str, int]
    pairs: dict[str, int]
    refused: tuple[Refused, ...]
    acceptance: Acceptance


def export(folder: Path, *, rows: int = 50, seed: int = 0, reviewer: str = "") -> Exported:
    """Write a spreadsheet and a page for one reviewer, with the same rows for each.

    The sample is kept, so that who comes later looks at the same summaries, also where some were
    mended meanwhile. It is drawn anew for other arguments, or where the teacher wrote one again.
    """
    if rows < 1:
        raise RecipeError(f"--rows {rows}: there is nothing to look at; write 1 or more")
    reviewer = answers.name_of(reviewer)
    stem = "-".join(["annotations", *re.findall(r"\w+", reviewer)])
    decided, earlier = decisions.load_decisions(folder), sampled.read(folder)
    same = (
        earlier is not None
        and (earlier.rows, earlier.seed) == (rows, seed)
        and not sampled.changed(earlier, _pairs(folder), decided)
    )
    sample = earlier if same and earlier else _draw(folder, decided, rows=rows, seed=seed)
    if not same:
        write_json(folder / sampled.FILE, asdict(sample))
    sheet, html = (folder / f"review/{stem}.{kind}" for kind in ("csv", "html"))
    with atomic_write(sheet) as file:
        answers.write_sheet(file, sample.drawn, reviewer=reviewer)
    items = [
        page.Item(row=s.row, id=s.id, document=s.document, summary=s.summary, title=s.title,
            lang=s.lang) for s in sample.drawn
    ]  # fmt: skip
    # Two people's pages in one browser keep apart what each decides.
    token = hash_json([sample.token, reviewer.casefold()])
    with atomic_write(html) as file:
        file.write(page.page(items, title=TITLE, token=token, reviewer=reviewer))
    at_random = sum(one.why is None for one in sample.drawn)
    replaced = earlier is not None and earlier.token != sample.token
    return Exported(
        sheet, html, len(items), at_random, sample.total, sample.waiting, same, replaced
    )


def import_(folder: Path, files: Sequence[Path]) -> Imported:
    """Take the decisions of one or several reviewers, and do with the pairs as they say.

    DataError where a file is damaged, where two are of one reviewer, or where nothing in them can
    be taken; the pairs are then as they were.
    """
    sample = sampled.read(folder)
    if sample is None:
        raise DataError(
            f"{folder / sampled.FILE}: no such file.\n"
            "  Write the files for the reviewers first: abrege review export."
        )
    given = _read(files, sample)
    earlier = decisions.load_decisions(folder)
    taken, refused = _take(given, sample, sampled.changed(sample, _pairs(folder), earlier))
    if refused and not taken:
        raise DataError(_all_refused(files, refused))
    new = [d for d in taken if not _is_known(d, earlier.get(d.id, ()))]
    decisions.append_decisions(folder, new)
    every = decisions.load_decisions(folder)
    pairs = _apply(folder, every)
    counts = {
        "read": sum(len(one.decided) + one.open for one in given),
        **{
            verdict: sum(d.decision == verdict for d in taken)
            for verdict in ("keep", "fix", "redo")
        },
        "open": sum(one.open for one in given),
        "refused": len(refused),
        "new": len(new),
        "already": len(taken) - len(new),
    }
    found = Imported(counts, pairs, tuple(refused), _accepted(sample, every))
    write_json(folder / RESULT, {"sample": sample.token, **asdict(found)})
    return found


def _pairs(folder: Path) -> Iterator[Pair]:
    path = folder / PAIRS
    if not path.is_file():
        raise DataError(
            f"{path}: no such file.\n"
            "  Give the folder of a run whose documents a teacher has summarised: abrege annotate."
        )
    return read_jsonl(path, Pair)


def _wanted(folder: Path, decided: Decided) -> Iterator[Pair]:
    """Yield the pairs as people want them."""
    return (decisions.apply_decisions(pair, decided) for pair in _pairs(folder))


def _verdict(pair: Pair) -> str:
    verdict = pair.meta.get(decisions.META_KEY, {}).get("decision", "undecided")
    assert isinstance(verdict, str)
    return verdict


def _draw(folder: Path, decided: Decided, *, rows: int, seed: int) -> Sample:
    """Draw a sample; the pairs are read twice, so as not to hold all documents."""
    traits, waiting = [], 0
    for pair in _wanted(folder, decided):
        if _verdict(pair) == "redo":
            waiting += 1
        else:
            traits.append(_traits(pair))
    if not traits:
        raise DataError(f"{folder / PAIRS}: there is no summary to look at.")
    drawn = doubts.sample(traits, rows, seed=seed)
    why = {one.id: one.why for one in drawn}
    found = {p.id: _sampled(p, why[p.id]) for p in _wanted(folder, decided) if p.id in why}
    return Sample(
        rows=rows, seed=seed, total=len(traits), waiting=waiting,
        drawn=[found[one.id] for one in drawn],
    )  # fmt: skip


def _traits(pair: Pair) -> Traits:
    summary, about = pair.references[0], pair.meta.get("annotate")
    attempts = about.get("attempts") if isinstance(about, dict) else None
    facts = faithfulness.unsupported_facts(pair.document, summary, lang=pair.lang)
    return Traits(
        id=pair.id,
        words=len(word_tokenize(summary, pair.lang)),
        unsupported=len(facts),
        attempts=attempts if isinstance(attempts, int) else 1,
    )


def _sampled(pair: Pair, why: str | None) -> Sampled:
    summary, title = pair.references[0], pair.meta.get("title")
    of = decisions.hash_summary(summary)
    return Sampled(
        row=sampled.row_of(pair.id, of), id=pair.id, of=of, why=why, document=pair.document,
        summary=summary, title=title if isinstance(title, str) else None, lang=pair.lang,
    )  # fmt: skip


def _read(files: Sequence[Path], sample: Sample) -> list[Answers]:
    summaries = {one.row: one.summary for one in sample.drawn}
    read: dict[str, Answers] = {}
    for path in files:
        found = answers.read_answers(path, summaries)
        if found.reviewer.casefold() in read:
            raise DataError(
                f"{path}: the decisions of {found.reviewer} came already.\n"
                "  Import one file of a person at a time: where they differ the later one holds."
            )
        read[found.reviewer.casefold()] = found
    return list(read.values())


def _take(
    given: Sequence[Answers], sample: Sample, changed: Mapping[str, str]
) -> tuple[list[Decision], list[Refused]]:
    """Divide what was decided into what can be taken and what came too late."""
    now = datetime.now(UTC).isoformat(timespec="seconds")
    asked = {one.row: one for one in sample.drawn}
    taken, refused = [], []
    said = ((of_one.reviewer, answer) for of_one in given for answer in of_one.decided)
    for reviewer, answer in said:
        row = asked.get(answer.row)
        if row is None:
            why = "it is not in the sample of this run"
            refused.append(Refused(answer.id, reviewer, why))
        elif row.id in changed:
            refused.append(Refused(row.id, reviewer, changed[row.id]))
        else:
            taken.append(
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
    return taken, refused


def _is_known(decision: Decision, earlier: Sequence[Decision]) -> bool:
    """Tell whether a person's last word on this summary was the same."""
    last = decisions.latest_by_reviewer(earlier, decision.of).get(decision.reviewer.casefold())
    said = (decision.decision, decision.summary, decision.note)
    return last is not None and (last.decision, last.summary, last.note) == said


def _all_refused(files: Sequence[Path], refused: Sequence[Refused]) -> str:
    shown = "\n".join(f"  {one.id}: {one.why}" for one in refused[:5])
    more = f"\n  … and {len(refused) - 5} more" if len(refused) > 5 else ""
    return (
        f"{', '.join(map(str, files))}: none of the {len(refused)} decisions can be taken:\n"
        f"{shown}{more}\n  Export again, and ask for decisions on what stands there now."
    )


def _apply(folder: Path, decided: Decided) -> dict[str, int]:
    """Write the pairs as people want them; count by the decision that holds."""
    verdicts: Counter[str] = Counter()

    def applied() -> Iterator[Pair]:
        for pair in _wanted(folder, decided):
            verdicts[_verdict(pair)] += 1
            yield pair

    write_jsonl(folder / PAIRS, applied())
    counts = {name: verdicts[name] for name in ("keep", "fix", "redo", "undecided")}
    assert verdicts.total() == sum(counts.values())
    return {"total": verdicts.total(), **counts}


def _accepted(sample: Sample, decided: Decided) -> Acceptance:
    """Count all decisions on the sample, whichever import brought them."""
    people: dict[str, dict[str, Choice]] = {}
    names: dict[str, str] = {}
    holds: dict[str, Choice] = {}
    for one in sample.drawn:
        cast = decisions.latest_by_reviewer(decided.get(one.id, ()), one.of)
        for name, decision in cast.items():
            names[name] = decision.reviewer
            people.setdefault(name, {})[one.id] = Choice(decision.decision, decision.summary)
        _, by = decisions.resolve(one.summary, decided.get(one.id, ()))
        if by:
            holds[one.id] = Choice(by.decision, by.summary)
    why = {one.id: one.why for one in sample.drawn}
    return acceptance({names[n]: cast for n, cast in people.items()}, why, holds=holds)
