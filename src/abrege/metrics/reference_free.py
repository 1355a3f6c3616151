"""Metrics that look at a summary, and some at its document, but at no reference."""

from collections.abc import Callable, Mapping, Sequence

import abrege
from abrege.core.errors import RecipeError
from abrege.core.types import Candidate
from abrege.metrics import extractiveness as extractive
from abrege.metrics import faithfulness, length
from abrege.metrics import format_checks as form
from abrege.metrics.reference_based import Mean, OneByOne, ScoringOptions, Statistics, weighed
from abrege.text.tokenize import primary_language


class _Told(OneByOne):
    """Means over the rows of which they can be told."""

    def __init__(self, metrics: Sequence[str], reading: ScoringOptions) -> None:
        self.lang = reading.lang
        self.measures = {metric: Mean(_signing(metric, self.lang)) for metric in metrics}


class Form(_Told):
    """How a summary is made: its end, repetition, what stands round it, its language."""

    def statistics(self, row: Candidate) -> Statistics:
        """Give each share, and 1 where it can be told."""
        text, lang = row.prediction, self.lang
        ways: Mapping[str, Callable[[], float | None]] = {
            "stop_rate": lambda: length.is_finished(row.finish_reason),
            "repeated": lambda: form.repeated_ngrams(text, lang=lang),
            "preamble": lambda: form.find_preamble(text) is not None,
            "markup": lambda: bool(form.find_markup(text)),
            "in_language": lambda: form.is_in_language(text, lang),
        }
        return {metric: weighed(ways[metric]()) for metric in self.measures}


class Extraction(_Told):
    """How much of a summary is its document's own words."""

    def statistics(self, row: Candidate) -> Statistics:
        """Give each figure, and 1 where it can be told."""
        document = document_of(row, next(iter(self.measures)))
        text, lang = row.prediction, self.lang
        found: dict[str, float | None] = {}
        if {"coverage", "density"} & {*self.measures}:
            fragments = extractive.fragments(document, text, lang=lang)
            found |= {"coverage": fragments.coverage, "density": fragments.density}
        sizes = [n for n in extractive.NOVEL if f"novel{n}" in self.measures]
        novel = extractive.novel_ngrams(document, text, sizes=sizes, lang=lang)
        found |= {f"novel{n}": share for n, share in novel.items()}
        if "copied" in self.measures:
            found["copied"] = form.copied_as(document, text, lang=lang) is not None
        if "compression" in self.measures:
            found["compression"] = form.compression(document, text, lang=lang)
        return {metric: weighed(found[metric]) for metric in self.measures}


class Faithfulness(_Told):
    """Numbers, dates, names and quotes that the document does not support."""

    def statistics(self, row: Candidate) -> Statistics:
        """Give whether there is any and 1, and how many there are of how many facts."""
        document = document_of(row, next(iter(self.measures)))
        facts = faithfulness.extract_facts(document, row.prediction, lang=self.lang)
        missing = sum(not fact.supported for fact in facts)
        found = {
            "unsupported": (float(missing > 0), 1.0),
            "unsupported_facts": (float(missing), float(len(facts))),
        }
        return {metric: found[metric] for metric in self.measures}


def document_of(row: Candidate, metric: str) -> str:
    """Give a row's document; RecipeError where it has none."""
    if row.document is None:
        raise RecipeError(f"{metric} looks at the documents: give them with --data.")
    return row.document


def _signing(metric: str, lang: str | None) -> Callable[[], str]:
    made = {
        "stop_rate": "",
        "repeated": "words:unicode|n:3",
        "preamble": "langs:en,fr",
        "markup": "",
        "in_language": f"py3langid|letters:{form.MIN_LETTERS}",
        "unsupported": _kinds(lang),
        "unsupported_facts": _kinds(lang),
    }.get(metric, "words:unicode")
    parts = [metric, f"abrege-{abrege.__version__}", *filter(None, [made]), f"lang:{lang or 'und'}"]
    return lambda: "|".join(parts)


def _kinds(lang: str | None) -> str:
    known = primary_language(lang) in ("en", "fr")
    return "facts:number,date,name,quote" if known else "facts:number,quote"
