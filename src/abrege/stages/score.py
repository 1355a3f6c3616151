"""Score and compare: any tool's summaries against references, in one pass over the rows."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import chain, islice, zip_longest
from typing import Any

from abrege.errors import DataError
from abrege.events import Note, OnEvent, silent
from abrege.metrics import rouge_profiles
from abrege.metrics.catalogue import NOT_BETTER, TITLES
from abrege.metrics.scoring import Asked, Table
from abrege.metrics.significance import ALPHA, POWER, Resampling, holm
from abrege.records import Candidate
from abrege.text import language, words

LOOKED_AT = 200  # rows, to find the language
TOLD_EVERY = 100_000  # rows; how many there are is not known before the end


@dataclass(frozen=True)
class System:
    """Somebody's summaries: a name to show, and the rows."""

    name: str
    candidates: Iterable[Candidate]


def score(
    systems: Sequence[System], asked: Asked, *, on_event: OnEvent = silent
) -> dict[str, Table]:
    """Score all systems row by row, side by side: name → its table.

    The language is that of `asked`, else of the rows, else the one found in the references.
    DataError where systems do not have the same rows with the same references.
    """
    rows = _side_by_side(systems)
    first = list(islice(rows, LOOKED_AT))
    if not first:
        raise DataError("there are no rows to score.")
    lang = asked.lang or _language([row[0] for row in first], on_event)
    asked = replace(asked, lang=lang)
    for note in warnings(asked):
        on_event(Note(note))
    tables = {system.name: Table(asked) for system in systems}
    for number, row in enumerate(chain(first, rows), start=1):
        if number % TOLD_EVERY == 0:
            on_event(Note(f"{number:,} rows scored"))
        for table, candidate in zip(tables.values(), row, strict=True):
            table.add(candidate.id, candidate.prediction, candidate.references, candidate.group)
    for name, table in tables.items():
        if table.without_words:
            on_event(Note(f"{name}: {table.without_words} predictions without a word score 0"))
    return tables


def compare(tables: Mapping[str, Table], resampling: Resampling) -> list[dict[str, Any]]:
    """Test every system against the first, by every metric, with p-values corrected together."""
    first, *others = tables
    found = []
    for other in others:
        for metric in tables[first].asked.metrics:
            tested = tables[other].compare(tables[first], metric, resampling)
            signature = tables[other].signature(metric, resampling)
            found.append(
                {
                    "metric": metric,
                    "system": other,
                    "baseline": first,
                    **asdict(tested),
                    "signature": f"{signature}|test:paired,two-sided",
                }
            )
    tested_rows = [row for row in found if row["p"] is not None and row["metric"] not in NOT_BETTER]
    for row, p in zip(tested_rows, holm([row["p"] for row in tested_rows]), strict=True):
        row["p_holm"] = p
    return [{**row, "outcome": outcome(row)} for row in found]


def outcome(comparison: Mapping[str, Any]) -> str:
    """Say how the system stands: better, worse, "no detectable difference" or untested."""
    p = comparison.get("p_holm")
    if p is None:
        return "untested"
    if p >= ALPHA or not comparison["difference"]:
        return "no detectable difference"
    return "better" if comparison["difference"] > 0 else "worse"


def in_words(comparisons: Sequence[Mapping[str, Any]]) -> list[str]:
    """Say in a sentence for each system and outcome by which metrics it holds."""
    found = []
    for system in dict.fromkeys(row["system"] for row in comparisons):
        rows = [row for row in comparisons if row["system"] == system]
        for kind in ("better", "worse", "no detectable difference"):
            of_kind = [row for row in rows if row["outcome"] == kind]
            if not of_kind:
                continue
            by = ", ".join(TITLES[row["metric"]] for row in of_kind)
            against = of_kind[0]["baseline"]
            if kind == "no detectable difference":
                said = f"{kind} between {system} and {against} by {by}"
                smallest = ", ".join(f"{100 * row['detectable']:.1f}" for row in of_kind)
                said += f" (true ones of {smallest} would show in {POWER:.0%} of such tests)"
            else:
                said = f"{system} is {kind} than {against} by {by}"
            found.append(f"{said}.")
    return found


def warnings(asked: Asked) -> list[str]:
    """Say what makes the scores weaker than they look."""
    profile = rouge_profiles.PROFILES[asked.profile]
    if profile.only_ascii and words.primary(asked.lang) not in (None, "en"):
        return [
            f"Profile {asked.profile} ends a word at every letter outside a to z: in {asked.lang} "
            "it compares pieces of words. Profile abrege does not."
        ]
    return []


def _side_by_side(systems: Sequence[System]) -> Iterator[tuple[Candidate, ...]]:
    for number, row in enumerate(zip_longest(*(s.candidates for s in systems)), start=1):
        first = row[0]
        for system, candidate in zip(systems, row, strict=True):
            if first is None or candidate is None:
                short = systems[0].name if first is None else system.name
                raise DataError(
                    f"{short} ends before row {number}, where others go on.\n"
                    "  Compared are summaries of the same rows: nothing is scored."
                )
            if candidate.references != first.references:
                raise DataError(
                    f"row {number}: {system.name} and {systems[0].name} have other references.\n"
                    f"  found: {candidate.id!r} and {first.id!r}\n"
                    "  Put the files in the same order, or give the references with --references."
                )
        yield row


def _language(rows: Sequence[Candidate], on_event: OnEvent) -> str | None:
    given = Counter(row.lang for row in rows if row.lang)
    if given:
        return given.most_common(1)[0][0]
    found = language.detect(reference for row in rows for reference in row.references)
    if found is None:
        on_event(Note("language: none found; words are cut by Unicode alone"))
    else:
        on_event(Note(f"language: {found}, found in the references; --lang says otherwise"))
    return found
